"""The form of a change: how many, and from when."""

from typing import Any

from wtforms import HiddenField, IntegerField, RadioField
from wtforms.validators import InputRequired, NumberRange

from portal.billing.wishes import MOST, When
from portal.kit.forms import AgreedForm, choices

WHEN = choices([(When.NOW, "Now"), (When.NEXT, "From the next period")])


class ChangeForm(AgreedForm):
    """What the quote said: `agreed` is the sum that was shown, in minor units, `item` the charge's name."""

    quantity = IntegerField(
        "How many",
        [
            InputRequired("Write a number, such as 2."),
            NumberRange(0, MOST, f"Choose a quantity from 0 to {MOST}."),
        ],
    )
    when = RadioField("From when", choices=WHEN)
    item = HiddenField()

    def __init__(self, *args: Any, is_asked: bool = False, **kwargs: Any) -> None:
        # What is only asked for comes in the address, without a token: it changes nothing.
        super().__init__(*args, **({"meta": {"csrf": False}} if is_asked else {}), **kwargs)
