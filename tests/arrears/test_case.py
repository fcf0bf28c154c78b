"""A customer whose credit runs out: notice, days of grace, suspension, and active again when it is paid."""

from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.arrears.commands import set_rules
from portal.arrears.flows import look_at_all
from portal.arrears.models import ArrearsCase
from portal.arrears.queries import notice_of
from portal.arrears.steps import Rules
from portal.audit.commands import COMMAND_LINE
from portal.billing.proof import wrong_periods
from portal.kit import jobs
from portal.kit.db import reading, transaction
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters.models import Letter
from tests.cast import on_sqlite
from tests.signup.browsing import words
from tests.threads import at_once


def rules(months, **differing):
    with transaction(months.tenant.id) as db:
        set_rules(db, Rules(**differing), by=COMMAND_LINE)


def test_the_whole_way_down_and_back(months):
    """2.00 left on 2 November; 12.00 are charged on 2 December, overdue that day, suspended on the 16th."""
    months.live(22)
    assert months.letters == []
    months.live(1)
    assert months.letters == ["credit-low"]
    months.live(7)
    assert (months.letters[1:], months.account.state) == (["overdue"], "active")
    months.live(13)
    assert months.account.state == "active"
    months.live(1)
    assert (months.letters[2:], months.account.state) == (["suspended-unpaid"], "suspended")
    months.pay(999)
    assert months.account.state == "suspended"
    months.pay(1)
    assert (months.letters[3:], months.account.state) == (["reactivated"], "active")
    months.look()
    with reading(months.tenant.id) as db:
        assert wrong_periods(db)[1] == []
        assert [case.step for case in db.scalars(select(ArrearsCase)) if case.ended_on is None] == []


def test_closure_comes_only_when_the_white_label_wants_it(months):
    rules(months, suspend_days=5, close_days=10)
    months.live(30 + 5 + 9)
    assert months.account.state == "suspended"
    months.live(1)
    assert months.account.state == "closed" and months.letters[-1] == "closed-unpaid"
    months.live(30)
    with reading(months.tenant.id) as db:
        assert credit_minor(db, Book.RETAIL, months.id) == -1000


def test_without_rules_for_suspension_it_stays_overdue(months):
    rules(months, low_days=0, suspend_days=0)
    months.live(60)
    assert (months.letters, months.account.state) == (["overdue"], "active")


def test_what_a_person_suspended_stays_suspended_when_money_comes(months):
    """Red when any suspended account is reactivated by money."""
    months.live(30)
    with transaction(months.tenant.id) as db:
        accounts.suspend(db, db.locked(Account, months.id), reason="Abuse", by=COMMAND_LINE)
    months.pay(5000)
    months.look()
    assert months.account.state == "suspended" and "reactivated" not in months.letters


def test_an_account_that_somebody_made_active_again_gets_new_days_of_grace(months):
    months.live(44)
    with transaction(months.tenant.id) as db:
        accounts.reactivate(db, db.locked(Account, months.id), by=COMMAND_LINE)
    months.live(13)
    assert months.account.state == "active"
    months.live(2)
    assert months.account.state == "suspended"


def test_looking_twice_and_four_at_once_writes_one_letter(months):
    """Red without the lock on the account: two cases, two letters."""
    months.live(29)
    months.clock.advance(days=1)
    months.look()
    answers = at_once(4, lambda n: look_at_all(months.tenant.id))
    assert [a for a in answers if isinstance(a, BaseException)] == []
    months.look()
    assert months.letters == ["credit-low", "overdue"]


def test_credit_that_lasts_hears_nothing(months):
    months.pay(100_000)
    months.live(70)
    assert months.letters == [] and months.account.state == "active"


def test_money_in_time_ends_the_notice_without_a_word(months):
    months.live(24)
    months.pay(5000)
    months.live(10)
    assert months.letters == ["credit-low"]
    with reading(months.tenant.id) as db:
        assert notice_of(db, db.load(Account, months.id)) is None


def test_the_white_label_account_is_warned_early_and_its_customers_stay(months, northwind):
    """Northwind has credit left for this month and not for the next. Red when its customers are cut off with it."""
    months.pay(100_000)
    with transaction(northwind.id) as db:
        account = db.load(Account, northwind.account_id)
        left = credit_minor(db, Book.WHOLESALE, account.id) + account.credit_limit_minor
        accounts.set_credit_limit(db, account, account.credit_limit_minor - left + 100, by=COMMAND_LINE)
    months.live(29)
    with reading(northwind.id) as db:
        wanted = select(Letter.to_address).where(Letter.name == "white-label-low")
        assert sorted(db.scalars(wanted)) == ["bob@northwind.example", "fiona@northwind.example"]
    assert months.account.state == "active"


@on_sqlite
def test_it_is_looked_at_by_itself(months):
    months.clock.advance(days=24)
    for _ in range(2):
        jobs.enqueue_due_periodic()
        jobs.run_due()
        months.clock.advance(minutes=20)
        jobs.run_due()
    assert months.letters == ["credit-low"]


@on_sqlite
def test_both_sides_read_what_happened_and_what_to_do(months, browse, bob):
    months.live(44)
    page = words(browse(bob).get(f"/customers/{months.id}"))
    assert "Suspended: £10.00 is overdue" in page and "It is active again once it is paid." in page


@on_sqlite
def test_the_rules_are_the_white_labels_own(months, browse, bob):
    browser = browse(bob)
    assert browser.submit("/settings/arrears", {"low_days": 3, "suspend_days": 400, "close_days": 0}).status_code == 422
    answer = browser.submit("/settings/arrears", {"low_days": 3, "suspend_days": 5, "close_days": 0})
    assert answer.status_code == 303
    page = browser.get("/settings/arrears").text
    assert 'value="3"' in page and 'value="5"' in page
