"""`portal verify` names what is wrong: each kind of damage is planted by SQL, past every guard, and seen."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from portal.cli import main
from portal.kit import clock, db as kit_db
from portal.kit.db import PLATFORM, transaction
from portal.verify import verify
from tests.cast import Cast
from tests.payments.conftest import Shop, gateway, sandbox, shop

__all__ = ["gateway", "sandbox", "shop"]

APPEND_ONLY = ("journal_entry", "journal_line", "charge", "audit_row", "terms_acceptance")


def differences() -> list[str]:
    return [words for finding in verify() for words in finding.differences]


@pytest.fixture
def paid(shop: Shop) -> tuple[Shop, UUID]:
    """A customer who paid and is active, and books that agree."""
    account_id = shop.customer()
    opened = shop.open(account_id)
    shop.pay(opened.url)
    shop.refresh(opened.funding_id)
    assert differences() == []
    return shop, account_id


def plant(*statements: str) -> None:
    """Run SQL with the triggers out of the way, as somebody with the database's own tools could."""
    with transaction(PLATFORM) as db:
        connection = db.connection()
        if connection.dialect.name == "sqlite":
            connection.execute(text("pragma defer_foreign_keys = on"))
            triggers = connection.execute(text("select name, sql from sqlite_master where type = 'trigger'")).all()
            for name, _ in triggers:
                connection.execute(text(f"drop trigger {name}"))
        else:
            triggers = []
            for table in APPEND_ONLY:
                connection.execute(text(f"alter table {table} disable trigger user"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount > 0, statement
        for _, sql in triggers:
            connection.execute(text(sql))


DAMAGE: dict[str, tuple[str, str]] = {
    "an unbalanced entry": ("update journal_line set amount_minor = amount_minor + 1 where position = 0", "sums to"),
    "a balance that drifted": ("update ledger_account set balance_minor = balance_minor + 7", "the balance says"),
    "a lost line": ("delete from journal_line where position = 1", "over 1 lines"),
    "a funding without its entry": ("update funding set state = 'pending' where state = 'succeeded'", "the books say"),
    "a funding of another amount": ("update funding set amount_minor = amount_minor + 5", "the books say"),
    "an entry without a funding": (
        "update journal_entry set source = 'funding:nobody' where source like 'funding:%'", "has no funding"),
    "a changed charge": ("update charge set net_minor = net_minor + 3 where book = 'wholesale'", "charge C-"),
    "a charge of a customer who does not pay": (
        "update account set administration = 'white_label' where kind = 'customer'", "does not pay"),
    "an account active without a redeemed link": (
        "update activation_link set used_at = null", "active without a redeemed link"),
    "a charge before activation": (
        "update account set activated_at = null where kind = 'customer'", "charged without being active"),
    "a letter nobody will deliver": (
        "update job set state = 'done' where name = 'letters.deliver'", "waits for nobody"),
    "a job that never ran": ("update job set due_at = '2020-01-01 00:00:00+00:00', state = 'due'", "should have run"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_it_names(paid: tuple[Shop, UUID], what: str):
    statement, words = DAMAGE[what]
    plant(statement.replace("+00:00'", ".000000'") if kit_db.database().is_sqlite else statement)
    assert any(words in difference for difference in differences()), differences()


def test_it_names_a_gap_between_two_periods(paid: tuple[Shop, UUID]):
    from portal.accounts.queries import held_customer_or_404
    from portal.billing.commands import charge_month

    shop, account_id = paid
    for n in (1, 2):
        with transaction(shop.company.id) as db:
            charge_month(db, held_customer_or_404(db, account_id), n)
    assert differences() == []
    plant("update charge set last_day = first_day where item = 'plan' and book = 'wholesale'")
    assert any("the one before ends" in difference for difference in differences())


def test_it_names_an_unknown_funding_that_nobody_flagged(shop: Shop):
    account_id = shop.customer()
    shop.open(account_id)
    plant("update funding set state = 'unknown', last_problem = null")
    later = clock.now() + timedelta(hours=2)
    with clock.reading(lambda: later):
        assert any("is unknown and not flagged" in difference for difference in differences())


def test_the_command_says_what_it_checked_and_exits_1_on_a_difference(
    cast: Cast, settings, monkeypatch: pytest.MonkeyPatch
):
    run: Callable[[], object] = lambda: CliRunner().invoke(main, ["verify"])  # noqa: E731
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PLATFORM_DATABASE_URL", settings.platform_database_url)
    fine = run()
    assert fine.exit_code == 0 and "Everything agrees." in fine.output
    for what in ("entries", "balances", "fundings", "charges", "accounts", "letters", "jobs"):
        assert what in fine.output
    plant("update ledger_account set balance_minor = balance_minor + 7")
    kit_db.database().dispose()
    broken = run()
    assert broken.exit_code == 1 and "the balance says" in broken.output
    kit_db.database().dispose()
