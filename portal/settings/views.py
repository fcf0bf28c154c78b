"""A white label's own settings, for its administrators."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import administrators_only
from portal.identity.again import AskedAgainForm, sparing
from portal.identity.guards import actor
from portal.kit.db import reading, transaction
from portal.kit.limits import limiter
from portal.kit.settings import current
from portal.kit.web import allow_form_to, page
from portal.payments import connection, trial
from portal.settings import pages
from portal.settings.forms import GatewayForm

bp = Blueprint("settings", __name__, url_prefix="/settings")


@bp.get("")
@administrators_only
def index() -> Response:
    return redirect("/settings/gateway", 303)


@bp.get("/gateway")
@administrators_only
def gateway_page() -> Response:
    return _gateway(GatewayForm())


@bp.post("/gateway")
@limiter.limit("20 per hour")
@sparing
@administrators_only
def connect_gateway() -> Response:
    """Write-only: a key goes in, is sealed, and is never shown again."""
    form = GatewayForm()
    if not form.validate_on_submit():
        return _gateway(form)
    try:
        connection.connect(form.key.data or "", by=actor())
    except connection.KeyNotAccepted as refused:
        form.key.errors = [refused.text]
        return _gateway(form)
    flash("The gateway is connected. No money moved.", "ok")
    return redirect("/settings/gateway", 303)


@bp.post("/gateway/check")
@limiter.limit("60 per hour")
@administrators_only
def check_gateway() -> Response:
    connection.check(register=True)
    return redirect("/settings/gateway", 303)


@bp.post("/gateway/tests")
@limiter.limit("20 per hour")
@administrators_only
def start_test_payment() -> Response:
    """To the gateway's own card page; the money goes back by itself. Refused in live mode."""
    url = trial.start(by=actor())
    allow_form_to(current().checkout_origin)
    return redirect(url, 303)


@bp.get("/gateway/tests/<uuid:test_id>")
@administrators_only
def test_payment(test_id: UUID) -> Response:
    with reading() as db:
        found = pages.test_page_or_404(db, test_id)
    follow = request.path if found.is_going_on else ""
    return page("settings/test-payment.html", found=found, follow=follow)


@bp.post("/gateway/tests/<uuid:test_id>")
@limiter.limit("60 per hour")
@administrators_only
def look_at_test_payment(test_id: UUID) -> Response:
    """Ask Stripe now, whatever the webhook does."""
    trial.look(test_id)
    return redirect(f"/settings/gateway/tests/{test_id}", 303)


@bp.get("/gateway/disconnection")
@administrators_only
def disconnect_page() -> Response:
    return page("settings/disconnect.html", form=AskedAgainForm())


@bp.post("/gateway/disconnection")
@sparing
@administrators_only
def disconnect_gateway() -> Response:
    form = AskedAgainForm()
    if not form.validate_on_submit():
        return page("settings/disconnect.html", form=form)
    with transaction() as db:
        connection.disconnect(db, by=actor())
    flash("The gateway is disconnected. Option 1 is closed until you connect one. No money moved.", "ok")
    return redirect("/settings/gateway", 303)


@bp.get("/letters")
@administrators_only
def letters() -> Response:
    with reading() as db:
        found = pages.letters_page(db, request.args.get("show", ""))
    return page("settings/letters.html", found=found)


@bp.post("/letters/<uuid:letter_id>/again")
@limiter.limit("60 per hour")
@administrators_only
def send_again(letter_id: UUID) -> Response:
    with transaction() as db:
        pages.send_again_or_404(db, letter_id)
    flash("The letter is on its way again.", "ok")
    return redirect("/settings/letters", 303)


def _gateway(form: GatewayForm) -> Response:
    allow_form_to(current().checkout_origin)
    with reading() as db:
        found = pages.gateway_page(db)
    return page("settings/gateway.html", found=found, form=form)
