"""The operator's decision to suspend every customer of a white label, and to lift that again.

The decision is one row and one letter; the accounts follow batch by batch, in jobs that may be killed, run twice and
run side by side. What they have done is in the accounts and their pauses, and nowhere else.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Pause, Standstill
from portal.accounts.queries import white_label_account
from portal.accounts.standstill import held_by, held_standstill_of, standstill_of
from portal.activation.commands import activate_held
from portal.activation.queries import paid_and_held
from portal.arrears.commands import write_to_white_label
from portal.audit.commands import Actor, record
from portal.billing.queries import available_minor
from portal.kit import jobs
from portal.kit.clock import now
from portal.kit.db import TenantSession, reading, transaction
from portal.whitelabels.queries import held_white_label

SUSPEND, RESTORE = "standstill.suspend", "standstill.restore"
BATCH = 200
WITH_ALL = "With all customers, by the operator"


def begin(db: TenantSession, *, reason: str, by: Actor) -> bool:
    """Suspend every active customer of the session's white label. False when that was decided before, and stands."""
    assert by.id is not None
    tenant = held_white_label(db, to_change=True)
    if tenant.customers_are_suspended:
        return False
    standstill = db.put(Standstill(reason=reason, begun_by_id=by.id, begun_by=by.name))
    tenant.customers_suspended_at = standstill.begun_at
    standstill.beyond_at = standstill.begun_at if available_minor(db) < 0 else None
    record(db, "standstill.begun", by=by, subject=white_label_account(db).id, reason=reason)
    write_to_white_label(db, "customers-suspended", reason=reason)
    jobs.enqueue(db, SUSPEND, {"standstill": str(standstill.id)}, key=f"{SUSPEND}:{standstill.id}")
    return True


def lift(db: TenantSession, *, reason: str, by: Actor) -> bool:
    """Let work again what this alone stopped. False when nothing stands."""
    tenant, standstill = held_white_label(db, to_change=True), standstill_of(db)
    if standstill is None:
        return False
    tenant.customers_suspended_at = None
    standstill.lifted_at, standstill.lift_reason = now(), reason
    standstill.lifted_by_id, standstill.lifted_by = by.id, by.name
    record(db, "standstill.lifted", by=by, subject=white_label_account(db).id, reason=reason)
    write_to_white_label(db, "customers-reactivated")
    jobs.enqueue(db, RESTORE, {"standstill": str(standstill.id)}, key=f"{RESTORE}:{standstill.id}")
    return True


@jobs.job(SUSPEND)
def suspend_customers(payload: dict[str, Any]) -> None:
    """Suspend whoever is active, while the standstill stands.

    Once is enough: since it stands nothing becomes active, and whatever was about to was waited for.
    """
    standstill_id = UUID(payload["standstill"])
    for batch in _batches(_active):
        if not _suspend(standstill_id, batch):
            return
    with transaction() as db:
        standstill = db.locked(Standstill, standstill_id)
        if standstill is not None and standstill.lifted_at is None:
            standstill.reached_all_at = standstill.reached_all_at or now()


def _suspend(standstill_id: UUID, batch: list[UUID]) -> bool:
    """False when the standstill was lifted meanwhile: then nobody else is suspended."""
    with transaction() as db:
        active = select(Account).where(Account.id.in_(batch), Account.state == State.ACTIVE).order_by(Account.id)
        found = list(db.scalars(active.with_for_update()))
        standstill = held_standstill_of(db)
        if standstill is None or standstill.id != standstill_id:
            return False
        by = Actor("operator", standstill.begun_by_id, standstill.begun_by)
        accounts.suspend_all(db, found, reason=WITH_ALL, by=by, standstill=standstill)
        return True


@jobs.job(RESTORE)
def restore_customers(payload: dict[str, Any]) -> None:
    """Make active again what the standstill alone holds, then go on with what was paid for meanwhile.

    What a later standstill stops is left to that one.
    """
    standstill_id = UUID(payload["standstill"])
    for batch in _batches(lambda db, after: _held(db, standstill_id, after)):
        _restore(standstill_id, batch)
    for batch in _batches(lambda db, after: paid_and_held(db, after, BATCH)):
        for account_id in batch:
            _activate(account_id)
    with transaction() as db:
        standstill = db.locked(Standstill, standstill_id)
        if standstill is not None:
            standstill.restored_at = standstill.restored_at or now()


def _restore(standstill_id: UUID, batch: list[UUID]) -> None:
    with transaction() as db:
        suspended = select(Account).where(Account.id.in_(batch), Account.state == State.SUSPENDED)
        found = list(db.scalars(suspended.order_by(Account.id).with_for_update()))
        standstill = db.load(Standstill, standstill_id)
        assert standstill is not None and standstill.lifted_by is not None
        by = Actor("operator", standstill.lifted_by_id, standstill.lifted_by)
        held = held_by(db, [account.id for account in found])
        for account in found:
            # Asked again now that the account is ours: another worker, or a person, may have been here.
            if held.get(account.id) == standstill_id:
                accounts.reactivate(db, account, by=by)


def _activate(account_id: UUID) -> None:
    with transaction() as db:
        account = db.locked(Account, account_id)
        if account is not None:
            activate_held(db, account)


def _active(db: TenantSession, after: UUID | None) -> list[UUID]:
    wanted = select(Account.id).where(Account.kind == "customer", Account.state == State.ACTIVE)
    wanted = wanted.where(Account.id > after) if after is not None else wanted
    return list(db.scalars(wanted.order_by(Account.id).limit(BATCH)))


def _held(db: TenantSession, standstill_id: UUID, after: UUID | None) -> list[UUID]:
    """Accounts of which the standstill's pause is open; closed ones keep theirs."""
    wanted = select(Pause.account_id).where(Pause.standstill_id == standstill_id, Pause.until_day.is_(None))
    wanted = wanted.where(Pause.account_id > after) if after is not None else wanted
    return list(db.scalars(wanted.order_by(Pause.account_id).limit(BATCH)))


def _batches(page: Callable[[TenantSession, UUID | None], list[UUID]]) -> Iterator[list[UUID]]:
    after: UUID | None = None
    while True:
        with reading() as db:
            ids = page(db, after)
        if not ids:
            return
        yield ids
        after = ids[-1]
