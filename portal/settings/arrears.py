"""The white label's rules for accounts that run out of credit."""

from flask import Blueprint, flash, redirect
from werkzeug.wrappers import Response

from portal.accounts.guards import administrators_only
from portal.arrears.commands import set_rules
from portal.arrears.queries import rules_of
from portal.arrears.steps import Rules
from portal.identity.guards import actor
from portal.kit.db import reading, transaction
from portal.kit.web import page
from portal.settings.forms import ArrearsForm

bp = Blueprint("arrears", __name__, url_prefix="/settings")


@bp.get("/arrears")
@administrators_only
def arrears_page() -> Response:
    with reading() as db:
        form = ArrearsForm(data=vars(rules_of(db)))
    return page("settings/arrears.html", form=form)


@bp.post("/arrears")
@administrators_only
def change_arrears() -> Response:
    form = ArrearsForm()
    if not form.validate_on_submit():
        return page("settings/arrears.html", form=form)
    rules = Rules(*(form[name].data or 0 for name in vars(Rules())))
    with transaction() as db:
        set_rules(db, rules, by=actor())
    flash("The rules hold from now on. No money moved.", "ok")
    return redirect("/settings/arrears", 303)
