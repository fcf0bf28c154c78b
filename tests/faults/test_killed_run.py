"""Four processes bill one white label behind one barrier, and one of them is killed in the middle of a batch."""

import multiprocessing
import os
import signal
from datetime import date, datetime
from multiprocessing.synchronize import Barrier, Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.billing import run as billing_run
from portal.billing.models import BillingRun, Charge
from portal.kit import clock, db as kit_db, settings as kit_settings
from portal.kit.db import reading, transaction
from portal.kit.settings import Settings
from portal.verify import verify
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.cast import Clock, Company

CUSTOMERS, PAY_THEMSELVES, WORKERS, BATCH, DEADLY = 24, 12, 4, 2, 2
THROUGH = date(2027, 2, 10)
# Three months, from December to February, of each customer and of Acme, at wholesale, and at retail where they pay.
A_MONTH = (CUSTOMERS + 1) + (PAY_THEMSELVES + 1)
LONGEST_S = 120


def work(settings: Settings, moment: datetime, tenant: UUID, barrier: Barrier, midway: Event, dies: bool) -> None:
    """A worker of its own, as another machine would be. One dies in its second batch; the others begin meanwhile."""
    kit_settings.install(settings)
    kit_db.use(kit_db.Database(settings))
    billing_run.BATCH = BATCH
    if dies:
        billing_run.bill = _killing(billing_run.bill, midway)
    barrier.wait(LONGEST_S)
    if not dies:
        midway.wait(LONGEST_S)
    with clock.reading(Clock(moment)):
        billing_run.bill_white_label(tenant, THROUGH, by="a worker")


def _killing(bill: Any, midway: Event) -> Any:
    batches: list[int] = []

    def bills_and_dies(*args: Any) -> Any:
        batches.append(1)
        if len(batches) == DEADLY:
            midway.set()
        written = bill(*args)
        if len(batches) == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        return written

    return bills_and_dies


@pytest.fixture
def many(northwind: Company, clock: Clock) -> list[UUID]:
    with transaction(northwind.id) as db:
        made = [
            active(db, customer(db, northwind.plans["desk"], OPTION_1 if n < PAY_THEMSELVES else OPTION_2,
                                name=f"Customer {n}"), paid_minor=2000)
            for n in range(CUSTOMERS)
        ]
        return [account.id for account in made]


def test_four_workers_one_killed_midway_charge_each_period_once(
    northwind: Company, many: list[UUID], settings: Settings, clock: Clock
) -> None:
    """One charge per account, item, period and book.

    Red without the lock on the accounts: workers break on each other's charges. Red when a batch writes its charges
    and its place in two transactions: what the killed one left is charged twice, or never.
    """
    clock.advance(days=100)
    context = multiprocessing.get_context("spawn")
    barrier, midway = context.Barrier(WORKERS), context.Event()
    workers = [
        context.Process(target=work, args=(settings, clock(), northwind.id, barrier, midway, n == 0))
        for n in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LONGEST_S)
    assert [worker.exitcode for worker in workers] == [-signal.SIGKILL, 0, 0, 0]
    with reading(northwind.id) as db:
        charges = db.scalars(select(Charge).where(Charge.first_day > date(2026, 11, 30))).all()
        run = db.scalars(select(BillingRun)).one()
    assert len(charges) == len({(c.account_id, c.item, c.period_key, c.book) for c in charges}) == 3 * A_MONTH
    assert (run.state, run.charges) == ("done", 3 * A_MONTH)
    assert [words for finding in verify() if finding.what != "jobs" for words in finding.differences] == []
