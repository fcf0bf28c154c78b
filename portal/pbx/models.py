"""What is kept of phone settings: every version of them, digests for signing telephones in, and sound recordings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantOwned, TenantRow, belongs_to

# What PostgreSQL's integer holds: nothing above it can be the number of a version.
LAST_VERSION = 2**31 - 1
# Stands where the maker of a password stands, for those that were never shown to anybody.
NOBODY = ""


class PbxVersion(TenantOwned, Base):
    """The settings of an account after one change. Append-only: the newest version is what holds.

    `what` says the change in words, `undoes` the version that it took back.
    """

    __tablename__ = "pbx_version"
    __table_args__ = (belongs_to("account_id", "account"), CheckConstraint("version > 0", name="version"))

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]]
    what: Mapped[str]
    undoes: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(default=now)
    by_kind: Mapped[str]
    by_id: Mapped[UUID | None]
    by_name: Mapped[str]


class SipCredential(TenantOwned, Base):
    """What a telephone signs in with. Of the password only HA1 is kept (RFC 2617, 3.2.2.2), which binds it to the
    username and the realm."""

    __tablename__ = "sip_credential"
    __table_args__ = (belongs_to("account_id", "account"), UniqueConstraint("white_label_id", "username"))

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    extension: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str]
    realm: Mapped[str]
    ha1: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=now)
    made_by: Mapped[str]


class Clip(TenantRow, Base):
    """A sound recording: a greeting or music. 16-bit mono WAV, made anew from what was uploaded."""

    __tablename__ = "clip"
    __table_args__ = (
        belongs_to("account_id", "account"),
        Index("ix_clip_account", "white_label_id", "account_id", "name"),
    )

    account_id: Mapped[UUID]
    name: Mapped[str]
    seconds: Mapped[int]
    size: Mapped[int]
    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str]
