"""The wizard: choose, contact, addresses, plan, review, create. Works without a script; Back loses nothing."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import administrators_only
from portal.accounts.lifecycle import Administration
from portal.identity.commands import LoginNameTaken
from portal.identity.guards import actor, me
from portal.kit.db import reading, transaction
from portal.kit.web import page
from portal.signup import commands, flows, logins, reviewing, wizard
from portal.signup.forms import AddressesForm, ChoiceForm
from portal.signup.models import Draft

bp = Blueprint("signup", __name__, url_prefix="/customers/new")


@bp.get("")
@administrators_only
def choose() -> Response:
    return _choose(ChoiceForm())


@bp.post("")
@administrators_only
def start() -> Response:
    form = ChoiceForm()
    if not form.validate_on_submit():
        return _choose(form)
    flows.refuse_when_not_ready(Administration(form.administration.data))
    with transaction() as db:
        draft = commands.start_draft(db, me().id, Administration(form.administration.data))
    return redirect(f"/customers/new/{draft.id}/contact", 303)


@bp.get("/<uuid:draft_id>/contact")
@administrators_only
def contact_page(draft_id: UUID) -> Response:
    draft = _draft(draft_id)
    form = wizard.contact_form(draft)
    with reading() as db:
        wizard.find_person(db, form)
    return _contact(draft, form)


@bp.post("/<uuid:draft_id>/contact")
@administrators_only
def contact(draft_id: UUID) -> Response:
    draft = _draft(draft_id)
    form = wizard.contact_form(draft)
    if "generate" in request.form:
        return _contact(draft, form, generated=wizard.generate_password(form))
    if "suggest" in request.form:
        wizard.suggest_login(form)
    with reading() as db:
        wizard.find_person(db, form)
    typed = wizard.half_filled(form)
    if "suggest" not in request.form and form.validate_on_submit():
        try:
            return _keep(draft_id, "contact", wizard.contact_answers(draft, form), "addresses")
        except LoginNameTaken as refused:
            form.login_name.errors = [refused.text]
    if "later" in request.form:
        return _leave(draft_id, "contact", wizard.half_contact(draft, form, typed))
    return _contact(draft, form)


@bp.get("/<uuid:draft_id>/addresses")
@administrators_only
def addresses_page(draft_id: UUID) -> Response:
    draft = _draft(draft_id)
    form = AddressesForm(data=draft.kept("addresses"))
    return page("signup/addresses.html", draft=draft, form=form, steps=wizard.steps(draft, "addresses"))


@bp.post("/<uuid:draft_id>/addresses")
@administrators_only
def addresses(draft_id: UUID) -> Response:
    draft, form = _draft(draft_id), AddressesForm()
    typed = wizard.half_filled(form)
    if "country_chosen" not in request.form and form.validate_on_submit():
        return _keep(draft_id, "addresses", wizard.plain_answers(form), "plan")
    if "later" in request.form:
        return _leave(draft_id, "addresses", typed)
    return page("signup/addresses.html", draft=draft, form=form, steps=wizard.steps(draft, "addresses"))


@bp.get("/<uuid:draft_id>/plan")
@administrators_only
def plan_page(draft_id: UUID) -> Response:
    return _plan(_draft(draft_id), None)


@bp.post("/<uuid:draft_id>/plan")
@administrators_only
def plan(draft_id: UUID) -> Response:
    draft = _draft(draft_id)
    with reading() as db:
        form = wizard.plan_form(db, draft)
    typed = wizard.half_filled(form)
    if form.validate_on_submit():
        return _keep(draft_id, "plan", wizard.plan_answers(form), "review")
    if "later" in request.form:
        return _leave(draft_id, "plan", typed)
    return _plan(draft, form)


@bp.get("/<uuid:draft_id>/review")
@administrators_only
def review(draft_id: UUID) -> Response:
    draft = _draft(draft_id)
    gap = commands.first_gap(draft)
    if gap is not None:
        return redirect(f"/customers/new/{draft_id}/{gap}", 303)
    try:
        with reading() as db:
            commands.refuse_outdated(db, draft)
            review = reviewing.review(db, draft)
    except commands.AnswerOutdated as refused:
        return _ask_again(draft_id, refused.step, refused.text)
    problems, steps = flows.problems_of(draft), wizard.steps(draft, "review")
    return page("signup/review.html", draft=draft, review=review, steps=steps, problems=problems)


@bp.post("/<uuid:draft_id>/creation")
@administrators_only
def create(draft_id: UUID) -> Response:
    flows.refuse_unready(_draft(draft_id))
    try:
        with transaction() as db:
            held = commands.held_draft_or_404(db, draft_id, me().id)
            account = commands.create_customer(db, held, by=actor(), administrator=me())
    except commands.CreatedAlready as before:
        return redirect(f"/customers/{before.account_id}/created", 303)
    except commands.AnswerOutdated as refused:
        return _ask_again(draft_id, refused.step, refused.text)
    except LoginNameTaken as refused:
        return _ask_again(draft_id, "contact", refused.text)
    return redirect(f"/customers/{account.id}/created", 303)


@bp.post("/<uuid:draft_id>/discard")
@administrators_only
def discard(draft_id: UUID) -> Response:
    with transaction() as db:
        draft = commands.held_draft_or_404(db, draft_id, me().id)
        commands.discard(db, draft)
    if draft.account_id is not None:
        raise commands.CreatedAlready(draft.account_id)
    flash("The draft was discarded. Nothing was created.", "note")
    return redirect("/customers/new", 303)


def _choose(form: ChoiceForm) -> Response:
    problems = flows.gateway_problems()
    with reading() as db:
        options = wizard.options(db)
        drafts = wizard.draft_list(db, me().id)
    return page("signup/choose.html", problems=problems, options=options, drafts=drafts, form=form)


def _ask_again(draft_id: UUID, step: str, why: str) -> Response:
    flash(f"{why} Nothing was created.", "bad")
    return redirect(f"/customers/new/{draft_id}/{step}", 303)


def _draft(draft_id: UUID) -> Draft:
    with reading() as db:
        draft = commands.draft_or_404(db, draft_id, me().id)
    if draft.account_id is not None and request.endpoint != "signup.create":
        raise commands.CreatedAlready(draft.account_id)
    return draft


def _keep(draft_id: UUID, step: str, answers: dict[str, Any], next_step: str) -> Response:
    with transaction() as db:
        draft = commands.held_draft_or_404(db, draft_id, me().id)
        commands.answer(db, draft, step, answers)
    if "later" in request.form:
        return _left(draft)
    return redirect(f"/customers/new/{draft_id}/{next_step}", 303)


def _leave(draft_id: UUID, step: str, typed: dict[str, Any]) -> Response:
    """To be finished later: whether it is right is not asked before *Save and continue*."""
    with transaction() as db:
        draft = commands.held_draft_or_404(db, draft_id, me().id)
        commands.leave(draft, step, typed)
    return _left(draft)


def _left(draft: Draft) -> Response:
    name = wizard.draft_name(draft, g.white_label)
    flash(f"“{name}” is kept and stands below, under “Not finished yet”. Nothing was created.", "ok")
    return redirect("/customers/new", 303)


def _contact(draft: Draft, form: Any, generated: list[tuple[str, str]] | None = None) -> Response:
    steps = wizard.steps(draft, "contact")
    known = logins.suggestions(form.display_name.data or "", form.primary_domain.data or "")
    return page("signup/contact.html", draft=draft, form=form, steps=steps, aloud=generated or [], logins=known)


def _plan(draft: Draft, form: Any) -> Response:
    with reading() as db:
        form = form or wizard.plan_form(db, draft)
        cards = wizard.plan_cards(db)
    steps = wizard.steps(draft, "plan")
    return page("signup/plan.html", draft=draft, form=form, cards=cards, steps=steps)
