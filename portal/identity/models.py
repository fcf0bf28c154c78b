"""A person with a login within one tenant, their second factor, and single-use links for passwords and addresses."""

from datetime import datetime
from uuid import UUID

from flask_login import UserMixin
from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, belongs_to
from portal.kit.vault import seal, unseal


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


class SecondFactor(TenantRow, Base):
    """An authenticator app that makes codes by time (RFC 6238). A new phone is a new row, so no session outlives it.

    `last_step` is the time-step of the last code that was used: none of it or before counts again. `wrong` counts
    wrong codes in a row; the last one allowed sets `locked_until`. `locks` counts the locks in a row, and a letter told
    of one at `lock_told_at`. Until `deniable_until` the letter about the phone lets its reader undo it.
    """

    __tablename__ = "second_factor"
    __table_args__ = (belongs_to("user_id", "users"), UniqueConstraint("white_label_id", "user_id"))

    user_id: Mapped[UUID]
    sealed_secret: Mapped[str]
    last_step: Mapped[int] = mapped_column(BigInteger)
    wrong: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    locks: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    lock_told_at: Mapped[datetime | None]
    deniable_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def secret(self) -> str:
        """Raises CannotOpen when it was sealed for somebody else, or with a key that is gone."""
        return unseal(self.sealed_secret, white_label_id=self.white_label_id, purpose=factor_purpose(self.user_id))


def factor_purpose(user_id: UUID) -> str:
    """What a secret is sealed for: this person's codes alone."""
    return f"second-factor:{user_id.hex}"


def sealed_for(user: User, secret: str) -> str:
    return seal(secret, white_label_id=user.white_label_id, purpose=factor_purpose(user.id))


class RecoveryCode(TenantRow, Base):
    """One of ten that stand in for the phone, each once. `name` is its first group, by which its hash is found."""

    __tablename__ = "recovery_code"
    __table_args__ = (belongs_to("factor_id", "second_factor"), UniqueConstraint("white_label_id", "factor_id", "name"))

    factor_id: Mapped[UUID]
    name: Mapped[str]
    hash: Mapped[str]
    used_at: Mapped[datetime | None]
