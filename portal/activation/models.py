"""The activation link, and who accepted which terms."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, belongs_to


class ActivationLink(TenantRow, Base):
    """A single-use link for one person to activate one Option 1 account. Only a digest of the token is kept.

    It counts from when its letter left: until then `expires_at` lies a generous while ahead.
    """

    __tablename__ = "activation_link"
    __table_args__ = (
        belongs_to("account_id", "account"),
        belongs_to("user_id", "users"),
        Index("ix_activation_link_account", "white_label_id", "account_id", "created_at"),
    )

    account_id: Mapped[UUID]
    user_id: Mapped[UUID]
    address: Mapped[str]
    digest: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]


class TermsAcceptance(TenantRow, Base):
    __tablename__ = "terms_acceptance"
    __table_args__ = (belongs_to("account_id", "account"), belongs_to("user_id", "users"))

    account_id: Mapped[UUID]
    user_id: Mapped[UUID]
    version: Mapped[str]
    accepted_at: Mapped[datetime] = mapped_column(default=now)
    from_address: Mapped[str]
