"""One's own second factor: turned on and off, another phone, other recovery codes, each told by letter."""

import pytest
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.identity.codes import STEP_S, new_secret
from portal.identity.factors import FactorThere, Fresh, forget, mint, turn_on
from portal.identity.models import SecondFactor, User
from portal.kit.db import reading, transaction
from tests.cast import PASSWORD, on_both, on_sqlite
from tests.identity.phones import at_door, factor_row, letters_of, phone_on, set_up
from tests.signup.browsing import words
from tests.threads import at_once

OWN = "/profile/second-factor"


@pytest.fixture
def kept(alice, clock):
    return set_up(alice)


@pytest.fixture
def here(client, alice, kept):
    """Alice, signed in with both."""
    browser = at_door(client, alice)
    browser.submit("/login/code?recovery=1", {"code": kept.codes[9]})
    return browser


def codes_on(answer):
    return [part.partition("</code>")[0] for part in answer.text.split("<li><code>")[1:]]


def asked(code, present=PASSWORD, **more):
    return {"code": code, "present": present, **more}


def acts_on(person):
    with reading(person.white_label_id) as db:
        return list(db.scalars(select(AuditRow.action).where(AuditRow.subject_id == person.id)))


class TestTurningOn:
    @pytest.mark.parametrize("who", ["alice", "bob", "olga"])
    def test_whoever_wants_one_turns_it_on(self, client, cast, clock, who):
        person = getattr(cast, who)
        browser = client(person)
        assert f'href="{OWN}">Set it up' in browser.get("/profile").text
        phone = phone_on(browser.get(OWN).text)
        done = browser.submit(OWN, {"new_code": phone.code(), "present": PASSWORD})
        assert done.status_code == 200 and len(codes_on(done)) == 10
        assert letters_of(person, "factor-on") == [person.login_name] and "factor.on" in acts_on(person)
        assert "10 recovery codes are left" in words(browser.get("/profile"))
        assert browser.get(OWN).location == "/profile"

    def test_it_needs_the_present_password(self, client, alice, clock):
        """7.5. Red with `PresentPassword` letting all pass: a session left open would be bound to another's phone."""
        browser = client(alice)
        phone = phone_on(browser.get(OWN).text)
        for present in ("", "not the password at all"):
            answer = browser.submit(OWN, {"new_code": phone.code(), "present": present})
            assert answer.status_code == 422 and "field-error" in answer.text
        assert factor_row(alice) is None and letters_of(alice, "factor-on") == []

    def test_in_a_second_window_it_is_there_already(self, client, alice, clock):
        browser = client(alice)
        phone = phone_on(browser.get(OWN).text)
        form = {"csrf_token": browser.token(OWN), "new_code": phone.code(), "present": PASSWORD}
        assert browser.post(OWN, data=form).status_code == 200
        assert browser.post(OWN, data=form).status_code in (409, 422)
        assert letters_of(alice, "factor-on") == ["alice@acme.example"]


    @on_both
    def test_of_two_phones_at_once_one_is_kept(self, northwind, alice, clock):
        """Red without the refusal in `turn_on`: the database's own would be a crash."""
        fresh = [Fresh(new_secret(), 1, mint()) for _ in range(4)]

        def set_it_up(n):
            with transaction(northwind.id) as db:
                return turn_on(db, db.load(User, alice.id), fresh[n], session_kept=None)

        answers = at_once(4, set_it_up)
        assert sum(isinstance(answer, SecondFactor) for answer in answers) == 1
        assert sum(isinstance(answer, FactorThere) for answer in answers) == 3
        assert letters_of(alice, "factor-on") == ["alice@acme.example"]


class TestAnotherPhone:
    def test_the_old_phone_and_the_old_codes_end(self, client, here, alice, kept, clock):
        other = at_door(client, alice)
        other.submit("/login/code?recovery=1", {"code": kept.codes[8]})
        new = phone_on(here.get(f"{OWN}/phone").text)
        done = here.submit(f"{OWN}/phone", asked(kept.phone.code(), new_code=new.code()))
        assert done.status_code == 200 and not set(codes_on(done)) & set(kept.codes)
        assert here.get("/profile").status_code == 200
        assert other.get("/profile").location.startswith("/login?")
        clock.advance(seconds=STEP_S)
        again = at_door(client, alice)
        for path, code in (("/login/code", kept.phone.code()), ("/login/code?recovery=1", kept.codes[0])):
            assert again.submit(path, {"code": code}).status_code == 401
        assert again.submit("/login/code", {"code": new.code()}).status_code == 303
        assert letters_of(alice, "factor-changed") == ["alice@acme.example"] and "factor.changed" in acts_on(alice)

    def test_a_recovery_code_stands_in_for_the_lost_phone(self, here, alice, kept):
        new = phone_on(here.get(f"{OWN}/phone").text)
        done = here.submit(f"{OWN}/phone", asked(kept.codes[0], new_code=new.code()))
        assert done.status_code == 200 and factor_row(alice).secret == new.secret

    @pytest.mark.parametrize("wrong", ["present", "code", "new_code"])
    def test_it_needs_all_three(self, here, alice, kept, wrong):
        """Red with each check left out in turn: neither session nor password nor the old phone alone will do."""
        new = phone_on(here.get(f"{OWN}/phone").text)
        form = {**asked(kept.phone.code(), new_code=new.code()), wrong: "000000"}
        answer = here.submit(f"{OWN}/phone", form)
        assert answer.status_code == 422 and "field-error" in answer.text
        assert factor_row(alice).secret == kept.phone.secret and letters_of(alice, "factor-changed") == []

    def test_a_wrong_new_code_does_not_use_the_old_one_up(self, here, alice, kept):
        new = phone_on(here.get(f"{OWN}/phone").text)
        code = kept.phone.code()
        assert here.submit(f"{OWN}/phone", asked(code, new_code="000000")).status_code == 422
        assert here.submit(f"{OWN}/phone", asked(code, new_code=new.code())).status_code == 200

    def test_a_session_that_saw_an_older_phone_is_no_longer_in(self, here, alice):
        """Red with the session marked as having seen some factor instead of this one."""
        with transaction(alice.white_label_id) as db:
            forget(db, alice.id)
        set_up(alice, session_kept=here.get_cookie("portal", domain=alice.host).value)
        assert here.get("/profile").location.startswith("/login/code")


class TestOtherCodes:
    def test_they_replace_the_older_ones(self, client, here, alice, kept):
        done = here.submit(f"{OWN}/codes", asked(kept.phone.code()))
        fresh = codes_on(done)
        assert done.status_code == 200 and len(fresh) == 10
        again = at_door(client, alice)
        assert again.submit("/login/code?recovery=1", {"code": kept.codes[0]}).status_code == 401
        assert again.submit("/login/code?recovery=1", {"code": fresh[0]}).status_code == 303
        assert letters_of(alice, "factor-codes-renewed") == ["alice@acme.example"]

    @pytest.mark.parametrize("form", [{"code": "", "present": PASSWORD}, {"code": "000000", "present": PASSWORD},
                                      {"code": "right", "present": "no"}])
    def test_they_need_the_password_and_a_code(self, here, alice, kept, form):
        form = {**form, "code": kept.phone.code() if form["code"] == "right" else form["code"]}
        assert here.submit(f"{OWN}/codes", form).status_code == 422
        assert letters_of(alice, "factor-codes-renewed") == []


class TestTurningOff:
    def test_a_customer_may(self, client, here, alice, kept):
        assert here.submit(f"{OWN}/removal", asked(kept.phone.code())).location == "/profile"
        assert factor_row(alice) is None and client(alice).get("/profile").status_code == 200
        assert letters_of(alice, "factor-off") == ["alice@acme.example"] and "factor.off" in acts_on(alice)

    def test_it_needs_the_password_and_a_code(self, here, alice, kept):
        """Red with each check left out in turn."""
        for form in (asked("000000"), asked(kept.phone.code(), present="no"), {}):
            assert here.submit(f"{OWN}/removal", form).status_code == 422
        assert factor_row(alice) is not None

    def test_staff_who_must_have_one_may_not(self, client, bob, clock, change_settings):
        """Red without `_refuse_staff`: they would have to set another one up at once, with a password alone."""
        change_settings(staff_factor="required")
        kept = set_up(bob)
        browser = at_door(client, bob)
        browser.submit("/login/code?recovery=1", {"code": kept.codes[0]})
        assert "Turn it off" not in browser.get("/profile").text
        assert browser.get(f"{OWN}/removal").status_code == 403
        answer = browser.submit(f"{OWN}/removal", asked(kept.phone.code()), page=f"{OWN}/codes")
        assert answer.status_code == 403 and factor_row(bob) is not None


@on_sqlite
def test_passwords_are_not_tried_for_ever(here, kept):
    """Red without `sparing`. The code is not asked while the password is wrong, so none is used up."""
    answers = [here.submit(f"{OWN}/codes", asked("000000", present=f"guess {n}")).status_code for n in range(11)]
    assert answers == [422] * 10 + [429]


@on_sqlite
def test_without_a_factor_its_pages_lead_to_the_profile(client, alice):
    browser = client(alice)
    assert {browser.get(f"{OWN}/{page}").location for page in ("phone", "codes", "removal")} == {"/profile"}
    for page in ("phone", "codes", "removal"):
        form = asked("000000", new_code=phone_on(browser.get(OWN).text).code())
        assert browser.submit(f"{OWN}/{page}", form, page="/password/change").status_code in (409, 422)
