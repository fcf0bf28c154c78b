"""The phone settings of one account as one value. Pure: what they mean together is asked in `check`.

Every part has an `id` within its section, and parts are kept in the order of their ids, so two settings that say the
same are equal.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, Self
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from portal.kit.lines import breaks_line, turns


def _one_line(text: str) -> str:
    if breaks_line(text) or turns(text):
        raise ValueError("line breaks, control characters and signs that turn the direction are no part of a text")
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("no IANA time zone")
    return name


E164 = r"^\+[1-9][0-9]{6,14}$"
# What a shell or a mail header could misread has no place here: a PBX hands the address to its mail program.
MAIL = r"^[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9\-.]{0,188}[A-Za-z0-9])?$"
TIME = r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"

Extend = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][0-9]{1,6}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_one_line)]
Words = Annotated[str, StringConstraints(max_length=500), AfterValidator(_one_line)]
Phone = Annotated[str, StringConstraints(pattern=E164)]
Mail = Annotated[str, StringConstraints(pattern=f"{MAIL}|^$")]
Clock = Annotated[str, StringConstraints(pattern=TIME)]
Zone = Annotated[str, AfterValidator(_zone)]

WITHHELD = "withheld"
LONGEST_RING_S = 300
MOST = {"extensions": 500, "groups": 100, "hours": 50, "greetings": 100, "numbers": 2000}
"""How many parts a section may have."""


class Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Kind(StrEnum):
    """Where a call can go."""

    EXTENSION = "extension"
    GROUP = "group"
    HOURS = "hours"
    GREETING = "greeting"
    VOICEMAIL = "voicemail"
    EXTERNAL = "external"


class Target(Part):
    """Where a call goes: `to` is an extension's or a group's number, a key, or an E.164 number."""

    kind: Kind
    to: Annotated[str, StringConstraints(pattern=rf"^[0-9]{{2,6}}$|^[a-z][0-9]{{1,6}}$|{E164}")]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        is_phone, is_key = self.to.startswith("+"), self.to[0].isalpha()
        if is_phone != (self.kind is Kind.EXTERNAL) or is_key != (self.kind in (Kind.HOURS, Kind.GREETING)):
            raise ValueError("the kind and the address do not belong together")
        return self

    @property
    def code(self) -> str:
        """The same as one word, such as `extension:101`, for fields that offer a choice."""
        return f"{self.kind.value}:{self.to}"

    @classmethod
    def read(cls, code: str) -> "Target":
        """Raises ValueError for anything that `code` could not have written."""
        kind, _, to = code.partition(":")
        return cls(kind=Kind(kind), to=to)


class Forwarding(Part):
    """Where calls go instead: at once, or when the extension is busy, silent for so long, or switched off."""

    always: Target | None = None
    busy: Target | None = None
    no_answer: Target | None = None
    no_answer_s: int = Field(default=20, ge=5, le=120)
    unreachable: Target | None = None


class Voicemail(Part):
    """`mail_to` gets each message by e-mail. A caller hears the clip, else the greeting read aloud."""

    on: bool = False
    mail_to: Mail = ""
    greeting: Words = ""
    clip: UUID | None = None


class Barring(Part):
    """Calls that are not put through."""

    international: bool = False
    premium: bool = False
    mobile: bool = False


class Extension(Part):
    """A telephone inside the account. Without a `user_id` it is a device, such as a door. The caller id is a number
    of the account, or withheld, or what holds for the whole account."""

    number: Extend
    name: Name
    user_id: UUID | None = None
    voicemail: Voicemail = Voicemail()
    forwarding: Forwarding = Forwarding()
    caller_id: Phone | Literal["withheld"] | None = None
    barring: Barring = Barring()
    records: bool = False

    @property
    def id(self) -> str:
        return self.number


class Strategy(StrEnum):
    ALL = "all"
    IN_ORDER = "in_order"
    RANDOM = "random"


class Group(Part):
    """Extensions that ring together; `ring_s` is how long each, or all, of them ring before `then`. Their own
    forwarding is not followed."""

    number: Extend
    name: Name
    members: tuple[Extend, ...] = ()
    strategy: Strategy = Strategy.ALL
    ring_s: int = Field(default=20, ge=5, le=LONGEST_RING_S)
    then: Target | None = None

    @property
    def id(self) -> str:
        return self.number


class Interval(Part):
    """Open on one day of the week (ISO: 1 is Monday) from, and up to, a time of that day."""

    day: int = Field(ge=1, le=7)
    begins: Clock
    ends: Clock


class Holiday(Part):
    """Closed for a day."""

    day: date
    name: Name


class Hours(Part):
    """When somebody is there, by the clock of a time zone."""

    key: Key
    name: Name
    time_zone: Zone
    open: Annotated[tuple[Interval, ...], Field(max_length=70)] = ()
    holidays: Annotated[tuple[Holiday, ...], Field(max_length=100)] = ()
    inside: Target
    outside: Target

    @property
    def id(self) -> str:
        return self.key


class Greeting(Part):
    """What a caller hears, from a clip or read aloud; then the call goes on, or ends."""

    key: Key
    name: Name
    text: Words = ""
    clip: UUID | None = None
    then: Target | None = None

    @property
    def id(self) -> str:
        return self.key


class Route(Part):
    """Where calls to one of the account's numbers go. `caller_name` is shown with it on calls out."""

    number: Phone
    to: Target
    caller_name: Annotated[str, StringConstraints(max_length=40), AfterValidator(_one_line)] = ""

    @property
    def id(self) -> str:
        return self.number


class Rules(Part):
    """What holds for the whole account. `notice` is the greeting that callers hear before a call is recorded."""

    caller_id: Phone | Literal["withheld"] | None = None
    barring: Barring = Barring()
    records: bool = False
    notice: Key | None = None
    hold_music: UUID | None = None
    spend_cap_minor: int | None = Field(default=None, ge=0, lt=10**12)


Item = Extension | Group | Hours | Greeting | Route
Anything = Item | Rules

SECTIONS: dict[str, type[Item]] = {
    "extensions": Extension,
    "groups": Group,
    "hours": Hours,
    "greetings": Greeting,
    "numbers": Route,
}


class Place(NamedTuple):
    """One part of the settings: a section and the part's id. The rules are alone in theirs."""

    section: str
    key: str = ""


RULES = Place("rules")


class Configuration(Part):
    extensions: tuple[Extension, ...] = ()
    groups: tuple[Group, ...] = ()
    hours: tuple[Hours, ...] = ()
    greetings: tuple[Greeting, ...] = ()
    numbers: tuple[Route, ...] = ()
    rules: Rules = Rules()

    def parts(self, section: str) -> tuple[Item, ...]:
        found: tuple[Item, ...] = getattr(self, section)
        return found

    def items(self) -> Iterator[tuple[Place, Anything]]:
        """Every part with its place."""
        for section in SECTIONS:
            for part in self.parts(section):
                yield Place(section, part.id), part
        yield RULES, self.rules

    def at(self, place: Place) -> Anything | None:
        if place == RULES:
            return self.rules
        return next((part for part in self.parts(place.section) if part.id == place.key), None)

    def put(self, place: Place, part: Anything | None) -> "Configuration":
        """The same with another part in one place, or none."""
        if place == RULES:
            return self.model_copy(update={"rules": part or Rules()})
        kept = [each for each in self.parts(place.section) if each.id != place.key]
        if isinstance(part, SECTIONS[place.section]):
            kept.append(part)
        return self.model_copy(update={place.section: tuple(sorted(kept, key=in_order))})

    @property
    def has_parts(self) -> bool:
        """Whether anything but the rules is set."""
        return any(self.parts(section) for section in SECTIONS)

    def extension(self, number: str) -> Extension | None:
        return next((each for each in self.extensions if each.number == number), None)

    def free_key(self, section: str) -> str:
        """A key for a new part of the hours or greetings."""
        taken = [int(part.id[1:]) for part in self.parts(section)]
        return f"{section[0]}{max(taken, default=0) + 1}"


EMPTY = Configuration()


def in_order(part: Item) -> tuple[int, str]:
    """Numbers of the same length in their order, shorter ones first."""
    return len(part.id), part.id


def differing(one: Configuration, other: Configuration) -> list[Place]:
    """The places that are not the same in both."""
    places = dict.fromkeys([place for place, _ in one.items()] + [place for place, _ in other.items()])
    return [place for place in places if one.at(place) != other.at(place)]


def read(document: str) -> Configuration:
    """Settings from their JSON. Raises pydantic's ValidationError, which is a ValueError."""
    return Configuration.model_validate_json(document)
