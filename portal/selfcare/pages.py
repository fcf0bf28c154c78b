"""What the account page shows. An Option 2 account shows its own people what it had, and no price: they pay none."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.accounts.lifecycle import Role, State
from portal.accounts.models import Account
from portal.accounts.queries import addresses_of, members_of
from portal.activation.pages import PaymentStatus, payment_status
from portal.arrears.words import Notice, notice_of, suspension_of, until_when
from portal.billing.outlook import outlook
from portal.billing.queries import account_prices, charges_of
from portal.billing.words import retail_price
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.numbers.pages import number_rows
from portal.payments.queries import disputes_of_account, fundings_of, latest_funding, refund_of, refunds_of_account
from portal.statements.queries import statements_of
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, local_day, money, month, short_day, span

MOST_ROWS = 50


@dataclass(frozen=True)
class Movement:
    """One payment or charge, with its sign."""

    day: str
    what: str
    reference: str
    amount: str
    state: str = ""


@dataclass(frozen=True)
class AccountPage:
    account: Account
    balance: str | None
    owes: bool
    plan: list[tuple[str, str]]
    places: list[tuple[str, str]]
    people: list[tuple[str, str]]
    numbers: list[tuple[str, str]]
    movements: list[Movement]
    supplied: list[tuple[str, str]]
    """What an account that its white label pays for had, and the day or days it was for: never an amount."""
    outlook: list[tuple[str, str]]
    statements: list[tuple[str, str, str]]
    """The month, the statement's address and its closing balance; the last three."""
    arrears: Notice | None
    suspension: Notice | None
    runs: bool

    @property
    def chooses(self) -> bool:
        """Whether the reader can change services and numbers now. Of an account that others pay, its provider does."""
        return self.runs and self.account.is_run_by_customer and self.account.state == State.ACTIVE


def account_page(db: TenantSession, account: Account, *, runs: bool) -> AccountPage:
    """`runs` says whether the reader administers the account."""
    tenant, prices = white_label(db), account_prices(db, account)
    balance = credit_minor(db, Book.RETAIL, account.id)
    plan = [("Plan", prices.name)]
    if account.is_run_by_customer:
        plan.append(("Price", retail_price(prices, tenant)))
    else:
        plan.append(("Paid by", tenant.name))
        if next_day := outlook(db, account, 0).next_day:
            plan.append(("Next period", f"Begins on {day(next_day, tenant)}"))
    return AccountPage(
        account=account,
        balance=money(balance, tenant) if account.is_run_by_customer else None,
        owes=balance < 0,
        plan=plan,
        places=[(kind.capitalize(), a.words()) for kind, a in sorted(addresses_of(db, account.id).items())],
        people=[(user.display_name, Role(membership.role).words) for membership, user in members_of(db, account.id)],
        numbers=number_rows(db, account),
        movements=_movements(db, account) if account.is_run_by_customer else [],
        supplied=[] if account.is_run_by_customer else _supplied(db, account),
        outlook=outlook_rows(db, account, balance) if account.is_run_by_customer else [],
        statements=_statements(db, account) if account.is_run_by_customer else [],
        arrears=notice_of(db, account),
        suspension=suspension_of(db, account),
        runs=runs,
    )


@dataclass(frozen=True)
class CreditPage:
    account: Account
    suspension: Notice | None
    balance: str
    owes: bool
    outlook: list[tuple[str, str]]
    payment: PaymentStatus


def credit_page(db: TenantSession, account: Account, *, seen: bool) -> CreditPage:
    """What the customer has, how long it lasts, and what became of the last payment when it did not arrive; `seen` when
    the gateway was asked just now."""
    tenant, balance = white_label(db), credit_minor(db, Book.RETAIL, account.id)
    latest = latest_funding(db, account.id)
    arrived = latest is None or latest.state == "succeeded"
    status = PaymentStatus("none") if arrived else payment_status(db, account, seen=seen)
    suspension = suspension_of(db, account)
    return CreditPage(
        account, suspension, money(balance, tenant), balance < 0, outlook_rows(db, account, balance), status
    )


def what_became_of_it(db: TenantSession, account_id: UUID, *, seen: bool) -> tuple[str, str] | None:
    """The account's latest payment in a sentence or two, as the account is now, behind the kind of note it is; None
    when there was none."""
    account, funding = db.load(Account, account_id), latest_funding(db, account_id)
    if account is None or funding is None:
        return None
    if funding.state != "succeeded" or refund_of(db, funding.id) is not None:
        status = payment_status(db, account, seen=seen)
        return "note", f"{status.heading}. {status.moved} {status.text}"
    tenant = white_label(db)
    arrived = f"{money(funding.amount_minor, tenant)} arrived and is on your account."
    if account.state == State.CLOSED:
        return "note", f"{arrived} The account is closed: write to {tenant.support_email} about credit that is left."
    if suspension_of(db, account) is not None:
        return "note", f"{arrived} {until_when(db)}"
    return "ok", arrived


def outlook_rows(db: TenantSession, account: Account, balance: int) -> list[tuple[str, str]]:
    """The next charge, and until when the credit lasts, in words."""
    tenant, ahead = white_label(db), outlook(db, account, balance)
    if ahead.next_day is None:
        return [("Next charge", "None in sight")]
    rows = [("Next charge", f"{money(ahead.next_minor, tenant)} on {day(ahead.next_day, tenant)}")]
    if ahead.is_used_up:
        return [*rows, ("Your credit", "Is used up")]
    if ahead.covered_until is None:
        return [*rows, ("Your credit lasts", "For more than a year")]
    return [*rows, ("Your credit lasts", f"Until {day(ahead.covered_until, tenant)}")]


def owed_minor(db: TenantSession, account: Account) -> int:
    return max(0, -credit_minor(db, Book.RETAIL, account.id))


def next_charge_minor(db: TenantSession, account: Account) -> int:
    return outlook(db, account, credit_minor(db, Book.RETAIL, account.id)).next_minor


def _statements(db: TenantSession, account: Account) -> list[tuple[str, str, str]]:
    tenant = white_label(db)
    return [
        (month(each.month, tenant), f"/account/{account.id}/statements/{each.id}", money(each.closing_minor, tenant))
        for each in statements_of(db, account.id, limit=3)
    ]


def _supplied(db: TenantSession, account: Account) -> list[tuple[str, str]]:
    """Newest first, without amounts: the white label pays, and invoices as it likes."""
    tenant = white_label(db)
    return [
        (
            charge.description,
            span(charge.first_day, charge.last_day, tenant)
            if charge.first_day and charge.last_day
            else short_day(charge.day, tenant),
        )
        for charge in charges_of(db, account.id, Book.WHOLESALE, limit=MOST_ROWS)
    ]


def _movements(db: TenantSession, account: Account) -> list[Movement]:
    """Payments and charges together, newest first."""
    tenant = white_label(db)
    paid = [
        (
            f.settled_at or f.created_at,
            Movement(
                short_day(local_day(f.settled_at or f.created_at, tenant), tenant),
                f"Card payment, {f.card or 'card'}",
                f.reference,
                money(f.amount_minor, tenant),
            ),
        )
        for f in fundings_of(db, account.id)
        if f.state == "succeeded"
    ]
    returned = [
        (
            refund.settled_at or refund.created_at,
            Movement(
                short_day(local_day(refund.settled_at or refund.created_at, tenant), tenant),
                f"Returned to {funding.card or 'the card'}",
                funding.reference,
                money(-refund.amount_minor, tenant),
            ),
        )
        for refund, funding in refunds_of_account(db, account.id)
    ]
    charged = [
        (c.charged_at, Movement(short_day(c.day, tenant), c.description, c.number, money(-c.gross_minor, tenant)))
        for c in charges_of(db, account.id, Book.RETAIL, limit=MOST_ROWS)
    ]
    moved = [*paid, *returned, *_disputed(db, account, tenant), *charged]
    return [movement for _, movement in sorted(moved, key=lambda pair: pair[0], reverse=True)]


def _disputed(db: TenantSession, account: Account, tenant: WhiteLabel) -> list[tuple[datetime, Movement]]:
    """What a card's bank took back, and what came back of it."""
    found = []
    for dispute, funding in disputes_of_account(db, account.id):
        bank = f"Disputed, taken back by the bank of {funding.card or 'the card'}"
        for at, what, minor in (
            (dispute.taken_at, bank, -dispute.amount_minor),
            (dispute.returned_at, "Dispute decided, the payment is back", dispute.returned_minor),
        ):
            if at is not None:
                when = short_day(local_day(at, tenant), tenant)
                found.append((at, Movement(when, what, funding.reference, money(minor, tenant))))
    return found
