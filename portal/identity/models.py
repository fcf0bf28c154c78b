"""A person with a login within one tenant, and the single-use links that set a password or confirm an address."""

from datetime import datetime
from uuid import UUID

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, belongs_to


class User(UserMixin, TenantRow, Base):
    """`login_name` is case-folded, unique in the tenant and never mailed to; letters go to `email`."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("white_label_id", "login_name"),)

    login_name: Mapped[str]
    display_name: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]

    def get_id(self) -> str:
        return f"{self.white_label_id}:{self.id}"

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None


class PasswordLink(TenantRow, Base):
    """`purpose` is set-password (staff start with it) or password-reset. Only a digest of the token is kept."""

    __tablename__ = "password_link"
    __table_args__ = (
        belongs_to("user_id", "users"),
        CheckConstraint("purpose in ('set-password', 'password-reset')", name="purpose"),
    )

    user_id: Mapped[UUID]
    purpose: Mapped[str]
    digest: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]


class AddressChange(TenantRow, Base):
    """That a person wants letters at another address. It counts once the link mailed there was used, and not before.

    `before` is where letters went when it was asked for: a change made elsewhere meanwhile ends this one.
    """

    __tablename__ = "address_change"
    __table_args__ = (
        belongs_to("user_id", "users"),
        Index("ix_address_change_user", "white_label_id", "user_id", "created_at"),
    )

    user_id: Mapped[UUID]
    before: Mapped[str]
    address: Mapped[str]
    digest: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
