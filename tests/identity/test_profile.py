"""Everybody's own page: the name, where letters go, and a password that is changed out loud."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from portal.audit.models import AuditRow
from portal.identity.addresses import LIFE, PURPOSE, ask_for_address, confirm_address
from portal.identity.commands import LinkIsDead, redeem_password_link, send_password_link, set_password
from portal.identity.models import AddressChange, User
from portal.identity.queries import password_link
from portal.kit import tokens
from portal.kit.db import reading, transaction
from portal.kit.logs import set_up_logs
from portal.kit.settings import current
from portal.letters.commands import mark_sent
from portal.letters.models import Letter
from tests.cast import PASSWORD, on_both, on_sqlite
from tests.signup.browsing import words
from tests.threads import at_once

NEW = "alice@elsewhere.example"


def user_of(person):
    with reading(person.white_label_id) as db:
        return db.load(User, person.id)


def letters_of(person, *names):
    with reading(person.white_label_id) as db:
        found = db.scalars(select(Letter).where(Letter.name.in_(names)).order_by(Letter.created_at, Letter.id))
        return [(letter.name, letter.to_address) for letter in found]


def link_of(person):
    with reading(person.white_label_id) as db:
        change = db.scalars(select(AddressChange).order_by(AddressChange.id.desc())).first()
        return f"/profile/address/{tokens.issue(PURPOSE, db.tenant, change.id, change.address)}"


def ask(browser, email=NEW, present=PASSWORD):
    return browser.submit("/profile/address", {"email": email, "present": present})


@pytest.fixture
def here(client, alice, clock):
    return client(alice)


@pytest.fixture
def requests_logged(app):
    """What is logged, as much as in production."""
    set_up_logs(replace(current(), environment="production"))
    with capture_logs() as lines:
        yield lines
    set_up_logs(current())


@pytest.mark.parametrize("who", ["alice", "bob", "fiona", "charlie", "olga"])
def test_everybody_finds_it_from_every_page(cast, client, clock, who):
    browser = client(getattr(cast, who))
    start = browser.get("/", follow_redirects=True)
    assert 'href="/profile"' in start.text
    assert getattr(cast, who).login_name in browser.get("/profile").text


class TestName:
    def test_it_is_changed_and_written_down(self, here, alice):
        assert here.submit("/profile/name", {"display_name": "Alice A. Archer"}, page="/profile").status_code == 303
        assert user_of(alice).display_name == "Alice A. Archer"
        with reading(alice.white_label_id) as db:
            row = db.scalars(select(AuditRow).where(AuditRow.action == "person.renamed")).one()
            assert row.details == {"before": "Alice Archer", "after": "Alice A. Archer"}

    @on_sqlite
    @pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 121, "\u2028\u2029"])
    def test_what_is_no_name_stands_beside_the_field(self, here, alice, name):
        answer = here.submit("/profile/name", {"display_name": name}, page="/profile")
        assert answer.status_code == 422 and "field-error" in answer.text
        assert user_of(alice).display_name == "Alice Archer"


class TestAddress:
    def test_it_counts_once_it_is_confirmed_from_there(self, here, alice):
        """Red when the asking itself moves the letters: a changed address would keep "verified"."""
        assert ask(here).status_code == 303
        assert user_of(alice).email == "alice@acme.example"
        assert letters_of(alice, PURPOSE, "address-asked") == [
            (PURPOSE, NEW), ("address-asked", "alice@acme.example")]
        assert f"Waiting for {NEW}" in words(here.get("/profile"))
        opened = here.get(link_of(alice))
        assert opened.status_code == 303 and opened.location == "/profile/confirmation"
        assert user_of(alice).email == "alice@acme.example"
        assert here.submit("/profile/confirmation").status_code == 303
        assert user_of(alice).email == NEW
        assert letters_of(alice, "address-changed") == [("address-changed", "alice@acme.example")]

    def test_it_needs_the_present_password(self, here, alice):
        """Red without the check: a browser left open would be enough to take the login over."""
        answer = ask(here, present="not the password at all")
        assert answer.status_code == 422 and "not your present password" in words(answer)
        assert letters_of(alice, PURPOSE, "address-asked") == []

    def test_whoever_is_not_signed_in_gives_the_password_too(self, here, client, alice):
        """A mistyped address is somebody's. Red when the link alone confirms: they could reset the password then."""
        ask(here)
        stranger = client(alice.host)
        stranger.get(link_of(alice))
        assert "Password" in words(stranger.get("/profile/confirmation"))
        for password in ("", "a guess of a stranger"):
            answer = stranger.submit("/profile/confirmation", {"password": password})
            assert answer.status_code == 422 and user_of(alice).email == "alice@acme.example"
        assert stranger.submit("/profile/confirmation", {"password": PASSWORD}).status_code == 303
        assert user_of(alice).email == NEW

    def test_somebody_else_who_is_signed_in_gives_the_password_too(self, here, client, alice, bob):
        ask(here)
        other = client(bob)
        other.get(link_of(alice))
        assert other.submit("/profile/confirmation").status_code == 422
        assert user_of(alice).email == "alice@acme.example"

    def test_it_names_the_login_that_it_is_for(self, here, client, alice):
        """In a browser where nobody is signed in, the password asked for is that login's. Red with "you" alone."""
        ask(here)
        nobody = client(alice.host)
        nobody.get(link_of(alice))
        page = words(nobody.get("/profile/confirmation"))
        assert f"Letters for {alice.login_name} will go to {NEW} , and no longer to alice@acme.example" in page
        assert f"The one that {alice.login_name} signs in with." in page and "You are signed in as" not in page

    def test_it_says_that_somebody_else_is_signed_in_and_whose_letters_moved(self, here, client, alice, bob):
        """Red with `other` left out of the page, and with "Your letters" said to whoever is signed in."""
        ask(here)
        other = client(bob)
        other.get(link_of(alice))
        page = words(other.get("/profile/confirmation"))
        assert f"You are signed in as {bob.login_name} Nothing was changed." in page
        assert f"This link is for the login {alice.login_name}." in page
        assert other.submit("/profile/confirmation", {"password": PASSWORD}).status_code == 303
        moved = words(other.get("/profile"))
        assert f"Letters for {alice.login_name} go to {NEW} from now on." in moved
        assert user_of(bob).email == bob.login_name and user_of(alice).email == NEW

    def test_to_the_person_who_is_signed_in_it_says_nothing_of_others(self, here, alice):
        ask(here)
        here.get(link_of(alice))
        page = words(here.get("/profile/confirmation"))
        assert f"Letters for {alice.login_name} will go to {NEW}" in page and "You are signed in as" not in page
        here.submit("/profile/confirmation")
        assert f"Your letters go to {NEW} from now on." in words(here.get("/profile"))

    def test_the_link_works_once(self, here, client, alice):
        ask(here)
        link = link_of(alice)
        here.get(link)
        here.submit("/profile/confirmation")
        assert here.get(link).status_code == 410 and client(alice.host).get(link).status_code == 410

    def test_looking_at_it_changes_nothing(self, here, alice):
        ask(here)
        for _ in range(20):
            assert here.get(link_of(alice)).status_code == 303
        assert user_of(alice).email == "alice@acme.example"

    def test_a_newer_wish_and_taking_it_back_let_the_link_die(self, here, alice):
        ask(here)
        older = link_of(alice)
        ask(here, "alice@third.example")
        newer = link_of(alice)
        assert here.get(older).status_code == 410 and here.get(newer).status_code == 303
        assert here.submit("/profile/address/withdrawal", page="/profile").status_code == 303
        assert here.get(newer).status_code == 410 and "Waiting for" not in words(here.get("/profile"))

    def test_a_new_password_lets_the_link_die(self, here, alice):
        """Somebody else asked for it with the old password. Red without `kill_address_changes` in `set_password`."""
        ask(here)
        link = link_of(alice)
        with transaction(alice.white_label_id) as db:
            set_password(db, db.load(User, alice.id), "another eight quiet rivers")
        assert here.get(link).status_code == 410

    def test_an_address_corrected_meanwhile_stays(self, here, alice):
        """The white label moved the letters. Red when the change does not remember where they went."""
        ask(here)
        with transaction(alice.white_label_id) as db:
            db.load(User, alice.id).email = "alice@corrected.example"
        assert here.get(link_of(alice)).status_code == 410

    def test_its_life_begins_when_the_letter_left(self, here, alice, clock):
        ask(here)
        clock.advance(days=3)
        with transaction(alice.white_label_id) as db:
            mark_sent(db, db.scalars(select(Letter).where(Letter.name == PURPOSE)).one())
        clock.advance(seconds=LIFE.total_seconds() - 1)
        assert here.get(link_of(alice)).status_code == 303
        clock.advance(seconds=2)
        assert here.get(link_of(alice)).status_code == 410

    def test_another_white_labels_host_knows_no_such_link(self, here, client, alice, kauri):
        ask(here)
        assert client(kauri.host).get(link_of(alice)).status_code == 410

    def test_a_link_to_reset_the_password_dies_with_the_old_address(self, db, alice, clock):
        user = db.load(User, alice.id)
        link = send_password_link(db, user, "password-reset")
        change = ask_for_address(db, alice.id, NEW)
        assert password_link(db, link.id) is link
        confirm_address(db, change.id)
        assert password_link(db, link.id) is None and link.dead_at is not None

    @on_both
    def test_two_who_confirm_at_once_are_one(self, northwind, alice, clock):
        """Red when the change is looked at first and claimed later."""
        with transaction(northwind.id) as db:
            change = ask_for_address(db, alice.id, NEW)

        def confirm(n):
            with transaction(northwind.id) as db:
                return confirm_address(db, change.id)

        answers = at_once(4, confirm)
        assert sum(isinstance(answer, User) for answer in answers) == 1
        assert all(isinstance(answer, User | LinkIsDead) for answer in answers)
        assert letters_of(alice, "address-changed") == [("address-changed", "alice@acme.example")]

    @on_sqlite
    @pytest.mark.parametrize("email", ["", "no address", "a@b.example, c@d.example", "a@b.example\r\nBcc: x@y.example",
                                       "ALICE@acme.example", "x" * 255 + "@b.example"])
    def test_what_is_no_new_address_stands_beside_the_field(self, here, alice, email):
        answer = ask(here, email)
        assert answer.status_code == 422 and "field-error" in answer.text
        assert letters_of(alice, PURPOSE, "address-asked") == []

    @on_sqlite
    def test_passwords_are_not_tried_for_ever(self, here):
        answers = [ask(here, present=f"guess number {n}").status_code for n in range(11)]
        assert answers == [422] * 10 + [429]

    @on_sqlite
    def test_no_token_stays_in_an_address_or_a_log(self, here, alice, requests_logged, caplog):
        """Red when the line of a request has its path as it came: production writes one for each."""
        ask(here)
        token = link_of(alice).rpartition("/")[2]
        here.get(link_of(alice))
        shown = here.get("/profile/confirmation")
        assert "/profile/address/…" in [line.get("path") for line in requests_logged]
        assert token not in shown.text + str(requests_logged) + caplog.text


class TestPassword:
    def test_the_page_keeps_the_navigation_and_leads_back_to_the_profile(self, here):
        """Red with the bare frame: whoever came to change a password had lost the house. Wrong answers keep it, too."""
        wrong = here.submit("/password/change", {"present": "x", "password": "y", "again": "z"})
        assert wrong.status_code == 422
        for page in (here.get("/password/change"), wrong):
            assert 'aria-label="Main"' in page.text and 'class="crumbs"' in page.text
            assert 'href="/profile">Leave it as it is' in page.text

    def test_a_first_password_is_changed_on_a_bare_page_with_a_way_out(self, here, alice):
        """Every page of the navigation would lead back here. Red with the house's frame for everybody."""
        with transaction(alice.white_label_id) as db:
            db.load(User, alice.id).must_change_password = True
        page = here.get("/password/change")
        assert page.status_code == 200 and 'aria-label="Main"' not in page.text and 'class="crumbs"' not in page.text
        assert 'action="/logout"' in page.text and 'href="/profile"' not in page.text

    def test_a_letter_tells_the_address_on_file(self, here, alice):
        """ASVS 5.0.0, 6.3.7. Red without `tell_of_new_password`."""
        form = {"present": PASSWORD, "password": "lively badger under eaves", "again": "lively badger under eaves"}
        assert here.submit("/password/change", form).status_code == 303
        assert letters_of(alice, "password-changed") == [("password-changed", "alice@acme.example")]

    def test_a_reset_is_told_too_and_a_first_password_is_not(self, db, alice, clock):
        user = db.load(User, alice.id)
        redeem_password_link(db, send_password_link(db, user, "set-password").id, "lively badger under eaves")
        assert db.scalars(select(Letter.id).where(Letter.name == "password-changed")).all() == []
        redeem_password_link(db, send_password_link(db, user, "password-reset").id, "wooden otter at the weir")
        assert len(db.scalars(select(Letter.id).where(Letter.name == "password-changed")).all()) == 1
