"""What an account still lacks, and what is offered right after its creation."""

import pytest

from portal.accounts.commands import add_member, close
from portal.accounts.lifecycle import Role
from portal.accounts.queries import members_of
from portal.audit.commands import COMMAND_LINE
from portal.customers.checklist import checklist, next_steps
from portal.identity.models import User
from portal.kit.db import transaction
from portal.pbx.commands import fill
from portal.pbx.configuration import Configuration, Extension, Kind, Route, Target
from portal.pbx.credentials import renew
from tests.accounts.making import OPTION_1, OPTION_2, active, claim, customer
from tests.billing.making import service
from tests.cast import on_sqlite
from tests.pbx.making import LONDON, OXFORD, emergency, number
from tests.signup.browsing import words


@pytest.fixture
def ours(db, northwind, clock):
    return customer(db, northwind.plans["desk"], OPTION_2)


def told(steps):
    return {step.title: (step.is_done, step.line) for step in steps}


def rings(*numbers):
    """One telephone, and each number rings it."""
    phone = Target(kind=Kind.EXTENSION, to="101")
    routes = tuple(Route(number=each, to=phone) for each in numbers)
    return Configuration(extensions=(Extension(number="101", name="Desk"),), numbers=routes)


@on_sqlite
def test_a_step_that_nothing_is_to_be_done_for_has_no_way(made, northwind, browse, bob):
    """Red when the list writes a link for each: it would lead to nowhere."""
    own = made(OPTION_2)
    with transaction(northwind.id) as db:
        service(db, "seat")
    page = browse(bob).get(f"/customers/{own}")
    assert "Services : to do After the activation." in words(page) and 'href=""' not in page.text


class TestWhileItWaitsForUs:
    def test_a_new_account_lacks_all_but_its_people(self, db, ours):
        steps = told(checklist(db, ours))
        assert list(steps) == ["Numbers", "People", "Phone settings", "Activation"]
        assert [is_done for is_done, _ in steps.values()] == [False, True, False, False]
        assert steps["Phone settings"][1] == "Nothing is set up yet: a call would ring nowhere."

    def test_each_step_leads_to_where_it_is_done(self, db, ours):
        hrefs = [step.href.removeprefix(f"/customers/{ours.id}") for step in checklist(db, ours)]
        assert hrefs == ["/numbers", "/users", "/pbx", "/activation"]

    def test_services_come_after_the_activation_where_some_are_on_sale(self, db, ours):
        """Red when what counts numbers or is used counts as one: neither is ever switched on."""
        service(db, "geo", counts="numbers")
        service(db, "calls", "usage")
        assert "Services" not in told(checklist(db, ours))
        service(db, "seat")
        last = checklist(db, ours)[-1]
        assert (last.title, last.line, last.href, last.way) == ("Services", "After the activation.", "", "")

    def test_what_is_done_is_said(self, db, ours, alice):
        emergency(db, number(db, ours, needs_address=True))
        add_member(db, ours, db.load(User, alice.id), Role.STANDARD)
        fill(db, ours, rings(LONDON), "Small office", by=COMMAND_LINE)
        renew(db, ours, "101", by=COMMAND_LINE)
        steps = told(checklist(db, ours))
        assert steps["Numbers"] == (True, "1 number assigned.")
        assert steps["Emergency addresses"] == (True, "Validated for each number.")
        first = members_of(db, ours.id)[0][1]
        assert steps["People"][1] == f"{first.display_name} and Alice Archer."
        assert told(checklist(db, ours, alice.id))["People"][1] == f"{first.display_name} and you."
        assert told(checklist(db, ours, first.id))["People"][1] == "Alice Archer and you."
        assert steps["Phone settings"] == (True, "Each number rings somewhere.")

    def test_a_number_without_its_emergency_address_is_named(self, db, ours):
        number(db, ours, needs_address=True)
        emergency(db, number(db, ours, OXFORD, needs_address=True), "entered")
        assert told(checklist(db, ours))["Emergency addresses"] == (
            False, "2 numbers without: calls do not work there.")

    def test_a_number_that_rings_nowhere_and_a_telephone_without_a_sign_in_are_named(self, db, ours):
        number(db, ours)
        fill(db, ours, rings(), "Small office", by=COMMAND_LINE)
        assert told(checklist(db, ours))["Phone settings"] == (False, "1 number that rings nowhere.")
        without = customer(db, ours.plan_id, OPTION_2, name="Another")
        fill(db, without, rings(), "Small office", by=COMMAND_LINE)
        assert told(checklist(db, without))["Phone settings"] == (False, "1 telephone without a sign-in of its own.")
        two = customer(db, ours.plan_id, OPTION_2, name="Two")
        desks = tuple(Extension(number=each, name=each) for each in ("101", "102"))
        fill(db, two, Configuration(extensions=desks), "Small office", by=COMMAND_LINE)
        assert told(checklist(db, two))["Phone settings"][1] == "2 telephones without a sign-in of their own."


class TestAfterwards:
    def test_an_active_account_is_told_only_what_does_not_work(self, db, ours):
        active(db, ours)
        assert checklist(db, ours) == []
        number(db, ours)
        assert list(told(checklist(db, ours))) == ["Phone settings"]
        fill(db, ours, rings(LONDON), "Small office", by=COMMAND_LINE)
        renew(db, ours, "101", by=COMMAND_LINE)
        assert checklist(db, ours) == []

    def test_what_only_the_customer_can_do_is_not_asked_of_us(self, db, northwind, clock):
        account = customer(db, northwind.plans["desk"], OPTION_1)
        assert checklist(db, account) == []
        assert list(told(next_steps(db, account))) == ["People"]
        claim(db, account)
        assert checklist(db, account) == []

    def test_a_closed_account_lacks_nothing(self, db, ours):
        close(db, ours, reason="Gone", by=COMMAND_LINE)
        assert checklist(db, ours) == []


def test_the_pages_show_it(browse, bob, northwind, clock):
    with transaction(northwind.id) as db:
        account = customer(db, northwind.plans["desk"], OPTION_2)
    browser = browse(bob)
    for path in ("", "/created"):
        page = browser.get(f"/customers/{account.id}{path}").text
        assert f'href="/customers/{account.id}/numbers">Add numbers' in page
        assert f'href="/customers/{account.id}/pbx">Set up the phones' in page
