"""The people and companies that every test knows, made once for each kind of database by the product's own commands.

Northwind sells telephony in pounds, Kauri in New Zealand dollars; the operator runs the portal for both. Alice owns
the account of Acme, a customer of Northwind. Bob administers Northwind and Fiona does its finance. Charlie
administers Kauri. Olga works for the operator.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.accounts.commands import (
    NewCustomer,
    Place,
    add_member,
    give_credit,
    open_customer_account,
)
from portal.accounts.lifecycle import Administration, Role
from portal.accounts.queries import white_label_account
from portal.activation.commands import redeem, send_link
from portal.audit.commands import COMMAND_LINE, Actor
from portal.identity.commands import add_user
from portal.identity.models import User
from portal.identity.passwords import hash_password
from portal.kit import clock
from portal.kit.db import PLATFORM, TenantSession, transaction
from portal.kit.ids import new_id
from portal.kit.jobs import Job
from portal.letters.models import Letter
from portal.operator.commands import Brand, Business, NewPlan, add_plan, create_operator, create_white_label

MORNING = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday. The cast is as old as that, and the `clock` fixture starts an hour later."""

on_sqlite = pytest.mark.parametrize("house", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("house", ["postgresql"], indirect=True)
on_both = pytest.mark.on_both

PASSWORD = "wet lantern over seven hills"

TERMS = "Be kind to the telephone network."
IN_POUNDS = Business("GBP", "GB", "Europe/London", "en_GB", "VAT", 200_000, TERMS)
IN_DOLLARS = Business("NZD", "NZ", "Pacific/Auckland", "en_NZ", "GST", 150_000, TERMS)

DESK = NewPlan("desk", "Desk Phone", "A phone on a desk", 1000, 400, 200_000, 500, 200, 2000)
COURTESY = NewPlan("courtesy", "Courtesy", "Free of charge for friends", 0, 400, 200_000)


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in; `id` is the user's, `host` where they do it."""

    id: UUID
    white_label_id: UUID
    host: str
    login_name: str
    name: str
    password: str = PASSWORD

    @property
    def actor(self) -> Actor:
        return Actor("operator" if self.host.startswith("operator") else "user", self.id, self.name)


@dataclass(frozen=True)
class Company:
    """A white label, or the operator. `account_id` is its account with the operator; `plans` is by code."""

    id: UUID
    host: str
    name: str
    currency: str
    account_id: UUID | None = None
    plans: dict[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Cast:
    northwind: Company
    kauri: Company
    operator: Company
    alice: Person
    bob: Person
    charlie: Person
    fiona: Person
    olga: Person
    acme: UUID
    """Alice's account, active since `MORNING`, on a plan that costs her nothing and Northwind 4.00 a month."""


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **delta: float) -> None:
        """`clock.advance(days=1, minutes=5)`."""
        self.moment += timedelta(**delta)


def make_cast() -> Cast:
    """Fill a migrated, empty database that is in use."""
    with clock.reading(Clock(MORNING)):
        operator = _operator()
        northwind = _white_label("Northwind Telecom", "northwind.localhost", IN_POUNDS)
        kauri = _white_label("Kauri Voice", "kauri.localhost", IN_DOLLARS)
        with transaction(northwind.id) as db:
            bob = _staff(db, northwind, "bob@northwind.example", "Bob Marsh", Role.ADMINISTRATOR)
            fiona = _staff(db, northwind, "fiona@northwind.example", "Fiona Reyes", Role.FINANCE)
            acme, alice = _acme(db, northwind, bob)
        with transaction(kauri.id) as db:
            charlie = _staff(db, kauri, "charlie@kauri.example", "Charlie Ngata", Role.ADMINISTRATOR)
        with transaction(operator.id) as db:
            olga = _person(db, operator, "olga@highwire.example", "Olga Brandt")
        _empty_the_outbox()
        return Cast(northwind, kauri, operator, alice, bob, charlie, fiona, olga, acme)


def new_customer(name: str, plan_id: UUID, administration: Administration = Administration.CUSTOMER) -> NewCustomer:
    """What the wizard would have gathered about a customer whose details do not matter."""
    domain = f"{name.partition(' ')[0].casefold()}.example"
    return NewCustomer(
        name=name, primary_domain=domain, administration=administration, plan_id=plan_id,
        first_day=None, send_letters=True,
        business=Place("1 High Street", "Leeds", "GB", postcode="LS1 4AP"), service=None, contact_name="Reception",
        contact_phone="+44 113 496 0000", contact_email=f"desk@{domain}",
    )


@lru_cache
def password_hash() -> str:
    """Hashing is slow on purpose, so everybody shares one hash."""
    return hash_password(PASSWORD)


def _operator() -> Company:
    brand = Brand("Highwire", "operator.localhost", "Highwire Limited", "help@highwire.example")
    with transaction(new_id()) as db:
        made = create_operator(db, brand, Business("GBP", "GB", "Europe/London", "en_GB"))
    return Company(made.id, made.host, made.name, made.currency)


def _white_label(name: str, host: str, business: Business) -> Company:
    help_desk = f"help@{host.partition('.')[0]}.example"
    brand = Brand(name, host, f"{name} Limited", help_desk, "+44 20 7946 0000", "4 Quay Street")
    with transaction(new_id()) as db:
        made = create_white_label(db, brand, business, by=COMMAND_LINE)
        account = white_label_account(db)
        give_credit(db, account, 50_000, request_id=new_id(), reason="Opening credit", by=COMMAND_LINE)
        plans = {plan.code: add_plan(db, plan, by=COMMAND_LINE).id for plan in (DESK, COURTESY)}
    return Company(made.id, host, name, made.currency, account.id, plans)


def _person(db: TenantSession, company: Company, login_name: str, name: str) -> Person:
    user = add_user(db, login_name=login_name, display_name=name, email=login_name, password_hash=password_hash())
    return Person(user.id, company.id, company.host, login_name, name)


def _staff(db: TenantSession, company: Company, login_name: str, name: str, role: Role) -> Person:
    person = _person(db, company, login_name, name)
    account, user = white_label_account(db), db.load(User, person.id)
    assert user is not None
    add_member(db, account, user, role)
    return person


def _acme(db: TenantSession, company: Company, bob: Person) -> tuple[UUID, Person]:
    """Alice redeems her link like any customer; the plan asks for no money, so that makes the account active."""
    account = open_customer_account(db, new_customer("Acme Limited", company.plans["courtesy"]), by=bob.actor)
    user = add_user(db, login_name="alice@acme.example", display_name="Alice Archer", email="alice@acme.example")
    add_member(db, account, user, Role.ADMINISTRATOR, is_primary=True)
    link = send_link(db, account, by=bob.actor)
    redeem(db, link.id, password=PASSWORD, accepts_terms=True, from_address="127.0.0.1")
    return account.id, Person(user.id, company.id, company.host, user.login_name, user.display_name)


def _empty_the_outbox() -> None:
    """So that a test finds only the letters and jobs that it caused."""
    with transaction(PLATFORM) as db:
        for letter in db.scalars(select(Letter)):
            letter.state, letter.sent_at = "sent", clock.now()
        for job in db.scalars(select(Job)):
            job.state, job.finished_at = "done", clock.now()
