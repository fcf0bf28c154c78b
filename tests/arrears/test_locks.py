"""Money that arrives while a run holds the account: both take the account before its balances, so neither waits."""

import threading
import time

from portal.accounts.models import Account
from portal.kit.db import reading, transaction
from portal.ledger.commands import post
from portal.ledger.entry import Book, funding
from portal.ledger.queries import credit_minor
from portal.payments.commands import settle
from tests.accounts.making import seen, start_payment
from tests.cast import on_postgresql
from tests.threads import at_once


@on_postgresql
def test_a_payment_and_a_run_never_wait_for_each_other(months):
    """Red, with a deadlock, when a payment takes the balance first and the account after it."""
    held = threading.Event()

    def run():
        with transaction(months.tenant.id) as db:
            db.locked(Account, months.id)
            held.set()
            # Long enough for the payment to be where it has to wait.
            time.sleep(1)
            post(db, funding("a run's posting", months.id, 1, "GBP"))

    def pay():
        held.wait(10)
        with transaction(months.tenant.id) as db:
            settle(db, waiting.id, seen(waiting, status="complete", paid=True, card="Visa •••• 4242"))

    with transaction(months.tenant.id) as db:
        waiting = start_payment(db, db.load(Account, months.id), 500)
        before = credit_minor(db, Book.RETAIL, months.id)
    assert at_once(2, lambda n: (run, pay)[n]()) == [None, None]
    with reading(months.tenant.id) as db:
        assert credit_minor(db, Book.RETAIL, months.id) == before + 501
