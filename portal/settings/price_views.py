"""A white label's own prices: what its customers pay, what they read, and what is left for it."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import administrators_only
from portal.accounts.queries import holders
from portal.catalogue import commands as catalogue, pages
from portal.catalogue.forms import PriceForm, WithdrawalForm
from portal.catalogue.models import Product
from portal.catalogue.words import still_there
from portal.identity.guards import actor
from portal.kit.db import reading, transaction
from portal.kit.refusals import BadInput, Refusal
from portal.kit.web import page
from portal.settings.forms import PresentationForm
from portal.whitelabels.words import day

bp = Blueprint("prices", __name__, url_prefix="/settings/prices")


@bp.get("")
@administrators_only
def index() -> Response:
    with reading() as db:
        found = pages.lines(db, holders(db))
    return page("settings/prices.html", found=found)


@bp.get("/<uuid:product_id>")
@administrators_only
def show(product_id: UUID) -> Response:
    return _show(product_id)


@bp.get("/<uuid:product_id>/price")
@administrators_only
def review(product_id: UUID) -> Response:
    """What the new price would do, before anything is saved."""
    form = PriceForm(request.args, currency=g.white_label.currency, meta={"csrf": False})
    if not form.validate():
        return _show(product_id, price=form)
    try:
        with reading() as db:
            product = pages.product_or_404(db, product_id)
            found = pages.review(db, product, form.new_price("retail"), holders(db))
    except (catalogue.TooLate, catalogue.ChargedAlready) as refused:
        return _show(product_id, price=_refused(form, refused))
    return page("settings/price-review.html", found=found, fields=form.fields)


@bp.post("/<uuid:product_id>/price")
@administrators_only
def set_price(product_id: UUID) -> Response:
    form = PriceForm(currency=g.white_label.currency)
    if not form.validate_on_submit():
        return _show(product_id, price=form)
    try:
        with transaction() as db:
            product = pages.product_or_404(db, product_id)
            catalogue.set_price(db, product, form.new_price("retail"), by=actor())
    except (catalogue.TooLate, catalogue.ChargedAlready) as refused:
        return _show(product_id, price=_refused(form, refused))
    begins = day(form.new_price("retail").valid_from, g.white_label)
    flash(f"The price is set from {begins}. No money moved.", "ok")
    return redirect(f"/settings/prices/{product_id}", 303)


@bp.post("/<uuid:product_id>/price/withdrawal")
@administrators_only
def withdraw(product_id: UUID) -> Response:
    """Take back a retail price whose day has not come; where it is too late, the product's page says so."""
    form = WithdrawalForm()
    is_read, on = form.validate_on_submit(), form.valid_from.data
    try:
        with transaction() as db:
            product = pages.product_or_404(db, product_id)
            if not is_read or on is None:
                raise BadInput
            catalogue.withdraw_price(db, product, "retail", on, by=actor())
        flash("The price is withdrawn. No money moved.", "ok")
    except (catalogue.NothingToWithdraw, catalogue.TooLate, catalogue.ChargedAlready) as refused:
        flash(still_there(refused, day(on, g.white_label)), "note")
    return redirect(f"/settings/prices/{product_id}", 303)


@bp.post("/<uuid:product_id>/presentation")
@administrators_only
def present(product_id: UUID) -> Response:
    form = PresentationForm(prefix="shown")
    if not form.validate_on_submit():
        return _show(product_id, shown=form)
    with transaction() as db:
        product = pages.product_or_404(db, product_id)
        catalogue.present(db, product, name=form.name.data or "", is_hidden=not form.is_offered.data, by=actor())
    flash("What customers see is changed. Who has it keeps it. No money moved.", "ok")
    return redirect(f"/settings/prices/{product_id}", 303)


def _show(product_id: UUID, **came_back: PriceForm | PresentationForm) -> Response:
    with reading() as db:
        product = pages.product_or_404(db, product_id)
        found = pages.product_page(db, product, holders(db))
    forms = {
        "price": PriceForm(None, currency=g.white_label.currency, data=found.typed["retail"]),
        "shown": PresentationForm(None, prefix="shown", data=_shown(product)),
        **came_back,
    }
    return page("settings/product.html", found=found, forms=forms, form=next(iter(came_back.values()), None))


def _shown(product: Product) -> dict[str, object]:
    return {"name": product.name, "is_offered": product.hidden_at is None}


def _refused(form: PriceForm, refused: Refusal) -> PriceForm:
    form.valid_from.errors = [refused.text]
    return form
