"""What letters are called on pages."""

LETTER_NAMES = {
    "activation": "Activation",
    "welcome": "Welcome",
    "receipt": "Receipt",
    "payment-failed": "Payment failed",
    "refunded": "Refund",
    "refunded-notice": "Refund, to you",
    "account-active-notice": "Account active, to you",
    "set-password": "Set your password",
    "password-reset": "Password reset",
    "invitation": "Invitation",
    "statement": "Statement",
    "numbers-added": "Numbers added",
    "port-in": "Numbers from another provider",
    "white-label-low": "Credit low, to you",
}


def letter_words(name: str) -> str:
    """The name of a folder of templates/letters in words."""
    return LETTER_NAMES.get(name, name.replace("-", " ").capitalize())
