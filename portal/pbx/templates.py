"""Settings to begin with, for accounts that have none. Pure: each is a whole configuration that `check` accepts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.pbx.configuration import (
    Configuration,
    Extension,
    Forwarding,
    Greeting,
    Group,
    Hours,
    Interval,
    Kind,
    Route,
    Rules,
    Strategy,
    Target,
    Voicemail,
)


@dataclass(frozen=True)
class Facts:
    """What a template knows of the account: its name, numbers and zone, and the person it is for."""

    company: str
    numbers: Sequence[str]
    time_zone: str
    user_id: UUID | None
    mail_to: str


@dataclass(frozen=True)
class Template:
    name: str
    description: str
    make: Callable[[Facts], Configuration]


def small_office(facts: Facts) -> Configuration:
    """Two extensions that ring together from nine to five; otherwise a voicemail takes the call."""
    first, then = _first_desk(facts, "Reception"), Target(kind=Kind.VOICEMAIL, to="101")
    second = Extension(number="102", name="Office", forwarding=Forwarding(no_answer=then, unreachable=then))
    team = Group(number="600", name="Office", members=("101", "102"), then=then)
    hours = _hours(facts, "Office hours", range(1, 6), ("09:00", "17:00"), Target(kind=Kind.GROUP, to="600"), then)
    return _with_numbers(facts, (first, second), (team,), hours)


def shop(facts: Facts) -> Configuration:
    """Counter and back room, open on Saturdays too; the counter rings first."""
    then = Target(kind=Kind.VOICEMAIL, to="101")
    desks = (_first_desk(facts, "Counter"), Extension(number="102", name="Back room"))
    team = Group(number="600", name="Shop", members=("101", "102"), strategy=Strategy.IN_ORDER, then=then)
    hours = _hours(facts, "Opening hours", range(1, 7), ("09:00", "18:00"), Target(kind=Kind.GROUP, to="600"), then)
    return _with_numbers(facts, desks, (team,), hours)


def one_person(facts: Facts) -> Configuration:
    """One telephone; whoever does not reach it leaves a message."""
    desk = _first_desk(facts, "Office")
    routes = tuple(Route(number=number, to=Target(kind=Kind.EXTENSION, to="101")) for number in facts.numbers)
    return Configuration(extensions=(desk,), numbers=routes, rules=_rules(facts))


TEMPLATES = {
    "small-office": Template(
        "Small office",
        "Two telephones ring together from Monday to Friday, 9 to 5. Otherwise a voicemail.",
        small_office,
    ),
    "shop": Template("Shop", "Counter, then back room, from Monday to Saturday, 9 to 6. Otherwise a voicemail.", shop),
    "one-person": Template("One person", "One telephone with a voicemail.", one_person),
}


def _first_desk(facts: Facts, name: str) -> Extension:
    box = Target(kind=Kind.VOICEMAIL, to="101")
    return Extension(
        number="101",
        name=name,
        user_id=facts.user_id,
        voicemail=Voicemail(on=True, mail_to=facts.mail_to),
        forwarding=Forwarding(busy=box, no_answer=box, unreachable=box),
    )


def _hours(facts: Facts, name: str, days: range, times: tuple[str, str], inside: Target, outside: Target) -> Hours:
    return Hours(
        key="h1",
        name=name,
        time_zone=facts.time_zone,
        open=tuple(Interval(day=day, begins=times[0], ends=times[1]) for day in days),
        inside=inside,
        outside=outside,
    )


def _with_numbers(facts: Facts, desks: tuple[Extension, ...], groups: tuple[Group, ...], hours: Hours) -> Configuration:
    welcome = Greeting(
        key="g1",
        name="Welcome",
        text=f"Thank you for calling {facts.company}.",
        then=Target(kind=Kind.HOURS, to=hours.key),
    )
    routes = tuple(Route(number=number, to=Target(kind=Kind.GREETING, to="g1")) for number in facts.numbers)
    return Configuration(
        extensions=desks, groups=groups, hours=(hours,), greetings=(welcome,), numbers=routes, rules=_rules(facts)
    )


def _rules(facts: Facts) -> Rules:
    return Rules(caller_id=facts.numbers[0] if facts.numbers else None)
