"""One account as JSON: what of it works, for the PBX of its white label alone, unchanged for as long as it is."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import select

from portal.accounts.models import Account
from portal.kit.db import reading, transaction
from portal.pbx.configuration import RULES, Barring, Extension, Place, Rules
from portal.pbx.credentials import ha1
from portal.provisioning.commands import end_key, make_key
from portal.provisioning.document import document, uptake
from portal.provisioning.models import ProvisioningKey
from tests.pbx.making import LONDON, OXFORD, change
from tests.provisioning.conftest import DIRECTORY


def test_it_holds_what_a_pbx_needs(taken, northwind):
    answer = taken.pbx.get(taken.path)
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    found = answer.json
    assert (found["account"]["number"], found["version"], found["realm"]) == (taken.number, 1, northwind.host)
    reception, office = found["extensions"]
    assert reception["sip"] == {
        "username": taken.sip.username, "realm": northwind.host, "algorithm": "MD5",
        "ha1": ha1(taken.sip.username, northwind.host, taken.sip.password)}
    assert office["sip"]["username"].endswith("-102")
    assert reception["voicemail"]["mail_to"] == "desk@acme.example"
    assert found["ring_groups"][0]["members"] == ["101", "102"]
    assert found["schedules"][0]["open"][0] == {"day": 1, "begins": "09:00", "ends": "17:00"}
    assert found["schedules"][0]["holidays"] == [{"day": "2026-12-25", "name": "Christmas"}]
    assert found["numbers"] == [
        {"number": LONDON, "target": {"kind": "greeting", "to": "g1"}, "caller_name": None}]
    assert found["greetings"][0]["then"] == {"kind": "hours", "to": "h1"}


def test_the_account_is_named_by_its_id_too(taken, cast):
    assert taken.pbx.get(f"/provisioning/v1/{cast.acme}").json == taken.pbx.get(taken.path).json


@pytest.mark.parametrize("state", ["entered", "validated", "registered"])
def test_a_number_without_the_emergency_address_that_it_needs_is_left_out_and_says_why(taken, state):
    """Red with `numbers` made of all the account's numbers."""
    assert taken.pbx.get(taken.path).json["left_out"] == [{"number": OXFORD, "reason": "emergency address missing"}]
    taken.register_address(state)
    found = taken.pbx.get(taken.path).json
    works = state != "entered"
    assert [each["number"] for each in found["numbers"]] == [OXFORD, LONDON][0 if works else 1:]
    assert found["left_out"] == ([] if works else [{"number": OXFORD, "reason": "emergency address entered"}])


def test_a_number_that_does_not_work_is_nobodys_caller_id(taken, cast, northwind):
    with transaction(northwind.id) as db:
        extension = Extension(number="102", name="Office", caller_id=OXFORD)
        change(db, db.load(Account, cast.acme), Place("extensions", "102"), extension, cast.bob.actor)
    assert taken.pbx.get(taken.path).json["extensions"][1]["caller_id"]["number"] is None
    taken.register_address("validated")
    assert taken.pbx.get(taken.path).json["extensions"][1]["caller_id"]["number"] == OXFORD


def test_what_is_barred_for_the_account_is_barred_for_everybody(taken, cast, northwind):
    with transaction(northwind.id) as db:
        account = db.load(Account, cast.acme)
        change(db, account, RULES, Rules(barring=Barring(premium=True), spend_cap_minor=5000), cast.bob.actor)
        extension = Extension(number="102", name="Office", barring=Barring(international=True))
        change(db, account, Place("extensions", "102"), extension, cast.bob.actor)
    found = taken.pbx.get(taken.path).json
    assert [each["barred"] for each in found["extensions"]] == [["premium"], ["international", "premium"]]
    assert found["spend_cap"] == {"minor": 5000, "currency": "GBP", "per": "month"}


@pytest.mark.parametrize("state", ["inactive", "suspended", "closed"])
def test_an_account_that_is_not_active_is_not_there(taken, state):
    """Red with the state left out of `uptake`."""
    taken.move_to(state)
    answer = taken.pbx.get(taken.path)
    assert (answer.status_code, answer.json) == (404, {"error": "not found"})


def test_another_tenants_account_looks_like_a_missing_one(taken, cast):
    missing = taken.kauri.get("/provisioning/v1/104-9999")
    for path in (taken.path, f"/provisioning/v1/{cast.acme}"):
        foreign = taken.kauri.get(path)
        assert (foreign.status_code, foreign.data) == (missing.status_code, missing.data) == (404, missing.data)


def test_the_white_labels_own_account_is_no_customer(taken, northwind):
    assert taken.pbx.get(f"/provisioning/v1/{northwind.account_id}").status_code == 404


@pytest.mark.parametrize("key", ["", "pbx_nothing", "pbx_" + "x" * 43, "x" * 5000, "ключ"])
def test_a_wrong_key_is_401(taken, key):
    """Red with `provisioning_key_only` swapped for `anyone`."""
    taken.pbx.key = ""
    answer = taken.pbx.basic(taken.path, key)
    assert answer.status_code == 401 and "Basic" in answer.headers["WWW-Authenticate"]
    assert taken.pbx.get(taken.path).status_code == 401


def test_another_tenants_key_is_a_wrong_one(taken):
    taken.pbx.key = taken.kauri.key
    assert taken.pbx.get(taken.path).status_code == 401


def test_the_operators_host_has_nothing_to_take(taken, cast):
    taken.pbx.host = cast.operator.host
    assert taken.pbx.get(taken.path).status_code == 404


def test_basic_and_bearer_both_let_in(taken):
    key, taken.pbx.key = taken.pbx.key, ""
    assert taken.pbx.basic(taken.path, key).status_code == 200
    assert taken.pbx.basic(taken.path, key, name="whoever").status_code == 200
    assert taken.pbx.get(taken.path, headers={"Authorization": f"bearer {key}"}).status_code == 200
    assert taken.pbx.get(taken.path, headers={"Authorization": f"Digest {key}"}).status_code == 401


def test_renewing_kills_the_old_key_and_ending_kills_the_last(taken, northwind, bob):
    with transaction(northwind.id) as db:
        fresh = make_key(db, by=bob.actor)
    assert taken.pbx.get(taken.path).status_code == 401
    taken.pbx.key = fresh
    assert taken.pbx.get(taken.path).status_code == 200
    with transaction(northwind.id) as db:
        assert end_key(db, by=bob.actor)
    assert taken.pbx.get(taken.path).status_code == 401


def test_the_etag_is_strong_and_spares_what_is_known(taken, cast, northwind):
    first = taken.pbx.get(taken.path)
    etag = first.headers["ETag"]
    assert etag.startswith('"') and taken.pbx.get(taken.path).headers["ETag"] == etag
    again = taken.pbx.get(taken.path, headers={"If-None-Match": etag})
    assert again.status_code == 304 and again.data == b"" and again.headers["ETag"] == etag
    with transaction(northwind.id) as db:
        change(db, db.load(Account, cast.acme), RULES, Rules(caller_id=LONDON), cast.bob.actor)
    changed = taken.pbx.get(taken.path, headers={"If-None-Match": etag})
    assert changed.status_code == 200 and changed.headers["ETag"] != etag
    assert json.loads(changed.data)["version"] == 2


def test_when_the_key_was_used_is_noted_to_the_minute_and_nothing_else(taken, northwind, clock):
    def used():
        with reading(northwind.id) as db:
            return db.scalars(select(ProvisioningKey.used_at)).one()

    assert used() is None
    taken.pbx.get(taken.path)
    first = used()
    clock.advance(seconds=59)
    taken.pbx.get(taken.path)
    assert used() == first
    clock.advance(seconds=2)
    taken.pbx.get(taken.path)
    assert used() == clock()


def test_whoever_guesses_keys_is_stopped_and_told_when_to_come_back(taken):
    """Red without `by_a_guesser`."""
    key, taken.pbx.key = taken.pbx.key, ""
    answers = [taken.pbx.basic(taken.path, f"pbx_{n}") for n in range(21)]
    assert [each.status_code for each in answers] == [401] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) in range(1, 62)
    assert answers[-1].json == {"error": "too many requests"}
    assert taken.pbx.basic(taken.path, key).status_code == 429


def test_guesses_are_counted_together_wherever_they_are_made(taken):
    """At an account, at its recordings and at FreeSWITCH's directory. Red without `by_a_guesser` at any of them."""
    key, taken.pbx.key = taken.pbx.key, ""
    clip = f"{taken.path}/clips/{uuid4()}"
    doors = (("GET", taken.path), ("GET", clip), ("POST", DIRECTORY))

    def ask(door, key):
        return taken.pbx.open(door[1], method=door[0], headers={"Authorization": f"Bearer {key}"}).status_code

    assert [ask(doors[n % 3], f"pbx_{n}") for n in range(20)] == [401] * 20
    assert [ask(door, key) for door in doors] == [429] * 3


def test_a_pbx_that_asks_without_end_is_stopped(taken):
    """Red without `by_a_pbx`."""
    codes = [taken.pbx.get("/provisioning/v1/none").status_code for _ in range(1201)]
    assert codes == [404] * 1200 + [429]


class Counted(dict):
    """Addresses that count how often they are asked for."""

    asked = 0

    def get(self, *args):
        self.asked += 1
        return super().get(*args)


def test_each_number_is_looked_at_once_however_many_extensions_there_are(taken, cast, northwind):
    """Red, with a look at each number for each extension, while `working` was found anew each time."""
    with transaction(northwind.id) as db:
        found = uptake(db, db.load(Account, cast.acme))
        one = found.settings.extensions[0]
        many = tuple(one.model_copy(update={"number": str(n)}) for n in range(1000, 1100))
        addresses = Counted(found.addresses)
        settings = found.settings.model_copy(update={"extensions": many})
        document(replace(found, settings=settings, addresses=addresses))
    left_out = sum(number.needs_address for number in found.numbers)
    assert addresses.asked == len(found.numbers) + left_out
