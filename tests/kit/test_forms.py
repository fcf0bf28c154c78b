"""Typed text cannot smuggle line ends, and one address is one address."""

import pytest
from flask import Flask
from wtforms import StringField

from portal.accounts.forms import GeneralContactForm, PlacesForm
from portal.customers.forms import DetailsForm, ReasonForm, SaveViewForm
from portal.identity.forms import NameForm
from portal.kit.forms import OneAddress, PortalForm, Text, normal_address
from portal.kit.lines import TURNING
from portal.numbers.forms import HelpAddressForm
from portal.numbers.port_forms import PortForm
from portal.operator.port_forms import RefuseAddressForm, RejectForm
from portal.pbx.clips import ClipForm
from portal.pbx.forms import ExtensionForm, GroupForm
from portal.people.forms import AddPersonForm, JoinForm
from portal.signup.forms import ContactForm


class Form(PortalForm):
    name = StringField("Name", [Text(20)])
    note = StringField("Note", [Text(20, optional=True)])
    email = StringField("E-mail", [OneAddress(optional=True)])


@pytest.fixture
def filled():
    app = Flask("forms")
    app.config.update(SECRET_KEY="forms", WTF_CSRF_ENABLED=False)

    def fill(shape=Form, **typed):
        with app.test_request_context("/", method="POST", data={"name": "Acme", **typed}):
            form = shape()
            form.validate_on_submit()
            return form

    return fill


def test_text_is_stripped_and_put_into_its_normal_form(filled):
    form = filled(name="  Cafe\u0301  ")
    assert form.name.data == "Caf\u00e9" and not form.errors


@pytest.mark.parametrize("typed", [
    "a\nb", "a\rb", "a\r\nBcc: x@y", "a\x00b", "a\tb", "a\x1bb", "a\u2028b", "a\u2029b", "a\x85b", "x" * 21, "", "   ",
])
def test_text_with_line_ends_or_controls_or_of_wrong_length_is_refused(filled, typed):
    assert "name" in filled(name=typed).errors


FREE_TEXT = [
    (ContactForm, "name"), (ContactForm, "display_name"), (DetailsForm, "name"), (DetailsForm, "tax_exemption"),
    (GeneralContactForm, "contact_name"), (GeneralContactForm, "contact_phone"), (PlacesForm, "line1"),
    (PlacesForm, "line2"), (PlacesForm, "city"), (PlacesForm, "region"), (PlacesForm, "service_line1"),
    (PlacesForm, "service_city"), (HelpAddressForm, "line1"), (HelpAddressForm, "line2"), (HelpAddressForm, "city"),
    (NameForm, "display_name"), (AddPersonForm, "display_name"), (JoinForm, "display_name"), (ReasonForm, "reason"),
    (RejectForm, "reason"), (RefuseAddressForm, "reason"), (SaveViewForm, "name"), (PortForm, "losing_provider"),
    (ExtensionForm, "name"), (GroupForm, "name"), (ClipForm, "name"),
]


@pytest.mark.parametrize(("form", "field"), FREE_TEXT, ids=[f"{form.__name__}.{field}" for form, field in FREE_TEXT])
def test_no_free_text_turns_the_direction_of_what_stands_beside_it(filled, form, field):
    """Red when only the names of phone settings are held to the rule."""
    alone = type("Alone", (PortalForm,), {field: getattr(form, field)})
    for sign in sorted(TURNING):
        errors = filled(alone, **{field: f"abc{sign}def"}).errors
        assert errors == {field: ["Leave out invisible signs that turn the direction of the text."]}, ascii(sign)


@pytest.mark.parametrize("typed", [
    "\u0623\u062d\u0645\u062f", "\u05d3\u05d5\u05d3 \u05db\u05d4\u05df", "\U0001f469\u200d\U0001f4bb Ada",
    "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Caf\u00e9\u200e", "O\u2019Neil & S\u00f8n",
])
def test_names_of_any_script_are_taken(filled, typed):
    """Right to left, joined signs and marks that turn nothing."""
    assert not filled(name=typed).errors


def test_optional_text_may_be_empty(filled):
    assert not filled(note="").errors


@pytest.mark.parametrize("typed", [
    "bob@northwind.example", "b+x@acme.test", "bob@bücher.example", "o'neil@acme.example",
])
def test_addresses_that_are_one(filled, typed):
    assert not filled(email=typed).errors


@pytest.mark.parametrize("typed", [
    "bob", "bob@", "@x", "a@b.example, c@d.example", "a@b.example;c@d.example", "a@b.example\nBcc: c@d.example",
    "a@b.example\r\n", "Bob <a@b.example>", "a b@c.example", "a@b..example", "x" * 250 + "@b.example",
    "a@b.example\x00", "a@[127.0.0.1]", "a@localhost\x0b",
])
def test_addresses_that_are_none_or_several(typed):
    assert normal_address(typed) is None
