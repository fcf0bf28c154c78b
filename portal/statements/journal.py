"""What the journal holds of some accounts that no statement took yet, as a statement's lines."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select

from portal.accounts.models import Account
from portal.billing.models import Charge, ChargeCredit
from portal.kit.db import TenantSession
from portal.ledger.models import JournalEntry, JournalLine
from portal.payments.models import Funding, GatewayRefund
from portal.statements.models import Statement, StatementLine
from portal.statements.statement import CHARGE, CREDIT, GRANT, PAYMENT, REFUND, Line
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import local_day

KINDS = {"funding": PAYMENT, "refund": REFUND, "grant": GRANT}
CHUNK = 500


def unstated(db: TenantSession, ledger_account_ids: list[UUID], before: datetime) -> dict[UUID, list[Line]]:
    """The lines of entries older than an instant, for each ledger account. The caller holds the accounts' rows."""
    rows = db.execute(_unstated(ledger_account_ids).where(JournalEntry.at < before)).all()
    references, notes, tenant = _references(db, rows), _notes(db, rows), white_label(db)
    found: dict[UUID, list[Line]] = {id: [] for id in ledger_account_ids}
    for row in rows:
        day = local_day(row.at, tenant)
        line = _priced(row, day, notes) if row.charge_id else _moved(row, day, references)
        found[row.ledger_account_id].append(line)
    return found


def _unstated(ledger_account_ids: list[UUID]) -> Select[*tuple[Any, ...]]:
    taken = and_(
        StatementLine.ledger_account_id == JournalLine.ledger_account_id,
        StatementLine.entry_id == JournalLine.entry_id,
    )
    return (
        select(*COLUMNS)
        .select_from(JournalLine)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .outerjoin(Charge, Charge.entry_id == JournalEntry.id)
        .outerjoin(Account, Account.id == Charge.account_id)
        .outerjoin(StatementLine, taken)
        .where(JournalLine.ledger_account_id.in_(ledger_account_ids), StatementLine.entry_id.is_(None))
    )


COLUMNS = (
    JournalLine.ledger_account_id, JournalLine.amount_minor, JournalEntry.id.label("entry_id"), JournalEntry.at,
    JournalEntry.source, JournalEntry.description, Charge.id.label("charge_id"), Charge.number, Charge.account_id,
    Charge.description.label("charged_for"), Charge.first_day, Charge.last_day, Charge.net_minor, Charge.tax_minor,
    Charge.tax_ppm, Charge.book, Charge.retail_memo_minor, Account.name.label("customer"),
    Account.number.label("customer_number"),
)  # fmt: skip


def _priced(row: Any, day: Any, notes: dict[UUID, str]) -> Line:
    is_wholesale = row.book == "wholesale"
    return Line(
        entry_id=row.entry_id,
        kind=CHARGE if row.net_minor + row.tax_minor >= 0 else CREDIT,
        day=day,
        reference=row.number,
        description=row.charged_for,
        note=notes.get(row.charge_id, ""),
        account_id=row.account_id,
        customer=f"{row.customer}, {row.customer_number}" if is_wholesale else "",
        first_day=row.first_day,
        last_day=row.last_day,
        net_minor=row.net_minor,
        tax_minor=row.tax_minor,
        tax_ppm=row.tax_ppm,
        retail_minor=row.retail_memo_minor if is_wholesale else 0,
        amount_minor=-row.amount_minor,
    )


def _moved(row: Any, day: Any, references: dict[str, tuple[str, str]]) -> Line:
    """Money in or out. The books debit what an account owes; its owner sees the opposite sign."""
    reference, card = references.get(_cause(row.source), ("", ""))
    return Line(
        entry_id=row.entry_id,
        kind=KINDS.get(row.source.partition(":")[0], PAYMENT if row.amount_minor < 0 else REFUND),
        day=day,
        reference=reference,
        description=f"{row.description}, {card}" if card else row.description,
        amount_minor=-row.amount_minor,
    )


def _cause(source: str) -> str:
    """`refund:re_1:reversed` is about `refund:re_1`."""
    return source.removesuffix(":reversed")


def _references(db: TenantSession, rows: Iterable[Any]) -> dict[str, tuple[str, str]]:
    """The payment's reference and its card, by source."""
    causes = [_cause(row.source).partition(":") for row in rows if row.charge_id is None]
    found: dict[str, tuple[str, str]] = {}
    funded = [UUID(rest) for kind, _, rest in causes if kind == "funding"]
    for ids in _chunks(funded):
        for funding in db.scalars(select(Funding).where(Funding.id.in_(ids))):
            found[f"funding:{funding.id}"] = funding.reference, funding.card or ""
    refunded = [rest for kind, _, rest in causes if kind == "refund"]
    wanted = select(GatewayRefund.gateway_id, Funding.reference, Funding.card).join(
        Funding, Funding.id == GatewayRefund.funding_id
    )
    for names in _chunks(refunded):
        for name, reference, card in db.execute(wanted.where(GatewayRefund.gateway_id.in_(names))):
            found[f"refund:{name}"] = reference, card or ""
    return found


def _notes(db: TenantSession, rows: Iterable[Any]) -> dict[UUID, str]:
    """What each credit gives back, and on which statement that charge stands, by the credit's charge."""
    given = {row.charge_id: row.net_minor + row.tax_minor for row in rows if row.charge_id}
    given = {credit_id: minor for credit_id, minor in given.items() if minor < 0}
    gross = Charge.net_minor + Charge.tax_minor
    wanted = (
        select(ChargeCredit.credit_id, gross, ChargeCredit.reason, Charge.number, Statement.number.label("statement"))
        .join(Charge, Charge.id == ChargeCredit.charge_id)
        .outerjoin(StatementLine, StatementLine.entry_id == Charge.entry_id)
        .outerjoin(Statement, Statement.id == StatementLine.statement_id)
    )
    return {
        credit_id: _credit_words(charge, statement, reason, is_part=given[credit_id] != -charged)
        for ids in _chunks(list(given))
        for credit_id, charged, reason, charge, statement in db.execute(wanted.where(ChargeCredit.credit_id.in_(ids)))
    }


def _credit_words(charge: str, statement: str | None, reason: str, *, is_part: bool) -> str:
    where = f" on statement {statement}" if statement else ""
    return f"Gives back {'part of ' if is_part else ''}{charge}{where}" + (f": {reason}" if reason else "")


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
