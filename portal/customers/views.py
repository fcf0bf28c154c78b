"""Customers of a white label, for its administrators."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.accounts import commands as accounts
from portal.accounts.guards import administrators_only
from portal.accounts.models import Account
from portal.accounts.queries import customer_or_404, held_customer_or_404
from portal.activation import commands as activation
from portal.customers import pages
from portal.customers.forms import AddressCorrectionForm, ReasonForm
from portal.customers.queries import Search
from portal.identity.guards import actor
from portal.kit.db import reading, transaction
from portal.kit.limits import limiter
from portal.kit.refusals import BadInput
from portal.kit.web import page

bp = Blueprint("customers", __name__, url_prefix="/customers")


@bp.get("")
@administrators_only
def index() -> Response:
    search = _search()
    with reading() as db:
        found = pages.list_page(db, search)
    return page("customers/index.html", found=found, search=search)


@bp.get("/<uuid:account_id>")
@administrators_only
def show(account_id: UUID) -> Response:
    return _show(account_id, AddressCorrectionForm())


@bp.get("/<uuid:account_id>/created")
@administrators_only
def created(account_id: UUID) -> Response:
    with reading() as db:
        found = pages.created_page(db, customer_or_404(db, account_id))
    return page("customers/created.html", found=found)


@bp.post("/<uuid:account_id>/link")
@limiter.limit("30 per hour")
@administrators_only
def send_link_again(account_id: UUID) -> Response:
    """A new letter with a new link; the older link dies."""
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        activation.send_link(db, account, by=actor())
    flash("A new activation letter is on its way. The older link no longer works. No money moved.", "ok")
    return _to(account_id)


@bp.post("/<uuid:account_id>/address")
@administrators_only
def correct_address(account_id: UUID) -> Response:
    form = AddressCorrectionForm()
    if not form.validate_on_submit():
        return _show(account_id, form)
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        activation.correct_address(db, account, form.email.data or "", by=actor())
    flash(f"Letters go to {form.email.data} from now on. No money moved.", "ok")
    return _to(account_id)


@bp.get("/<uuid:account_id>/activation")
@administrators_only
def activation_page(account_id: UUID) -> Response:
    with reading() as db:
        account = customer_or_404(db, account_id)
        if account.is_run_by_customer:
            raise activation.OnlyTheCustomer
        found = pages.activation_page(db, account)
    return page("customers/activation.html", found=found)


@bp.post("/<uuid:account_id>/activation")
@administrators_only
def activate(account_id: UUID) -> Response:
    """Option 2 only: the confirmed act. An Option 1 account is refused, whatever is posted."""
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        activation.activate_as_administrator(db, account, by=actor())
    flash(f"{account.name} is active. The first charges were debited to your white-label account.", "ok")
    return _to(account_id)


@bp.get("/<uuid:account_id>/suspension", defaults={"what": "suspension"})
@bp.get("/<uuid:account_id>/closure", defaults={"what": "closure"})
@administrators_only
def act_page(account_id: UUID, what: str) -> Response:
    return _act_page(account_id, what, ReasonForm())


@bp.post("/<uuid:account_id>/suspension")
@administrators_only
def suspend(account_id: UUID) -> Response:
    form = ReasonForm()
    if not form.validate_on_submit():
        return _act_page(account_id, "suspension", form)
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        accounts.suspend(db, account, reason=form.reason.data or "", by=actor())
    flash(f"{account.name} is suspended. No money moved.", "ok")
    return _to(account_id)


@bp.post("/<uuid:account_id>/reactivation")
@administrators_only
def reactivate(account_id: UUID) -> Response:
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        accounts.reactivate(db, account, by=actor())
    flash(f"{account.name} is active again. No money moved.", "ok")
    return _to(account_id)


@bp.post("/<uuid:account_id>/closure")
@administrators_only
def close(account_id: UUID) -> Response:
    form = ReasonForm()
    if not form.validate_on_submit():
        return _act_page(account_id, "closure", form)
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        activation.cancel(db, account, reason=form.reason.data or "", by=actor())
    flash(f"{account.name} is closed. Its activation link no longer works. No money moved.", "ok")
    return _to(account_id)


def _show(account_id: UUID, form: AddressCorrectionForm) -> Response:
    with reading() as db:
        found = pages.customer_page(db, customer_or_404(db, account_id))
    if not form.is_submitted():
        form.email.data = found.user.email
    return page("customers/show.html", found=found, form=form)


def _act_page(account_id: UUID, what: str, form: ReasonForm) -> Response:
    with reading() as db:
        account: Account = customer_or_404(db, account_id)
    return page(f"customers/{what}.html", account=account, form=form)


def _to(account_id: UUID) -> Response:
    return redirect(f"/customers/{account_id}", 303)


def _search() -> Search:
    asked = request.args
    return Search(
        words=asked.get("q", "").strip()[:100],
        state=asked.get("state", ""),
        administration=asked.get("by", ""),
        before=_key(asked.get("before")),
        after=_key(asked.get("after")),
    )


def _key(words: str | None) -> tuple[datetime, UUID] | None:
    if not words:
        return None
    at, _, id = words.partition("_")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), UUID(id)
    except (ValueError, OverflowError) as error:
        raise BadInput("The page to show was not readable. Start from the list again.") from error
