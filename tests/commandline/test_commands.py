"""The command line on a fresh database, as an operator would use it."""

import re

import pytest
from sqlalchemy import select

from portal.accounts.lifecycle import Role
from portal.accounts.models import Account, Membership
from portal.audit.models import AuditRow
from portal.identity.commands import LinkIsDead, redeem_password_link
from portal.identity.models import PasswordLink, User
from portal.identity.queries import live_password_link
from portal.kit import db as kit_db
from portal.kit.db import Database, reading, transaction
from portal.kit.migrating import is_current
from portal.kit.settings import Settings
from portal.ledger.models import JournalEntry
from portal.letters.models import Letter
from portal.whitelabels.models import WhiteLabel
from tests.commandline.conftest import WHITE_LABEL, at, refused_in_one_line

LINK = re.compile(r"http://(\S+?)/password/set/(\S+)")


class TestMigrate:
    def test_makes_the_folder_the_file_and_the_schema(self, tmp_path, monkeypatch):
        portal = at(f"sqlite:///{tmp_path}/instance/portal.sqlite3", monkeypatch)
        done = portal("migrate")
        assert (done.exit_code, done.output) == (0, "The database is up to date now.\n")
        assert is_current(portal.url)
        assert portal("migrate").output == "The database was up to date already.\n"

    def test_twice_is_harmless(self, portal):
        portal.operator()
        assert portal("migrate").exit_code == 0 and len(portal.rows(WhiteLabel)) == 1


class TestTheOperator:
    def test_is_made_with_its_first_member_of_staff(self, portal):
        made = portal.operator()
        assert made.exit_code == 0
        assert re.fullmatch(r"Olga sets a password at http://operator\.example/password/set/\S+\n", made.output)
        (row,) = portal.rows(WhiteLabel)
        assert (row.kind, row.host, row.name, row.number_prefix) == ("operator", "operator.example", "Harbour", "000")
        (user,) = portal.rows(User)
        assert (user.login_name, user.password_hash) == ("olga@harbour.example", None)
        assert [letter.name for letter in portal.rows(Letter)] == ["set-password"]

    def test_is_made_once_and_others_join_it(self, portal):
        portal.operator()
        second = portal.operator(name="Oscar", email="oscar@harbour.example", host="elsewhere.example")
        assert second.exit_code == 0 and "http://operator.example/password/set/" in second.output
        assert len(portal.rows(WhiteLabel)) == 1 and len(portal.rows(User)) == 2

    def test_the_link_works_once(self, portal):
        """The command line prints it, and the letter carries the very same. Red when a printed link is one more."""
        host, token = LINK.search(portal.operator().output).groups()
        kit_db.use(Database(Settings(database_url=portal.url)))
        (tenant,) = portal.rows(WhiteLabel)
        with transaction(tenant.id) as db:
            link = live_password_link(db, "set-password", token)
            redeem_password_link(db, link.id, "copper kettle on a sill")
        with pytest.raises(LinkIsDead), transaction(tenant.id) as db:
            redeem_password_link(db, link.id, "another kettle on a sill")
        kit_db.database().dispose()
        assert host == "operator.example" and len(portal.rows(PasswordLink)) == 1


class TestAWhiteLabel:
    def test_is_made_with_its_account_and_its_first_administrator(self, portal):
        made = portal.white_label(host="Portal.ACME.example", currency="nzd", country="nz", locale="en_NZ",
                                  time_zone="Pacific/Auckland", colour="#0D5C63")
        assert made.exit_code == 0 and "http://portal.acme.example/password/set/" in made.output
        (row,) = portal.rows(WhiteLabel)
        assert (row.kind, row.host, row.currency, row.country, row.time_zone, row.locale, row.colour) == (
            "white_label", "portal.acme.example", "NZD", "NZ", "Pacific/Auckland", "en_NZ", "#0d5c63")
        (account,) = portal.rows(Account)
        assert (account.kind, account.number, account.state) == ("white_label", "101-0001", "active")
        assert [membership.role for membership in portal.rows(Membership)] == [Role.ADMINISTRATOR]

    def test_each_has_its_own_number_prefix(self, portal):
        portal.operator()
        portal.white_label()
        portal.white_label(host="portal.cedar.example")
        assert sorted(row.number_prefix for row in portal.rows(WhiteLabel)) == ["000", "101", "102"]

    def test_the_same_person_may_administer_two(self, portal):
        portal.white_label()
        assert portal.white_label(host="portal.cedar.example").exit_code == 0

    @pytest.mark.parametrize("host", ["portal.acme.example", "PORTAL.acme.example", "operator.example"])
    def test_a_host_in_use_is_refused_and_nothing_is_made(self, portal, host):
        portal.operator()
        portal.white_label()
        assert refused_in_one_line(portal.white_label(host=host)) == (
            f"{host.casefold()} belongs to another white label.")
        assert len(portal.rows(WhiteLabel)) == 2 and len(portal.rows(User)) == 2

    def test_the_operator_cannot_take_a_white_labels_host(self, portal):
        portal.white_label()
        said = refused_in_one_line(portal.operator(host="portal.acme.example"))
        assert said == "portal.acme.example belongs to another white label."
        assert [row.kind for row in portal.rows(WhiteLabel)] == ["white_label"]


class TestCredit:
    @pytest.fixture
    def portal(self, portal):
        portal.operator()
        portal.white_label()
        return portal

    def test_is_given_by_host_in_the_white_labels_own_money(self, portal):
        done = portal("give-credit", host="Portal.Acme.example", amount="1,250.00", reason="Opening credit")
        assert (done.exit_code, done.output) == (0, "Acme Voice was credited £1,250.00.\n")
        (entry,) = portal.rows(JournalEntry)
        assert (entry.book, entry.description) == ("wholesale", "Opening credit")

    def test_given_again_is_another_grant(self, portal):
        for _ in range(2):
            portal("give-credit", host=WHITE_LABEL["host"], amount="5", reason="x")
        assert len(portal.rows(JournalEntry)) == 2

    @pytest.mark.parametrize(("amount", "said", "kept"), [
        ("500", "£500.00", 50_000), ("0", "£0.00", 0), ("0.00", "£0.00", 0), ("1,000.50", "£1,000.50", 100_050)])
    def test_its_limit_is_set(self, portal, amount, said, kept):
        done = portal("set-credit-limit", host=WHITE_LABEL["host"], amount=amount)
        assert (done.exit_code, done.output) == (0, f"Acme Voice may owe {said}.\n")
        assert [account.credit_limit_minor for account in portal.rows(Account)] == [kept]

    def test_yen_have_no_places(self, portal):
        portal.white_label(host="tokyo.example", currency="JPY", locale="ja_JP", country="JP", time_zone="Asia/Tokyo")
        assert portal("give-credit", host="tokyo.example", amount="5000", reason="x").exit_code == 0
        said = refused_in_one_line(portal("give-credit", host="tokyo.example", amount="5000.50", reason="x"))
        assert said == "JPY has 0 decimal places at most."

    def test_the_books_agree_afterwards(self, portal):
        portal("give-credit", host=WHITE_LABEL["host"], amount="5", reason="x")
        assert portal("verify").exit_code == 0


def test_what_was_made_is_on_the_trail_under_the_command_lines_name(portal):
    portal.white_label()
    portal("give-credit", host=WHITE_LABEL["host"], amount="5", reason="x")
    portal("set-credit-limit", host=WHITE_LABEL["host"], amount="5")
    acts = portal.rows(AuditRow)
    assert {act.actor_kind for act in acts} == {"command_line"}
    assert {act.action for act in acts} >= {
        "white-label.created", "staff.invited", "account.credit-given", "account.credit-limit"}


def test_no_command_prints_anything_of_a_password_or_key(portal):
    printed = portal.operator().output + portal.white_label().output + portal("verify").output
    assert "argon2" not in printed and "development-only" not in printed


def test_a_tenant_is_its_own_scope(portal):
    """A person invited on the command line belongs to that white label and to no other."""
    portal.white_label()
    portal.white_label(host="portal.cedar.example", email="carol@cedar.example")
    kit_db.use(Database(Settings(database_url=portal.url)))
    seen = []
    for tenant in portal.rows(WhiteLabel):
        kit_db.use(Database(Settings(database_url=portal.url)))
        with reading(tenant.id) as db:
            seen.append(sorted(db.scalars(select(User.login_name))))
        kit_db.database().dispose()
    assert sorted(seen) == [["bob@acme.example"], ["carol@cedar.example"]]
