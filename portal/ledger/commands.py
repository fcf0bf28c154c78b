"""Posting to the journal."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from portal.kit.bulk import add_to_many, insert_columns, insert_if_absent
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.prepared import Prepared
from portal.ledger.entry import Book, Entry, Held
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount

Accounts = dict[Book, dict[str, UUID]]

LOCKED = Prepared(
    select(LedgerAccount.code, LedgerAccount.id, LedgerAccount.currency)
    .where(LedgerAccount.book == bindparam("book"), LedgerAccount.code.in_(bindparam("codes", expanding=True)))
    .order_by(LedgerAccount.id)
    .with_for_update(key_share=True)
)


class SourceConflict(Exception):
    """Another entry with other lines stands under the same source: a defect, never a retry."""


def post(db: TenantSession, entry: Entry) -> UUID:
    """Post an entry once and return its id; posting the same one again changes nothing.

    Balances are locked first and in id order: two postings that share accounts queue up instead of deadlocking.
    Raises SourceConflict when the source was used for something else.
    """
    accounts = _held(db, [entry])
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
    _write_lines(db, [entry_id], [entry], accounts)
    return entry_id


def post_all(db: TenantSession, entries: Sequence[Entry], *, besides: Sequence[Held] = ()) -> list[UUID]:
    """Post many new entries at once and return their ids, in order. None of their sources may be used yet.

    `besides` are locked with the entries' accounts. Raises the database's IntegrityError when a source is used: then
    nothing was posted.
    """
    accounts = _held(db, entries, besides)
    if not entries:
        return []
    ids = [new_id() for _ in entries]
    columns: dict[str, Sequence[Any]] = {
        "id": ids,
        "book": [str(entry.book) for entry in entries],
        "source": [entry.source for entry in entries],
        "currency": [entry.currency for entry in entries],
        "description": [entry.description for entry in entries],
    }
    insert_columns(db, JournalEntry, columns, {"at": now()})
    _write_lines(db, ids, entries, accounts)
    return ids


def hold_credit(db: TenantSession, book: Book, code: str, currency: str) -> LedgerAccount:
    """Lock one account until the transaction ends, so that a decision on its balance stays true."""
    ids = _locked(db, book, {code}, currency)
    wanted = select(LedgerAccount).where(LedgerAccount.id == ids[code])
    return db.scalars(wanted.execution_options(populate_existing=True)).one()


def _held(db: TenantSession, entries: Sequence[Entry], besides: Sequence[Held] = ()) -> Accounts:
    """The ids of the entries' accounts, locked: the wholesale book first, so that two never wait for each other."""
    held: Accounts = {}
    for book in (Book.WHOLESALE, Book.RETAIL):
        of_book = [entry for entry in entries if entry.book is book]
        alone = [each for each in besides if each.book is book]
        if of_book or alone:
            codes = {line.code for entry in of_book for line in entry.lines} | {each.code for each in alone}
            held[book] = _locked(db, book, codes, (of_book or alone)[0].currency)
    return held


def _locked(db: TenantSession, book: Book, codes: set[str], currency: str) -> dict[str, UUID]:
    """Ids by code of accounts of one book, which are made where they are missing, locked in id order."""
    rows = LOCKED.all(db, book=book.value, codes=list(codes))
    if len(rows) < len(codes):
        missing = sorted(codes - {row.code for row in rows})
        new = {"book": book.value, "currency": currency, "balance_minor": 0, "lines": 0}
        named: dict[str, Sequence[Any]] = {"id": [new_id() for _ in missing], "code": missing}
        insert_columns(db, LedgerAccount, named, new, skip_known=True)
        rows = LOCKED.all(db, book=book.value, codes=list(codes))
    if any(row.currency != currency for row in rows):
        raise ValueError(f"the {book} book is not kept in {currency}")
    return {code: id for code, id, _ in rows}


def _write_lines(db: TenantSession, ids: Sequence[UUID], entries: Sequence[Entry], accounts: Accounts) -> None:
    """Write the lines of entries; the balances of their accounts, which are locked, move along."""
    lines = [
        (id, position, str(entry.book), accounts[entry.book][line.code], line.amount_minor)
        for id, entry in zip(ids, entries, strict=True)
        for position, line in enumerate(entry.lines)
    ]
    names = ("entry_id", "position", "book", "ledger_account_id", "amount_minor")
    columns: Iterable[tuple[Any, ...]] = zip(*lines, strict=True)
    insert_columns(db, JournalLine, dict(zip(names, columns, strict=True)))
    moved: dict[UUID, int] = defaultdict(int)
    for _, _, _, account_id, amount_minor in lines:
        moved[account_id] += amount_minor
    counted = Counter(account_id for _, _, _, account_id, _ in lines)
    sums = {"balance_minor": list(moved.values()), "lines": [counted[id] for id in moved]}
    add_to_many(db, LedgerAccount, list(moved), sums)


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
