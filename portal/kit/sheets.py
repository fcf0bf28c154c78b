"""CSV (RFC 4180) with cells that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator
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


def csv_batches(columns: Iterable[str], batches: Iterable[Iterable[Iterable[Any]]]) -> Iterator[str]:
    """Like `csv_lines`, of rows that come a batch at a time: the header goes with the first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for batch in batches:
        writer.writerows(batch)
        yield _emptied(buffer)
    yield _emptied(buffer)


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
