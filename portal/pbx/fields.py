"""Fields that the forms of phone settings share: a destination, a label, seconds, a telephone number."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import g, request
from wtforms import IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from portal.kit.forms import choices, stripped
from portal.numbers.destinations import OUTSIDE
from portal.numbers.e164 import NotANumber, international, read_number
from portal.pbx.configuration import WITHHELD, Configuration, Kind, Target


class SecondsField(IntegerField):
    """Whole seconds between two bounds."""

    def __init__(self, label: str, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[Any]) -> None:
        words = valuelist[0].strip() if valuelist else ""
        if not (words.isascii() and words.isdigit() and len(words) < 6 and self.least <= int(words) <= self.most):
            raise ValueError(f"Write {self.least} to {self.most} seconds.")
        self.data = int(words)


class NotADestination(ValueError):
    """The message is fit to be shown beside the choice."""


class TargetField(SelectField):
    """Where a call goes. One of the choices is a number outside, which stands in a field beneath it.

    `target` is what was chosen, once the field is valid. `was` is the number that stood there when the page was made:
    left behind by another choice it counts for nothing, as the page does not show it any more.
    """

    def __init__(self, label: str = "", validators: Any = None, *, nowhere: str = "", **kwargs: Any) -> None:
        super().__init__(label, validators, choices=[], validate_choice=False, **kwargs)
        self.nowhere = nowhere
        self.outside = self.was = ""
        self.target: Target | None = None

    @property
    def outside_name(self) -> str:
        return f"{self.name}_{OUTSIDE}"

    @property
    def was_name(self) -> str:
        return f"{self.name}_was"

    def offer(self, settings: Configuration, *, but: str = "") -> None:
        """The destinations there are, but for one: the part itself."""
        pairs = [("", self.nowhere or "Choose"), *destinations(settings)]
        self.choices = choices(pair for pair in pairs if pair[0] != but or not but)

    def show(self, target: Target | None) -> None:
        """Stand at a target that was saved before."""
        is_outside = target is not None and target.kind is Kind.EXTERNAL
        self.data = OUTSIDE if is_outside else target.code if target else ""
        self.outside = self.was = international(target.to) if target and is_outside else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.outside = stripped(request.form.get(self.outside_name, ""))
        self.was = stripped(request.form.get(self.was_name, ""))

    def pre_validate(self, form: Any) -> None:
        self.target = None
        if self.data != OUTSIDE and self.outside == self.was:
            self.outside = ""
        if self.outside and not self.data:
            self.data = OUTSIDE
        try:
            self.target = chosen(self.data, self.outside, g.white_label.country)
        except NotADestination as error:
            raise StopValidation(str(error)) from error
        if self.target is None and not self.nowhere:
            raise StopValidation("Choose where calls go.")


def destinations(settings: Configuration) -> list[tuple[str, str]]:
    """Where a call can go, with words for each."""
    pairs = [(f"extension:{e.number}", f"{e.number} {e.name}") for e in settings.extensions]
    pairs += [(f"group:{e.number}", f"{e.number} {e.name}, ring group") for e in settings.groups]
    pairs += [(f"hours:{e.key}", f"{e.name}, schedule") for e in settings.hours]
    pairs += [(f"greeting:{e.key}", f"{e.name}, greeting") for e in settings.greetings]
    boxes = [each for each in settings.extensions if each.voicemail.on]
    pairs += [(f"voicemail:{e.number}", f"Voicemail of {e.number} {e.name}") for e in boxes]
    return [*pairs, (OUTSIDE, "A number outside")]


def chosen(value: str, outside: str, country: str) -> Target | None:
    """Where calls go, as it was chosen and typed beneath; None for nowhere. A number alone counts as chosen.

    Raises NotADestination.
    """
    if outside and value not in ("", OUTSIDE):
        raise NotADestination("Choose “A number outside”, or clear the number beneath it.")
    try:
        if outside or value == OUTSIDE:
            return _number_outside(outside, country)
        return Target.read(value) if value else None
    except NotANumber as error:
        raise NotADestination(str(error)) from error
    except ValueError:
        raise NotADestination("Choose one of the destinations.") from None


def _number_outside(words: str, country: str) -> Target:
    """Raises NotANumber, or ValueError for one that no call reaches."""
    if not words:
        raise NotANumber("Write the number that calls go to.")
    found = read_number(words, country)
    if not found.is_listed:
        raise NotANumber("No country has such a number.")
    return Target.read(f"external:{found.e164}")


def numbered(numbers: list[str]) -> list[SelectChoice]:
    return choices((number, international(number)) for number in numbers)


@dataclass(frozen=True)
class Offered:
    """What the forms may offer: the settings as they are, and the account's numbers, people and recordings."""

    settings: Configuration
    numbers: list[str] = field(default_factory=list)
    people: list[tuple[UUID, str]] = field(default_factory=list)
    clips: list[tuple[UUID, str]] = field(default_factory=list)

    def clip_choices(self, none: str) -> list[tuple[str, str]]:
        return [("", none), *((str(id), name) for id, name in self.clips)]

    def caller_choices(self, none: str) -> list[tuple[str, str]]:
        shown = [(each.value, each.label) for each in numbered(self.numbers)]
        return [("", none), *shown, (WITHHELD, "Withheld")]
