"""What the operator's price pages show, and how their forms become commands' values."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import select

from portal.accounts.queries import holders
from portal.catalogue import pages as catalogue, words
from portal.catalogue.commands import NewOpening, NewPrice, first_held
from portal.catalogue.margins import margin_of, setup_margin_of
from portal.catalogue.models import Plan, Service
from portal.catalogue.prices import Amounts
from portal.catalogue.queries import opening_currencies, products, services
from portal.catalogue.words import kind_of
from portal.kit.clock import EVER, today
from portal.kit.db import PLATFORM, TenantSession, reading
from portal.kit.money import percent
from portal.kit.refusals import NotFound, Refusal
from portal.kit.world import read_currency
from portal.operator.commands import NewPlan, NewService
from portal.operator.flows import (
    BegunElsewhere,
    ChargedElsewhere,
    Listed,
    first_day,
    followers,
    following_by,
    held_by_followers,
    listed_or_404,
)
from portal.operator.forms import OpeningForm, PlanForm, PlanOpeningForm, ProductForm, ProposalForm, ServiceForm
from portal.operator.offers import proposed_taxes
from portal.operator.pages import white_label_or_404
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_labels
from portal.whitelabels.words import day, money


@dataclass(frozen=True)
class Shelf:
    """Whose prices a page is about: a white label's, or the operator's default list in one currency. `base` is its
    address, without the currency."""

    tenant: WhiteLabel
    base: str
    crumbs: list[tuple[str, str]]
    currency: str

    @property
    def is_default(self) -> bool:
        return self.tenant.is_operator

    @property
    def is_own_currency(self) -> bool:
        return self.currency == self.tenant.currency

    def at(self, path: object = "") -> str:
        """An address under it, in the same currency."""
        return f"{self.base}{path}" + ("" if self.is_own_currency else f"?currency={self.currency}")


@dataclass(frozen=True)
class ProductPage:
    shelf: Shelf
    about: catalogue.ProductPage
    services: list[tuple[str, str]]
    """What the plan may hold: ids, and names with the day from which a change counts."""
    followers: list[str]
    offers: list[tuple[str, str]]
    """White labels to which a listed product can be offered: ids and names."""
    earliest: str = ""
    """The first day of a new price and why, where that is not tomorrow."""
    tax: str = ""
    """The per cent that is proposed for all of `offers`; empty where they differ, and `taxes` says it of each."""
    taxes: str = ""


@dataclass(frozen=True)
class UnpricedPage:
    """A product of the default list that has no price in the list's currency yet; `waiting` are the white labels that
    work in it."""

    shelf: Shelf
    product: Plan | Service
    kind: str
    own: list[tuple[str, str]]
    waiting: list[str]


def shelf_or_404(white_label_id: UUID | None, currency: str = "") -> Shelf:
    """A white label has one currency, whatever is asked for. Raises NotFound for a currency that there is not."""
    if white_label_id is None:
        return _default_shelf(g.white_label, currency)
    tenant = white_label_or_404(white_label_id)
    base = f"/operator/white-labels/{tenant.id}"
    crumbs = [("White labels", "/operator/white-labels"), (tenant.name, base), ("Prices", f"{base}/prices")]
    return Shelf(tenant, f"{base}/prices", crumbs, tenant.currency)


def _default_shelf(host: WhiteLabel, currency: str) -> Shelf:
    try:
        wanted = read_currency(currency) if currency else host.currency
    except ValueError as unknown:
        raise NotFound from unknown
    base, crumbs = "/operator/prices", [("Default prices", "/operator/prices")]
    if wanted != host.currency:
        crumbs.append((wanted, f"{base}?currency={wanted}"))
    return Shelf(host, base, crumbs, wanted)


def currency_tabs(shelf: Shelf, path: object = "") -> list[tuple[str, str, bool]]:
    """The currencies of the default list, the operator's own first: those of white labels and those with prices. Each
    with its address and whether it is the present one."""
    if not shelf.is_default:
        return []
    with reading(PLATFORM) as db:
        theirs = {each.currency for each in white_labels(db)}
    with reading(shelf.tenant.id) as db:
        theirs |= {*opening_currencies(db), shelf.currency}
    codes = [shelf.tenant.currency, *sorted(theirs - {shelf.tenant.currency})]
    return [(code, replace(shelf, currency=code).at(path), code == shelf.currency) for code in codes]


def product_page(shelf: Shelf, product_id: UUID) -> ProductPage:
    """Raises NotPriced where a product of the default list has no price in the currency."""
    held_by = holders_of(shelf)
    with reading(shelf.tenant.id) as db:
        product = catalogue.product_or_404(db, product_id)
        about = catalogue.product_page(db, product, held_by, shelf.currency)
        there = _may_hold(db, shelf, product) if isinstance(product, Plan) and not shelf.is_default else []
    listed = listed_or_404(product_id, shelf.currency) if shelf.is_default else None
    following = followers(listed) if listed else []
    offers = _may_get_it(shelf.currency, {tenant.id for tenant in following}) if listed else []
    proposed = proposed_taxes(offers)
    differ = len({tax for _, tax in proposed}) > 1
    return ProductPage(
        shelf=shelf,
        about=about,
        services=there,
        followers=[tenant.name for tenant in following],
        offers=[(str(tenant.id), tenant.name) for tenant in offers],
        tax=proposed[0][1] if proposed and not differ else "",
        taxes=", ".join(f"{name} {tax}%" for name, tax in proposed if tax) if differ else "",
        earliest=_earliest(listed, following) if listed else "",
    )


def _may_hold(db: TenantSession, shelf: Shelf, plan: Plan) -> list[tuple[str, str]]:
    """Each service that the plan may hold, with the periods in which a change of today counts."""
    found = []
    for each in services(db):
        if each.is_by_period:
            begins = first_held(db, plan, each)
            found.append((str(each.id), f"{each.name}, {held_since(begins, shelf.tenant)}"))
    return found


def held_since(begins: date, tenant: WhiteLabel) -> str:
    """In which periods a change of what a plan holds counts."""
    return "in every period" if begins == EVER else f"from {day(begins, tenant)} on"


def _earliest(listed: Listed, following: list[WhiteLabel]) -> str:
    first, why = first_day(listed, following)
    return f"{day(first, listed.host)} at the earliest: {why}." if why else ""


def holders_of(shelf: Shelf) -> catalogue.Holders:
    """How many accounts have each product, by its id; of a product of the default list, those of all followers."""
    if not shelf.is_default:
        with reading(shelf.tenant.id) as db:
            return holders(db)
    held = held_by_followers(shelf.currency)
    with reading(shelf.tenant.id) as db:
        return {each.id: held.get((type(each), each.code), 0) for each in products(db)}


@dataclass(frozen=True)
class NewReview:
    """What a new plan or service would sell for, before it is saved."""

    title: str
    rows: list[tuple[str, str]]
    is_loss: bool


def review_of_new(tenant: WhiteLabel, form: ProductForm) -> NewReview | None:
    """The margin that a form found valid would make; None when it was reviewed, or its code is taken, which it says."""
    with reading(tenant.id) as db:
        if is_code_taken(db, form):
            form.code.errors = [f"Another {'plan' if isinstance(form, PlanForm) else 'service'} has this code."]
    if form.errors or form.reviewed.data:
        return None
    rows, is_loss = _opening_rows(tenant, form, form.tax.ppm)
    rows.append((f"{tenant.tax_name} on retail", percent(form.tax.ppm)))
    return NewReview(f"Add {form.name.data} to {tenant.name}?", rows, is_loss)


def review_of_opening(shelf: Shelf, product: Plan | Service, form: OpeningForm) -> NewReview | None:
    """The same for a price in a further currency; None when it was reviewed."""
    if form.reviewed.data:
        return None
    rows, is_loss = _opening_rows(shelf.tenant, form, product.tax_ppm)
    if isinstance(form, PlanOpeningForm):
        rows.append(("Least first payment", money(form.minimum_funding.minor, shelf.tenant, form.currency)))
    return NewReview(f"Price {product.name} in {shelf.currency}?", rows, is_loss)


def _opening_rows(tenant: WhiteLabel, form: OpeningForm, tax_ppm: int) -> tuple[list[tuple[str, str]], bool]:
    """Both sides and the margin; and whether one of the two is a loss."""
    retail, wholesale = (
        Amounts(form.retail.minor, form.retail_setup.minor),
        Amounts(form.wholesale.minor, form.wholesale_setup.minor),
    )
    includes = tenant.retail_tax_mode == "inclusive"
    margin = margin_of(retail, wholesale, tax_ppm, includes_tax=includes)
    setup = setup_margin_of(retail, wholesale, tax_ppm, includes_tax=includes)
    said = catalogue.margin_words(margin, tenant, form.currency)
    setups = [money(side.setup_minor, tenant, form.currency) for side in (retail, wholesale)]
    rows = [
        ("Retail", money(retail.minor, tenant, form.currency)),
        ("Wholesale", money(wholesale.minor, tenant, form.currency)),
        ("Margin before tax", said.margin),
        ("Margin, share of retail", said.share or "None"),
        ("Set-up, retail and wholesale", ", ".join(setups)),
        ("Margin on set-up", money(setup.minor, tenant, form.currency)),
    ]
    return rows, margin.is_loss or setup.is_loss


def unpriced_page(shelf: Shelf, product: Plan | Service) -> UnpricedPage:
    with reading(shelf.tenant.id) as db:
        own = catalogue.product_page(db, product, {})
    with reading(PLATFORM) as db:
        waiting = [each.name for each in white_labels(db) if each.currency == shelf.currency]
    known = [("Wholesale", own.wholesale), ("Retail", own.retail)]
    return UnpricedPage(shelf, product, kind_of(product), known, waiting)


def opening_form(shelf: Shelf, product: Plan | Service, *args: Any) -> OpeningForm:
    kind = PlanOpeningForm if isinstance(product, Plan) else OpeningForm
    form = kind(*args, currency=shelf.currency, prefix="opening")
    if isinstance(form, PlanOpeningForm):
        form.tax_ppm = product.tax_ppm
    return form


def opening_of(form: OpeningForm) -> NewOpening:
    """Only of a form that was found valid."""
    return NewOpening(
        currency=form.currency,
        retail_minor=form.retail.minor,
        wholesale_minor=form.wholesale.minor,
        retail_setup_minor=form.retail_setup.minor,
        wholesale_setup_minor=form.wholesale_setup.minor,
        minimum_funding_minor=form.minimum_funding.minor if isinstance(form, PlanOpeningForm) else 0,
    )


def review(shelf: Shelf, product_id: UUID, new: NewPrice) -> catalogue.Review:
    """Raises NotPriced, TooLate and ChargedAlready."""
    following = following_by(listed_or_404(product_id, shelf.currency), new) if shelf.is_default else []
    held_by = holders_of(shelf)
    with reading(shelf.tenant.id) as db:
        found = catalogue.review(db, catalogue.product_or_404(db, product_id), new, held_by)
    if not shelf.is_default:
        return found
    if not following:
        return replace(found, effects=["No white label follows it yet.", *found.effects[1:]])
    names = ", ".join(tenant.name for tenant in following)
    goes = f"It goes to {names}, but where a price of their own goes before it."
    return replace(found, effects=[goes, *found.effects])


def review_of_proposal(shelf: Shelf, product_id: UUID, form: ProposalForm) -> catalogue.Review:
    """What proposing another retail price does: nobody's present price changes. Raises NotPriced."""
    listed = listed_or_404(product_id, shelf.currency)
    has_it = ", ".join(tenant.name for tenant in followers(listed))
    new = NewPrice("retail", today(shelf.tenant.time_zone), form.price.minor, form.setup.minor, currency=shelf.currency)
    with reading(shelf.tenant.id) as db:
        found = catalogue.review(db, catalogue.product_or_404(db, product_id), new, {})
    effects = [
        "A white label to which it is offered from now on begins with it, and can set another.",
        f"Nobody's present price changes.{f' Already there, at prices of their own: {has_it}.' if has_it else ''}",
    ]
    title = f"Propose {money(new.minor, shelf.tenant, shelf.currency)} for {listed.product.name}?"
    return replace(found, title=title, effects=effects)


def still_there(refused: Refusal, on: str) -> str:
    """Why a price was not withdrawn, and what can be done."""
    if isinstance(refused, BegunElsewhere):
        why = "its day has begun for a white label that follows already"
    elif isinstance(refused, ChargedElsewhere):
        why = f"something was charged at it at {refused.at} already"
    else:
        return words.still_there(refused, on)
    return f"The price from {on} stays: {why}. A new price from a later day puts it right."


def _may_get_it(currency: str, has_it: set[UUID]) -> list[WhiteLabel]:
    with reading(PLATFORM) as db:
        return [w for w in white_labels(db) if w.currency == currency and w.id not in has_it]


def is_code_taken(db: TenantSession, form: ProductForm) -> bool:
    model = Plan if isinstance(form, PlanForm) else Service
    return db.scalar(select(model.id).where(model.code == form.code.data)) is not None


def plan_of(form: PlanForm) -> NewPlan:
    return NewPlan(
        **_common(form),
        minimum_funding_minor=form.minimum_funding.minor,
        months=int(form.months.data or 1),
        trial_days=form.trial_days.data or 0,
    )


def service_of(form: ServiceForm) -> NewService:
    return NewService(
        **_common(form),
        kind=form.kind.data or "",
        unit=form.unit.data or "",
        per_units=form.per_units.data or 1,
        minimum_units=form.minimum_units.data or 0,
        counts=form.counts.data or "",
    )


def _common(form: ProductForm) -> dict[str, Any]:
    return {
        "code": form.code.data or "",
        "name": form.name.data or "",
        "description": form.description.data or "",
        "retail_minor": form.retail.minor,
        "wholesale_minor": form.wholesale.minor,
        "tax_ppm": form.tax.ppm,
        "retail_setup_minor": form.retail_setup.minor,
        "wholesale_setup_minor": form.wholesale_setup.minor,
    }
