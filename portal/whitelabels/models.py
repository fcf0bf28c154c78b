"""A white label and the keys to its gateway. The operator is a row of the same table: see docs/decisions/0001."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow
from portal.kit.ids import new_id
from portal.kit.vault import seal, unseal
from portal.kit.world import english_of


class WhiteLabel(Base):
    """A tenant: a reseller with its own host, brand, gateway, price list and books.

    The opening tax on wholesale holds until a dated rate replaces it; read both through `catalogue.prices.TaxRates`.
    `customers_suspended_at` is set while the operator has all its customers suspended: `accounts.models.Standstill`
    says who did it and why. It stands here, too, because every page asks. `early_logo_digest` is for documents that
    were issued before they named their logo.
    """

    __tablename__ = "white_label"
    __table_args__ = (
        CheckConstraint("kind in ('operator', 'white_label')", name="kind"),
        Index(
            "uq_white_label_one_operator",
            "kind",
            unique=True,
            sqlite_where=text("kind = 'operator'"),
            postgresql_where=text("kind = 'operator'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(default="white_label")
    name: Mapped[str]
    host: Mapped[str] = mapped_column(unique=True)
    currency: Mapped[str]
    time_zone: Mapped[str] = mapped_column(default="Europe/London")
    locale: Mapped[str] = mapped_column(default="en_GB")
    country: Mapped[str] = mapped_column(default="GB")
    number_prefix: Mapped[str] = mapped_column(unique=True)
    tax_name: Mapped[str] = mapped_column(default="VAT")
    opening_wholesale_tax_ppm: Mapped[int] = mapped_column("wholesale_tax_ppm", default=0)
    retail_tax_mode: Mapped[str] = mapped_column(default="exclusive", server_default="exclusive")
    tax_number: Mapped[str | None]
    colour: Mapped[str] = mapped_column(default="#33506b")
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    logo_digest: Mapped[str | None]
    early_logo_digest: Mapped[str | None]
    support_email: Mapped[str]
    support_phone: Mapped[str | None]
    legal_name: Mapped[str]
    postal_address: Mapped[str] = mapped_column(default="")
    terms_version: Mapped[str] = mapped_column(default="1")
    terms: Mapped[str] = mapped_column(default="")
    customers_suspended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def is_operator(self) -> bool:
        return self.kind == "operator"

    @property
    def english(self) -> str:
        """The locale of its pages' words; `locale` itself is for the figures of amounts."""
        return english_of(self.locale)

    @property
    def customers_are_suspended(self) -> bool:
        """Whether a standstill stands: no account of this white label can become active."""
        return self.customers_suspended_at is not None

    @property
    def logo_url(self) -> str | None:
        return f"/logo?v={self.logo_digest}" if self.logo_digest else None


class KeptLogo(Base):
    """A logo that was ever in use, by its digest, for the documents that were issued under it. Append-only.

    It belongs to nobody: the operator's stands on the statements of each white label, and all of them are public.
    """

    __tablename__ = "kept_logo"

    digest: Mapped[str] = mapped_column(primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(default=now)


class GatewayCredential(TenantRow, Base):
    """The white label's own Stripe account. Secrets are sealed for this tenant and never leave `payments`."""

    __tablename__ = "gateway_credential"
    __table_args__ = (
        Index(
            "uq_gateway_credential_in_use",
            "white_label_id",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
    )

    webhook_slug: Mapped[str] = mapped_column(unique=True)
    gateway_account: Mapped[str]
    livemode: Mapped[bool]
    currency: Mapped[str]
    key_hint: Mapped[str]
    sealed_key: Mapped[str]
    sealed_webhook_secret: Mapped[str] = mapped_column(default="")
    webhook_endpoint: Mapped[str] = mapped_column(default="")
    connected_at: Mapped[datetime] = mapped_column(default=now)
    connected_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    problems: Mapped[list[Any]] = mapped_column(default=list)
    last_event_at: Mapped[datetime | None]

    @property
    def is_ready(self) -> bool:
        return self.checked_at is not None and not self.problems

    @property
    def key(self) -> str:
        return unseal(self.sealed_key, white_label_id=self.white_label_id, purpose="gateway-key")

    @property
    def webhook_secret(self) -> str:
        """Empty when no webhook is registered; an empty secret accepts nothing."""
        if not self.sealed_webhook_secret:
            return ""
        return unseal(self.sealed_webhook_secret, white_label_id=self.white_label_id, purpose="webhook-secret")

    def keep_key(self, key: str) -> None:
        self.sealed_key = seal(key, white_label_id=self.white_label_id, purpose="gateway-key")

    def keep_webhook_secret(self, secret: str) -> None:
        self.sealed_webhook_secret = seal(secret, white_label_id=self.white_label_id, purpose="webhook-secret")
