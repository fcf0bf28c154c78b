"""Step 4, the review: everything that was given, before anything is created."""

import pytest
from sqlalchemy import func, select

from portal.accounts.commands import give_credit
from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.audit.commands import COMMAND_LINE
from portal.billing.queries import available_minor
from portal.catalogue.models import Plan
from portal.identity.models import User
from portal.kit.db import reading, transaction
from portal.kit.ids import new_id
from portal.letters.models import Letter
from tests.cast import on_sqlite
from tests.signup.browsing import words

SERVED_ELSEWHERE = {
    "same_address": None, "service_line1": "9 Low Road", "service_line2": "Gate 3", "service_city": "Cork",
    "service_region": "Co. Cork", "service_postcode": "T12 X70A", "service_country": "IE",
}
SHARED = (
    "Customer name Birch Dental", "Primary domain bücher.example", "Login name dora@corp",
    "Letters to letters@quist.example", "Welcome letter Off",
    "Business 4 Quay Street, Floor 2, Bristol Avon BS1 4XY, United Kingdom",
    "Service 9 Low Road, Gate 3, Cork Co. Cork T12 X70A, Ireland", "General contact Reception",
    "Telephone +44 117 496 0192", "General e-mail desk@birch.example", "Plan Desk Phone",
    "Price £10.00 a month and VAT", "First day charged On activation, not before 24 December 2026",
)


def fill(wizard):
    wizard.contact(primary_domain="bücher.example", login_name="dora@corp", alternate_email="letters@quist.example",
                   send_letters=None)
    wizard.addresses(**SERVED_ELSEWHERE)
    wizard.plan(first_day="2026-12-24")
    return words(wizard.page("review"))


def counts(tenant):
    with reading(tenant.id) as db:
        return [db.scalar(select(func.count()).select_from(model)) for model in (Account, User, Letter)]


@pytest.mark.parametrize(("which", "own"), [
    ("option_1", ("Set up by The customer (Option 1)", "Contact Dora Quist", "Payer The customer, by card",
                  "Least first payment £20.00", "To Birch Dental, on activation",
                  "Your white-label account is charged £7.20 at wholesale",
                  "The activation letter goes to letters@quist.example.")),
    ("option_2", ("Set up by You, the white label administrator (Option 2)", "Authorised contact Dora Quist",
                  "Password Set, and hidden", "Payer Northwind Telecom, white-label account",
                  "To Northwind Telecom, on activation", "No letter goes out yet.")),
])
def test_it_shows_everything_that_was_given(which, own, cast, request):
    """Red when a field of the wizard is taken and not shown."""
    page = fill(request.getfixturevalue(which))
    assert [line for line in (*SHARED, *own) if line not in page] == []


@pytest.mark.parametrize(("which", "rows"), [
    ("option_1",
     "Desk Phone, set-up once £5.00 Desk Phone 24 Dec 2026 to 23 Jan 2027 £10.00 VAT, 20% £3.00 Total £18.00"),
    ("option_2",
     "Desk Phone, set-up once £2.00 Desk Phone 24 Dec 2026 to 23 Jan 2027 £4.00 VAT, 20% £1.20 Total £7.20"),
])
@on_sqlite
def test_it_shows_the_first_invoice(which, rows, cast, request):
    assert rows in fill(request.getfixturevalue(which))


@on_sqlite
def test_what_was_left_out_is_said_to_be(option_2):
    none = dict.fromkeys(("line2", "region", "contact_name", "contact_phone", "contact_email"), "")
    option_2.contact()
    option_2.addresses(**none)
    option_2.plan()
    page = words(option_2.page("review"))
    for line in ("Business 4 Quay Street, Bristol BS1 4XY, United Kingdom", "Service Same as business",
                 "General contact Not given", "Telephone Not given", "General e-mail Not given",
                 "First day charged The day of activation", "Welcome letter On", "Letters to dora@birch.example"):
        assert line in page


class TestLikelyDuplicates:
    """Red when the customers there are not looked at."""

    def test_the_same_domain_is_pointed_out_with_the_way_there(self, option_2, accounts, browse, bob):
        option_2.fill().create()
        (first,) = accounts()
        again = type(option_2)(browse(bob), option_2.plan_id)
        again.contact(name="Birch & Co", login_name="second@birch.example")
        again.addresses()
        again.plan()
        page = again.page("review")
        assert "This customer may exist already" in words(page) and f'href="/customers/{first.id}"' in page.text
        assert again.create().status_code == 303, "it is pointed out, not forbidden"

    def test_so_are_the_same_name_and_postcode(self, option_2, accounts, browse, bob):
        option_2.fill().create()
        again = type(option_2)(browse(bob), option_2.plan_id)
        again.contact(name="BIRCH dental", primary_domain="other.example", login_name="second@other.example")
        again.addresses()
        again.plan()
        assert "may exist already" in words(again.page("review"))

    def test_the_same_name_in_capitals_of_any_script(self, option_2, accounts, browse, bob):
        """Red on SQLite, which knows no capitals but those of ASCII."""
        option_2.contact(name="Müller Телефон ΟΔΟΣ")
        option_2.addresses()
        option_2.plan()
        option_2.create()
        again = type(option_2)(browse(bob), option_2.plan_id)
        again.contact(name="MÜLLER ТЕЛЕФОН οδοσ", primary_domain="other.example", login_name="second@other.example")
        again.addresses()
        again.plan()
        assert "may exist already" in words(again.page("review"))

    def test_somebody_else_is_not(self, option_2, accounts, browse, bob):
        option_2.fill().create()
        again = type(option_2)(browse(bob), option_2.plan_id)
        again.contact(primary_domain="other.example", login_name="second@other.example")
        again.addresses(postcode="LS1 4AP")
        again.plan()
        assert "may exist already" not in words(again.page("review"))


def test_a_shorter_first_month_is_charged_by_its_days(option_2):
    """2 November to the 14th: 13 of 31 days of £4.00."""
    option_2.contact()
    option_2.addresses()
    option_2.plan(billing_day="15")
    page = words(option_2.page("review"))
    assert "Desk Phone 2 Nov to 14 Nov 2026, 13 of 31 days £1.68" in page and "Billing day Day 15 of each month" in page


def test_looking_at_it_creates_sends_and_charges_nothing(option_1, northwind):
    before = counts(northwind)
    option_1.fill()
    for _ in range(3):
        assert "Nothing has been created, sent or charged yet." in words(option_1.page("review"))
    assert counts(northwind) == before


@on_sqlite
@pytest.mark.parametrize(("answered", "leads_to"), [
    ([], "contact"), (["contact"], "addresses"), (["addresses", "plan"], "contact"), (["contact", "plan"], "addresses"),
    (["contact", "addresses"], "plan"),
])
def test_without_every_step_it_leads_to_the_first_that_is_missing(option_1, answered, leads_to):
    for step in answered:
        getattr(option_1, step)()
    assert option_1.page("review").headers["Location"] == option_1.path(leads_to)


@on_sqlite
def test_names_are_shown_as_text(option_2):
    option_2.contact(name="<script>alert(1)</script> & Sons", display_name='Dora "<b>" Quist')
    option_2.addresses(contact_name="<img src=x onerror=1>")
    option_2.plan()
    page = option_2.page("review")
    assert "<script>alert" not in page.text and "<img src=x" not in page.text and "<b>" not in page.text.lower()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons" in page.text


@on_sqlite
class TestAShortage:
    def spend(self, tenant, left_minor):
        with transaction(tenant.id) as db:
            give_credit(db, white_label_account(db), left_minor - available_minor(db), request_id=new_id(),
                        reason="Taken back", by=COMMAND_LINE)

    @pytest.mark.parametrize("which", ["option_1", "option_2"])
    def test_of_the_white_label_account_is_said_with_how_much(self, which, northwind, request):
        wizard = request.getfixturevalue(which).fill()
        self.spend(northwind, 719)
        assert "The white-label account lacks £0.01 You can create the customer." in words(wizard.page("review"))
        assert wizard.create().status_code == 303

    def test_is_not_spoken_of_when_it_is_exactly_enough(self, option_2, northwind):
        option_2.fill()
        self.spend(northwind, 720)
        assert "lacks" not in words(option_2.page("review"))


@on_sqlite
class TestThePlanWasRetiredMeanwhile:
    def retire(self, northwind, clock):
        with transaction(northwind.id) as db:
            db.load(Plan, northwind.plans["desk"]).retired_at = clock()

    def test_the_review_leads_to_the_plans_and_says_why(self, option_2, northwind, clock):
        """Red when the review still shows an invoice that nobody can have."""
        option_2.fill()
        self.retire(northwind, clock)
        answer = option_2.page("review")
        assert answer.headers["Location"] == option_2.path("plan")
        assert "The chosen plan is not sold any more. Choose another one." in words(option_2.page("plan"))

    def test_nothing_is_created_and_the_other_answers_are_kept(self, option_2, northwind, clock, accounts, stored):
        """Red when the plan is looked at on the review only."""
        option_2.fill()
        self.retire(northwind, clock)
        assert option_2.create().headers["Location"] == option_2.path("plan")
        assert accounts() == [] and set(stored()[0].answers) == {"contact", "addresses", "plan"}
        assert option_2.plan(plan=str(northwind.plans["courtesy"])).status_code == 303
        assert option_2.create().status_code == 303 and len(accounts()) == 1
