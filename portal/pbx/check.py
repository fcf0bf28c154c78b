"""Whether phone settings make sense as a whole: what each part refers to exists, and no call goes in a circle."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

import phonenumbers
from phonenumbers.shortnumberinfo import is_emergency_number

from portal.pbx.configuration import (
    MOST,
    RULES,
    SECTIONS,
    WITHHELD,
    Anything,
    Configuration,
    Extension,
    Greeting,
    Group,
    Hours,
    Kind,
    Place,
    Route,
    Rules,
    Target,
)

# Help is called under these nearly everywhere, whatever the country's own numbers are (3GPP TS 22.101, 10.1.1).
CALLS_FOR_HELP = frozenset("000 110 112 118 119 911 999".split())


@dataclass(frozen=True)
class Around:
    """What the settings may refer to: the account's numbers, people and clips, and the country it telephones from."""

    numbers: frozenset[str]
    people: frozenset[UUID]
    clips: frozenset[UUID]
    country: str


@dataclass(frozen=True)
class Problem:
    """What is wrong, at which field of which part."""

    place: Place
    field: str
    text: str


def check(configuration: Configuration, around: Around) -> list[Problem]:
    """Everything that is wrong; nothing for settings that a PBX can carry out."""
    return [
        *_counts(configuration),
        *_references(configuration, around),
        *_inner_rules(configuration, around),
        *_barred(configuration, around),
        *_circles(configuration),
    ]


def needing(configuration: Configuration, place: Place, around: Around) -> list[Place]:
    """The parts that would not make sense any more without this one."""
    known = check(configuration, around)
    left = [problem for problem in check(configuration.put(place, None), around) if problem not in known]
    return list(dict.fromkeys(problem.place for problem in left))


def playing(configuration: Configuration, clip: UUID) -> list[Place]:
    """The parts that play a recording."""
    return [place for place, part in configuration.items() if any(clip == played for _, played in _clips(part))]


def targets(part: Anything) -> Iterator[tuple[str, Target]]:
    """Where calls go from a part, each with its field."""
    match part:
        case Extension():
            named = part.forwarding
            pairs = [(name, getattr(named, name)) for name in ("always", "busy", "no_answer", "unreachable")]
        case Group() | Greeting():
            pairs = [("then", part.then)]
        case Hours():
            pairs = [("inside", part.inside), ("outside", part.outside)]
        case Route():
            pairs = [("to", part.to)]
        case Rules():
            pairs = []
    yield from ((name, target) for name, target in pairs if target is not None)


def _counts(configuration: Configuration) -> Iterator[Problem]:
    for section in SECTIONS:
        ids = Counter(part.id for part in configuration.parts(section))
        for id, times in ids.items():
            if times > 1:
                yield Problem(Place(section, id), "number", f"{id} is there twice.")
        if len(ids) > MOST[section]:
            yield Problem(Place(section, next(reversed(ids))), "number", f"There can be {MOST[section]} at most.")
    extensions = {each.number for each in configuration.extensions}
    for group in configuration.groups:
        if group.number in extensions:
            yield Problem(Place("groups", group.number), "number", f"{group.number} is an extension already.")


def _references(configuration: Configuration, around: Around) -> Iterator[Problem]:
    for place, part in configuration.items():
        for field, target in targets(part):
            if not exists(configuration, target):
                yield Problem(place, field, _missing(target))
        yield from lost(place, part, around)
        if isinstance(part, Rules) and part.notice and configuration.at(Place("greetings", part.notice)) is None:
            yield Problem(place, "notice", "This greeting is not there any more.")


def lost(place: Place, part: Anything, around: Around) -> Iterator[Problem]:
    """What a part refers to that is not the account's, or not any more: recordings, numbers and people."""
    for field, clip in _clips(part):
        if clip is not None and clip not in around.clips:
            yield Problem(place, field, "This recording is not there any more.")
    if isinstance(part, Extension | Rules) and part.caller_id not in (None, WITHHELD, *around.numbers):
        yield Problem(place, "caller_id", f"{part.caller_id} is not a number of this account.")
    if isinstance(part, Route) and part.number not in around.numbers:
        yield Problem(place, "number", f"{part.number} is not a number of this account.")
    if isinstance(part, Extension) and part.user_id is not None and part.user_id not in around.people:
        yield Problem(place, "user_id", "This person does not belong to the account.")


def exists(configuration: Configuration, target: Target) -> bool:
    match target.kind:
        case Kind.EXTERNAL:
            return True
        case Kind.VOICEMAIL:
            box = configuration.extension(target.to)
            return box is not None and box.voicemail.on
        case kind:
            return configuration.at(Place(SECTION_OF[kind], target.to)) is not None


SECTION_OF = {
    Kind.EXTENSION: "extensions",
    Kind.GROUP: "groups",
    Kind.HOURS: "hours",
    Kind.GREETING: "greetings",
    Kind.VOICEMAIL: "extensions",
}


def _missing(target: Target) -> str:
    if target.kind is Kind.VOICEMAIL:
        return f"Extension {target.to} has no voicemail."
    names = {Kind.EXTENSION: "extension", Kind.GROUP: "ring group", Kind.HOURS: "schedule", Kind.GREETING: "greeting"}
    return f"There is no {names[target.kind]} {target.to}."


def _clips(part: Anything) -> list[tuple[str, UUID | None]]:
    match part:
        case Extension():
            return [("clip", part.voicemail.clip)]
        case Greeting():
            return [("clip", part.clip)]
        case Rules():
            return [("hold_music", part.hold_music)]
        case _:
            return []


def _inner_rules(configuration: Configuration, around: Around) -> Iterator[Problem]:
    for place, part in configuration.items():
        match part:
            case Extension() | Group() if calls_for_help(part.number, around.country):
                yield Problem(place, "number", f"{part.number} calls for help in an emergency. Choose another number.")
            case Group():
                yield from _group(configuration, place, part)
            case Hours():
                yield from _hours(place, part)
            case Greeting() if not part.text.strip() and part.clip is None:
                yield Problem(place, "text", "Write what callers hear, or choose a recording.")
            case _:
                pass
    if _records(configuration) and configuration.rules.notice is None:
        yield Problem(RULES, "notice", "Calls are recorded only after a notice. Choose the greeting that says so.")


def calls_for_help(number: str, country: str) -> bool:
    return number in CALLS_FOR_HELP or is_emergency_number(number, country)


def _records(configuration: Configuration) -> bool:
    return configuration.rules.records or any(each.records for each in configuration.extensions)


def _group(configuration: Configuration, place: Place, group: Group) -> Iterator[Problem]:
    if not group.members:
        yield Problem(place, "members", "Choose at least one extension.")
    if len(set(group.members)) < len(group.members):
        yield Problem(place, "members", "An extension is in the group twice.")
    for member in group.members:
        if configuration.extension(member) is None:
            yield Problem(place, "members", f"There is no extension {member}.")


def _hours(place: Place, hours: Hours) -> Iterator[Problem]:
    for each in hours.open:
        if each.begins >= each.ends:
            yield Problem(place, "open", f"{each.begins} to {each.ends} ends before it begins.")
    for one, next_one in pairwise(hours.open):
        if (one.day, one.ends) > (next_one.day, next_one.begins):
            yield Problem(place, "open", f"{next_one.begins} to {next_one.ends} overlaps another time of that day.")
    days = [holiday.day for holiday in hours.holidays]
    if days != sorted(set(days)):
        yield Problem(place, "holidays", "A day is there twice.")


def _barred(configuration: Configuration, around: Around) -> Iterator[Problem]:
    """Destinations outside that call barring closes: forwarding is no way around it."""
    for place, part in configuration.items():
        barring = [configuration.rules.barring, *([part.barring] if isinstance(part, Extension) else [])]
        for field, target in targets(part):
            if target.kind is not Kind.EXTERNAL or target.to in around.numbers:
                continue
            for name in kinds_of(target.to, around.country):
                if any(getattr(each, name) for each in barring):
                    yield Problem(place, field, f"Calls to {BARRED[name]} are barred, so calls cannot be sent there.")


BARRED = {"international": "numbers abroad", "premium": "premium rate numbers", "mobile": "mobiles"}


def kinds_of(number: str, country: str) -> Iterator[str]:
    """The kinds of barring that a number falls under, seen from a country (types as `phonenumbers` tells them)."""
    parsed = phonenumbers.parse(number)
    if phonenumbers.region_code_for_number(parsed) != country:
        yield "international"
    kind = phonenumbers.number_type(parsed)
    if kind == phonenumbers.PhoneNumberType.PREMIUM_RATE:
        yield "premium"
    if kind == phonenumbers.PhoneNumberType.MOBILE:
        yield "mobile"


def _circles(configuration: Configuration) -> Iterator[Problem]:
    """Parts from which a call can come back to where it was; each circle is told once, at one of its parts."""
    own = {route.number: Place("numbers", route.number) for route in configuration.numbers}
    ways = {place: [(field, _leads_to(t, own)) for field, t in targets(part)] for place, part in configuration.items()}
    done: set[Place] = set()
    for place in ways:
        yield from _walk(place, ways, done)


def _leads_to(target: Target, own: dict[str, Place]) -> Place | None:
    """The part that a call goes on in; none where it ends, in a voicemail or outside."""
    if target.kind is Kind.EXTERNAL:
        return own.get(target.to)
    return None if target.kind is Kind.VOICEMAIL else Place(SECTION_OF[target.kind], target.to)


Ways = dict[Place, list[tuple[str, Place | None]]]


def _walk(start: Place, ways: Ways, done: set[Place]) -> Iterator[Problem]:
    """Depth first and without recursion: a chain may be as long as there are parts."""
    path: dict[Place, Iterator[tuple[str, Place | None]]] = {}
    if start not in done:
        path[start] = iter(ways[start])
    while path:
        place, left = next(reversed(path.items()))
        field, onward = next(left, ("", None))
        if not field:
            done.add(place)
            del path[place]
        elif onward in path:
            yield Problem(place, field, "A call would go round in a circle. Choose another destination.")
        elif onward is not None and onward in ways and onward not in done:
            path[onward] = iter(ways[onward])
