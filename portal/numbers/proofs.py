"""What is recomputed of numbers for `portal verify`, over all tenants at once."""

from collections import Counter
from typing import Any

from sqlalchemy import and_, func, or_, select

from portal.accounts.models import Account, Subscription
from portal.catalogue.models import Service
from portal.kit.db import TenantSession
from portal.kit.findings import Finding
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import EmergencyAddress, Number, StockNumber

LIVE = ("active", "suspended")


def numbers_are_charged(db: TenantSession) -> Finding:
    """An account that lives has as many of a price class's service, without an end, as numbers of that class."""
    wrong = []
    had, charged = _assigned(db), _subscribed(db)
    for key in sorted({*had, *charged}, key=str):
        if had[key] != charged[key]:
            _, account, code = key
            wrong.append(f"account {account} has {had[key]} numbers of {code} and is charged for {charged[key]}")
    return Finding("numbers charged", sum(had.values()), wrong)


def _assigned(db: TenantSession) -> Counter[tuple[Any, str, str]]:
    """Assigned numbers by tenant, account number and price class."""
    grouped = (
        select(Number.white_label_id, Account.number, Number.price_class, func.count())
        .join(Account, and_(Account.white_label_id == Number.white_label_id, Account.id == Number.account_id))
        .where(Number.state == NumberState.ASSIGNED, Account.state.in_(LIVE))
        .group_by(Number.white_label_id, Account.number, Number.price_class)
    )
    return Counter({(tenant, account, code): count for tenant, account, code, count in db.execute(grouped)})


def _subscribed(db: TenantSession) -> Counter[tuple[Any, str, str]]:
    same = and_(Service.white_label_id == Subscription.white_label_id, Service.id == Subscription.service_id)
    of = and_(Account.white_label_id == Subscription.white_label_id, Account.id == Subscription.account_id)
    grouped = (
        select(Subscription.white_label_id, Account.number, Service.code, func.sum(Subscription.quantity))
        .join(Service, same)
        .join(Account, of)
        .where(Service.counts == "numbers", Subscription.until_day.is_(None), Account.state.in_(LIVE))
        .group_by(Subscription.white_label_id, Account.number, Service.code)
    )
    return Counter({(tenant, account, code): int(count) for tenant, account, code, count in db.execute(grouped)})


def numbers_are_somebodys(db: TenantSession) -> Finding:
    """No closed account has a number, an address is an assigned number's, and the stock knows whose those are."""
    of = and_(Account.white_label_id == Number.white_label_id, Account.id == Number.account_id)
    closed = select(Number.e164).join(Account, of).where(Account.state == "closed")
    wrong = [f"number {e164} belongs to a closed account" for e164 in db.scalars(closed)]
    its = and_(Number.white_label_id == EmergencyAddress.white_label_id, Number.id == EmergencyAddress.number_id)
    left = select(Number.e164).join(EmergencyAddress, its).where(Number.state != NumberState.ASSIGNED)
    wrong += [f"number {e164} has an emergency address and no account" for e164 in db.scalars(left)]
    same = StockNumber.e164 == Number.e164
    other = or_(StockNumber.holder_id.is_(None), StockNumber.holder_id != Number.white_label_id)
    stray = select(Number.e164).join(StockNumber, same).where(other, Number.state == NumberState.ASSIGNED)
    wrong += [f"number {e164} is assigned where the stock does not have it" for e164 in db.scalars(stray)]
    retired = select(Number.e164).join(StockNumber, same).where(StockNumber.retired_at.is_not(None))
    wrong += [f"number {e164} is retired and with a white label" for e164 in db.scalars(retired)]
    return Finding("numbers", db.scalar(select(func.count(Number.id))) or 0, wrong)


CHECKS = (numbers_are_charged, numbers_are_somebodys)
