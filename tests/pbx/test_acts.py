"""Acts that end something: what they say before, what stops them, and that nothing happens without being asked."""

import re

import pytest
from sqlalchemy import delete, select

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role, Side
from portal.accounts.models import Account, Membership
from portal.identity.commands import add_user
from portal.identity.models import User
from portal.kit.clock import now
from portal.kit.db import reading, transaction
from portal.numbers.models import EmergencyAddress, Number
from portal.pbx.check import Around, needing
from portal.pbx.commands import CannotUndo, LimitsAreThePayers, forget_member, forget_number, undo
from portal.pbx.configuration import RULES, Barring, Extension, Greeting, Place, Rules
from portal.pbx.credentials import renew
from portal.pbx.models import Clip
from portal.pbx.queries import sip_users_of
from tests.cast import Person, password_hash
from tests.pbx.making import LONDON, OXFORD, change, emergency, number, office
from tests.pbx.test_pages import EXTENSION, at, send


def put(phones, place, part, account_id=None):
    with transaction(phones.tenant.id) as db:
        change(db, db.load(Account, account_id or phones.own), place, part, phones.bob.actor)


def words_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


# Removing

IN_USE = {
    "extensions/101": ["groups/600", "hours/h1"],
    "extensions/102": ["groups/600"],
    "groups/600": ["hours/h1"],
    "hours/h1": ["greetings/g1"],
    "greetings/g1": ["numbers/" + LONDON],
}
NAMES = {"groups/600": "Ring group 600 (Everybody)", "hours/h1": "Schedule “Office hours”",
         "greetings/g1": "Greeting “Welcome”", "numbers/" + LONDON: "Number +44 20 7946 0123"}


@pytest.mark.parametrize("path", IN_USE)
def test_a_part_in_use_says_what_needs_it_before_and_at_the_refusal(phones, client, path):
    """Named and linked; nothing is changed. Red without `needing`: a button that leads to "there is no such group"."""
    owner, before = client(phones.owner), phones.settings()
    page = owner.get(at(phones.own, f"/{path}/removal"))
    token = owner.token(at(phones.own, "/rules"))
    refused = owner.post(at(phones.own, f"/{path}/removal"), data={"csrf_token": token, "base": "1"})
    assert (page.status_code, refused.status_code) == (200, 409)
    for answer in (page, refused):
        assert "is in use" in answer.text and "btn-danger" not in answer.text
        act = answer.text[answer.text.index('class="act"'):]
        links = re.findall(r'<li><a href="([^"]+)">([^<]+)</a>', act)
        assert links == [(at(phones.own, f"/{each}"), NAMES[each]) for each in IN_USE[path]]
        assert "Nothing was changed and no money moved." in answer.text
    assert phones.settings() == before


def test_what_nobody_needs_is_removed_after_a_page_that_says_so(phones, client):
    owner = client(phones.owner)
    page = words_of(owner.get(at(phones.own, f"/numbers/{LONDON}/removal")))
    assert "Remove the route of this number?" in page and "Calls to the number go nowhere." in page
    assert "Nothing else needs it." in page
    assert "The history can bring it back." in page and "No money moves." in page
    put(phones, Place("extensions", "103"), Extension(number="103", name="Spare"))
    page = words_of(owner.get(at(phones.own, "/extensions/103/removal")))
    assert "Remove this extension? Extension 103 (Spare), of" in page and "Its telephone can no longer sign in" in page
    assert send(owner, at(phones.own, "/extensions/103/removal"), {}).status_code == 303
    assert phones.settings().extension("103") is None


def test_the_notice_before_recording_is_needed_by_the_rules():
    around = Around(frozenset({LONDON}), frozenset(), frozenset(), "GB")
    notice = Greeting(key="g2", name="Notice", text="Recorded.")
    made = office(records=True, notice="g2").put(Place("greetings", "g2"), notice)
    assert needing(made, Place("greetings", "g2"), around) == [RULES]
    assert needing(made.put(RULES, None), Place("greetings", "g2"), around) == []


@pytest.mark.parametrize("key", ["new", "999"])
def test_what_is_not_there_cannot_be_removed(phones, client, key):
    owner, before = client(phones.owner), phones.version()
    path = at(phones.own, f"/extensions/{key}/removal")
    assert owner.get(path).status_code == 404
    answer = owner.post(path, data={"csrf_token": owner.token(at(phones.own, "/rules")), "base": "1"})
    assert answer.status_code == 404 and phones.version() == before


def test_a_recording_in_use_says_where(phones, client):
    owner = client(phones.owner)
    with transaction(phones.tenant.id) as db:
        clip = db.put(Clip(account_id=phones.own, name="Tune", seconds=1, size=4, sha256="x", content=b"RIFF",
                           created_by="Bob"))
    put(phones, RULES, Rules(hold_music=clip.id))
    page = owner.get(at(phones.own, "/clips"))
    assert f'<a href="{at(phones.own, "/rules")}">Rules for the whole account</a>' in page.text
    assert "1 second, by Bob" in page.text
    kept = owner.submit(at(phones.own, f"/clips/{clip.id}/removal"), {}, page=at(phones.own, "/clips"))
    assert kept.status_code == 409 and "Rules for the whole account. Choose something else there first." in kept.text


# A new password

def ha1_of(phones, extension="101"):
    with reading(phones.tenant.id) as db:
        return sip_users_of(db, phones.own)[extension].ha1


def secret(answer):
    return re.search(r'<code class="secret">', answer.text) is not None


def test_a_password_that_a_telephone_may_use_ends_only_after_a_page_that_says_so(phones, client):
    """Red with `seen` not looked at."""
    owner, path = client(phones.owner), at(phones.own, "/extensions/101/password")
    form = at(phones.own, "/extensions/101")
    assert secret(owner.submit(path, {"seen": ""}, page=form)), "the first ends nothing"
    first = ha1_of(phones)
    assert f'href="{path}"' in owner.get(form).text and f'action="{path}"' not in owner.get(form).text
    asked = owner.get(path)
    assert "The present password ends at once. It was made 2 November, 10:00 by" in words_of(asked)
    assert "can neither call nor be called until it gets the new one" in asked.text and ha1_of(phones) == first
    for seen in ("", "2026-01-01", "x\u202e", "9" * 5000):
        again = owner.submit(path, {"seen": seen}, page=form)
        assert again.status_code == 409 and "ends at once" in again.text and not secret(again)
    assert ha1_of(phones) == first
    stamp = re.search(r'name="seen" value="([^"]+)"', asked.text)[1]
    assert secret(owner.submit(path, {"seen": stamp}, page=form)) and ha1_of(phones) != first


def test_a_password_that_is_asked_for_twice_is_made_once(phones, client, clock):
    owner, path = client(phones.owner), at(phones.own, "/extensions/101/password")
    with transaction(phones.tenant.id) as db:
        renew(db, db.load(Account, phones.own), "101", by=phones.bob.actor)
    clock.advance(seconds=5)
    form = dict(re.findall(r'name="(seen|csrf_token)"[^>]* value="([^"]+)"', owner.get(path).text))
    assert secret(owner.post(path, data=form))
    made = ha1_of(phones)
    clock.advance(seconds=1)
    again = owner.post(path, data=form)
    assert again.status_code == 409 and ha1_of(phones) == made


def test_an_extension_that_is_not_there_has_no_password_page(phones, client):
    assert client(phones.owner).get(at(phones.own, "/extensions/999/password")).status_code == 404


# Whoever pays sets the limits

LIMITS = Rules(barring=Barring(premium=True), spend_cap_minor=5000)


@pytest.mark.parametrize("limits", [Rules(barring=Barring(premium=True)), Rules(spend_cap_minor=5001), Rules()])
def test_a_save_from_the_account_of_another_payer_leaves_the_limits(phones, limits):
    """In the command itself, whatever form called it. Red with `keeps_limits` taken out of `save`."""
    put(phones, RULES, LIMITS, phones.run)
    with pytest.raises(LimitsAreThePayers), transaction(phones.tenant.id) as db:
        change(db, db.load(Account, phones.run), RULES, limits, phones.guest.actor, side=Side.ACCOUNT)
    assert phones.settings(phones.run).rules == LIMITS
    with transaction(phones.tenant.id) as db:
        account, others = db.load(Account, phones.run), LIMITS.model_copy(update={"caller_id": OXFORD})
        assert change(db, account, RULES, others, phones.guest.actor, side=Side.ACCOUNT) == 2
        assert change(db, db.load(Account, phones.own), RULES, LIMITS, phones.owner.actor, side=Side.ACCOUNT) == 2


def test_the_history_brings_no_limit_back_for_whoever_does_not_pay(phones):
    put(phones, RULES, LIMITS, phones.run)
    with pytest.raises(CannotUndo, match="whoever pays"), transaction(phones.tenant.id) as db:
        undo(db, db.load(Account, phones.run), 1, by=phones.guest.actor, side=Side.ACCOUNT)
    with transaction(phones.tenant.id) as db:
        assert undo(db, db.load(Account, phones.run), 1, by=phones.bob.actor, side=Side.WHITE_LABEL) == 2


def test_whoever_does_not_pay_reads_the_limits_and_why(phones, client):
    put(phones, RULES, LIMITS, phones.run)
    page = words_of(client(phones.guest).get(at(phones.run, "/rules")))
    assert "Northwind Telecom pays for the calls of this account, so Northwind Telecom alone sets its limits." in page
    assert "Barred calls premium rate" in page and "Most to spend on calls in a month £50.00" in page
    assert "alone sets its limits" not in words_of(client(phones.bob).get(at(phones.run, "/rules", "customers")))
    assert "alone sets its limits" not in words_of(client(phones.owner).get(at(phones.own, "/rules")))


def test_a_standard_user_sets_no_limit_by_any_form(phones, client):
    """The rules are not theirs to open; their own telephone's form has no barring, whatever is sent with it."""
    with transaction(phones.tenant.id) as db:
        account = db.load(Account, phones.run)
        user = add_user(db, login_name="una@run.example", display_name="Una", email="una@run.example",
                        password_hash=password_hash())
        add_member(db, account, user, Role.STANDARD)
        part = Extension(number="101", name="Una", user_id=user.id, barring=Barring(premium=True))
        change(db, account, Place("extensions", "101"), part, phones.bob.actor)
        change(db, account, RULES, LIMITS, phones.bob.actor)
        una = Person(user.id, phones.tenant.id, phones.tenant.host, user.login_name, user.display_name)
    browser, own = client(una), at(phones.run, "/extensions/101")
    form = {"csrf_token": browser.token(own), "base": "2", "caller_id": "", "notice": "", "hold_music": "",
            "spend_cap": ""}
    assert browser.get(at(phones.run, "/rules")).status_code == 403
    assert browser.post(at(phones.run, "/rules"), data=form).status_code == 403
    assert browser.post(at(phones.run, "/history/2/undoing"), data=form).status_code == 403
    free = {name: value for name, value in EXTENSION.items() if name != "premium"}
    assert send(browser, own, {**free, "spend_cap": "", "international": ""}).status_code == 303
    settings = phones.settings(phones.run)
    assert settings.rules == LIMITS and settings.extension("101").barring == Barring(premium=True)


# The overview

def test_a_template_is_offered_where_there_are_rules_alone(phones, client):
    """Red with `is_empty` asking whether anything at all was saved."""
    put(phones, RULES, LIMITS, phones.run)
    bob = client(phones.bob)
    page = bob.get(at(phones.run, side="customers"))
    assert "Begin with a template" in page.text and "£50.00" in page.text
    path = at(phones.run, "/templates/one-person", "customers")
    assert bob.submit(path).status_code == 303
    assert phones.settings(phones.run).rules.spend_cap_minor == 5000
    assert "Begin with a template" not in bob.get(at(phones.run, side="customers")).text


@pytest.mark.parametrize("state, problem, told", [
    (None, "", "it has no address for emergency calls."),
    ("entered", "", "its address for emergency calls was entered, and waits to be validated."),
    ("entered", "No such street.", "its address for emergency calls is not valid. No such street."),
    ("validated", "", ""), ("registered", "", ""),
])
def test_a_number_says_what_its_emergency_address_waits_for(phones, client, state, problem, told):
    """Red with one word for all that does not work."""
    with transaction(phones.tenant.id) as db:
        needy = number(db, db.load(Account, phones.own), "+442079460124", needs_address=True)
        if state:
            emergency(db, needy, state)
            db.load(EmergencyAddress, needy.id).problem = problem
        db.flush()
        where = needy.id
    page = client(phones.owner).get(at(phones.own))
    assert ("Does not work yet: " in page.text) is bool(told) and told in page.text
    assert (f'href="/account/{phones.own}/numbers/{where}"' in page.text) is bool(told)


def test_a_problem_of_another_part_is_named_as_people_know_it(phones, client):
    """A schedule has a key that nobody was ever shown. Red with titles made of keys, and with only
    the first of them told."""
    form = {**EXTENSION, "no_answer": "", "voicemail": ""}
    answer = send(client(phones.owner), at(phones.own, "/extensions/101"), form)
    assert answer.status_code == 422
    assert "Schedule “Office hours”: Extension 101 has no voicemail." in words_of(answer)


def test_what_a_released_number_took_along_is_not_offered_to_be_taken_back(phones, client):
    """Red when each change has the button: this one always answered 409. Once the number is back, it can be."""
    owner, history = client(phones.owner), at(phones.own, "/history")
    with transaction(phones.tenant.id) as db:
        one = db.scalars(select(Number).where(Number.e164 == LONDON)).one()
        one.state, one.account_id, one.assigned_at = "free", None, None
        forget_number(db, db.load(Account, phones.own), one)
    last = phones.version()
    page = owner.get(history)
    assert f"/history/{last}/undoing" not in page.text and "/history/1/undoing" in page.text
    assert f"It cannot be taken back: {LONDON} is not a number of this account." in words_of(page)
    assert owner.submit(at(phones.own, f"/history/{last}/undoing"), page=history).status_code == 409
    with transaction(phones.tenant.id) as db:
        one = db.load(Number, one.id)
        one.state, one.account_id, one.assigned_at = "assigned", phones.own, now()
    assert owner.submit(at(phones.own, f"/history/{last}/undoing"), page=history).status_code == 303
    assert phones.settings().numbers[0].number == LONDON


def test_what_somebody_who_left_took_along_is_not_offered_to_be_taken_back(phones, client):
    """Red when only numbers are looked at."""
    put(phones, Place("extensions", "103"), Extension(number="103", name="Sam", user_id=phones.sam.id))
    with transaction(phones.tenant.id) as db:
        account, user = db.load(Account, phones.own), db.load(User, phones.sam.id)
        db.execute(delete(Membership).where(Membership.user_id == user.id))
        forget_member(db, account, user)
    page = client(phones.owner).get(at(phones.own, "/history"))
    assert f"/history/{phones.version()}/undoing" not in page.text
    assert "It cannot be taken back: This person does not belong to the account." in words_of(page)
