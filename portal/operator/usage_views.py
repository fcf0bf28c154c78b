"""Usage that the operator's systems counted, taken in from a file for one white label."""

from codecs import getreader
from uuid import UUID

from flask import Blueprint
from werkzeug.wrappers import Response

from portal.billing.usage_file import COLUMNS, NotAUsageFile, Report, import_usage
from portal.identity.guards import operator_staff_only
from portal.kit.web import page
from portal.operator.forms import UsageForm
from portal.operator.pages import white_label_or_404

bp = Blueprint("operator_usage", __name__, url_prefix="/operator/white-labels/<uuid:white_label_id>/usage")
SHOWN = 100


@bp.get("")
@operator_staff_only
def show(white_label_id: UUID) -> Response:
    return _page(white_label_id, UsageForm())


@bp.post("")
@operator_staff_only
def take(white_label_id: UUID) -> Response:
    """Look through a file, or take it in. Sent again after a reload it changes nothing: every line is known."""
    white_label_or_404(white_label_id)
    form = UsageForm()
    if not form.validate_on_submit():
        return _page(white_label_id, form)
    try:
        lines = getreader("utf-8-sig")(form.file.data.stream)
        report = import_usage(white_label_id, lines, is_trial=form.act.data == "check")
    except NotAUsageFile as refused:
        form.file.errors = [str(refused)]
        return _page(white_label_id, form)
    return _page(white_label_id, form, report)


def _page(white_label_id: UUID, form: UsageForm, report: Report | None = None) -> Response:
    tenant = white_label_or_404(white_label_id)
    is_trial = form.act.data == "check"
    return page(
        "operator/usage.html", form=form, tenant=tenant, report=report, is_trial=is_trial, columns=COLUMNS, shown=SHOWN
    )
