"""The page of a change, as ready words: what the account has of a plan or a service, and what can be asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.accounts.models import Subscription
from portal.accounts.queries import subscriptions_of
from portal.billing.book import PriceBook, buyers
from portal.billing.wishes import live, why_not_now
from portal.billing.withdrawing import can_withdraw
from portal.catalogue.models import Plan, Service
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.services.pages import Desk, waiting_words
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.words import day as day_words


@dataclass(frozen=True)
class ChangePage:
    """`has` is what the account has now, or from when it will, and `quantity` what the form opens with. `only_next`
    says why the change can begin with the next period alone. While a change `waits`, no other can be asked for; it is
    taken back at `withdraw_at`, where it can be."""

    product: Plan | Service
    has: str
    quantity: int
    only_next: str
    waits: str
    withdraw_at: str

    @property
    def is_plan(self) -> bool:
        return isinstance(self.product, Plan)

    @property
    def is_once(self) -> bool:
        """What is bought once is bought now, and again: nothing of it is held, and nothing waits."""
        return isinstance(self.product, Service) and self.product.kind == "one_off"

    @property
    def hint(self) -> str:
        """What to know before a quantity is written."""
        if self.is_once:
            return ""
        return f"{self.has}. 0 switches it off." if self.has else "How many the account is to have."


def change_page(db: TenantSession, desk: Desk, product: Plan | Service) -> ChangePage:
    account, book = desk.account, PriceBook(db)
    day = today(book.tenant.time_zone)
    present = live(db, account, product, day)
    if present is None:
        return ChangePage(product, "", 1, "", "", "")
    rows = subscriptions_of(db, account.id)
    waits = waiting_words(_with_what_follows(rows, present), book, book.tenant)
    can_take_back = bool(waits) and can_withdraw(rows, product, day)
    return ChangePage(
        product,
        has=_has(present, book.products[present.product_id], is_begun=present.from_day <= day, tenant=book.tenant),
        quantity=1 if isinstance(product, Plan) else present.quantity,
        only_next=why_not_now(account, product, present, book, buyers(db, [account])[account.id]),
        waits=_waits_words(waits, can_take_back=can_take_back),
        withdraw_at=_withdraw_at(desk, present.product_id) if can_take_back else "",
    )


def _has(present: Subscription, product: Plan | Service, *, is_begun: bool, tenant: WhiteLabel) -> str:
    """`Now: 3`, `From 2 December 2026: 3`, and of a plan its name."""
    begins = "Now" if is_begun else f"From {day_words(present.from_day, tenant)}"
    return f"{begins}: {product.name if isinstance(product, Plan) else present.quantity}"


def _with_what_follows(rows: Sequence[Subscription], present: Subscription) -> Sequence[Subscription]:
    """What the account has of a service, or its plan, and the row that begins where it ends."""
    after = [row for row in rows if row.from_day == present.until_day and row.service_id == present.service_id]
    return [present, *(row for row in after if row.until_day is None)]


def _waits_words(waits: str, *, can_take_back: bool) -> str:
    return f"{waits}. Take it back to ask for another one." if can_take_back else waits


def _withdraw_at(desk: Desk, product_id: UUID) -> str:
    return f"{desk.base}/services/{product_id}/withdrawal"
