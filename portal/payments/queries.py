"""Reading fundings and the gateway's readiness."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from portal.kit.db import TenantSession
from portal.payments.models import OPEN_STATES, Funding, GatewayCustomer, GatewayRefund
from portal.whitelabels.models import GatewayCredential


def fundings_of(db: TenantSession, account_id: UUID) -> Sequence[Funding]:
    """Newest first."""
    wanted = select(Funding).where(Funding.account_id == account_id)
    return db.scalars(wanted.order_by(Funding.created_at.desc(), Funding.id.desc())).all()


def latest_funding(db: TenantSession, account_id: UUID) -> Funding | None:
    return next(iter(fundings_of(db, account_id)), None)


def open_funding_of(db: TenantSession, account_id: UUID) -> Funding | None:
    return db.scalar(select(Funding).where(Funding.account_id == account_id, Funding.state.in_(OPEN_STATES)))


def refund_of(db: TenantSession, funding_id: UUID) -> GatewayRefund | None:
    """The refund of a payment that counts: the last one, as another is made only when the one before failed."""
    wanted = select(GatewayRefund).where(GatewayRefund.funding_id == funding_id)
    return db.scalar(wanted.order_by(GatewayRefund.created_at.desc(), GatewayRefund.id.desc()).limit(1))


def kept_minor(db: TenantSession, funding: Funding) -> int:
    """What arrived with a payment and nobody gives back, in minor units."""
    wanted = select(_kept()).where(Funding.id == funding.id, Funding.state == "succeeded")
    return int(db.scalar(wanted) or 0)


def kept_fundings(db: TenantSession, account_id: UUID) -> list[tuple[Funding, int]]:
    """Payments that arrived and that nobody gives back whole, each with what is kept of it."""
    kept = _kept()
    wanted = select(Funding, kept).where(Funding.account_id == account_id, Funding.state == "succeeded", kept > 0)
    return [(funding, int(minor)) for funding, minor in db.execute(wanted.order_by(Funding.id))]


def _kept() -> ColumnElement[int]:
    """Of a payment that arrived: its amount without the refunds that did not fail."""
    back = select(func.coalesce(func.sum(GatewayRefund.amount_minor), 0)).where(
        GatewayRefund.white_label_id == Funding.white_label_id,
        GatewayRefund.funding_id == Funding.id,
        GatewayRefund.state != "failed",
    )
    return Funding.amount_minor - back.correlate(Funding).scalar_subquery()


def gateway_customer_of(db: TenantSession, account_id: UUID, credential: GatewayCredential) -> str | None:
    wanted = select(GatewayCustomer.customer).where(
        GatewayCustomer.account_id == account_id,
        GatewayCustomer.gateway_account == credential.gateway_account,
        GatewayCustomer.livemode == credential.livemode,
    )
    return db.scalar(wanted)


def refunds_of_account(db: TenantSession, account_id: UUID) -> list[tuple[GatewayRefund, Funding]]:
    """What went back to the card, with the payment it was of."""
    wanted = select(GatewayRefund, Funding).join(Funding, Funding.id == GatewayRefund.funding_id)
    found = wanted.where(Funding.account_id == account_id, GatewayRefund.state == "succeeded")
    return [(refund, funding) for refund, funding in db.execute(found)]
