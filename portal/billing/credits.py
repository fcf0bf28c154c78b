"""Giving charges back: in whole, or from a day on. A charge is never changed; a negative one stands against it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Subscription
from portal.audit.commands import Actor, record
from portal.billing.charging import write_charges
from portal.billing.models import Charge, ChargeCredit
from portal.billing.period import Period
from portal.billing.pricing import PricedLine, Side, given_back
from portal.kit.db import TenantSession
from portal.kit.refusals import Refusal
from portal.ledger.entry import Book

after_giving_back: list[Callable[[TenantSession, Account], None]] = []
"""Each hears, in the same transaction, of an account that got something back, once what replaces it is charged."""


class CreditedAlready(Refusal):
    heading = "This charge was given back already"
    text = "Nothing was changed, and no money moved."


class NotGivenBack(Refusal):
    heading = "Only a charge that was given back can be issued again"
    text = "Nothing was changed, and no money moved."


class ChangedSince(Refusal):
    heading = "This charge cannot be issued again"

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} Nothing was changed, and no money moved.")


@dataclass(frozen=True)
class GivenBack:
    """A line with negative amounts, and the charges that it stands against, by book."""

    line: PricedLine
    charges: dict[Book, Charge]
    from_day: date | None


def rest_of(db: TenantSession, account: Account, item: str, day: date) -> GivenBack | None:
    """What is given back when an item stops on a day: the days from it to the end of what was charged."""
    wanted = select(Charge).where(
        Charge.account_id == account.id, Charge.item == item, Charge.first_day <= day, Charge.last_day >= day
    )
    pair = _not_credited(db, db.scalars(wanted).all())
    if not pair:
        return None
    charge = next(iter(pair.values()))
    assert charge.first_day is not None and charge.last_day is not None
    whole, days = (charge.last_day - charge.first_day).days + 1, (charge.last_day - day).days + 1
    return GivenBack(_line(pair, Period(day, charge.last_day + timedelta(days=1), whole), days, whole, day), pair, day)


def give_back(db: TenantSession, account: Account, back: GivenBack, *, reason: str, by: Actor) -> None:
    """Write down a credit that was worked out. The caller holds the account's row."""
    written = write_charges(db, [(account, back.line)])
    for book, charge in back.charges.items():
        credit_id = written.ids[account.id, back.line.item, back.line.period_key, book.value]
        db.add(
            ChargeCredit(
                credit_id=credit_id, charge_id=charge.id, from_day=back.from_day, reason=reason, given_by=by.name
            )
        )
        record(db, "charge.credited", by=by, subject=account.id, charge=charge.number, reason=reason)
    db.flush()


def credit_whole(db: TenantSession, account: Account, charge: Charge, *, reason: str, by: Actor) -> None:
    """Give a charge back in both books. Raises CreditedAlready. The caller holds the account's row."""
    pair = _not_credited(db, both_books(db, charge))
    if charge.id not in {each.id for each in pair.values()}:
        raise CreditedAlready
    back = GivenBack(_line(pair, _period_of(charge), 1, 1, None), pair, None)
    give_back(db, account, back, reason=reason, by=by)
    tell_of_credit(db, account)


def tell_of_credit(db: TenantSession, account: Account) -> None:
    for hear in after_giving_back:
        hear(db, account)


def issue_again(db: TenantSession, account: Account, charge: Charge, *, by: Actor) -> None:
    """Charge again what was given back in whole, as it was. Raises NotGivenBack, and ChangedSince where the account
    does not have it any more as it was charged. The caller holds the account's row."""
    if not can_issue_again(db, charge):
        raise NotGivenBack
    if why := why_not_again(db, account, charge):
        raise ChangedSince(why)
    sides = {Book(each.book): _side(each) for each in both_books(db, charge)}
    times = len({each.period_key for each in _issued(db, charge)})
    line = _as_line(charge, sides, _period_of(charge), f"{_first_key(charge)}+{times}")
    write_charges(db, [(account, line)])
    record(db, "charge.issued-again", by=by, subject=account.id, charge=charge.number)


def can_issue_again(db: TenantSession, charge: Charge) -> bool:
    """Whether it, and every other time that the same was charged, was given back in whole."""
    ids = {each.id for each in _issued(db, charge)}
    wanted = select(ChargeCredit.charge_id).where(ChargeCredit.charge_id.in_(ids), ChargeCredit.from_day.is_(None))
    return charge.id in ids and set(db.scalars(wanted)) == ids


def why_not_again(db: TenantSession, account: Account, charge: Charge) -> str:
    """Why something that was given back is not charged again as it was; empty where it can be.

    A period that was cut short since would be charged for days that the account did not have, or has had charged anew.
    """
    if account.state == State.CLOSED:
        return "The account is closed, and nothing is charged to a closed account."
    if charge.first_day is None or charge.last_day is None or charge.item.endswith(".used"):
        return ""
    has_it = Subscription.account_id == account.id, Subscription.item == charge.item
    to_its_end = or_(Subscription.until_day.is_(None), Subscription.until_day > charge.last_day)
    if db.scalar(select(Subscription.id).where(*has_it, to_its_end).limit(1)) is None:
        return "What it was for was changed or switched off before its last day."
    return ""


def can_give_back(db: TenantSession, charge: Charge) -> bool:
    """Whether it is no credit itself, and nothing of it was given back."""
    return bool(_not_credited(db, [charge]))


@dataclass(frozen=True)
class Ties:
    """How a charge hangs together with others of its book; each may be missing.

    `replaces` was given back and charged again as this one, `replaced_by` is what this one was charged again as.
    """

    gives_back: Charge | None = None
    given_back_by: Charge | None = None
    replaces: Charge | None = None
    replaced_by: Charge | None = None


def ties_of(db: TenantSession, charge: Charge) -> Ties:
    credited = select(ChargeCredit.charge_id).where(ChargeCredit.credit_id == charge.id)
    found = db.scalar(select(Charge).where(Charge.id.in_(credited)))
    if found is not None:
        return Ties(gives_back=found)
    credits = select(ChargeCredit.credit_id).where(ChargeCredit.charge_id == charge.id)
    credit = db.scalar(select(Charge).where(Charge.id.in_(credits)))
    by_key = {each.period_key: each for each in _issued(db, charge) if each.book == charge.book}
    next_key = next((key for key in by_key if replaced_key(key) == charge.period_key), "")
    return Ties(None, credit, by_key.get(replaced_key(charge.period_key)), by_key.get(next_key))


def replaced_key(period_key: str) -> str:
    """The key of the charge that was given back and issued again under this one; empty when none was."""
    first, _, times = period_key.partition("+")
    if not times.isdigit():
        return ""
    return first if times == "1" else f"{first}+{int(times) - 1}"


def _issued(db: TenantSession, charge: Charge) -> Sequence[Charge]:
    """Every time that the same thing was charged, in both books; credits are no such time."""
    first = _first_key(charge)
    wanted = select(Charge).where(
        Charge.account_id == charge.account_id,
        Charge.item == charge.item,
        or_(Charge.period_key == first, Charge.period_key.startswith(f"{first}+")),
        ~Charge.period_key.contains("~"),
    )
    return db.scalars(wanted).all()


def _first_key(charge: Charge) -> str:
    return charge.period_key.partition("+")[0]


def both_books(db: TenantSession, charge: Charge) -> Sequence[Charge]:
    """The charge as it stands at wholesale and, where the customer pays, at retail."""
    wanted = select(Charge).where(
        Charge.account_id == charge.account_id, Charge.item == charge.item, Charge.period_key == charge.period_key
    )
    return db.scalars(wanted.order_by(Charge.number)).all()


def _not_credited(db: TenantSession, charges: Sequence[Charge]) -> dict[Book, Charge]:
    """Charges that are no credits themselves, and against which none stands."""
    ids = [charge.id for charge in charges]
    touched: set[UUID] = set(db.scalars(select(ChargeCredit.charge_id).where(ChargeCredit.charge_id.in_(ids))))
    touched |= set(db.scalars(select(ChargeCredit.credit_id).where(ChargeCredit.credit_id.in_(ids))))
    return {Book(charge.book): charge for charge in charges if charge.id not in touched}


def _line(pair: dict[Book, Charge], period: Period | None, days: int, whole: int, day: date | None) -> PricedLine:
    """The negative line: at wholesale and retail by what was charged, or by the memo where retail was none."""
    any_charge = next(iter(pair.values()))
    sides = {book: given_back(_side(charge), days, whole) for book, charge in pair.items()}
    if Book.RETAIL not in sides:
        sides[Book.RETAIL] = given_back(Side(any_charge.retail_memo_minor, 0, 0), days, whole)
    key = f"{any_charge.period_key}~{day.isoformat() if day else 'all'}"
    return _as_line(any_charge, sides, period, key, words="Given back: ")


def _as_line(
    charge: Charge, sides: dict[Book, Side], period: Period | None, key: str, *, words: str = ""
) -> PricedLine:
    nothing = Side(0, 0, 0)
    retail = sides.get(Book.RETAIL) or Side(charge.retail_memo_minor, 0, 0)
    wholesale = sides.get(Book.WHOLESALE, nothing)
    return PricedLine(charge.item, words + charge.description, period, wholesale, retail, key)


def _side(charge: Charge) -> Side:
    return Side(charge.net_minor, charge.tax_minor, charge.tax_ppm)


def _period_of(charge: Charge) -> Period | None:
    if charge.first_day is None or charge.last_day is None:
        return None
    ends = charge.last_day + timedelta(days=1)
    return Period(charge.first_day, ends, (ends - charge.first_day).days)
