"""Switching services on and off, changing quantities and plans: one function works a change out, shows it and makes it.

A change ends one subscription and begins another on the same day. When that day lies inside a period that was charged,
the rest of it is given back, and the new one is charged for the same days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import or_, select

from portal.accounts.models import Account, Subscription
from portal.audit.commands import Actor, record
from portal.billing.book import PriceBook, buyers
from portal.billing.charging import write_charges
from portal.billing.covering import make_sure_of_money
from portal.billing.credits import GivenBack, give_back, rest_of, tell_of_credit
from portal.billing.models import Charge
from portal.billing.period import Period
from portal.billing.pricing import Invoice, PricedLine, Prices, one_off_line, recurring_line, setup_line
from portal.billing.subscriptions import OnPlan, catch_up, cycle_of, free_in, plan_rows, rests_of
from portal.billing.timeline import price_day
from portal.billing.wishes import When, Wish, first_day_now, live, refuse
from portal.catalogue.models import Plan, Service
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import Refusal
from portal.whitelabels.queries import white_label


class QuoteIsOld(Refusal):
    heading = "This is not the sum that you were shown"
    text = "A price changed meanwhile, or what is asked for is not what was quoted. Look at the new figures."


class ChangedMeanwhile(Refusal):
    heading = "This was changed meanwhile"
    text = "Perhaps you confirmed it already, here or in another window. Nothing was changed or charged this time."


@dataclass(frozen=True)
class Change:
    """A change worked out: what ends and begins, what is given back and charged at once, and each period's price.

    `first_period` is what a change for the next period charges first, with `first_setup` for setting up `sets_up` of it
    on the same day; `each_period` is what every whole one after it costs, in which the plan holds `comes_with_plan`.
    `is_charged` says whether the period that it begins in is charged at once, and not when it begins.
    """

    wish: Wish
    day: date
    ends: Subscription | None
    item: str
    back: GivenBack | None
    lines: tuple[PricedLine, ...]
    each_period: PricedLine | None
    currency: str
    is_charged: bool = True
    first_period: PricedLine | None = None
    first_setup: PricedLine | None = None
    sets_up: int = 0
    comes_with_plan: int = 0

    @property
    def now(self) -> Invoice:
        """What happens to the money at once; empty when the change waits for the next period."""
        return Invoice((*((self.back.line,) if self.back else ()), *self.lines), self.currency)


def work_out(db: TenantSession, account: Account, wish: Wish) -> Change:
    """What a change would do. Raises CannotChange; nothing is written."""
    day = today(white_label(db).time_zone)
    book, buyer = PriceBook(db), buyers(db, [account])[account.id]
    present = live(db, account, wish.product, day)
    refuse(account, wish, present, book, buyer)
    if isinstance(wish.product, Service) and wish.product.kind == "one_off":
        return _one_off(db, account, wish, book.prices(wish.product, day, buyer), day)
    cycle = cycle_of(account, wish.product)
    boundary = _next_first_day(account, wish.product, present, book, day)
    starts = first_day_now(account, wish.product, day) if wish.when is When.NOW else boundary
    item = _item(db, account, wish.product)
    back = rest_of(db, account, present.item, starts) if present is not None and wish.when is When.NOW else None
    if not wish.quantity:
        return Change(wish, starts, present, item, back, (), None, book.tenant.currency)
    priced_on, plans = _price_day(db, account, wish, present, starts), plan_rows(db, [account])[account.id]
    begins = cycle.period_at(starts)
    prices, free = book.prices(wish.product, priced_on, buyer), _free(book, plans, wish, begins, priced_on)
    period = begins if _is_charged_by(db, account, starts, day) else None
    more = _sets_up(db, account, wish, present, day)
    setup = setup_line(book.prices(wish.product, starts, buyer), f"{item}.setup", more)
    lines = _lines_now(wish, item, prices, free, setup, period)
    whole = cycle.period_of(begins.next_first_day)
    then = whole.first_day
    free_then = _free(book, plans, wish, whole, then)
    each = recurring_line(book.prices(wish.product, then, buyer), item, wish.quantity, whole, free=free_then)
    first = recurring_line(prices, item, wish.quantity, begins, free=free)
    made = Change(wish, starts, present, item, back, lines, each, book.tenant.currency, period is not None)
    made = replace(made, comes_with_plan=min(free_then, wish.quantity))
    if wish.when is When.NOW:
        return made
    return replace(made, first_period=first, first_setup=setup if setup.costs else None, sets_up=more)


def carry_out(
    db: TenantSession,
    account: Account,
    wish: Wish,
    *,
    agreed_minor: int | None,
    agreed_item: str | None = None,
    by: Actor,
) -> Change:
    """Make a change that was quoted at `agreed_minor` under the name `agreed_item`. The caller holds the account's row.

    Raises CannotChange, CreditTooLow, NotEnoughCredit, QuoteIsOld when the price is not the quoted one any more, and
    ChangedMeanwhile when the name was used since: a form that was sent twice buys once.
    """
    items = None if agreed_item is None else [agreed_item]
    return carry_out_all(db, account, [wish], agreed_minor=agreed_minor, agreed_items=items, by=by)[0]


def carry_out_all(
    db: TenantSession,
    account: Account,
    wishes: Sequence[Wish],
    *,
    agreed_minor: int | None,
    agreed_items: list[str] | None = None,
    by: Actor,
) -> list[Change]:
    """Like `carry_out`, for changes of different products that were quoted together, at one sum: all or none."""
    catch_up(db, account)
    # Asked before the wish is judged: to whoever sent a form twice, "the account has that already" is the wrong answer.
    if agreed_items is not None and agreed_items != [_item(db, account, wish.product) for wish in wishes]:
        raise ChangedMeanwhile
    changes = [work_out(db, account, wish) for wish in wishes]
    if agreed_minor is not None and agreed_minor != sum(to_agree_minor(account, change) for change in changes):
        raise QuoteIsOld
    make_sure_of_money(
        db,
        account,
        wholesale_minor=needed_minor(changes),
        retail_minor=sum(change.now.retail_minor for change in changes),
    )
    for change in changes:
        _make(db, account, change, by)
    db.flush()
    tell_of_credit(db, account)
    return changes


def _make(db: TenantSession, account: Account, change: Change, by: Actor) -> None:
    wish = change.wish
    if change.ends is not None:
        change.ends.until_day = change.day
        change.ends.charged_to = max(change.ends.charged_to, change.day)
    if change.back is not None:
        give_back(db, account, change.back, reason="changed on the day", by=by)
    _begin(db, account, change, by)
    write_charges(db, ((account, line) for line in change.lines))
    record(
        db,
        "service.changed",
        by=by,
        subject=account.id,
        product=wish.product.code,
        quantity=wish.quantity,
        day=change.day.isoformat(),
    )


def needed_minor(changes: Sequence[Change]) -> int:
    """What the white-label account is debited at once for changes that are made together, with tax; negative when more
    comes back."""
    return sum(change.now.wholesale_minor for change in changes)


def due_minor(account: Account, change: Change) -> int:
    """What the payer is debited at once, with tax; negative when more comes back than is charged."""
    return change.now.retail_minor if account.is_run_by_customer else change.now.wholesale_minor


def to_agree_minor(account: Account, change: Change) -> int:
    """What the payer agrees to, with tax: what is due at once, or what a change for the next period charges as it
    begins: that period, and setting it up."""
    if change.first_period is None:
        return due_minor(account, change)
    begins = [line for line in (change.first_setup, change.first_period) if line is not None]
    return sum((line.retail if account.is_run_by_customer else line.wholesale).gross_minor for line in begins)


def _one_off(db: TenantSession, account: Account, wish: Wish, prices: Prices, day: date) -> Change:
    item = _item(db, account, wish.product)
    line = one_off_line(prices, item, wish.quantity)
    # It is bought once and at once: it has no next period, whatever the form says.
    wish = replace(wish, when=When.NOW)
    return Change(wish, day, None, item, None, (line,) if line.costs else (), None, prices.currency)


def _price_day(db: TenantSession, account: Account, wish: Wish, present: Subscription | None, starts: date) -> date:
    """A period keeps the price that it began with: one more, or one less, of something costs what the others do."""
    if wish.when is When.NEXT or present is None or present.product_id != wish.product.id:
        return starts
    rows = db.scalars(select(Subscription).where(Subscription.account_id == account.id)).all()
    before = [(row.from_day, row.until_day) for row in rows if row.product_id == wish.product.id and row is not present]
    cycle, rests = cycle_of(account, wish.product), rests_of(db, [account])[account.id]
    return price_day(cycle, starts, [*before, (present.from_day, starts)], rests)


def _free(book: PriceBook, plans: Sequence[OnPlan], wish: Wish, period: Period, on: date) -> int:
    """How many of what is wished for come with the plan of a period."""
    return free_in(book, plans, wish.product, period, on) if isinstance(wish.product, Service) else 0


def _next_first_day(
    account: Account, product: Plan | Service, present: Subscription | None, book: PriceBook, day: date
) -> date:
    """Where the next period of what the account has begins. One that began by today is charged before any change."""
    if present is not None and present.charged_to > day:
        return present.charged_to
    has = book.products[present.product_id] if present else product
    return cycle_of(account, has).period_at(day).next_first_day


def _is_charged_by(db: TenantSession, account: Account, starts: date, day: date) -> bool:
    """Whether the period that begins on a day is charged at once: always, but for one that the plan waits for, too."""
    if starts <= day:
        return True
    wanted = select(Subscription.id).where(
        Subscription.account_id == account.id, Subscription.plan_id.is_not(None), Subscription.charged_to > starts
    )
    return db.scalar(wanted.limit(1)) is not None


def _lines_now(
    wish: Wish, item: str, prices: Prices, free: int, setup: PricedLine, period: Period | None
) -> tuple[PricedLine, ...]:
    """What is charged at once: a period, unless it is charged when it begins, and setting up what is new."""
    if wish.when is When.NEXT:
        return ()
    lines = [recurring_line(prices, item, wish.quantity, period, free=free)] if period is not None else []
    return tuple(line for line in (*lines, setup) if line.costs)


def _sets_up(db: TenantSession, account: Account, wish: Wish, present: Subscription | None, day: date) -> int:
    """How many a change sets up. What waits to be set up with a row that never begins is not set up yet."""
    if isinstance(wish.product, Plan):
        return 0 if _was_set_up(db, account, wish.product) else wish.quantity
    if present is None:
        return wish.quantity
    waits = present.setup_quantity if present.from_day > day else 0
    return max(0, wish.quantity - (present.quantity - waits))


def _was_set_up(db: TenantSession, account: Account, plan: Plan) -> bool:
    """Whether the account was ever charged for setting this plan up, or agreed to have it without: it pays once."""
    done = or_(Subscription.setup_quantity == 0, Subscription.charged_to > Subscription.from_day)
    wanted = select(Subscription.id).where(Subscription.account_id == account.id, Subscription.plan_id == plan.id, done)
    return db.scalar(wanted.limit(1)) is not None


def _begin(db: TenantSession, account: Account, change: Change, by: Actor) -> None:
    product = change.wish.product
    if not change.wish.quantity or (isinstance(product, Service) and product.kind == "one_off"):
        return
    is_now = change.wish.when is When.NOW and change.is_charged
    period = cycle_of(account, product).period_at(change.day)
    db.add(
        Subscription(
            id=new_id(),
            account_id=account.id,
            plan_id=product.id if isinstance(product, Plan) else None,
            service_id=product.id if isinstance(product, Service) else None,
            item=change.item,
            quantity=change.wish.quantity,
            from_day=change.day,
            charged_to=period.next_first_day if is_now else change.day,
            setup_quantity=change.sets_up,
            created_by=by.name,
        )
    )
    if isinstance(product, Plan) and change.wish.when is When.NOW:
        account.plan_id = product.id


def _item(db: TenantSession, account: Account, product: Plan | Service) -> str:
    """A name for charges that the account has not used: `seat`, `seat.2`, …; every plan's is `plan`."""
    stem = "plan" if isinstance(product, Plan) else product.code
    taken: set[str] = set()
    for column, owner in ((Subscription.item, Subscription.account_id), (Charge.item, Charge.account_id)):
        taken |= set(
            db.scalars(select(column).where(owner == account.id, or_(column == stem, column.startswith(f"{stem}."))))
        )
    n = 1
    while (name := stem if n == 1 else f"{stem}.{n}") in taken:
        n += 1
    return name
