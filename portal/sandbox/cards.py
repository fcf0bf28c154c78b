"""The published test cards and what each of them does (docs.stripe.com/testing)."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Decline:
    code: str
    message: str
    decline_code: str | None = None


@dataclass(frozen=True)
class Complaint:
    """What the cardholder tells the bank after paying. An inquiry asks first and takes no money."""

    reason: str
    network_reason_code: str
    is_inquiry: bool = False


@dataclass(frozen=True)
class Card:
    number: str
    brand: str
    outcome: str
    decline: Decline | None = None
    is_challenged: bool = False
    complaint: Complaint | None = None

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def spaced(self) -> str:
        return " ".join(re.findall("....", self.number))


NO_FUNDS = Decline("card_declined", "Not enough money on the card.", "insufficient_funds")
CARDS = (
    Card("4242424242424242", "visa", "Succeeds"),
    Card("5555555555554444", "mastercard", "Succeeds"),
    Card("4000002500003155", "visa", "Asks for 3-D Secure, then succeeds", is_challenged=True),
    Card("4000000000003220", "visa", "Asks for 3-D Secure, then succeeds", is_challenged=True),
    Card("4000008260003178", "visa", "Asks for 3-D Secure, then declined: no funds", NO_FUNDS, is_challenged=True),
    Card("4000000000005126", "visa", "Succeeds, but a refund fails later"),
    Card("4000000000007726", "visa", "Succeeds, and a refund is pending first"),
    Card(
        "4000000000000259", "visa", "Succeeds, then disputed as fraudulent", complaint=Complaint("fraudulent", "10.4")
    ),
    Card(
        "4000000000002685",
        "visa",
        "Succeeds, then disputed as not received",
        complaint=Complaint("product_not_received", "13.1"),
    ),
    Card(
        "4000000000001976",
        "visa",
        "Succeeds, then the card's bank inquires",
        complaint=Complaint("general", "10", is_inquiry=True),
    ),
    Card(
        "4000000000000002",
        "visa",
        "Declined without a reason",
        Decline("card_declined", "The card's bank said no.", "generic_decline"),
    ),
    Card("4000000000009995", "visa", "Declined: no funds", NO_FUNDS),
    Card("4000000000000069", "visa", "Declined: expired", Decline("expired_card", "The card has expired.")),
    Card(
        "4000000000000127",
        "visa",
        "Declined: wrong security code",
        Decline("incorrect_cvc", "The security code is wrong."),
    ),
    Card(
        "4000000000000119",
        "visa",
        "Declined: processing error",
        Decline("processing_error", "The card could not be processed. Try again in a moment."),
    ),
)
REFUND_FAILS_LATER, REFUND_IS_PENDING_FIRST = "5126", "7726"
_BY_NUMBER = {card.number: card for card in CARDS}
_BY_LAST4 = {card.last4: card for card in CARDS}


def by_number(number: str) -> Card | None:
    return _BY_NUMBER.get(number)


def by_last4(last4: str) -> Card:
    """The last four digits tell the test cards apart, so no more than these is ever kept."""
    return _BY_LAST4[last4]
