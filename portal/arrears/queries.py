"""Reading rules and cases, and what a page says about them."""

from dataclasses import dataclass

from sqlalchemy import select

from portal.accounts.models import Account
from portal.arrears.models import ArrearsCase, ArrearsPolicy
from portal.arrears.steps import Place, Rules, Step, ends_on
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, money


@dataclass(frozen=True)
class Notice:
    """What happened, whether money moved and what to do next. `kind` is wait or bad."""

    kind: str
    heading: str
    moved: str
    text: str


def policy_of(db: TenantSession) -> ArrearsPolicy | None:
    return db.get(ArrearsPolicy, db.tenant)


def rules_of(db: TenantSession) -> Rules:
    found = policy_of(db)
    return Rules(found.low_days, found.suspend_days, found.close_days) if found is not None else Rules()


def open_case(db: TenantSession, account: Account) -> ArrearsCase | None:
    wanted = select(ArrearsCase).where(ArrearsCase.account_id == account.id, ArrearsCase.ended_on.is_(None))
    return db.scalar(wanted)


def notice_of(db: TenantSession, account: Account) -> Notice | None:
    """What people of an account, and its white label, read while a case is open."""
    case = open_case(db, account)
    if case is None:
        return None
    tenant = white_label(db)
    book = Book.WHOLESALE if account.kind == "white_label" else Book.RETAIL
    owed = money(max(0, -credit_minor(db, book, account.id)), tenant)
    ends = ends_on(rules_of(db), Place(case.stands_at, case.since))
    by = f" by {day(ends, tenant)}" if ends else ""
    if case.stands_at is Step.LOW:
        return Notice("wait", "Credit is running low", "Nothing is overdue.", "It does not cover the next charges.")
    if case.stands_at is Step.OVERDUE:
        then = " Then the account is suspended." if ends else ""
        return Notice("bad", f"{owed} is overdue", "Everything works for now.", f"Pay it{by}.{then}")
    if case.stands_at is Step.SUSPENDED:
        then = f" The account is closed on {day(ends, tenant)}." if ends else ""
        works = "Services have stopped. Signing in, paying and everything that was issued still work."
        return Notice("bad", f"Suspended: {owed} is overdue", works, f"It is active again once it is paid.{then}")
    return Notice("bad", f"Closed with {owed} overdue", "Nothing further is charged.", "Write to your provider.")
