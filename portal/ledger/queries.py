"""Reading balances and entries."""

from uuid import UUID

from sqlalchemy import select

from portal.kit.db import TenantSession
from portal.ledger.entry import Book, credit_of
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount


def balance_minor(db: TenantSession, book: Book, code: str) -> int:
    """Sum of an account's lines, debits positive; reading it costs the same however many there are."""
    wanted = select(LedgerAccount.balance_minor).where(LedgerAccount.book == book.value, LedgerAccount.code == code)
    return db.scalar(wanted) or 0


def credit_minor(db: TenantSession, book: Book, account_id: UUID) -> int:
    """What an account has to spend: positive is prepaid, negative is owed."""
    return -balance_minor(db, book, credit_of(account_id))


def entry_lines(db: TenantSession, entry_id: UUID) -> tuple[JournalEntry, list[tuple[str, int]]] | None:
    """An entry with the account and the signed amount of each of its lines, debits positive."""
    entry = db.load(JournalEntry, entry_id)
    if entry is None:
        return None
    lines = select(LedgerAccount.code, JournalLine.amount_minor).join(
        LedgerAccount, LedgerAccount.id == JournalLine.ledger_account_id
    )
    found = db.execute(lines.where(JournalLine.entry_id == entry_id).order_by(JournalLine.position))
    return entry, [(code, amount) for code, amount in found]


def credits_minor(db: TenantSession, book: Book, account_ids: list[UUID]) -> dict[UUID, int]:
    """The credit of several accounts in one query; an account without lines has 0."""
    codes = {credit_of(account_id): account_id for account_id in account_ids}
    wanted = select(LedgerAccount.code, LedgerAccount.balance_minor).where(
        LedgerAccount.book == book.value, LedgerAccount.code.in_(list(codes))
    )
    found = {codes[code]: -balance for code, balance in db.execute(wanted)}
    return {account_id: found.get(account_id, 0) for account_id in account_ids}
