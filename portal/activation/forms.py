"""The customer's forms: password and terms, then the amount."""

from typing import Any

from wtforms import BooleanField, RadioField, StringField
from wtforms.validators import Optional, ValidationError

from portal.identity.forms import ForgottenForm, NewPasswordForm
from portal.kit.forms import PortalForm
from portal.kit.money import Money, NotAnAmount, parse


class PasswordAndTermsForm(NewPasswordForm):
    terms = BooleanField("I accept the terms of service for this organisation")


class LostLinkForm(ForgottenForm):
    """Where to send a new link is never asked: it goes to the address on file."""


class AmountForm(PortalForm):
    """An offered amount or another one. `chosen` is set when the form is valid."""

    amount = RadioField("Amount", [Optional()], validate_choice=False)
    other = StringField("Another amount", [Optional()])

    def __init__(self, *args: Any, least: Money, locale: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.least, self.locale = least, locale
        self.chosen: Money | None = None
        self.amount.choices = [(str(m.decimal()), m.words(locale)) for m in offered(least)]

    def validate_other(self, field: Any) -> None:
        self.chosen = self._amount(field.data or self.amount.data or "")

    def validate_amount(self, field: Any) -> None:
        if not self.other.data:
            self.chosen = self._amount(field.data or "")

    def _amount(self, words: str) -> Money:
        try:
            amount = parse(words, self.least.currency)
        except NotAnAmount as error:
            raise ValidationError(str(error)) from error
        if amount.minor < self.least.minor:
            raise ValidationError(f"The least amount is {self.least.words(self.locale)}.")
        return amount


def offered(least: Money) -> list[Money]:
    """The least amount and two rounder ones above it."""
    step = 5 * 10 ** max(len(str(least.minor)) - 2, 0)
    first = (least.minor // step + 1) * step
    return [least, Money(first, least.currency), Money(first + step, least.currency)]
