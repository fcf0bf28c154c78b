"""One number of the operator's stock: looked at, put right, retired and put back."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, g, redirect
from werkzeug.wrappers import Response

from portal.audit.commands import Actor
from portal.identity.guards import actor, operator_staff_only
from portal.kit.db import PLATFORM, TenantSession, reading, shared_transaction
from portal.kit.web import page
from portal.numbers import correcting
from portal.numbers.e164 import international
from portal.numbers.models import StockNumber
from portal.numbers.stock import BlockOnItsWay, price_classes
from portal.operator import stock_pages
from portal.operator.number_forms import FactsForm
from portal.operator.number_pages import BASE
from portal.operator.number_queries import state_of

bp = Blueprint("operator_stock", __name__, url_prefix=BASE)
Act = Callable[[TenantSession, TenantSession, StockNumber, Actor], None]


@bp.get("/<uuid:stock_id>")
@operator_staff_only
def show(stock_id: UUID) -> Response:
    found = stock_pages.stock_page(g.white_label, stock_id)
    return _show(found, FactsForm(None, classes=_classes(), data=found.facts))


@bp.post("/<uuid:stock_id>/correction")
@operator_staff_only
def correct(stock_id: UUID) -> Response:
    form = FactsForm(classes=_classes())
    if not form.validate_on_submit():
        return _show(stock_pages.stock_page(g.white_label, stock_id), form)
    row = _done(stock_id, lambda both, db, row, by: correcting.correct(both, db, row, form.facts, by=by))
    flash(f"{international(row.e164)} is kept as it stands there now. No money moved.", "ok")
    return redirect(f"{BASE}/{stock_id}", 303)


@bp.get("/<uuid:stock_id>/retirement")
@operator_staff_only
def review_retirement(stock_id: UUID) -> Response:
    """What retiring a number does, before it is done."""
    return page("operator/number-retire.html", found=stock_pages.stock_page(g.white_label, stock_id))


@bp.post("/<uuid:stock_id>/retirement")
@operator_staff_only
def retire(stock_id: UUID) -> Response:
    row = _done(stock_id, lambda both, db, row, by: correcting.retire(both, db, row, by=by))
    flash(f"{international(row.e164)} is retired: it is offered to nobody. No money moved.", "ok")
    return redirect(f"{BASE}/{stock_id}", 303)


@bp.post("/<uuid:stock_id>/restoration")
@operator_staff_only
def put_back(stock_id: UUID) -> Response:
    row = _done(stock_id, lambda both, db, row, by: correcting.put_back(both, db, row, by=by))
    with reading(PLATFORM) as everything:
        now_it = "rests again, as before" if state_of(everything, row) == "quarantined" else "is free again"
    flash(f"{international(row.e164)} {now_it}. No money moved.", "ok")
    return redirect(f"{BASE}/{stock_id}", 303)


def _done(stock_id: UUID, act: Act) -> StockNumber:
    """Do something with a number in the operator's tenant and in that of whoever has it. Raises what the act raises."""
    owner = g.white_label.id
    with reading(PLATFORM) as everything:
        holder = correcting.stock_number(everything, owner, stock_id).holder_id
    with shared_transaction(holder or owner) as (everything, db):
        row = correcting.held_number(everything, owner, stock_id)
        if row.holder_id != holder:
            raise BlockOnItsWay
        act(everything, db, row, actor())
    return row


def _show(found: stock_pages.StockPage, form: FactsForm) -> Response:
    return page("operator/number.html", found=found, form=form)


def _classes() -> dict[str, str]:
    with reading() as db:
        return price_classes(db)
