"""Bringing the operator and white labels into being. Each runs in the scope of the tenant that it makes."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.commands import add_member, open_white_label_account
from portal.accounts.lifecycle import Role
from portal.accounts.queries import white_label_account
from portal.audit.commands import Actor, record
from portal.catalogue.commands import add_product
from portal.catalogue.models import Plan, Service
from portal.identity.commands import add_user, send_password_link
from portal.identity.models import PasswordLink
from portal.kit.bulk import insert_if_absent
from portal.kit.db import TenantSession
from portal.kit.refusals import Refusal
from portal.whitelabels.models import KeptLogo, WhiteLabel
from portal.whitelabels.queries import operator, white_label, white_label_at


class HostTaken(Refusal):
    heading = "This host is in use"

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} belongs to another white label.", field="host")


@dataclass(frozen=True)
class Brand:
    """What a white label looks and sounds like. `colour` is #rrggbb."""

    name: str
    host: str
    legal_name: str
    support_email: str
    support_phone: str | None = None
    postal_address: str = ""
    colour: str = "#33506b"


@dataclass(frozen=True)
class Business:
    """Where and in what money a white label works. The currency never changes afterwards."""

    currency: str
    country: str
    time_zone: str
    locale: str
    tax_name: str = "VAT"
    wholesale_tax_ppm: int = 0
    terms: str = ""


@dataclass(frozen=True)
class NewProduct:
    """What plans and services have in common. Prices are minor units."""

    code: str
    name: str
    description: str
    retail_minor: int
    wholesale_minor: int
    tax_ppm: int
    retail_setup_minor: int = 0
    wholesale_setup_minor: int = 0


@dataclass(frozen=True)
class NewPlan(NewProduct):
    """Its prices are for one period of `months`."""

    minimum_funding_minor: int = 0
    months: int = 1
    trial_days: int = 0


@dataclass(frozen=True)
class NewService(NewProduct):
    """Its prices are for `per_units` of the unit. One that `counts` numbers is their price class."""

    kind: str = "recurring"
    unit: str = "each"
    per_units: int = 1
    minimum_units: int = 0
    counts: str = ""


def create_operator(db: TenantSession, brand: Brand, business: Business) -> WhiteLabel:
    """The operator's own host and brand: made once; asked for again, it is found. Its number prefix is 000.

    Raises HostTaken.
    """
    found = operator(db)
    if found is not None:
        return found
    if white_label_at(db, brand.host) is not None:
        raise HostTaken(brand.host)
    made = _tenant(db.tenant, "operator", "000", brand, business)
    db.put(made)
    return made


def create_white_label(db: TenantSession, brand: Brand, business: Business, *, by: Actor) -> WhiteLabel:
    """A reseller with its white-label account, and as yet no people, no plans and no gateway. Raises HostTaken."""
    if white_label_at(db, brand.host) is not None:
        raise HostTaken(brand.host)
    made = _tenant(db.tenant, "white_label", _next_prefix(db), brand, business)
    db.put(made)
    open_white_label_account(db, made, by=by)
    record(db, "white-label.created", by=by, host=brand.host)
    return made


def invite_staff(db: TenantSession, *, name: str, email: str, role: Role | None, by: Actor) -> PasswordLink:
    """Add a person to the tenant's staff and mail them a single-use link to set their password.

    `role` is on the white-label account; the operator's own staff have none. Raises LoginNameTaken.
    """
    user = add_user(db, login_name=email, display_name=name, email=email)
    if role is not None:
        add_member(db, white_label_account(db), user, role)
    record(db, "staff.invited", by=by, subject=user.id, role=role.value if role else "operator")
    return send_password_link(db, user, "set-password")


def add_plan(db: TenantSession, new: NewPlan, *, by: Actor) -> Plan:
    plan = Plan(
        **_columns(new),
        minimum_funding_minor=new.minimum_funding_minor,
        months=new.months,
        trial_days=new.trial_days,
    )
    add_product(db, plan, by=by)
    return plan


def add_service(db: TenantSession, new: NewService, *, by: Actor) -> Service:
    service = Service(
        **_columns(new),
        kind=new.kind,
        unit=new.unit,
        per_units=new.per_units,
        minimum_units=new.minimum_units,
        counts=new.counts,
    )
    add_product(db, service, by=by)
    return service


def _columns(new: NewProduct) -> dict[str, Any]:
    return {
        "code": new.code,
        "name": new.name,
        "description": new.description,
        "tax_ppm": new.tax_ppm,
        "opening_retail_minor": new.retail_minor,
        "opening_retail_setup_minor": new.retail_setup_minor,
        "opening_wholesale_minor": new.wholesale_minor,
        "opening_wholesale_setup_minor": new.wholesale_setup_minor,
    }


def set_logo(db: TenantSession, png: bytes, digest: str, *, by: Actor) -> None:
    """Use a logo from now on. What was issued under another one keeps that."""
    tenant = white_label(db)
    insert_if_absent(db, KeptLogo, digest=digest, png=png)
    tenant.logo, tenant.logo_digest = png, digest
    record(db, "brand.logo", by=by, digest=digest)


def _tenant(id: UUID, kind: str, prefix: str, brand: Brand, business: Business) -> WhiteLabel:
    return WhiteLabel(
        id=id,
        kind=kind,
        number_prefix=prefix,
        name=brand.name,
        host=brand.host,
        colour=brand.colour,
        support_email=brand.support_email,
        support_phone=brand.support_phone,
        legal_name=brand.legal_name,
        postal_address=brand.postal_address,
        currency=business.currency,
        country=business.country,
        time_zone=business.time_zone,
        locale=business.locale,
        tax_name=business.tax_name,
        opening_wholesale_tax_ppm=business.wholesale_tax_ppm,
        terms=business.terms,
    )


def _next_prefix(db: TenantSession) -> str:
    """Three digits that begin every account number of the tenant: 101 and upwards."""
    taken = (int(prefix) for prefix in db.scalars(select(WhiteLabel.number_prefix)))
    return str(max(100, *taken, 100) + 1)
