"""The wizard's steps as forms. Reading a field also brings it into the form it is stored in."""

from typing import Any

from flask import g
from wtforms import BooleanField, DateField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Optional, ValidationError

from portal.accounts.forms import GeneralContactForm, PlacesForm, Reads
from portal.identity.models import User
from portal.identity.passwords import LONGEST, problem_with
from portal.kit.clock import today
from portal.kit.forms import OneAddress, PortalForm, Text, choices, normal_address
from portal.kit.money import MOST_BY_CARD_MINOR, Money, NotAnAmount, parse
from portal.kit.world import read_domain, read_login

FARTHEST_DAYS = 366
LAST_DAY = 31
BILLING_DAYS = choices(
    [
        ("", "The day it starts"),
        *((str(n), f"Day {n} of the month") for n in range(1, 29)),
        (str(LAST_DAY), "The last day of the month"),
    ]
)


class ContactForm(PortalForm):
    """`person` is whoever signs in with the login name already; adding them has to be said."""

    name = StringField("Customer name", [Text(120, missing="Write the customer's name.")])
    primary_domain = StringField(
        "Primary domain", [Text(253, missing="Write the customer's domain."), Reads(read_domain)]
    )
    display_name = StringField("User display name", [Text(120, missing="Write the person's name.")])
    login_name = StringField("User login name", [Text(254, missing="Write the login name."), Reads(read_login)])
    existing = BooleanField("Add this person to the account")
    alternate_email = StringField("Alternate e-mail", [OneAddress(optional=True)])
    send_letters = BooleanField("Send letters", default=True)

    person: User | None = None
    person_is_staff = False

    def validate_login_name(self, field: Any) -> None:
        if self.person is None:
            return
        if self.person_is_staff:
            raise ValidationError("This is the login of one of your own people. Customers need one of their own.")
        if not self.existing.data:
            raise ValidationError("Somebody signs in with this name already. Add this person, or choose another name.")

    def validate_alternate_email(self, field: Any) -> None:
        if self.adds_person or field.data or not self.login_name.data:
            return
        if normal_address(self.login_name.data) is None:
            raise ValidationError("The login name takes no mail. Write the address that letters go to.")

    @property
    def adds_person(self) -> bool:
        return self.person is not None and bool(self.existing.data)

    @property
    def email(self) -> str:
        """Where all letters go: the alternate e-mail, or the login name; a person who is known keeps their own."""
        if self.person is not None and self.adds_person:
            return self.person.email
        return self.alternate_email.data or normal_address(self.login_name.data or "") or ""


class AuthorisedContactForm(ContactForm):
    """Option 2: the administrator gives the first password, to be changed at the first sign-in."""

    password = PasswordField("Password", [Length(max=LONGEST, message=f"Use at most {LONGEST} characters.")])
    again = PasswordField("Retype password", [EqualTo("password", "This differs from the password above.")])

    has_password = False

    def validate_password(self, field: Any) -> None:
        if self.adds_person:
            return
        if not field.data:
            if not self.has_password:
                raise ValidationError("Choose a password, or let us generate one.")
            return
        problem = self.problem_with(field.data)
        if problem is not None:
            raise ValidationError(problem)

    def problem_with(self, password: str) -> str | None:
        """Why this password will not do for this person, in words; None when it will."""
        names = (g.white_label.name, self.login_name.data or "", self.display_name.data or "")
        return problem_with(password, names=names)


class AddressesForm(PlacesForm, GeneralContactForm):
    """Where the business is, where its telephones are, and whom to ask there."""


class PlanForm(PortalForm):
    """The choices of `plan` are the plans on sale, set by the wizard with `least_of`, their minimum by id."""

    plan = RadioField("Plan", [InputRequired("Choose a plan.")])
    first_day = DateField("First day charged", [Optional()])
    billing_day = SelectField("Billing day", choices=BILLING_DAYS, default="")
    least_funding = StringField("Least first payment", [Text(20, optional=True)])

    least_of: dict[str, int] = {}
    least_funding_minor: int | None = None

    def validate_first_day(self, field: Any) -> None:
        if field.data is None:
            return
        ahead = (field.data - today(g.white_label.time_zone)).days
        if ahead < 0:
            raise ValidationError("This day is past. Leave it empty to start on activation.")
        if ahead > FARTHEST_DAYS:
            raise ValidationError("Choose a day within a year.")

    def validate_least_funding(self, field: Any) -> None:
        if not field.data:
            return
        currency = g.white_label.currency
        try:
            asked = parse(field.data, currency)
        except NotAnAmount as error:
            raise ValidationError(str(error)) from error
        least = Money(self.least_of.get(self.plan.data or "", 0), currency)
        if asked.minor < least.minor:
            raise ValidationError(
                f"The plan asks for {least.words(g.white_label.locale)} itself. Ask for more, or none."
            )
        if asked.minor > MOST_BY_CARD_MINOR:
            most = Money(MOST_BY_CARD_MINOR, currency)
            raise ValidationError(f"One payment by card can be {most.words(g.white_label.locale)} at most.")
        self.least_funding_minor = asked.minor


class ChoiceForm(PortalForm):
    administration = RadioField(
        "Who sets this account up?", choices=choices([("customer", "New customer"), ("white_label", "Me")])
    )
