"""A plan in its trial, or one that costs nothing: no page and no letter speaks of a payment that will not happen."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Account
from portal.activation.queries import latest_link
from portal.billing.models import Charge
from portal.kit import tokens
from portal.kit.db import reading, transaction
from portal.letters.flows import render
from portal.letters.models import Letter
from portal.whitelabels.queries import white_label
from tests.accounts.making import OPTION_1, customer, plan
from tests.cast import on_sqlite
from tests.conftest import HostClient
from tests.signup.browsing import Wizard, browse, gateway, sandbox, words

__all__ = ["browse", "gateway", "sandbox"]
pytestmark = on_sqlite
NEW_PASSWORD = "marble otter seven kites"
FREE, TRIAL, PAID = "free", "trial", "desk"


@pytest.fixture
def plans(northwind):
    """One that costs nothing, one whose first month is a trial, and one that is paid at once."""
    with transaction(northwind.id) as db:
        trial = plan(db, "trial", retail_minor=1000, wholesale_minor=400, trial_days=30).id
        free = plan(db, "free").id
    return {FREE: free, TRIAL: trial, PAID: northwind.plans["desk"]}


def letter_of(app, northwind, account_id, name):
    with app.test_request_context(base_url=f"http://{northwind.host}/"), reading(northwind.id) as db:
        wanted = select(Letter).where(Letter.about_id == account_id, Letter.name == name)
        sent = render(db.scalars(wanted).one(), white_label(db))
    return sent.body, words_of(sent.html)


def words_of(html):
    class Answer:
        text = html

    return words(Answer)


class TestWizard:
    @pytest.mark.parametrize(("which", "first", "then"), [
        (FREE, "The customer has nothing to pay to activate it.", "sets a password; there is nothing to pay"),
        (TRIAL, "The customer has nothing to pay to activate it.", "sets a password; there is nothing to pay"),
        (PAID, "No money moves until the customer pays.", "pays by card"),
    ])
    def test_option_1(self, gateway, browse, bob, plans, which, first, then):
        """Red with the words of a paid plan for every plan."""
        wizard = Wizard(browse(bob), plans[which], "customer").fill()
        review = words(wizard.page("review"))
        assert first in review and ("Least first payment Nothing to pay" in review) == (which != PAID)
        created = words(wizard.browser.get(wizard.create().location))
        assert f"The customer opens the link and {then}" in created
        assert ("the first charges are made" in created) == (which == PAID)
        assert ("nothing is charged yet" in created) == (which != PAID)

    @pytest.mark.parametrize(("which", "first"), [
        (FREE, "No money moves, not even when you activate it."),
        (TRIAL, "No money moves, not even when you activate it."),
        (PAID, "No money moves until you activate it."),
    ])
    def test_option_2_up_to_its_activation(self, clock, browse, bob, plans, which, first):
        wizard = Wizard(browse(bob), plans[which]).fill()
        review = words(wizard.page("review"))
        assert first in review and ("Nothing is charged on activation" in review) == (which != PAID)
        created = wizard.create().location
        assert ("the first charges are made" in words(wizard.browser.get(created))) == (which == PAID)
        base = created.removesuffix("/created")
        act = words(wizard.browser.get(f"{base}/activation"))
        assert ("Nothing is charged now." in act and "Activate the account" in act) == (which != PAID)
        assert ("Activate and charge £" in act) == (which == PAID)
        wizard.browser.submit(f"{base}/activation")
        said = words(wizard.browser.get(base))
        assert ("The first charges were debited" in said) == (which == PAID)
        assert ("is active. No money moved." in said) == (which != PAID)


class TestCustomer:
    @pytest.fixture(params=[FREE, TRIAL])
    def which(self, request):
        return request.param

    @pytest.fixture
    def account_id(self, clock, northwind, plans, which):
        with transaction(northwind.id) as db:
            return customer(db, plans[which], OPTION_1).id

    @pytest.fixture
    def visitor(self, app, northwind, account_id):
        with reading(northwind.id) as db:
            link = latest_link(db, account_id)
        made = HostClient(app, northwind.host)
        made.get(f"/activate/{tokens.issue('activation', northwind.id, link.id, link.address)}")
        return made

    def test_the_letter_and_the_pages_promise_no_payment(self, app, northwind, account_id, visitor, which):
        """Red with "add money by card" in every letter, and with four steps for everybody."""
        for body in letter_of(app, northwind, account_id, "activation"):
            assert "choose a password; there is nothing to pay now. It takes" in body and "by card" not in body
        check, password = words(visitor.get("/activation")), words(visitor.get("/activation/password"))
        assert "To pay when you activate Nothing" in check and "your card" not in check
        assert "Step 1 of 3" in check and "Step 2 of 3" in password and "Payment" not in check + password

    def test_the_last_page_speaks_of_no_payment(self, app, northwind, account_id, visitor, which):
        """Red with "What was paid and charged" over nothing, and "each month" for a plan that costs nothing."""
        form = {"password": NEW_PASSWORD, "again": NEW_PASSWORD, "terms": "y"}
        visitor.submit("/activation/password", form)
        done = words(visitor.get("/activation/done"))
        assert "Your account is active" in done and "Nothing was paid and nothing was charged." in done
        assert "What was" not in done and "A receipt" not in done
        if which == FREE:
            assert "The plan costs nothing." in done
        else:
            with reading(northwind.id) as db:
                assert str(db.load(Account, account_id).cycle_anchor.year) in done
            assert "each month, from " in done and "Add money before." in done
        with reading(northwind.id) as db:
            assert db.scalars(select(Charge).where(Charge.account_id == account_id)).all() == []

    def test_the_administrators_are_not_told_of_money(self, app, northwind, account_id, visitor, which):
        visitor.submit("/activation/password", {"password": NEW_PASSWORD, "again": NEW_PASSWORD, "terms": "y"})
        for body in letter_of(app, northwind, account_id, "account-active-notice"):
            assert "is active; there was nothing to pay. Nothing was charged" in " ".join(body.split())
            assert "debited" not in body


def test_a_plan_that_is_paid_is_still_spoken_of_as_one(app, clock, northwind):
    with transaction(northwind.id) as db:
        account_id = customer(db, northwind.plans["desk"], OPTION_1).id
    for body in letter_of(app, northwind, account_id, "activation"):
        assert "choose a password and add money by card. It takes" in body
