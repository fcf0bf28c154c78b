"""Money while nothing can become active: none is asked for, and what is on its way is kept, then used or given back."""

import pytest
from sqlalchemy import delete, select

from portal.accounts import commands as accounts
from portal.accounts.models import Account, Standstill
from portal.activation import commands as activation
from portal.arrears.flows import look_at_all
from portal.audit.commands import COMMAND_LINE
from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, scoped, transaction
from portal.kit.ids import new_id
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters.models import Letter
from portal.operator import standstill
from portal.payments.models import Funding, GatewayRefund
from portal.verify import verify
from tests.accounts.making import OPTION_1, claim, customer, pay
from tests.activation.conftest import invited
from tests.arrears.conftest import months
from tests.cast import on_sqlite
from tests.payments.conftest import VISA, gateway, sandbox, shop
from tests.signup.browsing import words

__all__ = ["gateway", "invited", "months", "sandbox", "shop"]

SORRY = "Northwind Telecom cannot activate accounts at the moment. Write to help@northwind.example"


def decide(company, olga):
    with transaction(company.id) as db:
        standstill.begin(db, reason="Secret reason", by=olga.actor)
    run(company, standstill.suspend_customers)


def lift(company, olga):
    with transaction(company.id) as db:
        standstill.lift(db, reason="Paid", by=olga.actor)
    run(company, standstill.restore_customers)


def run(company, job):
    with reading(company.id) as db:
        newest = db.scalars(select(Standstill).order_by(Standstill.begun_at.desc())).first()
    with scoped(company.id):
        job({"standstill": str(newest.id)})


@on_sqlite
class TestTheActivation:
    def test_says_so_before_the_password_and_before_the_payment_and_opens_no_card_page(self, invited, olga):
        """Red without either question: the customer pays for what cannot be had."""
        decide(invited.shop.company, olga)
        page = invited.open()
        assert SORRY in page and "Secret reason" not in page and "operator" not in page.casefold()
        answer = invited.choose_password()
        payment = invited.browser.get(answer.location)
        assert SORRY in words(payment) and 'name="amount"' not in payment.text
        token = invited.browser.token("/activation/payment")
        refused = invited.browser.post("/activation/payment", data={"csrf_token": token, "other": "100.00"})
        assert refused.status_code == 409 and SORRY in words(refused) and "No money was taken." in words(refused)
        with reading(invited.shop.company.id) as db:
            assert db.scalars(select(Funding)).all() == []

    def test_an_open_card_page_is_no_way_to_go_on(self, invited, olga):
        """Red with how the payment stands above it: "Go on where you stopped", and nothing to go on with."""
        invited.open()
        invited.choose_password()
        invited.browser.submit("/activation/payment", {"other": "100.00"})
        assert "Your payment is not finished" in words(invited.browser.get("/activation/payment"))
        decide(invited.shop.company, olga)
        page = words(invited.browser.get("/activation/payment"))
        assert "Your payment is not finished" not in page and "Go on where you stopped" not in page
        assert "Activation has to wait No money was taken, and paying has to wait, too." in page and SORRY in page

    def test_a_payment_on_its_way_is_kept_and_used_when_it_is_lifted(self, invited, olga):
        """The card page was open already. Red when the money goes back, or when lifting forgets who has paid."""
        company = invited.shop.company
        invited.open()
        invited.choose_password()
        url = invited.browser.submit("/activation/payment", {"other": "100.00"}).location
        decide(company, olga)
        invited.shop.pay(url, VISA)
        page = words(invited.browser.get("/activation/return", follow_redirects=True))
        assert "Your payment has arrived £100.00 is on your account. Nothing was charged." in page
        assert "activated by itself" in page and "A little more is needed" not in page
        assert invited.state == "inactive"
        lift(company, olga)
        assert invited.state == "active"
        assert invited.browser.get("/activation/payment", follow_redirects=True).request.path == "/activation/done"
        with reading(company.id) as db:
            assert db.scalars(select(GatewayRefund)).all() == []

    def test_a_free_account_is_refused_and_its_link_still_works_afterwards(self, shop, olga):
        """Red when the link is claimed and nothing ever makes the account active."""
        with transaction(shop.company.id) as db:
            account_id = customer(db, shop.company.plans["courtesy"], OPTION_1).id
        decide(shop.company, olga)
        for state, error in (("inactive", activation.NotForNow), ("active", None)):
            if error is not None:
                with pytest.raises(error, match="cannot activate accounts"), transaction(shop.company.id) as db:
                    claim(db, db.load(Account, account_id))
                lift(shop.company, olga)
            else:
                with transaction(shop.company.id) as db:
                    claim(db, db.load(Account, account_id))
            with reading(shop.company.id) as db:
                assert db.load(Account, account_id).state == state


@pytest.fixture
def held(northwind, olga, clock):
    """An account of Option 1 that was paid for, 100.00, while nothing could become active."""
    with transaction(northwind.id) as db:
        account = customer(db, northwind.plans["desk"], OPTION_1)
        claim(db, account)
    decide(northwind, olga)
    with transaction(northwind.id) as db:
        pay(db, db.locked(Account, account.id), 10_000)
    return account.id


@on_sqlite
class TestWhatWasPaid:
    def test_is_on_the_account_and_goes_back_when_it_is_cancelled(self, held, northwind):
        with transaction(northwind.id) as db:
            account = db.locked(Account, held)
            assert (account.state, credit_minor(db, Book.RETAIL, held)) == ("inactive", 10_000)
            activation.cancel(db, account, reason="No longer wanted", by=COMMAND_LINE)
            db.flush()
            assert [refund.amount_minor for refund in db.scalars(select(GatewayRefund))] == [10_000]

    def test_goes_back_when_the_white_label_cannot_cover_it_at_the_lifting(self, held, northwind, olga):
        """Red when it is kept for an account that nothing will ever make active."""
        with transaction(northwind.id) as db:
            account = db.load(Account, northwind.account_id)
            left = credit_minor(db, Book.WHOLESALE, account.id) + account.credit_limit_minor
            accounts.set_credit_limit(db, account, account.credit_limit_minor - left, by=COMMAND_LINE)
        lift(northwind, olga)
        with reading(northwind.id) as db:
            assert db.load(Account, held).state == "inactive"
            (refund,) = db.scalars(select(GatewayRefund)).all()
            assert "could not cover" in refund.reason

    def test_is_used_once_however_often_it_is_lifted(self, held, northwind, olga):
        lift(northwind, olga)
        run(northwind, standstill.restore_customers)
        with reading(northwind.id) as db:
            assert db.load(Account, held).state == "active"
            assert credit_minor(db, Book.RETAIL, held) == 10_000 - 1800
        assert [w for finding in verify() if finding.what != "jobs" for w in finding.differences] == []


def wait(months, days):
    """Nobody looks but on the last of them."""
    months.clock.advance(days=days - 1)
    months.live(1)


@on_sqlite
class TestArrears:
    def test_paying_lifts_nothing_while_it_stands_and_everything_after_it(self, months, olga):
        """Suspended unpaid on the 16th. Red when the payment makes it active, and when it stays suspended for ever."""
        wait(months, 30)
        wait(months, 14)
        assert months.account.state == "suspended"
        decide(months.tenant, olga)
        months.pay(5000)
        assert months.account.state == "suspended" and "reactivated" not in months.letters
        months.live(2)
        lift(months.tenant, olga)
        assert months.account.state == "active"

    def test_no_letter_promises_what_paying_would_not_do(self, months, olga):
        """Overdue on 2 December, and it would be suspended on the 16th. Red when the case goes on by its days; then
        the days of grace begin anew and are told anew."""
        wait(months, 30)
        decide(months.tenant, olga)
        wait(months, 1)
        wait(months, 30)
        assert months.letters == ["overdue"]
        lift(months.tenant, olga)
        months.look()
        assert months.letters == ["overdue", "overdue"] and months.account.state == "active"
        wait(months, 13)
        assert months.account.state == "active"
        months.live(1)
        assert months.account.state == "suspended"


def credit(company, minor):
    with transaction(company.id) as db:
        account = db.locked(Account, company.account_id)
        accounts.give_credit(db, account, minor, request_id=new_id(), reason="Transfer", by=COMMAND_LINE)


def go_beyond(company, minor):
    """As usage does that was charged: nothing asks first, and nobody hears of it at once."""
    with transaction(company.id) as db:
        account = db.load(Account, company.account_id)
        account.credit_limit_minor = -credit_minor(db, Book.WHOLESALE, account.id) - minor


def told(app):
    with app.app_context():
        jobs.run_due()
    with reading(PLATFORM) as db:
        return list(db.scalars(select(Letter.to_address).where(Letter.name == "standstill-covered-notice")))


@on_sqlite
def test_the_operator_hears_once_that_the_account_is_above_its_limit_again(northwind, olga, clock, app):
    """Red without the listener; and twice without the mark on the standstill, once the job's key is forgotten. Nothing
    is lifted by it."""
    go_beyond(northwind, 500)
    decide(northwind, olga)
    credit(northwind, 499)
    assert told(app) == []
    credit(northwind, 1)
    assert told(app) == ["olga@highwire.example"]
    with transaction(PLATFORM) as db:
        db.execute(delete(jobs.JobKey))
    credit(northwind, 1)
    look_at_all(northwind.id)
    assert told(app) == ["olga@highwire.example"]
    with reading(northwind.id) as db:
        assert standstill.standstill_of(db) is not None


@on_sqlite
def test_of_an_account_that_was_above_its_limit_all_along_the_operator_hears_nothing(northwind, olga, clock, app):
    """Suspended for another reason. Red when a look or credit tells of it whatever was before: the letter is false, and
    the one that is true never comes."""
    decide(northwind, olga)
    look_at_all(northwind.id)
    credit(northwind, 1)
    assert told(app) == []
    go_beyond(northwind, 500)
    look_at_all(northwind.id)
    assert told(app) == []
    credit(northwind, 500)
    assert told(app) == ["olga@highwire.example"]
