"""CSV (RFC 4180) with cells that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from werkzeug.wrappers import Response

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
BATCH = 500


def safe(text: str) -> str:
    """Text that begins like a formula is quoted with an apostrophe (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(RISKY) else text


def csv_lines(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The header, then a line a row, some hundred lines at a time; memory stays flat."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % BATCH == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


@lru_cache(4096)
def cell(text: str) -> str:
    """One cell, safe and quoted as `csv_lines` would write it. The same names stand in an export again and again."""
    return quoted(safe(text))


def quoted(text: str) -> str:
    """In quotation marks when the text has a sign with a meaning (RFC 4180, 2.6 and 2.7)."""
    if "," in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_answer(name: str, lines: Iterable[str]) -> Response:
    """A download, written while it is read."""
    response = Response(lines, mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
