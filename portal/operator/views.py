"""Pages of operator staff: white labels, their credit, plans and people, and the platform's health."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.lifecycle import Role
from portal.identity.commands import LoginNameTaken
from portal.identity.guards import actor, me, operator_staff_only
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.ids import new_id
from portal.kit.web import page
from portal.operator import commands, credit_pages, credit_requests, pages, price_pages, run_pages
from portal.operator.asked import asked_place
from portal.operator.forms import CreditForm, CreditLimitForm, LogoForm, PlanForm, StaffForm, WhiteLabelForm
from portal.whitelabels.logo import NotALogo, read_logo
from portal.whitelabels.words import money

bp = Blueprint("operator", __name__, url_prefix="/operator")


@bp.get("")
@operator_staff_only
def index() -> Response:
    return redirect("/operator/white-labels", 303)


@bp.get("/white-labels")
@operator_staff_only
def white_labels() -> Response:
    with reading(PLATFORM) as db:
        found = pages.list_page(db)
    return page("operator/index.html", found=found)


@bp.get("/white-labels/new")
@operator_staff_only
def new_white_label() -> Response:
    return page("operator/new.html", form=WhiteLabelForm())


@bp.post("/white-labels/new")
@operator_staff_only
def create_white_label() -> Response:
    form = WhiteLabelForm()
    if not form.validate_on_submit():
        return page("operator/new.html", form=form)
    by, white_label_id = actor(), new_id()
    try:
        with transaction(white_label_id) as db:
            commands.create_white_label(db, pages.brand_of(form), pages.business_of(form), by=by)
            commands.invite_staff(
                db,
                name=form.administrator_name.data or "",
                email=form.administrator_email.data or "",
                role=Role.ADMINISTRATOR,
                by=by,
            )
    except commands.HostTaken as refused:
        form.host.errors = [refused.text]
        return page("operator/new.html", form=form)
    flash(f"{form.name.data} was created. Its administrator gets a letter to set a password.", "ok")
    return redirect(f"/operator/white-labels/{white_label_id}", 303)


@bp.get("/white-labels/<uuid:white_label_id>")
@operator_staff_only
def show(white_label_id: UUID) -> Response:
    return _show(white_label_id)


@bp.post("/white-labels/<uuid:white_label_id>/credit-limit")
@operator_staff_only
def credit_limit(white_label_id: UUID) -> Response:
    tenant = pages.white_label_or_404(white_label_id)
    form = CreditLimitForm(currency=tenant.currency, prefix="limit")
    if not form.validate_on_submit() or form.chosen is None:
        return _show(white_label_id, limit=form)
    asked, minor, reason = pages.request_id(form), form.chosen.minor, form.reason.data or ""
    with transaction(white_label_id) as db:
        state = credit_requests.ask_limit(db, minor, request_id=asked, reason=reason, by=actor())
    if state == "waiting":
        flash("The higher limit waits for somebody else to agree. No money moved.", "wait")
    else:
        flash("The credit limit is set. No money moved.", "ok")
    return _to(white_label_id)


@bp.post("/white-labels/<uuid:white_label_id>/credit")
@operator_staff_only
def credit(white_label_id: UUID) -> Response:
    tenant = pages.white_label_or_404(white_label_id)
    form = CreditForm(currency=tenant.currency, prefix="credit")
    if not form.validate_on_submit() or form.chosen is None:
        return _show(white_label_id, credit=form)
    asked, minor, reason = pages.request_id(form), form.chosen.minor, form.reason.data or ""
    with transaction(white_label_id) as db:
        state = credit_requests.ask(db, minor, request_id=asked, reason=reason, by=actor())
    amount = form.chosen.words(tenant.locale)
    if state == "given":
        flash(f"{amount} was credited to the white-label account.", "ok")
    elif state == "again":
        flash(f"{amount} was already credited when this form was sent first. No money moved this time.", "note")
    else:
        flash(f"{amount} waits for somebody else to give it. No money moved.", "wait")
    return _to(white_label_id)


@bp.get("/white-labels/<uuid:white_label_id>/credit-requests/<uuid:request_id>")
@operator_staff_only
def credit_request(white_label_id: UUID, request_id: UUID) -> Response:
    pages.white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        found = credit_pages.request_page_or_404(db, request_id, me().id)
    return page("operator/credit-request.html", found=found)


@bp.post("/white-labels/<uuid:white_label_id>/credit-requests/<uuid:request_id>/approval")
@operator_staff_only
def approve_credit(white_label_id: UUID, request_id: UUID) -> Response:
    tenant = pages.white_label_or_404(white_label_id)
    with transaction(white_label_id) as db:
        given = credit_requests.approve(db, request_id, by=actor())
    if given.limit_minor is not None:
        flash(f"The credit limit is {money(given.limit_minor, tenant)}. No money moved.", "ok")
    else:
        flash(f"{money(given.amount_minor, tenant)} was credited to the white-label account.", "ok")
    return _to(white_label_id)


@bp.post("/white-labels/<uuid:white_label_id>/credit-requests/<uuid:request_id>/refusal")
@operator_staff_only
def refuse_credit(white_label_id: UUID, request_id: UUID) -> Response:
    pages.white_label_or_404(white_label_id)
    with transaction(white_label_id) as db:
        credit_requests.refuse(db, request_id, by=actor())
    flash("It is refused. No money moved.", "ok")
    return _to(white_label_id)


@bp.post("/white-labels/<uuid:white_label_id>/staff")
@operator_staff_only
def invite(white_label_id: UUID) -> Response:
    pages.white_label_or_404(white_label_id)
    form = StaffForm(prefix="staff")
    if not form.validate_on_submit():
        return _show(white_label_id, staff=form)
    try:
        with transaction(white_label_id) as db:
            commands.invite_staff(
                db, name=form.name.data or "", email=form.email.data or "", role=Role(form.role.data), by=actor()
            )
    except LoginNameTaken as refused:
        form.email.errors = [refused.text]
        return _show(white_label_id, staff=form)
    flash("A letter with a link to set a password is on its way.", "ok")
    return _to(white_label_id)


@bp.post("/white-labels/<uuid:white_label_id>/plans")
@operator_staff_only
def add_plan(white_label_id: UUID) -> Response:
    tenant = pages.white_label_or_404(white_label_id)
    form = PlanForm(currency=tenant.currency, prefix="plan")
    if not form.validate_on_submit():
        return _show(white_label_id, plan=form)
    review = price_pages.review_of_new(tenant, form)
    if form.errors:
        return _show(white_label_id, plan=form)
    if review is not None:
        shelf, base = price_pages.shelf_or_404(white_label_id), f"/operator/white-labels/{white_label_id}"
        action = f"{base}/plans"
        return page("operator/product-review.html", found=review, shelf=shelf, form=form, action=action, back=base)
    with transaction(white_label_id) as db:
        commands.add_plan(db, price_pages.plan_of(form), by=actor())
    flash(f"{form.name.data} is on sale.", "ok")
    return _to(white_label_id)


@bp.post("/white-labels/<uuid:white_label_id>/logo")
@operator_staff_only
def logo(white_label_id: UUID) -> Response:
    pages.white_label_or_404(white_label_id)
    form = LogoForm(prefix="logo")
    if not form.validate_on_submit():
        return _show(white_label_id, logo=form)
    try:
        png, digest = read_logo(form.logo.data.read())
    except NotALogo as refused:
        form.logo.errors = [str(refused)]
        return _show(white_label_id, logo=form)
    with transaction(white_label_id) as db:
        commands.set_logo(db, png, digest, by=actor())
    flash("The logo is in use.", "ok")
    return _to(white_label_id)


@bp.get("/runs")
@operator_staff_only
def runs() -> Response:
    """Billing runs of every white label, the newest first; `?days=all` with those that found nothing to do."""
    place, shows_all = asked_place(request.args), request.args.get("days") == run_pages.ALL
    with reading(PLATFORM) as db:
        found = run_pages.runs_page(db, place, shows_all=shows_all)
    return page("operator/runs.html", found=found)


@bp.get("/white-labels/<uuid:white_label_id>/runs/<uuid:run_id>")
@operator_staff_only
def run(white_label_id: UUID, run_id: UUID) -> Response:
    """One run with its totals, and each account that it left out and why."""
    pages.white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        found = run_pages.run_or_404(db, run_id)
    return page("operator/run.html", run=found)


@bp.get("/health")
@operator_staff_only
def health() -> Response:
    """What waits and what failed, over all tenants."""
    with reading(PLATFORM) as db:
        found = pages.health_page(db)
    return page("operator/health.html", found=found)


def _show(white_label_id: UUID, **came_back: object) -> Response:
    tenant = pages.white_label_or_404(white_label_id)
    forms = {**pages.fresh_forms(tenant), **came_back}
    with reading(white_label_id) as db:
        found = pages.show_page(db)
    wrong = next((f for f in came_back.values()), None)
    return page("operator/show.html", found=found, forms=forms, form=wrong)


def _to(white_label_id: UUID) -> Response:
    return redirect(f"/operator/white-labels/{white_label_id}", 303)
