"""Identifiers that look like Stripe's and cannot be guessed."""

import secrets
import string

LETTERS = string.ascii_letters + string.digits
PREFIXES = {
    "cus": "customer",
    "cs": "checkout.session",
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "du": "dispute",
    "txn": "balance_transaction",
    "evt": "event",
    "we": "webhook_endpoint",
}


def new_id(prefix: str, length: int = 24) -> str:
    """24 letters and digits hold 142 bits, more than anybody guesses."""
    return f"{prefix}_" + "".join(secrets.choice(LETTERS) for _ in range(length))


def kind_of(id: str) -> str | None:
    """The kind of object that an id names, read from its prefix."""
    return PREFIXES.get(id.partition("_")[0])
