"""What the rest of the house knows of a payment gateway: orders it can be given, and what it says it saw."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class GatewayUnreachable(Exception):
    """No answer, or an answer that does not say whether the work was done. The outcome is unknown."""


class GatewayBroken(GatewayUnreachable):
    """The gateway answered with an error of its own (5xx), perhaps cached under the idempotency key."""


class GatewayRefused(Exception):
    """The gateway understood and said no. Nothing was done. The message is for staff, not for customers."""


class KeyRefused(GatewayRefused):
    """The gateway does not accept the white label's key any more."""


@dataclass(frozen=True)
class CheckoutOrder:
    """One hosted card page. Amounts are minor units (ISO 4217); the gateway's special cases stay in its module."""

    funding_id: str
    idempotency_key: str
    customer: str
    amount_minor: int
    currency: str
    reference: str
    account_number: str
    description: str
    success_url: str
    cancel_url: str
    expires_at: datetime
    brand_name: str
    brand_colour: str
    locale: str


@dataclass(frozen=True)
class Seen:
    """What the gateway says of one Checkout Session and the payment behind it, at this moment."""

    session: str
    url: str | None
    status: str
    paid: bool
    amount_minor: int
    currency: str
    livemode: bool
    funding_id: str | None
    intent: str | None = None
    needs_action: bool = False
    decline: str | None = None
    card: str | None = None
    fee_minor: int | None = None
    fee_id: str | None = None
    refunds: tuple["SeenRefund", ...] = ()
    disputes: tuple["SeenDispute", ...] = ()


@dataclass(frozen=True)
class SeenRefund:
    gateway_id: str
    amount_minor: int
    status: str
    refund_id: str | None = None


@dataclass(frozen=True)
class SeenDispute:
    """The holder of a card contests a payment at their bank. While the bank only asks, no money moves.

    `moves` are what the gateway booked for it.
    """

    gateway_id: str
    amount_minor: int
    status: str
    reason: str
    answer_by: datetime | None
    moves: tuple["SeenMove", ...] = ()

    @property
    def is_inquiry(self) -> bool:
        return self.status.startswith("warning_")

    @property
    def is_over(self) -> bool:
        return self.status in ("won", "lost", "warning_closed", "prevented")


@dataclass(frozen=True)
class SeenMove:
    """Money that a dispute took or gave back, and the fee, negative when given back. Both are None where the gateway
    keeps its balance in another currency."""

    gateway_id: str
    came_back: bool
    amount_minor: int | None
    fee_minor: int | None


@dataclass(frozen=True)
class GatewayAccount:
    """The gateway's word on the white label's own account."""

    id: str
    name: str
    country: str
    currency: str
    livemode: bool
    may_charge: bool
    may_pay_out: bool
    problems: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Endpoint:
    """A webhook address registered at the gateway. `secret` is told once, at its creation."""

    id: str
    url: str
    is_enabled: bool
    secret: str = ""
    hears_all: bool = True


class Gateway(Protocol):
    """The outside world. Every method may raise GatewayUnreachable, GatewayBroken or GatewayRefused."""

    def account(self) -> GatewayAccount: ...
    def create_customer(self, *, name: str, email: str, account_number: str, idempotency_key: str) -> str: ...
    def create_checkout(self, order: CheckoutOrder) -> Seen: ...
    def checkout(self, session: str) -> Seen: ...
    def checkout_of_intent(self, intent: str) -> Seen | None: ...
    def find_checkout(self, customer: str, funding_id: str) -> Seen | None: ...
    def expire_checkout(self, session: str) -> Seen: ...
    def refund(self, *, intent: str, amount_minor: int, currency: str, refund_id: str) -> SeenRefund: ...
    def disputed_intents(self, since: datetime) -> dict[str, str]: ...
    def register_webhook(self, url: str, idempotency_key: str) -> Endpoint: ...
    def webhook(self, endpoint: str) -> Endpoint | None: ...
    def widen_webhook(self, endpoint: str) -> None: ...
    def remove_webhook(self, endpoint: str) -> None: ...
