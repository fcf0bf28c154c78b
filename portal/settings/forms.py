"""Forms of the settings pages."""

from typing import Any

from flask import g
from wtforms import BooleanField, DateField, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from portal.catalogue.forms import FIRST_DAY, RATE, RateForm, TaxNumberForm, WithdrawalForm
from portal.catalogue.prices import Taxed
from portal.identity.again import AskedAgainForm
from portal.kit.forms import PercentField, PortalForm, Text, choices
from portal.kit.postal import postal_rules, region_code, region_names
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


class TaxRateForm(RateForm):
    """A rate for a country, or for one of its regions where it has any."""

    country = SelectField("Country")
    region = SelectField("Region", validate_choice=False)
    percent = PercentField("Rate, per cent", RATE)  # again, so that it comes after the place
    valid_from = DateField("From", FIRST_DAY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = choices(countries("en_GB"))
        self.regions = region_names(self.country.data or "")
        self.region.choices = choices([("", "The whole country"), *self.regions.items()])
        self.region.label.text = postal_rules(self.country.data or "").region

    def validate_region(self, field: Any) -> None:
        """By its code or a name of it; what no such place has is refused even where the field was not offered."""
        words, country = field.data or "", self.country.data or ""
        if not words or self.country.errors:
            return
        if not self.regions:
            raise ValidationError("A rate in this country is for all of it.")
        field.data = region_code(words, country)
        if not field.data:
            raise ValidationError(f"This is no {field.label.text.lower()} of that country. Choose one from the list.")

    @property
    def whose(self) -> Taxed:
        return Taxed(self.country.data or "", self.region.data or "")


class RateWithdrawalForm(WithdrawalForm):
    country = StringField("Country", [Text(2)])
    region = StringField("Region", [Text(80, optional=True)])

    @property
    def whose(self) -> Taxed:
        return Taxed(self.country.data or "", self.region.data or "")


class OwnTaxNumberForm(TaxNumberForm):
    """The white label's own, in the form of its own country."""

    def validate_tax_number(self, field: Any) -> None:
        try:
            field.data = read_tax_number(field.data or "", g.white_label.country)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class TaxModeForm(PortalForm):
    mode = SelectField("Prices", choices=choices([("exclusive", "Without tax"), ("inclusive", "With tax")]))
