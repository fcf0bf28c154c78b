"""`portal bill`: what it says it would charge is what it charges, usage included, and it names who is left out."""

import re
from datetime import date

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from portal import cli
from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import carry_out, to_agree_minor, work_out
from portal.billing.models import BillingRun, Charge
from portal.billing.wishes import When, Wish
from portal.kit.db import reading, transaction
from tests.accounts.making import OPTION_1, active, customer, plan
from tests.billing.making import service
from tests.billing.test_usage import use
from tests.cast import on_sqlite


@pytest.fixture
def portal(settings, monkeypatch):
    monkeypatch.setattr(cli, "_house", lambda: None)
    return lambda *words: CliRunner().invoke(cli.main, ["bill", *words])


@pytest.fixture
def street(northwind, clock):
    """One who pays for itself and used minutes, one whose white label pays, and one who is suspended."""
    with transaction(northwind.id) as db:
        desk = northwind.plans["desk"]
        own = active(db, customer(db, desk, OPTION_1, name="Own"), paid_minor=2000)
        active(db, customer(db, desk, name="Run"))
        minutes = service(db, "minutes", "usage", retail=150, wholesale=100, unit="minutes", per_units=100)
        use(db, own, minutes, date(2026, 11, 10), 250)
        resting = active(db, customer(db, desk, name="Resting"))
        accounts.suspend(db, resting, reason="Unpaid", by=COMMAND_LINE)
        return own.id


def charges(tenant):
    with reading(tenant.id) as db:
        return len(db.scalars(select(Charge)).all())


def test_a_dry_run_says_what_and_why_and_the_run_does_it(northwind, street, clock, portal):
    """Red when usage is left out of the dry run: the sums would differ."""
    clock.advance(days=31)
    before = charges(northwind)
    said = portal("--through", "2026-12-03", "--dry-run", "--host", northwind.host)
    assert said.exit_code == 0, said.output
    assert "Own: Desk Phone, 2 Dec 2026 to 1 Jan 2027, wholesale £4.80, retail £12.00" in said.output
    assert "Own: Minutes, 250 minutes, 2 Nov to 1 Dec 2026, wholesale £3.00, retail £4.50" in said.output
    assert "Run: Desk Phone, 2 Dec 2026 to 1 Jan 2027, wholesale £4.80, retail £0.00" in said.output
    assert "Resting: suspended; its period from 2 December 2026 is not charged" in said.output
    assert charges(northwind) == before
    done = portal("--through", "2026-12-03", "--host", northwind.host)
    assert done.exit_code == 0 and "Resting: suspended" in done.output
    sums = [re.search(r"wholesale (\S+), retail ([^,.]+\.\d\d)[.,]", line)
            for line in (said.output.splitlines()[-1], done.output.splitlines()[-2])]
    assert sums[0] is not None and sums[1] is not None and sums[0].groups() == sums[1].groups()


def test_a_part_of_a_period_says_of_how_many_days(northwind, street, clock, portal):
    """The suspended account is active again in the middle of a month."""
    clock.advance(days=35)
    with transaction(northwind.id) as db:
        resting = db.scalars(select(Account).where(Account.name == "Resting")).one()
        accounts.reactivate(db, db.locked(Account, resting.id), by=COMMAND_LINE)
    said = portal("--through", "2026-12-07", "--dry-run")
    assert "Resting: Desk Phone, 7 Dec 2026 to 1 Jan 2027, 26 of 31 days" in said.output


@on_sqlite
def test_a_second_run_says_what_it_did_itself(northwind, street, clock, portal):
    """Red when it says the sums of the day: it charged nothing, and named what the first one charged again."""
    clock.advance(days=31)
    words = ("--through", "2026-12-03", "--host", northwind.host)
    assert "7 charges for 3 accounts, wholesale £17.40, retail £16.50, 1 skipped." in portal(*words).output
    again = portal(*words).output
    assert "0 charges for 0 accounts, wholesale £0.00, retail £0.00, 1 skipped." in again
    assert "Charged for this day before: 7 charges for 3 accounts, wholesale £17.40, retail £16.50." in again


@on_sqlite
def test_what_has_no_days_is_told_without_them(northwind, clock, portal):
    """A plan that is set up with its first period. Red with the empty days between commas."""
    with transaction(northwind.id) as db:
        large = plan(db, "large", retail_minor=3000, wholesale_setup_minor=200, tax_ppm=200_000)
        run = active(db, customer(db, northwind.plans["desk"], name="Run"))
        quoted = work_out(db, run, Wish(large, 1, When.NEXT))
        carry_out(db, run, quoted.wish, agreed_minor=to_agree_minor(run, quoted), by=COMMAND_LINE)
    said = portal("--through", "2026-12-02", "--dry-run", "--host", northwind.host).output
    assert "Northwind Telecom, through 2 December 2026:" in said
    assert "Run: Plan large, set-up, wholesale £2.40, retail £0.00" in said


def test_a_day_ahead_can_only_be_looked_at(northwind, street, clock, portal):
    refused = portal("--through", "2027-01-02")
    assert refused.exit_code != 0 and "it is not 2027-01-02 yet" in str(refused.output) + str(refused.exception)
    assert portal("--through", "2027-01-02", "--dry-run").exit_code == 0
    with reading(northwind.id) as db:
        assert db.scalars(select(BillingRun)).all() == []


@pytest.mark.parametrize("words", [("--through", "yesterday"), ("--through", "2026-11-03", "--host", "no.such.host")])
def test_what_it_does_not_know_is_said(northwind, street, portal, words):
    refused = portal(*words)
    assert refused.exit_code != 0 and "Traceback" not in refused.output


@pytest.mark.parametrize("day", ["9999-12-31", "2036-11-30"])
def test_a_day_too_far_ahead_is_refused_in_words(northwind, street, portal, day):
    """Red without the bound: the last day there is has none after it, and the dry run broke off with a traceback."""
    done = portal("--through", day, "--dry-run")
    assert done.exit_code == 1 and done.output == "Error: A dry run looks ten years ahead at most.\n"
    assert portal("--through", "2028-11-30", "--dry-run").exit_code == 0
