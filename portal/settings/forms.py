"""Forms of the settings pages."""

from wtforms import IntegerField, PasswordField
from wtforms.validators import InputRequired, Length, NumberRange

from portal.kit.forms import PortalForm

DAYS = [InputRequired("Write a number of days, or 0."), NumberRange(0, 365, "Choose from 0 to 365 days.")]


class ArrearsForm(PortalForm):
    low_days = IntegerField("Days of notice before credit runs out", DAYS)
    suspend_days = IntegerField("Days of grace before suspension", DAYS)
    close_days = IntegerField("Days suspended before closure", DAYS)


class GatewayForm(PortalForm):
    key = PasswordField(
        "Secret or restricted key",
        [
            InputRequired("Paste the key that Stripe shows under Developers, API keys."),
            Length(max=255, message="A key is shorter than this."),
        ],
    )
