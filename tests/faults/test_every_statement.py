"""The process dies at every single statement of the transactions that move money; then the retry makes it whole.

The product knows nothing of this: the test listens to the driver and raises where a kill would have struck.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, update

from portal.accounts.lifecycle import State
from portal.kit import clock, db as kit_db
from portal.kit.db import PLATFORM, transaction
from portal.kit.jobs import Job
from portal.verify import verify
from tests.payments.conftest import Shop, gateway, sandbox, shop

__all__ = ["gateway", "sandbox", "shop"]

MORE_THAN_ENOUGH = 400


class Killed(BaseException):
    """Nothing catches this on the way out, as nothing runs after a SIGKILL."""


@contextmanager
def killed_at(n: int) -> Iterator[list[int]]:
    """Raise at the n-th statement that any engine of the process begins, counted from 1."""
    count = [0]
    engines = {kit_db.database().web, kit_db.database().platform}

    def strike(*args: object) -> None:
        count[0] += 1
        if count[0] == n:
            raise Killed

    for engine in engines:
        event.listen(engine, "before_cursor_execute", strike)
    try:
        yield count
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", strike)


def differences() -> list[str]:
    return [text for finding in verify() for text in finding.differences]


def whole(shop: Shop, account_id: UUID) -> None:
    assert shop.account(account_id).state == State.ACTIVE
    assert len(shop.entries("funding:")) == 1 and len(shop.letters("receipt", account_id)) == 1
    assert len({s for s in shop.entries("charge:") if str(account_id) in s}) == 4
    assert differences() == []


def test_settling_and_activating_die_at_each_statement_and_leave_nothing_half_done(shop: Shop):
    """Either none of it is there or all of it. Shown red with a second commit in the middle of `become_active`."""
    account_id = shop.customer()
    opened = shop.open(account_id)
    shop.pay(opened.url)
    for n in range(1, MORE_THAN_ENOUGH):
        with killed_at(n) as count:
            try:
                shop.refresh(opened.funding_id)
            except Killed:
                struck = True
            else:
                struck = False
        if not struck:
            break
        assert shop.account(account_id).state == State.INACTIVE, f"half done after statement {n}"
        assert shop.entries("funding:") == [] and differences() == []
    else:
        pytest.fail("it never came to an end")
    assert count[0] > 20, "the listener saw too little to prove anything"
    whole(shop, account_id)


def test_the_webhooks_job_dies_at_each_statement_and_is_done_in_the_end(shop: Shop):
    """The lease of a job whose worker died runs out; here its time is simply up."""
    account_id = shop.customer()
    opened = shop.open(account_id)
    shop.pay(opened.url)
    (funding,) = shop.fundings(account_id)
    assert shop.deliver(shop.event("checkout.session.completed", str(funding.checkout_session))) == 200
    for n in range(1, MORE_THAN_ENOUGH, 9):
        with killed_at(n):
            try:
                shop.work()
            except Killed:
                struck = True
            else:
                struck = False
        _lease_is_over(shop)
        assert [text for text in differences() if "job" not in text] == []
        if not struck:
            break
    shop.work()
    whole(shop, account_id)


def _lease_is_over(shop: Shop) -> None:
    shop.hurry()
    with transaction(PLATFORM) as db:
        db.execute(update(Job).where(Job.state == "due").values(leased_until=clock.now() - timedelta(seconds=1)))
