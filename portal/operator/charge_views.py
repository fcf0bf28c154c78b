"""Giving a charge back, and issuing again what was given back: the operator's decision, as both books move."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.queries import held_customer_or_404
from portal.billing import credits
from portal.identity.guards import actor, operator_staff_only
from portal.kit import jobs
from portal.kit.db import reading, transaction
from portal.kit.web import page
from portal.operator.charge_pages import again_review, charge_or_404, charge_page, credit_review, find_charge
from portal.operator.forms import GiveBackForm, IssueAgainForm
from portal.operator.pages import white_label_or_404
from portal.whitelabels.words import money

bp = Blueprint("operator_charges", __name__, url_prefix="/operator/white-labels/<uuid:white_label_id>/charges")
REFUSED = (
    credits.CreditedAlready,
    credits.GivenBackMeanwhile,
    credits.NotReviewed,
    credits.NotAsReviewed,
    credits.NotGivenBack,
    credits.ChangedSince,
)


@bp.get("")
@operator_staff_only
def find(white_label_id: UUID) -> Response:
    """Find a charge by the number that statements print."""
    tenant, number = white_label_or_404(white_label_id), request.args.get("number", "")[:40]
    with reading(white_label_id) as db:
        charge = find_charge(db, number)
    if charge is not None:
        return redirect(f"/operator/white-labels/{white_label_id}/charges/{charge.id}", 303)
    return page("operator/charges.html", tenant=tenant, number=number)


@bp.get("/<uuid:charge_id>")
@operator_staff_only
def show(white_label_id: UUID, charge_id: UUID) -> Response:
    return _show(white_label_id, charge_id)


@bp.get("/<uuid:charge_id>/credit")
@operator_staff_only
def review(white_label_id: UUID, charge_id: UUID) -> Response:
    """What giving so much back would do in each book, before anything moves."""
    tenant = white_label_or_404(white_label_id)
    form = GiveBackForm(request.args, currency=tenant.currency, meta={"csrf": False})
    if not form.validate() or form.chosen is None:
        return _show(white_label_id, charge_id, form)
    try:
        with _a_way_back(white_label_id, charge_id), reading(white_label_id) as db:
            found = credit_review(db, charge_or_404(db, charge_id), form.chosen.minor)
    except (credits.MoreThanIsLeft, credits.NothingAsked) as refused:
        form.amount.errors = [refused.text]
        return _show(white_label_id, charge_id, form)
    return page("operator/charge-credit.html", tenant=tenant, found=found, form=form)


@bp.post("/<uuid:charge_id>/credit")
@operator_staff_only
def give_back(white_label_id: UUID, charge_id: UUID) -> Response:
    tenant = white_label_or_404(white_label_id)
    form = GiveBackForm(currency=tenant.currency)
    if not form.validate_on_submit() or form.chosen is None:
        return _show(white_label_id, charge_id, form)
    try:
        number = _give_back(white_label_id, charge_id, form.chosen.minor, form)
    except (credits.MoreThanIsLeft, credits.NothingAsked) as refused:
        form.amount.errors = [refused.text]
        return _show(white_label_id, charge_id, form)
    amount = money(form.chosen.minor, tenant)
    flash(f"{amount} of charge {number} was given back, in each book in which it stood.", "ok")
    return redirect(f"/operator/white-labels/{white_label_id}/charges/{charge_id}", 303)


def _give_back(white_label_id: UUID, charge_id: UUID, gross_minor: int, form: GiveBackForm) -> str:
    """The number of the charge."""
    with _a_way_back(white_label_id, charge_id), transaction(white_label_id) as db:
        if form.left_minor is None:
            raise credits.NotReviewed
        charge = charge_or_404(db, charge_id)
        account = held_customer_or_404(db, charge.account_id)
        reason = form.reason.data or ""
        credits.credit(db, account, charge, gross_minor, left_minor=form.left_minor, reason=reason, by=actor())
        # Its credit note, if the charge stands on a statement already.
        jobs.enqueue(db, "statements.credit-notes", {}, key=f"credit-note:{charge.id}:{form.left_minor}")
        return charge.number


@bp.get("/<uuid:charge_id>/again")
@operator_staff_only
def review_again(white_label_id: UUID, charge_id: UUID) -> Response:
    """What issuing it again would charge, to whom, before anything moves."""
    tenant = white_label_or_404(white_label_id)
    with _a_way_back(white_label_id, charge_id), reading(white_label_id) as db:
        found = again_review(db, charge_or_404(db, charge_id))
    return page("operator/charge-again.html", tenant=tenant, found=found)


@bp.post("/<uuid:charge_id>/again")
@operator_staff_only
def issue_again(white_label_id: UUID, charge_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    form = IssueAgainForm()
    with _a_way_back(white_label_id, charge_id), transaction(white_label_id) as db:
        charge = charge_or_404(db, charge_id)
        if not form.validate_on_submit():
            raise credits.IssueNotReviewed
        account = held_customer_or_404(db, charge.account_id)
        credits.issue_again(db, account, charge, reviewed=form.reviewed.data or "", by=actor())
    flash(f"What was charge {charge.number} is charged again.", "ok")
    return redirect(f"/operator/white-labels/{white_label_id}/charges/{charge_id}", 303)


@contextmanager
def _a_way_back(white_label_id: UUID, charge_id: UUID) -> Iterator[None]:
    """What a charge refuses leads back to it, where the page says what can be done."""
    try:
        yield
    except REFUSED as refused:
        refused.ways = (("Back to the charge", f"/operator/white-labels/{white_label_id}/charges/{charge_id}"),)
        raise


def _show(white_label_id: UUID, charge_id: UUID, form: GiveBackForm | None = None) -> Response:
    tenant = white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        found = charge_page(db, charge_or_404(db, charge_id))
    if form is None:
        form = GiveBackForm(None, currency=tenant.currency, data={"amount": found.typed})
    return page("operator/charge.html", tenant=tenant, found=found, form=form)
