"""Reading what was issued, and what waits to be."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from portal.accounts.models import Account
from portal.billing.models import Charge
from portal.kit.db import TenantSession, stream
from portal.kit.paging import FIRST_PAGE, Order, Place, Window, window
from portal.kit.refusals import NotFound
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount
from portal.statements.models import CreditNote, Receipt, Statement, StatementLine
from portal.statements.statement import Month
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import local_day

PAGE = 50


@dataclass(frozen=True)
class Filter:
    """`month` is its first day, `book` of whom: the white label itself or its customers; `place` where it begins."""

    month: date | None = None
    book: str = ""
    words: str = ""
    place: Place = FIRST_PAGE


@dataclass(frozen=True)
class Found:
    statement: Statement
    account: Account


def statements_page(db: TenantSession, wanted: Filter) -> Window[Found]:
    """One page of the tenant's statements, the newest month first."""
    statement = select(Statement, Account).join(Account, Account.id == Statement.account_id)
    if wanted.month is not None:
        statement = statement.where(Statement.month == wanted.month)
    if wanted.book:
        statement = statement.where(Statement.book == wanted.book)
    if wanted.words:
        escaped = wanted.words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        columns = (Account.name, Account.number, Statement.number)
        statement = statement.where(or_(*(column.ilike(f"%{escaped}%", escape="\\") for column in columns)))

    def run(limited: Select[*tuple[Any, ...]]) -> list[Found]:
        return [Found(issued, account) for issued, account in db.execute(limited)]

    order = Order(Statement.month, Statement.id)
    return window(
        run, statement, order, wanted.place, size=PAGE, key_of=lambda found: (found.statement.month, found.statement.id)
    )


def months_issued(db: TenantSession) -> Sequence[date]:
    """The months of which there are statements, newest first."""
    return db.scalars(select(Statement.month).distinct().order_by(Statement.month.desc()).limit(60)).all()


def statements_of(db: TenantSession, account_id: UUID, *, limit: int = 120) -> Sequence[Statement]:
    """Newest first."""
    wanted = select(Statement).where(Statement.account_id == account_id)
    return db.scalars(wanted.order_by(Statement.month.desc()).limit(limit)).all()


def statement_or_404(db: TenantSession, statement_id: UUID, account_id: UUID | None = None) -> Statement:
    """A statement of this tenant, and of this account when one is named. Raises NotFound."""
    found = db.load(Statement, statement_id)
    if found is None or (account_id is not None and found.account_id != account_id):
        raise NotFound
    return found


def lines_page(db: TenantSession, statement: Statement, place: Place) -> Window[StatementLine]:
    wanted = select(StatementLine).where(StatementLine.statement_id == statement.id)
    order = Order(StatementLine.position, StatementLine.statement_id, is_descending=False)

    def run(limited: Select[*tuple[Any, ...]]) -> list[StatementLine]:
        return list(db.scalars(limited))

    return window(run, wanted, order, place, size=PAGE, key_of=lambda line: (line.position, line.statement_id))


def lines_of(db: TenantSession, statement: Statement, *, limit: int | None = None) -> Sequence[StatementLine]:
    wanted = select(StatementLine).where(StatementLine.statement_id == statement.id)
    return db.scalars(wanted.order_by(StatementLine.position).limit(limit)).all()


def all_lines(db: TenantSession, statement_id: UUID) -> Iterator[Any]:
    """All of a statement's lines, a batch at a time, with the source of the journal entry, if there is one."""
    is_its = JournalEntry.id == StatementLine.entry_id
    wanted = select(StatementLine, JournalEntry.source).outerjoin(JournalEntry, is_its)
    yield from stream(db, wanted.where(StatementLine.statement_id == statement_id).order_by(StatementLine.position))


@dataclass(frozen=True)
class CustomerSum:
    """What a white label's statement says of one of its customers; the first one is what is nobody's."""

    account_id: UUID | None
    customer: str
    lines: int
    net_minor: int
    tax_minor: int
    retail_minor: int
    amount_minor: int

    @property
    def margin_minor(self) -> int:
        """Without tax on either side."""
        return self.retail_minor - self.net_minor


def customer_sums(
    db: TenantSession, statement: Statement, *, of: Collection[UUID | None] | None = None, limit: int | None = None
) -> list[CustomerSum]:
    """In the statement's order: of everybody, or of some accounts."""
    line = StatementLine
    sums = (
        func.sum(line.net_minor),
        func.sum(line.tax_minor),
        func.sum(line.retail_minor),
        func.sum(line.amount_minor),
    )
    wanted = (
        select(line.account_id, line.customer, func.count(line.position), *sums)
        .where(line.statement_id == statement.id)
        .group_by(line.account_id, line.customer)
        .order_by(func.min(line.position))
        .limit(limit)
    )
    if of is not None:
        wanted = wanted.where(line.account_id.in_([id for id in of if id is not None]))
    return [CustomerSum(id, customer, *map(int, values)) for id, customer, *values in db.execute(wanted)]


def total_of(db: TenantSession, statement: Statement) -> CustomerSum:
    """What a white label's statement says of all its customers; what is nobody's has no part in it."""
    line = StatementLine
    wanted = select(func.count(line.position), func.sum(line.retail_minor)).where(
        line.statement_id == statement.id, line.account_id.is_not(None)
    )
    lines, retail_minor = db.execute(wanted).one()
    net, tax = (sum(rate[part] for rate in statement.taxes) for part in ("net_minor", "tax_minor"))
    return CustomerSum(None, "All customers", lines, net, tax, int(retail_minor or 0), statement.charged_minor)


def first_open_month(db: TenantSession) -> Month | None:
    """The month of the oldest entry that belongs on a statement and is on none, or the one issued last.

    That one may have been stopped in its middle, and those it left out are known by nothing but their missing it. Where
    none was issued at all, what cost nothing counts as well.
    """
    taken = and_(
        StatementLine.ledger_account_id == JournalLine.ledger_account_id,
        StatementLine.entry_id == JournalLine.entry_id,
    )
    oldest = db.scalar(
        select(func.min(JournalEntry.at))
        .select_from(JournalLine)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .join(LedgerAccount, LedgerAccount.id == JournalLine.ledger_account_id)
        .outerjoin(StatementLine, taken)
        .where(LedgerAccount.code.startswith("credit:"), StatementLine.entry_id.is_(None))
    )
    issued = db.scalar(select(func.max(Statement.month)))
    free = db.scalar(select(func.min(Charge.charged_at)).where(Charge.entry_id.is_(None))) if issued is None else None
    found = [Month.of(local_day(at, white_label(db))) for at in (oldest, free) if at is not None]
    found += [Month(issued)] if issued is not None else []
    return min(found, key=lambda month: month.first_day, default=None)


def receipts_of(db: TenantSession, account_id: UUID, *, limit: int = 120) -> Sequence[Receipt]:
    wanted = select(Receipt).where(Receipt.account_id == account_id)
    return db.scalars(wanted.order_by(Receipt.day.desc(), Receipt.sequence.desc()).limit(limit)).all()


def receipt_or_404(db: TenantSession, account_id: UUID, funding_id: UUID) -> Receipt:
    """The receipt of one of an account's fundings. Raises NotFound."""
    found = db.scalar(select(Receipt).where(Receipt.funding_id == funding_id, Receipt.account_id == account_id))
    if found is None:
        raise NotFound
    return found


def credit_notes_of(db: TenantSession, account_id: UUID, *, limit: int = 120) -> Sequence[CreditNote]:
    wanted = select(CreditNote).where(CreditNote.account_id == account_id)
    return db.scalars(wanted.order_by(CreditNote.day.desc(), CreditNote.sequence.desc()).limit(limit)).all()


def credit_notes_on(db: TenantSession, statement: Statement) -> Sequence[CreditNote]:
    """What was given back of a statement, oldest first."""
    wanted = select(CreditNote).where(CreditNote.statement_id == statement.id)
    return db.scalars(wanted.order_by(CreditNote.sequence).limit(500)).all()


def credit_note_or_404(db: TenantSession, note_id: UUID, account_id: UUID | None = None) -> CreditNote:
    """A credit note of this tenant, and of this account when one is named. Raises NotFound."""
    found = db.load(CreditNote, note_id)
    if found is None or (account_id is not None and found.account_id != account_id):
        raise NotFound
    return found
