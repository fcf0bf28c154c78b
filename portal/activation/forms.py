"""The customer's forms: password and terms, then the amount."""

from typing import Any

from wtforms import BooleanField, PasswordField, RadioField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from portal.identity.forms import ForgottenForm, NewPasswordForm
from portal.identity.passwords import LONGEST
from portal.kit.forms import PortalForm, choices
from portal.kit.money import MOST_BY_CARD_MINOR, Money, NotAnAmount, parse


class PasswordAndTermsForm(NewPasswordForm):
    terms = BooleanField("I accept the terms of service for this organisation")


class TermsForm(PortalForm):
    """For somebody who is signed in: the terms for this organisation alone."""

    terms = BooleanField(
        "I accept the terms of service for this organisation",
        [DataRequired("Tick the box to accept the terms of service.")],
    )


class KnownPasswordForm(TermsForm):
    """For somebody who has a login already: the password they have, and the terms for this organisation."""

    password = PasswordField("Password", [InputRequired("Write your password."), Length(max=LONGEST)])


class LostLinkForm(ForgottenForm):
    """Where to send a new link is never asked: it goes to the address on file."""


class AmountForm(PortalForm):
    """An offered amount or another one; offers begin with `useful`, when it is more than the least one.

    `chosen` is set when the form is valid.
    """

    amount = RadioField("Amount", validate_choice=False)
    other = StringField("Another amount", [Optional()])

    def __init__(self, *args: Any, least: Money, locale: str, useful: Money | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.locale = locale
        # More than one payment can be is paid in several: what is missing after the first is asked for next.
        self.takes_several = least.minor > MOST_BY_CARD_MINOR
        self.least = Money(min(least.minor, MOST_BY_CARD_MINOR), least.currency)
        self.chosen: Money | None = None
        first = min(max(self.least, useful or self.least), Money(MOST_BY_CARD_MINOR, least.currency))
        self.amount.choices = choices((str(m.decimal()), m.words(locale)) for m in offered(first))

    @property
    def most_words(self) -> str:
        return Money(MOST_BY_CARD_MINOR, self.least.currency).words(self.locale)

    @property
    def least_words(self) -> str:
        return self.least.words(self.locale)

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
            raise ValidationError(f"The least amount is {self.least_words}.")
        if amount.minor > MOST_BY_CARD_MINOR:
            raise ValidationError(f"One payment by card can be {self.most_words} at most.")
        return amount


def offered(least: Money) -> list[Money]:
    """The least amount that is offered, and round ones of about one and a half and two and a half times as much."""
    more = (_round_up(least.minor * times // 2) for times in (3, 5))
    return [least, *(Money(minor, least.currency) for minor in more if minor <= MOST_BY_CARD_MINOR)]


def _round_up(minor: int) -> int:
    """To a figure people would choose: 14,940 becomes 15,000."""
    step = 5 * int(10 ** max(len(str(minor)) - 2, 0))
    return -(-minor // step) * step
