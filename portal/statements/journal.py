"""What the journal holds of some accounts, and what they were charged for nothing, that no statement took yet."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, literal, select

from portal.accounts.models import Account
from portal.billing.models import Charge, ChargeCredit
from portal.kit.db import TenantSession
from portal.ledger.models import JournalEntry, JournalLine
from portal.payments.models import Dispute, Funding, GatewayRefund
from portal.statements.models import Statement, StatementLine
from portal.statements.statement import CHARGE, CREDIT, GRANT, PAYMENT, REFUND, Line
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import local_day

EVER = datetime(1, 1, 2, tzinfo=UTC)
CLOCKS_APART = timedelta(days=1)
"""What costs nothing is taken from where the last statement ended, and a day before, as clocks differ. What older
statements left out, from before their lines could be charges, would be years on one."""

KINDS = {"funding": PAYMENT, "refund": REFUND, "grant": GRANT}
UNDOINGS = (":reversed", ":returned")
CHUNK = 500


def unstated(
    db: TenantSession, held: Mapping[UUID, UUID], before: datetime, stated: Mapping[UUID, datetime]
) -> dict[UUID, list[Line]]:
    """The lines of what is older than an instant, for each account; `held` has the ids of their credit in the ledger,
    `stated` until when the last statement went, where there was one.

    The caller holds the ledger's rows.
    """
    posted = db.execute(_posted(list(held.values())).where(JournalEntry.at < before)).all()
    since = {id: stated[id] - CLOCKS_APART if id in stated else EVER for id in held}
    is_new = Charge.charged_at >= min(since.values(), default=EVER)
    free = db.execute(_free(list(held)).where(Charge.charged_at < before, is_new)).all()
    free = [each for each in free if each.at >= since[each.payer_id]]
    rows, whose = [*posted, *free], {ledger_account_id: id for id, ledger_account_id in held.items()}
    references, notes, tenant = _references(db, rows), _notes(db, rows), white_label(db)
    found: dict[UUID, list[Line]] = {id: [] for id in held}
    for row in rows:
        day = local_day(row.at, tenant)
        line = _priced(row, day, notes) if row.charge_id else _moved(row, day, references)
        found[row.payer_id if row.entry_id is None else whose[row.ledger_account_id]].append(line)
    return found


def _posted(ledger_account_ids: list[UUID]) -> Select[*tuple[Any, ...]]:
    taken = and_(
        StatementLine.ledger_account_id == JournalLine.ledger_account_id,
        StatementLine.entry_id == JournalLine.entry_id,
    )
    return (
        select(*ENTRY, *CHARGED)
        .select_from(JournalLine)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .outerjoin(Charge, Charge.entry_id == JournalEntry.id)
        .outerjoin(Account, Account.id == Charge.account_id)
        .outerjoin(StatementLine, taken)
        .where(JournalLine.ledger_account_id.in_(ledger_account_ids), StatementLine.statement_id.is_(None))
    )


def _free(payer_ids: list[UUID]) -> Select[*tuple[Any, ...]]:
    """What costs its payer nothing has no entry."""
    return (
        select(*NO_ENTRY, *CHARGED)
        .join(Account, Account.id == Charge.account_id)
        .outerjoin(StatementLine, StatementLine.charge_id == Charge.id)
        .where(Charge.payer_id.in_(payer_ids), Charge.entry_id.is_(None), StatementLine.statement_id.is_(None))
    )


ENTRY = (
    JournalLine.ledger_account_id, JournalLine.amount_minor, JournalEntry.id.label("entry_id"), JournalEntry.at,
    JournalEntry.source, JournalEntry.description,
)  # fmt: skip
NO_ENTRY = (literal(0).label("amount_minor"), Charge.entry_id, Charge.charged_at.label("at"))
CHARGED = (
    Charge.id.label("charge_id"), Charge.number, Charge.payer_id, Charge.account_id,
    Charge.description.label("charged_for"), Charge.first_day, Charge.last_day, Charge.net_minor, Charge.tax_minor,
    Charge.tax_ppm, Charge.book, Charge.retail_memo_minor, Account.name.label("customer"),
    Account.number.label("customer_number"),
)  # fmt: skip


def _priced(row: Any, day: Any, notes: dict[UUID, str]) -> Line:
    is_wholesale = row.book == "wholesale"
    return Line(
        entry_id=row.entry_id,
        charge_id=row.charge_id,
        kind=CREDIT if row.charge_id in notes or row.net_minor + row.tax_minor < 0 else CHARGE,
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
    """`refund:re_1:reversed` is about `refund:re_1`, and `dispute:du_1:returned` about `dispute:du_1`."""
    for undoing in UNDOINGS:
        source = source.removesuffix(undoing)
    return source


def _references(db: TenantSession, rows: Iterable[Any]) -> dict[str, tuple[str, str]]:
    """The payment's reference and its card, by source."""
    causes = [_cause(row.source).partition(":") for row in rows if row.charge_id is None]
    found: dict[str, tuple[str, str]] = {}
    funded = [UUID(rest) for kind, _, rest in causes if kind == "funding"]
    for ids in _chunks(funded):
        for funding in db.scalars(select(Funding).where(Funding.id.in_(ids))):
            found[f"funding:{funding.id}"] = funding.reference, funding.card or ""
    undone: tuple[tuple[str, type[GatewayRefund] | type[Dispute]], ...] = (
        ("refund", GatewayRefund),
        ("dispute", Dispute),
    )
    for what, model in undone:
        wanted = select(model.gateway_id, Funding.reference, Funding.card).join(Funding, Funding.id == model.funding_id)
        for names in _chunks([rest for kind, _, rest in causes if kind == what]):
            for name, reference, card in db.execute(wanted.where(model.gateway_id.in_(names))):
                found[f"{what}:{name}"] = reference, card or ""
    return found


def _notes(db: TenantSession, rows: Iterable[Any]) -> dict[UUID, str]:
    """What each credit gives back, and on which statement that charge stands, by the credit's charge."""
    given = {
        row.charge_id: (-row.net_minor - row.tax_minor, -row.retail_memo_minor)
        for row in rows
        if row.charge_id and row.net_minor + row.tax_minor <= 0
    }
    of = (Charge.net_minor + Charge.tax_minor, Charge.retail_memo_minor, Charge.number)
    wanted = (
        select(ChargeCredit.credit_id, *of, Statement.number.label("statement"), ChargeCredit.reason)
        .join(Charge, Charge.id == ChargeCredit.charge_id)
        .outerjoin(StatementLine, StatementLine.charge_id == Charge.id)
        .outerjoin(Statement, Statement.id == StatementLine.statement_id)
    )
    return {
        credit_id: _credit_words(*words, is_part=given[credit_id] != (gross, memo))
        for ids in _chunks(list(given))
        for credit_id, gross, memo, *words in db.execute(wanted.where(ChargeCredit.credit_id.in_(ids)))
    }


def _credit_words(charge: str, statement: str | None, reason: str, *, is_part: bool) -> str:
    where = f" on statement {statement}" if statement else ""
    return f"Gives back {'part of ' if is_part else ''}{charge}{where}" + (f": {reason}" if reason else "")


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
