"""What the pages of phone settings show, as ready words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.accounts.queries import members_of, primary_user
from portal.kit.db import TenantSession
from portal.kit.lines import TURNING
from portal.kit.slices import Asked, Listed, listed
from portal.numbers.e164 import international, writings
from portal.numbers.models import EmergencyAddress, Number
from portal.numbers.queries import emergency_addresses_of, numbers_of, works
from portal.pbx import check, queries
from portal.pbx.check import targets
from portal.pbx.configuration import (
    EMPTY,
    MAIL,
    RULES,
    SECTIONS,
    Anything,
    Configuration,
    Greeting,
    Hours,
    Kind,
    Place,
    Rules,
    Target,
    differing,
)
from portal.pbx.fields import Offered
from portal.pbx.models import Clip, SipCredential
from portal.pbx.rules import Office
from portal.pbx.templates import TEMPLATES, Facts
from portal.pbx.words import LIMITS, NOTHING, Names, Rows, changes, counted, rows, sentence, title
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import moment, money, short_day

LISTS = {
    "extensions": ("Extensions", "phone", "extension", "A telephone for a person, or a device such as a door."),
    "groups": ("Ring groups", "users", "ring group", "Several extensions that ring for the same call."),
    "hours": ("Schedules", "clock", "schedule", "Opening hours and holidays send calls one way or the other."),
    "greetings": ("Greetings", "note", "greeting", "What callers hear before their call goes on."),
    "numbers": ("Numbers", "phone", "number", "Where calls to each number go."),
}
MAIL_SHAPE = re.compile(MAIL)
DEEPEST = 6
PER_PAGE = 20
LONGEST_PAGE = 50
MOST_FLOWS = 20


@dataclass(frozen=True)
class Step:
    """A place that a call reaches, and where it goes from there, each way with its condition."""

    words: str
    ways: list[tuple[str, "Step"]] = field(default_factory=list)


@dataclass(frozen=True)
class Flow:
    number: str
    step: Step | None
    trouble: str
    href: str


@dataclass(frozen=True)
class HomePage:
    flows: list[Flow]
    more_flows: int
    sections: list[tuple[str, str, str]]
    rules: Rows
    is_empty: bool
    own: list[tuple[str, str, Rows]]


@dataclass(frozen=True)
class PartLine:
    id: str
    href: str
    title: str
    words: str
    note: str


@dataclass(frozen=True)
class ChangeLine:
    """What became of one part: fields with before and after, or all it says when it came or went."""

    title: str
    fields: list[tuple[str, str, str]]
    whole: Rows


@dataclass(frozen=True)
class VersionLine:
    number: int
    what: str
    who: str
    changes: list["ChangeLine"]
    is_undone: bool
    why_not_back: str


@dataclass(frozen=True)
class ClipLine:
    clip: Clip
    words: str
    used_by: list[tuple[str, str]]


def home_page(db: TenantSession, office: Office) -> HomePage:
    _, settings = queries.newest(db, office.account.id)
    names = names_of(db, office)
    own = [
        (f"{office.base}/extensions/{e.number}", title(Place("extensions"), e), rows(e, settings, names))
        for e in office.own(settings)
    ]
    if not office.is_administrator:
        return HomePage([], 0, [], [], is_empty=False, own=own)
    numbers = numbers_of(db, office.account.id)
    return HomePage(
        flows=_flows(db, office, numbers[:MOST_FLOWS], settings),
        more_flows=len(numbers[MOST_FLOWS:]),
        sections=[
            (f"{office.base}/{section}", LISTS[section][0], str(len(settings.parts(section)))) for section in SECTIONS
        ],
        rules=rows(settings.rules, settings, names),
        is_empty=not settings.has_parts,
        own=own,
    )


def _flows(db: TenantSession, office: Office, numbers: Sequence[Number], settings: Configuration) -> list[Flow]:
    addresses = emergency_addresses_of(db, office.account.id)
    flows = []
    for number in numbers:
        route = next((route for route in settings.numbers if route.number == number.e164), None)
        step = _step(route.to, settings) if route else None
        there = f"{office.desk.base}/numbers/{number.id}"
        flows.append(Flow(international(number.e164), step, _trouble(number, addresses.get(number.id)), there))
    return flows


def _trouble(number: Number, address: EmergencyAddress | None) -> str:
    """Why no call reaches a number; nothing for one whose emergency address was validated, or that needs none."""
    if works(number, address):
        return ""
    if address is None:
        return "Does not work yet: it has no address for emergency calls."
    if address.problem:
        return f"Does not work yet: its address for emergency calls is not valid. {address.problem}"
    return "Does not work yet: its address for emergency calls was entered, and waits to be validated."


def _step(target: Target, settings: Configuration, depth: int = 0) -> Step:
    words = sentence(target, settings)
    section = {Kind.EXTENSION: "extensions", Kind.GROUP: "groups", Kind.HOURS: "hours", Kind.GREETING: "greetings"}
    part = settings.at(Place(section[target.kind], target.to)) if target.kind in section else None
    if part is None or depth >= DEEPEST:
        return Step(words)
    return Step(words, [(_when(part, name), _step(next_one, settings, depth + 1)) for name, next_one in targets(part)])


def _when(part: Anything, field: str) -> str:
    if isinstance(part, Hours):
        return "Open" if field == "inside" else "Closed"
    if isinstance(part, Greeting):
        return "Then"
    return {
        "always": "At once",
        "busy": "Busy",
        "no_answer": "No answer",
        "unreachable": "Switched off",
    }.get(field, "No answer")


def list_page(db: TenantSession, office: Office, section: str, asked: Asked) -> tuple[Listed[PartLine], bool]:
    """A page of the parts of a section, and whether there is anything to make another from: each number is routed
    once."""
    _, settings = queries.newest(db, office.account.id)
    names = names_of(db, office)
    signed_in = queries.credentials_of(db, office.account.id)
    lines = []
    for part in settings.parts(section):
        told = dict(rows(part, settings, names))
        shown = [told[label] for label in ("Person", "Members", "Open", "Callers hear", "Calls go to") if label in told]
        no_phone = section == "extensions" and part.id not in signed_in
        note = "No phone can sign in yet" if no_phone else ""
        href = f"{office.base}/{section}/{part.id}"
        lines.append(PartLine(part.id, href, title(Place(section), part), shown[0], note))
    found = listed(
        lines,
        asked,
        f"{office.base}/{section}",
        size=LONGEST_PAGE,
        key_of=lambda line: line.id,
        texts_of=lambda line: (line.title, line.words, line.note, *_writings(section, line.id)),
        order=lambda id: (len(id), id),
    )
    return found, section != "numbers" or len(lines) < len(numbers_of(db, office.account.id))


def _writings(section: str, id: str) -> tuple[str, ...]:
    return writings(id) if section == "numbers" else ()


def history_page(db: TenantSession, office: Office, before: int | None) -> tuple[list[VersionLine], int | None]:
    """The changes, the newest first, and from where older ones go on, if there are any."""
    tenant, names = white_label(db), names_of(db, office)
    found = queries.history(db, office.account.id, before=before, limit=PER_PAGE + 1)
    undone, around = {row.undoes for row in found}, queries.around(db, office.account.id)
    lines = []
    for row, earlier in zip(found[:PER_PAGE], [*found[1:], None][:PER_PAGE], strict=False):
        was, became = queries.settings_of(earlier) if earlier else EMPTY, queries.settings_of(row)
        shown = [_change(name, fields) for name, fields in changes(was, became, names)]
        who = f"{row.by_name}, {moment(row.at, tenant)}"
        why_not = _why_not_back(was, became, around)
        lines.append(VersionLine(row.version, row.what, who, shown, row.version in undone, why_not))
    return lines, found[PER_PAGE - 1].version if len(found) > PER_PAGE else None


def _why_not_back(before: Configuration, after: Configuration, around: check.Around) -> str:
    """Why a change cannot be taken back for now: what it would bring back is not the account's any more."""
    there = [(place, part) for place in differing(before, after) if (part := before.at(place)) is not None]
    texts = [problem.text for place, part in there for problem in check.lost(place, part, around)]
    return " ".join(dict.fromkeys(texts))


def _change(name: str, fields: list[tuple[str, str, str]]) -> ChangeLine:
    came, went = all(old == NOTHING for _, old, _ in fields), all(new == NOTHING for _, _, new in fields)
    whole = [(label, new if came else old) for label, old, new in fields] if came or went else []
    return ChangeLine(name, [] if whole else fields, whole)


def offered(db: TenantSession, office: Office) -> Offered:
    account_id = office.account.id
    return Offered(
        settings=queries.newest(db, account_id)[1],
        numbers=[number.e164 for number in numbers_of(db, account_id)],
        people=[(user.id, user.display_name) for _, user in members_of(db, account_id)],
        clips=[(clip.id, clip.name) for clip in queries.clips_of(db, account_id)],
    )


def names_of(db: TenantSession, office: Office) -> Names:
    tenant = white_label(db)
    return Names(
        people={user.id: user.display_name for _, user in members_of(db, office.account.id)},
        clips={clip.id: clip.name for clip in queries.clips_of(db, office.account.id)},
        money=lambda minor: money(minor, tenant),
        day=lambda day: short_day(day, tenant),
    )


def compared(
    db: TenantSession, office: Office, parts: tuple[Anything | None, Anything | None, Anything | None]
) -> list[tuple[str, str, str, str]]:
    """Fields in which three states of a part differ: as it was, theirs, yours."""
    _, settings = queries.newest(db, office.account.id)
    names = names_of(db, office)
    base, theirs, yours = (dict(rows(part, settings, names)) if part else {} for part in parts)
    labels = dict.fromkeys([*yours, *theirs, *base])
    told = [(label, *(known.get(label, "–") for known in (base, theirs, yours))) for label in labels]
    return [(label, was, there, here) for label, was, there, here in told if len({was, there, here}) > 1]


def needing(db: TenantSession, office: Office, place: Place) -> list[tuple[str, str]]:
    """The parts that need this one: the address and the title of each."""
    settings = queries.newest(db, office.account.id)[1]
    found = check.needing(settings, place, queries.around(db, office.account.id))
    return [_linked(office, each, settings) for each in found]


def _linked(office: Office, place: Place, settings: Configuration) -> tuple[str, str]:
    below = place.section if place == RULES else f"{place.section}/{place.key}"
    return f"{office.base}/{below}", title(place, settings.at(place))


def password_made(db: TenantSession, credential: SipCredential | None) -> str:
    """When a telephone's password was made, and by whom; nothing where nobody has one."""
    if credential is None:
        return ""
    return f"{moment(credential.made_at, white_label(db))} by {credential.made_by}"


def limits(db: TenantSession, office: Office, rules: Rules) -> Rows:
    """What is barred for the whole account, and the most to spend, for whoever only reads them."""
    told = rows(rules, EMPTY, names_of(db, office))
    return [(label, words) for label, words in told if label in LIMITS]


def facts_of(db: TenantSession, office: Office) -> Facts:
    """What a template knows of the account. Names lose what a setting may not hold."""
    account, person = office.account, primary_user(db, office.account.id)
    return Facts(
        company="".join(c for c in account.name if c not in TURNING),
        numbers=[number.e164 for number in numbers_of(db, account.id)],
        time_zone=white_label(db).time_zone,
        user_id=person.id,
        mail_to=person.email if MAIL_SHAPE.match(person.email) else "",
    )


def template_choices() -> list[tuple[str, str, str]]:
    return [(key, each.name, each.description) for key, each in TEMPLATES.items()]


def preview(db: TenantSession, office: Office, made: Configuration) -> list[tuple[str, Rows]]:
    names = names_of(db, office)
    return [(title(place, part), rows(part, made, names)) for place, part in made.items()]


def clips_page(db: TenantSession, office: Office) -> list[ClipLine]:
    _, settings = queries.newest(db, office.account.id)
    tenant = white_label(db)
    return [
        ClipLine(
            clip,
            f"{counted(clip.seconds, 'second')}, by {clip.created_by}, {moment(clip.created_at, tenant)}",
            [_linked(office, place, settings) for place in check.playing(settings, clip.id)],
        )
        for clip in queries.clips_of(db, office.account.id)
    ]
