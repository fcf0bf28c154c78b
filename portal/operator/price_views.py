"""The operator's price lists: the default one in each of its currencies, and each white label's."""

from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.catalogue import commands as catalogue, pages as catalogue_pages
from portal.catalogue.forms import PriceForm, WithdrawalForm
from portal.catalogue.models import Plan, Service
from portal.identity.guards import actor, operator_staff_only
from portal.kit.db import reading, transaction
from portal.kit.forms import PortalForm
from portal.kit.refusals import BadInput, NotFound
from portal.kit.web import page
from portal.operator import commands, flows, price_pages
from portal.operator.forms import (
    CurrencyForm,
    InclusionForm,
    OfferForm,
    OpeningForm,
    PlanForm,
    ProposalForm,
    ServiceForm,
)
from portal.operator.offers import proposed_tax
from portal.operator.price_pages import Shelf, shelf_or_404
from portal.whitelabels.words import day

bp = Blueprint("operator_prices", __name__, url_prefix="/operator")


@bp.get("/prices")
@bp.get("/white-labels/<uuid:white_label_id>/prices")
@operator_staff_only
def index(white_label_id: UUID | None = None) -> Response:
    if white_label_id is None and "currency" in request.args:
        chosen = CurrencyForm(request.args, meta={"csrf": False})
        if not chosen.validate():
            return _index(shelf_or_404(None), currency=chosen)
    return _index(_shelf(white_label_id))


@bp.post("/prices/services")
@bp.post("/white-labels/<uuid:white_label_id>/prices/services")
@operator_staff_only
def add_service(white_label_id: UUID | None = None) -> Response:
    shelf = shelf_or_404(white_label_id)
    form = ServiceForm(currency=shelf.tenant.currency, prefix="service")
    if not form.validate_on_submit():
        return _index(shelf, service=form)
    review = price_pages.review_of_new(shelf.tenant, form)
    if form.errors:
        return _index(shelf, service=form)
    if review is not None:
        return _review_of_new(shelf, review, form, f"{shelf.base}/services", back=shelf.base)
    with transaction(shelf.tenant.id) as db:
        commands.add_service(db, price_pages.service_of(form), by=actor())
    flash(f"{form.name.data} is in the list.", "ok")
    return redirect(shelf.base, 303)


@bp.post("/prices/plans")
@operator_staff_only
def add_default_plan() -> Response:
    shelf = shelf_or_404(None)
    form = PlanForm(currency=shelf.tenant.currency, prefix="plan")
    if not form.validate_on_submit():
        return _index(shelf, plan=form)
    review = price_pages.review_of_new(shelf.tenant, form)
    if form.errors:
        return _index(shelf, plan=form)
    if review is not None:
        return _review_of_new(shelf, review, form, f"{shelf.base}/plans", back=shelf.base)
    with transaction() as db:
        commands.add_plan(db, price_pages.plan_of(form), by=actor())
    flash(f"{form.name.data} is in the list.", "ok")
    return redirect(shelf.base, 303)


@bp.get("/prices/<uuid:product_id>")
@bp.get("/white-labels/<uuid:white_label_id>/prices/<uuid:product_id>")
@operator_staff_only
def show(product_id: UUID, white_label_id: UUID | None = None) -> Response:
    return _show(_shelf(white_label_id), product_id)


@bp.get("/prices/<uuid:product_id>/price")
@bp.get("/white-labels/<uuid:white_label_id>/prices/<uuid:product_id>/price")
@operator_staff_only
def review(product_id: UUID, white_label_id: UUID | None = None) -> Response:
    """What the new wholesale price would do, before anything is saved."""
    shelf = _shelf(white_label_id)
    form = PriceForm(request.args, currency=shelf.currency, meta={"csrf": False})
    if not form.validate():
        return _show(shelf, product_id, price=form)
    try:
        found = price_pages.review(shelf, product_id, form.new_price("wholesale"))
    except (catalogue.TooLate, catalogue.ChargedAlready) as refused:
        form.valid_from.errors = [refused.text]
        return _show(shelf, product_id, price=form)
    action = shelf.at(f"/{product_id}/price")
    return page("operator/price-review.html", found=found, shelf=shelf, fields=form.fields, action=action)


@bp.post("/prices/<uuid:product_id>/price")
@bp.post("/white-labels/<uuid:white_label_id>/prices/<uuid:product_id>/price")
@operator_staff_only
def set_price(product_id: UUID, white_label_id: UUID | None = None) -> Response:
    shelf = _shelf(white_label_id)
    form = PriceForm(currency=shelf.currency)
    if not form.validate_on_submit():
        return _show(shelf, product_id, price=form)
    try:
        _set(shelf, product_id, form.new_price("wholesale"))
    except (catalogue.TooLate, catalogue.ChargedAlready) as refused:
        form.valid_from.errors = [refused.text]
        return _show(shelf, product_id, price=form)
    begins = day(form.new_price("wholesale").valid_from, shelf.tenant)
    flash(f"The wholesale price is set from {begins}. No money moved.", "ok")
    return redirect(shelf.at(f"/{product_id}"), 303)


@bp.post("/prices/<uuid:product_id>/price/withdrawal")
@bp.post("/white-labels/<uuid:white_label_id>/prices/<uuid:product_id>/price/withdrawal")
@operator_staff_only
def withdraw(product_id: UUID, white_label_id: UUID | None = None) -> Response:
    """Take back a wholesale price whose day has not come; where it is too late, the product's page says so."""
    shelf, form = _shelf(white_label_id), WithdrawalForm()
    if not form.validate_on_submit() or form.valid_from.data is None:
        raise BadInput
    try:
        _withdraw(shelf, product_id, form.valid_from.data)
        flash("The wholesale price is withdrawn. No money moved.", "ok")
    except (catalogue.NothingToWithdraw, catalogue.TooLate, catalogue.ChargedAlready) as refused:
        flash(price_pages.still_there(refused, day(form.valid_from.data, shelf.tenant)), "note")
    return redirect(shelf.at(f"/{product_id}"), 303)


@bp.get("/prices/<uuid:product_id>/proposal")
@operator_staff_only
def review_proposal(product_id: UUID) -> Response:
    """What another proposed retail price would do, before anything is saved."""
    shelf = _shelf(None)
    form = ProposalForm(request.args, currency=shelf.currency, prefix="proposed", meta={"csrf": False})
    if not form.validate():
        return _show(shelf, product_id, proposed=form)
    found, action = price_pages.review_of_proposal(shelf, product_id, form), shelf.at(f"/{product_id}/proposal")
    return page("operator/price-review.html", found=found, shelf=shelf, fields=form.fields, action=action)


@bp.post("/prices/<uuid:product_id>/proposal")
@operator_staff_only
def propose(product_id: UUID) -> Response:
    shelf = _shelf(None)
    form = ProposalForm(currency=shelf.currency, prefix="proposed")
    if not form.validate_on_submit():
        return _show(shelf, product_id, proposed=form)
    flows.propose_retail(product_id, form.price.minor, form.setup.minor, currency=shelf.currency, by=actor())
    flash("The proposed retail price is changed. Nobody's present price is, and no money moved.", "ok")
    return redirect(shelf.at(f"/{product_id}"), 303)


@bp.post("/prices/<uuid:product_id>/currencies")
@operator_staff_only
def add_currency(product_id: UUID) -> Response:
    """Price a listed product in the currency of the address, after a review of its margin."""
    shelf = _shelf(None)
    with reading(shelf.tenant.id) as db:
        product = catalogue_pages.product_or_404(db, product_id)
    form = price_pages.opening_form(shelf, product)
    if not form.validate_on_submit():
        return _unpriced(shelf, product_id, form)
    own, review = shelf.at(f"/{product_id}"), price_pages.review_of_opening(shelf, product, form)
    if review is not None:
        return _review_of_new(shelf, review, form, shelf.at(f"/{product_id}/currencies"), back=own)
    with transaction() as db:
        product = catalogue_pages.product_or_404(db, product_id)
        catalogue.add_currency(db, product, price_pages.opening_of(form), by=actor())
    flash(f"{product.name} has a price in {shelf.currency}. No money moved.", "ok")
    return redirect(own, 303)


@bp.post("/white-labels/<uuid:white_label_id>/prices/<uuid:product_id>/inclusions")
@operator_staff_only
def include(product_id: UUID, white_label_id: UUID) -> Response:
    shelf = shelf_or_404(white_label_id)
    offered = price_pages.product_page(shelf, product_id).services
    form = InclusionForm(services=offered, prefix="held")
    if not form.validate_on_submit():
        return _show(shelf, product_id, held=form)
    with transaction(shelf.tenant.id) as db:
        plan = catalogue_pages.product_or_404(db, product_id)
        service = catalogue_pages.product_or_404(db, UUID(form.service.data))
        if not isinstance(plan, Plan) or not isinstance(service, Service):
            raise NotFound
        begins = catalogue.include(db, plan, service, form.quantity.data or 0, by=actor())
    since = price_pages.held_since(begins, shelf.tenant)
    flash(f"What the plan holds is changed {since}. No money moved.", "ok")
    return redirect(f"{shelf.base}/{product_id}", 303)


@bp.post("/prices/<uuid:product_id>/offers")
@operator_staff_only
def offer(product_id: UUID) -> Response:
    """Give a listed product to a white label of the currency, where it follows the list."""
    shelf = _shelf(None)
    form = OfferForm(white_labels=price_pages.product_page(shelf, product_id).offers, prefix="offer")
    if not form.validate_on_submit():
        return _show(shelf, product_id, offer=form)
    try:
        flows.offer(product_id, UUID(form.white_label.data), form.tax.ppm, by=actor())
    except flows.CodeTaken as refused:
        form.white_label.errors = [refused.text]
        return _show(shelf, product_id, offer=form)
    flash("The white label has it, and follows the list.", "ok")
    return redirect(shelf.at(f"/{product_id}"), 303)


def _shelf(white_label_id: UUID | None) -> Shelf:
    """In the currency that the address names, the operator's own without one."""
    return shelf_or_404(white_label_id, request.args.get("currency", ""))


def _set(shelf: Shelf, product_id: UUID, new: catalogue.NewPrice) -> None:
    if shelf.is_default:
        flows.set_default_price(product_id, new, by=actor())
        return
    with transaction(shelf.tenant.id) as db:
        catalogue.set_price(db, catalogue_pages.product_or_404(db, product_id), new, by=actor())


def _review_of_new(
    shelf: Shelf, review: price_pages.NewReview, form: OpeningForm, action: str, *, back: str
) -> Response:
    """The margin of what would be added, before anything is saved."""
    return page("operator/product-review.html", found=review, shelf=shelf, form=form, action=action, back=back)


def _withdraw(shelf: Shelf, product_id: UUID, on: date) -> None:
    if shelf.is_default:
        flows.withdraw_default_price(product_id, on, currency=shelf.currency, by=actor())
        return
    with transaction(shelf.tenant.id) as db:
        product = catalogue_pages.product_or_404(db, product_id)
        catalogue.withdraw_price(db, product, "wholesale", on, by=actor())


def _index(shelf: Shelf, **came_back: PortalForm) -> Response:
    held_by, tax = price_pages.holders_of(shelf), {"tax": proposed_tax(shelf.tenant)}
    with reading(shelf.tenant.id) as db:
        found = catalogue_pages.lines(db, held_by, shelf.currency)
        unpriced = catalogue_pages.unpriced(db, shelf.currency)
    forms = {
        "service": ServiceForm(None, currency=shelf.tenant.currency, prefix="service", data=tax),
        "plan": PlanForm(None, currency=shelf.tenant.currency, prefix="plan", data=tax),
        "currency": CurrencyForm(None, meta={"csrf": False}),
        **came_back,
    }
    tabs = price_pages.currency_tabs(shelf)
    return page(
        "operator/prices.html",
        found=found,
        unpriced=unpriced,
        tabs=tabs,
        shelf=shelf,
        forms=forms,
        form=_wrong(came_back),
    )


def _show(shelf: Shelf, product_id: UUID, **came_back: PortalForm) -> Response:
    try:
        found = price_pages.product_page(shelf, product_id)
    except catalogue_pages.NotPriced:
        return _unpriced(shelf, product_id)
    forms = {
        "price": PriceForm(None, currency=shelf.currency, data=found.about.typed["wholesale"]),
        "proposed": ProposalForm(None, currency=shelf.currency, prefix="proposed", data=found.about.typed["retail"]),
        "held": InclusionForm(None, services=found.services, prefix="held"),
        "offer": OfferForm(None, white_labels=found.offers, prefix="offer", data={"tax": found.tax}),
        **came_back,
    }
    tabs = price_pages.currency_tabs(shelf, f"/{product_id}")
    return page("operator/product.html", found=found, shelf=shelf, tabs=tabs, forms=forms, form=_wrong(came_back))


def _unpriced(shelf: Shelf, product_id: UUID, came_back: OpeningForm | None = None) -> Response:
    """A product without a price in the currency, and the form that gives it one."""
    with reading(shelf.tenant.id) as db:
        product = catalogue_pages.product_or_404(db, product_id)
    found, tabs = price_pages.unpriced_page(shelf, product), price_pages.currency_tabs(shelf, f"/{product_id}")
    form = came_back or price_pages.opening_form(shelf, product, None)
    return page("operator/unpriced.html", found=found, shelf=shelf, tabs=tabs, opening=form, form=came_back)


def _wrong(came_back: dict[str, PortalForm]) -> PortalForm | None:
    return next(iter(came_back.values()), None)
