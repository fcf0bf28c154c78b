"""A step of the wizard left half filled: kept as it was typed, looked at later, and never taken for an answer."""

import pytest
from sqlalchemy import update

from portal.catalogue.models import Plan
from portal.kit.clock import now
from portal.kit.db import PLATFORM, transaction
from tests.cast import on_sqlite
from tests.signup.browsing import ADDRESSES, CONTACT, PASSWORD, Wizard, errors, is_ticked, value, words
from tests.signup.test_drafts import dan

__all__ = ["dan"]

pytestmark = on_sqlite

HALF = {"name": "Birch Dental", "primary_domain": "birch", "display_name": "", "login_name": "dora@",
        "alternate_email": "no address", "send_letters": None}


def left(wizard, step, **fields):
    """What the list says once the step was left with *Save and finish later*."""
    answer = wizard.post(step, **fields, later="1")
    assert answer.status_code == 303 and answer.headers["Location"] == "/customers/new", errors(answer)
    return wizard.page("")


class TestLeftHalf:
    def test_the_contact_is_shown_again_as_it_was_typed(self, option_2):
        """Red when the page is looked at before it is kept."""
        left(option_2, "contact", **HALF)
        page = option_2.page("contact")
        for name in ("name", "primary_domain", "display_name", "login_name", "alternate_email"):
            assert value(page, name) == HALF[name], name
        assert not is_ticked(page, "send_letters") and errors(page) == {}

    def test_the_addresses_are(self, option_2):
        typed = {**ADDRESSES, "country": "DE", "postcode": "BS1", "line1": "", "contact_phone": "12",
                 "same_address": None, "service_line1": "9 Low Road", "service_country": "IE"}
        option_2.contact()
        left(option_2, "addresses", **typed)
        page = option_2.page("addresses")
        for name, text in typed.items():
            if name != "same_address":
                assert value(page, name) == text, name
        assert not is_ticked(page, "same_address")

    def test_the_plan_page_is(self, option_2, northwind):
        left(option_2, "plan", first_day="2026-13-45", billing_day="31", least_funding="lots")
        page = option_2.page("plan")
        assert value(page, "first_day") == "2026-13-45" and value(page, "billing_day") == "31"
        assert " checked" not in page.text
        left(option_2, "plan", plan=str(northwind.plans["desk"]), first_day="2020-01-01")
        page = option_2.page("plan")
        assert value(page, "first_day") == "2020-01-01" and page.text.count(" checked") == 1

    def test_one_field_may_be_as_long_as_a_page_is_told(self, option_2, stored):
        left(option_2, "contact", **{**HALF, "name": "B" * 5000})
        assert len(stored()[0].unfinished["contact"]["name"]) == 1000

    def test_nothing_is_an_answer_before_it_is_continued_with(self, option_2, stored, accounts):
        """Red when a page left half filled counts as a step taken: the customer would have no contact."""
        option_2.fill()
        left(option_2, "contact", **HALF)
        assert option_2.page("review").headers["Location"] == option_2.path("contact")
        assert option_2.create().status_code == 409 and accounts() == []
        assert f'href="{option_2.path("contact")}"' in option_2.page("").text
        assert errors(option_2.post("contact", **HALF)).keys() >= {"primary_domain", "display_name", "login_name"}
        option_2.contact(password="", again="")
        assert set(stored()[0].answers) == {"contact", "addresses", "plan"}
        assert option_2.page("review").status_code == 200

    def test_a_step_that_is_right_is_taken_at_once(self, option_2, stored):
        left(option_2, "contact", **CONTACT, password=PASSWORD, again=PASSWORD)
        assert set(stored()[0].answers) == {"contact"}


class TestPassword:
    def test_one_that_will_do_is_kept_as_its_hash_and_never_shown(self, option_2, stored):
        left(option_2, "contact", **HALF, password=PASSWORD, again=PASSWORD)
        page = option_2.page("contact")
        assert "One is set" in words(page) and value(page, "password") == ""
        assert PASSWORD not in str(stored()[0].answers)
        option_2.contact(password="", again="")
        assert stored()[0].answers["contact"]["password_hash"].startswith("$argon2")

    @pytest.mark.parametrize("typed", [("short", "short"), (PASSWORD, "another one"), ("", "")])
    def test_one_that_will_not_leaves_no_trace(self, option_2, stored, typed):
        left(option_2, "contact", **HALF, password=typed[0], again=typed[1])
        assert "One is set" not in words(option_2.page("contact"))
        assert not stored()[0].unfinished["contact"]["password_hash"] and PASSWORD not in str(stored()[0].answers)

    def test_the_one_before_stays(self, option_2, stored):
        option_2.contact()
        before = stored()[0].answers["contact"]["password_hash"]
        left(option_2, "contact", **HALF, password="short", again="short")
        assert stored()[0].unfinished["contact"]["password_hash"] == before


class TestList:
    def test_one_without_a_name_is_listed_by_its_day_and_said_to_be(self, option_2, clock, browse, bob):
        page = words(left(option_2, "contact", **{**HALF, "name": ""}))
        assert "“Without a name, begun today” is kept and stands below" in page
        clock.advance(days=12)
        assert "Without a name, begun on " in words(browse(bob).get("/customers/new"))

    @pytest.mark.parametrize("name", ["\u202eevil", "B" * 121, "two\x0blines"])
    def test_a_name_that_no_page_could_show_is_none(self, option_2, name):
        """Red when the name is shown as typed: one sign turns the row's direction."""
        assert "Without a name, begun today" in words(left(option_2, "contact", **{**HALF, "name": name}))
        assert value(option_2.page("contact"), "name").strip() == name.strip()

    def test_it_stands_above_the_two_ways(self, option_2):
        page = words(left(option_2, "contact", **HALF))
        assert page.index("Not finished yet") < page.index("Option 1") and "Birch Dental" in page

    def test_the_customers_say_how_many_and_lead_there(self, option_2, browse, bob, dan):
        assert "not finished" not in words(browse(bob).get("/customers"))
        left(option_2, "contact", **HALF)
        assert '<a href="/customers/new">1 not finished</a>' in browse(bob).get("/customers").text
        assert "not finished" not in words(browse(dan).get("/customers"))


class TestNobodyElses:
    def test_nothing_is_left_in_another_persons_draft(self, option_2, browse, dan, stored):
        """Red when the draft is loaded whosever it is."""
        browser = browse(dan)
        data = {**{k: v for k, v in HALF.items() if v}, "csrf_token": browser.token("/customers/new"), "later": "1"}
        assert browser.post(option_2.path("contact"), data=data).status_code == 404
        assert stored()[0].answers == {}

    def test_nor_in_one_that_is_a_customer(self, option_2):
        option_2.fill().create()
        answer = option_2.post("contact", **HALF, later="1")
        assert answer.status_code == 409 and "This customer was created already" in words(answer)


class TestNoPlanOnSale:
    @pytest.fixture
    def without_plans(self, northwind, clock):
        with transaction(PLATFORM) as db:
            db.execute(update(Plan).where(Plan.white_label_id == northwind.id).values(retired_at=now()))

    def test_both_ways_are_shown_closed_with_the_reason(self, without_plans, browse, bob):
        page = browse(bob).get("/customers/new")
        assert words(page).count("Ask the operator to put one on sale.") == 2
        assert 'name="administration"' not in page.text

    def test_none_is_begun(self, without_plans, browse, bob, northwind, stored):
        """Red when only the page keeps from it."""
        wizard = Wizard(browse(bob), northwind.plans["desk"])
        assert wizard.started.status_code == 409 and stored() == []
        assert "Ask the operator to put one on sale." in words(wizard.started)

    def test_the_customers_of_one_that_has_none_say_it_too(self, browse, charlie, clock, kauri):
        """Red when the empty list asks for a first customer, whom the wizard cannot give a plan."""
        with transaction(PLATFORM) as db:
            db.execute(update(Plan).where(Plan.white_label_id == kauri.id).values(retired_at=now()))
        page = browse(charlie).get("/customers")
        assert "No customers yet A customer needs a plan, and none is on sale yet. Ask the operator" in words(page)
        assert "Create new customer" not in words(page) and "Create the first one" not in words(page)
