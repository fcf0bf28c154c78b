"""One charge as the operator's desk shows it, and what can be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.billing.credits import (
    again_of,
    as_reviewed,
    both_books,
    can_issue_again,
    check_part,
    ties_of,
    why_not_again,
)
from portal.billing.left import Left, left_of
from portal.billing.models import Charge, ChargeCredit
from portal.billing.pricing import PricedLine, Side
from portal.billing.words import told_ties
from portal.kit.db import TenantSession
from portal.kit.money import exponent, percent, plain
from portal.kit.refusals import NotFound
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, short_day, span


@dataclass(frozen=True)
class ChargePage:
    """`left` is what is left of it to give back, in each of its books; empty when nothing is. `typed` is all of that
    as a form has it, `hint` says whose it is. `ties` lead to charges that it hangs together with: what each is to it,
    its number and its address. `why_not_again` says of a charge of which something was given back why it cannot be
    issued again."""

    charge: Charge
    ties: list[tuple[str, str, str]]
    rows: list[tuple[str, str]]
    left: str
    typed: str
    hint: str
    can_issue_again: bool
    why_not_again: str


@dataclass(frozen=True)
class CreditReview:
    """What giving an amount back would do; `moved` says when the money moves. `left_minor` is what is left before."""

    charge: Charge
    amount: str
    title: str
    rows: list[tuple[str, str]]
    effects: list[str]
    moved: str
    left_minor: int


@dataclass(frozen=True)
class AgainReview:
    """What issuing a charge again would do. `reviewed` names all of it for the confirmation."""

    charge: Charge
    title: str
    rows: list[tuple[str, str]]
    effects: list[str]
    moved: str
    reviewed: str


def charge_or_404(db: TenantSession, charge_id: UUID) -> Charge:
    charge = db.load(Charge, charge_id)
    if charge is None:
        raise NotFound
    return charge


def find_charge(db: TenantSession, number: str) -> Charge | None:
    return db.scalar(select(Charge).where(Charge.number == number.strip().upper()))


def charge_page(db: TenantSession, charge: Charge) -> ChargePage:
    tenant, account = white_label(db), db.load(Account, charge.account_id)
    assert account is not None
    rows = [("Customer", f"{account.name}, account {account.number}"), ("Charge", charge.description)]
    if charge.first_day is not None and charge.last_day is not None:
        rows.append(("For", span(charge.first_day, charge.last_day, tenant)))
    rows.append(("Charged on", short_day(charge.day, tenant)))
    rows += [(f"On {_book_of(each)}", _amount_words(each, tenant)) for each in both_books(db, charge)]
    rows += _credits(db, charge, tenant)
    left = left_of(db, both_books(db, charge))
    base = f"/operator/white-labels/{tenant.id}/charges"
    ties = [(words, each.number, f"{base}/{each.id}") for words, each in told_ties(ties_of(db, charge))]
    is_back = can_issue_again(db, charge)
    return ChargePage(
        charge,
        ties,
        rows,
        left=_in_each_book(left, left.sides, account, tenant) if left.is_something else "",
        typed=plain(left.gross_minor, exponent(tenant.currency)),
        hint=_hint(left, account, tenant) if left.is_something else "",
        can_issue_again=is_back and not why_not_again(db, account, charge),
        why_not_again=why_not_again(db, account, charge) if is_back else _not_all(left),
    )


def credit_review(db: TenantSession, charge: Charge, gross_minor: int) -> CreditReview:
    """Raises what `credits.credit` raises for an amount."""
    tenant, account = white_label(db), db.load(Account, charge.account_id)
    assert account is not None
    left = left_of(db, both_books(db, charge))
    check_part(db, left, gross_minor)
    part, amount = left.part(gross_minor), money(gross_minor, tenant)
    rows = [("Customer", f"{account.name}, account {account.number}"), ("Charge", charge.description)]
    rows += [(f"To {_book_of(each)}", _parts_words(part[book], tenant)) for book, each in _each(left)]
    is_all = gross_minor == left.gross_minor
    rest = {book: side + -part[book] for book, side in left.sides.items()}
    then = "Then nothing is left of it." if is_all else f"Then {_in_each_book(left, rest, account, tenant)} is left."
    title = f"Give {amount} of {charge.number} back?"
    again, note = _again(db, account, charge, is_all=is_all), _note(left, part, account)
    effects = [words for words in (then, again, note) if words]
    moved = _moves(is_something=any(part[book].gross_minor for book in left.charges))
    return CreditReview(charge, amount, title, rows, effects, moved, left.gross_minor)


def again_review(db: TenantSession, charge: Charge) -> AgainReview:
    """Raises what `credits.again_of` raises."""
    tenant, account = white_label(db), db.load(Account, charge.account_id)
    assert account is not None
    line = again_of(db, account, charge)
    rows = [("Customer", f"{account.name}, account {account.number}"), ("Charge", charge.description)]
    if charge.first_day is not None and charge.last_day is not None:
        rows.append(("For", span(charge.first_day, charge.last_day, tenant)))
    rows.append(("Wholesale", f"{_parts_words(line.wholesale, tenant)}, to the white-label account"))
    paid = f"{_parts_words(line.retail, tenant)}, to the customer's credit"
    rows.append(("Retail", paid if account.is_run_by_customer else "Nothing: the white label pays for this account."))
    return AgainReview(
        charge,
        f"Issue {charge.number} again?",
        rows,
        effects=[f"A new charge replaces {charge.number}.", *_then(db, account, line, tenant)],
        moved=_moves(is_something=_charges(account, line)),
        reviewed=as_reviewed(account, line),
    )


def _then(db: TenantSession, account: Account, line: PricedLine, tenant: WhiteLabel) -> list[str]:
    """What is left in each book afterwards; nothing of one in which nothing moves."""
    ours = credit_minor(db, Book.WHOLESALE, white_label_account(db).id) - line.wholesale.gross_minor
    words = [f"The white-label account is at {money(ours, tenant)} then."] if line.wholesale.gross_minor else []
    if account.is_run_by_customer and line.retail.gross_minor:
        theirs = credit_minor(db, Book.RETAIL, account.id) - line.retail.gross_minor
        words.append(f"The credit of {account.name} is {money(theirs, tenant)} then.")
    return words


def _charges(account: Account, line: PricedLine) -> bool:
    return bool(line.wholesale.gross_minor or (account.is_run_by_customer and line.retail.gross_minor))


def _moves(*, is_something: bool) -> str:
    return "No money has moved yet. It does at once when you confirm." if is_something else "No money moves."


def _note(left: Left, part: Mapping[Book, Side], account: Account) -> str:
    """Whose statements a credit note follows, where it was on one: none does in a book that gives nothing back."""
    given = [charge for book, charge in _each(left) if part[book].gross_minor]
    if not given:
        return ""
    of = "" if len(given) == len(left.charges) else f" of {_statements_of(given[0], account)}"
    return f"If it stands on a statement{of}, a credit note that refers to it follows."


def _statements_of(charge: Charge, account: Account) -> str:
    return "the white label" if charge.book == Book.WHOLESALE.value else account.name


def _again(db: TenantSession, account: Account, charge: Charge, *, is_all: bool) -> str:
    """Whether it can be charged again after it was given back, as far as that is known now."""
    if why := why_not_again(db, account, charge):
        return f"It cannot be issued again. {why}"
    return "It can be issued again then." if is_all else "It can be issued again once all of it was given back."


def _hint(left: Left, account: Account, tenant: WhiteLabel) -> str:
    leading = left.charges[left.leading]
    share = " The white-label account gets the same share back." if leading.book == Book.RETAIL.value else ""
    return f"Up to {money(left.gross_minor, tenant)}, to {_whose(leading, account)}.{share}"


def _not_all(left: Left) -> str:
    return "Only a charge of which nothing is left can be." if left.times and left.is_something else ""


def _in_each_book(left: Left, sides: Mapping[Book, Side], account: Account, tenant: WhiteLabel) -> str:
    """`£4.80 to the white-label account and £12.00 to the credit of Tidewater`."""
    each = [f"{money(sides[book].gross_minor, tenant)} to {_whose(charge, account)}" for book, charge in _each(left)]
    return " and ".join(each)


def _each(left: Left) -> list[tuple[Book, Charge]]:
    return sorted(left.charges.items(), key=lambda each: each[1].number)


def _parts_words(side: Side, tenant: WhiteLabel) -> str:
    """`£12.00: £10.00 and £2.00 VAT`."""
    gross, net, tax = (money(minor, tenant) for minor in (side.gross_minor, side.net_minor, side.tax_minor))
    return f"{gross}: {net} and {tax} {tenant.tax_name}" if side.tax_minor else gross


def _book_of(charge: Charge) -> str:
    """Beside a customer's name that the page has already."""
    return "the white-label account" if charge.book == Book.WHOLESALE.value else "the customer's credit"


def _whose(charge: Charge, account: Account) -> str:
    return "the white-label account" if charge.book == Book.WHOLESALE.value else f"the credit of {account.name}"


def _amount_words(charge: Charge, tenant: WhiteLabel) -> str:
    amount = f"{money(charge.gross_minor, tenant)} with {percent(charge.tax_ppm)} {tenant.tax_name}"
    return f"{charge.number}: {amount}"


def _credits(db: TenantSession, charge: Charge, tenant: WhiteLabel) -> list[tuple[str, str]]:
    wanted = (
        select(ChargeCredit, Charge)
        .join(Charge, Charge.id == ChargeCredit.credit_id)
        .where(ChargeCredit.charge_id == charge.id)
        .order_by(Charge.number)
    )
    return [
        (
            "Given back",
            f"{money(-credit.gross_minor, tenant)} on {short_day(credit.day, tenant)} "
            f"by {given.given_by}: {given.reason}",
        )
        for given, credit in db.execute(wanted)
    ]
