"""Reading rules and cases, and finding the accounts to look at."""

from uuid import UUID

from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Pause
from portal.arrears.models import ArrearsCase, ArrearsPolicy
from portal.arrears.steps import Rules, Step
from portal.kit.db import TenantSession
from portal.ledger.entry import Book, credit_of
from portal.ledger.models import LedgerAccount

PREFIX = credit_of(UUID(int=0)).removesuffix(str(UUID(int=0)))


def policy_of(db: TenantSession) -> ArrearsPolicy | None:
    return db.get(ArrearsPolicy, db.tenant)


def rules_of(db: TenantSession) -> Rules:
    found = policy_of(db)
    if found is None:
        return Rules()
    return Rules(found.low_days, found.suspend_days, found.close_days, found.warn_days)


def open_case(db: TenantSession, account: Account) -> ArrearsCase | None:
    wanted = select(ArrearsCase).where(ArrearsCase.account_id == account.id, ArrearsCase.ended_on.is_(None))
    return db.scalar(wanted)


def is_suspended_by(db: TenantSession, account: Account, case: ArrearsCase) -> bool:
    """Whether the account is suspended because of this case, and not by a person."""
    if case.pause_id is None or account.state != State.SUSPENDED:
        return False
    pause = db.load(Pause, case.pause_id)
    return pause is not None and pause.until_day is None


def owing(db: TenantSession, after: UUID | None, limit: int) -> list[UUID]:
    """Customers whose retail credit is below zero, behind an id: a debit balance is what they owe."""
    behind = credit_of(after) if after is not None else PREFIX
    wanted = select(LedgerAccount.code).where(
        LedgerAccount.book == Book.RETAIL.value,
        LedgerAccount.code > behind,
        LedgerAccount.code.startswith(PREFIX),
        LedgerAccount.balance_minor > 0,
    )
    codes = db.scalars(wanted.order_by(LedgerAccount.code).limit(limit))
    return [UUID(code.removeprefix(PREFIX)) for code in codes]


def in_a_case(db: TenantSession, after: UUID | None, limit: int) -> list[UUID]:
    """Accounts with a case that may take a further step, or end."""
    wanted = select(ArrearsCase.account_id).where(ArrearsCase.ended_on.is_(None), ArrearsCase.step != Step.CLOSED.value)
    wanted = wanted.where(ArrearsCase.account_id > after) if after is not None else wanted
    return list(db.scalars(wanted.order_by(ArrearsCase.account_id).limit(limit)))
