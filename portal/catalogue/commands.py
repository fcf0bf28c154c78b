"""What changes the catalogue. Nobody changes a price that holds already: a new one holds from its day on.

Until that day it can be replaced or withdrawn by whoever sets it, unless something was charged at it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Select, func, select

from portal.audit.commands import Actor, record
from portal.catalogue.models import Inclusion, OpeningPrice, Plan, Price, PriceCorrection, Service, TaxRate
from portal.catalogue.prices import DatedPrice, Taxed
from portal.catalogue.queries import inclusions, price_rows
from portal.kit.bulk import insert_if_absent
from portal.kit.clock import EVER, now, today
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound, Refusal
from portal.whitelabels.queries import white_label


class TooLate(Refusal):
    """A price or a rate for a day that has begun: periods that began then keep what they were charged."""

    status = 422
    heading = "This day has begun already"

    def __init__(self, text: str = "Choose tomorrow or a later day.") -> None:
        super().__init__(text, field="valid_from")


class NothingToWithdraw(NotFound):
    """No price or rate of that day stands: it was withdrawn before, or never set."""


class PricedAlready(Refusal):
    heading = "It has a price in this currency already"
    text = "What it opened at stays. A new price from a later day puts it right."


class ChargedAlready(Refusal):
    heading = "Something was charged at this already"
    text = "It stays as it is. Put it right by another one from a later day."


before_correcting: list[Callable[[TenantSession, "Plan | Service | TaxRate", date], None]] = []
"""Asked before a price of a product, or a tax rate, of a day to come is corrected; raises ChargedAlready."""


class NeverHeld(Refusal):
    status = 422
    heading = "A plan cannot hold this"
    text = "What is bought once comes with no period of a plan. Choose a service of each month, or one charged as used."


class CountsByPlan(Protocol):
    def __call__(self, db: TenantSession, plan: Plan, service: Service, *, is_first: bool) -> date | None: ...


counts_by_plan: list[CountsByPlan] = []
"""Asked for the last day on which a period began that is settled by how many of a service a plan holds: what it holds
may change after it. None for no such period."""


@dataclass(frozen=True)
class NewPrice:
    """`side` is retail or wholesale; `source` own, or default for a row of the operator's default list. Without a
    `currency` it is the white label's own."""

    side: str
    valid_from: date
    minor: int
    setup_minor: int = 0
    source: str = "own"
    currency: str = ""


@dataclass(frozen=True)
class NewOpening:
    """What a product of the default list opens at in a further currency, in its minor units."""

    currency: str
    retail_minor: int
    wholesale_minor: int
    retail_setup_minor: int = 0
    wholesale_setup_minor: int = 0
    minimum_funding_minor: int = 0


def add_product(db: TenantSession, made: Plan | Service, *, by: Actor) -> None:
    db.put(made)
    what = "plan" if isinstance(made, Plan) else "service"
    record(db, f"{what}.added", by=by, subject=made.id, code=made.code)


def include(db: TenantSession, plan: Plan, service: Service, quantity: int, *, by: Actor) -> date:
    """So many of a service come with the plan, and 0 takes it out, in periods that begin on `first_held` or later.
    Returns that day. The same again changes nothing. Raises NeverHeld."""
    if not service.is_by_period:
        raise NeverHeld
    db.locked(Plan, plan.id)
    day = first_held(db, plan, service)
    if inclusions(db).on(plan.id, service.id, day) == quantity:
        return day
    if not insert_if_absent(db, Inclusion, plan_id=plan.id, service_id=service.id, valid_from=day, quantity=quantity):
        db.get_one(Inclusion, (db.tenant, plan.id, service.id, day)).quantity = quantity
    since = day.isoformat()
    record(db, "plan.inclusion", by=by, subject=plan.id, service=service.code, quantity=quantity, valid_from=since)
    return day


def first_held(db: TenantSession, plan: Plan, service: Service) -> date:
    """From which day on a change of what a plan holds would count: `EVER`, for every period, while none can have been
    settled otherwise; else the first after all that are."""
    same = select(Inclusion.valid_from).where(Inclusion.plan_id == plan.id, Inclusion.service_id == service.id)
    is_first = db.scalar(same.limit(1)) is None
    found = (ask(db, plan, service, is_first=is_first) for ask in counts_by_plan)
    settled = [day for day in found if day is not None]
    return max(settled) + timedelta(days=1) if settled else EVER


def add_currency(db: TenantSession, of: Plan | Service, new: NewOpening, *, by: Actor) -> None:
    """Price a product of the default list in a further currency. Raises PricedAlready."""
    amounts = {key: value for key, value in asdict(new).items() if key != "currency"}
    is_own = new.currency == white_label(db).currency
    if is_own or not insert_if_absent(db, OpeningPrice, **_key(of), currency=new.currency, set_by=by.name, **amounts):
        raise PricedAlready
    record(db, "price.currency-added", by=by, subject=of.id, code=of.code, currency=new.currency, **amounts)


def set_price(db: TenantSession, of: Plan | Service, new: NewPrice, *, by: Actor) -> None:
    """A price of that day that was set before is replaced. Raises TooLate unless the day lies ahead in the white
    label's zone, and ChargedAlready."""
    check_price(db, of, new)
    went_in = insert_if_absent(
        db,
        Price,
        **_key(of),
        side=new.side,
        source=new.source,
        currency=_currency(db, new),
        valid_from=new.valid_from,
        minor=new.minor,
        setup_minor=new.setup_minor,
        set_by=by.name,
    )
    if not went_in:
        _correct(db, of, new, (new.minor, new.setup_minor), by)
        return
    _record_price(db, "price.set", of, new, by, minor=new.minor, setup_minor=new.setup_minor)


def withdraw_price(
    db: TenantSession, of: Plan | Service, side: str, on: date, *, source: str = "own", currency: str = "", by: Actor
) -> None:
    """Whatever holds without it holds again. Raises NothingToWithdraw, TooLate and ChargedAlready."""
    wanted = NewPrice(side, on, 0, source=source, currency=currency)
    if standing(db, of, wanted) is None:
        raise NothingToWithdraw
    check_price(db, of, wanted)
    _correct(db, of, wanted, None, by)


def check_price(db: TenantSession, of: Plan | Service, new: NewPrice) -> None:
    """Whether `set_price` would take it. Raises what that raises.

    Nothing is ever charged at what the operator's list proposes at retail, so that may hold from today.
    """
    tenant = white_label(db)
    is_proposed = tenant.is_operator and new.side == "retail"
    if new.valid_from < today(tenant.time_zone) + timedelta(days=0 if is_proposed else 1):
        raise TooLate
    if standing(db, of, new) is not None:
        for ask in before_correcting:
            ask(db, of, new.valid_from)


def standing(db: TenantSession, of: Plan | Service, new: NewPrice) -> DatedPrice | None:
    """The price that was set before for the very day, side, source and currency of another, unless it is withdrawn."""
    wanted = (new.side, new.source, _currency(db, new), new.valid_from)
    rows = price_rows(db, of)
    return next((row for row in rows if (row.side, row.source, row.currency, row.valid_from) == wanted), None)


def _key(of: Plan | Service) -> dict[str, UUID]:
    return {"plan_id": of.id} if isinstance(of, Plan) else {"service_id": of.id}


def _currency(db: TenantSession, new: NewPrice) -> str:
    return new.currency or white_label(db).currency


def _correct(db: TenantSession, of: Plan | Service, new: NewPrice, amounts: tuple[int, int] | None, by: Actor) -> None:
    """The caller has asked `check_price`. What holds already is not set again."""
    db.locked(type(of), of.id)
    before = standing(db, of, new)
    was = (before.minor, before.setup_minor) if before is not None else None
    if was == amounts:
        return
    same_product = Price.plan_id == of.id if isinstance(of, Plan) else Price.service_id == of.id
    price_id = db.scalar(
        select(Price.id).where(
            same_product,
            Price.side == new.side,
            Price.source == new.source,
            Price.currency == _currency(db, new),
            Price.valid_from == new.valid_from,
        )
    )
    minor, setup_minor = amounts or (None, None)
    revision = 1 + (db.scalar(select(func.count()).where(PriceCorrection.price_id == price_id)) or 0)
    made = PriceCorrection(price_id=price_id, revision=revision, minor=minor, setup_minor=setup_minor, set_by=by.name)
    db.put(made)
    action = "price.withdrawn" if amounts is None else "price.replaced"
    _record_price(db, action, of, new, by, before=was and list(was), after=amounts and list(amounts))


def _record_price(db: TenantSession, action: str, of: Plan | Service, new: NewPrice, by: Actor, **amounts: Any) -> None:
    told: dict[str, Any] = {"side": new.side, "source": new.source, "valid_from": new.valid_from.isoformat()}
    if new.currency:
        told["currency"] = new.currency
    record(db, action, by=by, subject=of.id, code=of.code, **told, **amounts)


def set_tax_rate(db: TenantSession, whose: Taxed, valid_from: date, rate_ppm: int, *, by: Actor) -> None:
    """Replaces a rate of that day that was set before. Raises TooLate and ChargedAlready like `set_price`."""
    check_tax_rate(db, whose, valid_from)
    values = {**whose._asdict(), "valid_from": valid_from, "rate_ppm": rate_ppm, "set_by": by.name}
    if insert_if_absent(db, TaxRate, **values):
        _record_rate(db, "tax-rate.set", whose, valid_from, by, rate_ppm=rate_ppm)
        return
    found = db.scalars(_rate(whose, valid_from).with_for_update()).one()
    before, found.rate_ppm, found.set_by = found.rate_ppm, rate_ppm, by.name
    if before != rate_ppm:
        _record_rate(db, "tax-rate.replaced", whose, valid_from, by, before=before, after=rate_ppm)


def withdraw_tax_rate(db: TenantSession, whose: Taxed, valid_from: date, *, by: Actor) -> None:
    """Whatever holds without it holds again. Raises NothingToWithdraw, TooLate and ChargedAlready."""
    found = db.scalars(_rate(whose, valid_from).with_for_update()).one_or_none()
    if found is None:
        raise NothingToWithdraw
    check_tax_rate(db, whose, valid_from)
    db.delete(found)
    _record_rate(db, "tax-rate.withdrawn", whose, valid_from, by, before=found.rate_ppm, after=None)


def check_tax_rate(db: TenantSession, whose: Taxed, valid_from: date) -> None:
    """Whether `set_tax_rate` would take it. Raises what that raises."""
    if valid_from <= today(white_label(db).time_zone):
        raise TooLate
    standing_rate = db.scalar(_rate(whose, valid_from))
    if standing_rate is not None:
        for ask in before_correcting:
            ask(db, standing_rate, valid_from)


def _rate(whose: Taxed, valid_from: date) -> Select[TaxRate]:
    same = (TaxRate.side == whose.side, TaxRate.country == whose.country, TaxRate.region == whose.region)
    return select(TaxRate).where(*same, TaxRate.valid_from == valid_from)


def _record_rate(db: TenantSession, action: str, whose: Taxed, valid_from: date, by: Actor, **rates: Any) -> None:
    record(db, action, by=by, **whose._asdict(), valid_from=valid_from.isoformat(), **rates)


def present(db: TenantSession, of: Plan | Service, *, name: str, is_hidden: bool, by: Actor) -> None:
    """What the white label calls a product, and whether it offers it. Who has it already keeps it."""
    before = {"name": of.name, "hidden": of.hidden_at is not None}
    of.name = name
    of.hidden_at = (of.hidden_at or now()) if is_hidden else None
    if before != {"name": name, "hidden": is_hidden}:
        record(db, "product.presented", by=by, subject=of.id, before=before, name=name, hidden=is_hidden)
