"""A customer's own statements, receipts and credit notes. An account that the white label runs has none."""

from uuid import UUID

from flask import Blueprint
from werkzeug.wrappers import Response

from portal.accounts.guards import account_members_only, my_account_or_404
from portal.accounts.models import Account
from portal.kit.db import reading
from portal.kit.refusals import NotFound
from portal.kit.web import page
from portal.selfcare.statement_pages import list_page
from portal.statements import answers
from portal.statements.document import credit_note_pdf, receipt_pdf, statement_pdf
from portal.statements.pages import statement_page
from portal.statements.queries import credit_note_or_404, receipt_or_404, statement_or_404

bp = Blueprint("own_statements", __name__, url_prefix="/account/<uuid:account_id>")


@bp.get("/statements")
@account_members_only
def index(account_id: UUID) -> Response:
    account = _payer_or_404(account_id)
    with reading() as db:
        found = list_page(db, account)
    return page("selfcare/statements.html", found=found)


@bp.get("/statements/<uuid:statement_id>")
@account_members_only
def show(account_id: UUID, statement_id: UUID) -> Response:
    account = _payer_or_404(account_id)
    with reading() as db:
        statement = statement_or_404(db, statement_id, account.id)
        found = statement_page(db, statement, answers.asked_place(), room=f"/account/{account.id}")
    return page("statements/show.html", found=found)


@bp.get("/statements/<uuid:statement_id>.pdf")
@account_members_only
def pdf(account_id: UUID, statement_id: UUID) -> Response:
    account = _payer_or_404(account_id)
    with reading() as db:
        statement = statement_or_404(db, statement_id, account.id)
        return answers.pdf_answer(statement.number, statement_pdf(db, statement))


@bp.get("/statements/<uuid:statement_id>.csv")
@account_members_only
def export(account_id: UUID, statement_id: UUID) -> Response:
    account = _payer_or_404(account_id)
    with reading() as db:
        statement = statement_or_404(db, statement_id, account.id)
    return answers.statement_csv_answer(statement)


@bp.get("/receipts/<uuid:funding_id>.pdf")
@account_members_only
def receipt(account_id: UUID, funding_id: UUID) -> Response:
    account = _payer_or_404(account_id)
    with reading() as db:
        found = receipt_or_404(db, account.id, funding_id)
        return answers.pdf_answer(found.number, receipt_pdf(db, found))


@bp.get("/credit-notes/<uuid:note_id>.pdf")
@account_members_only
def credit_note(account_id: UUID, note_id: UUID) -> Response:
    account = _payer_or_404(account_id)
    with reading() as db:
        note = credit_note_or_404(db, note_id, account.id)
        return answers.pdf_answer(note.number, credit_note_pdf(db, note))


def _payer_or_404(account_id: UUID) -> Account:
    """The account of the signed-in person, if it pays for itself. Raises NotFound."""
    account = my_account_or_404(account_id, even_closed=True)
    if not account.is_run_by_customer:
        raise NotFound
    return account
