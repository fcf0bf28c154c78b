"""To whom a product of the default list can be offered, and the tax on retail that is proposed with it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from portal.catalogue.models import Plan, Service
from portal.catalogue.queries import tax_rates
from portal.kit.clock import today
from portal.kit.db import PLATFORM, reading
from portal.kit.money import percent
from portal.whitelabels.models import WhiteLabel


def proposed_taxes(tenants: Sequence[WhiteLabel]) -> list[tuple[str, str]]:
    """For each white label its name and the per cent that most of its products have, else that of its wholesale; empty
    where neither is known."""
    own = _own_taxes()
    found = []
    for tenant in tenants:
        ppm = own[tenant.id].most_common(1)[0][0] if tenant.id in own else _wholesale_ppm(tenant)
        found.append((tenant.name, "" if ppm is None else percent(ppm).removesuffix("%")))
    return found


def _own_taxes() -> dict[UUID, Counter[int]]:
    """How many products of each white label have each rate, in parts per million."""
    found: dict[UUID, Counter[int]] = defaultdict(Counter)
    with reading(PLATFORM) as db:
        for model in (Plan, Service):
            wanted = select(model.white_label_id, model.tax_ppm, func.count()).where(model.retired_at.is_(None))
            for white_label_id, ppm, count in db.execute(wanted.group_by(model.white_label_id, model.tax_ppm)):
                found[white_label_id][ppm] += count
    return found


def _wholesale_ppm(tenant: WhiteLabel) -> int | None:
    """None for 0, which is also what stands where nobody said anything."""
    with reading(tenant.id) as db:
        opening = tenant.opening_wholesale_tax_ppm
        return tax_rates(db).wholesale_ppm(today(tenant.time_zone), opening_ppm=opening) or None
