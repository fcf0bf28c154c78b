"""What the people of an account, and its white label, read while a case is open."""

from dataclasses import dataclass

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.arrears.queries import is_suspended_by, open_case, rules_of
from portal.arrears.steps import Step, ends_on
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, money

STOPPED = "Services have stopped. Signing in, paying, statements and receipts still work."

PAYING_LIFTS = "It is active again once it is paid."


@dataclass(frozen=True)
class Notice:
    """What happened, whether money moved and what to do next. `kind` is wait or bad."""

    kind: str
    heading: str
    moved: str
    text: str


def suspension_of(db: TenantSession, account: Account) -> Notice | None:
    """What the people of an account read that a person suspended; None where credit would lift it, or nothing is
    suspended. Why it was done stays with the white label, and that it was the operator, too."""
    tenant = white_label(db)
    if account.state != State.SUSPENDED:
        return None
    works = STOPPED if account.is_run_by_customer else "Services have stopped. Signing in still works."
    heading = "This account is suspended"
    if tenant.customers_are_suspended:
        return Notice("bad", heading, works, f"Write to {tenant.support_email}.")
    case = open_case(db, account)
    if case is not None and is_suspended_by(db, account, case):
        return None
    text = f"Only {tenant.name} can reactivate it, and tells you more: write to {tenant.support_email}."
    return Notice("bad", heading, works, text)


def until_when(db: TenantSession) -> str:
    """What credit does not change about an account that a person suspended, in words for its people."""
    tenant = white_label(db)
    if tenant.customers_are_suspended:
        return f"The account stays suspended: write to {tenant.support_email}."
    return f"The account stays suspended until {tenant.name} reactivates it."


def notice_of(db: TenantSession, account: Account, *, to_staff: bool = False) -> Notice | None:
    """Where the account's case stands. `to_staff` is for its white label, whose customer owes: it is no provider to
    write to."""
    case = open_case(db, account)
    if case is None:
        return None
    tenant = white_label(db)
    book = Book.WHOLESALE if account.kind == "white_label" else Book.RETAIL
    owed_minor = max(0, -credit_minor(db, book, account.id))
    owed = money(owed_minor, tenant)
    step, ends = case.place.step, ends_on(rules_of(db), case.place) if case.told else None
    if step is Step.LOW and owed_minor and account.kind == "customer":
        # Charged since the last look, which names the day of what comes next.
        step, ends = Step.OVERDUE, None
    if step is Step.LOW:
        return Notice("wait", "Credit is running low", "Nothing is overdue.", "It does not cover the next charges.")
    if step is not Step.CLOSED and account.state == State.SUSPENDED and not is_suspended_by(db, account, case):
        return Notice("bad", f"{owed} is overdue", STOPPED, "The account was suspended for another reason, too.")
    if step is Step.OVERDUE:
        ask = "The customer has to pay it" if to_staff else "Pay it"
        then = f" by {day(ends, tenant)}. Then the account is suspended." if ends else "."
        return Notice("bad", f"{owed} is overdue", "Everything works for now.", f"{ask}{then}")
    if step is Step.SUSPENDED:
        lifts = "Paying does not reactivate it." if tenant.customers_are_suspended else PAYING_LIFTS
        then = f" The account is closed on {day(ends, tenant)}." if ends else ""
        return Notice("bad", f"Suspended: {owed} is overdue", STOPPED, f"{lifts}{then}")
    ask = "Ask the customer for it." if to_staff else f"Write to {tenant.support_email}."
    return Notice("bad", f"Closed with {owed} overdue", "Nothing further is charged.", ask)
