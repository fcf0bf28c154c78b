"""What changes the catalogue. Nobody changes a price that holds already: a new one holds from its day on."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from portal.audit.commands import Actor, record
from portal.catalogue.models import Inclusion, Plan, Price, Service, TaxRate
from portal.kit.clock import now, today
from portal.kit.db import TenantSession, insert_if_absent
from portal.kit.refusals import Refusal
from portal.whitelabels.queries import white_label


class TooLate(Refusal):
    """A price or a rate for a day that has begun: periods that began then keep what they were charged."""

    status = 422
    heading = "This day has begun already"

    def __init__(self) -> None:
        super().__init__("Choose tomorrow or a later day.", field="valid_from")


class AlreadySet(Refusal):
    status = 422
    heading = "This day has a price already"

    def __init__(self) -> None:
        super().__init__("Choose another day: what was set is not set again.", field="valid_from")


@dataclass(frozen=True)
class NewPrice:
    """`side` is retail or wholesale; `source` own, or default for a row of the operator's default list."""

    side: str
    valid_from: date
    minor: int
    setup_minor: int = 0
    source: str = "own"


def add_product(db: TenantSession, made: Plan | Service, *, by: Actor) -> None:
    db.put(made)
    what = "plan" if isinstance(made, Plan) else "service"
    record(db, f"{what}.added", by=by, subject=made.id, code=made.code)


def include(db: TenantSession, plan: Plan, service: Service, quantity: int, *, by: Actor) -> None:
    """So many of a service come with the plan from the next periods on; 0 takes it out."""
    found = db.get(Inclusion, (db.tenant, plan.id, service.id))
    if quantity and found is None:
        db.add(Inclusion(plan_id=plan.id, service_id=service.id, quantity=quantity))
    elif quantity and found is not None:
        found.quantity = quantity
    elif found is not None:
        db.delete(found)
    record(db, "plan.inclusion", by=by, subject=plan.id, service=service.code, quantity=quantity)


def set_price(db: TenantSession, of: Plan | Service, new: NewPrice, *, by: Actor) -> None:
    """Raises TooLate unless the day lies ahead in the white label's zone, and AlreadySet when it has a price."""
    check_price(db, of, new)
    key = {"plan_id": of.id} if isinstance(of, Plan) else {"service_id": of.id}
    went_in = insert_if_absent(
        db,
        Price,
        **key,
        side=new.side,
        source=new.source,
        currency=white_label(db).currency,
        valid_from=new.valid_from,
        minor=new.minor,
        setup_minor=new.setup_minor,
        set_by=by.name,
    )
    if not went_in:
        raise AlreadySet
    record(
        db,
        "price.set",
        by=by,
        subject=of.id,
        code=of.code,
        side=new.side,
        source=new.source,
        valid_from=new.valid_from.isoformat(),
        minor=new.minor,
        setup_minor=new.setup_minor,
    )


def check_price(db: TenantSession, of: Plan | Service, new: NewPrice) -> None:
    """Whether `set_price` would take it. Raises what that raises."""
    if new.valid_from <= today(white_label(db).time_zone):
        raise TooLate
    same_product = Price.plan_id == of.id if isinstance(of, Plan) else Price.service_id == of.id
    taken = select(Price.id).where(
        same_product, Price.side == new.side, Price.source == new.source, Price.valid_from == new.valid_from
    )
    if db.scalar(taken) is not None:
        raise AlreadySet


def set_tax_rate(db: TenantSession, country: str, valid_from: date, rate_ppm: int, *, by: Actor) -> None:
    """Raises TooLate and AlreadySet like `set_price`."""
    if valid_from <= today(white_label(db).time_zone):
        raise TooLate
    went_in = insert_if_absent(db, TaxRate, country=country, valid_from=valid_from, rate_ppm=rate_ppm, set_by=by.name)
    if not went_in:
        raise AlreadySet
    record(db, "tax-rate.set", by=by, country=country, valid_from=valid_from.isoformat(), rate_ppm=rate_ppm)


def present(db: TenantSession, of: Plan | Service, *, name: str, is_hidden: bool, by: Actor) -> None:
    """What the white label calls a product, and whether it offers it. Who has it already keeps it."""
    before = {"name": of.name, "hidden": of.hidden_at is not None}
    of.name = name
    of.hidden_at = (of.hidden_at or now()) if is_hidden else None
    if before != {"name": name, "hidden": is_hidden}:
        record(db, "product.presented", by=by, subject=of.id, before=before, name=name, hidden=is_hidden)
