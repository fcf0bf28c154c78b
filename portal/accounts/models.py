"""Accounts, who belongs to them, and how to reach them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.lifecycle import Administration, State, may_move
from portal.kit.clock import now
from portal.kit.db import Base, TenantOwned, TenantRow, belongs_to
from portal.kit.refusals import Refusal
from portal.kit.world import country_name


class MoveRefused(Refusal):
    heading = "The account is past that"


class Account(TenantRow, Base):
    """Holds a balance and services. `kind` is white_label (one a tenant) or customer.

    `first_day` is the earliest day that is charged; `billing_day` the day of the month on which later periods begin,
    31 for the last one, and without it that of the first day. `cycle_anchor` is the first day of the first period, set
    at activation. `least_funding_minor` may raise the plan's minimum. `tax_exemption` says why no tax is charged.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("white_label_id", "number"),
        belongs_to("plan_id", "plan"),
        Index(
            "uq_account_one_white_label",
            "white_label_id",
            unique=True,
            sqlite_where=text("kind = 'white_label'"),
            postgresql_where=text("kind = 'white_label'"),
        ),
        Index("ix_account_created", "white_label_id", "kind", "created_at", "id"),
        Index("ix_account_name", "white_label_id", "kind", "name", "id"),
        CheckConstraint("kind in ('white_label', 'customer')", name="kind"),
        CheckConstraint("state in ('inactive', 'active', 'suspended', 'closed')", name="state"),
        CheckConstraint("administration in ('customer', 'white_label')", name="administration"),
    )

    number: Mapped[str]
    kind: Mapped[str] = mapped_column(default="customer")
    administration: Mapped[str]
    state: Mapped[str] = mapped_column(default=State.INACTIVE.value)
    name: Mapped[str]
    primary_domain: Mapped[str] = mapped_column(default="")
    plan_id: Mapped[UUID | None]
    first_day: Mapped[date | None]
    billing_day: Mapped[int | None]
    least_funding_minor: Mapped[int | None] = mapped_column(BigInteger)
    cycle_anchor: Mapped[date | None]
    tax_number: Mapped[str | None]
    tax_exemption: Mapped[str | None]
    send_letters: Mapped[bool] = mapped_column(default=True)
    credit_limit_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str]
    claimed_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @property
    def is_run_by_customer(self) -> bool:
        return self.administration == Administration.CUSTOMER

    @property
    def is_claimed(self) -> bool:
        """Whether its customer redeemed an activation link: chose a password, or gave theirs, and took the terms."""
        return self.claimed_at is not None

    def move_to(self, new: State, *, only_from: State | None = None) -> None:
        """Raises MoveRefused when the lifecycle has no such step, or the act is for another state."""
        self.refuse_move(new, only_from=only_from)
        self.state = new.value

    def refuse_move(self, new: State, *, only_from: State | None = None) -> None:
        """Raises what `move_to` would, and moves nothing."""
        if not may_move(State(self.state), new) or (only_from is not None and self.state != only_from):
            raise MoveRefused(f"Account {self.number} is {self.state} and cannot become {new}.")


class Membership(TenantOwned, Base):
    """A person's role on one account."""

    __tablename__ = "membership"
    __table_args__ = (
        belongs_to("account_id", "account"),
        belongs_to("user_id", "users"),
        Index("ix_membership_user", "white_label_id", "user_id"),
        CheckConstraint("role in ('administrator', 'finance', 'standard')", name="role"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    is_primary: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Contact(TenantOwned, Base):
    """The general contact information of an account: optional, printed on the welcome letter."""

    __tablename__ = "contact"
    __table_args__ = (belongs_to("account_id", "account"),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")


class Address(TenantOwned, Base):
    """`kind` is business or service. An account whose service address is the same has the business one only."""

    __tablename__ = "address"
    __table_args__ = (
        belongs_to("account_id", "account"),
        CheckConstraint("kind in ('business', 'service')", name="kind"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    line1: Mapped[str]
    line2: Mapped[str] = mapped_column(default="")
    city: Mapped[str]
    region: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(default="")
    country: Mapped[str]

    def words(self) -> str:
        """The address on one line, as letters and pages print it."""
        town = " ".join(part for part in (self.city, self.region, self.postcode) if part)
        return ", ".join(part for part in (self.line1, self.line2, town, country_name(self.country)) if part)


class Subscription(TenantRow, Base):
    """A plan or a service on an account, in one quantity, from a day up to, not including, `until_day`.

    `item` names it in charges, once an account. `charged_to` is the first day that was not charged yet. A change of
    quantity or plan ends one row and begins another, so the price of any day is found again from the rows.

    `setup_quantity` is how many are set up, and charged for it, when the first period begins; what was set up by an
    activation or a change on the day was charged then, and is not in it.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        belongs_to("account_id", "account"),
        belongs_to("plan_id", "plan"),
        belongs_to("service_id", "service"),
        UniqueConstraint("white_label_id", "account_id", "item"),
        Index("ix_subscription_charged_to", "white_label_id", "charged_to", "account_id"),
        CheckConstraint("(plan_id is null) <> (service_id is null)", name="one_product"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("until_day is null or until_day >= from_day", name="days"),
    )

    account_id: Mapped[UUID]
    plan_id: Mapped[UUID | None]
    service_id: Mapped[UUID | None]
    item: Mapped[str]
    quantity: Mapped[int]
    from_day: Mapped[date]
    until_day: Mapped[date | None]
    charged_to: Mapped[date]
    setup_quantity: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str]

    @property
    def product_id(self) -> UUID:
        found = self.plan_id or self.service_id
        assert found is not None
        return found


class Standstill(TenantRow, Base):
    """The operator's decision to have every customer of a white label suspended, from `begun_at` until `lifted_at`.

    It holds each account that nothing else holds. `reached_all_at` is when the last active account was suspended,
    `restored_at` when the last one was active again. `beyond_at` is when the white-label account was first seen beyond
    its limit while it stood, and `told_at` when the operator heard that it no longer is.
    """

    __tablename__ = "standstill"
    __table_args__ = (
        Index(
            "uq_standstill_one_standing",
            "white_label_id",
            unique=True,
            sqlite_where=text("lifted_at is null"),
            postgresql_where=text("lifted_at is null"),
        ),
        CheckConstraint("(lifted_at is null) = (lifted_by is null)", name="lifted_by_somebody"),
        CheckConstraint("restored_at is null or lifted_at is not null", name="restored_after"),
    )

    reason: Mapped[str]
    begun_at: Mapped[datetime] = mapped_column(default=now)
    begun_by_id: Mapped[UUID]
    begun_by: Mapped[str]
    reached_all_at: Mapped[datetime | None]
    beyond_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    lift_reason: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[UUID | None]
    lifted_by: Mapped[str | None]
    restored_at: Mapped[datetime | None]


class Pause(TenantRow, Base):
    """Days on which a suspended account begins no period: from the day after its suspension up to its reactivation.

    With a `standstill_id` it is the operator's: the account works again when that standstill is lifted, not before.
    """

    __tablename__ = "pause"
    __table_args__ = (
        belongs_to("account_id", "account"),
        belongs_to("standstill_id", "standstill"),
        Index("ix_pause_account", "white_label_id", "account_id", "from_day"),
        Index("ix_pause_standstill", "white_label_id", "standstill_id", "account_id"),
    )

    account_id: Mapped[UUID]
    from_day: Mapped[date]
    until_day: Mapped[date | None]
    reason: Mapped[str] = mapped_column(default="")
    standstill_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
