"""The white label sets what its customers pay, and sees what is left for it before anything is saved."""

from datetime import date

import pytest

from portal.audit.commands import COMMAND_LINE
from portal.audit.models import AuditRow
from portal.catalogue.commands import NewPrice, set_price
from portal.catalogue.models import Plan, Price
from portal.catalogue.queries import price_list
from portal.kit.db import reading, transaction
from portal.operator.commands import NewService, add_service
from tests.accounts.making import OPTION_2, active, charge_month, customer, plan
from tests.cast import on_sqlite
from tests.signup.browsing import Wizard, errors, is_ticked, value, words

PRICES = "/settings/prices"


@pytest.fixture
def desk(browse, bob, clock):
    return browse(bob)


@pytest.fixture
def path(northwind):
    return f"{PRICES}/{northwind.plans['desk']}"


def typed(**differing):
    return {"price": "12.50", "setup": "5", "valid_from": "2026-12-01", **differing}


def prices_of(northwind):
    with reading(northwind.id) as db:
        return [(p.side, p.source, p.valid_from, p.minor, p.setup_minor, p.set_by) for p in db.query(Price)]


def retail_on(northwind, day):
    with reading(northwind.id) as db:
        return price_list(db).retail(db.load(Plan, northwind.plans["desk"]), day).minor


class TestTheList:
    def test_shows_both_prices_and_the_margin_before_tax(self, desk):
        page = words(desk.get(PRICES))
        assert "Desk Phone Plan, each month £10.00 a month £4.00 a month £6.00 60% of retail 0" in page
        assert "Courtesy Plan, each month £0.00 a month £4.00 a month −£4.00 Loss 1" in page

    def test_shows_the_next_price_and_its_day(self, desk, northwind, bob):
        with transaction(northwind.id) as db:
            plan = db.load(Plan, northwind.plans["desk"])
            set_price(db, plan, NewPrice("retail", date(2026, 12, 1), 1250), by=bob.actor)
            set_price(db, plan, NewPrice("wholesale", date(2027, 1, 1), 500), by=bob.actor)
        page = words(desk.get(PRICES))
        assert "£10.00 £12.50 from 1 Dec 2026 £4.00 £5.00 from 1 Jan 2027" in page

    @on_sqlite
    def test_services_are_there_with_what_their_price_is_for(self, desk, northwind, bob):
        with transaction(northwind.id) as db:
            for kind, unit, per in (("usage", "minutes", 100), ("one_off", "each", 1), ("recurring", "seat", 1)):
                add_service(db, NewService(kind, f"The {kind}", "", 200, 120, 0, kind=kind, unit=unit, per_units=per),
                            by=bob.actor)
        page = words(desk.get(PRICES))
        assert "for 100 minutes" in page and "£2.00 each £1.20 each" in page and "for one seat a month" in page


class TestANewPrice:
    def test_is_reviewed_with_the_margin_before_and_after_and_saves_nothing(self, desk, path, northwind):
        page = words(desk.get(f"{path}/price", query_string=typed()))
        for line in ("Retail a month £10.00 £12.50", "Set-up £5.00 £5.00", "Margin before tax £6.00 £8.50",
                     "Margin, share of retail 60% 68%", "Wholesale that day £4.00 £4.00",
                     "It holds from 1 December 2026; periods already begun keep their price.",
                     "No account has it today."):
            assert line in page, line
        assert prices_of(northwind) == []

    def test_is_set_by_the_confirmation(self, desk, path, northwind, bob):
        page = desk.get(f"{path}/price", query_string=typed())
        form = {name: value(page, name) for name in ("price", "setup", "valid_from", "csrf_token")}
        assert desk.post(f"{path}/price", data=form).status_code == 303
        assert prices_of(northwind) == [("retail", "own", date(2026, 12, 1), 1250, 500, bob.name)]
        with reading(northwind.id) as db:
            (act,) = db.query(AuditRow).filter_by(action="price.set")
            assert act.actor_id == bob.id and act.details["minor"] == 1250

    def test_counts_who_has_it_and_warns_of_a_loss(self, desk, path, northwind):
        with transaction(northwind.id) as db:
            active(db, customer(db, northwind.plans["desk"], OPTION_2))
        page = words(desk.get(f"{path}/price", query_string=typed(price="3")))
        assert "1 account has it." in page and "Below wholesale" in page and "£6.00 −£1.00" in page

    def test_a_period_already_begun_keeps_its_price(self, desk, path, northwind, clock):
        """Red when a charge looks at the price of the day on which it is charged."""
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans["desk"], OPTION_2))
            account_id = account.id
        desk.submit(f"{path}/price", typed(valid_from="2026-11-20"), page=path)
        clock.advance(days=90)
        with transaction(northwind.id) as db:
            from portal.accounts.queries import held_customer_or_404
            from portal.billing.models import Charge
            for n in (1, 2):
                charge_month(db, held_customer_or_404(db, account_id), n)
            rows = db.query(Charge).filter_by(account_id=account_id, item="plan").order_by(Charge.first_day)
            assert [(r.first_day, r.retail_memo_minor) for r in rows] == [
                (date(2026, 11, 2), 1000), (date(2026, 12, 2), 1250), (date(2027, 1, 2), 1250)]

    @pytest.mark.parametrize("day", ["2026-11-02", "2026-11-01", "2020-01-01"])
    def test_a_day_that_has_begun_is_refused_beside_its_field(self, desk, path, northwind, day):
        for answer in (desk.get(f"{path}/price", query_string=typed(valid_from=day)),
                       desk.submit(f"{path}/price", typed(valid_from=day), page=path)):
            assert answer.status_code == 422
            assert errors(answer) == {"valid_from": "Choose tomorrow or a later day."}
        assert prices_of(northwind) == []

    def test_a_second_click_sets_nothing_more(self, desk, path, northwind):
        """Red with the second row taken, or with a crash on the unique key."""
        assert [desk.submit(f"{path}/price", typed(), page=path).status_code for _ in range(2)] == [303, 303]
        with reading(northwind.id) as db:
            assert db.query(AuditRow).filter(AuditRow.action.like("price.%")).count() == 1

    def test_before_its_day_it_is_replaced_and_withdrawn_with_before_and_after(self, desk, path, northwind):
        """Red when a day that was set is refused: a slip of the finger would be charged."""
        desk.submit(f"{path}/price", typed(), page=path)
        review = words(desk.get(f"{path}/price", query_string=typed(price="9")))
        assert "It replaces £12.50 a month and £5.00 set-up, which was set for that day." in review
        desk.submit(f"{path}/price", typed(price="9"), page=path)
        assert retail_on(northwind, date(2026, 12, 1)) == 900
        back = f"{path}/price/withdrawal"
        form = {"valid_from": "2026-12-01"}
        assert desk.submit(back, form, page=path).status_code == 303
        assert "The price is withdrawn." in words(desk.get(path))
        assert retail_on(northwind, date(2026, 12, 1)) == 1000 and "Dec 2026" not in words(desk.get(path))
        said = "No price from 1 December 2026 was there to withdraw. Nothing was changed."
        assert desk.submit(back, form, page=path).status_code == 303 and said in words(desk.get(path))
        desk.submit(f"{path}/price", typed(price="8"), page=path)
        assert retail_on(northwind, date(2026, 12, 1)) == 800
        with reading(northwind.id) as db:
            acts = db.query(AuditRow).filter(AuditRow.action.in_(["price.replaced", "price.withdrawn"]))
            found = sorted((act.action, act.details["before"], act.details["after"]) for act in acts.all()
                           if act.details["before"])
        assert found == [("price.replaced", [1250, 500], [900, 500]), ("price.withdrawn", [900, 500], None)]

    def test_one_that_began_stays(self, desk, path, northwind, clock, browse, bob):
        """Red without the day's check in the command."""
        desk.submit(f"{path}/price", typed(), page=path)
        clock.advance(days=40)
        later = browse(bob)
        answer = later.submit(f"{path}/price/withdrawal", {"valid_from": "2026-12-01"}, page=path)
        assert answer.status_code == 303 and retail_on(northwind, date(2026, 12, 5)) == 1250
        page = words(later.get(path))
        assert "The price from 1 December 2026 stays: its day has begun already." in page and "Withdraw" not in page

    def test_one_at_which_something_was_charged_stays(self, desk, path, northwind):
        """An account whose first day lies ahead is charged for it at its activation. Red without `refuse_charged`."""
        desk.submit(f"{path}/price", typed(), page=path)
        with transaction(northwind.id) as db:
            active(db, customer(db, northwind.plans["desk"], first_day=date(2026, 12, 5)))
        answer = desk.submit(f"{path}/price/withdrawal", {"valid_from": "2026-12-01"}, page=path)
        assert answer.status_code == 303 and "stays: something was charged at it already" in words(desk.get(path))
        assert "valid_from" in errors(desk.submit(f"{path}/price", typed(price="9"), page=path))
        assert retail_on(northwind, date(2026, 12, 1)) == 1250

    @on_sqlite
    def test_what_was_charged_for_another_plan_is_no_hindrance(self, desk, path, northwind):
        """Red while every charge for a plan counted for each."""
        desk.submit(f"{path}/price", typed(), page=path)
        with transaction(northwind.id) as db:
            active(db, customer(db, plan(db, "other", wholesale_minor=300).id, first_day=date(2026, 12, 5)))
        desk.submit(f"{path}/price/withdrawal", {"valid_from": "2026-12-01"}, page=path)
        assert "stays" not in words(desk.get(path)) and retail_on(northwind, date(2026, 12, 1)) != 1250

    def test_the_wholesale_price_to_come_is_not_the_white_labels_to_withdraw(self, desk, path, northwind):
        with transaction(northwind.id) as db:
            of = db.load(Plan, northwind.plans["desk"])
            set_price(db, of, NewPrice("wholesale", date(2026, 12, 1), 500), by=COMMAND_LINE)
        assert "Withdraw" not in words(desk.get(path))
        desk.submit(f"{path}/price/withdrawal", {"valid_from": "2026-12-01"}, page=path)
        assert "No price from 1 December 2026 was there to withdraw." in words(desk.get(path))
        with reading(northwind.id) as db:
            assert db.query(AuditRow).filter(AuditRow.action == "price.withdrawn").count() == 0

    @on_sqlite
    @pytest.mark.parametrize(("field", "text"), [
        ("price", ""), ("price", "-1"), ("price", "1.005"), ("price", "NaN"), ("price", "9" * 15), ("setup", "x"),
        ("valid_from", ""), ("valid_from", "soon"), ("valid_from", "2026-02-30"), ("valid_from", "9999-12-31"),
    ])
    def test_what_is_wrong_is_said_beside_its_field(self, desk, path, northwind, field, text):
        for answer in (desk.get(f"{path}/price", query_string=typed(**{field: text})),
                       desk.submit(f"{path}/price", typed(**{field: text}), page=path)):
            assert answer.status_code == 422 and field in errors(answer)
        assert prices_of(northwind) == []

    @on_sqlite
    def test_a_price_may_be_nothing_and_an_empty_review_asks_for_all(self, desk, path, northwind):
        assert desk.submit(f"{path}/price", typed(price="0", setup=""), page=path).status_code == 303
        assert prices_of(northwind)[0][3:5] == (0, 0)
        assert set(errors(desk.get(f"{path}/price"))) == {"price", "valid_from"}

    @on_sqlite
    def test_the_wholesale_price_is_not_the_white_labels_to_set(self, desk, path, northwind):
        desk.submit(f"{path}/price", typed(side="wholesale", source="default"), page=path)
        assert [row[:2] for row in prices_of(northwind)] == [("retail", "own")]

    @on_sqlite
    def test_it_says_until_when_it_holds_where_another_is_set(self, desk, path):
        desk.submit(f"{path}/price", typed(valid_from="2027-01-01"), page=path)
        page = words(desk.get(f"{path}/price", query_string=typed(price="11")))
        assert "It holds until 1 January 2027, when a price that was set before begins." in page

    def test_the_history_has_every_price(self, desk, path, bob):
        desk.submit(f"{path}/price", typed(), page=path)
        page = words(desk.get(path))
        assert f"1 Dec 2026 To come Retail £12.50 a month and £5.00 set-up {bob.name}" in page
        assert "Opening Retail £10.00 a month and £5.00 set-up" in page
        assert "Opening Wholesale £4.00 a month and £2.00 set-up" in page


class TestWhatCustomersSee:
    def test_a_product_is_renamed_and_hidden_from_new_customers(self, desk, path, northwind, browse, bob):
        page = desk.get(path)
        assert value(page, "shown-name") == "Desk Phone" and is_ticked(page, "shown-is_offered")
        assert desk.submit(f"{path}/presentation", {"shown-name": "Handset"}, page=path).status_code == 303
        with reading(northwind.id) as db:
            plan = db.load(Plan, northwind.plans["desk"])
            assert plan.name == "Handset" and plan.hidden_at is not None
            (act,) = db.query(AuditRow).filter_by(action="product.presented")
            assert act.details["before"] == {"name": "Desk Phone", "hidden": False}
        assert "Handset" not in words(Wizard(browse(bob), "").page("plan"))
        desk.submit(f"{path}/presentation", {"shown-name": "Handset", "shown-is_offered": "y"}, page=path)
        assert "Handset" in words(Wizard(browse(bob), "").page("plan"))

    @on_sqlite
    @pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\nb"])
    def test_a_name_is_needed(self, desk, path, northwind, name):
        answer = desk.submit(f"{path}/presentation", {"shown-name": name, "shown-is_offered": "y"}, page=path)
        assert answer.status_code == 422 and "shown-name" in errors(answer)
        with reading(northwind.id) as db:
            assert db.load(Plan, northwind.plans["desk"]).name == "Desk Phone"


@on_sqlite
def test_another_white_labels_product_is_not_found(desk, kauri):
    path = f"{PRICES}/{kauri.plans['desk']}"
    assert desk.get(path).status_code == 404
    assert desk.get(f"{path}/price", query_string=typed()).status_code == 404
    for act, form in (("price", typed()), ("presentation", {"shown-name": "Mine"})):
        assert desk.submit(f"{path}/{act}", form, page="/settings/tax").status_code == 404
