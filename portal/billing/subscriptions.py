"""What is switched on for accounts, and charging it through a day: activation, changes and the monthly run alike."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from portal.accounts import commands as accounts_commands
from portal.accounts.models import Account, Pause, Subscription
from portal.billing.book import Buyer, PriceBook, buyers
from portal.billing.charging import Written, write_charges
from portal.billing.models import Charge
from portal.billing.period import Cycle, Period
from portal.billing.pricing import PricedLine, recurring_line, setup_line
from portal.billing.timeline import Due, Rest, due
from portal.catalogue import commands as catalogue_commands
from portal.catalogue.commands import ChargedAlready
from portal.catalogue.models import Plan, Service, TaxRate
from portal.kit.clock import EVER, today
from portal.kit.db import TenantSession
from portal.whitelabels.queries import white_label


class OnPlan(Protocol):
    """From when to when an account has a plan: a subscription, or its days alone."""

    @property
    def plan_id(self) -> UUID | None: ...

    @property
    def from_day(self) -> date: ...

    @property
    def until_day(self) -> date | None: ...


class PlanDays(NamedTuple):
    account_id: UUID
    plan_id: UUID | None
    from_day: date
    until_day: date | None


class OpenSubscription(NamedTuple):
    """What charging reads of a subscription. A run reads a hundred thousand: as entities they take twice the time."""

    id: UUID
    account_id: UUID
    product_id: UUID
    is_plan: bool
    item: str
    quantity: int
    from_day: date
    until_day: date | None
    charged_to: date
    setup_quantity: int


@dataclass(frozen=True)
class DueNow:
    """What one subscription has due, as priced lines; a period that costs nothing has no line."""

    subscription: OpenSubscription
    due: Due
    lines: tuple[PricedLine, ...]

    def day_of(self, line: PricedLine) -> date:
        """On which day a line falls due: setting up has no period, and is charged with the first one."""
        return (line.period or self.due.periods[0]).first_day


def bill(db: TenantSession, accounts: list[Account], through: date) -> Written:
    """Charge every period of these accounts that begins on `through` or before. The caller holds their rows."""
    found = list(what_is_due(db, accounts, through))
    by_id = {account.id: account for account in accounts}
    lines = [(by_id[each.subscription.account_id], line) for each in found for line in each.lines]
    written = write_charges(db, lines)
    _move_on(db, found)
    for each in found:
        account, product_id = by_id[each.subscription.account_id], each.subscription.product_id
        if each.subscription.is_plan and product_id != account.plan_id:
            account.plan_id = product_id
    db.flush()
    return written


def catch_up(db: TenantSession, account: Account) -> None:
    """Charge what has begun up to today, before something changes on which prices or taxes depend.

    A run that is late would else charge those periods by what is true afterwards. The caller holds the account's row.
    """
    catch_up_all(db, [account])


def catch_up_all(db: TenantSession, accounts: list[Account]) -> None:
    """The same for many. The caller holds their rows."""
    bill(db, accounts, today(white_label(db).time_zone))


def listen() -> None:
    """Charge what had begun before an account rests or ends. Called when the house is put together."""
    if catch_up_all not in accounts_commands.before_stopping:
        accounts_commands.before_stopping.append(catch_up_all)
    if refuse_charged not in catalogue_commands.before_correcting:
        catalogue_commands.before_correcting.append(refuse_charged)
    if last_counted not in catalogue_commands.counts_by_plan:
        catalogue_commands.counts_by_plan.append(last_counted)


def refuse_charged(db: TenantSession, of: Plan | Service | TaxRate, day: date) -> None:
    """Raises ChargedAlready when a period from that day on was charged for it: a first day may lie ahead of its
    activation."""
    if _was_charged(db, of, day):
        raise ChargedAlready


def _was_charged(db: TenantSession, of: Plan | Service | TaxRate, day: date) -> bool:
    """Where a customer was when something was charged no charge says, but whatever was charged at a rate has it."""
    wanted = select(Charge.id).where(Charge.first_day >= day)
    if isinstance(of, TaxRate):
        wanted = wanted.where(Charge.book == of.side, Charge.tax_ppm == of.rate_ppm)
    elif isinstance(of, Plan):
        has_it = and_(Subscription.account_id == Charge.account_id, Subscription.item == Charge.item)
        wanted = wanted.join(Subscription, has_it).where(Subscription.plan_id == of.id)
    else:
        wanted = wanted.where(or_(Charge.item == of.code, Charge.item.startswith(f"{of.code}.", autoescape=True)))
    return db.scalar(wanted.limit(1)) is not None


def last_counted(db: TenantSession, plan: Plan, service: Service, *, is_first: bool) -> date | None:
    """The last day on which a period began that is settled by how many of a service a plan holds, as far as anybody
    knows: today, or a first day ahead of an activation. None while there can be no such period.

    Where it `is_first` said what the plan holds, only what was charged for counts; else it may have been free.
    """
    if is_first and not _was_charged(db, service, EVER):
        return None
    has_it = select(Subscription.account_id).where(Subscription.plan_id == plan.id)
    if not is_first and db.scalar(has_it.limit(1)) is None:
        return None
    ahead = select(func.max(Subscription.from_day)).where(
        Subscription.service_id == service.id,
        Subscription.charged_to > Subscription.from_day,
        Subscription.account_id.in_(has_it),
    )
    return max(today(white_label(db).time_zone), db.scalar(ahead) or EVER)


def _move_on(db: TenantSession, found: list[DueNow]) -> None:
    """Note to which day each subscription is charged now; most share a few days, so it takes a few statements."""
    by_day: dict[date, list[UUID]] = defaultdict(list)
    for each in found:
        if each.subscription.charged_to != each.due.charged_to:
            by_day[each.due.charged_to].append(each.subscription.id)
    for day, ids in by_day.items():
        there = update(Subscription).where(Subscription.id.in_(ids)).values(charged_to=day)
        db.execute(there.execution_options(synchronize_session=False))
        for id in ids:
            known = db.identity_map.get(identity_key(Subscription, (db.tenant, id)))
            if known is not None:
                set_committed_value(known, "charged_to", day)


def what_is_due(db: TenantSession, accounts: list[Account], through: date) -> Iterator[DueNow]:
    """What `bill` would charge, and nothing is changed."""
    book, who = PriceBook(db), buyers(db, accounts)
    by_id, rests = {account.id: account for account in accounts}, rests_of(db, accounts)
    subscriptions = _open_subscriptions(db, list(by_id), through)
    with_services = {each.account_id: by_id[each.account_id] for each in subscriptions if not each.is_plan}
    plans = plan_rows(db, list(with_services.values()))
    for subscription in subscriptions:
        account = by_id[subscription.account_id]
        product = book.products[subscription.product_id]
        cycle = cycle_of(account, product)
        found = due(cycle, subscription.charged_to, subscription.until_day, rests[account.id], through)
        buyer = who[account.id]
        lines = [priced(book, subscription, product, period, buyer, plans[account.id]) for period in found.periods]
        if found.periods and subscription.setup_quantity and subscription.charged_to == subscription.from_day:
            lines.insert(0, set_up(book, subscription, product, found.periods[0], buyer))
        yield DueNow(subscription, found, tuple(line for line in lines if line.costs))


def cycle_of(account: Account, product: Plan | Service) -> Cycle:
    """All that an account has follows one cycle; a yearly plan takes a year's step of it. Raises LookupError."""
    if account.cycle_anchor is None:
        raise LookupError(f"account {account.number} was never activated")
    return Cycle(account.cycle_anchor, account.billing_day, product.months if isinstance(product, Plan) else 1)


def priced(
    book: PriceBook,
    subscription: Subscription | OpenSubscription,
    product: Plan | Service,
    period: Period,
    buyer: Buyer,
    plans: Sequence[OnPlan],
    *,
    on: date | None = None,
) -> PricedLine:
    """One period of a subscription at the prices of its first day, or of another one, less what the plan of the
    period holds."""
    day = on or period.first_day
    prices = book.prices(product, day, buyer)
    free = free_in(book, plans, product, period, day) if isinstance(product, Service) else 0
    return recurring_line(prices, subscription.item, subscription.quantity, period, free=free)


def set_up(
    book: PriceBook,
    subscription: Subscription | OpenSubscription,
    product: Plan | Service,
    first: Period,
    buyer: Buyer,
) -> PricedLine:
    """Setting up what begins with its first period, at the prices of that day, once."""
    prices = book.prices(product, first.first_day, buyer)
    return setup_line(prices, f"{subscription.item}.setup", subscription.setup_quantity)


def free_in(book: PriceBook, plans: Sequence[OnPlan], service: Service, period: Period, on: date) -> int:
    """How many of a service the plan of a period holds by what held `on` a day. An account's plans are given one after
    the other, and that of the first day counts; in a trial the first one, although it begins with the trial's end."""
    if not plans or plans[0].from_day <= period.first_day:
        return book.free(_plan_on(plans, period.first_day), service, on)
    first, anchor = plans[0].plan_id, plans[0].from_day
    product = book.products[first] if first else None
    tried_from = anchor - timedelta(days=product.trial_days if isinstance(product, Plan) else 0)
    return book.free(first, service, max(on, tried_from)) if tried_from <= period.last_day else 0


def held_now(db: TenantSession, account: Account) -> dict[UUID, int]:
    """How many of each service come with an account's plan in the period of today, or with the one that it chose."""
    book = PriceBook(db)
    day, services = today(book.tenant.time_zone), [p for p in book.products.values() if isinstance(p, Service)]
    if account.cycle_anchor is None:
        return {each.id: book.free(account.plan_id, each, day) for each in services}
    plans = plan_rows(db, [account])[account.id]
    period = Cycle(account.cycle_anchor, account.billing_day).period_of(day)
    begun = period.first_day if account.cycle_anchor <= day else day
    return {each.id: free_in(book, plans, each, period, begun) for each in services}


def _plan_on(plans: Iterable[OnPlan], day: date) -> UUID | None:
    for each in plans:
        if each.from_day <= day and (each.until_day is None or day < each.until_day):
            return each.plan_id
    return None


def rests_of(db: TenantSession, accounts: list[Account]) -> dict[UUID, list[Rest]]:
    found: dict[UUID, list[Rest]] = defaultdict(list)
    wanted = select(Pause.account_id, Pause.from_day, Pause.until_day)
    for account_id, from_day, until_day in db.execute(wanted.where(Pause.account_id.in_([a.id for a in accounts]))):
        found[account_id].append(Rest(from_day, until_day))
    return found


def plan_rows(db: TenantSession, accounts: list[Account]) -> dict[UUID, list[PlanDays]]:
    """The plans of each account, one after the other."""
    found: dict[UUID, list[PlanDays]] = defaultdict(list)
    days = select(Subscription.account_id, Subscription.plan_id, Subscription.from_day, Subscription.until_day)
    wanted = days.where(Subscription.account_id.in_([a.id for a in accounts]), Subscription.plan_id.is_not(None))
    for row in db.execute(wanted.order_by(Subscription.from_day, Subscription.id)):
        found[row.account_id].append(PlanDays._make(row))
    return found


def _open_subscriptions(db: TenantSession, account_ids: list[UUID], through: date) -> list[OpenSubscription]:
    wanted = select(
        Subscription.id,
        Subscription.account_id,
        func.coalesce(Subscription.plan_id, Subscription.service_id),
        Subscription.plan_id.is_not(None),
        Subscription.item,
        Subscription.quantity,
        Subscription.from_day,
        Subscription.until_day,
        Subscription.charged_to,
        Subscription.setup_quantity,
    ).where(Subscription.account_id.in_(account_ids), begins_by(through))
    rows = db.execute(wanted.order_by(Subscription.account_id, Subscription.item))
    return [OpenSubscription._make(row) for row in rows]


def begins_by(through: date) -> ColumnElement[bool]:
    """Of a subscription: that a day of it up to `through` is not charged yet."""
    goes_on = or_(Subscription.until_day.is_(None), Subscription.charged_to < Subscription.until_day)
    return and_(Subscription.charged_to <= through, goes_on)


def due_by(db: TenantSession, through: date, after: UUID | None, limit: int) -> list[UUID]:
    """Accounts of which a day up to `through` is not charged yet, in the order of their ids, behind one."""
    wanted = select(Subscription.account_id).where(begins_by(through))
    wanted = wanted.where(Subscription.account_id > after) if after is not None else wanted
    grouped = wanted.group_by(Subscription.account_id).order_by(Subscription.account_id)
    return list(db.scalars(grouped.limit(limit)))
