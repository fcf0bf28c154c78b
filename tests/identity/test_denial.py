"""“This was not me”: a thief of the password set a phone up, and the owner's mailbox still helps."""

import pytest
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.identity.commands import LinkIsDead
from portal.identity.denials import deny, start_life
from portal.identity.factors import DENIAL, forget
from portal.identity.models import User
from portal.kit import tokens
from portal.kit.db import reading, transaction
from portal.letters.flows import render
from portal.letters.models import Letter
from portal.whitelabels.queries import white_label
from tests.cast import PASSWORD, on_both, on_sqlite, password_hash
from tests.conftest import HostClient
from tests.identity.phones import at_door, factor_row, letters_of, phone_on, set_up
from tests.signup.browsing import words
from tests.threads import at_once

OWN = "/profile/second-factor"


@pytest.fixture
def thief(client, alice, clock):
    """Knows Alice's password, and set a phone of their own up."""
    browser = client(alice)
    phone = phone_on(browser.get(OWN).text)
    assert browser.submit(OWN, {"new_code": phone.code(), "present": PASSWORD}).status_code == 200
    return browser


@pytest.fixture
def owner(client, alice, thief):
    return client(alice.host)


def link_in(app, person, name="factor-on"):
    """The address in the newest letter of that name."""
    with reading(person.white_label_id) as db, app.app_context():
        letter = db.scalars(select(Letter).where(Letter.name == name).order_by(Letter.created_at)).all()[-1]
        body = render(letter, white_label(db)).body
    found = [line for line in body.split() if "/not-me/" in line]
    assert len(found) == 1 and "/password/forgotten" in body
    return found[0].partition(person.host)[2]


def words_of_last(app, person, name):
    with reading(person.white_label_id) as db, app.app_context():
        letter = db.scalars(select(Letter).where(Letter.name == name).order_by(Letter.created_at)).all()[-1]
        message = render(letter, white_label(db))
    return f"{message.body} {message.html}"


def rows_on(person, action):
    with reading(person.white_label_id) as db:
        wanted = select(AuditRow.actor_name).where(AuditRow.subject_id == person.id, AuditRow.action == action)
        return list(db.scalars(wanted))


def refused(browser, link):
    answer = browser.get(link, follow_redirects=True)
    return answer.status_code == 410 and browser.get("/not-me").status_code == 410


def test_it_undoes_the_phone_the_sessions_and_the_password(app, owner, thief, alice):
    """Red in turn without `forget` and without `set_password` in `deny`."""
    opened = owner.get(link_in(app, alice))
    assert opened.location == "/not-me"
    page = words(owner.get("/not-me"))
    assert alice.login_name in page and "This was not me" in page
    done = owner.submit("/not-me")
    assert done.status_code == 200 and "Look in your mail" in words(done)
    assert factor_row(alice) is None and thief.get("/profile").location.startswith("/login?")
    again = thief.submit("/login", {"login_name": alice.login_name, "password": PASSWORD})
    assert again.status_code == 401
    assert letters_of(alice, "password-reset") == [alice.login_name]
    told = words_of_last(app, alice, "password-reset")
    assert told.count("so is the password of before") == 2 and "password stays" not in told
    assert rows_on(alice, "factor.denied") == [alice.name]
    assert owner.get("/profile").location.startswith("/login?"), "the link signs nobody in"


def test_looking_changes_nothing(app, owner, thief, alice):
    """Mail scanners open what stands in letters. Red with the GET doing it."""
    for _ in range(3):
        assert owner.get(link_in(app, alice), follow_redirects=True).status_code == 200
    assert factor_row(alice) is not None and thief.get("/profile").status_code == 200
    assert letters_of(alice, "password-reset") == []


def test_it_works_once_and_dies_with_the_factor(app, owner, thief, alice):
    """Red with the token naming the person instead of the row."""
    link = link_in(app, alice)
    owner.get(link)
    with transaction(alice.white_label_id) as db:
        forget(db, alice.id)
    set_up(alice)
    assert owner.get("/not-me").status_code == 410 and refused(owner, link)
    newer = link_in(app, alice)
    owner.get(newer)
    assert owner.submit("/not-me").status_code == 200 and refused(owner, newer)


def test_another_phone_of_the_thief_has_a_link_of_its_own(app, owner, thief, alice, clock):
    older = factor_row(alice)
    with transaction(alice.white_label_id) as db:
        forget(db, alice.id)
    kept = set_up(alice)
    browser = at_door(lambda host: HostClient(app, host), alice)
    browser.submit("/login/code?recovery=1", {"code": kept.codes[0]})
    phone = phone_on(browser.get(f"{OWN}/phone").text)
    form = {"code": kept.phone.code(), "new_code": phone.code(), "present": PASSWORD}
    assert browser.submit(f"{OWN}/phone", form).status_code == 200 and older.id != factor_row(alice).id
    owner.get(link_in(app, alice, "factor-changed"))
    assert owner.submit("/not-me").status_code == 200 and factor_row(alice) is None


def test_it_lives_for_a_week_from_when_the_letter_left(app, owner, alice, clock):
    """Red without `deniable_until` in `deniable`."""
    link, factor = link_in(app, alice), factor_row(alice).id
    clock.advance(days=2)
    with transaction(alice.white_label_id) as db:
        start_life(db, factor, clock())
    clock.advance(days=6, hours=23)
    assert owner.get(link).location == "/not-me"
    clock.advance(hours=1)
    assert owner.get("/not-me").status_code == 410 and refused(owner, link)
    with pytest.raises(LinkIsDead), transaction(alice.white_label_id) as db:
        deny(db, factor)
    assert factor_row(alice) is not None


@on_sqlite
def test_what_is_not_that_link_opens_nothing(app, owner, alice, kauri):
    """Red with `tokens.read` of any purpose, and without the tenant's check."""
    factor = factor_row(alice)
    for purpose, tenant, row in (("password-reset", alice.white_label_id, factor.id),
                                 (DENIAL, kauri.id, factor.id), (DENIAL, alice.white_label_id, alice.id)):
        assert refused(owner, f"/not-me/{tokens.issue(purpose, tenant, row, alice.login_name)}")
    link = link_in(app, alice)
    assert refused(owner, link[:-1] + ("A" if link[-1] != "A" else "B")) and refused(owner, f"{link}x")
    assert refused(HostClient(app, kauri.host), link)


def test_moving_the_letters_meanwhile_does_not_save_the_thief(app, owner, alice):
    """Red with the link bound to the address that letters go to now."""
    link = link_in(app, alice)
    with transaction(alice.white_label_id) as db:
        db.load(User, alice.id).email = "thief@elsewhere.example"
    assert owner.get(link).location == "/not-me" and owner.submit("/not-me").status_code == 200
    assert factor_row(alice) is None


@on_both
def test_of_two_at_once_one_does_it(northwind, alice, thief):
    factor = factor_row(alice).id

    def press(n):
        with transaction(northwind.id) as db:
            return deny(db, factor)

    answers = at_once(4, press)
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, LinkIsDead) for answer in answers) == 3
    assert len(letters_of(alice, "password-reset")) == 1


def test_staff_set_another_phone_up_at_the_next_sign_in(app, client, bob, clock, change_settings):
    change_settings(staff_factor="required")
    set_up(bob)
    owner = client(bob.host)
    owner.get(link_in(app, bob))
    assert owner.submit("/not-me").status_code == 200
    assert factor_row(bob) is None and letters_of(bob, "password-reset") == [bob.login_name]
    with transaction(bob.white_label_id) as db:
        db.load(User, bob.id).password_hash = password_hash()
    assert at_door(client, bob).get("/").location == "/login/second-factor"


@on_sqlite
def test_presses_are_counted(owner):
    """Red without the limit."""
    token = owner.token("/login")
    codes = [owner.post("/not-me", data={"csrf_token": token}).status_code for _ in range(11)]
    assert codes == [410] * 10 + [429]
