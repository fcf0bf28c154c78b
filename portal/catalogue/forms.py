"""Forms about prices that the operator's pages and the white label's share."""

from datetime import date
from typing import Any

from wtforms import DateField, StringField
from wtforms.validators import InputRequired, ValidationError

from portal.catalogue.commands import NewPrice
from portal.kit.forms import AmountField, PortalForm, Text

FARTHEST = date(2200, 1, 1)


class PriceForm(PortalForm):
    """A price from a day on. It is reviewed by a GET, and confirmed by a POST of the same fields."""

    price = AmountField("New price", [Text(20, missing="Write a price.")])
    setup = AmountField("Set-up", [Text(20, optional=True)], default="0")
    valid_from = DateField("From", [InputRequired("Choose the day on which it begins.")])

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def validate_valid_from(self, field: Any) -> None:
        if field.data is not None and field.data > FARTHEST:
            raise ValidationError("Choose a day of this century or the next.")

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


class WithdrawalForm(PortalForm):
    """The day of a price to come that is taken back."""

    valid_from = DateField("From", [InputRequired()])


class TaxNumberForm(PortalForm):
    tax_number = StringField("Tax number", [Text(40, optional=True)])
