"""Usage from a file: each line taken once, whatever is wrong with the others and however often the file is sent."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.billing import usage_file
from portal.billing.models import UsageRecord
from portal.billing.usage_file import NotAUsageFile, import_usage
from portal.kit.db import reading, transaction
from tests.accounts.making import active, customer
from tests.billing.making import service
from tests.cast import on_sqlite
from tests.threads import at_once

HEAD = "reference,account,service,day,quantity"


@pytest.fixture
def counted(northwind, clock):
    """An account that is active since 2 November, and a service charged by the minute; three weeks later."""
    with transaction(northwind.id) as db:
        account = active(db, customer(db, northwind.plans["desk"]))
        service(db, "minutes", "usage", unit="minutes")
        service(db, "seat")
        number = account.number
    clock.advance(days=20)
    return number


def taken(tenant):
    with reading(tenant.id) as db:
        return sorted((r.reference, r.day.isoformat(), r.quantity) for r in db.scalars(select(UsageRecord)))


def send(tenant, *lines, **more):
    return import_usage(tenant.id, [f"{line}\n" for line in (HEAD, *lines)], **more)


def test_a_file_sent_twice_counts_once(northwind, counted):
    """Red without the look for what is known."""
    lines = [f"call-{n},{counted},minutes,2026-11-10,{n}" for n in range(1, 4)]
    first, second = send(northwind, *lines), send(northwind, *lines)
    assert (first.taken, first.known, first.refused) == (3, 0, [])
    assert (second.taken, second.known) == (0, 3)
    assert taken(northwind) == [(f"call-{n}", "2026-11-10", n) for n in range(1, 4)]


def test_a_trial_says_the_same_and_changes_nothing(northwind, counted):
    report = send(northwind, f"a,{counted},minutes,2026-11-10,5", "b,x,minutes,2026-11-10,5", is_trial=True)
    assert report.words(is_trial=True) == "1 would be taken in, 0 here before, 1 refused. Nothing was changed."
    assert taken(northwind) == []


@pytest.mark.parametrize(("line", "why"), [
    ("a,{},minutes,2026-11-10", "It has to have 5 values"),
    ("a,{},minutes,2026-11-10,5,6", "It has to have 5 values"),
    ("a\x00,{},minutes,2026-11-10,5", "It has to have 5 values"),
    (",{},minutes,2026-11-10,5", "The reference needs 1 to 100 characters."),
    ("{:101},{{}},minutes,2026-11-10,5".format("x" * 101), "The reference needs 1 to 100 characters."),
    ("a,000-1,minutes,2026-11-10,5", "No customer has the account number '000-1'."),
    ("a,{},hours,2026-11-10,5", "No service that is charged as used has the code 'hours'."),
    ("a,{},seat,2026-11-10,5", "No service that is charged as used has the code 'seat'."),
    ("a,{},minutes,10.11.2026,5", "The day '10.11.2026' is not written like 2026-11-30."),
    *((f"a,{{}},minutes,{day},5", f"The day {day!r} is not written like 2026-11-30.")
      for day in ("20261110", "2026-W46-2", "2026-314", "2026-11-31", "٢٠٢٦-11-10", "2026-11-10T00")),
    ("a,{},minutes,2026-11-23,5", "2026-11-23 has not begun."),
    ("a,{},minutes,2026-11-01,5", "was not active on 2026-11-01."),
    *((f"a,{{}},minutes,2026-11-10,{n}", f"The quantity {n!r} is not a whole number from 1 to 1000000000.")
      for n in ("0", "-5", "1.5", "", "1e3", "٣", "1000000001", "9" * 5000)),
])
def test_a_bad_line_is_told_and_harms_no_other(northwind, counted, line, why):
    report = send(northwind, f"one,{counted},minutes,2026-11-10,1", line.format(counted),
                  f"three,{counted},minutes,2026-11-10,3")
    assert [(p.line, why in p.words) for p in report.refused] == [(3, True)], report.refused
    assert [reference for reference, *_ in taken(northwind)] == ["one", "three"]


def test_a_reference_that_stands_for_something_else_is_refused(northwind, counted):
    """In the same file and in a later one. Red when only the reference is looked at: 5 minutes would be lost."""
    report = send(northwind, f"a,{counted},minutes,2026-11-10,5", f"a,{counted},minutes,2026-11-10,6")
    assert [p.line for p in report.refused] == [3]
    report = send(northwind, f"a,{counted},minutes,2026-11-11,5")
    assert report.refused[0].words == "The reference a stands for another record already."
    assert taken(northwind) == [("a", "2026-11-10", 5)]


def close(tenant, number):
    with transaction(tenant.id) as db:
        account = db.locked(Account, db.scalars(select(Account.id).where(Account.number == number)).one())
        accounts.close(db, account, reason="Moved", by=COMMAND_LINE)


def test_use_that_comes_after_an_account_was_closed_is_refused(northwind, counted, clock):
    """Whenever it was used: the closing charged what was here. What was here stays known. Red when only the day of
    use is held against the closing: the run would charge it to an account whose page says that nothing is."""
    here = f"a,{counted},minutes,2026-11-10,5"
    send(northwind, here)
    close(northwind, counted)
    clock.advance(days=2)
    report = send(northwind, here, f"b,{counted},minutes,2026-11-21,5", f"c,{counted},minutes,2026-11-24,5")
    why = f"Account {counted} was closed on 2026-11-22: nothing further is charged to it."
    assert report.known == 1 and [p.words for p in report.refused] == [why, why]


def test_a_file_that_comes_while_the_account_is_closed_is_charged_or_refused(northwind, counted, closing_charges):
    """Red on PostgreSQL when the import does not hold the accounts: a line taken in that nothing charges."""
    lines = [f"call-{n},{counted},minutes,2026-11-10,1" for n in range(300)]
    answers = at_once(2, lambda n: close(northwind, counted) if n else send(northwind, *lines))
    assert [a for a in answers if isinstance(a, BaseException)] == []
    with reading(northwind.id) as db:
        left = db.scalars(select(UsageRecord).where(UsageRecord.charged_at.is_(None))).all()
    assert left == []


def test_an_account_of_another_white_label_is_not_known(northwind, kauri, counted):
    """Red when accounts are looked up across the platform."""
    assert send(kauri, f"a,{counted},minutes,2026-11-10,5").taken == 0
    assert taken(northwind) == []


@pytest.mark.parametrize("text", ["", "reference;account;service;day;quantity\n", f"{HEAD},more\n",
                                  f"{HEAD}\n\"{'x' * 200_000}\n"])
def test_a_file_that_is_none_is_refused_as_a_whole(northwind, counted, text):
    with pytest.raises(NotAUsageFile):
        import_usage(northwind.id, text.splitlines(keepends=True))


def test_columns_may_come_in_any_order_with_a_mark_at_the_front(northwind, counted):
    lines = ["\ufeffQuantity,day,account,service,reference\r\n", f"7,2026-11-10,{counted},minutes,a\r\n", "\r\n"]
    assert import_usage(northwind.id, lines).taken == 1


def test_the_same_file_sent_by_two_at_once_counts_once(northwind, counted, monkeypatch):
    """Red without the lock: both find nothing known, and the second one breaks off."""
    monkeypatch.setattr(usage_file, "CHUNK", 10)
    lines = [f"call-{n},{counted},minutes,2026-11-10,1" for n in range(100)]
    reports = at_once(2, lambda n: send(northwind, *lines))
    assert sum(r.taken for r in reports) == 100 and sum(r.known for r in reports) == 100
    assert len(taken(northwind)) == 100


@on_sqlite
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_whatever_is_in_the_file_it_is_read_or_refused(northwind, counted, text):
    with contextlib.suppress(NotAUsageFile):
        import_usage(northwind.id, [f"{HEAD}\n", *text.splitlines(keepends=True)], is_trial=True)
