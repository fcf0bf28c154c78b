"""Signing in with a second factor: staff cannot do without, a code counts once, a recovery code stands in once."""

import pytest
from sqlalchemy import select, text

from portal.audit.models import AuditRow
from portal.identity.codes import STEP_S
from portal.identity.commands import redeem_password_link, send_password_link
from portal.identity.factors import GUESSES, FactorLocked, claim, judge
from portal.identity.models import User
from portal.identity.queries import factor_of
from portal.kit.db import PLATFORM, Base, reading, scoped, transaction
from portal.letters.models import Letter
from tests.cast import PASSWORD, on_both, on_sqlite
from tests.conftest import HostClient
from tests.identity.phones import at_door, factor_row, letters_of, phone_on, set_up
from tests.signup.browsing import words
from tests.threads import at_once


@pytest.fixture
def strict(app, change_settings):
    """Staff need a second factor, as in a real installation."""
    return change_settings(staff_factor="required")


@pytest.fixture
def kept(alice, clock):
    """Alice has a phone, and kept her recovery codes."""
    return set_up(alice)


def show(browser, code):
    return browser.submit("/login/code", {"code": code})


def recover(browser, code):
    return browser.submit("/login/code?recovery=1", {"code": code})


def cookie(browser: HostClient) -> str:
    found = browser.get_cookie("portal", domain=browser.host)
    assert found is not None
    return found.value


def everything() -> str:
    with reading(PLATFORM) as db:
        tables = Base.metadata.sorted_tables
        return repr([db.connection().execute(text(f'select * from "{t.name}"')).all() for t in tables])


class TestEnrolment:
    @pytest.mark.parametrize("who", ["bob", "fiona", "olga"])
    def test_staff_set_it_up_at_their_first_sign_in(self, strict, client, cast, clock, who):
        person = getattr(cast, who)
        browser = at_door(client, person)
        sent = browser.get("/profile?x=1")
        assert sent.location == "/login/second-factor?next=%2Fprofile%3Fx%3D1"
        phone = phone_on(browser.get(sent.location).text)
        done = browser.submit("/login/second-factor", {"new_code": phone.code(), "next": "/profile?x=1"})
        assert done.status_code == 200 and 'href="/profile?x=1"' in done.text
        assert done.text.count("<li><code>") == 10
        assert browser.get("/profile").status_code == 200
        assert letters_of(person, "factor-on") == [person.login_name]
        with reading(person.white_label_id) as db:
            acts = db.scalars(select(AuditRow.action).where(AuditRow.subject_id == person.id)).all()
        assert "factor.on" in acts and acts.count("signed-in") == 1

    def test_where_it_is_only_offered_staff_come_in_without(self, client, bob):
        assert at_door(client, bob).get("/customers").status_code == 200

    def test_a_customer_need_not_have_one(self, strict, client, alice):
        assert client(alice).get("/profile").status_code == 200

    def test_another_code_than_the_phones_turns_nothing_on(self, strict, client, bob, clock):
        browser = at_door(client, bob)
        phone = phone_on(browser.get("/login/second-factor").text)
        wrong = f"{(int(phone.code()) + 1) % 10**6:06}"
        for code in ("", wrong, phone.code(2), phone.code(-2), "１２３４５６", "9" * 41):
            answer = browser.submit("/login/second-factor", {"new_code": code})
            assert answer.status_code == 422 and factor_row(bob) is None
        assert browser.get("/customers").location.startswith("/login/second-factor")
        assert browser.submit("/login/second-factor", {"new_code": phone.code(1)}).status_code == 200

    def test_a_session_that_is_not_fresh_gives_the_password_too(self, strict, client, bob, clock):
        """A copied session must not bind a thief's phone. Red with `gave_password_just_now` answering yes."""
        browser = at_door(client, bob)
        clock.advance(minutes=16)
        phone = phone_on(browser.get("/login/second-factor").text)
        for present in ("", "not the password at all"):
            answer = browser.submit("/login/second-factor", {"new_code": phone.code(), "present": present})
            assert answer.status_code == 422 and factor_row(bob) is None
        done = browser.submit("/login/second-factor", {"new_code": phone.code(), "present": PASSWORD})
        assert done.status_code == 200 and factor_row(bob) is not None

    def test_the_code_that_set_it_up_does_not_sign_in_as_well(self, strict, client, bob, clock):
        browser = at_door(client, bob)
        phone = phone_on(browser.get("/login/second-factor").text)
        browser.submit("/login/second-factor", {"new_code": phone.code()})
        other = at_door(client, bob)
        assert show(other, phone.code()).status_code == 401
        clock.advance(seconds=STEP_S)
        assert show(other, phone.code()).status_code == 303

    def test_the_secret_is_sealed_and_never_shown_again(self, strict, client, bob, clock):
        """11.3.2. Red with the secret itself in the session, or in the row."""
        browser = at_door(client, bob)
        phone = phone_on(browser.get("/login/second-factor").text)
        assert phone.secret not in everything()
        done = browser.submit("/login/second-factor", {"new_code": phone.code()})
        code = done.text.partition("<li><code>")[2].partition("</code>")[0]
        stored = everything()
        assert phone.secret not in stored and code not in stored and code.replace("-", "")[4:] not in stored
        for path in ("", "/second-factor", "/second-factor/phone", "/second-factor/codes"):
            page = browser.get(f"/profile{path}", follow_redirects=True)
            assert phone.secret not in page.text.replace(" ", "")

    def test_sent_twice_it_is_one(self, strict, client, bob, clock):
        browser = at_door(client, bob)
        phone = phone_on(browser.get("/login/second-factor").text)
        token = browser.token("/login/second-factor")
        answers = [browser.post("/login/second-factor", data={"csrf_token": token, "new_code": phone.code()})
                   for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 303]
        assert letters_of(bob, "factor-on") == [bob.login_name]

    def test_the_sessions_that_did_not_see_it_end(self, client, alice, clock):
        elsewhere, here = client(alice), client(alice)
        phone = phone_on(here.get("/profile/second-factor").text)
        done = here.submit("/profile/second-factor", {"new_code": phone.code(), "present": PASSWORD})
        assert done.status_code == 200 and here.get("/profile").status_code == 200
        assert elsewhere.get("/profile").location.startswith("/login?")


class TestCode:
    def test_it_lets_in_and_leads_on(self, client, alice, kept):
        browser = at_door(client, alice)
        assert browser.get("/account").location == "/login/code?next=%2Faccount"
        answer = browser.submit("/login/code", {"code": kept.phone.code(), "next": "/account"})
        assert answer.location == "/account" and browser.get("/profile").status_code == 200

    @on_sqlite
    @pytest.mark.parametrize("way", ["//evil.example", "https://evil.example", "/\\evil.example"])
    def test_it_leads_to_our_own_pages_only(self, client, alice, kept, way):
        browser = at_door(client, alice)
        assert browser.submit("/login/code", {"code": kept.phone.code(), "next": way}).location == "/"

    @pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
    def test_a_step_to_either_side_is_tolerated(self, client, alice, kept, steps, status):
        assert show(at_door(client, alice), kept.phone.code(steps)).status_code == status

    def test_it_works_once(self, client, alice, kept):
        """6.5.1. Red without `last_step < step` in `_takes_step`."""
        assert show(at_door(client, alice), kept.phone.code()).status_code == 303
        again = at_door(client, alice)
        assert show(again, kept.phone.code()).status_code == 401
        assert show(again, kept.phone.code(-1)).status_code == 401
        assert again.get("/profile").location == "/login/code?next=%2Fprofile"
        assert show(again, kept.phone.code(1)).status_code == 303

    @on_both
    def test_of_two_who_show_it_at_once_one_comes_in(self, northwind, alice, kept):
        """Red without `last_step < step` in `_takes_step`: all four were judged right.

        Sent six times in haste it is no guess either. Red with `claim` counting what is not taken.
        """
        with reading(northwind.id) as db:
            user = db.load(User, alice.id)
        with scoped(northwind.id):
            judged = judge(user, kept.phone.code())

        def come(n):
            with transaction(northwind.id) as db:
                return claim(db, db.load(User, alice.id), judged)

        assert sorted(at_once(6, come)) == [False] * 5 + [True]
        assert factor_row(alice).wrong == 0

    def test_the_session_has_another_name_afterwards(self, client, alice, kept):
        """7.2.4. Red without `rotate` in `pass_the_door`."""
        browser = at_door(client, alice)
        before = cookie(browser)
        show(browser, kept.phone.code())
        assert cookie(browser) != before
        thief = HostClient(browser.application, browser.host)
        thief.set_cookie("portal", before, domain=browser.host)
        assert thief.get("/profile").location.startswith("/login?")

    def test_wrong_used_and_unknown_codes_get_the_same_answer(self, client, alice, kept):
        show(at_door(client, alice), kept.phone.code())
        browser = at_door(client, alice)
        codes = (kept.phone.code(), "000000", "ABCDEFGH", kept.codes[0][:-1])
        answers = [show(browser, code) for code in codes]
        assert {answer.status_code for answer in answers} == {401}
        said = {words(answer).replace(code, "") for answer, code in zip(answers, codes, strict=True)}
        assert len(said) == 1 and "wrong, or was used already" in said.pop()

    @on_sqlite
    @pytest.mark.parametrize("code", ["", "  ", "x\u202ey", "1\n2", "9" * 41])
    def test_what_is_no_code_stands_beside_the_field_and_counts_as_no_guess(self, client, alice, kept, code):
        answer = show(at_door(client, alice), code)
        assert answer.status_code == 422 and "field-error" in answer.text and factor_row(alice).wrong == 0

    def test_guesses_end_and_a_letter_tells(self, client, alice, kept, clock):
        """6.3.1. Red without the count, and with `claim` not looking at `locked_until`: a right code would open it."""
        browser = at_door(client, alice)
        assert [show(browser, "000000").status_code for _ in range(GUESSES)] == [401] * GUESSES
        assert show(browser, kept.phone.code()).status_code == 429
        assert show(at_door(client, alice), kept.phone.code()).status_code == 429
        assert recover(browser, kept.codes[0]).status_code == 429
        assert letters_of(alice, "factor-locked") == ["alice@acme.example"]
        clock.advance(minutes=15, seconds=1)
        assert show(browser, kept.phone.code()).status_code == 303

    @on_sqlite
    def test_the_page_of_a_lock_says_until_when_and_what_helps(self, client, alice, kept):
        browser = at_door(client, alice)
        for _ in range(GUESSES):
            show(browser, "000000")
        locked = show(browser, kept.phone.code())
        said = words(locked)
        assert "No code counts before 2 November, 10:15" in said and "An administrator can take it away" in said
        assert 'href="/password/forgotten"' in locked.text and "activation link" not in said

    def test_each_lock_in_a_row_lasts_longer_and_one_letter_a_day_tells(self, northwind, alice, kept, clock):
        """Red with `LOCKED_FOR[0]` each time, without `TOLD_EVERY`, and without `locks` set back by a right code."""

        def guess(code):
            with scoped(northwind.id):
                judged = judge(user, code)
            with transaction(northwind.id) as db:
                return claim(db, db.load(User, alice.id), judged)

        with reading(northwind.id) as db:
            user = db.load(User, alice.id)
        minutes, told = (15, 60, 240, 1440, 1440), []
        for lasts in (*minutes, 15):
            for _ in range(GUESSES):
                assert guess("000000") is False
            clock.advance(minutes=lasts, seconds=-1)
            with pytest.raises(FactorLocked):
                guess(kept.phone.code())
            clock.advance(seconds=2)
            told.append(len(letters_of(alice, "factor-locked")))
            if len(told) == len(minutes):
                assert guess(kept.phone.code()) is True
        assert guess(kept.phone.code()) is True, "after a right code the locks begin with the shortest"
        assert told == [1, 1, 1, 1, 2, 3]

    def test_a_new_password_by_mail_ends_the_lock(self, client, alice, kept):
        """Whoever guessed knew the old one. Red without `_end_lock`."""
        browser = at_door(client, alice)
        for _ in range(GUESSES):
            show(browser, "000000")
        with transaction(alice.white_label_id) as db:
            link = send_password_link(db, db.load(User, alice.id), "password-reset").id
        with transaction(alice.white_label_id) as db:
            redeem_password_link(db, link, "lively badger under eaves")
        browser = client(alice.host)
        browser.submit("/login", {"login_name": alice.login_name, "password": "lively badger under eaves"})
        assert factor_row(alice).locks == 0 and show(browser, kept.phone.code()).status_code == 303

    @on_sqlite
    def test_a_locked_factor_costs_no_slow_work(self, client, alice, kept, monkeypatch):
        """Red with `judge` hashing before it looks at the lock."""
        from portal.identity import factors

        browser = at_door(client, alice)
        for _ in range(GUESSES):
            show(browser, "000000")
        hashed = []
        monkeypatch.setattr(factors, "is_right", lambda *args: hashed.append(args))
        assert recover(browser, kept.codes[0]).status_code == 429 and hashed == []

    @on_both
    def test_guesses_from_many_places_count_together(self, northwind, alice, kept):
        with reading(northwind.id) as db:
            user = db.load(User, alice.id)
        with scoped(northwind.id):
            wrong, right = judge(user, "000000"), judge(user, kept.phone.code())

        def guess(n):
            with transaction(northwind.id) as db:
                return claim(db, db.load(User, alice.id), wrong)

        answers = at_once(GUESSES + 4, guess)
        assert answers.count(False) == GUESSES and sum(isinstance(a, FactorLocked) for a in answers) == 4
        with pytest.raises(FactorLocked), transaction(northwind.id) as db:
            claim(db, db.load(User, alice.id), right)
        assert letters_of(alice, "factor-locked") == ["alice@acme.example"]

    def test_a_right_code_begins_the_count_anew(self, client, alice, kept, clock):
        for _ in range(3):
            browser = at_door(client, alice)
            for _ in range(GUESSES - 1):
                assert show(browser, "000000").status_code == 401
            clock.advance(minutes=2)
            assert show(browser, kept.phone.code()).status_code == 303

    def test_a_secret_of_somebody_else_does_not_open(self, client, alice, bob, kept):
        """Red with one purpose for everybody's secrets: whoever writes the table could lend a phone."""
        other, lent = set_up(bob), factor_row(bob).sealed_secret
        with transaction(alice.white_label_id) as db:
            factor_of(db, alice.id).sealed_secret = lent
        browser = at_door(client, alice)
        assert show(browser, other.phone.code()).status_code == 500


class TestRecovery:
    def test_each_works_once_however_it_is_typed(self, client, alice, kept):
        """6.5.2. Red without `used_at is null` in both `unused_code` and `_takes_recovery`."""
        assert recover(at_door(client, alice), kept.codes[3].lower().replace("-", " ")).status_code == 303
        used = recover(at_door(client, alice), kept.codes[3])
        assert used.status_code == 401 and "another one of the ten" in words(used)
        assert recover(at_door(client, alice), kept.codes[4]).status_code == 303

    def test_its_use_is_told_and_written_down(self, client, alice, kept):
        browser = at_door(client, alice)
        recover(browser, kept.codes[0])
        with reading(alice.white_label_id) as db:
            letter = db.scalars(select(Letter).where(Letter.name == "factor-recovery-used")).one()
            row = db.scalars(select(AuditRow).where(AuditRow.action == "factor.recovery-used")).one()
        assert letter.to_address == "alice@acme.example" and letter.facts["left"] == 9 and row.details == {"left": 9}
        assert "9 recovery codes are left" in words(browser.get("/profile"))

    @on_both
    def test_of_two_who_use_one_at_once_one_comes_in(self, northwind, alice, kept):
        """Red without `used_at is null` in `_takes_recovery`: all four found it unused."""
        with reading(northwind.id) as db:
            user = db.load(User, alice.id)
        with scoped(northwind.id):
            judged = judge(user, kept.codes[0])

        def come(n):
            with transaction(northwind.id) as db:
                return claim(db, db.load(User, alice.id), judged)

        assert sorted(at_once(4, come)) == [False, False, False, True]

    def test_a_code_of_somebody_else_opens_nothing(self, client, alice, bob, kept):
        other = set_up(bob)
        assert recover(at_door(client, alice), other.codes[0]).status_code == 401

    def test_it_costs_the_same_work_whether_its_name_is_known(self, client, alice, kept, monkeypatch):
        """Red with the hash left out where no row has the name: ten names would be told from others by the clock."""
        from portal.identity import passwords

        calls = []
        real = passwords._hasher

        class Counting:
            def verify(self, stored, password):
                calls.append(stored)
                return real.verify(stored, password)

        browser = at_door(client, alice)
        monkeypatch.setattr(passwords, "_hasher", Counting())
        for code in (f"{kept.codes[0][:5]}2222-3333-4444", "2222-3333-4444-5555"):
            calls.clear()
            recover(browser, code)
            assert len(calls) == 1
