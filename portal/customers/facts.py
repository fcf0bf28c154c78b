"""What tells where customers stand, read for many of them at once: a handful of queries however many they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.standstill import held_by
from portal.activation.models import ActivationLink
from portal.audit.queries import last_acts_on
from portal.kit.db import TenantSession
from portal.letters.models import Letter
from portal.numbers.queries import without_address
from portal.payments.models import Funding, GatewayRefund
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import gateway_credential, white_label


@dataclass(frozen=True)
class Facts:
    """By account, the latest of each; refunds by funding. Only of accounts whose state asks for it.

    The letter is the activation letter of a customer that waits, and the welcome letter of an active Option 2 account.
    """

    tenant: WhiteLabel
    has_gateway: bool
    letters: dict[UUID, Letter]
    links: dict[UUID, ActivationLink]
    fundings: dict[UUID, Funding]
    refunds: dict[UUID, GatewayRefund]
    suspended_at: dict[UUID, datetime]
    held: dict[UUID, UUID]
    """Those that the operator has suspended with all the others, with the standstill."""
    without_address: set[UUID]
    """Active ones with a number that help would not find."""


def facts_of(db: TenantSession, accounts: Iterable[Account]) -> Facts:
    known = list(accounts)
    inactive = [a for a in known if a.state == State.INACTIVE and a.is_run_by_customer]
    unclaimed, paying = [a.id for a in inactive if not a.is_claimed], [a.id for a in inactive if a.is_claimed]
    welcomed = [a.id for a in known if a.state == State.ACTIVE and not a.is_run_by_customer]
    fundings = _latest(db, Funding, Funding.account_id, paying)
    letters = _latest(db, Letter, Letter.about_id, unclaimed, Letter.name == "activation")
    letters |= _latest(db, Letter, Letter.about_id, welcomed, Letter.name == "welcome")
    suspended, tenant = [a.id for a in known if a.state == State.SUSPENDED], white_label(db)
    return Facts(
        tenant=tenant,
        has_gateway=bool(paying) and gateway_credential(db) is not None,
        letters=letters,
        links=_latest(db, ActivationLink, ActivationLink.account_id, unclaimed),
        fundings=fundings,
        refunds=_refunds(db, [funding.id for funding in fundings.values()]),
        suspended_at=last_acts_on(db, suspended, "account.suspended"),
        held=held_by(db, suspended) if tenant.customers_are_suspended else {},
        without_address=without_address(db, [a.id for a in known if a.state == State.ACTIVE]),
    )


def _latest(db: TenantSession, model: Any, owner: Any, ids: Sequence[UUID], *more: Any) -> dict[UUID, Any]:
    """By owner. An account has a few of each, so the database need not choose among them."""
    if not ids:
        return {}
    wanted = select(model).where(owner.in_(ids), *more)
    return {getattr(row, owner.key): row for row in db.scalars(wanted.order_by(model.created_at, model.id))}


def _refunds(db: TenantSession, ids: Sequence[UUID]) -> dict[UUID, GatewayRefund]:
    if not ids:
        return {}
    return {row.funding_id: row for row in db.scalars(select(GatewayRefund).where(GatewayRefund.funding_id.in_(ids)))}
