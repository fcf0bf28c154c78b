"""A database of the first release, with people and money in it, comes up to date without losing or inventing any."""

import sqlite3

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.accounts import commands as accounts
from portal.accounts.models import Account, Pause, Subscription
from portal.accounts.queries import white_label_account
from portal.audit.commands import COMMAND_LINE
from portal.billing.models import ChargeTotal
from portal.kit.clock import EVER
from portal.kit.db import PLATFORM, Database, connect_to, reading, transaction, use
from portal.kit.migrating import drift, is_current, migrate
from portal.kit.settings import root
from portal.statements.commands import issue
from portal.statements.models import StatementLine
from portal.verify import verify
from tests.accounts.making import OPTION_1, OPTION_2, active, charge_month, claim, customer
from tests.cast import on_sqlite
from tests.conftest import cast_in, settings_at
from tests.statements.conftest import NOVEMBER

AS_IT_WAS = (
    "drop trigger charge_adds_up",
    "drop index ix_charge_entry",
    "drop index ix_charge_free",
    *(f"drop table {table}" for table in (
        "dispute",
        "recovery_code", "second_factor", "number_handover", "number_import_fates", "number_import",
        "pbx_version", "sip_credential", "clip", "provisioning_key",
        "port_document", "port_request", "emergency_address", "number", "stock_number", "number_block", "event",
        "statement_line", "credit_note", "receipt", "statement", "charge_total",
        "gateway_test", "invitation", "saved_view", "billing_run", "usage_record", "charge_credit",
        "plan_inclusion", "opening_price", "price_correction", "price", "tax_rate", "subscription", "service", "pause",
        "standstill", "kept_logo",
        "arrears_policy", "arrears_case", "credit_request", "address_change")),
    "drop index ix_account_name",
    *(f"alter table account drop column {column}" for column in (
        "billing_day", "least_funding_minor", "claimed_at", "cycle_anchor", "tax_number", "tax_exemption")),
    *(f"alter table plan drop column {column}" for column in ("months", "trial_days", "hidden_at", "listed_name")),
    *(f"alter table white_label drop column {column}" for column in (
        "retail_tax_mode", "tax_number", "customers_suspended_at", "early_logo_digest")),
    "alter table activation_link drop column opened_at",
    "alter table letter drop column came_back_at",
    "update alembic_version set version_num = '0002'",
)


def snapshot():
    with reading(PLATFORM) as db:
        claimed = {account.number: account.claimed_at for account in db.scalars(select(Account))}
        sums = {
            (t.book, t.month, t.account_id): (t.charges, t.net_minor, t.tax_minor, t.retail_memo_minor)
            for t in db.scalars(select(ChargeTotal))
        }
        subscribed = {(s.account_id, s.item, s.plan_id, s.from_day, s.until_day, s.charged_to)
                      for s in db.scalars(select(Subscription))}
        rests = [(p.account_id, p.from_day, p.until_day) for p in db.scalars(select(Pause))]
        anchors = {account.number: account.cycle_anchor for account in db.scalars(select(Account))}
        return claimed, sums, subscribed, rests, anchors


@on_sqlite
def test_who_claimed_and_what_was_charged_are_found_again(database, settings, northwind, clock):
    """Red without the statements that fill the new column and the new table."""
    with transaction(northwind.id) as db:
        waiting = customer(db, northwind.plans["desk"], OPTION_1, name="Waiting")
        claim(db, customer(db, northwind.plans["desk"], OPTION_1, name="Claimed"))
        charge_month(db, active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Running")), 1)
        assert waiting.claimed_at is None
        resting = active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Resting"))
        accounts.suspend(db, resting, reason="Unpaid", by=COMMAND_LINE)
    before = snapshot()
    assert any(before[0].values()) and all(before[1:])
    with database.platform.begin() as connection:
        for statement in AS_IT_WAS:
            connection.execute(text(statement))
    database.dispose()
    assert not is_current(settings.database_url)
    migrate(settings.database_url, web_url=settings.database_url)
    assert is_current(settings.database_url) and drift(settings.database_url) == []
    assert snapshot() == before
    assert [words for finding in verify() for words in finding.differences] == []


def upgrade_to(revision, url):
    config = Config()
    config.set_main_option("script_location", str(root() / "migrations"))
    engine = connect_to(url)
    with engine.execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def put(old, table, **values):
    """A row with nothing in all else that the table asks for."""
    asked = old.execute(f"pragma table_info({table})").fetchall()
    bare = [(name, kind) for _, name, kind, must, default, _ in asked if must and default is None]
    nothing = {name: 0 if "INT" in kind else "" for name, kind in bare}
    row = {**nothing, **values}
    old.execute(f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", [*row.values()])


def test_a_tax_rate_of_before_is_a_whole_countrys_at_retail_and_its_rules_stand(tmp_path):
    """Red when SQLite makes the table again without its checks, or without the rows."""
    file = tmp_path / "portal.sqlite3"
    upgrade_to("0020", f"sqlite:///{file}")
    old = sqlite3.connect(file)
    put(old, "white_label", id="a" * 32, kind="white_label")
    rate = ("a" * 32, "b" * 32, "CA", "2026-12-01", 50_000, "2026-11-02 09:00:00", "Bob")
    old.execute("insert into tax_rate values (?, ?, ?, ?, ?, ?, ?)", rate)
    old.commit()
    old.close()
    upgrade_to("head", f"sqlite:///{file}")
    new = sqlite3.connect(file)
    assert new.execute("select id, side, country, region, valid_from, rate_ppm, set_by from tax_rate").fetchall() == [
        ("b" * 32, "retail", "CA", "", "2026-12-01", 50_000, "Bob")]
    for change in ("rate_ppm = 1000001", "side = 'wholesale'", "white_label_id = 'nobody'", "region = null"):
        with pytest.raises(sqlite3.IntegrityError):
            new.executescript(f"pragma foreign_keys = on; update tax_rate set {change}")
    new.close()


def test_a_statements_lines_of_before_name_their_charges_and_are_guarded_again(tmp_path):
    """Red without the statement that names them, and when SQLite keeps neither rows, keys nor triggers. The last of
    the refused lines is as a process of the release before would write it."""
    file, tenant = tmp_path / "portal.sqlite3", {"white_label_id": "a" * 32}
    upgrade_to("0025", f"sqlite:///{file}")
    old = sqlite3.connect(file)
    put(old, "white_label", id="a" * 32, kind="white_label")
    put(old, "ledger_account", **tenant, id="d" * 32, book="retail")
    put(old, "statement", **tenant, id="e" * 32, ledger_account_id="d" * 32, book="retail")
    for n in "12":
        put(old, "journal_entry", **tenant, id=n * 32, source=n, book="retail")
    put(old, "charge", **tenant, id="c" * 32, entry_id="1" * 32, book="retail", day="2026-11-02")
    for n in "12":
        put(old, "statement_line", **tenant, ledger_account_id="d" * 32, statement_id="e" * 32, position=int(n),
            entry_id=n * 32, amount_minor=-5, kind="charge" if n == "1" else "payment")
    old.commit()
    old.close()
    upgrade_to("head", f"sqlite:///{file}")
    new = sqlite3.connect(file)
    found = "select position, entry_id, charge_id, amount_minor from statement_line order by position"
    assert new.execute(found).fetchall() == [(1, "1" * 32, "c" * 32, -5), (2, "2" * 32, None, -5)]
    for change in ("update statement_line set position = 3", "delete from statement_line"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            new.execute(change)
    copied = "insert into statement_line select * from (select {} from statement_line where position = 1)"
    names = [name for _, name, *_ in new.execute("pragma table_info(statement_line)")]
    for change in ({"position": "7"}, {"position": "7", "entry_id": "null"},
                   {"position": "7", "entry_id": "null", "charge_id": "null", "amount_minor": "0"},
                   {"position": "7", "entry_id": "'3'", "charge_id": "null", "kind": "'charge'"}):
        with pytest.raises(sqlite3.IntegrityError):
            new.execute(copied.format(", ".join(change.get(name, name) for name in names)))
    new.close()


BACK_TO_25 = (
    "alter table statement_line drop constraint ck_statement_line_of_its_charge",
    "alter table statement_line drop column charge_id",
    "alter table statement_line drop constraint pk_statement_line",
    "alter table statement_line drop constraint uq_statement_line_white_label_id_ledger_account_id_entry_id",
    "alter table statement_line add constraint pk_statement_line primary key"
    " (white_label_id, ledger_account_id, entry_id)",
    "alter table statement_line add constraint uq_statement_line_white_label_id_statement_id_position unique"
    " (white_label_id, statement_id, position)",
    "create index ix_statement_line_entry on statement_line (white_label_id, entry_id)",
    "drop index ix_charge_free",
    "drop table dispute",
    "update alembic_version set version_num = '0025'",
)


def test_postgresql_names_the_charges_of_lines_in_place(postgresql, clock):
    """In a database of its own, which is taken back to what the release before had. Red without the statement, and
    with the trigger left off."""
    at = settings_at(postgresql, postgresql.new_database())
    northwind, database = cast_in(at).northwind, Database(at)
    use(database)
    with transaction(northwind.id) as db:
        active(db, customer(db, northwind.plans["desk"], OPTION_2))
        clock.advance(days=30)
        issue(db, white_label_account(db), NOVEMBER)
        before = set(db.execute(select(StatementLine.position, StatementLine.charge_id)))
    with database.platform.begin() as connection:
        for statement in BACK_TO_25:
            connection.execute(text(statement))
    migrate(at.platform_database_url, web_url=at.database_url)
    assert drift(at.platform_database_url) == []
    with reading(northwind.id) as db:
        found = set(db.execute(select(StatementLine.position, StatementLine.charge_id)))
    assert found == before and any(charge_id for _, charge_id in found)
    with pytest.raises(DBAPIError, match="append-only"), database.platform.begin() as connection:
        connection.execute(text("update statement_line set position = 99"))
    database.dispose()


def test_what_a_plan_held_before_it_has_held_since_ever(tmp_path):
    """Red without the first day that older rows take, and when SQLite keeps the check that 0 would break."""
    file = tmp_path / "portal.sqlite3"
    upgrade_to("0024", f"sqlite:///{file}")
    old = sqlite3.connect(file)
    put(old, "white_label", id="a" * 32, kind="white_label")
    put(old, "plan", white_label_id="a" * 32, id="b" * 32, months=1)
    put(old, "service", white_label_id="a" * 32, id="c" * 32, kind="recurring", per_units=1)
    put(old, "plan_inclusion", white_label_id="a" * 32, plan_id="b" * 32, service_id="c" * 32, quantity=2)
    old.commit()
    old.close()
    upgrade_to("head", f"sqlite:///{file}")
    new = sqlite3.connect(file)
    new.execute("insert into plan_inclusion values (?, ?, ?, 0, '2026-12-01')", ("a" * 32, "b" * 32, "c" * 32))
    found = new.execute("select valid_from, quantity from plan_inclusion order by valid_from").fetchall()
    assert found == [(EVER.isoformat(), 2), ("2026-12-01", 0)]
    with pytest.raises(sqlite3.IntegrityError):
        new.execute("update plan_inclusion set quantity = -1")
    new.close()
