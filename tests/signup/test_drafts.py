"""A customer half entered: left and resumed, gone back in, discarded, and nobody else's."""

import threading

import pytest
from sqlalchemy import select

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.models import Membership
from portal.accounts.queries import white_label_account
from portal.identity.commands import add_user
from portal.kit.clock import reading as at
from portal.kit.db import transaction
from portal.signup.models import Draft
from tests.cast import PASSWORD, Person, on_both, on_postgresql, on_sqlite, password_hash
from tests.signup.browsing import ADDRESSES, CONTACT, Wizard, is_ticked, value, words
from tests.threads import at_once


@pytest.fixture
def dan(northwind, cast):
    """A second administrator of Northwind."""
    with transaction(northwind.id) as db:
        user = add_user(db, login_name="dan@northwind.example", display_name="Dan Cole", email="dan@northwind.example",
                        password_hash=password_hash())
        add_member(db, white_label_account(db), user, Role.ADMINISTRATOR)
    return Person(user.id, northwind.id, northwind.host, user.login_name, user.display_name, PASSWORD)


class TestLeftAndResumed:
    def test_it_is_kept_at_every_step(self, option_2, stored):
        for n, step in enumerate(("contact", "addresses", "plan"), 1):
            getattr(option_2, step)()
            assert len(stored()[0].answers) == n

    @on_sqlite
    def test_finish_later_keeps_the_step_and_leads_to_the_list(self, option_2, stored):
        answer = option_2.contact(later="1")
        assert answer.headers["Location"] == "/customers/new" and "contact" in stored()[0].answers
        page = option_2.page("")
        assert "“Birch Dental” is kept and stands below, under “Not finished yet”. Nothing was created." in words(page)

    @on_sqlite
    @pytest.mark.parametrize(("answered", "goes_on_at"), [
        (["contact"], "addresses"), (["contact", "addresses"], "plan"), (["contact", "addresses", "plan"], "review"),
        (["addresses"], "contact"),
    ])
    def test_it_is_resumed_where_it_was_left(self, option_2, answered, goes_on_at):
        for step in answered:
            getattr(option_2, step)()
        page = option_2.page("")
        assert f'href="{option_2.path(goes_on_at)}"' in page.text and "Option 2, set up by you" in words(page)
        assert ("Birch Dental" if "contact" in answered else "Without a name, begun today") in words(page)

    def test_it_is_there_on_another_day_in_another_browser(self, option_2, browse, bob, clock):
        option_2.contact()
        clock.advance(days=12)
        page = browse(bob).get("/customers/new")
        assert "Birch Dental" in words(page)
        assert browse(bob).get(option_2.path("addresses")).status_code == 200

    @on_sqlite
    def test_one_without_any_answer_is_not_listed(self, option_2):
        assert "Not finished yet" not in words(option_2.page(""))

    @on_sqlite
    def test_the_latest_comes_first_and_a_created_one_not_at_all(self, browse, bob, northwind, clock):
        browser = browse(bob)
        for name in ("Birch", "Cedar", "Dogwood"):
            clock.advance(minutes=1)
            wizard = Wizard(browser, northwind.plans["desk"])
            wizard.contact(name=name, login_name=f"office@{name}.example")
        wizard.addresses()
        wizard.plan()
        wizard.create()
        page = words(browser.get("/customers/new")).partition("Not finished yet")[2]
        assert page.index("Cedar") < page.index("Birch") and "Dogwood" not in page


@on_sqlite
class TestBackLosesNothing:
    def test_every_field_of_step_1_comes_back(self, option_2):
        option_2.contact(alternate_email="letters@quist.example", send_letters=None)
        page = option_2.page("contact")
        for name in ("name", "primary_domain", "display_name", "login_name"):
            assert value(page, name) == CONTACT[name]
        assert value(page, "alternate_email") == "letters@quist.example" and not is_ticked(page, "send_letters")
        assert "One is set" in words(page)

    def test_every_field_of_step_2_comes_back(self, option_2):
        served = {"same_address": None, "service_line1": "9 Low Road", "service_city": "Cork", "service_country": "IE"}
        german = {"country": "DE", "region": "", "postcode": "10115"}
        option_2.addresses(contact_phone="030 901820", **german, **served)
        page = option_2.page("addresses")
        expected = {**ADDRESSES, **served, **german, "contact_phone": "+49 30 901820"}
        for name, text in expected.items():
            if name != "same_address":
                assert value(page, name) == text, name
        assert not is_ticked(page, "same_address")

    def test_the_plan_and_the_day_come_back(self, option_2, northwind):
        option_2.plan(plan=str(northwind.plans["courtesy"]), first_day="2026-12-24")
        page = option_2.page("plan")
        assert value(page, "first_day") == "2026-12-24"
        chosen = page.text[page.text.index(str(northwind.plans["courtesy"])):]
        assert chosen[:chosen.index(">")].endswith("checked") and page.text.count(" checked") == 1

    def test_a_finished_step_can_be_gone_back_to_and_the_later_ones_stay(self, option_2, stored):
        option_2.fill()
        page = option_2.page("review")
        for step in ("contact", "addresses", "plan"):
            assert f'href="{option_2.path(step)}"' in page.text
        option_2.contact(name="Birch & Co", password="", again="")
        assert set(stored()[0].answers) == {"contact", "addresses", "plan"}
        assert "Customer name Birch & Co" in words(option_2.page("review"))

    def test_sending_a_step_unchanged_changes_nothing(self, option_2, stored):
        option_2.addresses()
        before = stored()[0].answers
        option_2.addresses(contact_phone="+44 117 496 0192")
        assert stored()[0].answers == before


class TestDiscarded:
    def test_it_is_gone_and_nothing_was_created(self, option_2, stored, accounts):
        option_2.fill()
        answer = option_2.post("discard")
        assert answer.headers["Location"] == "/customers/new" and stored() == [] and accounts() == []
        assert "The draft was discarded. Nothing was created." in words(option_2.page(""))
        assert option_2.page("contact").status_code == 404

    def test_a_created_one_stays(self, option_2, stored, accounts):
        """Red when discarding looks at nothing: a reload would say 404 instead of leading to the customer."""
        option_2.fill().create()
        option_2.post("discard")
        assert len(stored()) == 1 and len(accounts()) == 1

    def test_once_more_is_not_found(self, option_2):
        option_2.post("discard")
        assert option_2.post("discard").status_code == 404


@pytest.mark.parametrize("who", ["dan", "charlie"])
class TestNobodyElses:
    """Another administrator of the same white label, and one of another."""

    def browser(self, browse, who, request):
        person = request.getfixturevalue(who)
        return person, browse(person)

    def test_its_pages_are_not_there(self, option_2, browse, who, request):
        """Red when only the tenant is looked at."""
        option_2.fill()
        _, browser = self.browser(browse, who, request)
        for step in ("contact", "addresses", "plan", "review"):
            assert browser.get(option_2.path(step)).status_code == 404, step

    def test_nothing_can_be_written_to_it(self, option_2, browse, who, request, stored, accounts):
        option_2.fill()
        before = stored()[0].answers
        _, browser = self.browser(browse, who, request)
        token = browser.token("/customers/new")
        for step, fields in (("contact", CONTACT), ("addresses", ADDRESSES), ("plan", {"plan": "x"}), ("creation", {}),
                             ("discard", {})):
            answer = browser.post(option_2.path(step), data={**fields, "csrf_token": token})
            assert answer.status_code == 404, step
        assert stored()[0].answers == before and accounts() == []

    def test_it_is_not_in_their_list(self, option_2, browse, who, request):
        option_2.contact()
        _, browser = self.browser(browse, who, request)
        assert "Birch Dental" not in browser.get("/customers/new").text


class TestTwoTabs:
    @on_both
    def test_different_steps_sent_at_once_are_both_kept(self, browse, bob, northwind, clock, stored):
        wizard = Wizard(browse(bob), northwind.plans["desk"])
        tabs = []
        for step in ("contact", "addresses", "plan"):
            tab = Wizard.__new__(Wizard)
            tab.browser, tab.plan_id, tab.is_option_1, tab.id = browse(bob), wizard.plan_id, False, wizard.id
            tab.token = tab.browser.token("/customers/new")
            tabs.append(getattr(tab, step))
        assert [answer.status_code for answer in at_once(3, lambda n: tabs[n]())] == [303] * 3
        assert set(stored()[0].answers) == {"contact", "addresses", "plan"}

    @on_postgresql
    def test_the_second_waits_for_the_first(self, option_2, northwind, stored, clock):
        """Red when the draft is read without holding it: the step that ends last would overwrite the other."""

        def send():
            with at(clock):
                option_2.addresses()

        with transaction(northwind.id) as db:
            draft = db.scalars(select(Draft).with_for_update()).one()
            draft.answers = {"plan": {"plan": "kept by the first tab", "first_day": None}}
            db.flush()
            second = threading.Thread(target=send)
            second.start()
            second.join(0.5)
            assert second.is_alive(), "it did not wait"
        second.join(10)
        assert set(stored()[0].answers) == {"plan", "addresses"}


def test_a_person_who_is_no_administrator_any_more_loses_the_drafts(option_2, browse, dan, northwind):
    theirs = Wizard(browse(dan), northwind.plans["desk"])
    with transaction(northwind.id) as db:
        db.scalars(select(Membership).where(Membership.user_id == dan.id)).one().role = "finance"
    assert theirs.page("contact").status_code == 403
