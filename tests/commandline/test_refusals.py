"""Wrong input, unsafe settings and databases that are not ready: one clear line, and nothing was done."""

import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from portal.cli import main
from portal.demo import places
from portal.kit import db as kit_db
from portal.kit.settings import DEVELOPMENT_SECRET, DEVELOPMENT_VAULT_KEY
from portal.ledger.models import JournalEntry
from portal.whitelabels.models import WhiteLabel
from tests.commandline.conftest import WHITE_LABEL, at, refused_in_one_line
from tests.house.source import ROOT
from tests.servers import WEB

HOST = WHITE_LABEL["host"]


class TestWrongOptions:
    @pytest.mark.parametrize(("option", "given", "said"), [
        ("host", "https://acme.example/", "Write a host name"), ("host", "acme.example:8000", "Write a host name"),
        ("host", "10.0.0.1", "Write a host name alone"), ("host", "", "Write a host name alone"),
        ("host", "acme example", "Write a host name alone"), ("company", " ", "Write something, on one line."),
        ("company", "Acme\nVoice", "Write something, on one line."), ("name", "", "Write something, on one line."),
        ("email", "bob", "Write one e-mail address"), ("email", "a@b.example, c@d.example", "Write one e-mail address"),
        ("support-email", "help", "Write one e-mail address"), ("currency", "pounds", "Write an ISO 4217 code"),
        ("currency", "", "Write an ISO 4217 code"), ("country", "Britain", "Write an ISO 3166 code"),
        ("country", "ZZ", "Write an ISO 3166 code"), ("time-zone", "Mars/Olympus", "Write an IANA time zone"),
        ("locale", "xx_YY", "Write a locale"), ("locale", "", "Write a locale"),
        ("colour", "teal", "Write a colour"), ("colour", "#0d5c63; } body { display: none", "Write a colour"),
    ])
    def test_of_a_white_label_are_said_in_one_line_and_make_nothing(self, portal, option, given, said):
        """Red before the readers of the pages stood behind these options: the colour goes into a style sheet."""
        done = portal.white_label(**{option: given})
        assert refused_in_one_line(done).startswith(f"Invalid value for '--{option}': {said}")
        assert portal.rows(WhiteLabel) == []

    @pytest.mark.parametrize(("option", "given"), [
        ("host", "no host"), ("email", "olga"), ("currency", "XXXX"), ("name", ""), ("company", "")])
    def test_of_the_operator_as_well(self, portal, option, given):
        refused_in_one_line(portal.operator(**{option: given}))
        assert portal.rows(WhiteLabel) == []

    @pytest.mark.parametrize(("command", "options", "said"), [
        ("give-credit", {"host": "nobody.example", "amount": "5", "reason": "x"}, "No white label has the host"),
        ("give-credit", {"host": "operator.example", "amount": "5", "reason": "x"}, "No white label has the host"),
        ("give-credit", {"host": HOST, "amount": "-5", "reason": "x"}, "Write an amount in figures"),
        ("give-credit", {"host": HOST, "amount": "0", "reason": "x"}, "The amount must be above zero"),
        ("give-credit", {"host": HOST, "amount": "0.001", "reason": "x"}, "GBP has 2 decimal places at most."),
        ("give-credit", {"host": HOST, "amount": "1e400", "reason": "x"}, "Write an amount in figures"),
        ("give-credit", {"host": HOST, "amount": "NaN", "reason": "x"}, "Write an amount in figures"),
        ("give-credit", {"host": HOST, "amount": "1000000000000000000", "reason": "x"}, "Write at most £9,999,999,999"),
        ("give-credit", {"host": HOST, "amount": "5", "reason": " "}, "Invalid value for '--reason'"),
        ("set-credit-limit", {"host": "nobody.example", "amount": "5"}, "No white label has the host"),
        ("set-credit-limit", {"host": HOST, "amount": "-5"}, "Write an amount in figures"),
        ("set-credit-limit", {"host": HOST, "amount": "lots"}, "Write an amount in figures"),
        ("set-credit-limit", {"host": HOST, "amount": ""}, "Write an amount in figures"),
        ("set-credit-limit", {"host": HOST, "amount": ".,"}, "Write an amount in figures"),
    ])
    def test_of_credit_move_no_money(self, portal, command, options, said):
        portal.operator()
        portal.white_label()
        assert refused_in_one_line(portal(command, **options)).startswith(said)
        assert portal.rows(JournalEntry) == []

    def test_a_login_name_that_is_taken_is_said(self, portal):
        portal.operator()
        said = refused_in_one_line(portal.operator(email="OLGA@harbour.example"))
        assert said.startswith("Somebody here signs in with this name already.")


class TestADatabaseThatIsNotReady:
    COMMANDS = (
        ("verify", {}), ("create-operator", {"host": "o.example", "company": "O", "name": "O", "email": "o@o.example"}),
        ("create-white-label", WHITE_LABEL), ("give-credit", {"host": HOST, "amount": "5", "reason": "x"}),
        ("set-credit-limit", {"host": HOST, "amount": "5"}), ("serve", {}),
    )

    @pytest.mark.parametrize(("command", "options"), COMMANDS, ids=[command for command, _ in COMMANDS])
    def test_that_was_never_migrated_is_said_with_what_to_do(self, tmp_path, monkeypatch, command, options):
        """Red when the first query says it: a page of traceback about a table that is not there."""
        portal = at(f"sqlite:///{tmp_path}/empty.sqlite3", monkeypatch)
        done = portal(command, **options)
        assert done.exit_code == 1 and "run `portal migrate` first" in done.output and "Traceback" not in done.output
        assert isinstance(done.exception, SystemExit)
        assert not list(tmp_path.iterdir()), "a database that was not there is not made by asking"

    @pytest.mark.parametrize("url", [
        "sqlite:////nowhere/at/all/portal.sqlite3", "nonsense", "mysql://root:sesame@127.0.0.1/portal",
        "postgresql://web:sesame@127.0.0.1:1/portal",
    ])
    def test_that_cannot_be_reached_is_said_without_its_password(self, monkeypatch, url):
        portal = at(url, monkeypatch)
        said = refused_in_one_line(portal("verify"))
        assert "cannot be used" in said and "DATABASE_URL" in said and "sesame" not in said

    def test_that_cannot_be_migrated_is_said(self, monkeypatch):
        portal = at("postgresql://web:sesame@127.0.0.1:1/portal", monkeypatch)
        said = refused_in_one_line(portal("migrate"))
        assert "cannot be used" in said and "sesame" not in said

    def test_that_refuses_says_why_and_which_it_is(self, monkeypatch, postgresql):
        """Red with the kind of the error alone: what is to be granted, and where, stays a riddle."""
        name = postgresql.new_database()
        portal = at(postgresql.url(WEB, name), monkeypatch)
        said = refused_in_one_line(portal("migrate"))
        assert "The database of DATABASE_URL cannot be used: permission denied" in said
        postgresql.drop(name)
        monkeypatch.setenv("PLATFORM_DATABASE_URL", postgresql.url(WEB, name))
        said = refused_in_one_line(portal("migrate"))
        assert f'The database of PLATFORM_DATABASE_URL cannot be used: database "{name}" does not exist' in said


class TestTheDemosData:
    def test_are_reached_whatever_the_environment_says(self, migrated, tmp_path, monkeypatch):
        """Red when `--demo` leaves DATABASE_URL as it is: the commands would look at another database."""
        at(f"sqlite:///{tmp_path}/other.sqlite3", monkeypatch)
        for name in ("PORTAL_ENV", "PLATFORM_DATABASE_URL", "PORTAL_PUBLIC_PORT"):
            monkeypatch.setenv(name, "")
        monkeypatch.setattr(places, "default_folder", lambda: tmp_path / "demo")
        done = CliRunner().invoke(main, ["--demo", "verify"])
        assert done.exit_code == 1 and not list(tmp_path.iterdir())
        (tmp_path / "demo").mkdir()
        shutil.copy(migrated, tmp_path / "demo" / "portal.sqlite3")
        done = CliRunner().invoke(main, ["--demo", "verify"])
        assert done.exit_code == 0 and "Everything agrees." in done.output
        kit_db.database().dispose()


class TestProduction:
    def test_with_defaults_refuses_to_start_and_names_every_problem(self, portal, monkeypatch):
        monkeypatch.setenv("PORTAL_ENV", "production")
        monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:4242")
        for command in ("serve", "worker", "verify", "migrate"):
            done = portal(command)
            assert done.exit_code == 1 and "The portal does not start:" in done.output, command
            for name in ("PORTAL_SECRET_KEY", "PORTAL_VAULT_KEYS", "PORTAL_SCHEME", "STRIPE_API_BASE", "MAIL_FROM"):
                assert name in done.output, (command, name)
            assert DEVELOPMENT_SECRET not in done.output and DEVELOPMENT_VAULT_KEY not in done.output

    def test_as_a_process_of_its_own_it_exits_1_and_says_it_on_standard_error(self, tmp_path):
        """What an init system sees."""
        known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "portal", "serve"], cwd=ROOT, capture_output=True, text=True,
            timeout=60, check=False,
            env={**known, "PORTAL_ENV": "production", "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"})
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("Error: The portal does not start:\n  - ") and "Traceback" not in done.stderr
        assert done.stderr.count("\n  - ") >= 4
        assert not (tmp_path / "x.sqlite3").exists(), "it was refused before anything was touched"


def test_every_command_explains_itself():
    listed = CliRunner().invoke(main, ["--help"])
    for name, command in main.commands.items():
        assert name in listed.output and command.help and command.help.strip()
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_a_command_that_does_not_exist_is_said(portal):
    done = portal("destroy")
    assert done.exit_code == 2 and "No such command 'destroy'" in done.output
