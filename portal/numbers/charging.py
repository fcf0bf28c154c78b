"""What numbers cost: the price class of a number is a service, and the account has as many of it as it has numbers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.audit.commands import Actor
from portal.billing.beginning import Beginning
from portal.billing.changes import Change, QuoteIsOld, carry_out_all, due_minor, work_out
from portal.billing.pricing import Invoice, PricedLine
from portal.billing.queries import each_month_of, first_invoice_of
from portal.billing.wishes import When, Wish, live
from portal.catalogue.models import Service
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.refusals import Refusal
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import Number
from portal.whitelabels.queries import white_label


class NotSold(Refusal):
    heading = "This number has no price here"
    text = "Its price class is not on sale. Choose another number, or put the class on sale first."


class Classed(Protocol):
    """A number that is here, or on its way."""

    @property
    def price_class(self) -> str:
        """The code of the service that is charged for it."""


@dataclass(frozen=True)
class Quote:
    """What assigning or releasing numbers does to the money: `changes` while the account is active.

    Before that nothing is charged, and `invoice` is what the numbers add to the first one, `each_month` what all of
    them cost in every whole month after it.
    """

    changes: tuple[Change, ...]
    invoice: Invoice | None
    due_minor: int
    each_month: tuple[PricedLine, ...] = ()


def price_classes(db: TenantSession) -> dict[str, Service]:
    """The services that count numbers, by the code that the numbers of a class carry."""
    return {each.code: each for each in db.scalars(select(Service).where(Service.counts == "numbers"))}


def classes_on_sale(db: TenantSession) -> set[str]:
    return {code for code, service in price_classes(db).items() if service.is_on_sale}


def refuse_unsold(db: TenantSession, numbers: Iterable[Number]) -> None:
    """Raises NotSold unless every number has a price class that is on sale."""
    if not {number.price_class for number in numbers} <= classes_on_sale(db):
        raise NotSold


def counts(db: TenantSession, account: Account) -> Counter[str]:
    """How many numbers of each price class are assigned to an account."""
    grouped = (
        select(Number.price_class, func.count(Number.id))
        .where(Number.account_id == account.id, Number.state == NumberState.ASSIGNED)
        .group_by(Number.price_class)
    )
    return Counter({code: count for code, count in db.execute(grouped)})  # noqa: C416 - rows are no pairs to dict


def quote(db: TenantSession, account: Account, *, more: Sequence[Classed] = (), fewer: Sequence[Classed] = ()) -> Quote:
    """What it does to the money when numbers come or go. Raises CannotChange; nothing is written."""
    wanted = counts(db, account)
    wanted.update(number.price_class for number in more)
    wanted.subtract(number.price_class for number in fewer)
    if account.state == State.INACTIVE:
        each_month = each_month_of(db, account, _beginnings(db, wanted))
        return Quote((), _added(db, account, wanted), 0, each_month)
    codes = {number.price_class for number in (*more, *fewer)}
    changes = tuple(work_out(db, account, wish) for wish in _wishes(db, account, wanted, codes))
    return Quote(changes, None, sum(due_minor(account, change) for change in changes))


def charge(
    db: TenantSession, account: Account, codes: set[str], *, agreed_minor: int | None, by: Actor
) -> Sequence[Change]:
    """Bring the account's services to how many numbers of these classes it has now, at the agreed sum.

    While it is inactive nothing is charged, and nothing can have been agreed. The caller holds the account's row.
    Raises what `carry_out_all` raises.
    """
    if account.state == State.INACTIVE:
        if agreed_minor:
            raise QuoteIsOld
        return ()
    wishes = _wishes(db, account, counts(db, account), codes)
    return carry_out_all(db, account, wishes, agreed_minor=agreed_minor, by=by)


def begin_with_numbers(db: TenantSession, account: Account) -> list[Beginning]:
    """What an account that becomes active has chosen of numbers."""
    return _beginnings(db, counts(db, account))


def _beginnings(db: TenantSession, wanted: Counter[str]) -> list[Beginning]:
    known = price_classes(db)
    return [Beginning(known[code], n) for code, n in sorted(wanted.items()) if n > 0 and code in known]


def _wishes(db: TenantSession, account: Account, wanted: Counter[str], codes: set[str]) -> list[Wish]:
    """A wish for each class whose service is not at that quantity yet."""
    known, day = price_classes(db), today(white_label(db).time_zone)
    found = []
    for code in sorted(codes & set(known)):
        present = live(db, account, known[code], day)
        if wanted[code] != (present.quantity if present is not None else 0):
            found.append(Wish(known[code], wanted[code], When.NOW))
    return found


def _added(db: TenantSession, account: Account, wanted: Counter[str]) -> Invoice:
    """The lines of the first invoice that are about numbers, when it has so many."""
    begins = _beginnings(db, wanted)
    whole, items = first_invoice_of(db, account, begins), {each.item for each in begins}
    lines = tuple(line for line in whole.lines if line.item.removesuffix(".setup") in items)
    return Invoice(lines, whole.currency, whole.trial_ends)
