"""Fields about a business that more than one page asks for: its addresses and its general contact."""

from collections.abc import Callable
from typing import Any

from flask import g
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.validators import ValidationError

from portal.accounts.commands import Place
from portal.accounts.models import Address
from portal.kit.forms import OneAddress, PortalForm, Text, choices
from portal.kit.postal import PostalRules, postal_rules, read_postcode, read_region
from portal.kit.world import countries, read_phone

PARTS = ("line1", "line2", "city", "region", "postcode", "country")


class Reads:
    """Put the field's words through a reader, and keep what it made of them."""

    def __init__(self, reader: Callable[[str], str]) -> None:
        self.reader = reader

    def __call__(self, form: Any, field: Field) -> None:
        if not field.data:
            return
        try:
            field.data = self.reader(field.data)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class PlacesForm(PortalForm):
    """The business address and, where it differs, the service address; each by the rules of its country."""

    country = SelectField("Country")
    line1 = StringField("Address", [Text(120, missing="Write the street and number.")])
    line2 = StringField("Address, second line", [Text(120, optional=True)])
    city = StringField("Town or city", [Text(80, optional=True)])
    region = StringField("Region", [Text(80, optional=True)])
    postcode = StringField("Postcode", [Text(20, optional=True)])
    same_address = BooleanField("The service address is the same", default=True)
    service_country = SelectField("Country")
    service_line1 = StringField("Address", [Text(120, optional=True)])
    service_line2 = StringField("Address, second line", [Text(120, optional=True)])
    service_city = StringField("Town or city", [Text(80, optional=True)])
    service_region = StringField("Region", [Text(80, optional=True)])
    service_postcode = StringField("Postcode", [Text(20, optional=True)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = choices(countries(g.white_label.english))
        for prefix in ("", "service_"):
            country = self[f"{prefix}country"]
            country.choices = known
            if not self.is_submitted():
                country.data = country.data or g.white_label.country
            rules = self.rules(prefix)
            self[f"{prefix}city"].label.text = rules.city
            self[f"{prefix}region"].label.text = rules.region
            self[f"{prefix}postcode"].label.text = rules.postcode

    def rules(self, prefix: str) -> PostalRules:
        return postal_rules(self[f"{prefix}country"].data or g.white_label.country)

    def validate(self, extra_validators: Any = None) -> bool:
        fits = [bool(super().validate(extra_validators)), self._fits("")]
        if not self.same_address.data:
            fits.append(self._fits("service_"))
        return all(fits)

    def _fits(self, prefix: str) -> bool:
        """Whether one address has what its country needs, in its country's form."""
        rules, country = self.rules(prefix), self[f"{prefix}country"].data
        if prefix and not self[f"{prefix}line1"].data:
            _add_error(self[f"{prefix}line1"], "Write the street and number of the service address.")
        for part in ("city", "region", "postcode"):
            field = self[f"{prefix}{part}"]
            if not field.data and part in rules.needs:
                _add_error(field, "Fill this in: an address in this country needs it.")
        for part, reader in (("region", read_region), ("postcode", read_postcode)):
            field = self[f"{prefix}{part}"]
            try:
                field.data = reader(field.data or "", country or "")
            except ValueError as error:
                _add_error(field, str(error))
        return not any(self[f"{prefix}{part}"].errors for part in PARTS)


class GeneralContactForm(PortalForm):
    """Optional information that the welcome letter and the account page print."""

    contact_name = StringField("General contact", [Text(120, optional=True)])
    contact_phone = StringField("Telephone", [Text(40, optional=True)])
    contact_email = StringField("General e-mail", [OneAddress(optional=True)])

    def validate_contact_phone(self, field: Any) -> None:
        """Without a country code it is a number of the customer's country, which need not be the white label's."""
        country = self["country"].data if "country" in self else None
        Reads(lambda words: read_phone(words, country or g.white_label.country))(self, field)


def _add_error(field: Any, words: str) -> None:
    if not field.errors:
        field.errors = [words]


def place_of(answers: dict[str, Any], prefix: str) -> Place:
    """The address among a form's answers whose fields begin with `prefix`."""
    return Place(**{part: answers[f"{prefix}{part}"] or "" for part in PARTS})


def place_words(answers: dict[str, Any], prefix: str) -> str:
    """The same on one line, as it will be printed."""
    return Address(**{part: answers[f"{prefix}{part}"] or "" for part in PARTS}).words()
