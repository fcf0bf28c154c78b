"""The form of a change: how many, and from when."""

from typing import Any

from wtforms import HiddenField, IntegerField, RadioField
from wtforms.validators import InputRequired, NumberRange

from portal.billing.changes import MOST, When
from portal.kit.forms import PortalForm, choices

WHEN = choices([(When.NOW, "Now"), (When.NEXT, "From the next period")])


class ChangeForm(PortalForm):
    """`agreed` is what the payer was quoted to be debited at once, in minor units; empty before the quote."""

    quantity = IntegerField(
        "How many",
        [
            InputRequired("Write a number, such as 2."),
            NumberRange(0, MOST, f"Choose a quantity from 0 to {MOST}."),
        ],
        default=1,
    )
    when = RadioField("From when", choices=WHEN, default=When.NOW.value)
    agreed = HiddenField()

    def __init__(self, *args: Any, is_asked: bool = False, **kwargs: Any) -> None:
        # What is only asked for comes in the address, without a token: it changes nothing.
        super().__init__(*args, **({"meta": {"csrf": False}} if is_asked else {}), **kwargs)

    @property
    def agreed_minor(self) -> int | None:
        words = self.agreed.data or ""
        return int(words) if words.lstrip("-").isascii() and words.lstrip("-").isdigit() and len(words) < 16 else None
