"""What people type about numbers: what they look for, what they agree to, whose a number is, where help is sent."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import g
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField
from wtforms.validators import ValidationError

from portal.accounts.commands import Place
from portal.identity.models import User
from portal.kit.forms import PortalForm, Text, choices
from portal.kit.paging import Place as Page
from portal.kit.postal import PostalRules, postal_rules
from portal.kit.refusals import BadInput
from portal.kit.world import countries
from portal.numbers.e164 import KINDS, place_name
from portal.numbers.searching import NotAPattern, Search, read_pattern

PARTS = ("line1", "line2", "city", "region", "postcode", "country")


class SearchForm(PortalForm):
    """Asked in the address, without a token: it changes nothing."""

    country = SelectField("Country", default="")
    kind = SelectField("Kind", choices=choices([("", "Any kind"), *KINDS.items()]), default="")
    area = StringField("Area", [Text(80, optional=True)])
    digits = StringField("Digits", [Text(40, optional=True)])

    def __init__(self, asked: MultiDict[str, str], known: Iterable[str]) -> None:
        super().__init__(asked, meta={"csrf": False})
        self.country.choices = choices([("", "Any country"), *((code, place_name(code)) for code in known)])

    def validate_digits(self, field: Any) -> None:
        try:
            read_pattern(field.data or "", self.country.data or "")
        except NotAPattern as error:
            raise ValidationError(str(error)) from error


def read_search(asked: MultiDict[str, str]) -> Search:
    """The search that an address or a form names; what is too long is cut. Raises BadInput for no place in it."""
    return Search(
        country=asked.get("country", "")[:3],
        kind=asked.get("kind", "")[:20],
        area=asked.get("area", "").strip()[:80],
        digits=asked.get("digits", "").strip()[:40],
        place=Page(_key(asked.get("before")), _key(asked.get("after"))),
    )


def _key(words: str | None) -> tuple[str, UUID] | None:
    """A page begins at a number and its id."""
    if not words:
        return None
    id, _, e164 = words.partition("_")
    return e164[:20], read_id(id)


def read_id(words: str) -> UUID:
    try:
        return UUID(words)
    except ValueError as error:
        raise BadInput("The choice was not readable. Start from the list again.") from error


class WhoseForm(PortalForm):
    """One of the account's people, or nobody in particular."""

    user = SelectField("Whose number it is")

    def __init__(self, people: Iterable[User], **more: Any) -> None:
        super().__init__(**more)
        self.user.choices = whose_choices(people)

    @property
    def chosen(self) -> UUID | None:
        return UUID(self.user.data) if self.user.data else None


def whose_choices(people: Iterable[User]) -> Any:
    return choices([("", "Nobody in particular"), *((str(user.id), user.display_name) for user in people)])


class HelpAddressForm(PortalForm):
    """Where help is sent. What the country needs is asked when the address is validated, not here."""

    country = SelectField("Country")
    line1 = StringField("Address", [Text(120, missing="Write the street and number.")])
    line2 = StringField("Address, second line", [Text(120, optional=True)])
    city = StringField("Town or city", [Text(80, optional=True)])
    region = StringField("Region", [Text(80, optional=True)])
    postcode = StringField("Postcode", [Text(20, optional=True)])

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.country.choices = choices(countries(g.white_label.english))
        rules = self.rules()
        self.city.label.text, self.region.label.text = rules.city, rules.region
        self.postcode.label.text = rules.postcode

    def rules(self, prefix: str = "") -> PostalRules:
        return postal_rules(self.country.data or g.white_label.country)

    @property
    def place(self) -> Place:
        return Place(**{part: self[part].data or "" for part in PARTS})
