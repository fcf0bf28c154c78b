"""A link that sets a password works once, for its purpose, its white label, its address and its time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.identity.commands import (
    LIVES,
    UNSENT_LIFE,
    LinkIsDead,
    PasswordRefused,
    redeem_password_link,
    request_reset,
    send_password_link,
    set_password,
)
from portal.identity.models import PasswordLink, User
from portal.identity.passwords import is_right
from portal.identity.queries import live_password_link, password_link
from portal.kit import tokens
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.sessions import WebSession
from portal.letters.commands import mark_sent
from portal.letters.models import Letter
from tests.cast import on_both
from tests.threads import at_once

NEW = "seven plain boats at dusk"


@pytest.fixture
def user(db, alice, clock):
    return db.load(User, alice.id)


def token_of(link, user):
    return tokens.issue(link.purpose, link.white_label_id, link.id, user.email)


def finds(db, link, user, purpose=None):
    db.flush()
    db.expire(link)
    return live_password_link(db, purpose or link.purpose, token_of(link, user)) is link


def letters_to(db, user):
    found = select(Letter).where(Letter.to_address == user.email, Letter.link_purpose.like("%password%"))
    return list(db.scalars(found.order_by(Letter.created_at, Letter.id)))


def test_it_sets_the_password(db, user):
    link = send_password_link(db, user, "password-reset")
    assert finds(db, link, user) and password_link(db, link.id) is link
    redeem_password_link(db, link.id, NEW)
    assert is_right(NEW, user.password_hash) and not user.must_change_password


def test_it_works_once(db, user):
    """Red when the claim does not ask whether it was used."""
    link = send_password_link(db, user, "password-reset")
    redeem_password_link(db, link.id, NEW)
    assert not finds(db, link, user) and password_link(db, link.id) is None
    with pytest.raises(LinkIsDead):
        redeem_password_link(db, link.id, "another eight quiet rivers")
    assert is_right(NEW, user.password_hash)


def test_looking_at_it_uses_nothing_up(db, user):
    """Mail scanners open every link, some of them many times."""
    link = send_password_link(db, user, "password-reset")
    for _ in range(20):
        assert finds(db, link, user)
    redeem_password_link(db, link.id, NEW)


@on_both
def test_two_who_use_it_at_once_are_one(northwind, alice, clock):
    """Red when the link is looked at first and claimed later."""
    with transaction(northwind.id) as db:
        link = send_password_link(db, db.load(User, alice.id), "password-reset")
    words = [f"{NEW} number {n}" for n in range(3)]

    def redeem(n):
        with transaction(northwind.id) as db:
            redeem_password_link(db, link.id, words[n])

    answers = at_once(3, redeem)
    won = [n for n, answer in enumerate(answers) if answer is None]
    assert len(won) == 1 and sum(isinstance(answer, LinkIsDead) for answer in answers) == 2
    with reading(northwind.id) as db:
        assert is_right(words[won[0]], db.load(User, alice.id).password_hash)


@pytest.mark.parametrize(("made", "asked"), [("password-reset", "set-password"), ("set-password", "password-reset")])
def test_it_is_for_its_purpose(db, user, made, asked):
    link = send_password_link(db, user, made)
    assert not finds(db, link, user, asked)
    forged = tokens.issue(asked, link.white_label_id, link.id, user.email)
    assert live_password_link(db, asked, forged) is None
    assert live_password_link(db, "activation", token_of(link, user)) is None


def test_it_is_for_its_white_label(northwind, kauri, alice, clock):
    with transaction(northwind.id) as db:
        user = db.load(User, alice.id)
        link = send_password_link(db, user, "password-reset")
    with transaction(kauri.id) as db:
        assert live_password_link(db, "password-reset", token_of(link, user)) is None
        assert password_link(db, link.id) is None
        with pytest.raises(LinkIsDead):
            redeem_password_link(db, link.id, NEW)


def test_it_ends(db, user, clock):
    link = send_password_link(db, user, "password-reset")
    mark_sent(db, letters_to(db, user)[-1])
    clock.advance(seconds=LIVES["password-reset"].total_seconds() - 1)
    assert finds(db, link, user)
    clock.advance(seconds=2)
    assert not finds(db, link, user)
    with pytest.raises(LinkIsDead):
        redeem_password_link(db, link.id, NEW)


@pytest.mark.parametrize("purpose", ["set-password", "password-reset"])
def test_its_life_counts_from_sending(db, user, clock, purpose):
    """A mail server that is down for a day must not use the link up. Red when the life begins with the row."""
    link = send_password_link(db, user, purpose)
    clock.advance(days=2)
    assert finds(db, link, user)
    mark_sent(db, letters_to(db, user)[-1])
    assert link.expires_at == clock() + LIVES[purpose]


def test_a_letter_that_never_leaves_does_not_leave_a_link_for_ever(db, user, clock):
    link = send_password_link(db, user, "password-reset")
    clock.advance(seconds=UNSENT_LIFE.total_seconds() + 1)
    assert not finds(db, link, user)


def test_a_newer_one_kills_it_and_its_waiting_letter(db, user):
    old = send_password_link(db, user, "password-reset")
    new = send_password_link(db, user, "password-reset")
    assert not finds(db, old, user) and finds(db, new, user)
    assert [letter.state for letter in letters_to(db, user)] == ["withdrawn", "queued"]
    with pytest.raises(LinkIsDead):
        redeem_password_link(db, old.id, NEW)


def test_a_reset_kills_the_link_to_start_with(db, user):
    start = send_password_link(db, user, "set-password")
    send_password_link(db, user, "password-reset")
    assert not finds(db, start, user)


def test_a_password_changed_elsewhere_kills_it(db, user):
    link = send_password_link(db, user, "password-reset")
    set_password(db, user, NEW)
    assert not finds(db, link, user)


def test_a_changed_address_kills_it_even_when_it_was_opened_already(db, user):
    """Whoever reads the old mailbox may have the form open. Red when only the token is held against the address."""
    link = send_password_link(db, user, "password-reset")
    before = user.email
    user.email = "new@acme.example"
    db.flush()
    assert live_password_link(db, link.purpose, tokens.issue(link.purpose, db.tenant, link.id, before)) is None
    assert live_password_link(db, link.purpose, token_of(link, user)) is None
    assert password_link(db, link.id) is None
    with pytest.raises(LinkIsDead):
        redeem_password_link(db, link.id, NEW)


def test_a_person_who_was_disabled_gets_no_further(db, user, clock):
    link = send_password_link(db, user, "password-reset")
    user.disabled_at = clock()
    db.flush()
    with pytest.raises(LinkIsDead):
        redeem_password_link(db, link.id, NEW)


def test_only_a_digest_is_kept(database, northwind, alice):
    """Red when the token itself stands in any column of the link, the letter or the job."""
    with transaction(northwind.id) as db:
        user = db.load(User, alice.id)
        token = token_of(send_password_link(db, user, "password-reset"), user)
    with reading(PLATFORM) as db:
        for mapper in User.registry.mappers:
            for row in db.scalars(select(mapper.class_)):
                kept = " ".join(str(getattr(row, column.key)) for column in mapper.column_attrs)
                assert token not in kept and token.split(".")[-1] not in kept


def test_a_weak_password_claims_nothing(db, user):
    link = send_password_link(db, user, "password-reset")
    for weak in ("short", "alice archer rules", "passwordpassword", "Northwind Telecom 1"):
        with pytest.raises(PasswordRefused) as refused:
            redeem_password_link(db, link.id, weak)
        assert refused.value.field == "password"
    redeem_password_link(db, link.id, NEW)


class TestAskingForAReset:
    def test_a_person_with_a_password_gets_a_letter(self, db, user):
        request_reset(db, f" {user.login_name.upper()}")
        assert [letter.name for letter in letters_to(db, user)] == ["password-reset"]

    def test_nobody_gets_none(self, db):
        before = len(db.scalars(select(Letter)).all())
        request_reset(db, "nobody@nowhere.example")
        assert len(db.scalars(select(Letter)).all()) == before

    def test_a_person_who_has_not_begun_gets_none(self, db, user):
        """Else a reset would be a way around the activation link and its terms."""
        user.password_hash = None
        db.flush()
        request_reset(db, user.login_name)
        assert letters_to(db, user) == []

    def test_a_disabled_person_gets_none(self, db, user, clock):
        user.disabled_at = clock()
        db.flush()
        request_reset(db, user.login_name)
        assert letters_to(db, user) == []

    def test_it_goes_to_the_address_and_never_to_the_login_name(self, db, user):
        user.email = "alice.private@acme.example"
        db.flush()
        request_reset(db, user.login_name)
        (letter,) = letters_to(db, user)
        assert letter.to_address == "alice.private@acme.example"

    def test_it_is_on_the_trail(self, db, user):
        request_reset(db, user.login_name)
        acts = db.scalars(select(AuditRow.action).where(AuditRow.subject_id == user.id))
        assert "password.reset-requested" in set(acts)


class TestSessionsEnd:
    @pytest.fixture
    def session_of(self, db, clock):
        def add(user, digest):
            db.add(WebSession(digest=digest, host="northwind.localhost", subject=user.get_id(), data={},
                              created_at=clock(), seen_at=clock()))
            db.flush()

        return add

    def digests(self, db):
        return set(db.scalars(select(WebSession.digest)))

    def test_when_the_password_is_set_by_a_link(self, db, user, bob, session_of):
        session_of(user, "alice-1")
        session_of(user, "alice-2")
        session_of(db.load(User, bob.id), "bob")
        redeem_password_link(db, send_password_link(db, user, "password-reset").id, NEW)
        assert self.digests(db) == {"bob"}

    def test_all_but_the_one_in_which_it_is_changed(self, db, user, session_of):
        from portal.kit.sessions import _digest

        session_of(user, _digest("here"))
        session_of(user, "there")
        set_password(db, user, NEW, session_kept="here")
        assert self.digests(db) == {_digest("here")}


def test_a_link_of_another_life_is_no_link(db, user, clock):
    """A row that somebody put into the table by hand, with the digest of nothing."""
    row = PasswordLink(user_id=user.id, purpose="password-reset", digest="", expires_at=clock() + timedelta(days=1))
    db.put(row)
    assert live_password_link(db, "password-reset", token_of(row, user)) is None
    with pytest.raises(LinkIsDead):
        redeem_password_link(db, row.id, NEW)
