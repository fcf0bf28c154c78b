"""The statements that the operator issues to a white label: by month, as page, PDF and CSV, and their credit notes."""

from uuid import UUID

from flask import Blueprint
from werkzeug.wrappers import Response

from portal.accounts.queries import white_label_account
from portal.identity.guards import operator_staff_only
from portal.kit.db import TenantSession, reading
from portal.kit.web import page
from portal.operator.pages import white_label_or_404
from portal.operator.statement_pages import statement_rows
from portal.statements import answers
from portal.statements.document import credit_note_pdf, statement_pdf
from portal.statements.models import Statement
from portal.statements.pages import statement_page
from portal.statements.queries import credit_note_or_404, statement_or_404

bp = Blueprint("operator_statements", __name__, url_prefix="/operator/white-labels/<uuid:white_label_id>")


@bp.get("/statements")
@operator_staff_only
def index(white_label_id: UUID) -> Response:
    tenant = white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        rows = statement_rows(db)
    return page("operator/statements.html", tenant=tenant, rows=rows)


@bp.get("/statements/<uuid:wholesale_id>")
@operator_staff_only
def show(white_label_id: UUID, wholesale_id: UUID) -> Response:
    tenant = white_label_or_404(white_label_id)
    room = f"/operator/white-labels/{tenant.id}"
    with reading(white_label_id) as db:
        found = statement_page(db, _issued_or_404(db, wholesale_id), answers.asked_place(), room=room)
    return page("statements/show.html", found=found)


@bp.get("/statements/<uuid:wholesale_id>.pdf")
@operator_staff_only
def pdf(white_label_id: UUID, wholesale_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        statement = _issued_or_404(db, wholesale_id)
        return answers.pdf_answer(statement.number, statement_pdf(db, statement))


@bp.get("/statements/<uuid:wholesale_id>.csv")
@operator_staff_only
def export(white_label_id: UUID, wholesale_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        statement = _issued_or_404(db, wholesale_id)
    return answers.statement_csv_answer(statement)


@bp.get("/credit-notes/<uuid:wholesale_note_id>.pdf")
@operator_staff_only
def credit_note(white_label_id: UUID, wholesale_note_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        note = credit_note_or_404(db, wholesale_note_id, white_label_account(db).id)
        return answers.pdf_answer(note.number, credit_note_pdf(db, note))


def _issued_or_404(db: TenantSession, statement_id: UUID) -> Statement:
    """One of the white-label account; what the white label issues to its customers is not the operator's."""
    return statement_or_404(db, statement_id, white_label_account(db).id)
