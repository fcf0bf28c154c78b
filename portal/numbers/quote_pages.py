"""What coming, going and coming back of numbers costs, in words, before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.accounts.models import Account
from portal.billing.quoting import QuotePage, Row, monthly_row, quote_page, quoted_row, tax_words
from portal.identity.models import User
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.numbers import destinations
from portal.numbers.assigning import QUARANTINE, reserved_for, those_that_rest
from portal.numbers.charging import Quote, classes_on_sale, quote, refuse_unsold
from portal.numbers.e164 import international
from portal.numbers.models import Number
from portal.numbers.pages import clock_words, people_of, place_words
from portal.numbers.queries import numbers_of
from portal.numbers.resting import resting_or_404
from portal.numbers.rights import NumbersDesk
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, local_day, money


@dataclass(frozen=True)
class Reserved:
    id: UUID
    number: str
    sub: str
    until: str
    is_sold: bool
    wrong: str
    needs_address: bool


@dataclass(frozen=True)
class DecidePage:
    """The reserved numbers and what they cost together; `quote` is None while the account is not active. Then
    `first_invoice` is what the activation charges for all its numbers, `each_month` what every whole month does.

    `sold` are how many can be assigned: the price class of the others is not on sale any more. `destinations` are where
    calls to them can go: none when that is not the reader's choice. `only_outside` says that phone settings hold none.
    """

    lines: list[Reserved]
    sold: int
    people: list[User]
    destinations: destinations.Offers
    only_outside: bool
    quote: QuotePage | None
    first_invoice: list[Row]
    first_total: str
    trial_ends: str
    each_month: list[Row]


@dataclass(frozen=True)
class ReleasePage:
    id: UUID
    number: str
    effects: list[str]
    moved: str
    agreed: int


def decide_page(db: TenantSession, desk: NumbersDesk, wrong: Mapping[UUID, str]) -> DecidePage:
    """What is reserved and what it would cost; `wrong` is said beside the numbers. Raises CannotChange."""
    tenant, account, on_sale = white_label(db), desk.account, classes_on_sale(db)
    numbers = reserved_for(db, account.id)
    sold = [number for number in numbers if number.price_class in on_sale]
    asked = quote(db, account, more=sold) if sold else None
    invoice, offers = asked.invoice if asked is not None else None, destinations.offers(db, desk.desk)
    lines = invoice.lines if invoice is not None else ()
    return DecidePage(
        lines=[_reserved(each, tenant, is_sold=each in sold, wrong=wrong.get(each.id, "")) for each in numbers],
        sold=len(sold),
        people=people_of(db, account.id),
        destinations=offers,
        only_outside=[value for value, _ in offers] == [destinations.OUTSIDE],
        quote=_quote_words(db, desk, asked),
        first_invoice=[quoted_row(line, tenant, sees_retail=desk.sees_retail) for line in lines],
        first_total=money(invoice.wholesale_minor, tenant) if invoice is not None else "",
        trial_ends=day(invoice.trial_ends, tenant) if invoice is not None and invoice.trial_ends else "",
        each_month=_each_month(desk, asked, tenant),
    )


def _reserved(number: Number, tenant: WhiteLabel, *, is_sold: bool, wrong: str) -> Reserved:
    until = clock_words(number.until, tenant)
    shown, place = international(number.e164), place_words(number)
    return Reserved(number.id, shown, place, until, is_sold, wrong, number.needs_address)


def assigned_words(made: Sequence[Number], agreed_minor: int) -> str:
    """What an assignment did, whether money moved, and what is still to be done before calls work."""
    words = "1 number is" if len(made) == 1 else f"{len(made)} numbers are"
    moved = "The charges show what was debited." if agreed_minor else "No money moved."
    lacking = sum(number.needs_address for number in made)
    if not lacking:
        return f"{words} assigned. {moved}"
    if lacking == 1:
        which = "It works" if len(made) == 1 else "One of them works"
        return f"{words} assigned. {moved} {which} once its address for emergency calls is entered."
    which = "They" if lacking == len(made) else f"{lacking} of them"
    return f"{words} assigned. {moved} {which} work once their addresses for emergency calls are entered."


def _each_month(desk: NumbersDesk, asked: Quote | None, tenant: WhiteLabel) -> list[Row]:
    lines = asked.each_month if asked is not None else ()
    return [monthly_row(line, tenant, sees_retail=desk.sees_retail) for line in lines]


def _quote_words(db: TenantSession, desk: NumbersDesk, asked: Quote | None) -> QuotePage | None:
    if asked is None or not asked.changes:
        return None
    sees_retail, is_own = desk.sees_retail, desk.is_white_label
    return quote_page(db, desk.account, asked.changes, sees_retail=sees_retail, to_white_label=is_own)


def _rest_words(db: TenantSession, desk: NumbersDesk, number: Number, tenant: WhiteLabel) -> str:
    if not those_that_rest(db, desk.account, [number]):
        return "Others can have it at once: it was not in use long enough to be known."
    until = day(local_day(now() + QUARANTINE, tenant), tenant)
    return f"Nobody gets it before {until}. After that it may be somebody else's."


def closing_words(db: TenantSession, account: Account) -> str:
    """What becomes of an account's numbers when it closes; empty when it has none."""
    numbers = numbers_of(db, account.id)
    if not numbers:
        return ""
    rest = len(those_that_rest(db, account, numbers))
    days = f"{QUARANTINE.days} days"
    if len(numbers) == 1:
        then = f"It rests for {days}, and then others can have it." if rest else "Others can have it at once."
        return f"Its number is released, and calls to it end. {then}"
    if rest in (0, len(numbers)):
        then = f"They rest for {days}, and then others can have them." if rest else "Others can have them at once."
    else:
        them = "1 of them rests" if rest == 1 else f"{rest} of them rest"
        then = f"{them} for {days}; the others are free at once."
    return f"Its {len(numbers)} numbers are released, and calls to them end. {then}"


def release_page(db: TenantSession, desk: NumbersDesk, number: Number) -> ReleasePage:
    """What giving a number up does. Raises CannotChange."""
    tenant, asked = white_label(db), quote(db, desk.account, fewer=[number])
    return ReleasePage(
        id=number.id,
        number=international(number.e164),
        effects=[
            "Calls to it stop reaching the account at once.",
            _rest_words(db, desk, number, tenant),
            "Its settings and its address for emergency calls are removed.",
        ],
        moved=_back_words(desk, asked, tenant),
        agreed=asked.due_minor,
    )


def _back_words(desk: NumbersDesk, asked: Quote, tenant: WhiteLabel) -> str:
    if not desk.sees_prices:
        return "No money of yours moves."
    if not asked.due_minor:
        return "No money moves now."
    line = asked.changes[0].back
    side = (line.line.retail if desk.sees_retail else line.line.wholesale) if line is not None else None
    taxed = f", {tax_words(side.tax_ppm, tenant)}" if side is not None else ""
    if asked.due_minor < 0:
        return f"{money(-asked.due_minor, tenant)} of what was paid for it comes back now{taxed}."
    return f"{money(asked.due_minor, tenant)} is charged now{taxed}."


def released_words(desk: NumbersDesk, moved_minor: int) -> str:
    """What became of the money, once a number is released; negative is what came back."""
    if not desk.sees_prices:
        return "No money of yours moved."
    if not moved_minor:
        return "No money moved."
    return "The charges show what came back." if moved_minor < 0 else "The charges show what was debited."


@dataclass(frozen=True)
class TakeBackPage:
    """`quote` is None where nothing is charged yet."""

    number: str
    effects: list[str]
    quote: QuotePage | None
    agreed: int


def take_back_page(db: TenantSession, desk: NumbersDesk, number_id: UUID) -> TakeBackPage:
    """What having a resting number back does. Raises NotFound, NotSold and CannotChange."""
    number, tenant = resting_or_404(db, desk.account, number_id), white_label(db)
    refuse_unsold(db, [number])
    words = _quote_words(db, desk, quote(db, desk.account, more=[number]))
    assert number.until is not None
    return TakeBackPage(
        number=international(number.e164),
        effects=[
            "It is the account's again at once, and rings as its settings say then.",
            "Whose it is, its settings and its address for emergency calls are entered anew.",
            f"Left alone, it rests until {day(local_day(number.until, tenant), tenant)}. Then others can have it.",
        ],
        quote=words,
        agreed=words.agreed if words is not None else 0,
    )
