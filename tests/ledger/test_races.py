"""Many at once on the same accounts: nothing is lost, nothing is posted twice, nobody waits for ever."""

from uuid import uuid4

from sqlalchemy import func, select

from portal.kit.db import reading, transaction
from portal.ledger.commands import hold_credit, post
from portal.ledger.entry import Book, Entry, Line, charge, credit_of, grant
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount
from portal.ledger.queries import balance_minor, credit_minor
from tests.cast import on_postgresql
from tests.threads import aside, at_once

THREADS = 8
EACH = 5


def entry(source, *lines):
    return Entry(Book.RETAIL, source, "GBP", "A race", tuple(Line(code, amount) for code, amount in lines))


def all_is_well(answers):
    raised = [answer for answer in answers if isinstance(answer, BaseException)]
    assert raised == []


def balances_are_sums(tenant):
    with reading(tenant) as db:
        grouped = select(JournalLine.ledger_account_id, func.sum(JournalLine.amount_minor), func.count()).group_by(
            JournalLine.ledger_account_id)
        lines = {account: (int(total), count) for account, total, count in db.execute(grouped)}
        rows = {row.id: (row.balance_minor, row.lines) for row in db.scalars(select(LedgerAccount)) if row.lines}
    return lines == rows


def test_no_update_of_a_hot_account_is_lost(northwind):
    """Red when the balance is read without a lock, or added up in the program from a stale copy."""

    def add(n):
        for i in range(EACH):
            with transaction(northwind.id) as db:
                post(db, entry(f"hot:{n}:{i}", ("gateway", 10), (f"own-{n}", -10)))

    all_is_well(at_once(THREADS, add))
    with reading(northwind.id) as db:
        assert balance_minor(db, Book.RETAIL, "gateway") == THREADS * EACH * 10
    assert balances_are_sums(northwind.id)


def test_two_accounts_in_opposite_order_do_not_lock_each_other_out(northwind):
    """Red on PostgreSQL when accounts are locked in the order of the lines: one of the two is cancelled."""
    with transaction(northwind.id) as db:
        post(db, entry("start", ("left", 10), ("right", -10)))

    def move(n):
        for i in range(EACH):
            lines = (("left", 1), ("right", -1)) if n % 2 else (("right", 1), ("left", -1))
            with transaction(northwind.id) as db:
                post(db, entry(f"cross:{n}:{i}", *lines))

    all_is_well(at_once(THREADS, move))
    with reading(northwind.id) as db:
        assert balance_minor(db, Book.RETAIL, "left") == 10
    assert balances_are_sums(northwind.id)


def test_new_accounts_made_by_several_at_once_exist_once(northwind):
    all_is_well(at_once(THREADS, lambda n: in_one(northwind.id, entry(f"new:{n}", ("fresh", 1), ("other", -1)))))
    with reading(northwind.id) as db:
        assert balance_minor(db, Book.RETAIL, "fresh") == THREADS
        made = select(func.count()).select_from(LedgerAccount).where(LedgerAccount.code == "fresh")
        assert db.scalar(made) == 1


def in_one(tenant, wanted):
    with transaction(tenant) as db:
        return post(db, wanted)


def test_the_same_source_at_once_is_one_entry(northwind):
    """The webhook that comes twenty times, and the browser that returns in the middle of it."""
    same = entry("funding:7", ("gateway", 500), ("sales", -500))
    answers = at_once(THREADS, lambda n: in_one(northwind.id, same))
    all_is_well(answers)
    assert len(set(answers)) == 1
    with reading(northwind.id) as db:
        assert balance_minor(db, Book.RETAIL, "gateway") == 500
        found = select(func.count()).select_from(JournalEntry).where(JournalEntry.source == "funding:7")
        assert db.scalar(found) == 1


def test_credit_that_is_held_cannot_be_spent_twice(northwind):
    """Eight want all of it: one gets it. Red when the balance is read without holding the account."""

    class TooLittle(Exception):
        pass

    account = uuid4()
    in_one(northwind.id, grant("grant:race", account, 1000, "GBP", "All there is"))

    def spend(n):
        with transaction(northwind.id) as db:
            held = hold_credit(db, Book.WHOLESALE, credit_of(account), "GBP")
            if -held.balance_minor < 1000:
                raise TooLittle
            post(db, charge(Book.WHOLESALE, f"spend:{n}", account, net_minor=1000, tax_minor=0, currency="GBP",
                            description="All of it"))

    answers = at_once(THREADS, spend)
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, TooLittle) for answer in answers) == THREADS - 1
    with reading(northwind.id) as db:
        assert credit_minor(db, Book.WHOLESALE, account) == 0


def test_holding_and_charging_at_once_finish(northwind):
    """Some hold the credit before they charge, others only charge, and some grant: all take the same accounts."""
    account = northwind.account_id

    def act(n):
        for i in range(EACH):
            with transaction(northwind.id) as db:
                if n % 3 == 0:
                    hold_credit(db, Book.WHOLESALE, credit_of(account), "GBP")
                if n % 3 == 1:
                    post(db, grant(f"grant:{n}:{i}", account, 120, "GBP", "More"))
                else:
                    post(db, charge(Book.WHOLESALE, f"charge:{n}:{i}", account, net_minor=100, tax_minor=20,
                                    currency="GBP", description="Plan"))

    with reading(northwind.id) as db:
        before = credit_minor(db, Book.WHOLESALE, account)
    all_is_well(at_once(THREADS, act))
    with reading(northwind.id) as db:
        grants = sum(1 for n in range(THREADS) if n % 3 == 1) * EACH
        charges = THREADS * EACH - grants
        assert credit_minor(db, Book.WHOLESALE, account) == before + 120 * (grants - charges)
    assert balances_are_sums(northwind.id)


@on_postgresql
def test_a_balance_seen_earlier_in_the_transaction_is_read_again(northwind):
    """Red without `populate_existing`: the session would hand out the row that it read before it had the lock."""
    in_one(northwind.id, entry("seen:1", ("gateway", 10), ("sales", -10)))
    with transaction(northwind.id) as db:
        seen = db.scalars(select(LedgerAccount).where(LedgerAccount.code == "gateway")).one()
        assert seen.balance_minor == 10
        aside(lambda: in_one(northwind.id, entry("seen:2", ("gateway", 10), ("sales", -10))))
        post(db, entry("seen:3", ("gateway", 10), ("sales", -10)))
    with reading(northwind.id) as db:
        assert balance_minor(db, Book.RETAIL, "gateway") == 30
    assert balances_are_sums(northwind.id)


def test_one_that_fails_in_the_middle_leaves_the_other_untouched(northwind):
    def act(n):
        with transaction(northwind.id) as db:
            post(db, entry(f"half:{n}", ("gateway", 10), ("sales", -10)))
            if n == 0:
                raise ZeroDivisionError

    answers = at_once(2, act)
    assert isinstance(answers[0], ZeroDivisionError)
    with reading(northwind.id) as db:
        assert balance_minor(db, Book.RETAIL, "gateway") == 10
    assert balances_are_sums(northwind.id)
