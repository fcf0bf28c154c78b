"""The forms of a port-in request, and of its papers."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import g
from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, StopValidation, ValidationError

from portal.identity.models import User
from portal.kit.forms import PortalForm, Text, choices
from portal.kit.world import countries
from portal.numbers.destinations import Offers, Wanted
from portal.numbers.documents import LARGEST_BYTES, Document, NotADocument, read_document
from portal.numbers.e164 import NotANumber, international, read_number
from portal.numbers.forms import HelpAddressForm, whose_choices
from portal.numbers.models import PortRequest
from portal.numbers.porting import NewPort, Ported, refuse_day
from portal.numbers.preparing import Wish

MOST_NUMBERS = 100
LONGEST_LIST = 6000


class PortForm(PortalForm):
    """Numbers in any writing, one a line or with commas between them; `ported` is what was read."""

    numbers = TextAreaField("Numbers")
    country = SelectField("Country of the numbers")
    losing_provider = StringField("Provider they are with now", [Text(120, missing="Write the provider's name.")])
    losing_account = StringField("Account or contract number there", [Text(80, optional=True)])
    wanted_day = DateField("Day you want them moved", [InputRequired("Choose a day.")])

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.ported: tuple[Ported, ...] = ()
        self.country.choices = choices(countries(g.white_label.english))
        if not self.is_submitted():
            self.country.data = self.country.data or g.white_label.country

    def validate_numbers(self, field: Any) -> None:
        words = field.data or ""
        if len(words) > LONGEST_LIST:
            raise StopValidation(f"Write at most {MOST_NUMBERS} numbers.")
        written = [part.strip() for part in re.split(r"[\n\r,;]+", words) if part.strip()]
        if not written:
            raise StopValidation("Write the numbers, one a line.")
        found: dict[str, Ported] = {}
        for each in written:
            read = self._read(each)
            found.setdefault(read.e164, read)
        if len(found) > MOST_NUMBERS:
            raise StopValidation(f"Write at most {MOST_NUMBERS} numbers.")
        self.ported = tuple(found.values())

    def _read(self, words: str) -> Ported:
        try:
            number = read_number(words, self.country.data)
        except NotANumber as error:
            raise StopValidation(f"“{words[:30]}”: {error}") from error
        return Ported(number.e164, number.kind, number.country)

    def validate_wanted_day(self, field: Any) -> None:
        if field.data is not None and (why := refuse_day(field.data, g.white_label.time_zone)):
            raise ValidationError(why)

    @property
    def new(self) -> NewPort:
        assert self.wanted_day.data is not None
        return NewPort(
            self.ported, self.losing_provider.data or "", self.losing_account.data or "", self.wanted_day.data
        )


class PrepareForm(HelpAddressForm):
    """What is wanted of some numbers of a request once they are here. All of it is optional."""

    seen = HiddenField()
    numbers = SelectMultipleField("For these numbers")
    to = SelectField("Calls go to", validate_choice=False)
    to_outside = StringField("Number outside", [Text(40, optional=True)])
    user = SelectField("Whose number it is", default="")
    line1 = StringField("Address", [Text(120, optional=True)])

    def offer(self, port: PortRequest, people: Iterable[User], offers: Offers) -> None:
        """Give the choices. Without offers where calls go is not the reader's to say, and stays as it is."""
        asked = [each["e164"] for each in port.numbers]
        self.numbers.choices = choices((each, international(each)) for each in asked)
        self.user.choices = whose_choices(people)
        self.to.choices = choices([("", "Decide later"), *offers])
        if not offers:
            del self.to, self.to_outside

    def show(self, e164s: list[str], wish: Wish) -> None:
        """Stand at what is wanted of these numbers now."""
        self.numbers.data, self.user.data = e164s, str(wish.user_id or "")
        if "to" in self and wish.to is not None:
            self.to.data, self.to_outside.data = wish.to.value, wish.to.outside

    def validate_numbers(self, field: Any) -> None:
        if not field.data:
            raise StopValidation("Choose at least one number.")

    def validate_line1(self, field: Any) -> None:
        if not field.data and any(self[part].data for part in ("line2", "city", "region", "postcode")):
            raise StopValidation("Write the street and number, or leave the whole address empty.")

    @property
    def wanted(self) -> Wanted | None:
        """What was typed counts, also when nothing is chosen above it."""
        if "to" not in self or not (self.to.data or self.to_outside.data):
            return None
        return Wanted(self.to.data or "", self.to_outside.data or "")

    @property
    def wish(self) -> Wish:
        whose = UUID(self.user.data) if self.user.data else None
        return Wish(self.wanted, whose, self.place if self.line1.data else None)


class DocumentForm(PortalForm):
    """One paper, known by what is in it."""

    file = FileField("Document")
    document: Document | None = None

    def validate_file(self, field: Any) -> None:
        if not field.data or not getattr(field.data, "filename", ""):
            raise StopValidation("Choose a file.")
        try:
            self.document = read_document(field.data.filename, field.data.read(LARGEST_BYTES + 1))
        except NotADocument as error:
            raise StopValidation(str(error)) from error
