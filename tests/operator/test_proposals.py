"""What is proposed: retail of the default list, which touches nobody who has the product, and the tax of a new one."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.catalogue.commands import NewOpening, NewPrice, TooLate, add_currency, set_price, set_tax_rate
from portal.catalogue.models import Plan, Price, Service
from portal.catalogue.prices import Taxed
from portal.catalogue.queries import price_list
from portal.kit.db import reading, transaction
from portal.operator.commands import NewService, add_service
from portal.whitelabels.queries import white_label
from tests.cast import on_sqlite
from tests.operator.conftest import page_of
from tests.signup.browsing import errors, value, words

DEFAULT = "/operator/prices"
pytestmark = on_sqlite


@pytest.fixture
def listed(cast, clock, olga):
    """A seat at 4.50 in pounds and 9.00 in New Zealand dollars."""
    with transaction(cast.operator.id) as db:
        made = add_service(db, NewService("seat", "Seat", "", 450, 300, 200_000), by=olga.actor)
        add_currency(db, made, NewOpening("NZD", 900, 600, 200, 100), by=olga.actor)
        return made


def propose(desk, listed, price, setup="0", currency="GBP"):
    form = {"proposed-price": price, "proposed-setup": setup}
    return desk.send(f"{DEFAULT}/{listed.id}/proposal?currency={currency}", form)


def offer(desk, listed, company):
    form = {"offer-white_label": str(company.id), "offer-tax": "15"}
    assert desk.send(f"{DEFAULT}/{listed.id}/offers?currency={company.currency}", form).status_code == 303


def retail(company, clock):
    with reading(company.id) as db:
        seat = db.scalars(select(Service).where(Service.code == "seat")).one()
        found = price_list(db).retail(seat, clock().date())
        return found.minor, found.setup_minor


def test_the_next_white_label_begins_with_it_and_the_one_before_keeps_its_own(desk, listed, northwind, clock, rows):
    """Also a second time on the same day. Red when the day of a proposal has to lie ahead, as that of a price."""
    offer(desk, listed, northwind)
    for price in ("5.00", "5.50"):
        answer = propose(desk, listed, price, "1.25")
        assert answer.status_code == 303 and retail(northwind, clock) == (450, 0)
    page = desk.get(f"{DEFAULT}/{listed.id}")
    assert "Retail today £5.50" in words(page) and value(page, "proposed-price") == "5.50"
    assert [row.action for row in rows(AuditRow) if row.action.startswith("price.re")] == ["price.replaced"]
    assert retail(northwind, clock) == (450, 0)


def test_each_currency_has_its_own(desk, listed, kauri, clock):
    propose(desk, listed, "5.00")
    propose(desk, listed, "11.00", "3.00", "NZD")
    offer(desk, listed, kauri)
    assert retail(kauri, clock) == (1100, 300)


def test_the_review_says_whom_it_touches_and_saves_nothing(desk, listed, northwind, rows):
    offer(desk, listed, northwind)
    asked = {"proposed-price": "2.50", "proposed-setup": "0"}
    page = words(desk.get(f"{DEFAULT}/{listed.id}/proposal", query_string=asked))
    assert "Propose £2.50 for Seat?" in page and "£4.50 £2.50" in page and "Below wholesale" in page
    assert "A white label to which it is offered from now on begins with it, and can set another." in page
    assert "Nobody's present price changes. Already there, at prices of their own: Northwind Telecom." in page
    assert rows(Price) == []


@pytest.mark.parametrize("price", ["", "-1", "1e400", "many", "1.001", "5\u202e", "9" * 30])
def test_what_is_no_amount_is_refused_beside_the_field(desk, listed, rows, price):
    asked = {"proposed-price": price, "proposed-setup": "0"}
    path = f"{DEFAULT}/{listed.id}/proposal"
    for answer in (desk.get(path, query_string=asked), desk.send(path, asked)):
        assert answer.status_code == 422 and list(errors(answer)) == ["proposed-price"]
    assert rows(Price) == []


def test_only_in_the_default_list_and_only_where_it_has_a_price(desk, listed, northwind, rows):
    offer(desk, listed, northwind)
    with reading(northwind.id) as db:
        seat = db.scalars(select(Service).where(Service.code == "seat")).one().id
    form = {"proposed-price": "5", "proposed-setup": "0"}
    assert desk.send(f"{page_of(northwind)}/prices/{seat}/proposal", form).status_code == 404
    assert desk.send(f"{DEFAULT}/{seat}/proposal", form).status_code == 404
    answer = desk.send(f"{DEFAULT}/{listed.id}/proposal?currency=JPY", form)
    assert answer.status_code in (404, 409) and rows(Price) == []


def test_what_customers_pay_today_stays(northwind, clock, olga):
    """Red when any retail price may hold from today."""
    with transaction(northwind.id) as db:
        plan = db.load(Plan, northwind.plans["desk"])
        with pytest.raises(TooLate):
            set_price(db, plan, NewPrice("retail", clock().date(), 100), by=olga.actor)


class TestTaxOfWhatIsAdded:
    """Red when 20 per cent stand in the form, whoever it is about."""

    def typed(self, desk, company):
        fields = ((f"{page_of(company)}/prices", "service-tax"), (page_of(company), "plan-tax"))
        first, second = (value(desk.get(path), name) for path, name in fields)
        assert first == second
        return first

    def test_it_is_what_most_of_its_products_have(self, desk, northwind):
        with transaction(northwind.id) as db:
            for each in (*db.query(Plan), *db.query(Service)):
                each.tax_ppm = 88_750
        assert self.typed(desk, northwind) == "8.875"

    def test_else_that_of_its_country_today_else_of_its_wholesale_else_none(self, desk, northwind, clock, olga, browse):
        with transaction(northwind.id) as db:
            for each in (*db.query(Plan), *db.query(Service)):
                each.retired_at = clock()
            white_label(db).opening_wholesale_tax_ppm = 0
        assert self.typed(desk, northwind) == ""
        with transaction(northwind.id) as db:
            white_label(db).opening_wholesale_tax_ppm = 50_000
        assert self.typed(desk, northwind) == "5"
        with transaction(northwind.id) as db:
            set_tax_rate(db, Taxed("GB"), clock().date() + timedelta(days=1), 0, by=olga.actor)
        assert self.typed(desk, northwind) == "5"
        clock.advance(days=1)
        assert self.typed(browse(olga), northwind) == "0"

    def test_of_the_default_list_it_is_that_of_the_list(self, desk, listed):
        page = desk.get(DEFAULT)
        assert value(page, "service-tax") == value(page, "plan-tax") == "20"

    def test_of_an_empty_list_none_is(self, desk):
        page = desk.get(DEFAULT)
        assert value(page, "service-tax") == value(page, "plan-tax") == ""
