"""Posting: once for each source, into balances that are always the sum of their lines."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings as examples, strategies as st
from sqlalchemy import func, select

from portal.kit.db import PLATFORM, reading, transaction
from portal.ledger.commands import SourceConflict, hold_credit, post
from portal.ledger.entry import Book, Entry, Line, credit_of, funding, grant
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount
from portal.ledger.queries import balance_minor, credit_minor, credits_minor


def entry(source, *lines, book=Book.RETAIL, currency="GBP"):
    return Entry(book, source, currency, "A test", tuple(Line(code, amount) for code, amount in lines))


def sums(db):
    """What the lines themselves say, by book and code."""
    grouped = (
        select(LedgerAccount.book, LedgerAccount.code, func.sum(JournalLine.amount_minor), func.count())
        .join(JournalLine, JournalLine.ledger_account_id == LedgerAccount.id)
        .group_by(LedgerAccount.book, LedgerAccount.code)
    )
    return {(book, code): (int(total), count) for book, code, total, count in db.execute(grouped)}


def kept(db):
    """What the maintained balances say."""
    rows = db.scalars(select(LedgerAccount).where(LedgerAccount.lines > 0))
    return {(row.book, row.code): (row.balance_minor, row.lines) for row in rows}


def test_a_balance_is_the_sum_of_its_lines(db):
    before = balance_minor(db, Book.RETAIL, "gateway")
    post(db, entry("t:1", ("gateway", 500), ("sales", -500)))
    post(db, entry("t:2", ("gateway", 70), ("sales", -20), ("tax", -50)))
    assert balance_minor(db, Book.RETAIL, "gateway") == before + 570
    assert sums(db) == kept(db)


def test_an_account_without_lines_has_nothing(db):
    nobody = uuid4()
    assert balance_minor(db, Book.RETAIL, "unheard-of") == 0
    assert credits_minor(db, Book.RETAIL, [nobody]) == {nobody: 0}
    assert credits_minor(db, Book.RETAIL, []) == {}


def test_credit_is_what_there_is_to_spend(db):
    account = uuid4()
    post(db, funding("funding:1", account, 2500, "GBP"))
    assert credit_minor(db, Book.RETAIL, account) == 2500
    assert credits_minor(db, Book.RETAIL, [account]) == {account: 2500}
    assert credit_minor(db, Book.WHOLESALE, account) == 0


def test_the_books_are_kept_apart(db):
    post(db, entry("t:1", ("sales", -5), ("other", 5)))
    post(db, entry("t:2", ("sales", -7), ("other", 7), book=Book.WHOLESALE))
    assert balance_minor(db, Book.RETAIL, "other") == 5
    assert balance_minor(db, Book.WHOLESALE, "other") == 7


def test_each_tenant_has_books_of_its_own(northwind, kauri):
    for tenant, currency, amount in ((northwind, "GBP", 5), (kauri, "NZD", 7)):
        with transaction(tenant.id) as db:
            post(db, entry("t:1", ("other", amount), ("sales", -amount), currency=currency))
    for tenant, amount in ((northwind, 5), (kauri, 7)):
        with reading(tenant.id) as db:
            assert balance_minor(db, Book.RETAIL, "other") == amount


class TestTwice:
    def test_the_same_entry_is_posted_once(self, db):
        first = post(db, entry("t:1", ("gateway", 500), ("sales", -500)))
        again = post(db, entry("t:1", ("gateway", 500), ("sales", -500)))
        assert first == again and balance_minor(db, Book.RETAIL, "gateway") == 500

    def test_the_order_of_lines_and_the_words_do_not_matter(self, db):
        first = post(db, entry("t:1", ("gateway", 500), ("sales", -500)))
        other = replace(entry("t:1", ("sales", -500), ("gateway", 500)), description="In other words")
        assert post(db, other) == first

    @pytest.mark.parametrize("other", [
        entry("t:1", ("gateway", 501), ("sales", -501)),
        entry("t:1", ("gateway", 500), ("tax", -500)),
        entry("t:1", ("gateway", 500), ("sales", -400), ("tax", -100)),
        entry("t:1", ("gateway", -500), ("sales", 500)),
        entry("t:1", ("gateway", 500), ("sales", -500), book=Book.WHOLESALE),
    ], ids=["amount", "account", "lines", "direction", "book"])
    def test_another_entry_under_the_same_source_is_a_defect(self, northwind, other):
        """Red when only the source is looked at: the second fact would be swallowed."""
        with transaction(northwind.id) as db:
            post(db, entry("t:1", ("gateway", 500), ("sales", -500)))
        with pytest.raises(SourceConflict), transaction(northwind.id) as db:
            post(db, other)
        with reading(northwind.id) as db:
            assert sums(db) == kept(db) and balance_minor(db, Book.RETAIL, "gateway") == 500

    def test_what_was_undone_may_be_posted_again(self, northwind):
        with pytest.raises(ZeroDivisionError), transaction(northwind.id) as db:
            post(db, entry("t:1", ("gateway", 500), ("sales", -500)))
            raise ZeroDivisionError
        with transaction(northwind.id) as db:
            post(db, entry("t:1", ("gateway", 500), ("sales", -500)))
            assert balance_minor(db, Book.RETAIL, "gateway") == 500 and sums(db) == kept(db)


def test_another_currency_is_refused(northwind):
    with transaction(northwind.id) as db:
        post(db, entry("t:1", ("gateway", 500), ("sales", -500)))
    with pytest.raises(ValueError, match="not kept in NZD"), transaction(northwind.id) as db:
        post(db, entry("t:2", ("gateway", 500), ("sales", -500), currency="NZD"))
    with pytest.raises(ValueError, match="not kept in NZD"), transaction(northwind.id) as db:
        hold_credit(db, Book.RETAIL, "gateway", "NZD")


def test_sums_larger_than_thirty_two_bits_are_exact(db):
    post(db, entry("t:1", ("gateway", 10**12), ("sales", -(10**12))))
    post(db, entry("t:2", ("gateway", 10**12), ("sales", -(10**12))))
    assert balance_minor(db, Book.RETAIL, "gateway") == 2 * 10**12


def test_holding_an_account_that_never_had_a_line_makes_it(db):
    held = hold_credit(db, Book.WHOLESALE, credit_of(uuid4()), "GBP")
    assert (held.balance_minor, held.lines) == (0, 0)


CODES = st.sampled_from(["gateway", "sales", "tax", "fees", "a", "b"])
PAIRS = st.tuples(
    st.sampled_from(list(Book)), CODES, CODES, st.integers(1, 10**9), st.integers(0, 10**6), st.integers(0, 7)
).filter(lambda drawn: drawn[1] != drawn[2])


class _Undo(Exception):
    pass


@examples(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PAIRS, max_size=12))
def test_balances_are_sums_whatever_is_posted(northwind, drawn):
    """Sources repeat on purpose: some postings are repeats, some conflict, and neither may move a balance."""
    expected: dict[tuple[Book, str], int] = {}
    posted: dict[str, Entry] = {}
    with pytest.raises(_Undo), transaction(northwind.id) as db:
        untouched = {key: total for key, (total, _) in kept(db).items()}
        for book, debit, credit, amount, part, source in drawn:
            lines = [(debit, amount), (credit, -amount)]
            if part and "third" not in (debit, credit):
                lines = [(debit, amount + part), (credit, -amount), ("third", -part)]
            wanted = entry(f"drawn:{source}", *lines, book=book)
            known = posted.get(wanted.source)
            if known is not None and known != wanted:
                with pytest.raises(SourceConflict):
                    post(db, wanted)
                continue
            post(db, wanted)
            if known is None:
                posted[wanted.source] = wanted
                for code, value in lines:
                    expected[book, code] = expected.get((book, code), 0) + value
        assert sums(db) == kept(db)
        now_kept = {key: total for key, (total, _) in kept(db).items()}
        moved = {key: total - untouched.get(key, 0) for key, total in now_kept.items()}
        wanted_moves = {(book.value, code): total for (book, code), total in expected.items()}
        assert {k: v for k, v in moved.items() if v} == {k: v for k, v in wanted_moves.items() if v}
        assert sum(now_kept.values()) == 0
        raise _Undo


def test_the_cast_is_in_balance(database, cast):
    with reading(PLATFORM) as db:
        assert db.scalar(select(func.sum(JournalLine.amount_minor))) == 0
        assert db.scalar(select(func.count()).select_from(JournalEntry)) == 3


def test_a_grant_is_taken_back_with_a_negative_one(db, northwind):
    before = credit_minor(db, Book.WHOLESALE, northwind.account_id)
    post(db, grant("grant:back", northwind.account_id, -700, "GBP", "A mistake"))
    assert credit_minor(db, Book.WHOLESALE, northwind.account_id) == before - 700
