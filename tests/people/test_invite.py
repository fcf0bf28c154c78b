"""Inviting people to an account, and what becomes of an invitation before it is taken up."""

import re
from datetime import timedelta

import pytest

from portal.activation.commands import activate_as_administrator
from portal.identity.commands import LinkIsDead
from portal.identity.models import User
from portal.kit.db import reading, transaction
from portal.letters.commands import mark_bounced, mark_sent
from portal.letters.flows import render
from portal.letters.models import Letter
from portal.people import commands
from portal.people.models import Invitation
from portal.whitelabels.queries import white_label
from tests.accounts.making import OPTION_2, customer
from tests.cast import on_sqlite
from tests.signup.browsing import errors, words

pytestmark = on_sqlite


def invite(browser, base, *rows):
    form = {}
    for n in range(1, 6):
        address, role = rows[n - 1] if n <= len(rows) else ("", "standard")
        form |= {f"address_{n}": address, f"role_{n}": role}
    return browser.submit(f"{base}/invitations", form, page=f"{base}/users")


def test_several_at_once_each_with_a_role(people, alices):
    base = f"/account/{people.acme}"
    answer = invite(alices, base, ("ann@acme.example", "finance"), ("Ben@Acme.example", "administrator"))
    assert answer.status_code == 303 and answer.location == f"{base}/users"
    assert [(i.address, i.role) for i in people.rows(Invitation)] == [
        ("ann@acme.example", "finance"), ("ben@acme.example", "administrator")]
    assert [letter.to_address for letter in people.letters("invitation")] == ["ann@acme.example", "ben@acme.example"]
    page = words(alices.get(f"{base}/users"))
    assert "2 invitations will go out now." in page and "ann@acme.example Finance. The letter is on its way" in page


def test_no_page_and_no_table_holds_the_token(people, alices):
    invite(alices, f"/account/{people.acme}", ("ann@acme.example", "finance"))
    token = people.link("ann@acme.example").rsplit("/", 1)[1]
    assert token not in alices.get(f"/account/{people.acme}/users").text
    assert people.invitation("ann@acme.example").digest != token
    assert all(token not in repr(vars(letter)) for letter in people.rows(Letter))


@pytest.mark.parametrize(("typed", "said"), [
    ("ann", "Write one e-mail address, such as name@company.example."),
    ("a@b.example, c@d.example", "Write one e-mail address, such as name@company.example."),
    ("a@b.example\r\nBcc: x@y.example", "Write one e-mail address, such as name@company.example."),
])
def test_a_wrong_address_is_said_beside_it_and_nobody_is_invited(people, alices, typed, said):
    answer = invite(alices, f"/account/{people.acme}", ("ann@acme.example", "standard"), (typed, "standard"))
    assert answer.status_code == 422 and errors(answer)["address_2"] == said
    assert people.rows(Invitation) == [] and people.letters("invitation") == []


def test_rows_beyond_the_first_are_folded_until_something_is_in_them(people, alices):
    """Red when they stay folded: what is wrong in them would be hidden."""
    folded, base = re.compile(r'<details class="more[^"]*">\s*<summary>Invite several'), f"/account/{people.acme}"
    assert folded.search(alices.get(f"{base}/users").text)
    assert folded.search(invite(alices, base, ("nonsense", "standard")).text)
    assert not folded.search(invite(alices, base, ("", "standard"), ("nonsense", "standard")).text)
    assert not folded.search(invite(alices, base, ("nonsense", "standard"), ("ben@acme.example", "standard")).text)


@pytest.mark.parametrize("again", ["ann@acme.example", "Ann@ACME.example"])
def test_one_address_with_two_roles_is_said_beside_the_second_row(people, alices, again):
    """Nobody but the writer knows which was meant. Red without `_contradicts_itself`: the last row won."""
    rows = (("ann@acme.example", "standard"), ("ben@acme.example", "finance"), (again, "administrator"))
    answer = invite(alices, f"/account/{people.acme}", *rows)
    assert answer.status_code == 422
    assert errors(answer) == {"address_3": f"{again} stands above as Standard user. Keep one of the two rows."}
    assert people.rows(Invitation) == [] and people.letters("invitation") == []


def test_one_address_twice_with_one_role_is_one_invitation(people, alices):
    base = f"/account/{people.acme}"
    invite(alices, base, ("ann@acme.example", "finance"), ("Ann@acme.example", "finance"))
    assert [(i.address, i.role) for i in people.rows(Invitation)] == [("ann@acme.example", "finance")]
    assert len(people.letters("invitation")) == 1
    assert "1 invitation will go out now." in words(alices.get(f"{base}/users"))


def test_what_no_form_sends_beside_a_contradiction_is_refused(people, alices):
    """Red when a role is looked up before it was found to be one."""
    rows = (("ann@acme.example", "emperor"), ("ann@acme.example", "standard"))
    assert invite(alices, f"/account/{people.acme}", *rows).status_code == 422
    assert people.rows(Invitation) == []


@pytest.mark.parametrize(("role", "said"), [
    ("standard", "Standard user"), ("finance", "Finance"), ("administrator", "Administrator"),
])
def test_the_letter_names_the_role_like_the_pages(app, people, alices, role, said):
    """Red with the role's stored value in the letter."""
    invite(alices, f"/account/{people.acme}", ("ann@acme.example", role))
    (letter,) = people.letters("invitation")
    with app.test_request_context(base_url=f"http://{people.company.host}/"), reading(people.company.id) as db:
        sent = render(letter, white_label(db))
    assert all(f"Your role: {said}. It costs you nothing." in body for body in (sent.body, sent.html))


def test_at_least_one_address_is_wanted(people, alices):
    assert errors(invite(alices, f"/account/{people.acme}")) == {"address_1": "Write at least one address."}


def test_a_role_that_is_not_offered_is_refused(people, bobs):
    """Red when the choices are every role: the white label could name a second administrator before the customer."""
    answer = invite(bobs, f"/customers/{people.waiting}", ("eve@evil.example", "administrator"))
    assert answer.status_code == 422 and people.rows(Invitation) == []


def test_who_belongs_already_is_not_invited(people, alices, alice):
    invite(alices, f"/account/{people.acme}", (alice.login_name, "standard"))
    assert people.rows(Invitation) == []
    assert "1 belonged to the account already" in words(alices.get(f"/account/{people.acme}/users"))


class TestAnInactiveAccount:
    def test_keeps_its_invitations_until_it_is_active(self, people, northwind, bobs):
        """Red when the letter goes out at once: nobody could sign in to what it leads to."""
        with transaction(northwind.id) as db:
            account_id = customer(db, northwind.plans["desk"], OPTION_2, name="Later Ltd").id
        invite(bobs, f"/customers/{account_id}", ("ann@later.example", "finance"))
        assert people.letters("invitation") == []
        assert "Mailed when the account is active" in words(bobs.get(f"/customers/{account_id}/users"))
        with transaction(northwind.id) as db:
            from portal.accounts.queries import held_customer_or_404
            from portal.audit.commands import COMMAND_LINE
            activate_as_administrator(db, held_customer_or_404(db, account_id), by=COMMAND_LINE)
        assert [letter.to_address for letter in people.letters("invitation")] == ["ann@later.example"]

    def test_of_option_1_is_not_joined_by_an_administrator_of_our_choice(self, people, bobs):
        page = bobs.get(f"/customers/{people.waiting}/users").text
        assert '<option value="standard"' in page and '<option value="administrator"' not in page


class TestSentAgainAndRevoked:
    def test_again_kills_the_older_link(self, people, alices):
        base = f"/account/{people.acme}"
        invite(alices, base, ("ann@acme.example", "finance"))
        older, link = people.invitation("ann@acme.example"), people.link("ann@acme.example")
        assert alices.submit(f"{base}/invitations/{older.id}/again", page=f"{base}/users").status_code == 303
        assert people.invitation("ann@acme.example").id != older.id
        stranger = people.browser()
        assert stranger.get(link, follow_redirects=True).status_code == 410
        assert len(people.letters("invitation")) == 1, "the older letter is withdrawn"

    def test_revoked_its_link_is_dead(self, people, alices):
        base = f"/account/{people.acme}"
        invite(alices, base, ("ann@acme.example", "finance"))
        one, link = people.invitation("ann@acme.example"), people.link("ann@acme.example")
        alices.submit(f"{base}/invitations/{one.id}/revocation", page=f"{base}/users")
        assert people.browser().get(link, follow_redirects=True).status_code == 410
        assert people.letters("invitation") == [] and "ann@acme" not in alices.get(f"{base}/users").text
        with pytest.raises(LinkIsDead), transaction(people.company.id) as db:
            commands.revoke(db, db.load(Invitation, one.id), by=commands.Actor("user", None, "x"))

    def test_another_accounts_invitation_is_not_found(self, people, alices, bobs):
        invite(bobs, f"/customers/{people.ours}", ("ann@ours.example", "finance"))
        theirs = people.invitation("ann@ours.example")
        base = f"/account/{people.acme}"
        for act in ("again", "revocation"):
            assert alices.submit(f"{base}/invitations/{theirs.id}/{act}", page=f"{base}/users").status_code == 404
        assert people.invitation("ann@ours.example").revoked_at is None


class TestTakingItUp:
    @pytest.fixture
    def link(self, people, alices):
        invite(alices, f"/account/{people.acme}", ("ann@acme.example", "finance"))
        return people.link("ann@acme.example")

    def accept(self, browser, **form):
        return browser.submit("/invitations", form)

    NEW = {"display_name": "Ann Lee", "password": "marble otter seven kites", "again": "marble otter seven kites"}

    def test_somebody_new_gets_a_login_and_is_signed_in(self, people, link):
        browser = people.browser()
        opened = browser.get(link)
        assert opened.location == "/invitations" and "Join Acme" in browser.get("/invitations").text
        answer = self.accept(browser, **self.NEW)
        assert answer.location == f"/account/{people.acme}"
        assert browser.get(answer.location).status_code == 200
        (ann,) = people.rows(User, login_name="ann@acme.example")
        assert ann.email == "ann@acme.example" and ann.display_name == "Ann Lee"
        assert people.invitation("ann@acme.example").user_id == ann.id

    def test_a_scanner_may_open_it_all_day(self, people, link):
        for _ in range(10):
            people.browser().get(link, follow_redirects=True)
        browser = people.browser()
        browser.get(link)
        assert self.accept(browser, **self.NEW).status_code == 303

    def test_works_once(self, people, link):
        """Red without the claim in one update."""
        first, second = people.browser(), people.browser()
        for browser in (first, second):
            browser.get(link)
        token = second.token("/invitations")
        assert self.accept(first, **self.NEW).status_code == 303
        late = second.post("/invitations", data={"csrf_token": token, **self.NEW})
        assert late.status_code == 410 and "no longer works" in late.text

    def test_expires_a_week_after_its_letter_left(self, people, link, clock):
        invited = people.invitation("ann@acme.example").id
        with transaction(people.company.id) as db:
            commands.start_life(db, invited, clock())
        clock.advance(days=6, hours=23)
        assert people.browser().get(link, follow_redirects=True).status_code == 200
        clock.advance(hours=1)
        assert people.browser().get(link, follow_redirects=True).status_code == 410

    def test_a_weak_password_is_said_and_nothing_happens(self, people, link):
        browser = people.browser()
        browser.get(link)
        answer = self.accept(browser, display_name="Ann", password="password1234", again="password1234")
        assert answer.status_code == 422 and "password" in errors(answer)
        assert people.rows(User, login_name="ann@acme.example") == []

    def test_somebody_with_a_login_here_gives_its_password_and_gets_no_second_one(self, people, bobs, cast, alice):
        invite(bobs, f"/customers/{people.ours}", (alice.login_name, "standard"))
        browser = people.browser()
        browser.get(people.link(alice.login_name))
        assert "You have a login here already" in browser.get("/invitations").text
        wrong = self.accept(browser, password="not my password")
        assert wrong.status_code == 422 and "not the password" in errors(wrong)["password"]
        assert self.accept(browser, password=alice.password).location == f"/account/{people.ours}"
        assert len(people.rows(User, login_name=alice.login_name)) == 1
        assert browser.get(f"/account/{people.acme}").status_code == 200, "the first account is still theirs"

    def test_signed_in_it_takes_one_press(self, people, bobs, alices, alice):
        invite(bobs, f"/customers/{people.ours}", (alice.login_name, "standard"))
        alices.get(people.link(alice.login_name))
        assert self.accept(alices).location == f"/account/{people.ours}"

    def test_somebody_else_cannot_take_it_up(self, people, link, bobs):
        """Red when whoever is signed in joins."""
        bobs.get(link)
        assert "You are signed in as somebody else" in words(bobs.get("/invitations"))
        assert self.accept(bobs).status_code == 403
        assert people.invitation("ann@acme.example").used_at is None

    def test_an_account_that_closed_meanwhile_is_not_joined(self, people, link, bob):
        from portal.accounts.queries import held_customer_or_404
        from portal.activation.commands import cancel
        browser = people.browser()
        browser.get(link)
        with transaction(people.company.id) as db:
            cancel(db, held_customer_or_404(db, people.acme), reason="Gone", by=bob.actor)
        assert browser.get("/invitations").status_code == 410

    def test_another_white_labels_host_does_not_know_it(self, people, link, kauri, app):
        from tests.conftest import HostClient
        assert HostClient(app, kauri.host).get(link).status_code == 410

    @pytest.mark.parametrize("purpose", ["activation", "password-reset", "set-password"])
    def test_a_token_for_something_else_is_refused(self, people, link, purpose):
        from portal.kit import tokens
        one = people.invitation("ann@acme.example")
        other = tokens.issue(purpose, people.company.id, one.id, one.address)
        assert people.browser().get(f"/invitations/{other}").status_code == 410


def test_an_open_invitation_of_the_same_address_is_replaced(people, alices):
    base = f"/account/{people.acme}"
    for role in ("standard", "finance"):
        invite(alices, base, ("ann@acme.example", role))
    live = [i for i in people.rows(Invitation) if i.revoked_at is None]
    assert [i.role for i in live] == ["finance"] and len(people.letters("invitation")) == 1


def test_a_hundred_can_wait_and_no_more(people, alices, bob):
    with transaction(people.company.id) as db:
        db.add_all(
            Invitation(account_id=people.acme, address=f"n{n}@acme.example", role="standard", invited_by="Alice")
            for n in range(commands.MOST_OPEN))
    assert invite(alices, f"/account/{people.acme}", ("one@acme.example", "standard")).status_code == 409
    assert timedelta(days=7) == commands.LIFE


def test_the_white_labels_own_people_do_not_join_a_customers_account(people, alices, fiona, client):
    """Red when only adding them directly is refused."""
    invite(alices, f"/account/{people.acme}", (fiona.login_name, "finance"))
    browser = client(fiona)
    browser.get(people.link(fiona.login_name))
    assert browser.submit("/invitations").status_code == 409
    assert people.invitation(fiona.login_name).used_at is None


def test_one_whose_letter_came_back_says_so(people, alices, northwind):
    """Red when only the invitation is looked at: it would seem to be on its way for a week."""
    base = f"/account/{people.acme}"
    invite(alices, base, ("ann@acme.example", "finance"))
    (written,) = people.letters("invitation")
    with transaction(northwind.id) as db:
        letter = db.load(Letter, written.id)
        mark_sent(db, letter)
        mark_bounced(db, letter, "550 5.1.1 no such mailbox")
    page = words(alices.get(f"{base}/users"))
    assert "ann@acme.example Finance. The letter came back: 550 5.1.1 no such mailbox Bounced" in page
