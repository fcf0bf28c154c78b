"""What a white label sells: plans and services, their prices from day to day, and the tax on them.

The operator sets the wholesale price, the white label the retail one. The operator's own tenant holds the default
wholesale list: the same tables, with the same codes as the white labels' products.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.catalogue.prices import Taxed
from portal.kit.clock import now
from portal.kit.db import Base, TenantOwned, TenantRow, belongs_to


class Product:
    """What plans and services have in common.

    `name` is what customers read, `listed_name` what the operator calls it. The opening prices hold until a `Price`
    replaces them; read them through `PriceList` alone. `tax_ppm` is the retail tax where no `TaxRate` says otherwise.
    """

    code: Mapped[str]
    name: Mapped[str]
    listed_name: Mapped[str | None]
    description: Mapped[str] = mapped_column(default="")
    opening_retail_minor: Mapped[int] = mapped_column("retail_minor", BigInteger)
    opening_retail_setup_minor: Mapped[int] = mapped_column("retail_setup_minor", BigInteger)
    opening_wholesale_minor: Mapped[int] = mapped_column("wholesale_minor", BigInteger)
    opening_wholesale_setup_minor: Mapped[int] = mapped_column("wholesale_setup_minor", BigInteger)
    tax_ppm: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    hidden_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]

    @property
    def is_on_sale(self) -> bool:
        """Offered to customers: neither hidden by the white label nor retired by the operator."""
        return self.retired_at is None and self.hidden_at is None


class Plan(Product, TenantRow, Base):
    """Its price is for one period of `months`: 1 or 12. With trial days the first period begins after them."""

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("white_label_id", "code"),
        CheckConstraint(
            "retail_minor >= 0 and retail_setup_minor >= 0 and wholesale_minor >= 0 and wholesale_setup_minor >= 0"
            " and minimum_funding_minor >= 0 and tax_ppm >= 0",
            name="not_negative",
        ),
    )

    minimum_funding_minor: Mapped[int] = mapped_column(BigInteger)
    months: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    trial_days: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class Service(Product, TenantRow, Base):
    """Something besides the plan, by quantity: `recurring` each month, `one_off` once, or `usage` as it is used.

    The price is for `per_units` of the unit: 1.20 for 100 minutes, say. Of a usage service at least `minimum_units` are
    charged in a period in which more was used than the plan includes. A service that `counts` numbers is switched on by
    assigning numbers of its price class, and by nothing else.
    """

    __tablename__ = "service"
    __table_args__ = (
        UniqueConstraint("white_label_id", "code"),
        CheckConstraint("kind in ('recurring', 'one_off', 'usage')", name="kind"),
        CheckConstraint(
            "retail_minor >= 0 and retail_setup_minor >= 0 and wholesale_minor >= 0 and wholesale_setup_minor >= 0"
            " and tax_ppm >= 0 and per_units > 0",
            name="not_negative",
        ),
    )

    kind: Mapped[str]
    unit: Mapped[str] = mapped_column(default="each")
    per_units: Mapped[int] = mapped_column(default=1)
    minimum_units: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    counts: Mapped[str] = mapped_column(default="", server_default=text("''"))

    @property
    def is_by_period(self) -> bool:
        """Whether so many of it in a period can come with a plan; what is bought once has no period."""
        return self.kind != "one_off"

    @property
    def counts_numbers(self) -> bool:
        return self.counts == "numbers"


class Inclusion(TenantOwned, Base):
    """So many of a service that a plan holds at no further charge, in periods that begin on a day or later; 0 takes it
    out again. `kit.clock.EVER` where it was so before anything was charged."""

    __tablename__ = "plan_inclusion"
    __table_args__ = (
        belongs_to("plan_id", "plan"),
        belongs_to("service_id", "service"),
        CheckConstraint("quantity >= 0", name="quantity"),
    )

    plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    quantity: Mapped[int]


class Price(TenantRow, Base):
    """A net price (gross where the white label says so) of a plan or a service from a day on, in minor units.

    Append-only: before its day a `PriceCorrection` puts it right, after it a price from a later day. Among wholesale
    prices the white label's own list (`own`) goes before the operator's default one.
    """

    __tablename__ = "price"
    __table_args__ = (
        belongs_to("plan_id", "plan"),
        belongs_to("service_id", "service"),
        UniqueConstraint(
            "white_label_id", "plan_id", "side", "source", "currency", "valid_from", name="uq_price_plan_day"
        ),
        UniqueConstraint(
            "white_label_id", "service_id", "side", "source", "currency", "valid_from", name="uq_price_service_day"
        ),
        CheckConstraint("(plan_id is null) <> (service_id is null)", name="one_product"),
        CheckConstraint("side in ('retail', 'wholesale')", name="side"),
        CheckConstraint("source in ('own', 'default')", name="source"),
        CheckConstraint("minor >= 0 and setup_minor >= 0", name="not_negative"),
    )

    plan_id: Mapped[UUID | None]
    service_id: Mapped[UUID | None]
    side: Mapped[str]
    source: Mapped[str] = mapped_column(default="own")
    currency: Mapped[str]
    valid_from: Mapped[date]
    minor: Mapped[int] = mapped_column(BigInteger)
    setup_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    set_at: Mapped[datetime] = mapped_column(default=now)
    set_by: Mapped[str]

    @property
    def product_id(self) -> UUID:
        found = self.plan_id or self.service_id
        assert found is not None
        return found


class OpeningPrice(TenantRow, Base):
    """What a product of the default list opens at in a currency other than the operator's own. Append-only.

    In its own currency a product's opening prices are columns of its own; a white label has no other currency.
    """

    __tablename__ = "opening_price"
    __table_args__ = (
        belongs_to("plan_id", "plan"),
        belongs_to("service_id", "service"),
        UniqueConstraint("white_label_id", "plan_id", "currency"),
        UniqueConstraint("white_label_id", "service_id", "currency"),
        CheckConstraint("(plan_id is null) <> (service_id is null)", name="one_product"),
        CheckConstraint(
            "retail_minor >= 0 and retail_setup_minor >= 0 and wholesale_minor >= 0 and wholesale_setup_minor >= 0"
            " and minimum_funding_minor >= 0",
            name="not_negative",
        ),
    )

    plan_id: Mapped[UUID | None]
    service_id: Mapped[UUID | None]
    currency: Mapped[str]
    retail_minor: Mapped[int] = mapped_column(BigInteger)
    retail_setup_minor: Mapped[int] = mapped_column(BigInteger)
    wholesale_minor: Mapped[int] = mapped_column(BigInteger)
    wholesale_setup_minor: Mapped[int] = mapped_column(BigInteger)
    minimum_funding_minor: Mapped[int] = mapped_column(BigInteger)
    set_at: Mapped[datetime] = mapped_column(default=now)
    set_by: Mapped[str]

    @property
    def product_id(self) -> UUID:
        found = self.plan_id or self.service_id
        assert found is not None
        return found


class PriceCorrection(TenantRow, Base):
    """What holds instead of a price whose day had not come; without amounts the price is withdrawn.

    The last revision counts.
    """

    __tablename__ = "price_correction"
    __table_args__ = (
        belongs_to("price_id", "price"),
        UniqueConstraint("white_label_id", "price_id", "revision"),
        CheckConstraint("(minor is null) = (setup_minor is null)", name="both_or_none"),
        CheckConstraint("minor >= 0 and setup_minor >= 0", name="not_negative"),
    )

    price_id: Mapped[UUID]
    revision: Mapped[int]
    minor: Mapped[int | None] = mapped_column(BigInteger)
    setup_minor: Mapped[int | None] = mapped_column(BigInteger)
    set_at: Mapped[datetime] = mapped_column(default=now)
    set_by: Mapped[str]


class TaxRate(TenantRow, Base):
    """A tax from a day on, in parts per million, for whom a `Taxed` names.

    At retail for the customers of a country, or of one region of it (its code, as `kit.postal` knows it): it goes
    before a product's own. At wholesale for the white label: it goes before the opening rate that stands on it.
    """

    __tablename__ = "tax_rate"
    __table_args__ = (
        UniqueConstraint("white_label_id", "side", "country", "region", "valid_from"),
        CheckConstraint("rate_ppm >= 0 and rate_ppm <= 1000000", name="rate"),
        CheckConstraint(
            "(side = 'retail' and country <> '') or (side = 'wholesale' and country = '' and region = '')", name="whose"
        ),
    )

    side: Mapped[str] = mapped_column(default="retail", server_default="retail")
    country: Mapped[str]
    region: Mapped[str] = mapped_column(default="", server_default="")
    valid_from: Mapped[date]
    rate_ppm: Mapped[int]
    set_at: Mapped[datetime] = mapped_column(default=now)
    set_by: Mapped[str]

    @property
    def whose(self) -> Taxed:
        return Taxed(self.country, self.region, self.side)
