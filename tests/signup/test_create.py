"""Creating: everything that was given lands on the account, once, and nothing is charged."""

import pytest
from sqlalchemy import func, select

from portal.accounts.queries import accounts_of, addresses_of, contact_of, members_of, primary_user
from portal.activation.models import ActivationLink
from portal.audit.queries import acts_on
from portal.billing.models import Charge
from portal.identity.models import User
from portal.identity.passwords import is_right
from portal.kit.db import reading
from portal.ledger.models import JournalEntry
from portal.letters.models import Letter
from tests.cast import on_sqlite
from tests.signup.browsing import PASSWORD, Wizard, words

ELSEWHERE = {
    "same_address": None, "service_line1": "9 Low Road", "service_line2": "Gate 3", "service_city": "Cork",
    "service_region": "Co. Cork", "service_postcode": "T12 X70A", "service_country": "IE",
}


@pytest.fixture
def created(accounts):
    def create(wizard, **contact):
        wizard.contact(primary_domain="bücher.example", alternate_email="letters@quist.example", **contact)
        wizard.addresses(**ELSEWHERE)
        wizard.plan(first_day="2026-12-24")
        answer = wizard.create()
        (account,) = accounts()
        assert answer.status_code == 303 and answer.headers["Location"] == f"/customers/{account.id}/created"
        return account

    return create


def letters(tenant):
    with reading(tenant.id) as db:
        return list(db.scalars(select(Letter).where(Letter.state == "queued").order_by(Letter.id)))


@pytest.mark.parametrize("which", ["option_1", "option_2"])
class TestEitherOption:
    def test_everything_lands_on_the_account(self, which, created, northwind, bob, cast, request):
        account = created(request.getfixturevalue(which), send_letters=None)
        assert (account.name, account.primary_domain, account.number) == (
            "Birch Dental", "xn--bcher-kva.example", "101-0003")
        assert (account.state, account.created_by, account.send_letters) == ("inactive", "Bob Marsh", False)
        assert (account.plan_id, str(account.first_day)) == (northwind.plans["desk"], "2026-12-24")
        assert account.administration == ("customer" if which == "option_1" else "white_label")
        with reading(northwind.id) as db:
            places, contact = addresses_of(db, account.id), contact_of(db, account.id)
            assert places["business"].words() == "4 Quay Street, Floor 2, Bristol Avon BS1 4XY, United Kingdom"
            assert places["service"].words() == "9 Low Road, Gate 3, Cork Co. Cork T12 X70A, Ireland"
            assert (contact.name, contact.phone, contact.email) == (
                "Reception", "+44 117 496 0192", "desk@birch.example")

    def test_its_first_person_is_an_administrator_whose_letters_go_to_the_alternate_address(
        self, which, created, northwind, cast, request
    ):
        account = created(request.getfixturevalue(which))
        with reading(northwind.id) as db:
            user = primary_user(db, account.id)
            assert (user.login_name, user.display_name, user.email) == (
                "dora@birch.example", "Dora Quist", "letters@quist.example")
            ((membership, _),) = accounts_of(db, user.id)
            assert (membership.role, membership.is_primary) == ("administrator", True)

    def test_nothing_is_charged_and_no_service_is_on(self, which, created, northwind, cast, request):
        with reading(northwind.id) as db:
            before = [db.scalar(select(func.count(model.id))) for model in (Charge, JournalEntry)]
        account = created(request.getfixturevalue(which))
        with reading(northwind.id) as db:
            assert [db.scalar(select(func.count(model.id))) for model in (Charge, JournalEntry)] == before
            assert account.activated_at is None

    def test_it_is_on_the_trail_under_the_administrators_name(self, which, created, northwind, bob, cast, request):
        account = created(request.getfixturevalue(which))
        with reading(northwind.id) as db:
            first = acts_on(db, account.id)[0]
            assert (first.action, first.actor_id) == ("account.created", bob.id)

    def test_the_page_after_it_says_what_happens_next(self, which, created, browse, bob, cast, request):
        wizard = request.getfixturevalue(which)
        account = created(wizard)
        page = words(wizard.browser.get(f"/customers/{account.id}/created"))
        assert "Birch Dental was created" in page and "No money moved." in page and "Add or invite people" in page
        assert ("Nobody else can." in page) == (which == "option_1")


class TestOption1:
    def test_the_customer_gets_the_activation_letter_even_with_letters_off(self, option_1, created, northwind):
        """Red when the switch governs more than the welcome letter: nobody could ever activate."""
        account = created(option_1, send_letters=None)
        (letter,) = letters(northwind)
        assert (letter.name, letter.to_address, letter.about_id) == (
            "activation", "letters@quist.example", account.id)

    def test_the_link_is_bound_to_the_address_and_no_password_is_set(self, option_1, created, northwind):
        account = created(option_1)
        with reading(northwind.id) as db:
            (link,) = db.scalars(select(ActivationLink).where(ActivationLink.account_id == account.id))
            assert link.address == "letters@quist.example" and link.used_at is None
            assert primary_user(db, account.id).password_hash is None

    def test_the_administrator_does_not_become_a_member(self, option_1, created, northwind, bob):
        """Red when both options add whoever created it: Option 1 belongs to the customer."""
        account = created(option_1)
        with reading(northwind.id) as db:
            assert [user.display_name for _, user in members_of(db, account.id)] == ["Dora Quist"]


class TestOption2:
    def test_the_administrator_becomes_account_administrator_beside_the_contact(self, option_2, created, northwind):
        account = created(option_2)
        with reading(northwind.id) as db:
            assert [(user.display_name, m.role, m.is_primary) for m, user in members_of(db, account.id)] == [
                ("Dora Quist", "administrator", True), ("Bob Marsh", "administrator", False)]

    def test_the_password_works_and_has_to_be_changed(self, option_2, created, northwind):
        account = created(option_2)
        with reading(northwind.id) as db:
            user = primary_user(db, account.id)
            assert is_right(PASSWORD, user.password_hash) and user.must_change_password

    def test_no_letter_goes_out_before_the_activation(self, option_2, created, northwind):
        created(option_2)
        assert letters(northwind) == []

    def test_no_letter_ever_holds_the_password(self, option_2, created, northwind, browse, bob):
        account = created(option_2)
        path = f"/customers/{account.id}/activation"
        assert browse(bob).submit(path).status_code == 303
        (letter,) = letters(northwind)
        assert letter.name == "welcome" and letter.facts["login_name"] == "dora@birch.example"
        assert PASSWORD not in str(letter.facts) and "argon2" not in str(letter.facts)

    @on_sqlite
    def test_no_gateway_is_needed(self, option_2, created):
        assert created(option_2).state == "inactive"


class TestOnlyAdministrators:
    @pytest.mark.parametrize("who", ["fiona", "alice"])
    def test_others_are_refused_at_every_step(self, browse, cast, option_2, who, accounts):
        """Red when the guard stands on the first page only."""
        option_2.fill()
        browser = browse(getattr(cast, who))
        assert browser.get("/customers/new").status_code == 403
        token = browser.token("/account" if who == "alice" else "/password/change")
        for step in ("", "contact", "addresses", "plan", "creation", "discard"):
            answer = browser.post(option_2.path(step), data={"csrf_token": token, "administration": "white_label"})
            assert answer.status_code == 403, step
        assert accounts() == []

    @on_sqlite
    def test_nobody_is_led_to_the_sign_in(self, client, northwind):
        answer = client(northwind.host).get("/customers/new")
        assert answer.headers["Location"] == "/login?next=%2Fcustomers%2Fnew"

    @on_sqlite
    def test_the_operators_host_has_no_such_page(self, browse, olga):
        assert browse(olga).get("/customers/new").status_code == 404


def test_two_white_labels_may_have_the_same_customer(option_2, browse, charlie, kauri, accounts, northwind):
    """The same login, domain and name; two accounts that know nothing of each other."""
    option_2.fill().create()
    assert Wizard(browse(charlie), kauri.plans["desk"]).fill().create().status_code == 303
    assert len(accounts()) == 1
    for tenant in (northwind, kauri):
        with reading(tenant.id) as db:
            assert db.scalar(select(func.count(User.id)).where(User.login_name == "dora@birch.example")) == 1
