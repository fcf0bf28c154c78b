"""Downloads of documents, and where in a statement a page begins: for the views of finance and of the customer."""

from collections.abc import Iterator
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from portal.kit.db import reading
from portal.kit.paging import Key, Place
from portal.kit.refusals import BadInput
from portal.kit.sheets import csv_answer
from portal.statements.exports import statement_csv
from portal.statements.models import Statement


def pdf_answer(name: str, pdf: bytes) -> Response:
    """A download under its number: under this house's policy a browser's own viewer may show nothing."""
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"attachment; filename={name}.pdf"
    return answer


def statement_csv_answer(statement: Statement) -> Response:
    white_label_id, statement_id = statement.white_label_id, statement.id

    def lines() -> Iterator[str]:
        # The body is written after the view returned, so the scope is named instead of taken from the request.
        with reading(white_label_id) as db:
            yield from statement_csv(db, statement_id)

    return csv_answer(f"{statement.number}.csv", lines())


def asked_place() -> Place:
    """Where in the lines the page begins, from the address. Raises BadInput."""
    return Place(_key(request.args.get("before")), _key(request.args.get("after")))


def _key(words: str | None) -> Key | None:
    if not words:
        return None
    position, _, id = words.partition("_")
    if not (position.isascii() and position.isdigit() and len(position) < 10):
        raise BadInput("The page to show was not readable. Start from the statement again.")
    try:
        return int(position), UUID(id)
    except ValueError as error:
        raise BadInput("The page to show was not readable. Start from the statement again.") from error
