"""What the services pages show, as ready words. Who does not pay sees no prices, but for the white label's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from portal.accounts.desks import Desk as AccountDesk
from portal.accounts.lifecycle import Side, State
from portal.accounts.models import Subscription
from portal.accounts.queries import subscriptions_of
from portal.billing.book import Buyer, PriceBook, buyers
from portal.billing.changes import Change
from portal.billing.pricing import Prices
from portal.billing.subscriptions import held_now
from portal.billing.wishes import When
from portal.billing.withdrawing import can_withdraw
from portal.billing.words import span
from portal.catalogue.models import Plan, Service
from portal.catalogue.pages import held_today
from portal.catalogue.queries import plans_on_sale, services_on_sale
from portal.catalogue.words import so_many
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.refusals import Ways
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, money


class Desk(AccountDesk):
    """One account's services, looked at from one side."""

    @property
    def ways(self) -> Ways:
        """Where whoever is refused goes on from here: to all that the account has, and to what waits."""
        return (("Go to the services", f"{self.base}/services"),)

    @property
    def sees_retail(self) -> bool:
        return self.account.is_run_by_customer

    @property
    def sees_prices(self) -> bool:
        return self.sees_retail or self.is_white_label

    @property
    def is_white_label(self) -> bool:
        return self.side is Side.WHITE_LABEL

    @property
    def read_only(self) -> str:
        """Why nothing can be changed here now, in words; empty when something can."""
        if self.account.state != State.ACTIVE:
            return f"Services are changed while the account is active. It is {self.account.state}."
        if self.is_white_label and self.account.is_run_by_customer:
            return "The customer pays, so the customer chooses the services."
        if self.side is Side.ACCOUNT and not self.account.is_run_by_customer:
            return "Your provider looks after the services of this account."
        return "" if self.is_administrator else "The administrators of the account change its services."


@dataclass(frozen=True)
class Have:
    """Something the account has, or will have. What `counts_numbers` changes with the numbers alone.

    `waiting` is a change that waits, behind which there can be no other. `can_withdraw` says whether there is one to
    take back: it, or the order of what did not begin yet.
    """

    href: str
    name: str
    price: str
    since: str
    waiting: str
    can_withdraw: bool
    counts_numbers: bool = False
    held: str = ""


@dataclass(frozen=True)
class Offer:
    href: str
    name: str
    description: str
    price: str
    held: str = ""


@dataclass(frozen=True)
class ServicesPage:
    desk: Desk
    plan: Have | None
    services: list[Have]
    offers: list[Offer]
    plans: list[Offer]
    plan_waits: str
    usage: list[Offer]
    credit: str | None

    @property
    def nothing(self) -> str:
        """What to read where the account has nothing."""
        state = self.desk.account.state
        if state == State.INACTIVE:
            return "Nothing is switched on. The plan begins when the account becomes active."
        if state == State.CLOSED:
            return "The account is closed, and its services with it."
        return f"Nothing is switched on{' yet' if state == State.ACTIVE else ''}."


def services_page(db: TenantSession, desk: Desk) -> ServicesPage:
    tenant, account = white_label(db), desk.account
    now, book, buyer = today(tenant.time_zone), PriceBook(db), buyers(db, [account])[account.id]
    rows = subscriptions_of(db, account.id)
    present = [s for s in rows if s.until_day is None or s.until_day > max(now, s.from_day)]
    products = {s.product_id for s in present}
    had = {p: [s for s in present if s.product_id == p] for p in products}
    plans = [s for s in present if s.plan_id is not None]
    credit = credit_minor(db, Book.RETAIL, account.id) if desk.sees_retail else None
    shop = _Shop(desk, book, buyer, tenant, now, held_now(db, account), rows)
    plan = shop.have(plans) if plans else None
    on_sale, others = services_on_sale(db), [p for p in plans_on_sale(db) if p.id not in products]
    held = held_today(db, others)
    return ServicesPage(
        desk=desk,
        plan=plan,
        services=[shop.have(had[s.id]) for s in _services(book, products)],
        offers=[shop.offer(s) for s in on_sale if _is_offered(s) and s.id not in products],
        plans=[replace(shop.offer(p), held=held.get(p.id, "")) for p in others],
        plan_waits=f"A change waits: {plan.waiting}." if plan is not None and plan.waiting else "",
        usage=[shop.offer(s) for s in on_sale if s.kind == "usage"],
        credit=money(credit, tenant) if credit is not None else None,
    )


def waiting_words(rows: Sequence[Subscription], book: PriceBook, tenant: WhiteLabel) -> str:
    """What waits behind that which an account has of a product: the rows of it that did not end yet."""
    first, *later = sorted(rows, key=lambda s: (s.from_day, s.id))
    if later:
        name = counted(book.products[later[0].product_id].name, later[0].quantity)
        return f"{name} from {day(later[0].from_day, tenant)}"
    return f"Off from {day(first.until_day, tenant)}" if first.until_day is not None else ""


def changed_words(made: Change, agreed_minor: int, tenant: WhiteLabel) -> str:
    """What a confirmed change did, and whether money moved. What is bought once was bought now."""
    name, done = made.wish.product.name, _done_words(made)
    if made.wish.when is When.NEXT:
        return f"{name} is {done} from {day(made.day, tenant)} on. No money moved."
    if not made.now.lines:
        return f"{name} is {done}. No money moved."
    moved = "debited" if agreed_minor >= 0 else "given back"
    return f"{name} is {done}. The charges show what was {moved}."


def _done_words(made: Change) -> str:
    if isinstance(made.wish.product, Service) and made.wish.product.kind == "one_off":
        return "bought"
    if not made.wish.quantity:
        return "switched off"
    return "changed" if made.ends is not None else "switched on"


def _is_offered(service: Service) -> bool:
    """Usage is never switched on, and numbers are chosen one by one, on a page of their own."""
    return service.kind != "usage" and not service.counts_numbers


def _services(book: PriceBook, products: set[UUID]) -> list[Service]:
    found = (book.products[product_id] for product_id in products)
    return sorted((each for each in found if isinstance(each, Service)), key=lambda each: each.name)


@dataclass(frozen=True)
class _Shop:
    """Puts what an account has, and may have, into words for one reader."""

    desk: Desk
    book: PriceBook
    buyer: Buyer
    tenant: WhiteLabel
    today: date
    held: Mapping[UUID, int]
    """How many of each service come with the plan now."""
    rows: Sequence[Subscription]
    """All that the account has and had."""

    def have(self, rows: list[Subscription]) -> Have:
        """The row that holds now, and the one that waits behind it."""
        first = min(rows, key=lambda s: (s.from_day, s.id))
        product = self.book.products[first.product_id]
        counts_numbers = isinstance(product, Service) and product.counts_numbers
        begins = "From" if first.from_day > self.today else "Since"
        return Have(
            f"{self.desk.base}/services/{product.id}",
            counted(product.name, first.quantity),
            self.price(product),
            f"{begins} {day(first.from_day, self.tenant)}",
            waiting_words(rows, self.book, self.tenant),
            not counts_numbers and can_withdraw(self.rows, product, self.today),
            counts_numbers,
            self.comes(product, first.quantity),
        )

    def offer(self, product: Plan | Service) -> Offer:
        href = f"{self.desk.base}/services/{product.id}"
        return Offer(href, product.name, product.description, self.price(product, is_new=True), self.comes(product))

    def comes(self, product: Plan | Service, quantity: int | None = None) -> str:
        """How many of a service come with the plan, of so many that the account has."""
        held = self.held.get(product.id, 0)
        if not isinstance(product, Service) or not held:
            return ""
        if quantity is None:
            come = "comes" if held == 1 else "come"
            return f"{so_many(product, held, self.tenant)} {come} with the plan"
        if held >= quantity:
            return "Comes with the plan"
        return f"{held} of them {'comes' if held == 1 else 'come'} with the plan"

    def price(self, product: Plan | Service, *, is_new: bool = False) -> str:
        """What the reader's side pays for one, and for setting it up where it `is_new`; nothing for whom it does not
        concern."""
        if not self.desk.sees_prices:
            return ""
        prices = self.book.prices(product, self.today, self.buyer)
        minor = prices.retail_minor if self.desk.sees_retail else prices.wholesale_minor
        setup_minor = prices.retail_setup_minor if self.desk.sees_retail else prices.wholesale_setup_minor
        kind = product.kind if isinstance(product, Service) else "recurring"
        if kind == "one_off":
            minor += setup_minor
        once_minor = setup_minor if is_new and kind == "recurring" else 0
        tax = self._tax(prices) if minor or once_minor else ""
        words = f"{money(minor, self.tenant)} {_per(product, prices)}"
        if once_minor:
            words += f" and {money(once_minor, self.tenant)} once{',' if tax else ''}"
        return words + tax

    def _tax(self, prices: Prices) -> str:
        if not (prices.retail_tax_ppm if self.desk.sees_retail else prices.wholesale_tax_ppm):
            return ""
        is_in_it = self.desk.sees_retail and prices.includes_tax
        return f" {'with' if is_in_it else 'and'} {self.tenant.tax_name}"


def _per(product: Plan | Service, prices: Prices) -> str:
    if isinstance(product, Plan):
        return f"a {span(prices.months)}"
    if product.kind == "one_off":
        return "each, once"
    if product.kind == "usage":
        least = f", at least {product.minimum_units}" if product.minimum_units else ""
        return (f"for {product.per_units} {product.unit}" if product.per_units > 1 else f"a {product.unit}") + least
    return "each a month"


def counted(name: str, quantity: int) -> str:
    return name if quantity == 1 else f"{name} × {quantity}"
