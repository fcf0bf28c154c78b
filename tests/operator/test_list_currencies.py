"""The default list in several currencies: a product reaches the white labels of those in which it has a price."""

from datetime import date

import pytest

from portal.audit.models import AuditRow
from portal.catalogue.commands import NewOpening, NewPrice, PricedAlready, add_currency
from portal.catalogue.models import OpeningPrice, Plan, Price, Service
from portal.catalogue.pages import NotPriced
from portal.catalogue.queries import price_list
from portal.kit import jobs
from portal.kit.db import reading, scoped, transaction
from portal.operator import flows
from portal.operator.commands import NewPlan, NewService, add_plan, add_service
from tests.cast import on_both, on_sqlite
from tests.ledger.test_append_only import REFUSED
from tests.operator.conftest import page_of
from tests.signup.browsing import errors, words

DEFAULT = "/operator/prices"
OPENING = {"opening-retail": "9.00", "opening-wholesale": "6.00", "opening-retail_setup": "2",
           "opening-wholesale_setup": "1", "opening-reviewed": "yes"}


def typed(**differing):
    return {"price": "6.50", "setup": "1.50", "valid_from": "2026-12-01", **differing}


@pytest.fixture
def listed(cast, clock, olga):
    """A seat in the default list, in pounds alone."""
    with transaction(cast.operator.id) as db:
        return add_service(db, NewService("seat", "Seat", "", 450, 300, 200_000), by=olga.actor)


@pytest.fixture
def in_dollars(listed, olga):
    """The same seat, in New Zealand dollars, too."""
    with transaction(listed.white_label_id) as db:
        add_currency(db, listed, NewOpening("NZD", 900, 600, 200, 100), by=olga.actor)
    return listed


def offer(desk, listed, company, currency):
    form = {"offer-white_label": str(company.id), "offer-tax": "15"}
    return desk.send(f"{DEFAULT}/{listed.id}/offers?currency={currency}", form)


def set_price(desk, listed, currency, **differing):
    return desk.send(f"{DEFAULT}/{listed.id}/price?currency={currency}", typed(**differing))


def wholesale_on(company, day):
    with reading(company.id) as db:
        return price_list(db).wholesale(db.query(Service).filter_by(code="seat").one(), day)


class TestACurrencyIsAdded:
    @on_sqlite
    def test_where_the_page_says_that_it_is_missing_and_for_whom(self, desk, listed):
        page = words(desk.get(f"{DEFAULT}?currency=NZD"))
        assert "Nothing has a price in NZD yet" in page and "Without a price in NZD" in page and "Seat" in page
        page = words(desk.get(f"{DEFAULT}/{listed.id}?currency=NZD"))
        assert "No price in NZD yet" in page and "Kauri Voice cannot follow it until it has one." in page
        assert "£3.00 each a month" in page

    @on_sqlite
    def test_after_a_review_of_its_margin(self, desk, listed, rows):
        """Red when the first post saves."""
        answer = desk.send(f"{DEFAULT}/{listed.id}/currencies?currency=NZD", {**OPENING, "opening-reviewed": ""})
        assert answer.status_code == 200 and "Price Seat in NZD?" in words(answer)
        assert "Margin before tax NZ$3.00" in words(answer) and rows(OpeningPrice) == []

    @on_both
    def test_once_with_its_amounts_on_the_trail(self, desk, listed, rows, olga):
        for _ in range(2):
            answer = desk.send(f"{DEFAULT}/{listed.id}/currencies?currency=nzd", OPENING)
        (made,) = rows(OpeningPrice)
        assert (made.service_id, made.currency, made.retail_minor, made.wholesale_minor, made.retail_setup_minor,
                made.wholesale_setup_minor, made.set_by) == (listed.id, "NZD", 900, 600, 200, 100, olga.name)
        assert answer.status_code == 409 and "It has a price in this currency already" in words(answer)
        (act,) = rows(AuditRow, action="price.currency-added")
        assert (act.details["currency"], act.details["wholesale_minor"]) == ("NZD", 600)
        assert "NZ$6.00" in words(desk.get(f"{DEFAULT}?currency=NZD"))
        assert "NZ$" not in words(desk.get(DEFAULT))

    @on_sqlite
    def test_not_its_own(self, desk, listed, olga):
        assert desk.send(f"{DEFAULT}/{listed.id}/currencies", OPENING).status_code == 409
        with pytest.raises(PricedAlready), transaction(listed.white_label_id) as db:
            add_currency(db, listed, NewOpening("GBP", 900, 600), by=olga.actor)

    @on_sqlite
    @pytest.mark.parametrize(("currency", "wholesale", "minor"), [
        ("JPY", "610", 610), ("KWD", "1.234", 1234), ("JPY", "6.10", None), ("KWD", "1.2345", None),
        ("NZD", "6.105", None), ("NZD", "", None), ("NZD", "-1", None), ("NZD", "1e400", None), ("NZD", "1" * 15, None),
    ])
    def test_in_its_own_decimal_places(self, desk, listed, rows, currency, wholesale, minor):
        form = {**OPENING, "opening-retail": "900", "opening-wholesale": wholesale}
        answer = desk.send(f"{DEFAULT}/{listed.id}/currencies?currency={currency}", form)
        found = [(each.currency, each.wholesale_minor) for each in rows(OpeningPrice)]
        assert found == ([(currency, minor)] if minor is not None else [])
        assert minor is not None or "opening-wholesale" in errors(answer)

    @on_sqlite
    @pytest.mark.parametrize("code", ["XXX", "QQQ", "gb", "NZDD", "\u202eGB"])
    def test_that_there_is(self, desk, listed, rows, code):
        answer = desk.get(DEFAULT, query_string={"currency": code})
        assert answer.status_code == 422 and "currency" in errors(answer)
        for path in ("", "/price"):
            assert desk.get(f"{DEFAULT}/{listed.id}{path}", query_string={"currency": code}).status_code == 404
        answer = desk.post(f"{DEFAULT}/{listed.id}/currencies", query_string={"currency": code},
                           data={**OPENING, "csrf_token": desk.page_token})
        assert answer.status_code == 404 and rows(OpeningPrice) == []

    @on_sqlite
    def test_a_plan_with_its_least_first_payment_within_what_a_card_pays(self, desk, cast, olga, kauri, rows):
        with transaction(cast.operator.id) as db:
            plan = add_plan(db, NewPlan("gold", "Gold", "", 100, 50, 0, minimum_funding_minor=5000), by=olga.actor)
        path = f"{DEFAULT}/{plan.id}/currencies?currency=NZD"
        too_much = desk.send(path, {**OPENING, "opening-minimum_funding": "1,000,000.00"})
        assert "opening-minimum_funding" in errors(too_much)
        assert "opening-retail" in errors(desk.send(path, {**OPENING, "opening-retail": "1,000,000.00"}))
        assert desk.send(path, {**OPENING, "opening-minimum_funding": "70"}).status_code == 303
        assert "NZ$70.00" in words(desk.get(f"{DEFAULT}/{plan.id}?currency=NZD"))
        assert offer(desk, plan, kauri, "NZD").status_code == 303
        (own,) = rows(Plan, white_label_id=kauri.id, code="gold")
        assert (own.minimum_funding_minor, own.opening_retail_minor, own.opening_wholesale_setup_minor) == (
            7000, 900, 100)


class TestAProductIsOffered:
    @on_sqlite
    def test_at_the_amounts_of_the_white_labels_currency(self, desk, in_dollars, kauri, rows):
        """Red when the copy takes the product's own amounts: £4.50 would be sold as NZ$4.50."""
        page = words(desk.get(f"{DEFAULT}/{in_dollars.id}?currency=NZD"))
        assert "Kauri Voice" in page and "Northwind Telecom" not in page
        assert offer(desk, in_dollars, kauri, "NZD").status_code == 303
        (own,) = rows(Service, white_label_id=kauri.id)
        assert (own.opening_retail_minor, own.opening_retail_setup_minor, own.opening_wholesale_minor,
                own.opening_wholesale_setup_minor, own.tax_ppm) == (900, 200, 600, 100, 150_000)

    @on_sqlite
    def test_not_without_a_price_in_it(self, desk, listed, kauri, olga, rows):
        assert offer(desk, listed, kauri, "NZD").status_code == 409
        with pytest.raises(NotPriced):
            flows.offer(listed.id, kauri.id, 0, by=olga.actor)
        assert rows(Service, white_label_id=kauri.id) == []

    @on_sqlite
    def test_not_from_the_page_of_another_currency(self, desk, in_dollars, kauri, northwind):
        assert "offer-white_label" in errors(offer(desk, in_dollars, kauri, "GBP"))
        assert "offer-white_label" in errors(offer(desk, in_dollars, northwind, "NZD"))


class TestADatedPrice:
    @pytest.fixture
    def followed(self, in_dollars, kauri, northwind, olga):
        for company in (kauri, northwind):
            flows.offer(in_dollars.id, company.id, 0, by=olga.actor)
        return in_dollars

    @on_sqlite
    def test_reaches_the_followers_of_its_currency_alone(self, desk, followed, kauri, northwind):
        """Red when the list takes rows of any currency, or the job looks for followers of the operator's."""
        page = words(desk.get(f"{DEFAULT}/{followed.id}/price", query_string=typed(currency="NZD")))
        assert "It goes to Kauri Voice, but" in page and "NZ$6.00 NZ$6.50" in page
        assert set_price(desk, followed, "NZD").status_code == 303
        jobs.run_due()
        day = date(2026, 12, 1)
        assert (wholesale_on(kauri, day).minor, wholesale_on(kauri, day).setup_minor) == (650, 150)
        assert wholesale_on(northwind, day).minor == 300
        assert "NZ$6.50 from 1 Dec 2026" in words(desk.get(f"{DEFAULT}?currency=NZD"))
        assert "6.50" not in words(desk.get(f"{DEFAULT}/{followed.id}"))

    @on_both
    def test_of_one_day_in_two_currencies_is_two_prices(self, desk, followed, kauri, northwind, rows):
        """Put right and withdrawn each by itself. Red when a correction looks its price up without the currency."""
        day = date(2026, 12, 1)
        for currency, price in (("NZD", "6.50"), ("GBP", "3.50"), ("NZD", "7.00"), ("GBP", "3.75")):
            assert set_price(desk, followed, currency, price=price).status_code == 303
            jobs.run_due()
        assert (wholesale_on(kauri, day).minor, wholesale_on(northwind, day).minor) == (700, 375)
        desk.send(f"{DEFAULT}/{followed.id}/price/withdrawal?currency=NZD", {"valid_from": "2026-12-01"})
        jobs.run_due()
        assert (wholesale_on(kauri, day).minor, wholesale_on(northwind, day).minor) == (600, 375)
        assert {row.currency for row in rows(Price, white_label_id=kauri.id)} == {"NZD"}

    @on_sqlite
    def test_a_job_from_before_there_were_currencies_is_for_the_operators_own(self, desk, followed, kauri, northwind):
        set_price(desk, followed, "GBP", price="3.50")
        flows.follow({"product_id": str(followed.id), "valid_from": "2026-12-01"})
        assert wholesale_on(northwind, date(2026, 12, 1)).minor == 350

    @on_sqlite
    def test_needs_a_price_to_begin_with(self, desk, listed, rows, olga):
        assert set_price(desk, listed, "NZD").status_code == 409
        with pytest.raises(NotPriced), scoped(listed.white_label_id):
            flows.set_default_price(listed.id, NewPrice("wholesale", date(2026, 12, 1), 1, currency="NZD"),
                                    by=olga.actor)
        assert rows(Price) == []

    @on_sqlite
    def test_of_a_white_label_has_no_currency_to_choose(self, desk, kauri, rows):
        path = f"{page_of(kauri)}/prices/{kauri.plans['desk']}/price?currency=GBP"
        assert desk.send(path, typed()).status_code == 303
        assert [row.currency for row in rows(Price)] == ["NZD"]


@on_both
def test_what_it_opened_at_stays(in_dollars):
    """Append-only on both databases. Red without the triggers."""
    with pytest.raises(Exception, match=REFUSED), transaction(in_dollars.white_label_id) as db:
        db.query(OpeningPrice).one().wholesale_minor = 1
