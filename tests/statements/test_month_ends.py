"""A whole tenant's month ends: batch by batch, by job, by command line, in a race."""

import time
from collections import Counter

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal import cli
from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.billing.models import Charge
from portal.billing.run import bill_white_label
from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, transaction
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.statements import commands, flows
from portal.statements.commands import issue
from portal.statements.models import Statement, StatementLine
from portal.verify import verify
from portal.whitelabels.queries import white_label
from tests.accounts.making import OPTION_1, OPTION_2, active, charge_month, customer, pay, plan, white_label_in
from tests.cast import on_postgresql
from tests.statements.conftest import DECEMBER, JANUARY, NOVEMBER
from tests.threads import at_once
from tests.verify.planting import differences, remove


@pytest.fixture
def several(northwind, clock):
    """Five customers who paid in November, beside Acme, which pays nothing, and November is over."""
    with transaction(northwind.id) as db:
        made = [active(db, customer(db, northwind.plans["desk"], OPTION_1, name=f"No {n}"), 5000) for n in range(5)]
    clock.advance(days=30)
    return made


def numbers(company):
    with reading(company.id) as db:
        return sorted(db.scalars(select(Statement.number)))


def go(company, **options):
    with jobs.scoped(company.id):
        return flows.issue_through(options.pop("last", NOVEMBER), **options)


SIX_AND_OURS = [*(f"S-2026-00000{n}" for n in range(1, 7)), "W-2026-000001"]


def test_every_account_gets_its_statement(northwind, several):
    assert go(northwind) == 7
    assert numbers(northwind) == SIX_AND_OURS


def test_going_again_changes_nothing(northwind, several):
    go(northwind)
    assert go(northwind) == 0 and numbers(northwind) == SIX_AND_OURS


def test_months_that_were_missed_are_issued_oldest_first(northwind, several, clock):
    with transaction(northwind.id) as db:
        pay(db, db.load(Account, several[0].id), 100)
    clock.advance(days=31)
    go(northwind, last=DECEMBER)
    with reading(northwind.id) as db:
        found = db.scalars(select(Statement).where(Statement.account_id == several[0].id).order_by(Statement.month))
        assert [(s.month.month, s.opening_minor, s.paid_minor) for s in found] == [(11, 0, 5000), (12, 3200, 100)]


def test_a_stop_in_the_middle_is_gone_on_from(northwind, several, monkeypatch):
    monkeypatch.setattr(flows, "BATCH", 2)

    def stop(issued):
        if issued > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(northwind, progress=stop)
    assert 0 < len(numbers(northwind)) < 7
    go(northwind)
    assert numbers(northwind) == SIX_AND_OURS


def test_those_who_did_not_move_are_gone_on_with_too(northwind, several, clock, monkeypatch):
    """All stand at 32.00 in December, and nothing is unstated but that. Red when it is gone on with from the month
    behind the newest: they had no December, for ever."""
    go(northwind)
    clock.advance(days=31)
    monkeypatch.setattr(flows, "BATCH", 2)

    def stop(issued):
        if issued:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(northwind, last=DECEMBER, progress=stop)
    with reading(northwind.id) as db:
        assert db.scalar(select(func.count()).where(Statement.month == DECEMBER.first_day)) == 1
    assert go(northwind, last=DECEMBER) == 5
    assert differences("statement chains") == []


def test_a_month_that_some_were_left_out_of_is_completed_before_the_next(northwind, several, clock):
    """Kind Cafe pays nothing. Red when what cost it nothing in November came on December's."""
    with transaction(northwind.id) as db:
        clock.advance(days=-9)
        kind = active(db, customer(db, northwind.plans["courtesy"], OPTION_1, name="Kind Cafe"))
        clock.advance(days=9)
        issue(db, white_label_account(db), NOVEMBER)
    clock.advance(days=31)
    go(northwind, last=DECEMBER)
    with reading(northwind.id) as db:
        found = db.scalars(select(Statement.month).where(Statement.account_id == kind.id)).all()
    assert found == [NOVEMBER.first_day]


def test_a_white_label_whom_nothing_cost_has_each_month_of_its_own(database, clock):
    """Red when only entries say where to begin: both months came on one."""
    company = white_label_in("GBP", "quiet.localhost")
    with transaction(company.id) as db:
        account = active(db, customer(db, plan(db, "gift", retail_minor=1000).id, OPTION_2))
    clock.advance(days=31)
    with transaction(company.id) as db:
        charge_month(db, account, 1)
    clock.advance(days=31)
    assert go(company, last=DECEMBER) == 2
    with reading(company.id) as db:
        assert sorted(db.scalars(select(Statement.month))) == [NOVEMBER.first_day, DECEMBER.first_day]


def test_empty_ones_can_be_asked_for_after_the_month_was_issued(northwind, several):
    go(northwind)
    with reading(northwind.id) as db:
        own = select(func.count(Account.id)).where(Account.administration == "customer", Account.kind == "customer")
        missing = db.scalar(own) - 6
    assert go(northwind, even_empty=True) == missing


def test_none_is_issued_of_a_month_before_the_account(northwind, several, clock):
    """Red when a month that is issued again takes whoever has none of it: an empty one of a time before."""
    go(northwind)
    with transaction(northwind.id) as db:
        newer = active(db, customer(db, northwind.plans["desk"], OPTION_1, name="Newer"), 5000)
    go(northwind, even_empty=True)
    clock.advance(days=31)
    go(northwind, last=DECEMBER, even_empty=True)
    with reading(northwind.id) as db:
        assert db.scalars(select(Statement.month).filter_by(account_id=newer.id)).all() == [DECEMBER.first_day]


def test_one_who_is_new_brings_no_years_of_others_along(northwind, several, clock):
    """Red when what costs nothing begins, for all of a batch, where the newest account's begins."""
    with transaction(northwind.id) as db:
        clock.advance(days=-20)
        kind = active(db, customer(db, northwind.plans["courtesy"], OPTION_1, name="Kind Cafe"))
        clock.advance(days=20)
    go(northwind)
    remove(StatementLine, StatementLine.account_id == kind.id)
    with transaction(northwind.id) as db:
        active(db, customer(db, northwind.plans["courtesy"], OPTION_1, name="Newer"))
        charge_month(db, kind, 1)
    clock.advance(days=31)
    go(northwind, last=DECEMBER)
    with reading(northwind.id) as db:
        wanted = select(StatementLine.day).where(StatementLine.account_id == kind.id, StatementLine.kind == "charge",
                                                 StatementLine.customer == "")
        assert [day.month for day in db.scalars(wanted)] == [12]


def test_verify_finds_a_month_that_is_missing(northwind, several, clock):
    """Red without the look at months: an account that stood at something and has no statement looked sound."""
    for month in (NOVEMBER, DECEMBER, JANUARY):
        go(northwind, last=month)
        clock.advance(days=31)
    assert differences("statement chains") == []
    with reading(northwind.id) as db:
        issued = db.execute(select(Statement.id, Statement.month).filter_by(account_id=several[0].id)).all()
    for id, month in issued:
        if month > NOVEMBER.first_day:
            remove(Statement, Statement.id == id)
    assert any("and the month after it has none" in words for words in differences("statement chains"))


def test_a_white_labels_month_ends_in_its_own_time_zone(northwind, kauri, clock, cast):
    """At noon of the last of November in London it is the first of December in Auckland."""
    clock.advance(days=28, hours=2)
    flows.find_month_ends({})
    flows.find_month_ends({})
    with reading(PLATFORM) as db:
        found = Counter(
            (job.white_label_id, job.payload["month"])
            for job in db.scalars(select(jobs.Job).where(jobs.Job.name == "statements.issue"))
        )
    assert found == {(kauri.id, "2026-11-01"): 1, (northwind.id, "2026-10-01"): 1}


def test_the_job_issues_them(northwind, kauri, several):
    flows.find_month_ends({})
    assert jobs.run_due() >= 2
    assert numbers(northwind) == SIX_AND_OURS and numbers(kauri) == ["W-2026-000001"]


def test_a_job_that_takes_too_long_goes_on_at_its_next_try(northwind, several, monkeypatch):
    monkeypatch.setattr(flows, "BATCH", 2)
    monkeypatch.setattr(flows, "LONGEST_S", 0)
    with jobs.scoped(northwind.id):
        tries = 0
        while len(numbers(northwind)) < 7 and tries < 9:
            tries += 1
            with pytest.raises(jobs.TryLater):
                flows.issue_month({"month": "2026-11-01"})
    assert numbers(northwind) == SIX_AND_OURS and 2 < tries < 9


def race(company, times=4):
    def run(n):
        with jobs.scoped(company.id):
            return flows.issue_through(NOVEMBER)

    return at_once(times, run)


def test_four_at_once_issue_each_number_once(northwind, several, monkeypatch):
    monkeypatch.setattr(flows, "BATCH", 2)
    answers = race(northwind)
    assert sum(answers) == 7 and numbers(northwind) == SIX_AND_OURS


@on_postgresql
def test_without_the_lock_the_race_is_lost(northwind, several, monkeypatch):
    """Two read at once, and the database's own keys refuse the second. On SQLite one writes at a time."""

    def unheld(db, book, accounts):
        codes = [commands.credit_of(account.id) for account in accounts]
        wanted = select(commands.LedgerAccount).where(
            commands.LedgerAccount.book == book.value, commands.LedgerAccount.code.in_(codes))
        return {row.code: row for row in db.scalars(wanted)}

    last_statements = commands._last_statements

    def slowly(db, ids):
        found = last_statements(db, ids)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(commands, "_hold", unheld)
    monkeypatch.setattr(commands, "_last_statements", slowly)
    assert any(isinstance(answer, IntegrityError) for answer in race(northwind, 2))


def test_payments_that_arrive_meanwhile_are_on_it_or_on_the_next(northwind, several, clock):
    """Each entry once, whoever comes first. Red on PostgreSQL with the account's row locked as well: a deadlock."""

    def run(n):
        if n % 2:
            with transaction(northwind.id) as db:
                pay(db, db.load(Account, several[n // 2].id), 100 + n)
        else:
            go(northwind)

    assert [answer for answer in at_once(6, run) if isinstance(answer, BaseException)] == []
    with reading(northwind.id) as db:
        for account in several:
            statement = db.scalars(select(Statement).where(Statement.account_id == account.id)).one()
            unstated = credit_minor(db, Book.RETAIL, account.id) - statement.closing_minor
            assert unstated in (0, 101, 103, 105)
        assert len(set(db.scalars(select(StatementLine.entry_id)))) == len(
            db.scalars(select(StatementLine.entry_id)).all())


def test_statements_and_a_run_at_the_same_time_put_each_charge_on_one_statement(northwind, several, clock):
    """Red when a statement is read without the credit held: a charge would stand on it, and not in its closing."""
    clock.advance(days=5)

    def act(n):
        if n % 2:
            bill_white_label(northwind.id, clock().date(), by="a test")
        else:
            go(northwind)

    assert [answer for answer in at_once(4, act) if isinstance(answer, BaseException)] == []
    clock.advance(days=30)
    go(northwind, last=DECEMBER)
    assert [words for finding in verify() if finding.what != "jobs" for words in finding.differences] == []
    with reading(northwind.id) as db:
        stated = db.scalars(select(StatementLine.charge_id).where(StatementLine.charge_id.is_not(None))).all()
        charged = db.scalars(select(Charge.id)).all()
    assert len(stated) == len(set(stated)) and set(charged) <= set(stated)


def test_another_tenants_accounts_are_left_alone(northwind, kauri, several):
    go(northwind)
    assert numbers(kauri) == []
    with reading(kauri.id) as db:
        assert white_label_account(db).id not in set(db.scalars(select(Statement.account_id)))


def test_the_command_line_issues_through_a_month(northwind, several, settings, monkeypatch):
    monkeypatch.setattr(cli, "_house", lambda: None)
    done = CliRunner().invoke(cli.main, ["statements", "--through", "2026-11"])
    assert done.exit_code == 0 and "Northwind Telecom: 7 statements." in done.output
    assert numbers(northwind) == SIX_AND_OURS
    again = CliRunner().invoke(cli.main, ["statements", "--through", "2026-11"])
    assert "Northwind Telecom: no statement was due." in again.output


def test_the_command_line_names_where_a_month_is_not_over_and_goes_on_with_the_others(
    northwind, kauri, several, settings, monkeypatch, clock
):
    """In the last hours of December in London it is January in Auckland. Red when the first one stops all."""
    monkeypatch.setattr(cli, "_house", lambda: None)
    with transaction(kauri.id) as db:
        white_label(db).name = "Zzz"
    clock.advance(days=29, hours=8)
    done = CliRunner().invoke(cli.main, ["statements", "--through", "2026-12"])
    assert done.exit_code == 1
    assert "Northwind Telecom: December 2026 is not over there yet (Europe/London). None was issued." in done.output
    assert numbers(northwind) == [] and "Zzz: " in done.output and numbers(kauri) != []


@pytest.mark.parametrize("month", ["2026-12", "2026-13", "November"])
def test_the_command_line_refuses_a_month_that_is_not_over_or_none(northwind, several, settings, monkeypatch, month):
    monkeypatch.setattr(cli, "_house", lambda: None)
    assert CliRunner().invoke(cli.main, ["statements", "--through", month]).exit_code != 0
    assert numbers(northwind) == []
