"""The finance desk's statements: the white-label account's own and its customers'."""

from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from portal.accounts.guards import finance_only
from portal.finance.asked import asked_key, asked_month
from portal.finance.statement_pages import WHOSE, list_page
from portal.kit.db import reading
from portal.kit.paging import Place
from portal.kit.web import page
from portal.statements import answers
from portal.statements.document import credit_note_pdf, statement_pdf
from portal.statements.pages import statement_page
from portal.statements.queries import (
    Filter,
    credit_note_or_404,
    statement_or_404,
)

bp = Blueprint("finance_statements", __name__, url_prefix="/finance")


@bp.get("/statements")
@finance_only
def index() -> Response:
    wanted = Filter(
        month=asked_month(request.args.get("month")),
        book=WHOSE.get(request.args.get("whose", ""), ""),
        words=request.args.get("q", "").strip()[:100],
        place=Place(asked_key(request.args.get("before")), asked_key(request.args.get("after"))),
    )
    with reading() as db:
        found = list_page(db, wanted)
    return page("finance/statements.html", found=found, wanted=wanted)


@bp.get("/statements/<uuid:statement_id>")
@finance_only
def show(statement_id: UUID) -> Response:
    with reading() as db:
        found = statement_page(db, statement_or_404(db, statement_id), answers.asked_place(), room="/finance")
    return page("statements/show.html", found=found)


@bp.get("/statements/<uuid:statement_id>.pdf")
@finance_only
def pdf(statement_id: UUID) -> Response:
    with reading() as db:
        statement = statement_or_404(db, statement_id)
        return answers.pdf_answer(statement.number, statement_pdf(db, statement))


@bp.get("/statements/<uuid:statement_id>.csv")
@finance_only
def export(statement_id: UUID) -> Response:
    with reading() as db:
        statement = statement_or_404(db, statement_id)
    return answers.statement_csv_answer(statement)


@bp.get("/credit-notes/<uuid:note_id>.pdf")
@finance_only
def credit_note(note_id: UUID) -> Response:
    with reading() as db:
        note = credit_note_or_404(db, note_id)
        return answers.pdf_answer(note.number, credit_note_pdf(db, note))
