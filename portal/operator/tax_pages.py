"""What the operator's page about the tax on a white label's wholesale shows."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from portal.catalogue.tax_pages import RateLine, wholesale_lines
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.operator.pages import white_label_or_404
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day


@dataclass(frozen=True)
class TaxDesk:
    """Whose tax a page is about; `base` is its address."""

    tenant: WhiteLabel
    base: str
    crumbs: list[tuple[str, str]]


@dataclass(frozen=True)
class TaxPage:
    rates: list[RateLine]
    tomorrow: str


def desk_or_404(white_label_id: UUID) -> TaxDesk:
    tenant = white_label_or_404(white_label_id)
    own = f"/operator/white-labels/{tenant.id}"
    return TaxDesk(tenant, f"{own}/tax", [("White labels", "/operator/white-labels"), (tenant.name, own)])


def tax_page(db: TenantSession) -> TaxPage:
    tenant = white_label(db)
    return TaxPage(wholesale_lines(db), day(today(tenant.time_zone) + timedelta(days=1), tenant))
