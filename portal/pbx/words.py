"""Phone settings in plain words: one line a field, for the overview, the history and the page of a conflict."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from uuid import UUID

from portal.numbers.e164 import international
from portal.pbx.configuration import (
    WITHHELD,
    Anything,
    Barring,
    Configuration,
    Extension,
    Greeting,
    Group,
    Hours,
    Interval,
    Kind,
    Place,
    Route,
    Rules,
    Strategy,
    Target,
    Voicemail,
    differing,
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SECTION_WORDS = {
    "extensions": "Extension",
    "groups": "Ring group",
    "hours": "Schedule",
    "greetings": "Greeting",
    "numbers": "Number",
    "rules": "Rules for the whole account",
}
STRATEGY_WORDS = {
    Strategy.ALL: "All at once",
    Strategy.IN_ORDER: "One after the other",
    Strategy.RANDOM: "In random order",
}
BARRED_WORDS = {"international": "abroad", "premium": "premium rate", "mobile": "mobiles"}
BARRED_LABEL, CAP_LABEL = "Barred calls", "Most to spend on calls in a month"
LIMITS = (BARRED_LABEL, CAP_LABEL)
"""What whoever pays sets."""
NOTHING = "–"
"""Stands where a part has no such field, because it came or went."""

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Names:
    """How a reader knows what settings refer to."""

    people: dict[UUID, str] = field(default_factory=dict)
    clips: dict[UUID, str] = field(default_factory=dict)
    money: Callable[[int], str] = str
    day: Callable[[date], str] = str


def said(place: Place, before: Anything | None, after: Anything | None) -> str:
    """A change in one line, as the history keeps it: `Extension 101 (Reception) changed`."""
    what = "added" if before is None else "removed" if after is None else "changed"
    return f"{title(place, after or before)} {what}"


def title(place: Place, part: Anything | None) -> str:
    words = SECTION_WORDS[place.section]
    match part:
        case Extension() | Group():
            return f"{words} {part.number} ({part.name})"
        case Hours() | Greeting():
            return f"{words} “{part.name}”"
        case Route():
            return f"{words} {international(part.number)}"
        case _:
            return f"{words} {place.key}".strip()


def rows(part: Anything, settings: Configuration, names: Names) -> Rows:
    """What a part says, field by field, in the words of whoever reads it."""
    match part:
        case Extension():
            return _extension(part, settings, names)
        case Group():
            return _group(part, settings)
        case Hours():
            return _hours(part, settings, names)
        case Greeting():
            return _greeting(part, settings, names)
        case Route():
            name = part.caller_name or "None"
            return [("Calls go to", sentence(part.to, settings)), ("Name shown on calls out", name)]
        case Rules():
            return _rules(part, settings, names)


def changes(before: Configuration, after: Configuration, names: Names) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What one version changed: for each part its title and the fields that differ, before and after."""
    told = []
    for place in differing(before, after):
        old, new = before.at(place), after.at(place)
        then = dict(rows(old, before, names)) if old else {}
        now = dict(rows(new, after, names)) if new else {}
        # What is only called otherwise now, because another part was renamed, is no change of this one.
        same = dict(rows(old, after, names)) if old else {}
        labels = [label for label in dict.fromkeys([*now, *then]) if same.get(label) != now.get(label)]
        told.append(
            (title(place, new or old), [(name, then.get(name, NOTHING), now.get(name, NOTHING)) for name in labels])
        )
    return told


def way(target: Target, settings: Configuration) -> str:
    """Where a call goes: `extension 101 (Reception)`."""
    if target.kind is Kind.EXTERNAL:
        return international(target.to)
    section = {Kind.EXTENSION: "extensions", Kind.VOICEMAIL: "extensions", Kind.GROUP: "groups", Kind.HOURS: "hours"}
    part = settings.at(Place(section.get(target.kind, "greetings"), target.to))
    known = "" if part is None or isinstance(part, Route | Rules) else part.name
    match target.kind:
        case Kind.VOICEMAIL:
            return f"voicemail of {target.to}" + (f" ({known})" if known else "")
        case Kind.EXTENSION:
            return f"extension {target.to}" + (f" ({known})" if known else "")
        case Kind.GROUP:
            return f"ring group {target.to}" + (f" ({known})" if known else "")
        case Kind.HOURS:
            return f"schedule “{known or target.to}”"
        case _:
            return f"greeting “{known or target.to}”"


def week(intervals: tuple[Interval, ...]) -> str:
    """`Monday to Friday 09:00 to 17:00; Saturday 10:00 to 12:00`."""
    in_order = sorted(intervals, key=lambda each: (each.day, each.begins))
    days = {
        day: ", ".join(f"{each.begins} to {each.ends}" for each in times)
        for day, times in groupby(in_order, key=lambda each: each.day)
    }
    spans: list[tuple[int, int, str]] = []
    for day, times in days.items():
        if spans and spans[-1][1] == day - 1 and spans[-1][2] == times:
            spans[-1] = (spans[-1][0], day, times)
        else:
            spans.append((day, day, times))
    return "; ".join(f"{_days(first, last)} {times}" for first, last, times in spans) or "Never"


def _days(first: int, last: int) -> str:
    begins, ends = WEEKDAYS[first - 1], WEEKDAYS[last - 1]
    return begins if first == last else f"{begins} {'and' if last == first + 1 else 'to'} {ends}"


def barred(barring: Barring) -> str:
    kinds = [words for name, words in BARRED_WORDS.items() if getattr(barring, name)]
    return ", ".join(kinds) or "None"


def caller_id(number: str | None, otherwise: str) -> str:
    return "Withheld" if number == WITHHELD else international(number) if number else otherwise


def _extension(part: Extension, settings: Configuration, names: Names) -> Rows:
    moves = part.forwarding
    return [
        ("Name", part.name),
        ("Person", names.people.get(part.user_id, "Somebody who left") if part.user_id else "None, a device"),
        ("All calls go to", _or_none(moves.always, settings)),
        ("When busy", _or_none(moves.busy, settings)),
        ("When nobody answers", _or_none(moves.no_answer, settings)),
        ("Rings for", counted(moves.no_answer_s, "second")),
        ("When switched off", _or_none(moves.unreachable, settings)),
        *_voicemail(part.voicemail, names),
        ("Caller id", caller_id(part.caller_id, "As for the whole account")),
        ("Barred calls", barred(part.barring)),
        ("Records calls", _yes(part.records)),
    ]


def _voicemail(part: Voicemail, names: Names) -> Rows:
    return [
        ("Voicemail", "On" if part.on else "Off"),
        ("Messages are mailed to", part.mail_to or "Nobody"),
        ("Voicemail greeting", _heard(part.clip, part.greeting, names)),
    ]


def _group(part: Group, settings: Configuration) -> Rows:
    members = [settings.extension(number) for number in part.members]
    return [
        ("Name", part.name),
        ("Members", ", ".join(f"{each.number} ({each.name})" for each in members if each) or "None"),
        ("Rings", STRATEGY_WORDS[part.strategy]),
        ("Rings for", counted(part.ring_s, "second")),
        ("When nobody answers", _or_none(part.then, settings, "The call ends")),
    ]


def _hours(part: Hours, settings: Configuration, names: Names) -> Rows:
    return [
        ("Name", part.name),
        ("Open", week(part.open)),
        ("Time zone", part.time_zone),
        ("Holidays", "; ".join(f"{names.day(each.day)} {each.name}" for each in part.holidays) or "None"),
        ("While open", sentence(part.inside, settings)),
        ("While closed", sentence(part.outside, settings)),
    ]


def _greeting(part: Greeting, settings: Configuration, names: Names) -> Rows:
    return [
        ("Name", part.name),
        ("Callers hear", _heard(part.clip, part.text, names)),
        ("Then", _or_none(part.then, settings, "The call ends")),
    ]


def _rules(part: Rules, settings: Configuration, names: Names) -> Rows:
    notice = settings.at(Place("greetings", part.notice)) if part.notice else None
    cap = part.spend_cap_minor
    return [
        ("Caller id", caller_id(part.caller_id, "None")),
        (BARRED_LABEL, barred(part.barring)),
        ("Records calls", _yes(part.records)),
        ("Notice before recording", notice.name if isinstance(notice, Greeting) else "None"),
        ("Hold music", names.clips.get(part.hold_music, "A recording") if part.hold_music else "The usual music"),
        (CAP_LABEL, names.money(cap) if cap is not None else "No limit"),
    ]


def _heard(clip: UUID | None, text: str, names: Names) -> str:
    if clip is not None:
        return f"Recording “{names.clips.get(clip, 'removed')}”"
    return f"“{text}”, read aloud" if text else "The usual words"


def _or_none(target: Target | None, settings: Configuration, otherwise: str = "Not forwarded") -> str:
    return sentence(target, settings) if target is not None else otherwise


def sentence(target: Target, settings: Configuration) -> str:
    """The same as `way`, where it begins a line."""
    words = way(target, settings)
    return words[0].upper() + words[1:]


def counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _yes(is_on: bool) -> str:
    return "Yes" if is_on else "No"
