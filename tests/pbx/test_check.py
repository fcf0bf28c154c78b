"""Settings that a PBX could not carry out, or that would do harm, are named at their field."""

from datetime import date
from uuid import uuid4

import pytest
from pydantic import ValidationError

from portal.pbx.check import Around, check
from portal.pbx.configuration import (
    EMPTY,
    RULES,
    Barring,
    Configuration,
    Extension,
    Forwarding,
    Greeting,
    Group,
    Holiday,
    Hours,
    Interval,
    Place,
    Route,
    Rules,
    Target,
    Voicemail,
    read,
)
from portal.pbx.templates import TEMPLATES, Facts
from tests.pbx.making import LONDON, OXFORD, office, target

SOMEBODY, CLIP = uuid4(), uuid4()
AROUND = Around(frozenset({LONDON}), frozenset({SOMEBODY}), frozenset({CLIP}), "GB")


def problems(settings: Configuration, around: Around = AROUND) -> list[tuple[str, str, str]]:
    return [(p.place.section, p.place.key, p.field) for p in check(settings, around)]


def extension(number: str = "101", **values: object) -> Extension:
    return Extension(number=number, name="Reception", **values)  # type: ignore[arg-type]


def hours(*times: tuple[int, str, str], inside: str = "extension:101", holidays: tuple[Holiday, ...] = ()) -> Hours:
    return Hours(key="h1", name="H", time_zone="Europe/London", inside=target(inside), outside=target("extension:101"),
                 open=tuple(Interval(day=d, begins=b, ends=e) for d, b, e in times), holidays=holidays)


def test_an_office_that_makes_sense_has_no_problem():
    assert check(office(), AROUND) == [] == check(EMPTY, AROUND)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("numbers", [(), (LONDON,)])
def test_every_template_makes_sense(name, numbers):
    made = TEMPLATES[name].make(Facts("Acme", numbers, "Pacific/Auckland", SOMEBODY, "ann@acme.example"))
    assert check(made, AROUND) == []
    assert (made.rules.barring, made.rules.spend_cap_minor) == (Barring(), None), "whoever pays sets the limits"
    assert read(made.model_dump_json()) == made


WRONG = {
    "an extension twice": (Configuration(extensions=(extension(), extension())), ("extensions", "101", "number")),
    "a group with an extension's number": (
        Configuration(extensions=(extension(),), groups=(Group(number="101", name="G", members=("101",)),)),
        ("groups", "101", "number")),
    "112": (Configuration(extensions=(extension("112"),)), ("extensions", "112", "number")),
    "a group with 112": (
        Configuration(extensions=(extension(),), groups=(Group(number="112", name="G", members=("101",)),)),
        ("groups", "112", "number")),
    "a member twice": (
        Configuration(extensions=(extension(),), groups=(Group(number="600", name="G", members=("101", "101")),)),
        ("groups", "600", "members")),
    "a group that leads to itself": (
        Configuration(extensions=(extension(),),
                      groups=(Group(number="600", name="G", members=("101",), then=target("group:600")),)),
        ("groups", "600", "then")),
    "a voicemail greeting that is gone": (
        Configuration(extensions=(extension(voicemail=Voicemail(on=True, clip=uuid4())),)),
        ("extensions", "101", "clip")),
    "hours that end as they begin": (
        Configuration(extensions=(extension(),), hours=(hours((1, "09:00", "09:00")),)), ("hours", "h1", "open")),
    "911": (Configuration(extensions=(extension("911"),)), ("extensions", "911", "number")),
    "999": (Configuration(extensions=(extension("999"),)), ("extensions", "999", "number")),
    "000": (Configuration(extensions=(extension("000"),)), ("extensions", "000", "number")),
    "somebody else's number": (
        Configuration(extensions=(extension(caller_id=OXFORD),)), ("extensions", "101", "caller_id")),
    "somebody else's number for all": (Configuration(rules=Rules(caller_id=OXFORD)), ("rules", "", "caller_id")),
    "a route of somebody else's number": (
        Configuration(extensions=(extension(),), numbers=(Route(number=OXFORD, to=target("extension:101")),)),
        ("numbers", OXFORD, "number")),
    "a stranger": (Configuration(extensions=(extension(user_id=uuid4()),)), ("extensions", "101", "user_id")),
    "another account's clip": (
        Configuration(greetings=(Greeting(key="g1", name="G", clip=uuid4()),)), ("greetings", "g1", "clip")),
    "music that is gone": (Configuration(rules=Rules(hold_music=uuid4())), ("rules", "", "hold_music")),
    "a greeting without words": (Configuration(greetings=(Greeting(key="g1", name="G"),)), ("greetings", "g1", "text")),
    "recording without a notice": (Configuration(rules=Rules(records=True)), ("rules", "", "notice")),
    "one extension's recording without a notice": (
        Configuration(extensions=(extension(records=True),)), ("rules", "", "notice")),
    "a notice that is gone": (Configuration(rules=Rules(notice="g7")), ("rules", "", "notice")),
    "an empty group": (Configuration(groups=(Group(number="600", name="G"),)), ("groups", "600", "members")),
    "a group of nobody": (
        Configuration(groups=(Group(number="600", name="G", members=("101",)),)), ("groups", "600", "members")),
    "a voicemail that is off": (
        Configuration(extensions=(extension(), extension("102", forwarding=Forwarding(busy=target("voicemail:101"))))),
        ("extensions", "102", "busy")),
    "hours that end before they begin": (
        Configuration(extensions=(extension(),), hours=(hours((1, "17:00", "09:00")),)), ("hours", "h1", "open")),
    "hours that overlap": (
        Configuration(extensions=(extension(),), hours=(hours((1, "09:00", "12:00"), (1, "11:59", "17:00")),)),
        ("hours", "h1", "open")),
    "hours out of order": (
        Configuration(extensions=(extension(),), hours=(hours((2, "09:00", "12:00"), (1, "09:00", "12:00")),)),
        ("hours", "h1", "open")),
    "a holiday twice": (
        Configuration(extensions=(extension(),), hours=(
            hours(holidays=(Holiday(day=date(2026, 1, 1), name="A"), Holiday(day=date(2026, 1, 1), name="B"))),)),
        ("hours", "h1", "holidays")),
    "a forward to itself": (
        Configuration(extensions=(extension(forwarding=Forwarding(always=target("extension:101"))),)),
        ("extensions", "101", "always")),
    "a ring of two": (
        Configuration(extensions=(
            extension(forwarding=Forwarding(no_answer=target("extension:102"))),
            extension("102", forwarding=Forwarding(unreachable=target("extension:101"))))),
        ("extensions", "102", "unreachable")),
    "hours that lead to themselves": (
        Configuration(extensions=(extension(),), hours=(hours(inside="hours:h1"),)), ("hours", "h1", "inside")),
    "out and in again by its own number": (
        Configuration(extensions=(extension(forwarding=Forwarding(always=Target.read(f"external:{LONDON}"))),),
                      numbers=(Route(number=LONDON, to=target("extension:101")),)),
        ("numbers", LONDON, "to")),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_at_its_field(name):
    """Each was seen red with its rule taken out of `check`."""
    settings, where = WRONG[name]
    assert where in problems(settings)


@pytest.mark.parametrize("code", ["extension:999", "group:600", "hours:h9", "greeting:g9", "voicemail:102"])
def test_a_destination_that_is_not_there_is_named(code):
    assert problems(Configuration(numbers=(Route(number=LONDON, to=target(code)),))) == [("numbers", LONDON, "to")]


def test_the_countrys_own_emergency_numbers_are_no_extensions():
    indian = Around(frozenset(), frozenset(), frozenset(), "IN")
    assert problems(Configuration(extensions=(extension("108"),)), indian) == [("extensions", "108", "number")]
    assert problems(Configuration(extensions=(extension("108"),))) == []


def test_a_chain_as_long_as_there_are_extensions_is_no_circle():
    """Red with a walk that calls itself: it ends at Python's limit."""
    chain = tuple(
        extension(str(n), forwarding=Forwarding(busy=target(f"extension:{n + 1}")) if n < 2499 else Forwarding())
        for n in range(1000, 2500))
    assert {p.field for p in check(Configuration(extensions=chain), AROUND)} == {"number"}   # too many, no circle


def test_a_round_the_clock_day_is_a_day():
    around_the_clock = hours((1, "00:00", "24:00"), (2, "00:00", "24:00"))
    assert problems(Configuration(extensions=(extension(),), hours=(around_the_clock,))) == []


@pytest.mark.parametrize("values", [
    {"number": "1"}, {"number": "1234567"}, {"number": "１０１"}, {"number": "10a"}, {"number": 101}, {"name": ""},
    {"name": "a\nb"}, {"name": "a\x00b"}, {"name": "a\u202eb"}, {"name": "x" * 61}, {"caller_id": "02079460123"},
    {"caller_id": "+0123456789"}, {"colour": "red"}, {"records": "yes"},
    {"voicemail": {"mail_to": "a@b.example\nBcc: x@y.example"}}, {"voicemail": {"mail_to": "$(reboot)@b.example"}},
    {"voicemail": {"mail_to": "a@b.example,c@d.example"}}, {"voicemail": {"greeting": "x" * 501}},
    {"forwarding": {"no_answer_s": 4}}, {"forwarding": {"no_answer_s": 121}}, {"forwarding": {"no_answer_s": 1e400}},
    {"forwarding": {"always": {"kind": "external", "to": "112"}}},
    {"forwarding": {"always": {"kind": "extension", "to": "+442079460123"}}},
    {"forwarding": {"always": {"kind": "hours", "to": "101"}}},
])
def test_a_part_that_says_nonsense_cannot_be_made(values):
    with pytest.raises(ValidationError):
        Extension.model_validate({"number": "101", "name": "Reception", **values})


@pytest.mark.parametrize("code", ["", "extension", "extension:", "nobody:101", "external:999", "hours:101", "a:b:c"])
def test_words_that_are_no_destination_are_refused(code):
    with pytest.raises(ValueError):
        Target.read(code)


def test_parts_stand_in_order_however_they_came():
    made = Configuration()
    for n in ("1000", "20", "101"):
        made = made.put(Place("extensions", n), extension(n))
    assert [each.number for each in made.extensions] == ["20", "101", "1000"]
    assert made.put(RULES, Rules(records=True)).put(RULES, None) == made
    assert Voicemail() == made.extensions[0].voicemail


@pytest.mark.parametrize("kind, number", [
    ("international", "+33142685300"), ("premium", "+449061234567"), ("mobile", "+447911123456")])
@pytest.mark.parametrize("is_for_all", [True, False])
def test_a_barred_destination_is_not_reached_by_forwarding(kind, number, is_for_all):
    """Red without `_barred`. What is not barred, and the account's own numbers, stay open."""
    barring, free = Barring(**{kind: True}), Barring()
    own = extension(forwarding=Forwarding(busy=target(f"external:{number}")), barring=free if is_for_all else barring)
    greeting = Greeting(key="g1", name="G", text="a", then=target(f"external:{number}"))
    made = Configuration(extensions=(own,), greetings=(greeting,), rules=Rules(barring=barring if is_for_all else free))
    expected = [("extensions", "101", "busy"), *([("greetings", "g1", "then")] if is_for_all else [])]
    assert problems(made) == expected
    opened = made.put(RULES, None).put(Place("extensions", "101"), own.model_copy(update={"barring": free}))
    assert problems(opened) == []
    ours = Around(frozenset({number}), frozenset(), frozenset(), "GB")
    assert problems(made, ours) == []
