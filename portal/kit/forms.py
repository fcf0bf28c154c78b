"""Typed form fields that every page shares: text that cannot smuggle line ends, one address, an amount of money."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from portal.kit.lines import breaks_line, turns
from portal.kit.money import NotAnAmount, read_percent, zero_or_more


class PortalForm(FlaskForm):
    """Base of all forms: texts are stripped, and CSRF is checked by Flask-WTF."""

    class Meta:
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            # Passwords are StringFields too, and keep every character that was typed.
            is_text = issubclass(unbound_field.field_class, (StringField, TextAreaField))
            if is_text and not issubclass(unbound_field.field_class, PasswordField):
                filters = [*unbound_field.kwargs.get("filters", ()), stripped]
                return unbound_field.bind(form=form, filters=filters, **options)
            return unbound_field.bind(form=form, **options)


class AgreedForm(PortalForm):
    """A quote that is confirmed: `agreed` is what the payer was shown to be debited at once, in minor units."""

    agreed = HiddenField()

    @property
    def agreed_minor(self) -> int | None:
        """None when the field is empty or no whole number, as it is before a quote was shown."""
        words = self.agreed.data or ""
        return int(words) if re.fullmatch(r"-?[0-9]{1,15}", words) else None


def choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Values with the words that people see, for a field that offers a choice."""
    return [SelectChoice(value, label) for value, label in pairs]


def stripped(value: Any) -> Any:
    return unicodedata.normalize("NFC", value.strip()) if isinstance(value, str) else value


class Text:
    """One line of human text: neither empty (unless optional) nor too long, and as `lines` allows it: without line
    ends, control signs and signs that turn the direction of what stands beside it.

    What it refuses ends the field's validation, so validators after it always have a text.
    """

    def __init__(self, longest: int = 200, *, optional: bool = False, missing: str = "Fill this in.") -> None:
        self.longest, self.optional, self.missing = longest, optional, missing

    def __call__(self, form: Any, field: Field) -> None:
        value = field.data or ""
        if not any(unicodedata.category(c)[0] in "LNPS" for c in value) and not (self.optional and not value):
            raise StopValidation(self.missing)
        if len(value) > self.longest:
            raise StopValidation(f"Write at most {self.longest} characters.")
        if breaks_line(value):
            raise StopValidation("Leave out line breaks and control characters.")
        if turns(value):
            raise StopValidation("Leave out invisible signs that turn the direction of the text.")


class AmountField(StringField):
    """An amount of zero or more in the form's `currency`, read into `minor`; nothing at all is zero."""

    minor = 0

    def pre_validate(self, form: Any) -> None:
        try:
            self.minor = zero_or_more(self.data or "0", form.currency).minor
        except NotAnAmount as error:
            raise StopValidation(str(error)) from error


class PercentField(StringField):
    """A rate as typed, such as `20` or `8.875`, read into parts per million."""

    ppm = 0

    def pre_validate(self, form: Any) -> None:
        try:
            self.ppm = read_percent(self.data or "")
        except ValueError as error:
            raise StopValidation(str(error)) from error


class OneAddress:
    """Exactly one e-mail address (RFC 5322 as email-validator reads it), which may lie on a test domain."""

    def __init__(self, *, optional: bool = False) -> None:
        self.optional = optional

    def __call__(self, form: Any, field: Field) -> None:
        if not field.data and self.optional:
            return
        if normal_address(field.data or "") is None:
            raise StopValidation("Write one e-mail address, such as name@company.example.")


def normal_address(text: str) -> str | None:
    """The address in its normal form, or None. Deliverability is the letter's business, not the form's."""
    # A local part beyond ASCII needs SMTPUTF8 all the way, which the outbox does not ask for.
    if len(text) > 254 or any(c in text for c in "\r\n,;<>") or not text.rpartition("@")[0].isascii():
        return None
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None
