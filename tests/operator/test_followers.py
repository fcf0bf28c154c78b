"""What the default list says of those that follow it: how many accounts, from which day, and at which tax."""

from datetime import date

import pytest

from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import carry_out, to_agree_minor, work_out
from portal.billing.wishes import When, Wish
from portal.catalogue.models import Plan, Price, PriceCorrection, Service
from portal.kit import jobs
from portal.kit.db import transaction
from portal.operator import flows
from portal.operator.commands import NewPlan, NewService, add_plan, add_service
from portal.whitelabels.queries import white_label
from tests.accounts.making import active, customer, plan, white_label_in
from tests.cast import on_both, on_sqlite
from tests.operator.conftest import page_of
from tests.signup.browsing import errors, value, words

DEFAULT = "/operator/prices"
TYPED = {"price": "5.00", "setup": "2.50", "valid_from": "2026-12-01"}


@pytest.fixture
def listed(cast, olga, clock):
    """A seat in the default list."""
    with transaction(cast.operator.id) as db:
        return add_service(db, NewService("seat", "Seat", "", 450, 300, 200_000), by=olga.actor)


@pytest.fixture
def offer(desk, listed):
    return lambda company: desk.send(
        f"{DEFAULT}/{listed.id}/offers", {"offer-white_label": str(company.id), "offer-tax": "17.5"})


@pytest.fixture
def east(clock):
    """A white label in pounds that lives by Tokyo's clock."""
    made = white_label_in("GBP", "east.localhost", credit_minor=100_000)
    with transaction(made.id) as db:
        white_label(db).time_zone = "Asia/Tokyo"
    return made


def holds(company, code, name):
    """A customer that has a seat."""
    with transaction(company.id) as db:
        account = active(db, customer(db, plan(db, code).id, name=name))
        seat = db.query(Service).filter_by(code="seat").one()
        quoted = work_out(db, account, Wish(seat, 1, When.NOW))
        carry_out(db, account, quoted.wish, agreed_minor=to_agree_minor(account, quoted), by=COMMAND_LINE)


@on_both
def test_accounts_of_all_followers_are_counted(desk, listed, offer, northwind, east):
    """Red when the operator's own tenant is counted: 0 always."""
    for company in (northwind, east):
        offer(company)
        holds(company, "a", "One")
    holds(northwind, "b", "Two")
    assert "Seat Service, each month, seat £3.00" in words(desk.get(DEFAULT))
    assert '<td class="n" data-label="Accounts">3</td>' in desk.get(DEFAULT).text
    assert "3 accounts" in words(desk.get(f"{DEFAULT}/{listed.id}"))
    review = words(desk.get(f"{DEFAULT}/{listed.id}/price", query_string=TYPED))
    assert "but where a price of their own goes before it. 3 accounts have it." in review


@on_sqlite
def test_the_first_day_is_one_that_has_begun_for_no_follower(desk, listed, offer, east, clock, rows, browse, olga):
    """Red with the operator's tomorrow, which the form names and then refuses."""
    offer(east)
    clock.advance(hours=6)
    desk = browse(olga)
    page = words(desk.get(f"{DEFAULT}/{listed.id}"))
    why = "3 November 2026 has begun for East Phones already"
    assert f"4 November 2026 at the earliest: {why}." in page and "Tomorrow, " not in page
    path = f"{DEFAULT}/{listed.id}/price"
    for day in ("2026-11-02", "2026-11-03"):
        refused = desk.get(path, query_string={**TYPED, "valid_from": day})
        assert errors(refused) == {"valid_from": f"Choose 4 November 2026 or a later day: {why}."}
        assert desk.submit(path, {**TYPED, "valid_from": day}, page=f"{DEFAULT}/{listed.id}").status_code == 422
    assert rows(Price) == []
    assert desk.get(path, query_string={**TYPED, "valid_from": "2026-11-04"}).status_code == 200


@on_sqlite
def test_what_cannot_be_withdrawn_is_said_on_the_products_page(desk, listed, offer, east, clock, rows, browse, olga):
    """Red with a page of its own for the refusal, from which no way leads back."""
    offer(east)
    path, on = f"{DEFAULT}/{listed.id}", {"valid_from": "2026-11-05"}
    desk.send(f"{path}/price", {**TYPED, **on})
    clock.advance(days=2, hours=6)
    desk = browse(olga)
    answer = desk.submit(f"{path}/price/withdrawal", on, page=path)
    assert (answer.status_code, answer.location) == (303, path) and len(rows(Price, source="own")) == 1
    assert ("The price from 5 November 2026 stays: its day has begun for a white label that follows already. "
            "A new price from a later day puts it right.") in words(desk.get(path))


@on_sqlite
@pytest.mark.parametrize("whose", ["default", "own"])
def test_withdrawing_twice_is_told(desk, listed, northwind, whose):
    """Red with "There is no such page here"."""
    path = f"{DEFAULT}/{listed.id}" if whose == "default" else f"{page_of(northwind)}/prices/{northwind.plans['desk']}"
    desk.send(f"{path}/price", TYPED)
    for said in ("The wholesale price is withdrawn. No money moved.",
                 "No price from 1 December 2026 was there to withdraw. Nothing was changed."):
        assert desk.send(f"{path}/price/withdrawal", {"valid_from": "2026-12-01"}).status_code == 303
        assert said in words(desk.get(path))


@pytest.fixture
def line(cast, desk, northwind, east, olga, clock):
    """A plan of the list that both follow, with a price from 5 November; a customer of East Phones whose first day is
    12 November was charged for it at its activation."""
    with transaction(cast.operator.id) as db:
        line = add_plan(db, NewPlan("line", "Line", "", 1000, 400, 200_000), by=olga.actor)
    for company in (northwind, east):
        flows.offer(line.id, company.id, 0, by=olga.actor)
    desk.send(f"{DEFAULT}/{line.id}/price", {**TYPED, "valid_from": "2026-11-05"})
    jobs.run_due()
    with transaction(east.id) as db:
        own = db.query(Plan).filter_by(code="line").one()
        active(db, customer(db, own.id, name="One", first_day=date(2026, 11, 12)))
    return line


@on_sqlite
def test_what_a_follower_has_charged_at_is_neither_withdrawn_nor_replaced(desk, line, rows):
    """Red while the operator's own tenant alone was asked: East Phones kept a price that the list had no more."""
    path, on = f"{DEFAULT}/{line.id}", {"valid_from": "2026-11-05"}
    assert desk.send(f"{path}/price/withdrawal", on).location == path
    assert ("The price from 5 November 2026 stays: something was charged at it at East Phones already. "
            "A new price from a later day puts it right.") in words(desk.get(path))
    form = {**TYPED, **on, "price": "6.00"}
    for answer in (desk.get(f"{path}/price", query_string=form), desk.send(f"{path}/price", form)):
        assert answer.status_code == 422
        assert "charged at the price of this day at East Phones already" in errors(answer)["valid_from"]
    assert rows(PriceCorrection) == []
    assert desk.send(f"{path}/price", {**form, "valid_from": "2026-11-20"}).status_code == 303


@on_sqlite
class TestTheTaxThatIsProposed:
    def test_is_what_most_of_its_products_have(self, desk, listed, northwind):
        with transaction(northwind.id) as db:
            for code, ppm in (("a", 55_000), ("b", 55_000), ("c", 55_000), ("d", 55_000), ("e", 0)):
                plan(db, code, tax_ppm=ppm)
        assert value(desk.get(f"{DEFAULT}/{listed.id}"), "offer-tax") == "5.5"

    def test_is_that_of_its_wholesale_where_it_has_none(self, desk, listed, offer, northwind):
        offer(northwind)
        white_label_in("GBP", "west.localhost", wholesale_tax_ppm=88_750)
        assert value(desk.get(f"{DEFAULT}/{listed.id}"), "offer-tax") == "8.875"

    def test_is_none_where_nothing_is_known(self, desk, listed, offer, northwind, east):
        """Red with 20 for everybody."""
        offer(northwind)
        assert value(desk.get(f"{DEFAULT}/{listed.id}"), "offer-tax") == ""

    def test_is_said_of_each_where_they_differ(self, desk, listed, northwind):
        white_label_in("GBP", "west.localhost", wholesale_tax_ppm=88_750)
        page = desk.get(f"{DEFAULT}/{listed.id}")
        assert value(page, "offer-tax") == ""
        assert "Most of their products have: Northwind Telecom 20%, West Phones 8.875%." in words(page)
