"""What it means for accounts that the operator has every customer of their white label suspended."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select

from portal.accounts.models import Account, Pause, Standstill
from portal.kit.db import TenantSession
from portal.kit.refusals import Refusal
from portal.whitelabels.queries import held_white_label


class CustomersSuspended(Refusal):
    """For the people of the white label. What its customers read says nothing of the operator."""

    heading = "The operator suspended your customers"
    text = "No account can become active until the operator lifts that. Ask the operator."


def standstill_of(db: TenantSession) -> Standstill | None:
    """The one that stands now."""
    return db.scalar(select(Standstill).where(Standstill.lifted_at.is_(None)))


def held_standstill_of(db: TenantSession) -> Standstill | None:
    """The same, and so it stays until the transaction ends: asked by whatever would make an account active.

    The caller holds the account first: who begins or lifts a standstill waits for it, and holds no account.
    """
    return standstill_of(db) if held_white_label(db).customers_are_suspended else None


def refuse_while_it_stands(db: TenantSession) -> None:
    """Raises CustomersSuspended."""
    if held_standstill_of(db) is not None:
        raise CustomersSuspended


def open_pauses(db: TenantSession, account: Account) -> Sequence[Pause]:
    """One while the account is suspended, as a rule."""
    return db.scalars(select(Pause).where(Pause.account_id == account.id, Pause.until_day.is_(None))).all()


def held_accounts() -> Select[UUID]:
    """Accounts that a standstill holds; whether they are closed is not asked."""
    return select(Pause.account_id).where(Pause.until_day.is_(None), Pause.standstill_id.is_not(None))


def held_by(db: TenantSession, account_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Of these accounts, those that a standstill holds, and which one; whether they are closed is not asked."""
    wanted = select(Pause.account_id, Pause.standstill_id).where(
        Pause.account_id.in_(account_ids), Pause.until_day.is_(None), Pause.standstill_id.is_not(None)
    )
    return {account_id: standstill_id for account_id, standstill_id in db.execute(wanted) if standstill_id}
