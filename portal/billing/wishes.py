"""What may be wished for of a plan or a service, by what the account has of it: judged before it is worked out."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import and_, or_, select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Subscription
from portal.billing.book import Buyer, PriceBook
from portal.billing.pricing import Prices
from portal.catalogue.models import Plan, Service
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.refusals import Refusal
from portal.whitelabels import words

MOST = 10_000
"""No account has more of one service: beyond it somebody's finger slipped."""


class When(StrEnum):
    NOW = "now"
    NEXT = "next"


class CannotChange(Refusal):
    status = 422
    heading = "This cannot be changed now"


@dataclass(frozen=True)
class Wish:
    """So many of a product from now or from the next period on; a quantity of 0 switches it off."""

    product: Plan | Service
    quantity: int
    when: When


def live(db: TenantSession, account: Account, product: Plan | Service, day: date) -> Subscription | None:
    """What the account has of a service, or its plan whichever it is, on a day."""
    same = Subscription.plan_id.is_not(None) if isinstance(product, Plan) else Subscription.service_id == product.id
    # What was changed before it began has ended on its first day, and never counted.
    counts = and_(Subscription.until_day > day, Subscription.until_day > Subscription.from_day)
    wanted = select(Subscription).where(
        Subscription.account_id == account.id, same, or_(Subscription.until_day.is_(None), counts)
    )
    return db.scalars(wanted.order_by(Subscription.from_day, Subscription.id).limit(1)).first()


def refuse(account: Account, wish: Wish, present: Subscription | None, book: PriceBook, buyer: Buyer) -> None:
    """Raises CannotChange for what cannot be had, or not then."""
    product = wish.product
    if account.state != State.ACTIVE:
        raise CannotChange("Services are changed while the account is active.")
    if not 0 <= wish.quantity <= MOST:
        raise CannotChange(f"Choose a quantity from 0 to {MOST}.")
    if present is not None and present.until_day is not None:
        raise CannotChange("A change waits already. Take it back first.")
    if wish.when is When.NOW and (why := _why_not_yet(account, product, present, book)):
        raise CannotChange(why, field="when")
    is_same = present is not None and present.product_id == product.id and present.quantity == wish.quantity
    if is_same or (present is None and not wish.quantity):
        raise CannotChange("That is what the account has already.")
    is_new = present is None or present.product_id != product.id
    if is_new and not product.is_on_sale:
        raise CannotChange(f"{product.name} is not on sale any more.")
    if isinstance(product, Service) and product.kind == "usage":
        raise CannotChange("What is used is charged as it is used: there is nothing to switch on.")
    if isinstance(product, Plan):
        _refuse_plan(account, wish, present, book, buyer)


def why_not_now(
    account: Account, product: Plan | Service, present: Subscription | None, book: PriceBook, buyer: Buyer
) -> str:
    """Why something can be changed from the next period on alone; empty where it can be from today, too."""
    return _why_not_yet(account, product, present, book) or _why_smaller(account, product, present, book, buyer)


def first_day_now(account: Account, product: Plan | Service, day: date) -> date:
    """From when a change of today counts. Numbers cost nothing before the account's first period, like the plan."""
    anchor = account.cycle_anchor
    waits = isinstance(product, Service) and product.counts_numbers
    return max(day, anchor) if waits and anchor is not None else day


def _why_not_yet(account: Account, product: Plan | Service, present: Subscription | None, book: PriceBook) -> str:
    """What the account is to have begins later. An order can be taken back; a plan's trial ends when it ends."""
    if present is None or present.from_day <= first_day_now(account, product, today(book.tenant.time_zone)):
        return ""
    why = f"It begins on {words.day(present.from_day, book.tenant)}, and can be changed from that day on."
    is_order = isinstance(product, Service) and not product.counts_numbers
    return f"{why} To have it from now, take the order back first." if is_order else why


def _why_smaller(
    account: Account, product: Plan | Service, present: Subscription | None, book: PriceBook, buyer: Buyer
) -> str:
    if present is None or not isinstance(product, Plan):
        return ""
    day = today(book.tenant.time_zone)
    before, after = (
        _a_year(book.prices(each, day, buyer), account) for each in (book.products[present.product_id], product)
    )
    return "A smaller plan begins with the next period." if after < before else ""


def _refuse_plan(account: Account, wish: Wish, present: Subscription | None, book: PriceBook, buyer: Buyer) -> None:
    if wish.quantity != 1:
        raise CannotChange("An account has one plan.")
    if present is None:
        raise CannotChange("The account has no plan to change.")
    if wish.when is When.NOW and (why := _why_smaller(account, wish.product, present, book, buyer)):
        raise CannotChange(why, field="when")


def _a_year(prices: Prices, account: Account) -> int:
    """What a plan costs its payer in a year, to tell the larger from the smaller."""
    return (prices.retail_minor if account.is_run_by_customer else prices.wholesale_minor) * 12 // prices.months
