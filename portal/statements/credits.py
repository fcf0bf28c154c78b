"""Credit notes: for each charge on an issued statement that was given back later. They never exceed the charge."""

from typing import Any

import structlog
from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Account
from portal.billing.models import Charge, ChargeCredit
from portal.kit.db import TenantSession
from portal.kit.series import next_number, next_numbers
from portal.ledger.entry import Book
from portal.statements.models import CreditNote, Statement, StatementLine
from portal.statements.parties import buyers_of, sellers

log = structlog.get_logger()

SERIES = {Book.RETAIL: ("credit-note", "CN"), Book.WHOLESALE: ("wholesale-credit-note", "WCN")}
MOST_AT_ONCE = 200

CREDIT, ORIGINAL = aliased(Charge), aliased(Charge)
ORIGINAL_LINE, CREDIT_LINE = aliased(StatementLine), aliased(StatementLine)


def issue_credit_notes(db: TenantSession) -> int:
    """A note for each credit that has none, if its charge stands on another statement. Says how many were issued.

    What is given back before its charge was stated needs none: both are lines of one statement. The series are held
    first, so that of two that issue at once the second finds the notes of the first.
    """
    for series, _ in sorted(SERIES.values()):
        next_numbers(db, series, 0)
    issued = 0
    for given, credit, original, statement in credits_without(db):
        if exceeds(db, original):
            log.error("credit.exceeds", charge=original.number)
            continue
        _write(db, given, credit, original, statement)
        issued += 1
    return issued


def credits_without(db: TenantSession) -> list[tuple[ChargeCredit, Charge, Charge, Statement]]:
    """What was given back and has no note yet, oldest first: the credit, both charges, and where the first stands."""
    return [tuple(row) for row in db.execute(_without_note().limit(MOST_AT_ONCE))]


def exceeds(db: TenantSession, original: Charge) -> bool:
    """Whether more was given back of a charge than it was."""
    wanted = (
        select(func.sum(Charge.net_minor), func.sum(Charge.tax_minor))
        .join(ChargeCredit, ChargeCredit.credit_id == Charge.id)
        .where(ChargeCredit.charge_id == original.id)
    )
    net, tax = db.execute(wanted).one()
    return bool(original.net_minor + (net or 0) < 0 or original.tax_minor + (tax or 0) < 0)


def _without_note() -> Select[*tuple[Any, ...]]:
    """A share of a small charge may come to nothing in one of the books: that needs no note."""
    has_one = exists().where(CreditNote.credit_id == CREDIT.id, CreditNote.white_label_id == CREDIT.white_label_id)
    elsewhere = or_(CREDIT_LINE.charge_id.is_(None), CREDIT_LINE.statement_id != ORIGINAL_LINE.statement_id)
    is_something = CREDIT.entry_id.is_not(None)
    return (
        select(ChargeCredit, CREDIT, ORIGINAL, Statement)
        .join(CREDIT, CREDIT.id == ChargeCredit.credit_id)
        .join(ORIGINAL, ORIGINAL.id == ChargeCredit.charge_id)
        .join(ORIGINAL_LINE, ORIGINAL_LINE.charge_id == ORIGINAL.id)
        .join(Statement, Statement.id == ORIGINAL_LINE.statement_id)
        .outerjoin(CREDIT_LINE, CREDIT_LINE.charge_id == CREDIT.id)
        .where(~has_one, elsewhere, is_something)
        .order_by(CREDIT.charged_at, CREDIT.id)
    )


def _write(db: TenantSession, given: ChargeCredit, credit: Charge, original: Charge, statement: Statement) -> None:
    book = Book(credit.book)
    series, letters = SERIES[book]
    payer = db.load(Account, credit.payer_id)
    assert payer is not None
    sequence = next_number(db, series)
    db.put(
        CreditNote(
            number=f"{letters}-{credit.day.year}-{sequence:06d}",
            sequence=sequence,
            book=book.value,
            credit_id=credit.id,
            charge_id=original.id,
            statement_id=statement.id,
            statement_number=statement.number,
            account_id=payer.id,
            day=credit.day,
            description=credit.description,
            reason=given.reason,
            net_minor=-credit.net_minor,
            tax_minor=-credit.tax_minor,
            tax_ppm=credit.tax_ppm,
            currency=credit.currency,
            seller=sellers(db)[book],
            buyer=buyers_of(db, [payer])[payer.id],
        )
    )
