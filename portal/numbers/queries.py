"""Reading numbers."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.kit.db import TenantSession
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import Number


def numbers_of(db: TenantSession, account_id: UUID) -> Sequence[Number]:
    """The numbers assigned to an account, in the order of their digits."""
    wanted = select(Number).where(Number.account_id == account_id, Number.state == NumberState.ASSIGNED)
    return db.scalars(wanted.order_by(Number.e164)).all()
