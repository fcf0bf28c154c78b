"""Services chosen on the pages: the quote, the confirmation, and who may do neither."""

import re
from datetime import date

import pytest
from sqlalchemy import select, update

from portal.accounts.models import Account, Address, Subscription
from portal.audit.commands import COMMAND_LINE
from portal.billing.models import Charge
from portal.billing.run import bill_white_label
from portal.catalogue.commands import NewPrice, set_price, set_tax_rate
from portal.catalogue.models import Service
from portal.catalogue.prices import Taxed
from portal.kit.db import reading, transaction
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from tests.billing.making import service
from tests.cast import on_sqlite
from tests.signup.browsing import words


def credit(shop):
    with reading(shop.tenant.id) as db:
        return credit_minor(db, Book.RETAIL, shop.own)


def rows(shop, account_id):
    with reading(shop.tenant.id) as db:
        wanted = select(Subscription).where(Subscription.account_id == account_id, Subscription.service_id.is_not(None))
        return [(s.item, s.quantity, s.until_day) for s in db.scalars(wanted.order_by(Subscription.item))]


def order(browser, base, product_id, quantity, when="now"):
    """Ask for the quote and confirm it, as a person does; the answer and what was agreed."""
    path = f"{base}/services/{product_id}"
    quote = browser.get(f"{path}?quantity={quantity}&when={when}")
    assert quote.status_code == 200, words(quote)
    agreed = re.search(r'name="agreed" value="(-?\d+)"', quote.text)
    item = re.search(r'name="item" value="([\w.]+)"', quote.text)
    assert agreed is not None and item is not None, words(quote)
    form = {"quantity": quantity, "when": when, "agreed": agreed[1], "item": item[1]}
    return browser.submit(path, form, page=f"{path}?quantity={quantity}&when={when}"), int(agreed[1]), words(quote)


def test_what_is_quoted_is_debited(shop, browse):
    base, before = f"/account/{shop.own}", credit(shop)
    answer, agreed, quote = order(browse(shop.owner), base, shop.seat, 2)
    assert answer.status_code == 303 and answer.location == f"{base}/services"
    assert agreed == before - credit(shop) == 2160
    assert "Seat × 2 2 November 2026 to 1 December 2026, with VAT £21.60" in quote
    assert "Charged now £21.60" in quote and "Then £21.60 each month, with VAT." in quote
    page = words(browse(shop.owner).get(f"{base}/services"))
    assert "Seat × 2 Since 2 November 2026, £9.00 each a month and VAT" in page


def test_a_change_for_the_next_period_waits_and_is_taken_back(shop, browse):
    base, browser = f"/account/{shop.own}", browse(shop.owner)
    order(browser, base, shop.seat, 2)
    _, agreed, quote = order(browser, base, shop.seat, 0, "next")
    assert agreed == 0 and "No money moves now." in quote
    assert "Off from 2 December 2026" in words(browser.get(f"{base}/services"))
    browser.submit(f"{base}/services/{shop.seat}/withdrawal", page=f"{base}/services")
    assert rows(shop, shop.own) == [("seat", 2, None)]


def test_a_price_of_the_first_period_that_is_not_that_of_the_next_is_said(shop, browse):
    with transaction(shop.tenant.id) as db:
        set_price(db, db.load(Service, shop.seat), NewPrice("retail", date(2026, 12, 20), 1500), by=COMMAND_LINE)
    _, agreed, quote = order(browse(shop.owner), f"/account/{shop.own}", shop.seat, 1, "next")
    assert "From 2 December 2026. First £10.80 up to 1 January 2027, with VAT. Then £18.00 each month" in quote
    assert agreed == 1080 and "Confirm the change for" not in quote


def test_a_confirmation_for_the_next_period_is_held_to_its_price(shop, browse):
    """The price rises between the quote and its confirmation. Red when the page carries only what is due now."""
    browser, path = browse(shop.owner), f"/account/{shop.own}/services/{shop.seat}"
    page = browser.get(f"{path}?quantity=10&when=next")
    assert "From 2 December 2026. £108.00 each month, with VAT." in words(page)
    agreed = re.search(r'name="agreed" value="(-?\d+)"', page.text)[1]
    token = browser.token(f"{path}?quantity=1&when=now")
    with transaction(shop.tenant.id) as db:
        set_price(db, db.load(Service, shop.seat), NewPrice("retail", date(2026, 12, 1), 9900), by=COMMAND_LINE)
    form = {"quantity": 10, "when": "next", "agreed": agreed, "item": "seat", "csrf_token": token}
    answer = browser.post(path, data=form)
    assert answer.status_code == 409 and "This is not the sum that you were shown" in answer.text
    assert rows(shop, shop.own) == []


def test_what_is_bought_once_is_bought_now_and_called_so(shop, browse):
    """Red with the words of a change that waits: money moved."""
    base, browser, before = f"/account/{shop.own}", browse(shop.owner), credit(shop)
    order(browser, base, shop.headset, 1, "next")
    page = words(browser.get(f"{base}/services"))
    assert "Headset is bought. The charges show what was debited." in page and before - credit(shop) == 4800


def test_a_quantity_that_was_not_quoted_is_not_blamed_on_the_price_alone(shop, browse):
    browser, path = browse(shop.owner), f"/account/{shop.own}/services/{shop.seat}"
    form = {"quantity": 5, "when": "now", "agreed": 1080, "item": "seat"}
    answer = browser.submit(path, form, page=f"{path}?quantity=1&when=now")
    assert answer.status_code == 409 and "or what is asked for is not what was quoted" in words(answer)
    assert rows(shop, shop.own) == []


@on_sqlite
def test_what_setting_up_costs_is_in_the_list(shop, browse, bob):
    """Red when it first shows in the quote. What is bought once has it in its price."""
    with transaction(shop.tenant.id) as db:
        service(db, "trunk", retail=1500, retail_setup=999, wholesale_setup=500)
        service(db, "router", "one_off", retail=4000, retail_setup=1000)
    page = words(browse(shop.owner).get(f"/account/{shop.own}/services"))
    assert "Trunk £15.00 each a month and £9.99 once, and VAT" in page
    assert "Router £50.00 each, once and VAT" in page
    assert "Trunk £3.00 each a month and £5.00 once" in words(browse(bob).get(f"/customers/{shop.run}/services"))
    assert "£9.99" not in words(browse(shop.guest).get(f"/account/{shop.run}/services"))


@pytest.mark.parametrize(("quantity", "when", "said"), [
    (3, "now", "Seat is changed. The charges show what was debited."),
    (1, "now", "Seat is changed. The charges show what was given back."),
    (0, "now", "Seat is switched off. The charges show what was given back."),
    (3, "next", "Seat is changed from 2 December 2026 on. No money moved."),
    (0, "next", "Seat is switched off from 2 December 2026 on. No money moved."),
])
def test_what_is_said_afterwards_is_true(shop, browse, quantity, when, said):
    """Red with one sentence for all: a change for the next period debits nothing."""
    base, browser = f"/account/{shop.own}", browse(shop.owner)
    order(browser, base, shop.seat, 2)
    assert "Seat is switched on. The charges show what was debited." in words(browser.get(f"{base}/services"))
    order(browser, base, shop.seat, quantity, when)
    page = words(browser.get(f"{base}/services"))
    assert said in page and page.count("Seat is ") == 1


@on_sqlite
def test_what_is_switched_on_later_is_said_to_be(shop, browse):
    base, browser = f"/account/{shop.own}", browse(shop.owner)
    order(browser, base, shop.seat, 1, "next")
    page = words(browser.get(f"{base}/services"))
    assert "Seat is switched on from 2 December 2026 on. No money moved." in page


@pytest.mark.parametrize(("state", "said"), [
    ("active", "Nothing is switched on yet."), ("suspended", "Nothing is switched on."),
    ("closed", "The account is closed, and its services with it."),
    ("inactive", "The plan begins when the account becomes active."),
])
def test_an_account_without_anything_is_told_why(shop, browse, bob, state, said):
    """Red with the words for an inactive account beside every badge."""
    with transaction(shop.tenant.id) as db:
        for held in db.scalars(select(Subscription).where(Subscription.account_id == shop.run)):
            held.until_day = held.from_day
        db.load(Account, shop.run).state = state
    page = words(browse(bob).get(f"/customers/{shop.run}/services"))
    assert said in page and ("becomes active" in page) == (state == "inactive")


def test_a_larger_plan_now_and_the_smaller_only_next(shop, browse):
    base, browser = f"/account/{shop.own}", browse(shop.owner)
    answer, agreed, _ = order(browser, base, shop.bigger, 1)
    assert answer.status_code == 303 and agreed == 2400
    refused = browser.get(f"{base}/services/{shop.desk}?quantity=1&when=now")
    assert refused.status_code == 422 and "A smaller plan begins with the next period." in words(refused)
    order(browser, base, shop.desk, 1, "next")
    assert "Desk Phone from 2 December 2026" in words(browser.get(f"{base}/services"))


def test_option_2_is_changed_by_the_white_label_at_wholesale(shop, browse, bob):
    answer, agreed, quote = order(browse(bob), f"/customers/{shop.run}", shop.seat, 3)
    assert answer.status_code == 303 and agreed == 3 * 300 * 12 // 10 and "£10.80" in quote
    assert rows(shop, shop.run) == [("seat", 3, None)]


def test_a_one_off_can_be_bought_again(shop, browse):
    for _ in range(2):
        answer, agreed, _ = order(browse(shop.owner), f"/account/{shop.own}", shop.headset, 1)
        assert answer.status_code == 303 and agreed == 4800


class TestRefused:
    def test_a_quote_of_yesterday(self, shop, browse, clock):
        """Red without the agreed amount: the customer would be charged what nobody showed."""
        browser, path = browse(shop.owner), f"/account/{shop.own}/services/{shop.seat}"
        token = browser.token(f"{path}?quantity=1&when=now")
        clock.advance(minutes=1)
        answer = browser.post(path, data={"csrf_token": token, "quantity": 1, "when": "now", "agreed": 1079})
        assert answer.status_code == 409 and "This is not the sum that you were shown" in answer.text
        assert rows(shop, shop.own) == []

    def test_without_the_credit_the_page_says_what_is_missing_and_offers_no_confirmation(self, shop, browse):
        page = browse(shop.owner).get(f"/account/{shop.own}/services/{shop.seat}?quantity=20&when=now")
        assert "£116.00 is missing" in words(page) and "Confirm the change" not in page.text
        path, form = f"/account/{shop.own}/services/{shop.seat}", {"quantity": 20, "when": "now", "agreed": 21_600}
        answer = browse(shop.owner).submit(path, form, page=f"{path}?quantity=1&when=now")
        assert answer.status_code == 422 and rows(shop, shop.own) == []

    @on_sqlite
    @pytest.mark.parametrize("asked", ["quantity=-1&when=now", "quantity=x&when=now", "quantity=1&when=yesterday",
                                       "quantity=99999999999&when=now", "quantity=0&when=now", "quantity=&when=now"])
    def test_what_nobody_means(self, shop, browse, asked):
        answer = browse(shop.owner).get(f"/account/{shop.own}/services/{shop.seat}?{asked}")
        assert answer.status_code == 422 and "field-error" in answer.text

    @pytest.mark.parametrize("agreed", ["", "x", "1.5", "9" * 30, "--5", "-", "٣"])
    @on_sqlite
    def test_a_form_that_no_page_made(self, shop, browse, agreed):
        browser, path = browse(shop.owner), f"/account/{shop.own}/services/{shop.seat}"
        form = {"quantity": 1, "when": "now", "agreed": agreed}
        assert browser.submit(path, form, page=f"{path}?quantity=1&when=now").status_code in (400, 409)
        assert rows(shop, shop.own) == []

    def test_the_white_label_never_buys_for_an_option_1_customer(self, shop, browse, bob):
        """MISSION, decided 8. Red when the page alone hides the button."""
        browser, base = browse(bob), f"/customers/{shop.own}/services"
        assert "The customer pays, so the customer chooses" in words(browser.get(base))
        assert browser.get(f"{base}/{shop.seat}").status_code == 403
        form = {"quantity": 1, "when": "now", "agreed": 1080}
        assert browser.submit(f"{base}/{shop.seat}", form, page="/password/change").status_code == 403
        assert rows(shop, shop.own) == []

    def test_the_people_of_an_option_2_account_see_no_price_and_change_nothing(self, shop, browse):
        browser, base = browse(shop.guest), f"/account/{shop.run}/services"
        page = browser.get(base)
        assert page.status_code == 200 and "£" not in page.text and "looks after the services" in words(page)
        form = {"quantity": 1, "when": "now", "agreed": 360}
        assert browser.submit(f"{base}/{shop.seat}", form, page="/password/change").status_code == 403
        assert rows(shop, shop.run) == []

    def test_the_customer_sees_no_wholesale_price(self, shop, browse):
        browser, base = browse(shop.owner), f"/account/{shop.own}/services"
        for path in (base, f"{base}/{shop.seat}?quantity=2&when=now"):
            text = browser.get(path).text
            assert "holesale" not in text and "£3.00" not in text and "£7.20" not in text

    def test_a_suspended_account_changes_nothing(self, shop, browse):
        with transaction(shop.tenant.id) as db:
            db.load(Account, shop.own).state = "suspended"
        browser = browse(shop.owner)
        assert "while the account is active" in words(browser.get(f"/account/{shop.own}/services"))
        assert browser.get(f"/account/{shop.own}/services/{shop.seat}").status_code == 403

    def test_two_tabs_confirm_and_one_change_is_made(self, shop, browse):
        browser, path = browse(shop.owner), f"/account/{shop.own}/services/{shop.seat}"
        token = browser.token(f"{path}?quantity=2&when=now")
        form = {"quantity": 2, "when": "now", "agreed": 2160, "csrf_token": token}
        answers = [browser.post(path, data=form).status_code for _ in range(2)]
        assert answers == [303, 422] and rows(shop, shop.own) == [("seat", 2, None)]
        with reading(shop.tenant.id) as db:
            charged = db.scalars(select(Charge.first_day).where(Charge.item == "seat", Charge.book == "retail")).all()
        assert charged == [date(2026, 11, 2)]

    def test_what_was_confirmed_already_is_called_so(self, shop, browse):
        """Red when the wish is judged first: "that is what the account has already", as if somebody had asked it."""
        browser, path = browse(shop.owner), f"/account/{shop.own}/services/{shop.seat}"
        token = browser.token(f"{path}?quantity=2&when=now")
        form = {"quantity": 2, "when": "now", "agreed": 2160, "item": "seat", "csrf_token": token}
        answers = [browser.post(path, data=form) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 409]
        assert "Perhaps you confirmed it already" in words(answers[1])

    def test_two_tabs_confirm_one_headset_and_one_is_bought(self, shop, browse):
        """Red when the form does not carry the charge's name."""
        browser, path = browse(shop.owner), f"/account/{shop.own}/services/{shop.headset}"
        asked = f"{path}?quantity=1&when=now"
        assert 'name="item" value="headset"' in browser.get(asked).text
        form = {"quantity": 1, "when": "now", "agreed": 4800, "item": "headset", "csrf_token": browser.token(asked)}
        answers = [browser.post(path, data=form) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 409]
        assert "This was changed meanwhile" in words(answers[1])


class TestBeforeTheRunOfTheNight:
    """A period begins today, and the run that charges it has not come yet."""

    def test_the_second_quote_is_the_right_one(self, shop, browse, clock):
        """Red without `catch_up` after QuoteIsOld: no confirmation would ever fit."""
        browser, base = browse(shop.owner), f"/account/{shop.own}"
        order(browser, base, shop.seat, 1)
        clock.advance(days=30)
        browser = browse(shop.owner)
        refused = order(browser, base, shop.seat, 3)[0]
        assert refused.status_code == 409 and f'href="{base}/services"' in refused.text
        assert "What had begun by today is charged: £" in words(refused)
        answer, agreed, _ = order(browser, base, shop.seat, 3)
        assert answer.status_code == 303 and agreed == (2700 - 900) * 12 // 10

    @pytest.mark.parametrize("exemption", ["A charity", ""])
    def test_what_has_begun_keeps_its_tax(self, shop, browse, bob, clock, exemption):
        """An exempt customer turns taxable, or the other way. Red when the details are saved without `catch_up`."""
        with transaction(shop.tenant.id) as db:
            db.load(Account, shop.own).tax_exemption = "" if exemption else "A charity"
        clock.advance(days=30)
        path = f"/customers/{shop.own}/details"
        browser = browse(bob)
        form = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', browser.get(path).text)[1]
                for name in ("name", "primary_domain", "contact_name", "contact_phone", "contact_email")}
        assert browser.submit(path, {**form, "tax_exemption": exemption}).status_code == 303
        clock.advance(days=31)
        bill_white_label(shop.tenant.id, clock().date(), by="a test")
        with reading(shop.tenant.id) as db:
            wanted = select(Charge.tax_minor).where(
                Charge.account_id == shop.own, Charge.item == "plan", Charge.book == "retail")
            taxes = db.scalars(wanted.order_by(Charge.number)).all()
        assert taxes[1:] == ([200, 0] if exemption else [0, 200])

    def test_what_has_begun_keeps_the_tax_of_its_region(self, shop, browse, bob, clock):
        """A customer moves from Ontario to Quebec. Red when the addresses are saved without `catch_up`, and when a move
        within a country counts for nothing."""
        with transaction(shop.tenant.id) as db:
            for region, ppm in (("ON", 130_000), ("QC", 50_000)):
                set_tax_rate(db, Taxed("CA", region), date(2026, 11, 3), ppm, by=COMMAND_LINE)
            there = update(Address).where(Address.account_id == shop.own, Address.kind == "business")
            db.execute(there.values(country="CA", region="Ontario"))
        clock.advance(days=30)
        move = {"line1": "1 Rue Rachel", "city": "Montréal", "region": "québec", "postcode": "h2x1y4", "country": "CA",
                "same_address": "y", "service_country": "CA"}
        assert browse(bob).submit(f"/customers/{shop.own}/addresses", move).status_code == 303
        clock.advance(days=31)
        bill_white_label(shop.tenant.id, clock().date(), by="a test")
        with reading(shop.tenant.id) as db:
            wanted = select(Charge.tax_minor).where(
                Charge.account_id == shop.own, Charge.item == "plan", Charge.book == "retail")
            assert db.scalars(wanted.order_by(Charge.number)).all() == [200, 130, 50]
