"""One charge as the operator's desk shows it, and what can be done about it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account
from portal.billing.credits import both_books, can_give_back, can_issue_again, ties_of, why_not_again
from portal.billing.models import Charge, ChargeCredit
from portal.billing.words import told_ties
from portal.kit.db import TenantSession
from portal.kit.money import percent
from portal.kit.refusals import NotFound
from portal.ledger.entry import Book
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, short_day, span


@dataclass(frozen=True)
class ChargePage:
    """`goes_back` is what giving it back would credit; empty when nothing can be given back. `ties` lead to charges
    that it hangs together with: what each is to it, its number and its address. `why_not_again` says of a charge that
    was given back why it cannot be issued again."""

    charge: Charge
    ties: list[tuple[str, str, str]]
    rows: list[tuple[str, str]]
    goes_back: str
    can_issue_again: bool
    why_not_again: str


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
    rows += [(f"On {_whose(each, account)}", _amount_words(each, tenant)) for each in both_books(db, charge)]
    rows += _credits(db, charge, tenant)
    base = f"/operator/white-labels/{tenant.id}/charges"
    ties = [(words, each.number, f"{base}/{each.id}") for words, each in told_ties(ties_of(db, charge))]
    is_back = can_issue_again(db, charge)
    why_not = why_not_again(db, account, charge) if is_back else ""
    return ChargePage(charge, ties, rows, _goes_back(db, charge, account, tenant), is_back and not why_not, why_not)


def _goes_back(db: TenantSession, charge: Charge, account: Account, tenant: WhiteLabel) -> str:
    if not can_give_back(db, charge):
        return ""
    pair = both_books(db, charge)
    return " and ".join(f"{money(x.gross_minor, tenant)} to {_whose(x, account)}" for x in pair)


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
