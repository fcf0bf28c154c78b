"""Forms of the settings pages."""

from datetime import date
from typing import Any

from flask import g
from wtforms import BooleanField, DateField, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from portal.catalogue.forms import FARTHEST, TaxNumberForm, WithdrawalForm
from portal.identity.again import AskedAgainForm
from portal.kit.forms import PercentField, PortalForm, Text, choices
from portal.kit.world import countries, read_tax_number

DAYS = [InputRequired("Write a number of days, or 0."), NumberRange(0, 365, "Choose from 0 to 365 days.")]


class ArrearsForm(PortalForm):
    low_days = IntegerField("Days of notice before credit runs out", DAYS)
    suspend_days = IntegerField("Days of grace before suspension", DAYS)
    close_days = IntegerField("Days suspended before closure", DAYS)
    warn_days = IntegerField("Days of warning for the white-label account", DAYS)


class GatewayForm(AskedAgainForm):
    key = PasswordField(
        "Secret or restricted key",
        [
            InputRequired("Paste the key that Stripe shows under Developers, API keys."),
            Length(max=255, message="A key is shorter than this."),
        ],
    )


class PresentationForm(PortalForm):
    """What customers read of a product, and whether it is offered to them."""

    name = StringField("Name for customers", [Text(80, missing="Write the name.")])
    is_offered = BooleanField("Offered to customers")


class TaxRateForm(PortalForm):
    country = SelectField("Country")
    percent = PercentField("Rate, per cent", [Text(10, missing="Write a rate, such as 20.")])
    valid_from = DateField("From", [InputRequired("Choose the day on which it begins.")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = choices(countries("en_GB"))

    def validate_valid_from(self, field: Any) -> None:
        if field.data is not None and field.data > FARTHEST:
            raise ValidationError("Choose a day of this century or the next.")

    @property
    def begins(self) -> date:
        """Only of a form that was found valid."""
        assert self.valid_from.data is not None
        day: date = self.valid_from.data
        return day

    @property
    def fields(self) -> dict[str, str]:
        """What the review carries to the confirmation."""
        return {
            self.country.name: self.country.data or "",
            self.percent.name: self.percent.data or "",
            self.valid_from.name: self.begins.isoformat(),
        }


class RateWithdrawalForm(WithdrawalForm):
    country = StringField("Country", [Text(2)])


class OwnTaxNumberForm(TaxNumberForm):
    """The white label's own, in the form of its own country."""

    def validate_tax_number(self, field: Any) -> None:
        try:
            field.data = read_tax_number(field.data or "", g.white_label.country)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class TaxModeForm(PortalForm):
    mode = SelectField("Prices", choices=choices([("exclusive", "Without tax"), ("inclusive", "With tax")]))
