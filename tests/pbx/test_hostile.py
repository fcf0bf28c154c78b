"""What somebody sends who means harm: others' ids, names of fields that no page has, sizes that no page makes."""

import re
import struct

import pytest

from portal.accounts.models import Account
from portal.kit.db import transaction
from portal.pbx.configuration import MOST
from portal.pbx.models import Clip
from portal.pbx.sound import NoSound, read_sound
from tests.pbx.making import OXFORD, number
from tests.pbx.test_clips import tone
from tests.pbx.test_pages import EXTENSION, GROUP, HOURS, at, send

FOREIGN = "+6449780001"
RULES_FORM = {"caller_id": "", "notice": "", "hold_music": "", "spend_cap": ""}


def kept_clip(db, account_id):
    return db.put(Clip(account_id=account_id, name="Theirs", seconds=1, size=4, sha256="x", content=b"RIFF",
                       created_by="X")).id


@pytest.fixture
def others(phones, cast):
    """Ids that are real: of another white label, and of another account of this one."""
    found = {}
    with transaction(cast.kauri.id) as db:
        ours = db.load(Account, cast.kauri.account_id)
        found["kauri's person"], found["kauri's clip"] = str(cast.charlie.id), str(kept_clip(db, ours.id))
        number(db, ours, FOREIGN)
    with transaction(phones.tenant.id) as db:
        found["a sibling's person"], found["a sibling's clip"] = str(phones.guest.id), str(kept_clip(db, phones.run))
    return {**found, "kauri's number": FOREIGN, "a sibling's number": OXFORD}


FIELDS = [
    ("/extensions/101", EXTENSION, "person", "person"), ("/extensions/101", EXTENSION, "clip", "clip"),
    ("/extensions/101", EXTENSION, "caller_id", "number"),
    ("/greetings/g1", {"name": "G", "text": "a", "then": ""}, "clip", "clip"),
    ("/rules", RULES_FORM, "hold_music", "clip"), ("/rules", RULES_FORM, "caller_id", "number"),
    ("/numbers/new", {"to": "extension:102", "caller_name": ""}, "number", "number"),
]


@pytest.mark.parametrize("owner", ["kauri's", "a sibling's"])
@pytest.mark.parametrize("path, form, field, kind", FIELDS, ids=[f"{path} {field}" for path, _, field, _ in FIELDS])
def test_what_is_somebody_elses_is_no_choice(phones, client, others, path, form, field, kind, owner):
    """A real id of each sort, in each field that names one. Red with `validate_choice` off: the check of the whole
    refuses it then, in other words."""
    before = phones.settings()
    answer = send(client(phones.owner), at(phones.own, path), {**form, field: others[f"{owner} {kind}"]})
    assert answer.status_code == 422 and phones.settings() == before
    assert re.search("Not a valid choice|Choose one of the account", answer.text)
    assert "Theirs" not in answer.text and "Charlie" not in answer.text


@pytest.mark.parametrize("name", ["members-²", "members-" + "9" * 5000, "members-", "members--1", "members-x",
                                  "members-\u202e1", "members"])
def test_a_row_with_a_name_that_no_page_has_is_nobodys(phones, client, name):
    """Red, as 500, with the field's own reading of places: `²` is a digit, and is no number."""
    answer = send(client(phones.owner), at(phones.own, "/groups/600"), {**GROUP, name: "101"})
    assert answer.status_code == 303
    assert phones.settings().groups[0].members == ("102", "101")


def test_an_open_time_with_such_a_name_too(phones, client):
    form = {**HOURS, "open-²-days": ["1"], "holidays-³-day": ""}
    answer = send(client(phones.owner), at(phones.own, "/hours/h1"), form)
    assert answer.status_code == 303 and len(phones.settings().hours[0].open) == 3


@pytest.mark.parametrize("row", ["remove:members:" + "9" * 5000, "remove:members:²", "add:members:" + "x" * 5000])
def test_a_button_that_no_page_has_does_no_harm(phones, client, row):
    """Red, as 500, with `int` of whatever reads as digits."""
    before = phones.version()
    answer = send(client(phones.owner), at(phones.own, "/groups/600"), {**GROUP, "row": row})
    assert answer.status_code == 200 and phones.version() == before


def test_more_rows_than_a_group_has_are_refused_and_the_limit_is_said(phones, client):
    """Red while what was too many was dropped, and "saved" was the answer."""
    owner, page = client(phones.owner), at(phones.own, "/groups/600")
    many, before = {f"members-{n}": "101" for n in range(231)}, phones.version()
    answer = send(owner, page, {**GROUP, **many})
    assert answer.status_code == 422 and "231 were sent. There can be 50 at most." in answer.text
    full = send(owner, page, {**GROUP, **{f"members-{n}": "101" for n in range(50)}, "row": "add:members"})
    assert "A ring group has 50 members at most." in full.text and "Another member" not in full.text
    assert phones.version() == before


@pytest.mark.parametrize("base", ["999999999", "2147483648", "0"])
def test_a_version_that_is_not_the_present_one_saves_nothing(phones, client, base):
    before = phones.settings()
    answer = send(client(phones.owner), at(phones.own, "/extensions/101"), {**EXTENSION, "name": "Mine"}, base=base)
    assert answer.status_code in (400, 409) and phones.settings() == before


def test_a_version_in_an_address_as_long_as_the_address_is_not_there(phones, client):
    owner = client(phones.owner)
    token = owner.token(at(phones.own, "/rules"))
    answer = owner.post(at(phones.own, f"/history/{'9' * 5000}/undoing"), data={"csrf_token": token})
    assert answer.status_code == 404


def test_there_is_an_end_to_extensions(phones, client):
    """However often somebody posts. Red without `MOST`."""
    owner = client(phones.owner)
    with pytest.MonkeyPatch.context() as fewer:
        fewer.setitem(MOST, "extensions", 3)
        codes = [send(owner, at(phones.own, "/extensions/new"), {**EXTENSION, "number": n}).status_code
                 for n in ("201", "202", "203")]
    assert codes == [303, 422, 422] and len(phones.settings().extensions) == 3


@pytest.mark.parametrize("field", ["name", "mail_to", "greeting", "busy", "busy_outside", "no_answer_s", "clip"])
@pytest.mark.parametrize("sign", ["\x00", "\u202e", "\r\n", "\ud7ff\ufffe"], ids=ascii)
def test_signs_that_no_keyboard_has_reach_no_setting(phones, client, field, sign):
    before = phones.settings().extension("101")
    answer = send(client(phones.owner), at(phones.own, "/extensions/101"), {**EXTENSION, field: f"a{sign}b"})
    assert answer.status_code in (303, 400, 422)
    after = phones.settings().extension("101")
    assert answer.status_code == 303 or after == before
    assert not re.search("[\x00-\x1f\u202a-\u202e]", after.model_dump_json())


HEADS = {
    "no channels": (22, "<H", 0), "very many channels": (22, "<H", 65_535), "no rate": (24, "<I", 0),
    "a rate of four thousand million": (24, "<I", 0xFFFFFFFF), "no bits": (34, "<H", 0),
    "many bits": (34, "<H", 65_535),
    "no length": (40, "<I", 0), "a length of four thousand million": (40, "<I", 0xFFFFFFFF),
    "a format that is none": (20, "<H", 0xBEEF), "a frame of nothing": (32, "<H", 0),
    "an outer length of nothing": (4, "<I", 0),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_lies_ends_in_sound_or_in_a_refusal(name):
    """Whatever it says: a few seconds of memory and time at most, and never more sound than was sent."""
    place, shape, value = HEADS[name]
    lying = bytearray(tone())
    lying[place: place + struct.calcsize(shape)] = struct.pack(shape, value)
    try:
        made = read_sound(bytes(lying))
    except NoSound:
        return
    assert made.seconds in range(1, 181) and len(made.wav) <= 44 + 180 * 32_000
