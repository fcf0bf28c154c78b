"""Typed text cannot smuggle line ends, and one address is one address."""

import pytest
from flask import Flask
from wtforms import StringField

from portal.kit.forms import OneAddress, PortalForm, Text, normal_address


class Form(PortalForm):
    name = StringField("Name", [Text(20)])
    note = StringField("Note", [Text(20, optional=True)])
    email = StringField("E-mail", [OneAddress(optional=True)])


@pytest.fixture
def filled():
    app = Flask("forms")
    app.config.update(SECRET_KEY="forms", WTF_CSRF_ENABLED=False)

    def fill(**typed):
        with app.test_request_context("/", method="POST", data={"name": "Acme", **typed}):
            form = Form()
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
