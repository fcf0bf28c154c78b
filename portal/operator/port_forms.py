"""What operator staff decide about port-in requests and emergency addresses."""

from typing import Any

from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, ValidationError

from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.forms import PortalForm, Text, choices
from portal.numbers.charging import price_classes
from portal.numbers.porting import FURTHEST


class AcceptForm(PortalForm):
    price_class = SelectField("Price class")
    needs_address = BooleanField("Each needs an address for emergency calls", default=True)

    def __init__(self, db: TenantSession, **more: Any) -> None:
        super().__init__(**more)
        known = sorted(price_classes(db).values(), key=lambda each: each.name)
        self.price_class.choices = choices((each.code, each.name) for each in known if each.is_on_sale)


class ScheduleForm(PortalForm):
    """`time_zone` is the white label's, where the day begins."""

    time_zone = "UTC"
    day = DateField("Agreed day", [InputRequired("Choose a day.")])

    def validate_day(self, field: Any) -> None:
        present = today(self.time_zone)
        if field.data is not None and not present <= field.data <= present + FURTHEST:
            raise ValidationError("Choose today or a later day, within a year.")


class RejectForm(PortalForm):
    reason = StringField("Reason", [Text(300, missing="Say why, for whoever asked.")])


class RegisterForm(PortalForm):
    """`entered` says which address was looked at: another one entered meanwhile is not registered by mistake."""

    entered = HiddenField()
    reference = StringField("Reference of the registration", [Text(80, missing="Write the reference.")])


class RefuseAddressForm(PortalForm):
    entered = HiddenField()
    reason = StringField("What is wrong with it", [Text(200, missing="Say what is wrong, for whoever entered it.")])
