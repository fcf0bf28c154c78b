"""What the operator's price pages show, and how their forms become commands' values."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import select

from portal.accounts.queries import holders
from portal.catalogue import pages as catalogue
from portal.catalogue.commands import NewPrice
from portal.catalogue.margins import margin_of, setup_margin_of
from portal.catalogue.models import Plan, Service
from portal.catalogue.prices import Amounts
from portal.catalogue.queries import included, services
from portal.kit.db import PLATFORM, TenantSession, reading
from portal.kit.money import percent
from portal.operator.commands import NewPlan, NewService
from portal.operator.flows import followers, following_by, listed_or_404
from portal.operator.forms import PlanForm, ProductForm, ServiceForm
from portal.operator.pages import white_label_or_404
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_labels
from portal.whitelabels.words import money


@dataclass(frozen=True)
class Shelf:
    """Whose prices a page is about: a white label's, or the operator's default list. `base` is its address."""

    tenant: WhiteLabel
    base: str
    crumbs: list[tuple[str, str]]

    @property
    def is_default(self) -> bool:
        return self.tenant.is_operator


@dataclass(frozen=True)
class ProductPage:
    shelf: Shelf
    about: catalogue.ProductPage
    included: list[tuple[str, int]]
    services: list[tuple[str, str]]
    """What the plan may hold: ids and names."""
    followers: list[str]
    offers: list[tuple[str, str]]
    """White labels to which a listed product can be offered: ids and names."""


def shelf_or_404(white_label_id: UUID | None) -> Shelf:
    if white_label_id is None:
        return Shelf(g.white_label, "/operator/prices", [("Default prices", "/operator/prices")])
    tenant = white_label_or_404(white_label_id)
    base = f"/operator/white-labels/{tenant.id}"
    crumbs = [("White labels", "/operator/white-labels"), (tenant.name, base), ("Prices", f"{base}/prices")]
    return Shelf(tenant, f"{base}/prices", crumbs)


def product_page(shelf: Shelf, product_id: UUID) -> ProductPage:
    with reading(shelf.tenant.id) as db:
        product = catalogue.product_or_404(db, product_id)
        about = catalogue.product_page(db, product, holders(db))
        there = services(db) if isinstance(product, Plan) and not shelf.is_default else []
        held = included(db, product.id)
    listed = listed_or_404(product_id) if shelf.is_default else None
    following = followers(listed) if listed else []
    return ProductPage(
        shelf=shelf,
        about=about,
        included=[(each.name, held[each.id]) for each in there if each.id in held],
        services=[(str(each.id), each.name) for each in there],
        followers=[tenant.name for tenant in following],
        offers=_may_get_it(shelf.tenant, {tenant.id for tenant in following}) if listed else [],
    )


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
    retail, wholesale = (
        Amounts(form.retail.minor, form.retail_setup.minor),
        Amounts(form.wholesale.minor, form.wholesale_setup.minor),
    )
    includes = tenant.retail_tax_mode == "inclusive"
    margin = margin_of(retail, wholesale, form.tax.ppm, includes_tax=includes)
    setup = setup_margin_of(retail, wholesale, form.tax.ppm, includes_tax=includes)
    said = catalogue.margin_words(margin, tenant)
    rows = [
        ("Retail", money(retail.minor, tenant)),
        ("Wholesale", money(wholesale.minor, tenant)),
        ("Margin before tax", said.margin),
        ("Margin, share of retail", said.share or "None"),
        (
            "Set-up, retail and wholesale",
            f"{money(retail.setup_minor, tenant)}, {money(wholesale.setup_minor, tenant)}",
        ),
        ("Margin on set-up", money(setup.minor, tenant)),
        (f"{tenant.tax_name} on retail", percent(form.tax.ppm)),
    ]
    return NewReview(f"Add {form.name.data} to {tenant.name}?", rows, margin.is_loss or setup.is_loss)


def review(shelf: Shelf, product_id: UUID, new: NewPrice) -> catalogue.Review:
    """Raises TooLate and ChargedAlready."""
    with reading(shelf.tenant.id) as db:
        found = catalogue.review(db, catalogue.product_or_404(db, product_id), new, holders(db))
    if not shelf.is_default:
        return found
    names = [tenant.name for tenant in following_by(listed_or_404(product_id), new)]
    who = f"It goes to {', '.join(names)}, but where a price of their own goes before it." if names else ""
    return replace(found, effects=[who or "No white label follows it yet.", *found.effects[1:]])


def _may_get_it(host: WhiteLabel, has_it: set[UUID]) -> list[tuple[str, str]]:
    with reading(PLATFORM) as db:
        found = [w for w in white_labels(db) if w.currency == host.currency and w.id not in has_it]
    return [(str(w.id), w.name) for w in found]


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
