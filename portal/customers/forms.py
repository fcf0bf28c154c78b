"""Small forms of the customer page."""

from typing import Any

from wtforms import StringField
from wtforms.validators import ValidationError

from portal.accounts.forms import GeneralContactForm, Reads
from portal.catalogue.forms import TaxNumberForm
from portal.kit.forms import OneAddress, PortalForm, Text
from portal.kit.world import read_domain, read_tax_number


class ReasonForm(PortalForm):
    reason = StringField("Reason", [Text(200, missing="Write the reason. It is kept in the history.")])


class AddressCorrectionForm(PortalForm):
    email = StringField("E-mail for letters", [OneAddress()])


class SaveViewForm(PortalForm):
    name = StringField("Name of this view", [Text(40, missing="Give the view a name.")])


class DetailsForm(TaxNumberForm, GeneralContactForm):
    """What the welcome letter and the account page print about the business, and its tax.

    `country` is that of the business address: a tax number has its form.
    """

    name = StringField("Customer name", [Text(120, missing="Write the customer's name.")])
    primary_domain = StringField(
        "Primary domain", [Text(253, missing="Write the customer's domain."), Reads(read_domain)]
    )
    tax_exemption = StringField("Reason for no tax", [Text(120, optional=True)])

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country

    def validate_tax_number(self, field: Any) -> None:
        try:
            field.data = read_tax_number(field.data or "", self.country)
        except ValueError as error:
            raise ValidationError(str(error)) from error
