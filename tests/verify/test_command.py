"""The command: what it prints, its exit code, and that sound books are found sound."""

import pytest
from click.testing import CliRunner

from portal.accounts import commands as accounts
from portal.accounts.queries import held_customer_or_404
from portal.activation.commands import cancel
from portal.cli import main
from portal.kit import db as kit_db
from portal.kit.clock import reading as at
from portal.kit.db import transaction
from portal.ledger.models import LedgerAccount
from portal.verify import SHOWN, verify
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, plan
from tests.signup.test_create_once import everything
from tests.statements.test_proofs import KINDS as DOCUMENTS
from tests.verify.planting import change, differences


@pytest.fixture
def run(settings, clock, monkeypatch):
    """`portal verify` on the test's own database."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PLATFORM_DATABASE_URL", settings.platform_database_url)

    def invoke():
        with at(clock):
            done = CliRunner().invoke(main, ["verify"])
        kit_db.database().dispose()
        return done

    return invoke


def test_sound_books_are_said_to_agree_with_what_was_counted(books, run):
    done = run()
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[-1] == "Everything agrees."
    counted = {line.split(" checked")[0].rsplit(maxsplit=1)[0].strip(): line for line in lines[:-1]}
    assert list(counted) == ["entries", "balances", "fundings", "refunds", "disputes", "charges",
                             "monthly totals", "accounts", "standstills", "letters", "jobs", "open fundings",
                             "statements", "statement lines", "statement chains", "document numbers", "credit notes",
                             "receipts", "numbers charged", "numbers", "periods"]
    assert all(line.endswith("agree") for line in counted.values())
    assert "        1 checked" in counted["fundings"] and "        8 checked" in counted["charges"]


def test_a_difference_is_named_counted_and_exits_1(books, run):
    """Red when the command prints and exits 0: a nightly run would never wake anybody."""
    change(LedgerAccount, LedgerAccount.code == "gateway", balance_minor=1)
    done = run()
    assert done.exit_code == 1
    assert "retail gateway: the balance says 1 over" in done.output and "1 differ" in done.output
    assert done.output.endswith("Error: 1 differences.\n") and "Everything agrees" not in done.output


def test_very_many_differences_are_counted_and_the_first_of_them_shown(books, run):
    with transaction(books.tenant.id) as db:
        for n in range(SHOWN + 9):
            db.add(LedgerAccount(book="retail", code=f"odd-{n:03d}", currency="GBP", balance_minor=1, lines=0))
    done = run()
    assert done.exit_code == 1 and done.output.count("retail odd-") == SHOWN and f"{SHOWN + 9} differ" in done.output


def test_looking_changes_nothing(books, database):
    before = everything()
    verify()
    assert everything() == before


def test_a_full_life_of_customers_leaves_books_that_agree(northwind, kauri, clock, bob):
    """Both options, both white labels, free plans, suspended, closed and cancelled ones, letters waiting."""
    for tenant in (northwind, kauri):
        with transaction(tenant.id) as db:
            free = plan(db, "free")
            made = [active(db, customer(db, tenant.plans["desk"], OPTION_1, name="Birch"), 5000),
                    active(db, customer(db, tenant.plans["desk"], OPTION_2, name="Cedar")),
                    active(db, customer(db, free.id, OPTION_2, name="Elm")),
                    customer(db, tenant.plans["desk"], OPTION_1, name="Fir"),
                    customer(db, tenant.plans["desk"], OPTION_1, name="Gorse")]
            ids = [account.id for account in made]
        with transaction(tenant.id) as db:
            held = [held_customer_or_404(db, id) for id in ids]
            accounts.suspend(db, held[0], reason="x", by=bob.actor)
            cancel(db, held[1], reason="x", by=bob.actor)
            cancel(db, held[4], reason="x", by=bob.actor)
    assert differences() == []
    nothing_yet = ("refunds", "disputes", "open fundings", "standstills", "numbers", "numbers charged", *DOCUMENTS)
    assert all(finding.checked for finding in verify() if finding.what not in nothing_yet)
