"""What a plan holds is read where services are chosen: what the account has, what it may have, and what it costs."""

import pytest

from portal.audit.commands import COMMAND_LINE
from portal.catalogue.commands import include
from portal.catalogue.models import Plan, Service
from portal.kit.db import transaction
from tests.cast import on_sqlite
from tests.services.test_changing import order
from tests.signup.browsing import words

pytestmark = on_sqlite


@pytest.fixture
def held(shop):
    """Two seats and a thousand minutes come with the plan that both have, and one seat with the bigger one."""
    with transaction(shop.tenant.id) as db:
        desk, bigger, seat = db.load(Plan, shop.desk), db.load(Plan, shop.bigger), db.load(Service, shop.seat)
        include(db, desk, seat, 2, by=COMMAND_LINE)
        include(db, desk, db.load(Service, shop.minutes), 1000, by=COMMAND_LINE)
        include(db, bigger, seat, 1, by=COMMAND_LINE)
    return shop


def test_it_stands_beside_what_is_offered_on_either_side(held, browse, bob):
    for who, base in ((held.owner, f"/account/{held.own}"), (bob, f"/customers/{held.run}")):
        page = words(browse(who).get(f"{base}/services"))
        assert "2 come with the plan" in page and "1,000 minutes come with the plan" in page
        assert "With it: Seat × 1" in page and page.count("with the plan") == 2


@pytest.mark.parametrize(("quantity", "said"), [(1, "Comes with the plan"), (2, "Comes with the plan"),
                                                (3, "2 of them come with the plan")])
def test_it_stands_beside_what_the_account_has(held, browse, quantity, said):
    base, browser = f"/account/{held.own}", browse(held.owner)
    order(browser, base, held.seat, quantity)
    assert said in words(browser.get(f"{base}/services"))


def test_a_quote_says_what_costs_nothing_more_and_why(held, browse):
    """Red with the sum alone: £0.00 each month, with VAT."""
    base, browser = f"/account/{held.own}", browse(held.owner)
    _, agreed, quote = order(browser, base, held.seat, 2)
    assert agreed == 0 and "At no further charge: it comes with the plan. No money moves now." in quote
    _, agreed, quote = order(browser, base, held.seat, 3)
    assert agreed == 1080 and "Seat × 3, of which 2 come with the plan" in quote
    assert "Then £10.80 each month, with VAT." in quote


def test_what_is_free_by_its_price_does_not_come_with_the_plan(shop, browse):
    with transaction(shop.tenant.id) as db:
        seat = db.load(Service, shop.seat)
        seat.opening_retail_minor = 0
    _, _, quote = order(browse(shop.owner), f"/account/{shop.own}", shop.seat, 1)
    assert "Then £0.00 each month" in quote and "comes with the plan" not in quote


def test_the_white_label_reads_it_on_the_page_of_its_prices(held, browse, bob):
    page = words(browse(bob).get(f"/settings/prices/{held.desk}"))
    assert "Holds Minutes 1,000 minutes Seat 2 At no further charge. The operator decides it." in page
    assert "Holds" not in words(browse(bob).get(f"/settings/prices/{held.seat}"))
