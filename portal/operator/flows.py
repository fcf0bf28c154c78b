"""The default wholesale list: a price set there reaches every white label whose product follows it.

It is one list for each currency: a product reaches the white labels of a currency in which it has a price. The list is
rows of the operator's own tenant, and each white label's are its own: two transactions at least. So the operator's row
is written with a job, and the job brings every follower of its currency up to date, each in its own scope, as often as
it is run.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from portal.accounts.models import Subscription
from portal.audit.commands import Actor
from portal.catalogue.commands import (
    ChargedAlready,
    NewPrice,
    TooLate,
    add_product,
    check_price,
    set_price,
    withdraw_price,
)
from portal.catalogue.models import Plan, Service
from portal.catalogue.pages import NotPriced, product_or_404
from portal.catalogue.prices import DatedPrice, Opening, PriceList
from portal.catalogue.queries import openings, price_rows
from portal.kit import jobs
from portal.kit.clock import today
from portal.kit.db import PLATFORM, TenantSession, reading, transaction
from portal.kit.refusals import Refusal
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import operator, white_label
from portal.whitelabels.words import day, local_day

DAY = timedelta(days=1)
FOLLOW = "operator.follow-default-list"


class BegunElsewhere(TooLate):
    """Tomorrow here is today already where a follower is."""


class ChargedElsewhere(ChargedAlready):
    """`at` names the followers that charged something at the price that is to be replaced or withdrawn."""

    def __init__(self, at: str) -> None:
        self.at = at
        super().__init__(f"Something was charged at the price of this day at {at} already. {ChargedAlready.text}")


class CodeTaken(Refusal):
    heading = "It has this code already"

    def __init__(self, code: str) -> None:
        super().__init__(f"This white label has a product with the code {code}.", field="white_label")


@dataclass(frozen=True)
class Listed:
    """A product of the default list in one currency, as it stood at one moment. `host` is the operator."""

    host: WhiteLabel
    product: Plan | Service
    opening: Opening
    rows: list[DatedPrice]
    currency: str

    @property
    def prices(self) -> PriceList:
        return PriceList(self.rows, self.currency)


def set_default_price(product_id: UUID, new: NewPrice, *, by: Actor) -> None:
    """Set it in the operator's list of its currency; the followers get theirs in a moment.

    Raises NotPriced, TooLate and ChargedAlready.
    """
    listed = listed_or_404(product_id, new.currency)
    following_by(listed, new)
    with transaction(listed.product.white_label_id) as db:
        product = product_or_404(db, product_id)
        set_price(db, product, new, by=by)
        jobs.enqueue(db, FOLLOW, _told(listed, new.valid_from.isoformat()))


def propose_retail(product_id: UUID, minor: int, setup_minor: int, *, currency: str, by: Actor) -> None:
    """What a listed product is offered at from now on, at retail; nobody's present price changes. Raises NotPriced."""
    listed = listed_or_404(product_id, currency)
    with transaction(listed.product.white_label_id) as db:
        new = NewPrice("retail", today(listed.host.time_zone), minor, setup_minor, currency=listed.currency)
        set_price(db, product_or_404(db, product_id), new, by=by)


def withdraw_default_price(product_id: UUID, on: date, *, currency: str = "", by: Actor) -> None:
    """As above, for a price of the list that is to come. Raises NothingToWithdraw, TooLate and ChargedAlready."""
    listed = listed_or_404(product_id, currency)
    following_by(listed, NewPrice("wholesale", on, 0))
    with transaction(listed.product.white_label_id) as db:
        withdraw_price(db, product_or_404(db, product_id), "wholesale", on, currency=listed.currency, by=by)
        jobs.enqueue(db, FOLLOW, _told(listed, on.isoformat()))


def offer(product_id: UUID, to: UUID, tax_ppm: int, *, by: Actor) -> None:
    """Copy a listed product to a white label, where it follows the list of its currency.

    Raises CodeTaken, and NotPriced where the product has no price in that currency.
    """
    with reading(to) as db:
        currency = white_label(db).currency
    listed = listed_or_404(product_id, currency)
    with transaction(to) as db:
        if product_like(db, listed.product) is not None:
            raise CodeTaken(listed.product.code)
        add_product(db, _copy(db, listed, tax_ppm), by=by)
        jobs.enqueue(db, FOLLOW, _told(listed, ""))


def listed_or_404(product_id: UUID, currency: str = "") -> Listed:
    """In the operator's own currency unless another is said. Raises NotFound and NotPriced."""
    with reading(PLATFORM) as db:
        host = operator(db)
    assert host is not None
    with reading(host.id) as db:
        product, currency = product_or_404(db, product_id), currency or host.currency
        opening = openings(db, currency).get(product.id)
        if opening is None:
            raise NotPriced
        rows = [row for row in price_rows(db, product) if row.currency == currency]
        return Listed(host, product, opening, rows, currency)


def followers(listed: Listed) -> list[WhiteLabel]:
    """White labels with a product that came from this one, in the list's currency."""
    model = type(listed.product)
    wanted = (
        select(WhiteLabel)
        .join(model, model.white_label_id == WhiteLabel.id)
        .where(model.code == listed.product.code, model.listed_name.is_not(None), model.retired_at.is_(None))
        .where(WhiteLabel.kind == "white_label", WhiteLabel.currency == listed.currency)
    )
    with reading(PLATFORM) as db:
        return list(db.scalars(wanted.order_by(WhiteLabel.name)))


def following_by(listed: Listed, new: NewPrice) -> list[WhiteLabel]:
    """The followers, all of whom can still have the price on its day, or lose the one that they have from it. Raises
    TooLate when one cannot, and ChargedElsewhere when one has charged something at what it has."""
    found = followers(listed)
    first, why = first_day(listed, found)
    if new.valid_from < first:
        raise BegunElsewhere(f"Choose {day(first, listed.host)} or a later day: {why}.") if why else TooLate
    charged = [tenant.name for tenant in found if _has_charged(tenant, listed, new.valid_from)]
    if charged:
        raise ChargedElsewhere(_first_of(charged))
    return found


def _has_charged(tenant: WhiteLabel, listed: Listed, on: date) -> bool:
    """Whether a follower's default price of a day has to stay, as the job would find. What is charged between this
    look and the job is the job's to name."""
    with reading(tenant.id) as db:
        own = product_like(db, listed.product)
        assert own is not None
        try:
            check_price(db, own, NewPrice("wholesale", on, 0, source="default"))
        except ChargedAlready:
            return True
        return False


def _first_of(names: list[str]) -> str:
    """`Northwind` or `Northwind and 2 more`."""
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def first_day(listed: Listed, following: list[WhiteLabel]) -> tuple[date, str]:
    """The first day that has begun neither for the operator nor for a follower; and where that is not the operator's
    tomorrow, for whom tomorrow has begun."""
    latest = max(today(tenant.time_zone) for tenant in (listed.host, *following))
    if latest == today(listed.host.time_zone):
        return latest + DAY, ""
    ahead = [tenant.name for tenant in following if today(tenant.time_zone) == latest]
    return latest + DAY, f"{day(latest, listed.host)} has begun for {_first_of(ahead)} already"


def held_by_followers(currency: str) -> dict[tuple[type[Plan | Service], str], int]:
    """How many accounts of all white labels have each product that follows the list of a currency, today or later."""
    found: dict[tuple[type[Plan | Service], str], int] = {}
    with reading(PLATFORM) as db:
        theirs = (WhiteLabel.kind == "white_label", WhiteLabel.currency == currency)
        zones = db.scalars(select(WhiteLabel.time_zone).where(*theirs).distinct()).all()
        is_ahead = [and_(WhiteLabel.time_zone == zone, Subscription.until_day > today(zone)) for zone in zones]
        for model, its_id in ((Plan, Subscription.plan_id), (Service, Subscription.service_id)):
            wanted = (
                select(model.code, func.count(Subscription.account_id.distinct()))
                .join(Subscription, and_(Subscription.white_label_id == model.white_label_id, its_id == model.id))
                .join(WhiteLabel, WhiteLabel.id == model.white_label_id)
                .where(*theirs, model.listed_name.is_not(None), model.retired_at.is_(None))
                .where(or_(Subscription.until_day.is_(None), *is_ahead))
                .group_by(model.code)
            )
            found |= {(model, code): count for code, count in db.execute(wanted)}
    return found


@jobs.job(FOLLOW)
def follow(payload: dict[str, Any]) -> None:
    """Every default price to come, in every white label that follows, as the list has it now."""
    listed = listed_or_404(UUID(payload["product_id"]), payload.get("currency", ""))
    late = [tenant.name for tenant in followers(listed) if _is_late(tenant, listed, payload["valid_from"])]
    if late:
        raise jobs.GiveUp(f"the default price of {listed.product.code} came too late for {', '.join(late)}")


def _told(listed: Listed, valid_from: str) -> dict[str, str]:
    return {"product_id": str(listed.product.id), "currency": listed.currency, "valid_from": valid_from}


def product_like(db: TenantSession, listed: Plan | Service) -> Plan | Service | None:
    """This tenant's product with the code of a listed one."""
    if isinstance(listed, Plan):
        return db.scalar(select(Plan).where(Plan.code == listed.code))
    return db.scalar(select(Service).where(Service.code == listed.code))


def _is_late(tenant: WhiteLabel, listed: Listed, wanted: str) -> bool:
    """Set what is missing, put right what differs and withdraw what is gone; whether the wanted day had begun before
    its price was there."""
    present, is_late = today(tenant.time_zone), False
    with transaction(tenant.id) as db:
        own = product_like(db, listed.product)
        assert own is not None
        known = {row.valid_from: row for row in price_rows(db, own) if row.source == "default"}
        there = {row.valid_from: row for row in listed.rows if row.side == "wholesale"}
        is_late = not all(_put_right(db, own, row, there.get(on)) for on, row in known.items() if on > present)
        for row in listed.rows:
            is_new = row.side == "wholesale" and row.valid_from not in known
            if is_new and row.valid_from > present:
                _set(db, own, row)
            elif is_new and row.valid_from.isoformat() == wanted:
                is_late = is_late or row.valid_from > local_day(own.created_at, tenant)
    return is_late


def _put_right(db: TenantSession, own: Plan | Service, known: DatedPrice, wanted: DatedPrice | None) -> bool:
    """Whether a default price to come is as the list has it; what was charged at it already stays."""
    try:
        if wanted is None:
            by = Actor("operator", None, known.set_by)
            withdraw_price(db, own, "wholesale", known.valid_from, source="default", by=by)
        elif (wanted.minor, wanted.setup_minor) != (known.minor, known.setup_minor):
            _set(db, own, wanted)
    except ChargedAlready:
        return False
    return True


def _set(db: TenantSession, own: Plan | Service, row: DatedPrice) -> None:
    new = NewPrice("wholesale", row.valid_from, row.minor, row.setup_minor, source="default")
    set_price(db, own, new, by=Actor("operator", None, row.set_by))


def _copy(db: TenantSession, listed: Listed, tax_ppm: int) -> Plan | Service:
    """With the prices of today, or of tomorrow's list where its day began before the operator's; what is proposed at
    retail is what the operator proposes now."""
    present, product, opening = today(white_label(db).time_zone), listed.product, listed.opening
    wholesale = listed.prices.wholesale(opening, present)
    retail = listed.prices.retail(opening, today(listed.host.time_zone))
    common: dict[str, Any] = {
        "code": product.code,
        "name": product.name,
        "listed_name": product.name,
        "description": product.description,
        "opening_retail_minor": retail.minor,
        "opening_retail_setup_minor": retail.setup_minor,
        "opening_wholesale_minor": wholesale.minor,
        "opening_wholesale_setup_minor": wholesale.setup_minor,
        "tax_ppm": tax_ppm,
    }
    if isinstance(product, Plan):
        own = {"months": product.months, "trial_days": product.trial_days}
        return Plan(**common, **own, minimum_funding_minor=opening.minimum_funding_minor)
    counted = {"unit": product.unit, "per_units": product.per_units, "minimum_units": product.minimum_units}
    return Service(**common, **counted, kind=product.kind, counts=product.counts)
