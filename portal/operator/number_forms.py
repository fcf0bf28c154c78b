"""Forms of the number stock. Files and ranges name the same terms, for lines that say nothing else."""

import re
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, StringField
from wtforms.validators import ValidationError

from portal.kit.forms import PortalForm, Text, choices
from portal.kit.world import countries
from portal.numbers.correcting import Facts
from portal.numbers.e164 import KINDS, NotANumber, shown
from portal.numbers.stock import Range, read_range
from portal.numbers.stock_file import LONGEST_AREA, Terms


class TermsForm(PortalForm):
    """`classes` are the price classes that there are: codes and names."""

    price_class = SelectField("Price class", choices=choices([]))
    country = SelectField("Country", choices=choices([]))
    kind = SelectField("Type", choices=choices([("", "As the numbering plan has it"), *KINDS.items()]))

    def __init__(self, *args: Any, classes: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.classes = classes
        self.price_class.choices = choices((code, f"{name} ({code})") for code, name in classes.items())
        self.country.choices = choices([("", "Written with +"), *countries("en_GB")])

    @property
    def terms(self) -> Terms:
        code, country, kind = self.price_class.data or "", self.country.data or "", self.kind.data or ""
        return Terms(code, frozenset(self.classes), country, kind)


NEEDS = {"yes": "Needed", "no": "Not needed"}


class FactsForm(PortalForm):
    """What can be put right of one number. `classes` are the price classes that there are: codes and names."""

    kind = SelectField("Type", choices=choices(KINDS.items()))
    area = StringField("Area", [Text(LONGEST_AREA, optional=True)])
    price_class = SelectField("Price class", choices=choices([]))
    needs_address = SelectField(
        "Address for emergency calls", choices=choices([("yes", "Needed"), ("no", "Not needed")])
    )

    def __init__(self, *args: Any, classes: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.price_class.choices = choices((code, f"{name} ({code})") for code, name in classes.items())

    def validate_area(self, field: Any) -> None:
        if not (field.data or "").isprintable():
            raise ValidationError("Leave out characters that cannot be shown.")

    @property
    def facts(self) -> Facts:
        return Facts(
            self.kind.data, (self.area.data or "").strip(), self.price_class.data, self.needs_address.data == "yes"
        )


class FileForm(TermsForm):
    file = FileField("CSV file", [FileRequired("Choose a CSV file.")])

    @property
    def file_name(self) -> str:
        """What the browser calls it, without folders."""
        return shown(re.split(r"[/\\]", self.file.data.filename or "")[-1].strip()) or "A file"


class RangeForm(TermsForm):
    """`chosen` is the range, once the form is valid."""

    first = StringField("First number", [Text(60, missing="Write the first number.")])
    last = StringField("Last number", [Text(60, missing="Write the last number.")])
    chosen: Range | None = None

    def validate_last(self, field: Any) -> None:
        if self.first.errors:
            return
        try:
            self.chosen = read_range(self.first.data or "", field.data, self.country.data or None)
        except NotANumber as wrong:
            raise ValidationError(str(wrong)) from wrong
