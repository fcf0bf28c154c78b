"""The people of an account, from either side: its white label's, or its own administrators'."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect
from flask_login import logout_user
from werkzeug.wrappers import Response

from portal.accounts.guards import account_members_only, my_account_or_404, people_managers_only, standing
from portal.accounts.lifecycle import Role, Side, State
from portal.accounts.models import Account
from portal.accounts.queries import customer_or_404, held_customer_or_404
from portal.identity.commands import LoginNameTaken
from portal.identity.guards import actor, me
from portal.identity.models import User
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.limits import limiter
from portal.kit.refusals import BadInput, NotAllowed, NotFound
from portal.kit.sessions import browser_session
from portal.kit.web import page
from portal.people import commands, pages, queries
from portal.people.forms import AddPersonForm, InviteForm, RoleForm, role_choices
from portal.people.models import Invitation
from portal.people.pages import Desk
from portal.people.rules import why_read_only

bp = Blueprint("people", __name__)

CUSTOMERS, ACCOUNT = {"side": Side.WHITE_LABEL}, {"side": Side.ACCOUNT}


@bp.get("/account/users")
@account_members_only
def own() -> Response:
    """The people of one's own account; with several accounts, the list of them first."""
    run = [a for a in standing().live_accounts if standing().role_on(a.id) == Role.ADMINISTRATOR]
    return redirect(f"/account/{run[0].id}/users" if len(run) == 1 else "/account", 303)


@bp.get("/customers/<uuid:account_id>/users", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/users", defaults=ACCOUNT)
@people_managers_only
def index(side: Side, account_id: UUID) -> Response:
    return _people(_desk(side, account_id))


@bp.post("/customers/<uuid:account_id>/users", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/users", defaults=ACCOUNT)
@limiter.limit("60 per hour")
@people_managers_only
def add(side: Side, account_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    form = _add_form(desk)
    with reading() as db:
        form.person = queries.person_with_login(db, form.login_name.data or "")
    if not form.validate_on_submit():
        return _people(desk, adding=form)
    try:
        with transaction() as db:
            person = commands.add_person(
                db,
                _held(db, desk),
                login_name=form.login_name.data or "",
                display_name=form.display_name.data or "",
                email=form.email,
                role=Role(form.role.data),
                by=actor(),
            )
    except LoginNameTaken as refused:
        form.login_name.errors = [refused.text]
        return _people(desk, adding=form)
    flash(f"{person.display_name} belongs to the account now. No money moved.", "ok")
    return _to(desk)


@bp.post("/customers/<uuid:account_id>/invitations", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/invitations", defaults=ACCOUNT)
@limiter.limit("30 per hour")
@people_managers_only
def invite(side: Side, account_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    form = _invite_form(desk)
    if not form.validate_on_submit():
        return _people(desk, inviting=form)
    with transaction() as db:
        account = _held(db, desk)
        made = [commands.invite(db, account, address, role, by=actor()) for address, role in form.wanted]
    _say_invited(desk, sum(one is not None for one in made), len(made))
    return _to(desk)


@bp.post("/customers/<uuid:account_id>/invitations/<uuid:invitation_id>/again", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/invitations/<uuid:invitation_id>/again", defaults=ACCOUNT)
@limiter.limit("60 per hour")
@people_managers_only
def invite_again(side: Side, account_id: UUID, invitation_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    with transaction() as db:
        commands.invite_again(db, _held(db, desk), _invitation_or_404(db, desk, invitation_id), by=actor())
    flash("The invitation goes out again. The older link no longer works.", "ok")
    return _to(desk)


@bp.post("/customers/<uuid:account_id>/invitations/<uuid:invitation_id>/revocation", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/invitations/<uuid:invitation_id>/revocation", defaults=ACCOUNT)
@people_managers_only
def revoke(side: Side, account_id: UUID, invitation_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    with transaction() as db:
        commands.revoke(db, _invitation_or_404(db, desk, invitation_id), by=actor())
    flash("The invitation is revoked. Its link no longer works.", "ok")
    return _to(desk)


@bp.post("/customers/<uuid:account_id>/users/<uuid:user_id>/role", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/users/<uuid:user_id>/role", defaults=ACCOUNT)
@people_managers_only
def change_role(side: Side, account_id: UUID, user_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    form = RoleForm()
    form.role.choices = role_choices(desk.roles)
    if not form.validate_on_submit():
        raise BadInput("Choose one of the roles that the page offers.")
    with transaction() as db:
        is_other = commands.change_role(db, _held(db, desk, user_id), user_id, Role(form.role.data), by=actor())
    if is_other and user_id == me().id:
        return _signed_out(f"Your role on {desk.account.name} is now “{Role(form.role.data).words}”. Sign in again.")
    flash("The role is changed.", "ok")
    return _to(desk)


@bp.post("/customers/<uuid:account_id>/users/<uuid:user_id>/main-contact", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/users/<uuid:user_id>/main-contact", defaults=ACCOUNT)
@people_managers_only
def make_main_contact(side: Side, account_id: UUID, user_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    with transaction() as db:
        commands.make_main_contact(db, _held(db, desk, user_id), user_id, by=actor())
    flash("Letters about the account go to this person from now on.", "ok")
    return _to(desk)


@bp.post("/customers/<uuid:account_id>/users/<uuid:user_id>/letter", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/users/<uuid:user_id>/letter", defaults=ACCOUNT)
@limiter.limit("30 per hour")
@people_managers_only
def mail_password_link(side: Side, account_id: UUID, user_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    with transaction() as db:
        commands.mail_password_link(db, _held(db, desk, user_id), user_id, by=actor())
    flash("A new letter to set the password is on its way. The older link no longer works.", "ok")
    return _to(desk)


@bp.get("/customers/<uuid:account_id>/users/<uuid:user_id>/removal", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/users/<uuid:user_id>/removal", defaults=ACCOUNT)
@people_managers_only
def removal_page(side: Side, account_id: UUID, user_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    with reading() as db:
        person = db.load(User, user_id) if queries.membership_of(db, account_id, user_id) else None
        if person is None:
            raise NotFound
        effects = pages.removal_effects(db, desk, person, me())
    return page("people/removal.html", desk=desk, person=person, effects=effects)


@bp.post("/customers/<uuid:account_id>/users/<uuid:user_id>/removal", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/users/<uuid:user_id>/removal", defaults=ACCOUNT)
@people_managers_only
def remove(side: Side, account_id: UUID, user_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    with transaction() as db:
        commands.remove(db, _held(db, desk, user_id), user_id, by=actor())
    if user_id == me().id:
        return _signed_out(f"You no longer belong to {desk.account.name}, and are signed out.")
    flash("The person no longer belongs to the account.", "ok")
    return _to(desk)


def _desk(side: Side, account_id: UUID, *, changes: bool = False) -> Desk:
    """The account from one side. Raises NotAllowed for the other side's people, NotFound for a foreign account."""
    if side is Side.WHITE_LABEL:
        if not standing().is_administrator:
            raise NotAllowed
        with reading() as db:
            desk = Desk(side, customer_or_404(db, account_id))
    else:
        desk = Desk(side, my_account_or_404(account_id))
        if standing().role_on(account_id) != Role.ADMINISTRATOR:
            raise NotAllowed
    if changes and not desk.roles:
        raise NotAllowed(why_read_only(side, desk.account))
    return desk


def _held(db: TenantSession, desk: Desk, user_id: UUID | None = None) -> Account:
    """The account, locked. Raises NotAllowed when it moved on since the page was asked for.

    With a person, who is to be changed: whoever has a role that cannot be given from here is not changed from here.
    """
    account = held_customer_or_404(db, desk.account.id)
    roles = Desk(desk.side, account).roles
    if not roles:
        raise NotAllowed(why_read_only(desk.side, account))
    membership = queries.membership_of(db, account.id, user_id) if user_id else None
    if user_id and membership is None:
        raise NotFound
    if membership is not None and Role(membership.role) not in roles:
        raise NotAllowed("The customer's administrators are not yours to change.")
    return account


def _invitation_or_404(db: TenantSession, desk: Desk, invitation_id: UUID) -> Invitation:
    found = db.load(Invitation, invitation_id)
    if found is None or found.account_id != desk.account.id:
        raise NotFound
    return found


def _people(desk: Desk, *, adding: AddPersonForm | None = None, inviting: InviteForm | None = None) -> Response:
    with reading() as db:
        found = pages.people_page(db, desk, me().id)
    form = adding or inviting
    return page(
        "people/index.html",
        found=found,
        desk=desk,
        form=form,
        adding=adding or _add_form(desk, formdata=None),
        inviting=inviting or _invite_form(desk, formdata=None),
        role_choices=role_choices(desk.roles),
    )


def _add_form(desk: Desk, **kwargs: Any) -> AddPersonForm:
    form = AddPersonForm(**kwargs)
    form.role.choices = role_choices(desk.roles)
    form.may_add_known = desk.side is Side.WHITE_LABEL
    form.own_domain = desk.account.primary_domain if desk.side is Side.ACCOUNT else None
    return form


def _invite_form(desk: Desk, **kwargs: Any) -> InviteForm:
    form = InviteForm(**kwargs)
    for _, role in form.rows:
        role.choices = role_choices(desk.roles)
    return form


def _say_invited(desk: Desk, made: int, asked: int) -> None:
    when = "when the account is active" if desk.account.state == State.INACTIVE else "now"
    known = "" if made == asked else f" {asked - made} belonged to the account already."
    flash(f"{made} invitation{'' if made == 1 else 's'} will go out {when}.{known} No money moved.", "ok")


def _signed_out(words: str) -> Response:
    """Somebody changed what they are themselves, which ended their sessions: the next page says so."""
    logout_user()
    browser_session.end()
    flash(words, "ok")
    return redirect("/login", 303)


def _to(desk: Desk) -> Response:
    return redirect(f"{desk.base}/users", 303)
