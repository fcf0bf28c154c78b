"""A customer whose credit runs out: notice, days of grace, suspension, and active again when it is paid."""

import re
from datetime import date

from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.arrears.commands import set_rules
from portal.arrears.flows import look_at_all
from portal.arrears.models import ArrearsCase
from portal.arrears.steps import Rules
from portal.arrears.words import notice_of, suspension_of
from portal.audit.commands import COMMAND_LINE
from portal.billing.proof import wrong_periods
from portal.billing.usage import NewUsage, note_usage
from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, scoped, transaction
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters.flows import render
from portal.letters.models import Letter
from portal.statements.flows import issue_through
from portal.statements.statement import Month
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from tests.accounts.making import customer
from tests.billing.making import service
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


def bodies_of(app, months, letter):
    with reading(months.tenant.id) as db:
        sender = white_label(db)
    with app.test_request_context(base_url=f"http://{months.tenant.host}"):
        message = render(letter, sender)
    return message.body, message.html


def test_the_letter_of_the_final_statement_says_that_it_is_and_what_is_owed(months, app):
    """Closed on 17 December owing 10.00. Red when statements of closed accounts are told to nobody."""
    rules(months, suspend_days=5, close_days=10)
    months.live(45 + 20)
    with scoped(months.tenant.id):
        issue_through(Month(date(2026, 12, 1)))
    with reading(months.tenant.id) as db:
        letter = db.scalars(select(Letter).where(Letter.name == "statement", Letter.about_id == months.id)).one()
    for body in bodies_of(app, months, letter):
        assert "Your final statement for December 2026" in body
        assert "The account is closed." in body and "Write to us to settle what is owed." in body


def test_closing_charges_what_was_used_and_the_letter_says_so(months, app):
    """12.00 a month leave 10.00 unpaid; 100 minutes of 10.00 and tax more were used while it was suspended. Red when
    they wait for the run: the letter would say that nothing further is charged, and 1,200.00 would be."""
    rules(months, suspend_days=5, close_days=10)
    with transaction(months.tenant.id) as db:
        minutes = service(db, "minutes", "usage", retail=1000, unit="minutes")
    months.live(30 + 5 + 5)
    with transaction(months.tenant.id) as db:
        note_usage(db, NewUsage("a", months.id, minutes.id, date(2026, 12, 10), 100))
    months.live(5)
    assert months.account.state == "closed"
    with reading(months.tenant.id) as db:
        assert credit_minor(db, Book.RETAIL, months.id) == -1000 - 120_000
        letter = db.scalars(select(Letter).where(Letter.name == "closed-unpaid")).one()
        assert (letter.facts["unpaid"], letter.facts["used"], letter.facts["owed"]) == (
            "£10.00", "£1,200.00", "£1,210.00")
    for body in bodies_of(app, months, letter):
        assert "because £10.00 was not paid. What was used up to now has been charged: £1,200.00." in body
    months.live(60)
    with reading(months.tenant.id) as db:
        assert credit_minor(db, Book.RETAIL, months.id) == -1000 - 120_000


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


def test_a_rule_made_shorter_brings_no_suspension_forward(months):
    """The letter said the 16th. Red when the days of the rules count from the notice, whatever was told."""
    months.live(31)
    rules(months, suspend_days=1)
    months.live(12)
    assert months.account.state == "active"
    months.live(1)
    assert months.account.state == "suspended"


def test_closure_that_is_wanted_later_is_told_first(months):
    """Red when the account is closed on the next look, by a letter that it never got."""
    months.live(44 + 30)
    assert (months.account.state, months.letters[-1]) == ("suspended", "suspended-unpaid")
    rules(months, close_days=10)
    months.live(1)
    assert months.letters[-2:] == ["suspended-unpaid", "suspended-unpaid"]
    months.live(9)
    assert months.account.state == "suspended"
    months.live(1)
    assert (months.account.state, months.letters[-1]) == ("closed", "closed-unpaid")


def test_what_a_person_suspended_hears_of_no_suspension_for_being_unpaid(months):
    """Paying would not make it active again, so no letter may say so. Red when the case takes its next step."""
    months.live(31)
    with transaction(months.tenant.id) as db:
        accounts.suspend(db, db.locked(Account, months.id), reason="Abuse", by=COMMAND_LINE)
    months.live(30)
    assert months.letters == ["credit-low", "overdue"]
    with reading(months.tenant.id) as db:
        assert "for another reason, too" in notice_of(db, db.load(Account, months.id)).text
        assert "reactivate it" in suspension_of(db, db.load(Account, months.id)).text


def test_what_money_lifts_is_no_suspension_by_a_person(months):
    """Red with the state alone: "only your provider can reactivate it", to somebody who just has to pay."""
    months.live(44)
    assert months.account.state == "suspended"
    with reading(months.tenant.id) as db:
        assert suspension_of(db, db.load(Account, months.id)) is None


def test_a_persons_suspension_after_the_cases_own_outlasts_the_payment(months):
    """Suspended unpaid, made active by hand, suspended by hand: money changes nothing. Red without the case's pause."""
    months.live(44)
    with transaction(months.tenant.id) as db:
        account = db.locked(Account, months.id)
        accounts.reactivate(db, account, by=COMMAND_LINE)
        accounts.suspend(db, account, reason="Abuse", by=COMMAND_LINE)
    months.pay(5000)
    assert months.account.state == "suspended"


def test_a_little_money_is_no_reason_for_a_second_notice(months):
    """1.00 more does not cover the charge of 12.00 either. Red when any money ends a case that owes nothing."""
    months.live(24)
    months.pay(100)
    months.live(3)
    assert months.letters == ["credit-low"]


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


def nearly_at_its_limit(northwind):
    """One pound is left of the white-label account's credit."""
    with transaction(northwind.id) as db:
        account = db.load(Account, northwind.account_id)
        left = credit_minor(db, Book.WHOLESALE, account.id) + account.credit_limit_minor
        accounts.set_credit_limit(db, account, account.credit_limit_minor - left + 100, by=COMMAND_LINE)


def test_the_white_label_account_is_warned_early_and_its_customers_stay(months, northwind):
    """Northwind has credit left for this month and not for the next. Red when its customers are cut off with it."""
    months.pay(100_000)
    nearly_at_its_limit(northwind)
    months.live(29)
    with reading(northwind.id) as db:
        wanted = select(Letter.to_address).where(Letter.name == "white-label-low")
        assert sorted(db.scalars(wanted)) == ["bob@northwind.example", "fiona@northwind.example"]
    assert months.account.state == "active"


def test_the_warning_comes_as_many_days_before_as_the_white_label_wants(months, northwind):
    """The next charges come on 2 December. Red when the days of the customers' notice count for it."""
    months.pay(100_000)
    nearly_at_its_limit(northwind)
    rules(months, low_days=0, warn_days=3)
    months.live(26)
    with reading(northwind.id) as db:
        assert db.scalars(select(Letter).where(Letter.name == "white-label-low")).all() == []
    months.live(1)
    with reading(northwind.id) as db:
        assert len(db.scalars(select(Letter).where(Letter.name == "white-label-low")).all()) == 2


def told_of_the_limit():
    with reading(PLATFORM) as db:
        wanted = select(Letter.name, Letter.to_address).where(Letter.name.like("white-label-over%"))
        return sorted((name, to) for name, to in db.execute(wanted))


BOTH = [("white-label-over", "bob@northwind.example"), ("white-label-over", "fiona@northwind.example"),
        ("white-label-over-notice", "olga@highwire.example")]


def test_a_limit_that_is_passed_is_told_once_to_both_sides_and_nobody_is_cut_off(months, northwind, clock):
    """Red without the step: one letter at the first warning and none when the limit was passed."""
    months.pay(100_000)
    nearly_at_its_limit(northwind)
    months.live(29)
    assert told_of_the_limit() == []
    months.live(3)
    jobs.run_due()
    assert told_of_the_limit() == BOTH and months.account.state == "active"
    months.live(2)
    jobs.run_due()
    assert told_of_the_limit() == BOTH
    with transaction(northwind.id) as db:
        accounts.set_credit_limit(db, db.load(Account, northwind.account_id), 10**8, by=COMMAND_LINE)
    months.live(1)
    nearly_at_its_limit(northwind)
    months.live(31)
    jobs.run_due()
    assert len(told_of_the_limit()) == 6


def test_a_charge_that_is_refused_is_told_to_both_sides(months, northwind, browse, bob, app):
    """An account that the white label cannot pay for. Red when the page says so and nobody else hears of it."""
    with transaction(northwind.id) as db:
        waiting = customer(db, northwind.plans["desk"]).id
        account = db.load(Account, northwind.account_id)
        left = credit_minor(db, Book.WHOLESALE, account.id) + account.credit_limit_minor
        accounts.set_credit_limit(db, account, account.credit_limit_minor - left + 1, by=COMMAND_LINE)
    browser, path = browse(bob), f"/customers/{waiting}/activation"
    page = browser.get(path)
    agreed = re.search(r'name="agreed" value="(-?\d+)"', page.text)[1]
    for _ in range(2):
        answer = browser.submit(path, {"agreed": agreed}, page=path)
        assert "The white-label account cannot cover this" in words(answer)
    with app.app_context():
        jobs.run_due()
    assert told_of_the_limit() == BOTH
    with reading(PLATFORM) as db, app.app_context():
        (own, *_), (notice,) = (db.scalars(select(Letter).where(Letter.name == name)).all()
                                for name in ("white-label-over", "white-label-over-notice"))
        tenant = db.get(WhiteLabel, northwind.id)
        assert "nobody is cut off" in render(own, tenant).body
        assert render(notice, tenant).subject == "Northwind Telecom is at its credit limit"


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
    wrong = {"low_days": 3, "suspend_days": 400, "close_days": 0, "warn_days": 9}
    assert browser.submit("/settings/arrears", wrong).status_code == 422
    answer = browser.submit("/settings/arrears", {"low_days": 3, "suspend_days": 5, "close_days": 0, "warn_days": 9})
    assert answer.status_code == 303
    page = browser.get("/settings/arrears").text
    assert all(f'value="{days}"' in page for days in (3, 5, 0, 9))
