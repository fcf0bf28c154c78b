"""Posting to the journal."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.kit.bulk import insert_many
from portal.kit.clock import now
from portal.kit.db import TenantSession, insert_if_absent
from portal.kit.ids import new_id
from portal.ledger.entry import Book, Entry
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount

Accounts = dict[tuple[Book, str], LedgerAccount]


class SourceConflict(Exception):
    """Another entry with other lines stands under the same source: a defect, never a retry."""


def post(db: TenantSession, entry: Entry) -> UUID:
    """Post an entry once and return its id; posting the same one again changes nothing.

    Balances are locked first and in id order: two postings that share accounts queue up instead of deadlocking.
    Raises SourceConflict when the source was used for something else.
    """
    accounts = _locked_codes(db, entry.book, [entry])
    entry_id = new_id()
    inserted = insert_if_absent(
        db,
        JournalEntry,
        id=entry_id,
        book=entry.book.value,
        source=entry.source,
        currency=entry.currency,
        description=entry.description,
    )
    if not inserted:
        return _posted_before(db, entry)
    insert_many(db, JournalLine, _line_rows([(entry_id, entry)], accounts))
    db.flush()
    return entry_id


def post_all(db: TenantSession, entries: Sequence[Entry]) -> list[UUID]:
    """Post many new entries at once and return their ids, in order. None of their sources may be used yet.

    Raises the database's IntegrityError when one is: then nothing was posted.
    """
    ids = [new_id() for _ in entries]
    # The wholesale book first, as an activation does, so that two never wait for each other.
    order = (Book.WHOLESALE, Book.RETAIL)
    accounts: Accounts = {}
    for book in order:
        accounts |= _locked_codes(db, book, [e for e in entries if e.book == book])
    insert_many(
        db,
        JournalEntry,
        [
            {
                "id": id,
                "book": e.book.value,
                "source": e.source,
                "currency": e.currency,
                "description": e.description,
                "at": now(),
            }
            for id, e in zip(ids, entries, strict=True)
        ],
    )
    insert_many(db, JournalLine, _line_rows(zip(ids, entries, strict=True), accounts))
    db.flush()
    return ids


def _locked_codes(db: TenantSession, book: Book, entries: Sequence[Entry]) -> Accounts:
    if not entries:
        return {}
    codes = {line.code for e in entries for line in e.lines}
    return {(book, row.code): row for row in _locked(db, book, sorted(codes), entries[0].currency)}


def hold_credit(db: TenantSession, book: Book, code: str, currency: str) -> LedgerAccount:
    """Lock one account until the transaction ends, so that a decision on its balance stays true."""
    return _locked(db, book, [code], currency)[0]


def _locked(db: TenantSession, book: Book, codes: list[str], currency: str) -> list[LedgerAccount]:
    wanted = (
        select(LedgerAccount)
        .where(LedgerAccount.book == book.value, LedgerAccount.code.in_(codes))
        .order_by(LedgerAccount.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    rows = list(db.scalars(wanted))
    if len(rows) < len(codes):
        known = {row.code for row in rows}
        new = {"book": book.value, "currency": currency, "balance_minor": 0, "lines": 0}
        missing = [{"id": new_id(), "code": code, **new} for code in sorted(set(codes) - known)]
        insert_many(db, LedgerAccount, missing, skip_known=True)
        rows = list(db.scalars(wanted))
    if any(row.currency != currency for row in rows):
        raise ValueError(f"the {book} book is not kept in {currency}")
    return rows


def _line_rows(entries: Iterable[tuple[UUID, Entry]], accounts: Accounts) -> list[dict[str, Any]]:
    """The rows of the entries' lines; the balances of the accounts, which are locked, move along."""
    rows, ids = [], {key: row.id for key, row in accounts.items()}
    moved: Counter[tuple[Book, str]] = Counter()
    lines: Counter[tuple[Book, str]] = Counter()
    for entry_id, entry in entries:
        for position, line in enumerate(entry.lines):
            key = (entry.book, line.code)
            moved[key] += line.amount_minor
            lines[key] += 1
            rows.append(
                {
                    "entry_id": entry_id,
                    "position": position,
                    "book": entry.book.value,
                    "ledger_account_id": ids[key],
                    "amount_minor": line.amount_minor,
                }
            )
    for key, count in lines.items():
        accounts[key].balance_minor += moved[key]
        accounts[key].lines += count
    return rows


def _posted_before(db: TenantSession, entry: Entry) -> UUID:
    found = db.scalars(select(JournalEntry).where(JournalEntry.source == entry.source)).one()
    lines = db.execute(
        select(LedgerAccount.code, JournalLine.amount_minor)
        .join_from(JournalLine, LedgerAccount, LedgerAccount.id == JournalLine.ledger_account_id)
        .where(JournalLine.entry_id == found.id)
    )
    same_lines = {(code, amount) for code, amount in lines} == {(x.code, x.amount_minor) for x in entry.lines}
    if found.book != entry.book.value or found.currency != entry.currency or not same_lines:
        raise SourceConflict(entry.source)
    return found.id
