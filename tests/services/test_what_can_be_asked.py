"""The page of a change opens with what the account has, offers what can be done, and leads on from what cannot."""

import re
from datetime import date

import pytest

from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.catalogue.commands import set_tax_rate
from portal.catalogue.models import Plan
from portal.catalogue.prices import Taxed
from portal.kit.db import transaction
from tests.accounts.making import plan
from tests.cast import on_sqlite
from tests.services.test_changing import order, rows
from tests.signup.browsing import value, words

pytestmark = on_sqlite
TAKE_BACK = "Take the change back"


@pytest.fixture
def base(shop):
    return f"/account/{shop.own}"


@pytest.fixture
def owner(shop, browse):
    return browse(shop.owner)


def withdraw(browser, base, product_id):
    return browser.submit(f"{base}/services/{product_id}/withdrawal", page=f"{base}/services")


def test_it_opens_with_what_the_account_has(shop, owner, base):
    """Red with a default of 1: whoever pressed on was quoted a cut to one."""
    path = f"{base}/services/{shop.seat}"
    assert value(owner.get(path), "quantity") == "1" and "Now:" not in words(owner.get(path))
    order(owner, base, shop.seat, 3)
    assert value(owner.get(path), "quantity") == "3" and "Now: 3. 0 switches it off." in words(owner.get(path))


def test_it_opens_with_what_waits_to_begin(shop, owner, base):
    path = f"{base}/services/{shop.seat}"
    order(owner, base, shop.seat, 4, "next")
    page = owner.get(path)
    assert value(page, "quantity") == "4" and "From 2 December 2026: 4." in words(page)


def test_what_is_bought_once_opens_with_one_each_time(shop, owner, base):
    order(owner, base, shop.headset, 2)
    page = owner.get(f"{base}/services/{shop.headset}")
    assert value(page, "quantity") == "1" and "Now:" not in words(page)


def test_a_smaller_plan_is_offered_from_the_next_period_alone(shop, owner, base):
    """Red while "Now" stood there, chosen beforehand, and was always refused."""
    larger = owner.get(f"{base}/services/{shop.bigger}")
    assert 'type="radio"' in larger.text and "Now: Desk Phone." in words(larger)
    order(owner, base, shop.bigger, 1)
    smaller = owner.get(f"{base}/services/{shop.desk}")
    assert 'type="radio"' not in smaller.text and 'name="when" value="next"' in smaller.text
    assert "From the next period. A smaller plan begins with the next period." in words(smaller)
    quote = owner.get(f"{base}/services/{shop.desk}?quantity=1&when=next")
    assert "Confirm the change" in words(quote)


def test_what_did_not_begin_yet_is_offered_from_its_first_day_alone(shop, owner, base):
    order(owner, base, shop.seat, 1, "next")
    path = f"{base}/services/{shop.seat}"
    page = owner.get(path)
    assert 'type="radio"' not in page.text and "To have it from now, take the order back first." in words(page)
    refused = owner.get(f"{path}?quantity=2&when=now")
    assert refused.status_code == 422 and "It begins on 2 December 2026, and can be changed" in words(refused)


def test_an_order_that_waits_is_taken_back_and_had_from_now(shop, owner, base):
    """Red while only what ends was taken to be a change."""
    order(owner, base, shop.seat, 2, "next")
    page = words(owner.get(f"{base}/services"))
    assert page.count(TAKE_BACK) == 1 and "Change… Seat" in page
    assert withdraw(owner, base, shop.seat).status_code == 303 and rows(shop, shop.own) == []
    assert TAKE_BACK not in words(owner.get(f"{base}/services"))
    assert order(owner, base, shop.seat, 2)[0].status_code == 303


def test_an_order_that_was_changed_goes_back_one_step_at_a_time(shop, owner, base):
    order(owner, base, shop.seat, 2, "next")
    order(owner, base, shop.seat, 5, "next")
    assert withdraw(owner, base, shop.seat).status_code == 303
    assert "Seat × 2 From 2 December 2026" in words(owner.get(f"{base}/services"))
    assert withdraw(owner, base, shop.seat).status_code == 303
    assert rows(shop, shop.own) == []


def test_what_the_account_began_with_is_not_taken_back(shop, owner, base):
    assert TAKE_BACK not in words(owner.get(f"{base}/services"))
    refused = withdraw(owner, base, shop.desk)
    assert refused.status_code == 422 and f'href="{base}/services"' in refused.text


@pytest.mark.parametrize(("when", "said"), [
    ("now", "Seat × 3 is switched off today."),
    ("next", "Seat × 3 is switched off on 2 December 2026. Until then it stays as it is. No money moves now."),
])
def test_the_quote_says_what_is_switched_off(shop, owner, base, when, said):
    """Red with the day alone."""
    order(owner, base, shop.seat, 3)
    assert said in order(owner, base, shop.seat, 0, when)[2]


def test_an_order_that_is_switched_off_never_begins(shop, owner, base):
    order(owner, base, shop.seat, 3, "next")
    said = "Seat × 3, which was to begin on 2 December 2026, is not switched on."
    assert said in order(owner, base, shop.seat, 0, "next")[2]


class TestAPlanThatWaits:
    """Every other plan was offered meanwhile, and each was refused."""

    @pytest.fixture(autouse=True)
    def waits(self, shop, owner, base):
        with transaction(shop.tenant.id) as db:
            shop.team = plan(db, "team", retail_minor=2000).id
        order(owner, base, shop.bigger, 1, "next")

    def test_no_other_is_offered_and_what_waits_is_said(self, owner, base):
        page = owner.get(f"{base}/services")
        said = "A change waits: Plan bigger from 2 December 2026. To choose another plan, take it back first."
        assert "Choose…" not in page.text and said in words(page) and words(page).count(TAKE_BACK) == 1

    @pytest.mark.parametrize(("asked", "status"), [("", 200), ("?quantity=1&when=next", 422)])
    def test_another_one_leads_to_taking_it_back(self, shop, owner, base, asked, status):
        """From a page that was opened before."""
        page = owner.get(f"{base}/services/{shop.team}{asked}")
        assert page.status_code == status and "A change waits already Plan bigger from 2 December 2026." in words(page)
        at = re.search(r'action="([^"]+/withdrawal)"', page.text)[1]
        assert owner.submit(at, page=f"{base}/services/{shop.team}").status_code == 303
        assert "Choose…" in owner.get(f"{base}/services").text

    def test_confirming_another_one_leads_there_too(self, shop, owner, base):
        form = {"quantity": 1, "when": "next", "agreed": "1200"}
        refused = owner.submit(f"{base}/services/{shop.team}", form, page=f"{base}/services")
        assert refused.status_code == 422 and "A change waits already" in words(refused)
        assert f'href="{base}/services"' in refused.text


def test_nothing_is_nothing_at_any_rate_of_tax(shop, owner, base):
    """A free plan while the rate of tax rises. Red when the rates of two sums of nothing were compared."""
    with transaction(shop.tenant.id) as db:
        db.load(Plan, shop.bigger).opening_retail_minor = 0
        set_tax_rate(db, Taxed("GB", ""), date(2026, 12, 20), 210_000, by=COMMAND_LINE)
    quote = order(owner, base, shop.bigger, 1, "next")[2]
    assert "From 2 December 2026. £0.00 each month. No money moves now." in quote
    paid = words(owner.get(f"{base}/services/{shop.seat}?quantity=1&when=next"))
    assert "First £10.80 up to 1 January 2027, with VAT. Then £10.89 each month, with VAT." in paid


class TestForWantOfCredit:
    FORM = {"quantity": 20, "when": "now", "agreed": 96_000, "item": "headset"}

    def test_it_leads_to_where_credit_is_added_and_back(self, shop, owner, base):
        """Red with the start page alone."""
        path = f"{base}/services/{shop.headset}"
        refused = owner.submit(path, self.FORM, page=f"{path}?quantity=1&when=now")
        assert refused.status_code == 422 and "Add credit first" in words(refused)
        assert f'href="{base}/credit">Add credit</a>' in refused.text and f'href="{base}/services"' in refused.text
        quote = owner.get(f"{path}?quantity=20&when=now")
        assert f'href="{base}/credit">Add credit</a>' in quote.text

    def test_a_white_label_reads_what_it_can_do(self, shop, browse, bob):
        base = f"/customers/{shop.run}"
        path, form = f"{base}/services/{shop.headset}", {**self.FORM, "quantity": 5000, "agreed": 5000 * 360}
        refused = browse(bob).submit(path, form, page=path)
        assert refused.status_code == 409 and "Ask the operator for credit" in words(refused)
        assert f'href="{base}/services"' in refused.text and "Add credit" not in refused.text


def test_a_refusal_of_the_state_leads_back(shop, owner, base):
    with transaction(shop.tenant.id) as db:
        db.load(Account, shop.own).state = "suspended"
    refused = owner.get(f"{base}/services/{shop.seat}")
    assert refused.status_code == 403 and f'href="{base}/services"' in refused.text
