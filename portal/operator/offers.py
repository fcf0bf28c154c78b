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
    """For each white label its name and the per cent that most of its products have, else that of its country, else
    that of its wholesale; empty where none is known."""
    own = _own_taxes()
    return [(tenant.name, _proposed(tenant, own.get(tenant.id))) for tenant in tenants]


def proposed_tax(tenant: WhiteLabel) -> str:
    """The same for the next product of one tenant, whose may be the default list, too."""
    return _proposed(tenant, _own_taxes().get(tenant.id))


def _proposed(tenant: WhiteLabel, own: Counter[int] | None) -> str:
    ppm = own.most_common(1)[0][0] if own else _at_home_ppm(tenant)
    return "" if ppm is None else percent(ppm).removesuffix("%")


def _own_taxes() -> dict[UUID, Counter[int]]:
    """How many products of each white label have each rate, in parts per million."""
    found: dict[UUID, Counter[int]] = defaultdict(Counter)
    with reading(PLATFORM) as db:
        for model in (Plan, Service):
            wanted = select(model.white_label_id, model.tax_ppm, func.count()).where(model.retired_at.is_(None))
            for white_label_id, ppm, count in db.execute(wanted.group_by(model.white_label_id, model.tax_ppm)):
                found[white_label_id][ppm] += count
    return found


def _at_home_ppm(tenant: WhiteLabel) -> int | None:
    """What customers of its own country pay, else the tax on its wholesale: None for 0 of that, which is also what
    stands where nobody said anything."""
    day, none = today(tenant.time_zone), -1
    with reading(tenant.id) as db:
        rates = tax_rates(db)
    found = rates.retail_ppm(tenant.country, "", day, otherwise_ppm=none)
    return found if found != none else rates.wholesale_ppm(day, opening_ppm=tenant.opening_wholesale_tax_ppm) or None
