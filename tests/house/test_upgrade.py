"""A database of the first release, with people and money in it, comes up to date without losing or inventing any."""

from sqlalchemy import select, text

from portal.accounts.models import Account
from portal.billing.commands import charge_month
from portal.billing.models import ChargeTotal
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.migrating import drift, is_current, migrate
from portal.verify import verify
from tests.accounts.making import OPTION_1, OPTION_2, active, claim, customer
from tests.cast import on_sqlite

AS_IT_WAS = (
    "drop trigger charge_adds_up",
    *(f"drop table {table}" for table in ("charge_total", "gateway_test", "invitation", "saved_view")),
    "drop index ix_account_name",
    *(f"alter table account drop column {column}" for column in ("billing_day", "least_funding_minor", "claimed_at")),
    "alter table activation_link drop column opened_at",
    "update alembic_version set version_num = '0002'",
)


def snapshot():
    with reading(PLATFORM) as db:
        claimed = {account.number: account.claimed_at for account in db.scalars(select(Account))}
        sums = {
            (t.book, t.month, t.account_id): (t.charges, t.net_minor, t.tax_minor, t.retail_memo_minor)
            for t in db.scalars(select(ChargeTotal))
        }
        return claimed, sums


@on_sqlite
def test_who_claimed_and_what_was_charged_are_found_again(database, settings, northwind, clock):
    """Red without the statements that fill the new column and the new table."""
    with transaction(northwind.id) as db:
        waiting = customer(db, northwind.plans["desk"], OPTION_1, name="Waiting")
        claim(db, customer(db, northwind.plans["desk"], OPTION_1, name="Claimed"))
        charge_month(db, active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Running")), 1)
        assert waiting.claimed_at is None
    before = snapshot()
    assert any(before[0].values()) and before[1]
    with database.platform.begin() as connection:
        for statement in AS_IT_WAS:
            connection.execute(text(statement))
    database.dispose()
    assert not is_current(settings.database_url)
    migrate(settings.database_url, web_url=settings.database_url)
    assert is_current(settings.database_url) and drift(settings.database_url) == []
    assert snapshot() == before
    assert [words for finding in verify() for words in finding.differences] == []
