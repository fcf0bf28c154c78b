"""Small forms of the customer page."""

from wtforms import StringField

from portal.accounts.forms import GeneralContactForm, Reads
from portal.kit.forms import OneAddress, PortalForm, Text
from portal.kit.world import read_domain


class ReasonForm(PortalForm):
    reason = StringField("Reason", [Text(200, missing="Write the reason. It is kept in the history.")])


class AddressCorrectionForm(PortalForm):
    email = StringField("E-mail for letters", [OneAddress()])


class SaveViewForm(PortalForm):
    name = StringField("Name of this view", [Text(40, missing="Give the view a name.")])


class DetailsForm(GeneralContactForm):
    """What the welcome letter and the account page print about the business."""

    name = StringField("Customer name", [Text(120, missing="Write the customer's name.")])
    primary_domain = StringField(
        "Primary domain", [Text(253, missing="Write the customer's domain."), Reads(read_domain)]
    )
