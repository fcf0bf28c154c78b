"""The wizard's steps as forms. Reading a field also brings it into the form it is stored in."""

from collections.abc import Callable
from typing import Any

from flask import g
from wtforms import BooleanField, DateField, Field, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Optional, ValidationError

from portal.identity.passwords import LONGEST, problem_with
from portal.kit.clock import today
from portal.kit.forms import OneAddress, PortalForm, Text, choices, normal_address
from portal.kit.world import countries, read_domain, read_login, read_phone

FARTHEST_DAYS = 366


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


class ContactForm(PortalForm):
    name = StringField("Customer name", [Text(120, missing="Write the customer's name.")])
    primary_domain = StringField(
        "Primary domain", [Text(253, missing="Write the customer's domain."), Reads(read_domain)]
    )
    display_name = StringField("User display name", [Text(120, missing="Write the person's name.")])
    login_name = StringField("User login name", [Text(254, missing="Write the login name."), Reads(read_login)])
    alternate_email = StringField("Alternate e-mail", [OneAddress(optional=True)])
    send_letters = BooleanField("Send letters", default=True)

    def validate_alternate_email(self, field: Any) -> None:
        if not field.data and self.login_name.data and normal_address(self.login_name.data) is None:
            raise ValidationError("The login name takes no mail. Write the address that letters go to.")

    @property
    def email(self) -> str:
        """Where all letters go: the alternate e-mail, or the login name."""
        return self.alternate_email.data or normal_address(self.login_name.data or "") or ""


class AuthorisedContactForm(ContactForm):
    """Option 2: the administrator gives the first password, to be changed at the first sign-in."""

    password = PasswordField("Password", [Length(max=LONGEST, message=f"Use at most {LONGEST} characters.")])
    again = PasswordField("Retype password", [EqualTo("password", "This differs from the password above.")])

    has_password = False

    def validate_password(self, field: Any) -> None:
        if not field.data:
            if not self.has_password:
                raise ValidationError("Choose a password, or let us generate one.")
            return
        names = (g.white_label.name, self.login_name.data or "", self.display_name.data or "")
        problem = problem_with(field.data, names=names)
        if problem is not None:
            raise ValidationError(problem)


class AddressesForm(PortalForm):
    line1 = StringField("Address", [Text(120, missing="Write the street and number.")])
    line2 = StringField("Address, second line", [Text(120, optional=True)])
    city = StringField("Town or city", [Text(80, missing="Write the town or city.")])
    region = StringField("Region or state", [Text(80, optional=True)])
    postcode = StringField("Postcode", [Text(20, optional=True)])
    country = SelectField("Country")
    same_address = BooleanField("The service address is the same", default=True)
    service_line1 = StringField("Service address", [Text(120, optional=True)])
    service_line2 = StringField("Service address, second line", [Text(120, optional=True)])
    service_city = StringField("Town or city", [Text(80, optional=True)])
    service_region = StringField("Region or state", [Text(80, optional=True)])
    service_postcode = StringField("Postcode", [Text(20, optional=True)])
    service_country = SelectField("Country")
    contact_name = StringField("General contact", [Text(120, optional=True)])
    contact_phone = StringField("Telephone", [Text(40, optional=True)])
    contact_email = StringField("General e-mail", [OneAddress(optional=True)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = choices(countries(g.white_label.locale))
        self.country.choices = known
        self.service_country.choices = known
        if not self.is_submitted():
            self.country.data = self.country.data or g.white_label.country
            self.service_country.data = self.service_country.data or g.white_label.country

    def validate_contact_phone(self, field: Any) -> None:
        """Without a country code it is a number of the customer's country, which need not be the white label's."""
        Reads(lambda words: read_phone(words, self.country.data or g.white_label.country))(self, field)

    def validate_service_line1(self, field: Any) -> None:
        if not self.same_address.data and not field.data:
            raise ValidationError("Write the street and number of the service address.")

    def validate_service_city(self, field: Any) -> None:
        if not self.same_address.data and not field.data:
            raise ValidationError("Write the town or city of the service address.")


class PlanForm(PortalForm):
    """The choices of `plan` are the plans on sale, set by the view."""

    plan = RadioField("Plan", [InputRequired("Choose a plan.")])
    first_day = DateField("First day of service", [Optional()])

    def validate_first_day(self, field: Any) -> None:
        if field.data is None:
            return
        ahead = (field.data - today(g.white_label.time_zone)).days
        if ahead < 0:
            raise ValidationError("This day is past. Leave it empty to start on activation.")
        if ahead > FARTHEST_DAYS:
            raise ValidationError("Choose a day within a year.")


class ChoiceForm(PortalForm):
    administration = RadioField(
        "Who sets this account up?", choices=choices([("customer", "New customer"), ("white_label", "Me")])
    )
