"""What becomes of payments, in words."""

REASONS = {
    "bank_cannot_process": "the bank cannot process it",
    "check_returned": "the cheque was returned",
    "credit_not_processed": "a refund was promised and did not come",
    "customer_initiated": "the holder of the card asked their bank",
    "debit_not_authorized": "the debit was not authorised",
    "duplicate": "it was charged twice",
    "fraudulent": "the holder of the card says they did not make it",
    "incorrect_account_details": "the account details were wrong",
    "insufficient_funds": "the account had too little money",
    "noncompliant": "it broke a rule of the card network",
    "product_not_received": "what was paid for did not come",
    "product_unacceptable": "what was paid for was not as promised",
    "subscription_canceled": "the subscription had been cancelled",
    "unrecognized": "the holder of the card does not recognise it",
}


def reason_words(reason: str) -> str:
    """Why a payment is disputed; codes as in docs.stripe.com/api/disputes/object."""
    return REASONS.get(reason, "no particular reason was given")
