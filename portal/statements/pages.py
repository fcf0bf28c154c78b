"""What pages and PDFs show of a statement, as ready words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts.models import Account
from portal.kit.db import TenantSession
from portal.kit.money import percent
from portal.kit.paging import Key, Place
from portal.statements.models import CreditNote, Statement, StatementLine
from portal.statements.queries import CustomerSum, credit_notes_on, customer_sums, lines_page, total_of
from portal.statements.statement import PRICED, Month
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, local_day, money, short_day, span


@dataclass(frozen=True)
class LineWords:
    """`heading` opens a customer's lines on a white label's statement: then the figures are the customer's sums. The
    last one has those of all customers."""

    day: str
    what: str
    subs: tuple[str, ...]
    net: str
    tax: str
    amount: str
    balance: str = ""
    retail: str = ""
    margin: str = ""
    heading: bool = False


@dataclass(frozen=True)
class Sheet:
    """The head and the sums of a statement."""

    id: str
    title: str
    number: str
    is_wholesale: bool
    tax_name: str
    seller: list[str]
    trade_name: str
    buyer: list[str]
    meta: list[tuple[str, str]]
    summary: list[tuple[str, str]]
    taxes: list[tuple[str, str, str]]
    closing: str
    notes: list[str]


@dataclass(frozen=True)
class StatementPage:
    sheet: Sheet
    lines: list[LineWords]
    credit_notes: list[tuple[str, str, str, str]]
    """Number, address of the PDF, what it is for, and the amount with tax."""
    words: str
    newer_href: str | None
    older_href: str | None
    base: str
    back: str


def statement_page(db: TenantSession, statement: Statement, place: Place, *, room: str) -> StatementPage:
    """`room` is the address below which statements and credit notes are."""
    found = lines_page(db, statement, place)
    back = f"{room}/statements"
    base, tenant = f"{back}/{statement.id}", white_label(db)
    return StatementPage(
        sheet=sheet_of(db, statement),
        lines=line_words(db, statement, found.rows),
        credit_notes=[credit_note_words(note, tenant, room) for note in credit_notes_on(db, statement)],
        words=f"{statement.lines} line{'' if statement.lines == 1 else 's'}",
        newer_href=_href(base, "after", found.newer),
        older_href=_href(base, "before", found.older),
        base=base,
        back=back,
    )


def credit_note_words(note: CreditNote, tenant: WhiteLabel, room: str) -> tuple[str, str, str, str]:
    amount = money(note.net_minor + note.tax_minor, tenant)
    return (
        note.number,
        f"{room}/credit-notes/{note.id}.pdf",
        f"{short_day(note.day, tenant)}, {note.description}",
        amount,
    )


def sheet_of(db: TenantSession, statement: Statement) -> Sheet:
    tenant = white_label(db)
    issued = local_day(statement.issued_at, tenant)
    closed_on = _closed_on(db, statement, tenant)
    return Sheet(
        id=str(statement.id),
        title="Final statement" if closed_on else "Statement",
        number=statement.number,
        is_wholesale=statement.book == "wholesale",
        tax_name=tenant.tax_name,
        seller=party_lines(statement.seller, tenant),
        trade_name=statement.seller["trade_name"],
        buyer=party_lines(statement.buyer, tenant),
        meta=[
            ("Number", statement.number),
            ("Period", span(statement.month, statement.last_day, tenant)),
            ("Issued", day(issued, tenant)),
            *([("Account closed", day(closed_on, tenant))] if closed_on else []),
            ("Account", statement.buyer["number"]),
        ],
        summary=_summary(statement, tenant),
        taxes=[
            (percent(rate["ppm"]), money(rate["net_minor"], tenant), money(rate["tax_minor"], tenant))
            for rate in statement.taxes
        ],
        closing=money(statement.closing_minor, tenant),
        notes=_notes(statement, tenant, is_last=closed_on is not None),
    )


def _closed_on(db: TenantSession, statement: Statement, tenant: WhiteLabel) -> date | None:
    """The day of the closing on a statement that is final: it was closed before the month ended, and stays closed."""
    account = db.load(Account, statement.account_id)
    closed_at = account.closed_at if account is not None else None
    if closed_at is None or not Month(statement.month).has_ended(closed_at, tenant.time_zone):
        return None
    return local_day(closed_at, tenant)


def party_lines(party: dict[str, Any], tenant: WhiteLabel) -> list[str]:
    """A seller's or buyer's details, a line each, as they were on the day of issue."""
    lines = [party["name"], *party["address"]]
    if party["tax_number"]:
        lines.append(f"{tenant.tax_name} {party['tax_number']}")
    return lines


def _summary(statement: Statement, tenant: WhiteLabel) -> list[tuple[str, str]]:
    """Opening, what was paid, what was charged and its tax, closing: each row is in the last one."""
    net = sum(rate["net_minor"] for rate in statement.taxes)
    return [
        (f"Opening balance, {short_day(statement.month, tenant)}", money(statement.opening_minor, tenant)),
        ("Paid in", money(statement.paid_minor, tenant)),
        ("Charges" if net >= 0 else "Given back beyond charges", money(-net, tenant)),
        *(
            (f"{tenant.tax_name}, {percent(rate['ppm'])}", money(-rate["tax_minor"], tenant))
            for rate in statement.taxes
            if rate["tax_minor"]
        ),
        (f"Closing balance, {short_day(statement.last_day, tenant)}", money(statement.closing_minor, tenant)),
    ]


def _notes(statement: Statement, tenant: WhiteLabel, *, is_last: bool) -> list[str]:
    corrections = (
        "This is the final statement of a closed account; another one follows only if something moves after it."
        if is_last
        else "This statement is final; corrections appear on the next one."
    )
    exemption = statement.buyer.get("exemption")
    return [
        *([f"No {tenant.tax_name} is charged: {exemption}."] if exemption else []),
        f"Amounts in {statement.currency}. {tenant.tax_name} is worked out on each line and rounded half up. "
        f"A positive balance is credit. {corrections}",
    ]


def line_words(db: TenantSession, statement: Statement, rows: Sequence[StatementLine]) -> list[LineWords]:
    """The lines as words: a white label's under a heading for each customer, others with the balance after each."""
    tenant = white_label(db)
    if statement.book == "wholesale":
        return _under_customers(db, statement, rows, tenant)
    before = _amount_before(db, statement, rows[0].position) if rows else 0
    balances = list(accumulate((row.amount_minor for row in rows), initial=statement.opening_minor + before))[1:]
    return [_line(row, tenant, balance=money(b, tenant)) for row, b in zip(rows, balances, strict=True)]


def _amount_before(db: TenantSession, statement: Statement, position: int) -> int:
    wanted = select(func.sum(StatementLine.amount_minor)).where(
        StatementLine.statement_id == statement.id, StatementLine.position < position
    )
    return int(db.scalar(wanted) or 0)


def _under_customers(
    db: TenantSession, statement: Statement, rows: Sequence[StatementLine], tenant: WhiteLabel
) -> list[LineWords]:
    sums = {each.account_id: each for each in customer_sums(db, statement, of={row.account_id for row in rows})}
    words: list[LineWords] = []
    opened: UUID | None = None
    for row in rows:
        if row.account_id is not None and row.account_id != opened:
            words.append(customer_words(sums[row.account_id], tenant))
            opened = row.account_id
        words.append(_line(row, tenant))
    if not rows or rows[-1].position < statement.lines:
        return words
    total = total_of(db, statement)
    return [*words, customer_words(total, tenant)] if total.lines else words


def customer_words(total: CustomerSum, tenant: WhiteLabel) -> LineWords:
    """One customer's sums, those of all, or what is nobody's."""
    return LineWords(
        "",
        total.customer or "Paid in",
        (),
        money(-total.net_minor, tenant) if total.customer else "",
        money(-total.tax_minor, tenant) if total.customer else "",
        money(total.amount_minor, tenant),
        retail=money(total.retail_minor, tenant) if total.customer else "",
        margin=money(total.margin_minor, tenant) if total.customer else "",
        heading=True,
    )


def _line(row: StatementLine, tenant: WhiteLabel, balance: str = "") -> LineWords:
    is_priced, is_wholesale = row.kind in PRICED, bool(row.customer)
    period = span(row.first_day, row.last_day, tenant) if row.first_day and row.last_day else ""
    return LineWords(
        short_day(row.day, tenant),
        row.description,
        tuple(sub for sub in (", ".join(filter(None, (row.reference, period))), row.note) if sub),
        money(-row.net_minor, tenant) if is_priced else "",
        money(-row.tax_minor, tenant) if is_priced else "",
        money(row.amount_minor, tenant),
        balance,
        retail=money(row.retail_minor, tenant) if is_wholesale else "",
        margin=money(row.retail_minor - row.net_minor, tenant) if is_wholesale else "",
    )


def _href(base: str, name: str, key: Key | None) -> str | None:
    return f"{base}?{name}={key[0]}_{key[1]}" if key is not None else None
