"""Numbers by CSV, one a line: read in chunks, judged line by line, so that a bad line harms no other.

Columns, in any order: `number` in any usual writing; and if wanted `country` (for numbers written as they are dialled
there), `price_class`, `type`, `area`, `needs_address`. What an export of the stock says besides is passed over.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from portal.numbers.e164 import (
    KINDS,
    WORLD,
    NotANumber,
    PhoneNumber,
    area_of,
    may_be_mobile,
    place_name,
    read_number,
    shown,
)

COLUMNS = ("number", "country", "price_class", "type", "area", "needs_address")
PASSED_OVER = {"holder", "state", "block", "national"}
MOST_BYTES = 16 * 1024 * 1024
MOST_LINES = 250_000
LONGEST_AREA = 60
LONGEST_LINE = 2_000
DELIMITERS = (",", ";", "\t")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_KIND_WORDS = {**{kind: kind for kind in KINDS}, "tollfree": "toll_free", "freephone": "toll_free"}
_YES, _NO = ("yes", "y", "true", "1"), ("no", "n", "false", "0")


class NotANumberFile(ValueError):
    """The file as a whole cannot be read. The message is fit to be shown."""


class Cells(NamedTuple):
    """One line's values as they were written; an absent one is empty."""

    number: str
    country: str
    price_class: str
    type: str
    area: str
    needs_address: str


class Line(NamedTuple):
    """`cells` is None when the line as such cannot be read; `problem` says why."""

    number: int
    cells: Cells | None
    problem: str = ""


class StockRow(NamedTuple):
    """A number as the stock keeps it."""

    e164: str
    kind: str
    country: str
    area: str
    price_class: str
    needs_address: bool


@dataclass(frozen=True)
class Terms:
    """What counts for a line that names nothing else, and the price classes there are. No kind or country is ""."""

    price_class: str
    classes: frozenset[str]
    country: str = ""
    kind: str = ""


@dataclass
class Reader:
    """Reads lines into rows of the stock. Towns and kinds are the same for many numbers, so their words are kept."""

    terms: Terms
    _kinds: dict[str, str] = field(default_factory=dict)

    def read(self, line: Line) -> StockRow:
        """Raises NotANumber with what is wrong with the line."""
        return self.judged(line)[0]

    def judged(self, line: Line) -> tuple[StockRow, str]:
        """The row, and in words where it goes against the numbering plans. Raises NotANumber."""
        cells = line.cells
        if cells is None:
            raise NotANumber(line.problem)
        country = cells.country.strip().upper() or self.terms.country
        planned = read_number(cells.number, None if country in ("", WORLD) else country)
        found = self._of_kind(planned, cells.type)
        row = StockRow(
            found.e164,
            found.kind,
            found.country,
            _area(cells.area) or area_of(found),
            self._price_class(cells.price_class.strip()),
            _needs_address(cells.needs_address, found.kind),
        )
        return row, _against_the_plans(planned, country, found.kind)

    def _of_kind(self, found: PhoneNumber, words: str) -> PhoneNumber:
        kind = self._kind(words) if words else self.terms.kind
        if kind:
            return found if kind == found.kind else PhoneNumber(found.e164, kind, found.country, found.is_listed)
        if not found.is_listed:
            raise NotANumber(
                f"The numbering plan of {place_name(found.country)} has no such number. "
                "Say its type to take it all the same."
            )
        return found

    def _kind(self, words: str) -> str:
        if words not in self._kinds:
            kind = _KIND_WORDS.get(words.strip().casefold().replace("-", "_").replace(" ", "_"))
            if words.strip() and kind is None:
                raise NotANumber("The type is geographic, mobile, toll_free, national or other.")
            self._kinds[words] = kind or self.terms.kind
        return self._kinds[words]

    def _price_class(self, named: str) -> str:
        code = named or self.terms.price_class
        if code not in self.terms.classes:
            if not code:
                raise NotANumber("It has no price class.")
            raise NotANumber(f"No service that counts numbers has the code {shown(code)}.")
        return code


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """Every line below the header that is not empty. Memory stays flat. Raises NotANumberFile at once, or never."""
    text = io.TextIOWrapper(_seekable(file), encoding="utf-8-sig", errors="surrogateescape", newline=None)
    numbered = enumerate(text, 1)
    try:
        head = next((line for _, line in numbered if line.strip() and not line.startswith("sep=")), "")
        delimiter = max(DELIMITERS, key=head.count)
        places = _places(head, delimiter)
    except NotANumberFile:
        text.detach()
        raise
    return _lines(text, numbered, delimiter, places)


def written_lines(numbers: Iterable[str]) -> bytes:
    """A file of these numbers and nothing else."""
    return "\n".join(["number", *numbers, ""]).encode()


def _seekable(file: BinaryIO) -> BinaryIO:
    begins = file.read(4)
    file.seek(0)
    if begins.startswith(_UTF_16):
        raise NotANumberFile("It is in UTF-16. Save it as “CSV UTF-8”.")
    if begins.startswith(b"PK\x03\x04"):
        raise NotANumberFile("It is a workbook. Save it as “CSV UTF-8”.")
    return file


def _places(head: str, delimiter: str) -> tuple[int, ...]:
    """Where each of COLUMNS stands in a line; -1 for one that is not there. Raises NotANumberFile."""
    names = [name.strip().casefold().replace(" ", "_") for name in next(_csv(head, delimiter), [])]
    if "number" not in names:
        raise NotANumberFile(f"The first line has to name the columns: number, and if wanted {', '.join(COLUMNS[1:])}.")
    wrong = next((name for name in names if name not in COLUMNS and name not in PASSED_OVER), None)
    if wrong is not None:
        raise NotANumberFile(f"There is no column “{shown(wrong)}”. Those that there are: {', '.join(COLUMNS)}.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise NotANumberFile(f"The column {twice} stands there twice.")
    return (*(names.index(column) if column in names else -1 for column in COLUMNS), len(names))


def _csv(line: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader([line], delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise NotANumberFile("Its first line cannot be read as CSV.") from error


def _lines(
    text: io.TextIOWrapper, numbered: Iterator[tuple[int, str]], delimiter: str, places: tuple[int, ...]
) -> Iterator[Line]:
    try:
        yield from _told_apart(numbered, delimiter, places)
    finally:
        # The file is the caller's to close, not the collector's.
        with suppress(ValueError):
            text.detach()


def _told_apart(numbered: Iterator[tuple[int, str]], delimiter: str, places: tuple[int, ...]) -> Iterator[Line]:
    *wanted, width = places
    for number, raw in numbered:
        line = raw.rstrip("\n")
        if not line or line.isspace():
            continue
        cells, problem = _split(line, delimiter)
        if not problem and len(cells) != width:
            problem = _width_words(len(cells), width)
        if problem:
            yield Line(number, None, problem)
        elif any(map(str.strip, cells)):
            yield Line(number, Cells(*[cells[n] if n >= 0 else "" for n in wanted]))


def _split(line: str, delimiter: str) -> tuple[list[str], str]:
    """The values of one line, or what is wrong. A quote that is never closed harms this line alone."""
    if len(line) > LONGEST_LINE:
        return [], "It is too long."
    if not line.isascii():
        try:
            line.encode()
        except UnicodeEncodeError:
            return [], "It is not in UTF-8. Save the file as “CSV UTF-8”."
    if '"' not in line:
        return line.split(delimiter), ""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True)), ""
    except (csv.Error, StopIteration):
        return [], "Its quotation marks do not fit together."


def _width_words(found: int, width: int) -> str:
    values = "1 value" if found == 1 else f"{found} values"
    return f"It has {values}, and the first line names {width}."


def _against_the_plans(planned: PhoneNumber, country: str, kind: str) -> str:
    """Where a line says otherwise than the numbering plans about a number that they list; else nothing."""
    if not planned.is_listed:
        return ""
    told = []
    if country and country != planned.country:
        told.append(f"It is of {place_name(planned.country)}, not of {place_name(country)}.")
    if kind != planned.kind and not (kind == "mobile" and may_be_mobile(planned)):
        told.append(f"It is taken as {KINDS[kind].lower()}; by its numbering plan it is {KINDS[planned.kind].lower()}.")
    return " ".join(told)


def _area(words: str) -> str:
    area = words.strip()
    if len(area) > LONGEST_AREA:
        raise NotANumber(f"The area has more than {LONGEST_AREA} characters.")
    if not area.isprintable():
        raise NotANumber("The area has characters that cannot be shown.")
    # A spreadsheet's mark for text, as our own exports set it.
    return area.removeprefix("'")


def _needs_address(words: str, kind: str) -> bool:
    asked = words.strip().casefold()
    if not asked:
        return kind == "geographic"
    if asked in _YES or asked in _NO:
        return asked in _YES
    raise NotANumber("Whether it needs an address is yes or no.")
