"""What letters are called on pages."""

LETTER_NAMES = {
    "activation": "Activation",
    "welcome": "Welcome",
    "receipt": "Receipt",
    "payment-failed": "Payment failed",
    "refunded": "Refund",
    "refunded-notice": "Refund, to you",
    "disputed": "Disputed payment",
    "disputed-notice": "Disputed payment, to you",
    "account-active-notice": "Account active, to you",
    "set-password": "Set your password",
    "password-reset": "Password reset",
    "invitation": "Invitation",
    "statement": "Statement",
    "numbers-added": "Numbers added",
    "port-in": "Numbers from another provider",
    "factor-on": "Second factor turned on",
    "factor-changed": "Second factor on another phone",
    "factor-off": "Second factor turned off",
    "factor-taken-away": "Second factor taken away",
    "factor-codes-renewed": "New recovery codes",
    "factor-recovery-used": "Recovery code used",
    "factor-locked": "Wrong codes",
    "white-label-low": "Credit low, to you",
    "white-label-over": "Credit limit reached, to you",
    "customers-suspended": "Customers suspended, to you",
    "customers-reactivated": "Customers active again, to you",
    "standstill-covered-notice": "A white label above its limit again",
    "white-label-over-notice": "A white label's credit limit",
}


def letter_words(name: str) -> str:
    """The name of a folder of templates/letters in words."""
    return LETTER_NAMES.get(name, name.replace("-", " ").capitalize())
