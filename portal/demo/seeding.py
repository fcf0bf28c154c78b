"""Fills an empty demo by living its past year: the real commands, the real flows, the sandbox, at a moved clock."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.commands import NewCustomer, Place, add_member, open_customer_account
from portal.accounts.lifecycle import Role
from portal.accounts.queries import held_customer_or_404, white_label_account
from portal.activation import commands as activation
from portal.activation.queries import latest_link, need_of
from portal.audit.commands import SYSTEM, Actor
from portal.billing.period import nth_period
from portal.billing.run import bill_white_label
from portal.catalogue.models import Plan
from portal.demo import numbers, prices
from portal.demo.browser import Browser, pay
from portal.demo.cast import (
    DEFAULT_PLANS,
    DEFAULT_SERVICES,
    OPERATOR,
    OPERATOR_BUSINESS,
    OPERATOR_STAFF,
    PASSWORD,
    SECOND_OPERATOR,
    TENANTS,
    Person,
    SeedCustomer,
    Tenant,
)
from portal.demo.places import Places
from portal.identity.commands import add_user
from portal.identity.models import User
from portal.identity.passwords import hash_password
from portal.kit import clock, jobs
from portal.kit.db import TenantSession, scoped, transaction
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.settings import current
from portal.operator import commands as operator
from portal.payments import connection, flows
from portal.statements.flows import issue_through
from portal.statements.statement import Month
from portal.whitelabels.queries import white_label

Progress = Callable[[str, int, int], None]
MONTHS_BACK = 13
VISA, DECLINED = "4242424242424242", "4000000000009995"


def seed(places: Places, progress: Progress) -> None:
    """Make everything `cast` names. `progress` is told what was done, and how much of how much."""
    total = sum(len(tenant.customers) for tenant in TENANTS) + 1
    operators = _operators()
    by = operators[0]
    progress("the operator", 1, total)
    done = 1
    for tenant in TENANTS:
        white_label_id = _white_label(tenant, by, places)
        with _at(timedelta(days=31 * MONTHS_BACK)):
            prices.stock(white_label_id, tenant.catalogue, by=by)
        with scoped(white_label_id):
            lives = []
            for customer in tenant.customers:
                lives.append(_customer(tenant, customer, places))
                done += 1
                progress(customer.name, done, total)
            _months(white_label_id, lives, ZoneInfo(tenant.business.time_zone))
            bill_white_label(white_label_id, clock.today(tenant.business.time_zone), by="the portal")
            _statements(tenant.business.time_zone)
        prices.look_ahead(white_label_id, tenant.catalogue, by=by)
        prices.raise_the_tax(white_label_id, by=by)
        prices.ask_for_credit(white_label_id, by=operators[1])
    prices.change_the_list(by=by)
    numbers.stock(by=by)
    _run_letters()
    _move_gateway_clock(places, timedelta())


def _operators() -> list[Actor]:
    with _at(timedelta(days=31 * MONTHS_BACK)), transaction(new_id()) as db:
        operator.create_operator(db, OPERATOR, OPERATOR_BUSINESS)
        users = [_staff(db, person) for person in (OPERATOR_STAFF, SECOND_OPERATOR)]
        by = [Actor("operator", user.id, user.display_name) for user in users]
        for plan in DEFAULT_PLANS:
            operator.add_plan(db, plan, by=by[0])
        for service in DEFAULT_SERVICES:
            operator.add_service(db, service, by=by[0])
        return by


def _staff(db: TenantSession, person: Person) -> User:
    user = add_user(
        db, login_name=person.email, display_name=person.name, email=person.email, password_hash=hash_password(PASSWORD)
    )
    if person.role is not None:
        add_member(db, white_label_account(db), user, person.role)
    return user


def _white_label(tenant: Tenant, by: Actor, places: Places) -> UUID:
    white_label_id = new_id()
    with _at(timedelta(days=31 * MONTHS_BACK), places):
        with transaction(white_label_id) as db:
            operator.create_white_label(db, tenant.brand, tenant.business, by=by)
            account = white_label_account(db)
            accounts.set_credit_limit(db, account, tenant.credit_limit_minor, by=by)
            accounts.give_credit(db, account, tenant.credit_minor, request_id=new_id(), reason="Opening credit", by=by)
            staff = [_staff(db, person) for person in tenant.staff]
            for plan in tenant.plans:
                operator.add_plan(db, plan, by=by)
        with scoped(white_label_id):
            # The webhook is registered when the demo's ports are known, at every start.
            connection.connect(tenant.key, by=Actor("user", staff[0].id, staff[0].display_name), register=False)
    return white_label_id


@dataclass(frozen=True)
class Life:
    """A customer that was made, who made it, and when it began."""

    account_id: UUID
    new: SeedCustomer
    by: Actor
    began: datetime

    @property
    def ends(self) -> datetime:
        """When its story ends, if it does."""
        present = datetime.now(UTC)
        return present - min((present - self.began) / 3, timedelta(days=9))


def _customer(tenant: Tenant, new: SeedCustomer, places: Places) -> Life:
    """Create a customer as many months ago as it says, and let its story begin."""
    # Spread over the month, so that each month has charges on many days.
    spread = timedelta(days=len(new.name) % 17 + 2)
    began = timedelta(days=new.months * 30.4) + spread if new.months else timedelta(hours=30)
    with _at(began, places):
        account_id, by = _create(tenant, new)
        _run_letters()
    if new.is_activated:
        with _at(began - timedelta(hours=2), places):
            _activate(account_id, new, places)
            _run_letters()
    if new.story in ("password", "declined"):
        with _at(timedelta(hours=3), places):
            _choose_password(account_id)
            if new.story == "declined":
                _pay(account_id, places, DECLINED)
            _run_letters()
    return Life(account_id, new, by, datetime.now(UTC) - began)


def _create(tenant: Tenant, new: SeedCustomer) -> tuple[UUID, Actor]:
    with transaction() as db:
        plan = db.scalars(select(Plan).where(Plan.code == new.plan)).one()
        bob = db.scalars(select(User).where(User.login_name == tenant.staff[0].email)).one()
        by = Actor("user", bob.id, bob.display_name)
        line1, city, postcode, country = new.address
        account = open_customer_account(
            db,
            NewCustomer(
                name=new.name,
                primary_domain=new.domain,
                administration=new.administration,
                plan_id=plan.id,
                first_day=None,
                send_letters=True,
                business=Place(line1, city, country, postcode=postcode),
                service=None,
                contact_name=new.person,
                contact_phone="",
                contact_email=f"office@{new.domain}",
            ),
            by=by,
        )
        is_option_2 = not account.is_run_by_customer
        user = add_user(
            db,
            login_name=new.login,
            display_name=new.person,
            email=new.email or new.login,
            password_hash=hash_password(PASSWORD) if is_option_2 else None,
            must_change_password=is_option_2,
        )
        add_member(db, account, user, Role.ADMINISTRATOR, is_primary=True)
        if is_option_2:
            add_member(db, account, bob, Role.ADMINISTRATOR)
        else:
            activation.send_link(db, account, by=by)
        return account.id, by


def _activate(account_id: UUID, new: SeedCustomer, places: Places) -> None:
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        if not account.is_run_by_customer:
            activation.activate_as_administrator(db, account, by=SYSTEM)
            return
    _choose_password(account_id)
    _pay(account_id, places, VISA, months=new.months + 2)


def _choose_password(account_id: UUID) -> None:
    with transaction() as db:
        link = latest_link(db, account_id)
        assert link is not None
        activation.redeem(db, link.id, password=PASSWORD, accepts_terms=True, from_address="127.0.0.1")


def _pay(account_id: UUID, places: Places, card: str, months: int = 1) -> None:
    """Through the sandbox's card page, as a customer would; enough for so many months."""
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        link, need = latest_link(db, account_id), need_of(db, account)
        assert link is not None
        user_id, tenant = link.user_id, white_label(db)
    amount = Money(need.missing_minor * months, tenant.currency)
    back = current().address(tenant.host, "/activation/return")
    opened = flows.open_checkout(flows.Wish(account_id, amount, user_id, back, back))
    assert opened.url is not None
    pay(Browser(), opened.url, card, follow=False)
    flows.refresh(opened.funding_id)


def _months(white_label_id: UUID, lives: list[Life], zone: ZoneInfo) -> None:
    """The nights on which periods began, and the ends of stories, in their order."""
    nights = {night for life in lives if life.new.is_activated for night in _nights(life, zone)}
    events = [(night, partial(_bill, white_label_id, night.date())) for night in nights]
    events += [(life.ends, partial(_end, life)) for life in lives]
    for moment, happens in sorted(events, key=lambda event: event[0]):
        with _at(datetime.now(UTC) - moment):
            happens()


def _nights(life: Life, zone: ZoneInfo) -> Iterator[datetime]:
    anchor = (life.began + timedelta(hours=2)).astimezone(zone).date()
    for n in range(1, life.new.months + 1):
        night = datetime.combine(nth_period(anchor, n).first_day, time(0, 20), zone)
        if night < datetime.now(UTC):
            yield night


def _bill(white_label_id: UUID, through: date) -> None:
    bill_white_label(white_label_id, through, by="the portal")


def _end(life: Life) -> None:
    with transaction() as db:
        account = held_customer_or_404(db, life.account_id)
        if life.new.story == "suspended":
            accounts.suspend(db, account, reason="Moves house, and asked for a rest", by=life.by)
        elif life.new.story == "closed":
            activation.cancel(db, account, reason="Moved to another provider", by=life.by)
        elif life.new.story == "cancelled":
            activation.cancel(db, account, reason="Created twice by mistake", by=life.by)


def _statements(zone: str) -> None:
    """Each month's, an hour after it was over."""
    present = datetime.now(UTC)
    month = Month.of((present - timedelta(days=31 * MONTHS_BACK)).date())
    while (issued_at := month.end(zone) + timedelta(hours=1)) < present:
        with _at(present - issued_at):
            issue_through(month)
            _run_letters()
        month = month.following


def _run_letters() -> None:
    jobs.run_due()


@contextmanager
def _at(ago: timedelta, places: Places | None = None) -> Iterator[None]:
    """Live so long ago for a while; the gateway's clock moves along when it is needed."""
    moment = datetime.now(UTC) - ago
    if places is not None:
        _move_gateway_clock(places, -ago)
    with clock.reading(lambda: moment):
        yield


def _move_gateway_clock(places: Places, by: timedelta) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", places.gateway, timeout=5)
    connection.request(
        "POST", "/_control/clock", json.dumps({"offset_s": by.total_seconds()}), {"Content-Type": "application/json"}
    )
    assert connection.getresponse().status == 200
    connection.close()


def register_webhooks(white_label_ids: list[UUID]) -> None:
    """At every start: the demo's ports may have changed."""
    for white_label_id in white_label_ids:
        with scoped(white_label_id):
            connection.check(register=True)
