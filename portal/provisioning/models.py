"""The key with which a white label's PBX asks for settings."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow


class ProvisioningKey(TenantRow, Base):
    """Only the SHA-256 digest of the key is kept; `hint` is its end. One is in use at a time."""

    __tablename__ = "provisioning_key"
    __table_args__ = (
        Index(
            "uq_provisioning_key_in_use",
            "white_label_id",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
    )

    digest: Mapped[str]
    hint: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=now)
    made_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
