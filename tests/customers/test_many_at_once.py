"""The list and its CSV ask for what belongs to customers once a batch, however many there are."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from portal.accounts import commands as accounts
from portal.audit.commands import COMMAND_LINE
from portal.customers import exports, listing
from portal.customers.progress import blocker_of, blockers_of
from portal.customers.queries import Search
from portal.kit.clock import now
from portal.kit.db import reading, transaction
from portal.letters.commands import mark_bounced, mark_sent
from portal.letters.models import Letter
from portal.numbers.models import Number
from portal.whitelabels.queries import gateway_credential
from tests.accounts.making import OPTION_1, OPTION_2, active, claim, start_payment
from tests.customers.test_blocker import connect
from tests.numbers.making import number


def newest(db, account):
    return db.query(Letter).filter_by(about_id=account.id).order_by(Letter.id.desc()).first()


def mailed(db, account):
    mark_sent(db, newest(db, account))


def came_back(db, account):
    mark_bounced(db, newest(db, account), "550 no such mailbox")


def claimed(db, account):
    claim(db, account)


def paying(db, account):
    start_payment(db, account, 2000)


def suspended(db, account):
    accounts.suspend(db, active(db, account), reason="unpaid", by=COMMAND_LINE)


def lacking(db, account):
    active(db, account)
    last = len(db.query(Number).all())
    number(db, last, state="assigned", account_id=account.id, assigned_at=now(), needs_address=True)


EVERY_KIND = (
    (OPTION_1,), (OPTION_1, mailed), (OPTION_1, mailed, came_back), (OPTION_1, mailed, claimed),
    (OPTION_1, mailed, claimed, paying), (OPTION_2,), (OPTION_2, suspended), (OPTION_2, lacking),
)


@pytest.fixture
def all_kinds(made, northwind):
    def make():
        with transaction(northwind.id) as db:
            if gateway_credential(db) is None:
                connect(db)
        return [made(administration, *acts) for administration, *acts in EVERY_KIND]

    return make


@contextmanager
def counted(database) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(connection, cursor, statement, *rest):
        asked.append(statement)

    event.listen(database.web, "before_cursor_execute", note)
    yield asked
    event.remove(database.web, "before_cursor_execute", note)


def questions_for(database, northwind, act):
    with counted(database) as asked, reading(northwind.id) as db:
        act(db)
    return len(asked)


@pytest.mark.parametrize("act", [
    lambda db, bob: list(exports.customers_csv(db, Search())),
    lambda db, bob: listing.list_page(db, Search(), bob.id),
], ids=["csv", "page"])
def test_more_customers_are_no_more_questions(all_kinds, database, northwind, bob, act):
    """Red with `blocker_of` in the loop: 7 more customers were 27 more questions."""
    all_kinds()
    few = questions_for(database, northwind, lambda db: act(db, bob))
    all_kinds()
    assert questions_for(database, northwind, lambda db: act(db, bob)) == few


def test_a_batch_is_told_what_each_is_told_alone(all_kinds, northwind):
    ids = [*all_kinds(), *all_kinds()]
    with reading(northwind.id) as db:
        known = [db.load(accounts.Account, id) for id in ids]
        assert blockers_of(db, known) == {account.id: blocker_of(db, account) for account in known}
        assert len({blocker.text for blocker in blockers_of(db, known).values()}) == len(EVERY_KIND)


def test_more_than_a_batch_is_all_there_in_order(all_kinds, northwind, monkeypatch):
    all_kinds()
    with reading(northwind.id) as db:
        whole = "".join(exports.customers_csv(db, Search()))
    monkeypatch.setattr(exports, "BATCH", 3)
    with reading(northwind.id) as db:
        assert "".join(exports.customers_csv(db, Search())) == whole
    assert len(whole.splitlines()) == 2 + len(EVERY_KIND)
