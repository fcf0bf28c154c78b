"""I3 and I5 for statements: each document is recomputed from the rows behind it, over all tenants at once."""

from collections import Counter
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Account
from portal.billing.models import Charge, ChargeCredit
from portal.kit.db import TenantSession
from portal.kit.findings import Finding
from portal.kit.series import Series
from portal.ledger.entry import Book
from portal.ledger.models import JournalLine, LedgerAccount
from portal.payments.models import Funding
from portal.statements import commands, credits, receipts
from portal.statements.models import CreditNote, Receipt, Statement, StatementLine
from portal.statements.statement import PRICED, Month
from portal.whitelabels.models import WhiteLabel

LINE = StatementLine
IS_PRICED = LINE.kind.in_(PRICED)


def statements_hold(db: TenantSession) -> Finding:
    """I3: opening and lines are the closing balance, the sums are the lines', and so is the tax at each rate."""
    sums = {
        (tenant, id): tuple(map(int, values))
        for tenant, id, *values in db.execute(
            select(
                LINE.white_label_id,
                LINE.statement_id,
                func.count(LINE.position),
                func.sum(case((IS_PRICED, 0), else_=LINE.amount_minor)),
                func.sum(case((IS_PRICED, LINE.amount_minor), else_=0)),
            ).group_by(LINE.white_label_id, LINE.statement_id)
        )
    }
    taxed, wrong, checked = _taxed(db), [], 0
    for each in db.scalars(select(Statement)):
        checked += 1
        key = (each.white_label_id, each.id)
        shown = (each.lines, each.paid_minor, each.charged_minor)
        if shown != sums.get(key, (0, 0, 0)):
            wrong.append(f"statement {each.number} says {shown}, its lines say {sums.get(key, (0, 0, 0))}")
        if each.closing_minor != each.opening_minor + each.paid_minor + each.charged_minor:
            wrong.append(f"statement {each.number} closes at {each.closing_minor}, which is not its sum")
        if {(rate["ppm"], rate["net_minor"], rate["tax_minor"]) for rate in each.taxes} != taxed.get(key, set()):
            wrong.append(f"statement {each.number}: the tax by rate is not that of its lines")
    return Finding("statements", checked, wrong)


def _taxed(db: TenantSession) -> dict[tuple[Any, Any], set[tuple[int, int, int]]]:
    found: dict[tuple[Any, Any], set[tuple[int, int, int]]] = {}
    grouped = (
        select(LINE.white_label_id, LINE.statement_id, LINE.tax_ppm, func.sum(LINE.net_minor), func.sum(LINE.tax_minor))
        .where(IS_PRICED, LINE.amount_minor != 0)
        .group_by(LINE.white_label_id, LINE.statement_id, LINE.tax_ppm)
    )
    for tenant, id, ppm, net, tax in db.execute(grouped):
        found.setdefault((tenant, id), set()).add((ppm, int(net), int(tax)))
    return found


def statement_lines_agree(db: TenantSession) -> Finding:
    """I5: each line is what its entry did to the account, without one nothing; a charge's parts are the charge's."""
    rows = (
        select(Statement.number, LINE.position, LINE.amount_minor, JournalLine.amount_minor)
        .join(Statement, _same(LINE.statement_id, Statement))
        .outerjoin(
            JournalLine,
            and_(
                JournalLine.white_label_id == LINE.white_label_id,
                JournalLine.ledger_account_id == LINE.ledger_account_id,
                JournalLine.entry_id == LINE.entry_id,
            ),
        )
    )
    differs = func.coalesce(JournalLine.amount_minor, 0) != -LINE.amount_minor
    unknown = and_(LINE.entry_id.is_not(None), JournalLine.entry_id.is_(None))
    strange = LINE.ledger_account_id != Statement.ledger_account_id
    wrong = [
        f"statement {number}, line {position} says {said}, the books say {-booked if booked is not None else 'nothing'}"
        for number, position, said, booked in db.execute(rows.where(or_(differs, unknown, strange)))
    ]
    return Finding("statement lines", _count(db, LINE.position), wrong + _wrong_charges(db))


def _wrong_charges(db: TenantSession) -> list[str]:
    same = and_(
        LINE.entry_id.is_not_distinct_from(Charge.entry_id),
        Statement.account_id == Charge.payer_id,
        Statement.book == Charge.book,
        LINE.net_minor == Charge.net_minor,
        LINE.tax_minor == Charge.tax_minor,
        LINE.tax_ppm == Charge.tax_ppm,
        LINE.account_id.is_not_distinct_from(Charge.account_id),
        LINE.reference == Charge.number,
        LINE.retail_minor == case((Charge.book == Book.WHOLESALE.value, Charge.retail_memo_minor), else_=0),
    )
    rows = (
        select(Statement.number, LINE.position)
        .select_from(LINE)
        .join(Statement, _same(LINE.statement_id, Statement))
        .outerjoin(Charge, _same(LINE.charge_id, Charge))
        .where(or_(and_(IS_PRICED, Charge.id.is_(None)), and_(Charge.id.is_not(None), or_(~IS_PRICED, ~same))))
    )
    return [f"statement {number}, line {position} is not as it was charged" for number, position in db.execute(rows)]


def statements_follow(db: TenantSession) -> Finding:
    """I3: each opens where the one before closed, and the last one and what is on none is the ledger's balance."""
    chained = (Statement.white_label_id, Statement.ledger_account_id)
    before = func.lag(Statement.closing_minor).over(partition_by=chained, order_by=Statement.month)
    wrong, last = [], {}
    for tenant, ledger, number, opening, closing, closed in db.execute(
        select(*chained, Statement.number, Statement.opening_minor, Statement.closing_minor, before).order_by(
            *chained, Statement.month
        )
    ):
        if opening != (closed or 0):
            wrong.append(f"statement {number} opens at {opening}, the one before closed at {closed or 0}")
        last[tenant, ledger] = number, closing
    wrong += _missing_months(db)
    open_sums = {(tenant, id): int(amount) for tenant, id, amount in db.execute(_unstated())}
    balances = {(row.white_label_id, row.id): row.balance_minor for row in db.scalars(select(LedgerAccount))}
    for key, (number, closing) in last.items():
        stands = closing - open_sums.get(key, 0)
        if stands != -balances[key]:
            wrong.append(f"statement {number} and what follows it come to {stands}, the books to {-balances[key]}")
    return Finding("statement chains", len(last), wrong)


def _missing_months(db: TenantSession) -> list[str]:
    """An account that stands at something has statements until it is closed, up to the month before the tenant's
    newest: that one may still be in the making. Gaps that later statements stepped over cannot be filled any more."""
    chained = (Statement.white_label_id, Statement.ledger_account_id)
    own = select(*chained, func.max(Statement.month).label("month")).group_by(*chained).subquery()
    newest = select(Statement.white_label_id, func.max(Statement.month).label("month"))
    tenants = newest.group_by(Statement.white_label_id).subquery()
    is_last = and_(*(column == own.c[column.key] for column in chained), Statement.month == own.c.month)
    rows = (
        select(Statement.number, Statement.month, tenants.c.month, Account.closed_at, WhiteLabel.time_zone)
        .join(own, is_last)
        .join(tenants, tenants.c.white_label_id == Statement.white_label_id)
        .join(Account, _same(Statement.account_id, Account))
        .join(WhiteLabel, WhiteLabel.id == Statement.white_label_id)
        .where(Statement.closing_minor != 0, Statement.month < tenants.c.month)
    )
    return [
        f"statement {number} stands at something, and the month after it has none"
        for number, month, last, closed_at, zone in db.execute(rows)
        if Month(month).following.first_day < last and not Month(month).has_ended(closed_at, zone)
    ]


def _unstated() -> Any:
    taken = and_(
        LINE.white_label_id == JournalLine.white_label_id,
        LINE.ledger_account_id == JournalLine.ledger_account_id,
        LINE.entry_id == JournalLine.entry_id,
    )
    return (
        select(JournalLine.white_label_id, JournalLine.ledger_account_id, func.sum(JournalLine.amount_minor))
        .outerjoin(LINE, taken)
        .where(LINE.statement_id.is_(None))
        .group_by(JournalLine.white_label_id, JournalLine.ledger_account_id)
    )


SERIES: tuple[tuple[str, str, Any, Any], ...] = (
    *((*names, Statement, Statement.book == book.value) for book, names in commands.SERIES.items()),
    *((*names, CreditNote, CreditNote.book == book.value) for book, names in credits.SERIES.items()),
    (receipts.SERIES, "R", Receipt, Receipt.sequence > 0),
)


def numbers_are_gapless(db: TenantSession) -> Finding:
    """Each series of documents counts from 1 to the last number that was taken, and each number says its place."""
    wrong, checked = [], 0
    for name, letters, model, of_series in SERIES:
        taken = {row.white_label_id: row.last for row in db.scalars(select(Series).where(Series.name == name))}
        grouped = select(model.white_label_id, func.count(model.id), func.max(model.sequence)).where(of_series)
        for tenant, count, highest in db.execute(grouped.group_by(model.white_label_id)):
            checked += count
            if not count == highest == taken.pop(tenant, 0):
                wrong.append(f"series {name} of {tenant} has {count} documents and goes to {highest}")
        wrong += [f"series {name} of {tenant} took {last} and has none" for tenant, last in taken.items() if last]
        for number, sequence in db.execute(select(model.number, model.sequence).where(of_series)):
            if not (number.startswith(f"{letters}-") and number.endswith(f"-{sequence:06d}")):
                wrong.append(f"document {number} is number {sequence} of its series")
    return Finding("document numbers", checked, wrong)


def credit_notes_hold(db: TenantSession) -> Finding:
    """Each note is the credit it was made for, names the statement of the charge, and no charge is exceeded."""
    credit, original, line = aliased(Charge), aliased(Charge), aliased(LINE)
    rows = db.execute(
        select(CreditNote, credit, line.statement_id)
        .join(credit, _same(CreditNote.credit_id, credit))
        .join(original, _same(CreditNote.charge_id, original))
        .outerjoin(line, and_(line.white_label_id == original.white_label_id, line.charge_id == original.id))
    )
    wrong, checked = [], 0
    for note, made_for, statement_id in rows:
        checked += 1
        if (note.net_minor, note.tax_minor) != (-made_for.net_minor, -made_for.tax_minor):
            wrong.append(f"credit note {note.number} is {note.net_minor}, its charge {made_for.number} says otherwise")
        if note.statement_id != statement_id:
            wrong.append(f"credit note {note.number} names {note.statement_number}, where its charge is not")
    return Finding("credit notes", checked, wrong + _exceeded(db))


def _exceeded(db: TenantSession) -> list[str]:
    credit, original = aliased(Charge), aliased(Charge)
    given = Counter[tuple[Any, str]]()
    for charge, net, tax in db.execute(
        select(original, credit.net_minor, credit.tax_minor)
        .select_from(ChargeCredit)
        .join(credit, _same(ChargeCredit.credit_id, credit))
        .join(original, _same(ChargeCredit.charge_id, original))
    ):
        given[charge, "net"] -= net
        given[charge, "tax"] -= tax
    return sorted(
        f"charge {charge.number} is {most} {part}, and {back} was given back"
        for (charge, part), back in given.items()
        if back > (most := charge.net_minor if part == "net" else charge.tax_minor)
    )


def receipts_hold(db: TenantSession) -> Finding:
    """I4: a receipt is for money that arrived, and says how much."""
    rows = db.execute(select(Receipt, Funding).join(Funding, _same(Receipt.funding_id, Funding)))
    wrong, checked = [], 0
    for receipt, funding in rows:
        checked += 1
        shown = (receipt.amount_minor, receipt.currency, receipt.account_id, "succeeded")
        if shown != (funding.amount_minor, funding.currency, funding.account_id, funding.state):
            wrong.append(f"receipt {receipt.number} is not as payment {funding.reference} went")
    return Finding("receipts", checked, wrong)


def _same(column: Any, model: Any) -> Any:
    """A join on a tenant's composite key."""
    return and_(column == model.id, column.class_.white_label_id == model.white_label_id)


def _count(db: TenantSession, column: Any) -> int:
    return db.scalar(select(func.count(column))) or 0


CHECKS = (
    statements_hold,
    statement_lines_agree,
    statements_follow,
    numbers_are_gapless,
    credit_notes_hold,
    receipts_hold,
)
