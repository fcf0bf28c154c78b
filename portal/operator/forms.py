"""Forms of the operator's pages."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from portal.billing.pricing import Prices, first_invoice
from portal.kit.forms import AmountField, OneAddress, PercentField, PortalForm, Text, choices, stripped
from portal.kit.money import MOST_BY_CARD_MINOR, Money, NotAnAmount, parse, zero_or_more
from portal.kit.world import countries, read_currency, read_host, read_locale, read_time_zone
from portal.whitelabels.colour import read_colour

TAKEN_BY_PLANS = ("plan", "setup")
CODE = Regexp(r"[a-z0-9-]+$", message="Use small letters, figures and dashes.")


class WhiteLabelForm(PortalForm):
    name = StringField("Name", [Text(80, missing="Write the name.")])
    host = StringField("Host", [Text(253, missing="Write the host, such as portal.acme.example.")])
    legal_name = StringField("Legal name", [Text(120, missing="Write the legal name.")])
    postal_address = StringField("Postal address", [Text(200, optional=True)])
    support_email = StringField("Support e-mail", [OneAddress()])
    support_phone = StringField("Support telephone", [Text(40, optional=True)])
    colour = StringField("Brand colour", [Text(7, missing="Write a colour, such as #0d5c63.")], default="#33506b")
    currency = StringField("Currency", [Text(3, missing="Write a currency code, such as GBP.")])
    country = SelectField("Country", default="GB")
    time_zone = StringField("Time zone", [Text(60, missing="Write a time zone.")], default="Europe/London")
    locale = StringField("Language and region", [Text(12, missing="Write a locale.")], default="en_GB")
    tax_name = StringField("Name of the tax", [Text(20, missing="Write the name of the tax.")], default="VAT")
    wholesale_tax = PercentField(
        "Tax on wholesale, per cent", [Text(10, missing="Write a rate, such as 20.")], default="20"
    )
    terms = TextAreaField("Terms of service", [Length(max=20_000)])
    administrator_name = StringField("First administrator", [Text(120, missing="Write the person's name.")])
    administrator_email = StringField("Their e-mail", [OneAddress()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = choices(countries("en_GB"))

    def validate_host(self, field: Any) -> None:
        _read(field, read_host)

    def validate_colour(self, field: Any) -> None:
        _read(field, read_colour)

    def validate_currency(self, field: Any) -> None:
        _read(field, read_currency)

    def validate_time_zone(self, field: Any) -> None:
        _read(field, read_time_zone)

    def validate_locale(self, field: Any) -> None:
        _read(field, read_locale)


class MoneyForm(PortalForm):
    """One amount in the white label's currency."""

    amount = StringField("Amount", [Text(20, missing="Write an amount.")])

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.chosen: Money | None = None

    def validate_amount(self, field: Any) -> None:
        try:
            self.chosen = parse(field.data or "", self.currency)
        except NotAnAmount as error:
            raise ValidationError(str(error)) from error


class CreditLimitForm(MoneyForm):
    """`request_id` as in `CreditForm`: a higher limit may wait for a second person."""

    reason = StringField("Reason", [Text(120, missing="Write the reason. It stands on the trail.")])
    request_id = HiddenField()

    def validate_amount(self, field: Any) -> None:
        try:
            self.chosen = zero_or_more(field.data or "", self.currency)
        except NotAnAmount as error:
            raise ValidationError(str(error)) from error


class CreditForm(MoneyForm):
    """`request_id` is made with the page, so that sending it twice is one grant."""

    reason = StringField("Reason", [Text(120, missing="Write the reason. It stands in the books.")])
    request_id = HiddenField()


class StandstillForm(PortalForm):
    """The white label's name is typed, so that nobody stops its customers with one press too many."""

    reason = StringField("Reason", [Text(200, missing="Write the reason.")])
    confirmed = StringField("Name of the white label", [Text(80, missing="Write the name as it stands above.")])

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = name

    def validate_confirmed(self, field: Any) -> None:
        if (field.data or "").casefold() != stripped(self.wanted).casefold():
            raise ValidationError(f"Write {self.wanted} to confirm.")


class LiftForm(PortalForm):
    reason = StringField("Reason", [Text(200, missing="Write the reason.")])


class StaffForm(PortalForm):
    name = StringField("Name", [Text(120, missing="Write the person's name.")])
    email = StringField("E-mail", [OneAddress()])
    role = RadioField(
        "Role", choices=choices([("administrator", "Administrator"), ("finance", "Finance")]), default="administrator"
    )


class CurrencyForm(PortalForm):
    """Which currency of the default list to look at."""

    currency = StringField("Another currency", [Text(3, missing="Write a currency code, such as NZD.")])

    def validate_currency(self, field: Any) -> None:
        _read(field, read_currency)


class OpeningForm(PortalForm):
    """What a product opens at. `reviewed` is what the review of its margin sends along."""

    retail = AmountField("Retail price", [Text(20, missing="Write a price.")])
    wholesale = AmountField("Wholesale price", [Text(20, missing="Write a price.")])
    retail_setup = AmountField("Retail set-up", default="0")
    wholesale_setup = AmountField("Wholesale set-up", default="0")
    reviewed = HiddenField()

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    @property
    def fields(self) -> dict[str, str]:
        """What the review carries to the confirmation."""
        typed = [field for field in self if field.short_name not in ("csrf_token", "reviewed")]
        return {field.name: "" if field.data is None else str(field.data) for field in typed} | {
            self.reviewed.name: "yes"
        }


class ProposalForm(PortalForm):
    """What a product of the default list is proposed at. It is reviewed by a GET, and confirmed by a POST."""

    price = AmountField("Retail price", [Text(20, missing="Write a price.")])
    setup = AmountField("Retail set-up", [Text(20, optional=True)], default="0")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    @property
    def fields(self) -> dict[str, str]:
        """What the review carries to the confirmation."""
        return {field.name: field.data or "" for field in (self.price, self.setup)}


class PlanOpeningForm(OpeningForm):
    """`tax_ppm` is what its customers pay on top, for the sum of the first payment."""

    tax_ppm = 0
    minimum_funding = AmountField("Least first payment", default="0")

    def validate_minimum_funding(self, field: Any) -> None:
        if field.minor > MOST_BY_CARD_MINOR:
            raise ValidationError(self._most_words())

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        first = Money(first_invoice(self._prices(), date.min).retail_minor, self.currency)
        if first.minor > MOST_BY_CARD_MINOR:
            self.retail.errors = [f"With set-up and tax the first payment is {first.words()}. {self._most_words()}"]
            return False
        return True

    def _prices(self) -> Prices:
        """As far as the customer of Option 1 pays them."""
        return Prices(
            name="",
            currency=self.currency,
            retail_minor=self.retail.minor,
            retail_setup_minor=self.retail_setup.minor,
            wholesale_minor=0,
            wholesale_setup_minor=0,
            minimum_funding_minor=self.minimum_funding.minor,
            retail_tax_ppm=self._ppm,
            wholesale_tax_ppm=0,
        )

    @property
    def _ppm(self) -> int:
        return self.tax_ppm

    def _most_words(self) -> str:
        return f"One payment by card can be {Money(MOST_BY_CARD_MINOR, self.currency).words()} at most."


class ProductForm(OpeningForm):
    """What plans and services have in common."""

    code = StringField("Code", [Text(40, missing="Write a short code, such as team-10."), CODE])
    name = StringField("Name", [Text(80, missing="Write the name.")])
    description = StringField("Description", [Text(200, optional=True)])
    tax = PercentField("Tax on retail, per cent", [Text(10, missing="Write a rate, such as 20.")])


class PlanForm(ProductForm, PlanOpeningForm):
    months = SelectField("Charged", choices=choices([("1", "Each month"), ("12", "Each year")]), default="1")
    trial_days = IntegerField("Trial days", [Optional(), NumberRange(0, 365, "Write 0 to 365 days.")], default=0)

    @property
    def _ppm(self) -> int:
        return self.tax.ppm


class ServiceForm(ProductForm):
    kind = SelectField(
        "Kind",
        choices=choices([("recurring", "Each month"), ("one_off", "Once"), ("usage", "As it is used")]),
        default="recurring",
    )
    unit = StringField("Unit", [Text(20, missing="Write what is counted, such as each or minutes.")], default="each")
    per_units = IntegerField(
        "Price is for so many",
        [InputRequired("Write a number."), NumberRange(1, 1_000_000, "Write 1 or more.")],
        default=1,
    )

    minimum_units = IntegerField(
        "Charged at least", [Optional(), NumberRange(0, 1_000_000, "Write 0 to 1,000,000.")], default=0
    )

    counts = SelectField(
        "How many an account has",
        choices=choices([("", "Chosen under Services"), ("numbers", "Its numbers of this price class")]),
        default="",
    )

    def validate_counts(self, field: Any) -> None:
        if field.data and self.kind.data != "recurring":
            raise ValidationError("Numbers are charged each month.")

    def validate_code(self, field: Any) -> None:
        if field.data in TAKEN_BY_PLANS:
            raise ValidationError("Charges of a plan have this code. Choose another one.")

    def validate_minimum_units(self, field: Any) -> None:
        if self.kind.data != "usage" and field.data:
            raise ValidationError("Only what is used has a least quantity.")

    def validate_per_units(self, field: Any) -> None:
        if self.kind.data != "usage" and field.data != 1:
            raise ValidationError("Only what is used is priced by more than one.")


class InclusionForm(PortalForm):
    """`service` is one of the tenant's; 0 takes it out of the plan."""

    service = SelectField("Service", choices=choices([]))
    quantity = IntegerField(
        "How many", [InputRequired("Write a number."), NumberRange(0, 1_000_000, "Write 0 or more.")]
    )

    def __init__(self, *args: Any, services: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service.choices = choices(services)


class OfferForm(PortalForm):
    """To which white label a product of the default list is offered, and the tax that its customers pay."""

    white_label = SelectField("White label", choices=choices([]))
    tax = PercentField("Tax on retail, per cent", [Text(10, missing="Write a rate, such as 20.")])

    def __init__(self, *args: Any, white_labels: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.white_label.choices = choices(white_labels)


class GiveBackForm(MoneyForm):
    """How much of a charge goes back. It is reviewed by a GET, and confirmed by a POST of the same fields with what was
    left of the charge then, in minor units: a form that was sent twice gives back once."""

    amount = StringField("How much, with tax", [Text(20, missing="Write an amount.")])
    reason = StringField("Reason", [Text(200, missing="Write why it is given back.")])
    left = HiddenField()

    @property
    def left_minor(self) -> int | None:
        """None where the review was left out."""
        words = self.left.data or ""
        return int(words) if re.fullmatch(r"[0-9]{1,18}", words) else None

    def validate_amount(self, field: Any) -> None:
        """Of a charge of nothing, nothing is what can be given back."""
        try:
            self.chosen = zero_or_more(field.data or "", self.currency)
        except NotAnAmount as error:
            raise ValidationError(str(error)) from error


class IssueAgainForm(PortalForm):
    """`reviewed` is what the review showed, as `credits.as_reviewed` names it: only that is charged."""

    reviewed = HiddenField(validators=[InputRequired()])


class UsageForm(PortalForm):
    """`act` is check or take."""

    file = FileField("CSV file", [FileRequired("Choose a CSV file.")])
    act = RadioField(
        "What to do", choices=choices([("check", "Check it only"), ("take", "Take it in")]), default="check"
    )


class LogoForm(PortalForm):
    logo = FileField("Logo", [FileRequired("Choose an image.")])


def _read(field: Any, reader: Callable[[str], str]) -> None:
    try:
        field.data = reader(field.data or "")
    except ValueError as error:
        raise ValidationError(str(error)) from error
