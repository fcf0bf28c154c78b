"""Proof that what was charged is what the rows say should be: every subscription's periods are worked out again."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Subscription
from portal.billing.book import Buyer, PriceBook, buyers
from portal.billing.models import Charge, ChargeCredit
from portal.billing.period import Period
from portal.billing.subscriptions import PlanDays, cycle_of, plan_rows, priced, rests_of, set_up
from portal.billing.timeline import due, price_day
from portal.kit.db import TenantSession


def wrong_periods(db: TenantSession) -> tuple[int, list[str]]:
    """I5: how many periods were looked at, and each that is missing, doubled, as long as it should not be, or begun
    without the charge for setting it up."""
    book, accounts = PriceBook(db), _activated(db)
    rests, plans, who = rests_of(db, accounts), plan_rows(db, accounts), buyers(db, accounts)
    by_id = {account.id: account for account in accounts}
    charged, given_back, set_up_once = _charges(db), _given_back(db), _set_up(db)
    wrong: list[str] = []
    checked = 0
    rows = db.scalars(select(Subscription).order_by(Subscription.account_id, Subscription.item)).all()
    spans = defaultdict[tuple[UUID, UUID], list[tuple[date, date | None]]](list)
    for each in rows:
        spans[each.account_id, each.product_id].append((each.from_day, each.until_day))
    for each in rows:
        account = by_id[each.account_id]
        cycle = cycle_of(account, book.products[each.product_id])
        last = each.charged_to - timedelta(days=1)
        periods = due(cycle, each.from_day, each.until_day, rests[account.id], last).periods
        found = charged.pop((each.account_id, each.item), {})
        checked += len(periods)
        if periods and each.setup_quantity:
            line = set_up(book, each, book.products[each.product_id], periods[0], who[account.id])
            if line.costs and (account.id, line.item) not in set_up_once:
                wrong.append(f"account {account.number}, {each.item} from {periods[0].first_day}: not set up")
        for period in periods:
            own = spans[account.id, each.product_id]
            on = price_day(cycle, period.first_day, own, rests[account.id])
            costs = _must_cost(book, each, period, on, who[account.id], plans[account.id])
            kept = _kept_whole(each, period, found, given_back) if account.state != State.CLOSED else []
            wrong += [f"charge {c.number}: its rest from {each.until_day} was not given back" for c in kept]
            wrong += _compare(account, each, period, found, costs=costs)
        spare = [c for charges in found.values() for c in charges if c.id not in given_back]
        wrong += _for_nothing(spare)
    left = [c for found in charged.values() for charges in found.values() for c in charges]
    wrong += _for_nothing([c for c in left if c.id not in given_back])
    return checked, wrong + list(_without_plan(accounts, plans))


def _for_nothing(charges: list[Charge]) -> list[str]:
    return [f"charge {c.number} from {c.first_day} to {c.last_day} is for no period" for c in charges]


def _without_plan(accounts: list[Account], plans: dict[UUID, list[PlanDays]]) -> Iterator[str]:
    """Accounts that are open, and have no plan from some day on: their plans have to follow one another."""
    for account in accounts:
        day: date | None = account.cycle_anchor
        for row in plans.get(account.id, []):
            if row.from_day == day and row.until_day != row.from_day:
                day = row.until_day
        if day is not None and account.state != State.CLOSED:
            yield f"account {account.number} has no plan from {day}"


def _compare(
    account: Account, subscription: Subscription, period: Period, found: dict[str, list[Charge]], *, costs: bool
) -> Iterator[str]:
    """The charges of one period, in both books for who pays; they are taken out of `found`."""
    of_period = [c for c in _take(found, period.key) if c.first_day == period.first_day]
    where = f"account {account.number}, {subscription.item} from {period.first_day}"
    for charge in of_period:
        if charge.last_day != period.last_day:
            yield f"charge {charge.number} ends {charge.last_day}, its period {period.last_day}"
    books = {charge.book for charge in of_period}
    wanted = {"wholesale", "retail"} if account.is_run_by_customer else {"wholesale"}
    if books != wanted and (of_period or costs):
        yield f"{where}: charged {' and '.join(sorted(books)) or 'nowhere'}"


def _kept_whole(
    subscription: Subscription, period: Period, found: dict[str, list[Charge]], given_back: set[UUID]
) -> list[Charge]:
    """Charges of a period that was cut short, and of which nothing was given back; closing alone gives nothing back."""
    if subscription.until_day is None or not period.first_day < subscription.until_day < period.next_first_day:
        return []
    charges = [c for key, of in found.items() if key.partition("+")[0] == period.key for c in of]
    return [c for c in charges if c.first_day == period.first_day and c.id not in given_back]


def _take(found: dict[str, list[Charge]], key: str) -> list[Charge]:
    """The charges of a period, and those that issued it again; what begins on another day stays."""
    keys = [each for each in found if each == key or each.startswith(f"{key}+")]
    return [charge for each in keys for charge in found.pop(each)]


def _must_cost(
    book: PriceBook, subscription: Subscription, period: Period, on: date, buyer: Buyer, plans: list[PlanDays]
) -> bool:
    """Whether the period has a price."""
    product = book.products[subscription.product_id]
    return priced(book, subscription, product, period, buyer, plans, on=on).costs


def _activated(db: TenantSession) -> list[Account]:
    return list(db.scalars(select(Account).where(Account.cycle_anchor.is_not(None))))


def _charges(db: TenantSession) -> dict[tuple[UUID, str], dict[str, list[Charge]]]:
    """Charges of periods by account and item, then by key; credits and usage are no periods of a subscription."""
    credits = set(db.scalars(select(ChargeCredit.credit_id)))
    found: dict[tuple[UUID, str], dict[str, list[Charge]]] = defaultdict(lambda: defaultdict(list))
    for charge in db.scalars(select(Charge).where(Charge.first_day.is_not(None))):
        if charge.id not in credits and not charge.item.endswith(".used"):
            found[charge.account_id, charge.item][charge.period_key].append(charge)
    return found


def _set_up(db: TenantSession) -> set[tuple[UUID, str]]:
    """What was charged for setting something up, by account and item."""
    wanted = select(Charge.account_id, Charge.item).where(Charge.item.endswith(".setup"))
    return {(account_id, item) for account_id, item in db.execute(wanted)}


def _given_back(db: TenantSession) -> set[UUID]:
    """Charges of which the rest from a day on was given back, or the whole, in however many parts."""
    credit, original = aliased(Charge), aliased(Charge)
    wanted = (
        select(ChargeCredit.charge_id)
        .join(credit, credit.id == ChargeCredit.credit_id)
        .join(original, original.id == ChargeCredit.charge_id)
        .group_by(ChargeCredit.charge_id, original.net_minor, original.tax_minor)
    )
    rests = func.count(ChargeCredit.from_day) > 0
    whole = original.net_minor + original.tax_minor + func.sum(credit.net_minor + credit.tax_minor) == 0
    return set(db.scalars(wanted.having(or_(rests, whole))))
