"""Forms about prices that the operator's pages and the white label's share."""

from datetime import date
from typing import Any

from wtforms import DateField, Field, StringField
from wtforms.validators import InputRequired, ValidationError

from portal.catalogue.commands import NewPrice
from portal.kit.forms import AmountField, PercentField, PortalForm, Text

FARTHEST = date(2200, 1, 1)
TOO_FAR = "Choose a day of this century or the next."


def not_too_far(form: PortalForm, field: Field) -> None:
    if field.data is not None and field.data > FARTHEST:
        raise ValidationError(TOO_FAR)


FIRST_DAY = [InputRequired("Choose the day on which it begins."), not_too_far]
RATE = [Text(10, missing="Write a rate, such as 20.")]


class PriceForm(PortalForm):
    """A price from a day on. It is reviewed by a GET, and confirmed by a POST of the same fields."""

    price = AmountField("New price", [Text(20, missing="Write a price.")])
    setup = AmountField("Set-up", [Text(20, optional=True)], default="0")
    valid_from = DateField("From", FIRST_DAY)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def new_price(self, side: str) -> NewPrice:
        """Only of a form that was found valid."""
        assert self.valid_from.data is not None
        return NewPrice(side, self.valid_from.data, self.price.minor, self.setup.minor, currency=self.currency)

    @property
    def fields(self) -> dict[str, str]:
        """What the review carries to the confirmation."""
        day = self.valid_from.data
        return {
            "price": self.price.data or "",
            "setup": self.setup.data or "",
            "valid_from": day.isoformat() if day else "",
        }


class RateForm(PortalForm):
    """A tax rate from a day on. It is reviewed by a GET, and confirmed by a POST of the same fields."""

    percent = PercentField("Rate, per cent", RATE)
    valid_from = DateField("From", FIRST_DAY)

    @property
    def begins(self) -> date:
        """Only of a form that was found valid."""
        assert self.valid_from.data is not None
        day: date = self.valid_from.data
        return day

    @property
    def fields(self) -> dict[str, str]:
        """What the review carries to the confirmation."""
        return {field.name: str(field.data or "") for field in self if field.short_name != "csrf_token"}


class WithdrawalForm(PortalForm):
    """The day of a price or a rate to come that is taken back."""

    valid_from = DateField("From", [InputRequired()])


class TaxNumberForm(PortalForm):
    tax_number = StringField("Tax number", [Text(40, optional=True)])
