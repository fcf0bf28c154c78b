"""Rows of a form, each with its buttons: members of a group, times and holidays of a schedule."""

import re
from collections.abc import Iterator
from typing import Any

from wtforms import DateField, FieldList, Form, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Regexp, StopValidation

from portal.kit.forms import Text, choices, stripped
from portal.pbx.configuration import TIME
from portal.pbx.words import WEEKDAYS

PLACE = re.compile("([0-9]{1,4})(-|$)")
DAYS = choices((str(n), day) for n, day in enumerate(WEEKDAYS, 1))


class StrippedForm(Form):
    """A row of a form: texts are stripped, like those of whole forms."""

    class Meta:
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            filters = [*unbound_field.kwargs.get("filters", ()), stripped]
            is_text = issubclass(unbound_field.field_class, StringField)
            return unbound_field.bind(form=form, **({"filters": filters} if is_text else {}), **options)


class RowsField(FieldList):
    """A list of rows, each with its place in its name: `members-0`. Names with any other place are nobody's.

    Rows beyond the most that there can be are refused with the form, never dropped in silence.
    """

    sent = 0

    @property
    def is_full(self) -> bool:
        return self.max_entries is not None and len(self.entries) >= self.max_entries

    def process(self, formdata: Any, *more: Any, **named: Any) -> None:
        self.sent = len(set(self._extract_indices(self.name, formdata))) if formdata else 0
        super().process(formdata, *more, **named)

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        is_right = bool(super().validate(form, extra_validators))
        if self.max_entries is None or self.sent <= self.max_entries:
            return is_right
        self.errors = [f"{self.sent} were sent. There can be {self.max_entries} at most."]
        return False

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        places = (PLACE.match(name.removeprefix(f"{prefix}-")) for name in formdata if name.startswith(f"{prefix}-"))
        yield from (int(found[1]) for found in places if found)


def added_or_removed(rows: RowsField, asked: str) -> bool:
    """Carry out the buttons of a list of rows: `add:open`, `remove:open:2`. Says whether one of them was pressed."""
    verb, _, rest = asked.partition(":")
    name, _, place = rest.partition(":")
    if name != rows.short_name:
        return False
    if verb == "add" and not rows.is_full:
        rows.append_entry()
    if verb == "remove" and re.fullmatch("[0-9]{1,4}", place) and int(place) < len(rows.entries):
        kept = [entry.data for n, entry in enumerate(rows.entries) if n != int(place)]
        while rows.entries:
            rows.pop_entry()
        rows.last_index = -1
        for data in kept:
            rows.append_entry(data)
    return True


class OpenForm(StrippedForm):
    """The same times on some days of the week."""

    days = SelectMultipleField("Days", choices=DAYS, validate_choice=False)
    begins = StringField("From", [Regexp(f"{TIME}\\Z", message="Write a time, such as 09:00.")])
    ends = StringField("To", [Regexp(f"{TIME}\\Z", message="Write a time, such as 17:00, or 24:00 for midnight.")])

    def validate_days(self, field: Any) -> None:
        if not field.data or not set(field.data) <= set("1234567"):
            raise StopValidation("Choose at least one day.")


class HolidayForm(StrippedForm):
    day = DateField("Day", [InputRequired("Choose a day.")])
    name = StringField("Name", [Text(60)])
