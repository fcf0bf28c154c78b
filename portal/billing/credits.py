"""Giving charges back: whole, in parts, or from a day on. A charge never changes; negative ones stand against it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Subscription
from portal.audit.commands import Actor, record
from portal.billing.charging import write_charges
from portal.billing.left import Left, given_back_of, left_of
from portal.billing.models import Charge, ChargeCredit
from portal.billing.period import Period
from portal.billing.pricing import PricedLine, Side, given_back, part_of
from portal.kit.db import TenantSession
from portal.kit.money import Money
from portal.kit.refusals import Refusal
from portal.ledger.entry import Book
from portal.whitelabels.queries import white_label

after_giving_back: list[Callable[[TenantSession, Account], None]] = []
"""Each hears, in the same transaction, of an account that got something back, once what replaces it is charged."""


class CreditedAlready(Refusal):
    heading = "This charge was given back already"
    text = "Nothing of it is left to give back. Nothing was changed, and no money moved."


class GivenBackMeanwhile(Refusal):
    heading = "Some of this charge was given back meanwhile"
    text = "Perhaps you confirmed it already, here or in another window. Nothing was changed this time, no money moved."


class NotReviewed(Refusal):
    status = 422
    heading = "Look at what this gives back first"
    text = "It was confirmed without its review. Nothing was changed, and no money moved."


class IssueNotReviewed(NotReviewed):
    heading = "Look at what this charges first"


class NothingAsked(Refusal):
    status = 422
    heading = "Nothing would be given back"

    def __init__(self) -> None:
        super().__init__("The amount must be above zero.", field="amount")


class MoreThanIsLeft(Refusal):
    status = 422
    heading = "This is more than is left of the charge"

    def __init__(self, left: Money, locale: str) -> None:
        super().__init__(f"Write an amount up to {left.words(locale)}: no more is left of this charge.", field="amount")


class NotGivenBack(Refusal):
    heading = "Only a charge that was given back in whole can be issued again"
    text = "Nothing was changed, and no money moved."


class IssuedAlready(NotGivenBack):
    heading = "This charge was issued again already"
    text = "Perhaps you confirmed it already, here or in another window. Nothing was changed this time, no money moved."


class NotAsReviewed(Refusal):
    heading = "This is not what you were shown"
    text = "It was issued again and given back meanwhile, or somebody else pays now. Look at it again."


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
    """What is given back when an item stops on a day: the days from it to the end of what was charged, and no more
    than is left of that."""
    wanted = select(Charge).where(
        Charge.account_id == account.id, Charge.item == item, Charge.first_day <= day, Charge.last_day >= day
    )
    left = _with_something_left(db, db.scalars(wanted).all())
    if left is None:
        return None
    charge = next(iter(left.charges.values()))
    assert charge.first_day is not None and charge.last_day is not None
    whole, days = (charge.last_day - charge.first_day).days + 1, (charge.last_day - day).days + 1
    sides = {book: _unused(left, book, days, whole) for book in left.sides}
    period = Period(day, charge.last_day + timedelta(days=1), whole)
    line = _as_line(charge, sides, period, f"{charge.period_key}~{day.isoformat()}", words="Given back: ")
    return GivenBack(line, dict(left.charges), day)


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
    """Give all that is left of a charge back in both books. Raises CreditedAlready. The caller holds the account's
    row."""
    left = left_of(db, both_books(db, charge))
    credit(db, account, charge, left.gross_minor, left_minor=left.gross_minor, reason=reason, by=by)


def credit(
    db: TenantSession, account: Account, charge: Charge, gross_minor: int, *, left_minor: int, reason: str, by: Actor
) -> None:
    """Give so much of a charge back, with tax, in the leading book, and the same share in the other. `left_minor` is
    what was left when this was agreed to. The caller holds the account's row.

    Raises CreditedAlready, NothingAsked, MoreThanIsLeft, and GivenBackMeanwhile when it is not what is left any more.
    """
    left = left_of(db, both_books(db, charge))
    check_part(db, left, gross_minor)
    if left_minor != left.gross_minor:
        raise GivenBackMeanwhile
    is_all = not left.times and gross_minor == left.gross_minor
    key = f"{charge.period_key}~{'all' if is_all else left.times + 1}"
    words = "Given back: " if is_all else "Given back in part: "
    sides = {book: -side for book, side in left.part(gross_minor).items()}
    line = _as_line(charge, sides, _period_of(charge), key, words=words)
    give_back(db, account, GivenBack(line, dict(left.charges), None), reason=reason, by=by)
    tell_of_credit(db, account)


def check_part(db: TenantSession, left: Left, gross_minor: int) -> None:
    """Whether so much can be given back. Raises CreditedAlready, NothingAsked and MoreThanIsLeft."""
    if not left.is_something:
        raise CreditedAlready
    if not gross_minor and left.gross_minor:
        raise NothingAsked
    if gross_minor > left.gross_minor:
        tenant = white_label(db)
        raise MoreThanIsLeft(Money(left.gross_minor, tenant.currency), tenant.locale)


def tell_of_credit(db: TenantSession, account: Account) -> None:
    for hear in after_giving_back:
        hear(db, account)


def issue_again(db: TenantSession, account: Account, charge: Charge, *, reviewed: str | None = None, by: Actor) -> None:
    """Charge again what was given back in whole, as it was. `reviewed` is what was looked at, as `as_reviewed` names
    it; None where nobody had to. The caller holds the account's row.

    Raises what `again_of` raises, and NotAsReviewed when something else would be charged by now.
    """
    line = again_of(db, account, charge)
    if reviewed is not None and reviewed != as_reviewed(account, line):
        raise NotAsReviewed
    write_charges(db, [(account, line)])
    record(db, "charge.issued-again", by=by, subject=account.id, charge=charge.number)


def again_of(db: TenantSession, account: Account, charge: Charge) -> PricedLine:
    """What issuing a charge again charges. Raises NotGivenBack, IssuedAlready, and ChangedSince where the account does
    not have it any more as it was charged."""
    if not can_issue_again(db, charge):
        raise IssuedAlready if _is_back(db, charge) else NotGivenBack
    if why := why_not_again(db, account, charge):
        raise ChangedSince(why)
    sides = {Book(each.book): _side(each) for each in both_books(db, charge)}
    times = len({each.period_key for each in _issued(db, charge)})
    return _as_line(charge, sides, _period_of(charge), f"{_first_key(charge)}+{times}")


def as_reviewed(account: Account, line: PricedLine) -> str:
    """A name for all that a review shows: which time it is charged, and how much in each book, in minor units."""
    retail = line.retail.gross_minor if account.is_run_by_customer else "none"
    return f"{line.item} {line.period_key} {line.wholesale.gross_minor} {retail}"


def can_issue_again(db: TenantSession, charge: Charge) -> bool:
    """Whether it, and every other time that the same was charged, was given back in whole, at once or in parts."""
    issued = {each.id: each for each in _issued(db, charge)}
    given = given_back_of(db, list(issued))
    return charge.id in issued and all(id in given and given[id].is_all_of(each) for id, each in issued.items())


def _is_back(db: TenantSession, charge: Charge) -> bool:
    """Whether it was given back in whole itself."""
    given = given_back_of(db, [charge.id]).get(charge.id)
    return given is not None and given.is_all_of(charge)


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


@dataclass(frozen=True)
class Ties:
    """How a charge hangs together with others of its book; each may be missing.

    `replaces` was given back and charged again as this one, `replaced_by` is what this one was charged again as.
    `is_part` says that a credit gives back less than the whole charge.
    """

    gives_back: Charge | None = None
    given_back_by: Sequence[Charge] = ()
    replaces: Charge | None = None
    replaced_by: Charge | None = None
    is_part: bool = False


def ties_of(db: TenantSession, charge: Charge) -> Ties:
    credited = select(ChargeCredit.charge_id).where(ChargeCredit.credit_id == charge.id)
    found = db.scalar(select(Charge).where(Charge.id.in_(credited)))
    if found is not None:
        return Ties(gives_back=found, is_part=found.gross_minor != -charge.gross_minor)
    credits = select(ChargeCredit.credit_id).where(ChargeCredit.charge_id == charge.id)
    parts = db.scalars(select(Charge).where(Charge.id.in_(credits)).order_by(Charge.number)).all()
    by_key = {each.period_key: each for each in _issued(db, charge) if each.book == charge.book}
    next_key = next((key for key in by_key if replaced_key(key) == charge.period_key), "")
    is_part = any(each.gross_minor != -charge.gross_minor for each in parts)
    return Ties(None, parts, by_key.get(replaced_key(charge.period_key)), by_key.get(next_key), is_part)


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


def _with_something_left(db: TenantSession, charges: Sequence[Charge]) -> Left | None:
    """Of charges of the same days, of which all but one were given back and issued again: what is left of that one."""
    for key in dict.fromkeys(charge.period_key for charge in charges):
        left = left_of(db, [charge for charge in charges if charge.period_key == key])
        if left.is_something:
            return left
    return None


def _unused(left: Left, book: Book, days: int, whole_days: int) -> Side:
    """The last days of a charge, as a credit; where some of it was given back before, no more than is left."""
    charge, side = left.charges.get(book), left.sides[book]
    charged = _side(charge) if charge is not None else Side(_memo(left), 0, 0)
    unused = given_back(charged, days, whole_days)
    return -part_of(side, min(-unused.gross_minor, side.gross_minor)) if left.times else unused


def _memo(left: Left) -> int:
    return next(iter(left.charges.values())).retail_memo_minor


def _as_line(
    charge: Charge, sides: Mapping[Book, Side], period: Period | None, key: str, *, words: str = ""
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
