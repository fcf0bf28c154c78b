"""Reading fundings and the gateway's readiness."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from portal.accounts.models import Account
from portal.kit.db import TenantSession
from portal.payments.models import OPEN_DISPUTES, OPEN_STATES, Dispute, Funding, GatewayCustomer, GatewayRefund
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
    """Of a payment that arrived: its amount without the refunds that did not fail, and what a dispute took."""
    back = select(func.coalesce(func.sum(GatewayRefund.amount_minor), 0)).where(
        GatewayRefund.white_label_id == Funding.white_label_id,
        GatewayRefund.funding_id == Funding.id,
        GatewayRefund.state != "failed",
    )
    taken = select(func.coalesce(func.sum(Dispute.amount_minor - Dispute.returned_minor), 0)).where(
        Dispute.white_label_id == Funding.white_label_id,
        Dispute.funding_id == Funding.id,
        Dispute.taken_at.is_not(None),
    )
    gone = back.correlate(Funding).scalar_subquery() + taken.correlate(Funding).scalar_subquery()
    return Funding.amount_minor - gone


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


def disputes_of_account(db: TenantSession, account_id: UUID) -> list[tuple[Dispute, Funding]]:
    """The disputes in which money was taken, with the payment they are about."""
    wanted = select(Dispute, Funding).join(Funding, Funding.id == Dispute.funding_id)
    found = wanted.where(Funding.account_id == account_id, Dispute.taken_at.is_not(None))
    return [(dispute, funding) for dispute, funding in db.execute(found)]


def disputed_minor(db: TenantSession, funding: Funding) -> int:
    """What disputes hold of a payment, in minor units."""
    held = select(func.sum(Dispute.amount_minor - Dispute.returned_minor))
    return int(db.scalar(held.where(Dispute.funding_id == funding.id, Dispute.taken_at.is_not(None))) or 0)


def latest_disputes(db: TenantSession, *, limit: int) -> list[tuple[Dispute, Funding, str]]:
    """With the customer's name: those that are not decided first, then the newest."""
    is_over = Dispute.state.not_in(OPEN_DISPUTES)
    wanted = (
        select(Dispute, Funding, Account.name)
        .join(Funding, Funding.id == Dispute.funding_id)
        .join(Account, Account.id == Funding.account_id)
    )
    found = db.execute(wanted.order_by(is_over, Dispute.began_at.desc(), Dispute.id.desc()).limit(limit))
    return [(dispute, funding, name) for dispute, funding, name in found]


def unheard_disputes(db: TenantSession, seen: Mapping[str, str]) -> Sequence[Funding]:
    """Payments of ours with a dispute that we know nothing of, or not the end of; `seen` has the intent of each by the
    dispute's id."""
    has_come_back = or_(Dispute.state != "won", Dispute.taken_at.is_(None), Dispute.returned_at.is_not(None))
    known = select(Dispute.gateway_id).where(Dispute.gateway_id.in_(list(seen)))
    over = set(db.scalars(known.where(Dispute.state.not_in(OPEN_DISPUTES), has_come_back)))
    intents = [intent for dispute, intent in seen.items() if dispute not in over]
    return db.scalars(select(Funding).where(Funding.payment_intent.in_(intents), Funding.state == "succeeded")).all()
