"""After the activation: three ways on that the person may go, and a welcome letter that is true of each account."""

import re

import pytest

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.queries import held_customer_or_404, primary_user
from portal.activation.commands import activate_as_administrator
from portal.audit.commands import COMMAND_LINE
from portal.identity.models import User
from portal.kit.db import transaction
from portal.letters.flows import render
from portal.letters.queries import latest_letter
from portal.whitelabels.queries import white_label
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.cast import Person, on_sqlite
from tests.signup.browsing import browse, words

__all__ = ["browse"]
pytestmark = on_sqlite


@pytest.fixture
def signed_in(northwind, clock, browse, alice):
    """A browser of the primary user of a new active account, or of a standard user."""

    def make(administration, role):
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans["desk"], administration), 2000)
            user = primary_user(db, account.id)
            if role == Role.STANDARD:
                user = db.load(User, alice.id)
                add_member(db, account, user, role)
        who = Person(user.id, northwind.id, northwind.host, user.login_name, user.display_name)
        return account.id, browse(who)

    return make


@pytest.mark.parametrize(("administration", "role", "ways"), [
    (OPTION_1, Role.ADMINISTRATOR, ["services", "users", "numbers"]),
    (OPTION_2, Role.ADMINISTRATOR, ["services", "users", "pbx"]),
    (OPTION_1, Role.STANDARD, ["services", "numbers", "pbx"]),
    (OPTION_2, Role.STANDARD, ["services", "numbers", "pbx"]),
])
def test_three_ways_lead_on_and_each_opens(signed_in, administration, role, ways):
    """Red with the administrator's ways for everybody: the people of an account are not a standard user's page."""
    account_id, browser = signed_in(administration, role)
    page = browser.get("/activation/done")
    found = re.findall(rf'href="/account/{account_id}/([a-z]+)"', page.text)
    assert found == ways and "helps you enable" not in words(page) and "No service is switched on" not in words(page)
    for way in ways:
        assert browser.get(f"/account/{account_id}/{way}").status_code == 200, way


def test_the_welcome_letter_claims_nothing_about_services(app, northwind, clock):
    """It goes to accounts that were set up with services and numbers too. Red with "No service is switched on yet"."""
    with transaction(northwind.id) as db:
        account = customer(db, northwind.plans["desk"], OPTION_2)
        activate_as_administrator(db, held_customer_or_404(db, account.id), by=COMMAND_LINE)
        about = account.id
    with app.test_request_context(base_url=f"http://{northwind.host}/"), transaction(northwind.id) as db:
        letter = latest_letter(db, about, "welcome")
        sent = render(letter, white_label(db))
    for body in (sent.body, sent.html):
        assert "Sign in to see what is switched on" in body and "No service" not in body
