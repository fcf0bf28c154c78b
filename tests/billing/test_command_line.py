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
from portal.billing.models import BillingRun, Charge
from portal.kit.db import reading, transaction
from tests.accounts.making import OPTION_1, active, customer
from tests.billing.making import service
from tests.billing.test_usage import use


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
    assert "Own: Desk Phone, 2026-12-02 to 2027-01-01, wholesale £4.80, retail £12.00" in said.output
    assert "Own: Minutes, 250 minutes, 2026-11-02 to 2026-12-01, wholesale £3.00, retail £4.50" in said.output
    assert "Run: Desk Phone, 2026-12-02 to 2027-01-01, wholesale £4.80, retail £0.00" in said.output
    assert "Resting: suspended, nothing begins since 2026-12-02" in said.output
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
    assert "Resting: Desk Phone, 2026-12-07 to 2027-01-01, 26 of 31 days" in said.output


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
