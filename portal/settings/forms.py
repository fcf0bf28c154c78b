"""Forms of the settings pages."""

from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from portal.kit.forms import PortalForm


class GatewayForm(PortalForm):
    key = PasswordField(
        "Secret or restricted key",
        [
            InputRequired("Paste the key that Stripe shows under Developers, API keys."),
            Length(max=255, message="A key is shorter than this."),
        ],
    )
