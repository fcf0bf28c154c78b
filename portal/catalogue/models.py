"""A plan of one white label. The operator sets the wholesale price, the white label the retail one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, TenantSession


class Plan(TenantRow, Base):
    """Prices are net, in minor units of the white label's currency, for one month. `tax_ppm` is the retail tax."""

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("white_label_id", "code"),
        CheckConstraint(
            "retail_minor >= 0 and retail_setup_minor >= 0 and wholesale_minor >= 0 and wholesale_setup_minor >= 0"
            " and minimum_funding_minor >= 0 and tax_ppm >= 0",
            name="not_negative",
        ),
    )

    code: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    retail_minor: Mapped[int] = mapped_column(BigInteger)
    retail_setup_minor: Mapped[int] = mapped_column(BigInteger)
    wholesale_minor: Mapped[int] = mapped_column(BigInteger)
    wholesale_setup_minor: Mapped[int] = mapped_column(BigInteger)
    minimum_funding_minor: Mapped[int] = mapped_column(BigInteger)
    tax_ppm: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]


def plans_on_sale(db: TenantSession) -> list[Plan]:
    """Cheapest first."""
    return list(db.scalars(select(Plan).where(Plan.retired_at.is_(None)).order_by(Plan.retail_minor, Plan.name)))


def plan_on_sale(db: TenantSession, plan_id: UUID) -> Plan | None:
    plan = db.load(Plan, plan_id)
    return plan if plan is not None and plan.retired_at is None else None
