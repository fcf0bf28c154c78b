"""Adding credit by card: through the sandbox's own card page, once, with plain words for what went wrong."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from portal.accounts.commands import suspend
from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404, primary_user
from portal.activation.commands import cancel
from portal.arrears.models import ArrearsCase
from portal.audit.commands import COMMAND_LINE
from portal.billing.charging import write_charges
from portal.billing.outlook import look_ahead
from portal.billing.pricing import PricedLine, Side
from portal.kit.db import reading, transaction
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.payments.models import Funding
from portal.whitelabels.queries import gateway_credential
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.cast import Person, on_sqlite, password_hash
from tests.payments.conftest import DECLINED, VISA, gateway, sandbox, shop
from tests.signup.browsing import errors, words as words_of

__all__ = ["gateway", "sandbox", "shop"]


class Payer:
    """An active customer with 2.00 of credit, signed in."""

    def __init__(self, shop, administration, browse):
        self.shop = shop
        with transaction(shop.company.id) as db:
            account = active(db, customer(db, shop.company.plans["desk"], administration), paid_minor=2000)
            user = primary_user(db, account.id)
            user.password_hash = password_hash()
        self.id, self.base = account.id, f"/account/{account.id}/credit"
        self.browser = browse(
            Person(user.id, shop.company.id, shop.company.host, user.login_name, user.display_name))

    @property
    def credit(self):
        with reading(self.shop.company.id) as db:
            return credit_minor(db, Book.RETAIL, self.id)

    def fundings(self):
        with reading(self.shop.company.id) as db:
            found = db.scalars(select(Funding).where(Funding.account_id == self.id).order_by(Funding.created_at)).all()
            return [(f.amount_minor, f.state) for f in found][1:]

    def wish(self, **form):
        return self.browser.submit(self.base, form)


@pytest.fixture
def payer(shop, browse):
    return Payer(shop, OPTION_1, browse)


def test_the_money_arrives_and_the_account_says_so(payer):
    answer = payer.wish(other="25.00")
    assert answer.status_code == 303
    payer.shop.pay(answer.location, VISA)
    back = payer.browser.get(f"{payer.base}/return", follow_redirects=True)
    assert "£25.00 arrived and is on your account." in words_of(back) and payer.credit == 200 + 2500
    again = payer.browser.get(f"{payer.base}/return", follow_redirects=True)
    assert again.status_code == 200 and payer.credit == 2700


@on_sqlite
def test_money_for_an_account_suspended_by_a_person_arrives_and_lifts_nothing(payer, bob):
    """Red with "arrived" alone: the customer has paid, and believes that services go on."""
    with transaction(payer.shop.company.id) as db:
        suspend(db, held_customer_or_404(db, payer.id), reason="x", by=bob.actor)
    assert "Credit that you add arrives, and does not reactivate it." in words_of(payer.browser.get(payer.base))
    payer.shop.pay(payer.wish(other="25.00").location, VISA)
    back = words_of(payer.browser.get(f"{payer.base}/return", follow_redirects=True))
    assert "£25.00 arrived and is on your account. The account stays suspended until Northwind Telecom" in back
    assert payer.shop.account(payer.id).state == "suspended" and payer.credit == 2700


class TestClosedMeanwhile:
    """The white label closes the account while its customer is on the card page."""

    @pytest.fixture
    def gone(self, payer):
        payer.url = payer.wish(other="25.00").location
        with transaction(payer.shop.company.id) as db:
            cancel(db, held_customer_or_404(db, payer.id), reason="x", by=COMMAND_LINE)
        return payer

    def test_money_that_was_taken_is_told_of_and_given_back(self, gone):
        """Red with the payer asked for first: 403, "no money moved", after 25.00 was taken."""
        gone.shop.pay(gone.url, VISA)
        back = gone.browser.get(f"{gone.base}/return", follow_redirects=True)
        said = words_of(back)
        assert back.status_code == 200 and "Your payment is being returned" in said
        assert "£25.00 goes back to your card in full. The account is closed." in said and "no money" not in said
        gone.shop.work()
        later = words_of(gone.browser.get(f"{gone.base}/return", follow_redirects=True))
        assert "£25.00 went back to your card in full." in later and gone.credit == 200

    @on_sqlite
    def test_a_card_page_that_nobody_paid_is_waited_for_and_then_took_nothing(self, gone):
        waiting = words_of(gone.browser.get(f"{gone.base}/return"))
        assert "Checking your payment" in waiting and "Back to the account" in waiting
        gone.shop.work()
        back = gone.browser.get(f"{gone.base}/return", follow_redirects=True)
        assert back.status_code == 200 and "No money was taken." in words_of(back)

    @on_sqlite
    def test_money_that_arrived_before_is_credit_of_the_closed_account(self, payer):
        payer.shop.pay(payer.wish(other="25.00").location, VISA)
        payer.shop.refresh(payer.shop.fundings(payer.id)[-1].id)
        with transaction(payer.shop.company.id) as db:
            cancel(db, held_customer_or_404(db, payer.id), reason="x", by=COMMAND_LINE)
        back = words_of(payer.browser.get(f"{payer.base}/return", follow_redirects=True))
        assert "£25.00 arrived and is on your account. The account is closed: write to" in back

    @on_sqlite
    def test_nobody_elses_payment_is_told_of(self, gone, browse, alice):
        assert browse(alice).get(f"{gone.base}/return").status_code == 404


def test_a_declined_card_takes_nothing_and_the_same_page_is_gone_on_with(payer):
    answer = payer.wish(other="25.00")
    payer.shop.pay(answer.location, DECLINED)
    back = payer.browser.get(f"{payer.base}/return", follow_redirects=True)
    assert "There is not enough money on the card" in words_of(back) and "No money was taken" in words_of(back)
    assert payer.credit == 200
    assert payer.wish(other="25.00").location == answer.location and len(payer.fundings()) == 1


def test_two_tabs_share_one_payment(payer):
    """Red when each wish opens its own: both could be paid."""
    first, second = payer.wish(other="25.00"), payer.wish(other="25.00")
    assert first.location == second.location and payer.fundings() == [(2500, "pending")]


def test_a_closed_card_page_is_waited_for_and_gone_on_with(payer):
    payer.wish(other="25.00")
    waiting = payer.browser.get(f"{payer.base}/return")
    assert "Checking your payment" in words_of(waiting) and f'data-follow="{payer.base}/return"' in waiting.text
    assert "Your payment is not finished" in words_of(payer.browser.get(payer.base))


@on_sqlite
def test_the_page_looks_first_whether_the_money_came(payer):
    """Red with what is on file: "No money was taken so far", after 25.00 was."""
    answer = payer.wish(other="25.00")
    payer.shop.pay(answer.location, VISA)
    payer.shop.gateway.down()
    unknown = words_of(payer.browser.get(payer.base))
    assert "We do not know yet whether money was taken." in unknown and "No money was taken" not in unknown
    payer.shop.gateway.down(False)
    page = words_of(payer.browser.get(payer.base))
    assert "27.00" in page and "not finished" not in page


@on_sqlite
@pytest.mark.parametrize(("typed", "said"), [
    ("4.99", "The least amount is £5.00."), ("-5", "Write an amount"), ("x", "Write an amount"),
    ("1,000,000.00", "at most"), ("0", "above zero"),
])
def test_what_is_no_amount_to_add(payer, typed, said):
    answer = payer.wish(other=typed)
    assert answer.status_code == 422 and said in str(errors(answer)) and payer.fundings() == []


@on_sqlite
def test_an_option_2_account_needs_none(shop, browse):
    guest = Payer(shop, OPTION_2, browse)
    assert guest.browser.get(guest.base).status_code == 403
    assert "pays for this account" in words_of(guest.browser.get(guest.base))


@on_sqlite
def test_without_a_gateway_no_money_is_asked_for(payer, northwind):
    with transaction(northwind.id) as db:
        found = gateway_credential(db)
        found.ended_at = found.connected_at
    answer = payer.wish(other="25.00")
    assert answer.status_code == 503 and "takes no card payments" in words_of(answer) and payer.fundings() == []


def test_the_page_says_what_comes_next_and_how_long_the_credit_lasts(payer):
    """2.00 of credit and 12.00 a month: the credit lasts until the next charge."""
    page = words_of(payer.browser.get(f"/account/{payer.id}"))
    found = re.search(r"Next charge £12\.00 on (.+?) Your credit lasts Until (.+?) ", page)
    assert found is not None and found[1].startswith(found[2])


@pytest.mark.parametrize(("credit", "until"), [(0, 2), (99, 2), (100, 3), (299, 4), (300, None), (-1, 2)])
def test_credit_lasts_until_the_first_charge_that_it_does_not_cover(credit, until):
    charges = [(date(2026, 12, day), 100) for day in (2, 3, 4)]
    ahead = look_ahead(credit, charges)
    assert ahead.covered_until == (date(2026, 12, until) if until else None)
    assert (ahead.next_day, ahead.next_minor) == (date(2026, 12, 2), 100)
    assert ahead.is_used_up == (credit < 0)


@on_sqlite
def test_credit_below_zero_is_used_up_and_lasts_until_no_day(payer):
    """13.99 was charged too much. Red with the next charge as the day until which it lasts."""
    with transaction(payer.shop.company.id) as db:
        account = db.locked(Account, payer.id)
        line = PricedLine("usage", "Calls", None, Side(0, 0, 0), Side(1399, 0, 0), "calls")
        write_charges(db, [(account, line)])
        db.put(ArrearsCase(account_id=payer.id, opened_on=date(2026, 11, 2), step="low", since=date(2026, 11, 2)))
    for path in ("", "/credit"):
        page = words_of(payer.browser.get(f"/account/{payer.id}{path}"))
        assert "Your credit Is used up" in page and "credit lasts" not in page
    page = words_of(payer.browser.get(f"/account/{payer.id}"))
    assert "£11.99 is overdue" in page and "Nothing is overdue" not in page
