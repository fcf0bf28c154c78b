"""The operator sets what white labels pay: each one's own price, and the default list that many follow."""

from datetime import date

import pytest

from portal.audit.models import AuditRow
from portal.catalogue.commands import NewPrice, TooLate
from portal.catalogue.models import Inclusion, Plan, Price, Service
from portal.catalogue.pages import NotPriced
from portal.catalogue.queries import price_list
from portal.kit import jobs
from portal.kit.db import reading, scoped, transaction
from portal.kit.jobs import Job
from portal.operator import flows
from portal.operator.commands import NewService, add_service
from tests.accounts.making import OPTION_2, active, customer, white_label_in
from tests.cast import on_sqlite
from tests.operator.conftest import page_of
from tests.signup.browsing import errors, value, words

DEFAULT = "/operator/prices"
SERVICE = {"service-code": "minutes", "service-name": "Minutes", "service-kind": "usage", "service-unit": "minutes",
           "service-per_units": "100", "service-retail": "1.20", "service-wholesale": "0.70", "service-tax": "20",
           "service-reviewed": "yes"}


def typed(**differing):
    return {"price": "5.00", "setup": "2.50", "valid_from": "2026-12-01", **differing}


@pytest.fixture
def path(northwind):
    return f"{page_of(northwind)}/prices/{northwind.plans['desk']}"


@pytest.fixture
def listed(cast, olga, clock):
    """A seat in the default list."""
    with transaction(cast.operator.id) as db:
        return add_service(db, NewService("seat", "Seat", "", 450, 300, 200_000), by=olga.actor)


def wholesale_on(company, code, day):
    with reading(company.id) as db:
        product = db.query(Service).filter_by(code=code).one_or_none() or db.query(Plan).filter_by(code=code).one()
        return price_list(db).wholesale(product, day).minor


class TestAServiceIsAdded:
    @pytest.mark.parametrize("where", ["own", "default"])
    def test_after_a_review_of_its_margin(self, desk, northwind, rows, where):
        """Red when the first post saves."""
        base = f"{page_of(northwind)}/prices" if where == "own" else DEFAULT
        answer = desk.send(f"{base}/services", {**SERVICE, "service-reviewed": ""})
        assert answer.status_code == 200 and "Margin before tax £0.50" in words(answer)
        assert rows(Service) == []

    def test_with_its_kind_unit_and_prices(self, desk, northwind, rows):
        assert desk.send(f"{page_of(northwind)}/prices/services", SERVICE).status_code == 303
        (made,) = rows(Service, code="minutes")
        assert (made.white_label_id, made.kind, made.unit, made.per_units) == (
            northwind.id, "usage", "minutes", 100)
        assert (made.opening_retail_minor, made.opening_wholesale_minor, made.tax_ppm) == (120, 70, 200_000)
        page = words(desk.get(f"{page_of(northwind)}/prices"))
        assert "Minutes Service, as used, minutes £0.70 for 100 minutes £1.20" in page
        assert "£0.50 wholesale is 58% of retail" in page

    @pytest.mark.parametrize(("field", "value", "error"), [
        ("code", "plan", "Charges of a plan have this code. Choose another one."),
        ("code", "setup", "Charges of a plan have this code. Choose another one."),
        ("minimum_units", "-1", "Write 0 to 1,000,000."),
    ])
    def test_not_with_a_plans_code_or_less_than_nothing(self, desk, northwind, rows, field, value, error):
        """A seat called `plan` would be charged as the plan is. Red without the check."""
        form = {**SERVICE, f"service-{field}": value}
        answer = desk.send(f"{page_of(northwind)}/prices/services", form)
        assert answer.status_code == 422 and error in words(answer)
        assert rows(Service, code=form["service-code"]) == []

    def test_a_code_is_taken_once(self, desk, northwind, rows):
        for _ in range(2):
            answer = desk.send(f"{page_of(northwind)}/prices/services", SERVICE)
        assert errors(answer) == {"service-code": "Another service has this code."} and len(rows(Service)) == 1

    @on_sqlite
    @pytest.mark.parametrize(("field", "text"), [
        ("kind", "weekly"), ("unit", ""), ("per_units", "0"), ("per_units", ""), ("per_units", "x"), ("code", "A B"),
        ("name", ""), ("retail", ""), ("wholesale", "-1"), ("tax", "101"), ("retail", "1" * 15),
    ])
    def test_what_is_wrong_is_said_beside_its_field(self, desk, northwind, rows, field, text):
        answer = desk.send(f"{page_of(northwind)}/prices/services", {**SERVICE, f"service-{field}": text})
        assert answer.status_code == 422 and f"service-{field}" in errors(answer) and rows(Service) == []

    @on_sqlite
    def test_only_usage_is_priced_by_the_hundred(self, desk, northwind):
        answer = desk.send(f"{page_of(northwind)}/prices/services", {**SERVICE, "service-kind": "one_off"})
        assert errors(answer) == {"service-per_units": "Only what is used is priced by more than one."}


class TestAPlan:
    def test_may_be_by_the_year_with_a_trial(self, desk, northwind, rows):
        form = {"plan-code": "year", "plan-name": "Year", "plan-retail": "120", "plan-wholesale": "90",
                "plan-tax": "20", "plan-months": "12", "plan-trial_days": "14", "plan-reviewed": "1"}
        assert desk.send(f"{page_of(northwind)}/plans", form).status_code == 303
        (plan,) = rows(Plan, code="year")
        assert (plan.months, plan.trial_days) == (12, 14)
        page = words(desk.get(f"{page_of(northwind)}/prices/{plan.id}"))
        assert "Plan, each year" in page and "Trial 14 days" in page and "£90.00 a year" in page

    @on_sqlite
    @pytest.mark.parametrize(("field", "text"), [("months", "6"), ("trial_days", "-1"), ("trial_days", "400")])
    def test_is_by_the_month_or_the_year(self, desk, northwind, rows, field, text):
        form = {"plan-code": "odd", "plan-name": "Odd", "plan-retail": "1", "plan-wholesale": "1", "plan-tax": "0"}
        answer = desk.send(f"{page_of(northwind)}/plans", {**form, f"plan-{field}": text})
        assert f"plan-{field}" in errors(answer) and rows(Plan, code="odd") == []

    def test_holds_services(self, desk, northwind, path, rows):
        desk.send(f"{page_of(northwind)}/prices/services", SERVICE)
        (service,) = rows(Service)
        with transaction(northwind.id) as db:
            active(db, customer(db, northwind.plans["desk"], OPTION_2))

        def hold(quantity):
            return desk.send(f"{path}/inclusions", {"held-service": str(service.id), "held-quantity": quantity})
        assert "No service comes with this plan." in words(desk.get(path))
        hold("500")
        assert "Minutes 500 minutes Service" in words(desk.get(path))
        assert hold("1000").status_code == 303
        assert "changed from 3 November 2026 on" in (shown := words(desk.get(path)))
        assert "Minutes 500 minutes; 1,000 minutes from 3 November 2026 Service" in shown
        assert "held-quantity" in errors(hold("-1")) and "held-quantity" in errors(hold(""))
        hold("0")
        assert "Minutes 500 minutes; none from 3 November 2026 Service" in words(desk.get(path))
        assert sorted(each.quantity for each in rows(Inclusion)) == [0, 500]

    @on_sqlite
    def test_says_from_when_on_it_holds_a_service(self, desk, northwind, path, rows):
        """Every period at first, then from the day after the last that is settled. Red when the page says tomorrow."""
        desk.send(f"{page_of(northwind)}/prices/services", SERVICE)
        (service,) = rows(Service)
        with transaction(northwind.id) as db:
            active(db, customer(db, northwind.plans["desk"], OPTION_2))
        form = {"held-service": str(service.id), "held-quantity": "500"}
        assert "Minutes, in every period" in words(desk.get(path))
        desk.send(f"{path}/inclusions", form)
        shown = words(desk.get(path))
        assert "changed in every period. No money moved." in shown and "Minutes, from 3 November 2026 on" in shown

    @on_sqlite
    def test_does_not_offer_to_hold_what_is_bought_once(self, desk, northwind, path, rows, olga):
        with transaction(northwind.id) as db:
            prices = {"retail_minor": 450, "wholesale_minor": 300, "tax_ppm": 200_000}
            service = add_service(db, NewService("headset", "Headset", "", kind="one_off", **prices), by=olga.actor)
            seat = add_service(db, NewService("seat", "Seat", "", **prices), by=olga.actor)
        answer = desk.send(f"{path}/inclusions", {"held-service": str(service.id), "held-quantity": "1"})
        assert "held-service" in errors(answer) and rows(Inclusion) == []
        shown = words(desk.get(path))
        assert f"{seat.name}, in every period" in shown and "Headset" not in shown

    @on_sqlite
    def test_holds_no_service_of_another_white_label(self, desk, northwind, kauri, path, rows):
        for company in (northwind, kauri):
            desk.send(f"{page_of(company)}/prices/services", SERVICE)
        (theirs,) = rows(Service, white_label_id=kauri.id)
        answer = desk.send(f"{path}/inclusions", {"held-service": str(theirs.id), "held-quantity": "1"})
        assert "held-service" in errors(answer) and rows(Inclusion) == []


class TestAWholesalePrice:
    def test_is_reviewed_with_both_sides_and_saves_nothing(self, desk, northwind, path, rows):
        with transaction(northwind.id) as db:
            active(db, customer(db, northwind.plans["desk"], OPTION_2))
        page = words(desk.get(f"{path}/price", query_string=typed()))
        for line in ("Wholesale of Desk Phone from 1 December 2026?", "Wholesale a month £4.00 £5.00",
                     "Retail that day £10.00 £10.00", "Margin before tax £6.00 £5.00",
                     "Wholesale, share of retail 40% 50%", "1 account has it.",
                     "It holds from 1 December 2026; periods already begun keep their price."):
            assert line in page, line
        assert rows(Price) == []

    def test_is_set_by_the_confirmation_and_is_on_the_trail(self, desk, northwind, path, rows, olga):
        page = desk.get(f"{path}/price", query_string=typed())
        form = {name: value(page, name) for name in ("price", "setup", "valid_from")}
        assert desk.send(f"{path}/price", form).status_code == 303
        (price,) = rows(Price)
        assert (price.white_label_id, price.side, price.source, price.minor, price.setup_minor) == (
            northwind.id, "wholesale", "own", 500, 250)
        (act,) = rows(AuditRow, action="price.set")
        assert act.actor_name == olga.name and act.details["side"] == "wholesale"
        assert "£5.00 from 1 Dec 2026" in words(desk.get(f"{page_of(northwind)}/prices"))

    def test_a_day_that_has_begun_is_refused_beside_its_field(self, desk, path, rows):
        wrong = typed(valid_from="2026-11-02")
        for answer in (desk.send(f"{path}/price", wrong), desk.get(f"{path}/price", query_string=wrong)):
            assert answer.status_code == 422 and "valid_from" in errors(answer)
        assert rows(Price) == []

    def test_before_its_day_it_is_replaced_and_withdrawn(self, desk, path, northwind):
        for price, minor in (("5.00", 500), ("6.00", 600)):
            desk.send(f"{path}/price", typed(price=price))
            assert wholesale_on(northwind, "desk", date(2026, 12, 1)) == minor
        assert desk.send(f"{path}/price/withdrawal", {"valid_from": "2026-12-01"}).status_code == 303
        assert wholesale_on(northwind, "desk", date(2026, 12, 1)) == 400
        assert desk.send(f"{path}/price/withdrawal", {"valid_from": "soon"}).status_code == 400

    @on_sqlite
    def test_a_day_is_the_white_labels_own(self, desk, kauri, clock, browse, olga):
        """In Auckland tomorrow has begun. Red when the day is asked for on the operator's clock."""
        clock.advance(hours=4)
        path, desk = f"{page_of(kauri)}/prices/{kauri.plans['desk']}/price", browse(olga)
        assert "valid_from" in errors(desk.get(path, query_string=typed(valid_from="2026-11-03")))
        assert desk.get(path, query_string=typed(valid_from="2026-11-04")).status_code == 200


class TestTheDefaultList:
    def offer(self, desk, listed, company):
        return desk.send(f"{DEFAULT}/{listed.id}/offers", {"offer-white_label": str(company.id), "offer-tax": "17.5"})

    def test_a_product_is_listed_and_offered(self, desk, northwind, rows, cast):
        assert desk.send(f"{DEFAULT}/services", SERVICE).status_code == 303
        (listed,) = rows(Service, white_label_id=cast.operator.id)
        assert self.offer(desk, listed, northwind).status_code == 303
        (own,) = rows(Service, white_label_id=northwind.id)
        assert (own.code, own.name, own.listed_name, own.kind, own.unit, own.per_units) == (
            "minutes", "Minutes", "Minutes", "usage", "minutes", 100)
        assert (own.opening_retail_minor, own.opening_wholesale_minor, own.tax_ppm) == (120, 70, 175_000)
        assert "Northwind Telecom" in words(desk.get(f"{DEFAULT}/{listed.id}"))

    def test_a_plan_is_listed_and_offered(self, desk, northwind, rows, cast):
        form = {"plan-code": "gold", "plan-name": "Gold", "plan-retail": "120", "plan-wholesale": "90",
                "plan-tax": "20", "plan-months": "12", "plan-trial_days": "7", "plan-minimum_funding": "50",
                "plan-reviewed": "1"}
        assert desk.send(f"{DEFAULT}/plans", form).status_code == 303
        (listed,) = rows(Plan, white_label_id=cast.operator.id)
        self.offer(desk, listed, northwind)
        (own,) = rows(Plan, white_label_id=northwind.id, code="gold")
        assert (own.months, own.trial_days, own.minimum_funding_minor, own.listed_name) == (12, 7, 5000, "Gold")
        assert "plan-code" in errors(desk.send(f"{DEFAULT}/plans", form))

    def test_a_new_price_reaches_those_that_follow(self, desk, northwind, listed, rows):
        self.offer(desk, listed, northwind)
        page = words(desk.get(f"{DEFAULT}/{listed.id}/price", query_string=typed()))
        assert "It goes to Northwind Telecom, but where a price of their own goes before it." in page
        assert desk.send(f"{DEFAULT}/{listed.id}/price", typed()).status_code == 303
        jobs.run_due()
        (price,) = rows(Price, source="default")
        assert (price.white_label_id, price.side, price.minor, price.set_by) == (
            northwind.id, "wholesale", 500, "Olga Brandt")
        assert wholesale_on(northwind, "seat", date(2026, 11, 30)) == 300
        assert wholesale_on(northwind, "seat", date(2026, 12, 1)) == 500
        own = rows(Service, white_label_id=northwind.id)[0]
        assert "Olga Brandt, default list" in words(desk.get(f"{page_of(northwind)}/prices/{own.id}"))

    def test_a_price_that_is_put_right_or_withdrawn_is_so_for_those_that_follow(self, desk, northwind, listed):
        """Red when the job only sets what is missing."""
        self.offer(desk, listed, northwind)
        for price, minor in (("5.00", 500), ("6.00", 600)):
            desk.send(f"{DEFAULT}/{listed.id}/price", typed(price=price))
            jobs.run_due()
            assert wholesale_on(northwind, "seat", date(2026, 12, 1)) == minor
        assert desk.send(f"{DEFAULT}/{listed.id}/price/withdrawal", {"valid_from": "2026-12-01"}).status_code == 303
        jobs.run_due()
        assert wholesale_on(northwind, "seat", date(2026, 12, 1)) == 300

    def test_a_price_of_its_own_goes_before_it(self, desk, northwind, listed, rows):
        self.offer(desk, listed, northwind)
        own = rows(Service, white_label_id=northwind.id)[0]
        desk.send(f"{page_of(northwind)}/prices/{own.id}/price", typed(price="2.80"))
        desk.send(f"{DEFAULT}/{listed.id}/price", typed(valid_from="2026-12-20"))
        jobs.run_due()
        assert len(rows(Price, source="default")) == 1
        assert wholesale_on(northwind, "seat", date(2026, 12, 31)) == 280

    def test_a_product_that_did_not_come_from_the_list_does_not_follow_it(self, desk, northwind, listed, rows, bob):
        """The same code by chance. Red without `listed_name` in the search."""
        with transaction(northwind.id) as db:
            add_service(db, NewService("seat", "Our seat", "", 450, 300, 0), by=bob.actor)
        desk.send(f"{DEFAULT}/{listed.id}/price", typed())
        jobs.run_due()
        assert rows(Price, source="default") == []
        assert "offer-white_label" in errors(self.offer(desk, listed, northwind))

    def test_who_gets_it_later_gets_the_prices_to_come(self, desk, northwind, listed, clock, olga):
        with scoped(listed.white_label_id):
            flows.set_default_price(listed.id, NewPrice("wholesale", date(2026, 11, 10), 310), by=olga.actor)
            flows.set_default_price(listed.id, NewPrice("wholesale", date(2026, 12, 10), 320), by=olga.actor)
        clock.advance(days=9)
        flows.offer(listed.id, northwind.id, 0, by=olga.actor)
        jobs.run_due()
        assert [wholesale_on(northwind, "seat", date(2026, *day)) for day in ((11, 11), (12, 9), (12, 10))] == [
            310, 310, 320]

    def test_following_twice_changes_nothing(self, desk, northwind, listed, rows):
        """A job is done at least once."""
        self.offer(desk, listed, northwind)
        desk.send(f"{DEFAULT}/{listed.id}/price", typed())
        for _ in range(3):
            flows.follow({"product_id": str(listed.id), "valid_from": "2026-12-01"})
        assert len(rows(Price, source="default")) == 1

    @on_sqlite
    def test_a_follower_that_is_reached_too_late_is_named(self, desk, northwind, listed, rows, clock):
        """Red when the day is passed over: the white label would pay the old price and nobody would know."""
        self.offer(desk, listed, northwind)
        desk.send(f"{DEFAULT}/{listed.id}/price", typed(valid_from="2026-11-04"))
        clock.advance(days=5)
        jobs.run_due()
        (failed,) = rows(Job, state="failed")
        assert "came too late for Northwind Telecom" in failed.last_error
        assert rows(Price, source="default") == []

    @on_sqlite
    def test_it_is_for_its_own_currency(self, desk, kauri, listed, olga, rows):
        page = desk.get(f"{DEFAULT}/{listed.id}").text
        assert "Northwind Telecom" in page and "Kauri Voice" not in page
        assert "offer-white_label" in errors(self.offer(desk, listed, kauri))
        with pytest.raises(NotPriced):
            flows.offer(listed.id, kauri.id, 0, by=olga.actor)
        assert rows(Service, white_label_id=kauri.id) == []

    @on_sqlite
    def test_a_day_that_has_begun_at_a_follower_is_refused(self, desk, listed, clock, rows, olga):
        """A white label in pounds that lives by Tokyo's clock."""
        east = white_label_in("GBP", "east.localhost")
        with transaction(east.id) as db:
            from portal.whitelabels.queries import white_label
            white_label(db).time_zone = "Asia/Tokyo"
        self.offer(desk, listed, east)
        clock.advance(hours=6)
        with pytest.raises(TooLate), scoped(listed.white_label_id):
            flows.set_default_price(listed.id, NewPrice("wholesale", date(2026, 11, 3), 310), by=olga.actor)
        assert rows(Price) == []


@on_sqlite
def test_a_product_of_another_tenant_is_not_found(desk, northwind, kauri, cast, listed):
    for path in (f"{page_of(kauri)}/prices/{northwind.plans['desk']}", f"{DEFAULT}/{northwind.plans['desk']}",
                 f"{page_of(northwind)}/prices/{listed.id}", f"/operator/white-labels/{cast.operator.id}/prices"):
        assert desk.get(path).status_code == 404, path
    assert desk.send(f"{page_of(kauri)}/prices/{northwind.plans['desk']}/price", typed()).status_code == 404
