"""Small forms of the customer page."""

from wtforms import StringField

from portal.kit.forms import OneAddress, PortalForm, Text


class ReasonForm(PortalForm):
    reason = StringField("Reason", [Text(200, missing="Write the reason. It is kept in the history.")])


class AddressCorrectionForm(PortalForm):
    email = StringField("E-mail for letters", [OneAddress()])
