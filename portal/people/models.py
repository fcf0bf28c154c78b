"""An invitation to join an account, waiting for one person to take it up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, belongs_to

_IS_OPEN = "used_at is null and revoked_at is null"


class Invitation(TenantRow, Base):
    """One address, one role, one account. Only a digest of the token is kept, and none before a letter was written.

    While the account is inactive nobody signs in to it, so its invitations wait: they are mailed when it is active.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        belongs_to("account_id", "account"),
        belongs_to("user_id", "users"),
        Index(
            "uq_invitation_one_open",
            "white_label_id",
            "account_id",
            "address",
            unique=True,
            sqlite_where=text(_IS_OPEN),
            postgresql_where=text(_IS_OPEN),
        ),
        CheckConstraint("role in ('administrator', 'finance', 'standard')", name="role"),
    )

    account_id: Mapped[UUID]
    address: Mapped[str]
    role: Mapped[str]
    invited_by: Mapped[str]
    digest: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    user_id: Mapped[UUID | None]
