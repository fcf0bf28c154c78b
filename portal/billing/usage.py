"""Usage: records come in once, and are charged when their period is over; late ones go to the next period."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.accounts import commands as accounts_commands
from portal.accounts.models import Account
from portal.billing.book import PriceBook, buyers
from portal.billing.charging import Written, write_charges
from portal.billing.models import Charge, UsageRecord
from portal.billing.period import Cycle, Period
from portal.billing.pricing import PricedLine, usage_line
from portal.billing.subscriptions import free_in, plan_rows
from portal.catalogue.models import Service
from portal.kit.bulk import insert_if_absent
from portal.kit.clock import now, today
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.whitelabels.queries import white_label


@dataclass(frozen=True)
class NewUsage:
    reference: str
    account_id: UUID
    service_id: UUID
    day: date
    quantity: int


@dataclass
class _Heap:
    """What one account used of one service, to be charged for one period."""

    service: Service
    period: Period
    records: list[UsageRecord]

    @property
    def quantity(self) -> int:
        return sum(record.quantity for record in self.records)


@dataclass(frozen=True)
class UsedUp:
    """Records of a period that is over, with the line that they are charged by; it may cost nothing."""

    account: Account
    line: PricedLine
    records: list[UsageRecord]


def note_usage(db: TenantSession, new: NewUsage) -> bool:
    """Take a record in; False when its reference was here before."""
    return insert_if_absent(
        db,
        UsageRecord,
        reference=new.reference,
        account_id=new.account_id,
        service_id=new.service_id,
        day=new.day,
        quantity=new.quantity,
    )


def bill_usage(db: TenantSession, accounts: list[Account], through: date) -> Written:
    """Charge what was used in periods that were over on `through`. The caller holds the accounts' rows."""
    return _charge(db, list(what_was_used(db, accounts, through)))


def bill_the_last(db: TenantSession, account: Account) -> None:
    """Charge all that was used by today, although its period is not over: the account is about to be closed."""
    _charge(db, list(what_was_used_last(db, account)))


def listen() -> None:
    """Charge what was used before an account ends. Called when the house is put together."""
    if bill_the_last not in accounts_commands.before_closing:
        accounts_commands.before_closing.append(bill_the_last)


def _charge(db: TenantSession, used: list[UsedUp]) -> Written:
    """What comes to too much is left open and named: it must not stop the others."""
    found = [each for each in used if not each.line.is_too_much]
    written = write_charges(db, [(each.account, each.line) for each in found if each.line.costs])
    for each in found:
        key = (each.account.id, each.line.item, each.line.period_key, Book.WHOLESALE.value)
        for record in each.records:
            record.charged_at, record.charge_id = now(), written.ids.get(key)
            record.settled_for = each.line.period.first_day if each.line.period else None
    db.flush()
    return written + Written(left_out={e.account.id: why_not(e.line) for e in used if e.line.is_too_much})


def why_not(line: PricedLine) -> str:
    return f"{line.description}, comes to more than can be charged: look at the price and at what was sent"


def what_was_used_last(db: TenantSession, account: Account) -> Iterator[UsedUp]:
    """What `bill_the_last` would charge, and nothing is changed."""
    return what_was_used(db, [account], today(white_label(db).time_zone), ends=True)


def what_was_used(db: TenantSession, accounts: list[Account], through: date, *, ends: bool = False) -> Iterator[UsedUp]:
    """What `bill_usage` would charge, and nothing is changed. `ends` counts the period that is not over, too."""
    book, who, plans = PriceBook(db), buyers(db, accounts), plan_rows(db, accounts)
    for account in accounts:
        for heap in _heaps(db, account, book, through):
            if not ends and heap.period.next_first_day > through:
                continue
            begins = heap.period.first_day
            prices = book.prices(heap.service, begins, who[account.id])
            free = free_in(book, plans[account.id], heap.service, heap.period, begins)
            line = usage_line(prices, item_of(heap.service), heap.quantity, heap.service.unit, heap.period, free=free)
            yield UsedUp(account, line, heap.records)


def item_of(service: Service) -> str:
    return f"{service.code}.used"


def _heaps(db: TenantSession, account: Account, book: PriceBook, through: date) -> Iterator[_Heap]:
    """Open records by service and period; one whose period was settled already goes to the next that was not."""
    if account.cycle_anchor is None:
        return
    cycle, open_records = Cycle(account.cycle_anchor, account.billing_day), _open_records(db, account, through)
    if not open_records:
        return
    since = cycle.period_of(open_records[0].day).first_day
    settled = _charged(db, account) | _free_of_charge(db, account, book, cycle, since)
    heaps: dict[tuple[UUID, date], _Heap] = {}
    by_day: dict[tuple[UUID, date], list[UsageRecord]] = defaultdict(list)
    for record in open_records:
        by_day[record.service_id, record.day].append(record)
    for (service_id, day), records in sorted(by_day.items(), key=lambda each: each[0][1]):
        service = book.products[service_id]
        assert isinstance(service, Service)
        period = cycle.period_of(day)
        while (item_of(service), period.key) in settled:
            period = cycle.period_at(period.next_first_day)
        heap = heaps.setdefault((service_id, period.first_day), _Heap(service, period, []))
        heap.records += records
    yield from heaps.values()


def _open_records(db: TenantSession, account: Account, through: date) -> list[UsageRecord]:
    wanted = select(UsageRecord).where(
        UsageRecord.account_id == account.id, UsageRecord.charged_at.is_(None), UsageRecord.day <= through
    )
    return list(db.scalars(wanted.order_by(UsageRecord.day, UsageRecord.id)))


def _charged(db: TenantSession, account: Account) -> set[tuple[str, str]]:
    wanted = select(Charge.item, Charge.period_key).where(Charge.account_id == account.id, Charge.item.like("%.used"))
    return {(item, key) for item, key in db.execute(wanted)}


def _free_of_charge(
    db: TenantSession, account: Account, book: PriceBook, cycle: Cycle, since: date
) -> set[tuple[str, str]]:
    """Periods that were settled with no more than is free: what comes late would else be free once more."""
    wanted = select(UsageRecord.service_id, UsageRecord.settled_for).where(
        UsageRecord.account_id == account.id,
        UsageRecord.charged_at.is_not(None),
        UsageRecord.charge_id.is_(None),
        UsageRecord.settled_for >= since,
    )
    rows = db.execute(wanted.distinct())
    found = {(book.products[service_id], cycle.period_of(day).key) for service_id, day in rows if day is not None}
    return {(item_of(service), key) for service, key in found if isinstance(service, Service)}
