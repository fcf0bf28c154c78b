"""What the numbers of a port-in request take from their payer's credit when they arrive, and whether it is there."""

from dataclasses import dataclass

from portal.accounts.models import Account
from portal.billing.queries import available_minor
from portal.billing.wishes import CannotChange
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.numbers.assigning import why_no_numbers
from portal.numbers.charging import classes_on_sale, quote
from portal.numbers.lifecycle import PortState
from portal.numbers.models import PortRequest

KNOWN = (PortState.ACCEPTED, PortState.SCHEDULED)


@dataclass(frozen=True)
class Coming:
    """A number on its way, as far as it costs something."""

    price_class: str


@dataclass(frozen=True)
class ArrivalCost:
    """With tax, if the numbers came today. `missing_minor` is what the credit of whoever pays lacks for it today."""

    due_minor: int
    missing_minor: int


def arrival_cost(db: TenantSession, account: Account, port: PortRequest) -> ArrivalCost | None:
    """None while the price class is not chosen or not sold, and where nothing is due at the arrival."""
    ported = [Coming(each.get("price_class", "")) for each in port.numbers]
    if port.state not in KNOWN or why_no_numbers(account):
        return None
    if not {each.price_class for each in ported} <= classes_on_sale(db):
        return None
    try:
        due = quote(db, account, more=ported).due_minor
    except CannotChange:
        return None
    if due <= 0:
        return None
    has = credit_minor(db, Book.RETAIL, account.id) if account.is_run_by_customer else available_minor(db)
    return ArrivalCost(due, max(0, due - has))
