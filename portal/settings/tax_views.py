"""The tax on what a white label sells: rates by country and region, its own tax number, prices with or without tax."""

from flask import Blueprint, flash, g, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import administrators_only
from portal.catalogue import commands as catalogue
from portal.catalogue.words import still_there
from portal.identity.guards import actor
from portal.kit.db import reading, transaction
from portal.kit.forms import PortalForm
from portal.kit.refusals import BadInput
from portal.kit.web import page
from portal.settings import commands, tax_pages
from portal.settings.forms import OwnTaxNumberForm, RateWithdrawalForm, TaxModeForm, TaxRateForm
from portal.whitelabels.words import day

bp = Blueprint("tax", __name__, url_prefix="/settings/tax")


@bp.get("")
@administrators_only
def index() -> Response:
    """With what was typed already, when another country was chosen: it may have regions."""
    is_begun = "rate-country" in request.args
    return _index(rate=TaxRateForm(request.args, prefix="rate", meta={"csrf": False})) if is_begun else _index()


@bp.get("/rates")
@administrators_only
def review_rate() -> Response:
    """What a new rate would do, before anything is saved."""
    form = TaxRateForm(request.args, prefix="rate", meta={"csrf": False})
    if not form.validate():
        return _index(rate=form)
    try:
        with reading() as db:
            found = tax_pages.review(db, form.whose, form.begins, form.percent.ppm)
    except (catalogue.TooLate, catalogue.ChargedAlready) as refused:
        form.valid_from.errors = [refused.text]
        return _index(rate=form)
    return page("settings/tax-review.html", found=found, form=form)


@bp.post("/rates")
@administrators_only
def set_rate() -> Response:
    form = TaxRateForm(prefix="rate")
    if not form.validate_on_submit():
        return _index(rate=form)
    try:
        with transaction() as db:
            catalogue.set_tax_rate(db, form.whose, form.begins, form.percent.ppm, by=actor())
    except (catalogue.TooLate, catalogue.ChargedAlready) as refused:
        form.valid_from.errors = [refused.text]
        return _index(rate=form)
    flash("The rate is set. Periods already begun keep theirs. No money moved.", "ok")
    return redirect("/settings/tax", 303)


@bp.post("/rates/withdrawal")
@administrators_only
def withdraw_rate() -> Response:
    """Take back a rate whose day has not come; where it is too late, the page says so."""
    form = RateWithdrawalForm()
    if not form.validate_on_submit() or form.valid_from.data is None:
        raise BadInput
    try:
        with transaction() as db:
            catalogue.withdraw_tax_rate(db, form.whose, form.valid_from.data, by=actor())
        flash("The rate is withdrawn. No money moved.", "ok")
    except (catalogue.NothingToWithdraw, catalogue.TooLate, catalogue.ChargedAlready) as refused:
        flash(still_there(refused, day(form.valid_from.data, g.white_label), "rate"), "note")
    return redirect("/settings/tax", 303)


@bp.post("/number")
@administrators_only
def change_number() -> Response:
    form = OwnTaxNumberForm(prefix="own")
    if not form.validate_on_submit():
        return _index(own=form)
    with transaction() as db:
        commands.change_tax_number(db, form.tax_number.data or "", by=actor())
    flash("Your tax number is kept. No money moved.", "ok")
    return redirect("/settings/tax", 303)


@bp.get("/mode")
@administrators_only
def mode_page() -> Response:
    with reading() as db:
        found = tax_pages.mode_page(db)
    return page("settings/tax-mode.html", found=found)


@bp.post("/mode")
@administrators_only
def change_mode() -> Response:
    form = TaxModeForm()
    if not form.validate_on_submit():
        return redirect("/settings/tax/mode", 303)
    with transaction() as db:
        commands.change_tax_mode(db, form.mode.data or "", by=actor())
    flash("The meaning of your prices is changed. No money moved.", "ok")
    return redirect("/settings/tax", 303)


def _index(**came_back: PortalForm) -> Response:
    with reading() as db:
        found = tax_pages.tax_page(db)
    forms = {
        "rate": TaxRateForm(None, prefix="rate", data={"country": found.country}),
        "own": OwnTaxNumberForm(None, prefix="own", data={"tax_number": found.number}),
        **came_back,
    }
    return page("settings/tax.html", found=found, forms=forms, form=next(iter(came_back.values()), None))
