"""Who signs in at the white label, and help for somebody whose phone is lost."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import administrators_only
from portal.identity.again import sparing
from portal.identity.factors import person_with_factor, take_away
from portal.identity.forms import TakeAwayForm
from portal.identity.guards import actor, me
from portal.kit.db import reading, transaction
from portal.kit.forms import stripped
from portal.kit.web import page
from portal.settings.sign_in_pages import sign_in_page

bp = Blueprint("sign_in_help", __name__, url_prefix="/settings/sign-in")
HERE = "/settings/sign-in"


@bp.get("")
@administrators_only
def index() -> Response:
    asked = stripped(request.args.get("q", ""))[:200]
    with reading() as db:
        found = sign_in_page(db, asked, me().id)
    return page("settings/sign-in.html", found=found)


@bp.get("/<uuid:user_id>/lost-phone")
@administrators_only
def lost_phone_page(user_id: UUID) -> Response:
    return _lost_phone(user_id, TakeAwayForm())


@bp.post("/<uuid:user_id>/lost-phone")
@sparing
@administrators_only
def lost_phone(user_id: UUID) -> Response:
    form = TakeAwayForm()
    if not form.validate_on_submit():
        return _lost_phone(user_id, form)
    with transaction() as db:
        person = take_away(db, user_id, reason=form.reason.data or "", by=actor())
    flash(f"The second factor of {person.display_name} is taken away, and a letter tells them.", "ok")
    return redirect(HERE, 303)


def _lost_phone(user_id: UUID, form: TakeAwayForm) -> Response:
    with reading() as db:
        person = person_with_factor(db, user_id, by=actor())
    return page("identity/lost-phone.html", form=form, person=person, back=HERE, crumbs=[("Sign-in", HERE)])
