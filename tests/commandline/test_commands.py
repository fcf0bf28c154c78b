"""The command line on a fresh database, as an operator would use it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.kit import db as kit_db
from portal.kit.settings import Settings, install

OPERATOR = ["create-operator", "--host", "operator.example", "--company", "Harbour", "--name", "Olga", "--email",
            "olga@harbour.example"]
WHITE_LABEL = ["create-white-label", "--host", "Portal.Acme.example", "--company", "Acme Voice", "--name", "Bob",
               "--email", "bob@acme.example", "--currency", "GBP", "--support-email", "help@acme.example"]


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a command against a database that is migrated and empty."""
    url = f"sqlite:///{tmp_path / 'fresh.sqlite3'}"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.delenv("PORTAL_ENV", raising=False)

    def run(*arguments: str) -> Result:
        done = CliRunner().invoke(main, list(arguments))
        if kit_db._database:
            kit_db.database().dispose()
        return done

    install(Settings(database_url=url))
    assert run("migrate").exit_code == 0
    return run


def test_migrating_twice_is_harmless(portal):
    assert portal("migrate").exit_code == 0


def test_the_operator_and_a_white_label_are_made_and_their_people_get_a_link(portal):
    made = portal(*OPERATOR)
    assert made.exit_code == 0 and "http://operator.example/password/set/" in made.output
    white_label = portal(*WHITE_LABEL)
    assert white_label.exit_code == 0 and "http://portal.acme.example/password/set/" in white_label.output
    assert portal("verify").exit_code == 0


def test_a_second_member_of_staff_joins_the_operator_that_exists(portal):
    portal(*OPERATOR)
    second = portal(*OPERATOR[:-1], "oscar@harbour.example")
    assert second.exit_code == 0 and "http://operator.example/" in second.output
    again = portal(*OPERATOR)
    assert again.exit_code == 1 and "signs in with this name already" in again.output


def test_credit_and_its_limit_are_given_by_host(portal):
    portal(*OPERATOR)
    portal(*WHITE_LABEL)
    given = portal("give-credit", "--host", "portal.acme.example", "--amount", "1,250.00", "--reason", "Opening credit")
    assert given.exit_code == 0 and "£1,250.00" in given.output
    limited = portal("set-credit-limit", "--host", "portal.acme.example", "--amount", "500")
    assert limited.exit_code == 0 and "£500.00" in limited.output


@pytest.mark.parametrize("arguments", [
    ["give-credit", "--host", "nobody.example", "--amount", "5", "--reason", "x"],
    ["give-credit", "--host", "portal.acme.example", "--amount", "-5", "--reason", "x"],
    ["give-credit", "--host", "portal.acme.example", "--amount", "1e400", "--reason", "x"],
    ["set-credit-limit", "--host", "portal.acme.example", "--amount", "NaN"],
    WHITE_LABEL,
])
def test_wrong_input_is_one_clear_line_and_changes_nothing(portal, arguments: list[str]):
    portal(*OPERATOR)
    portal(*WHITE_LABEL)
    refused = portal(*arguments)
    assert refused.exit_code == 1 and refused.output.startswith("Error: ") and "Traceback" not in refused.output
    assert refused.output.count("\n") == 1
    assert portal("verify").exit_code == 0


def test_production_with_defaults_refuses_to_start_and_names_every_problem(portal, monkeypatch):
    monkeypatch.setenv("PORTAL_ENV", "production")
    refused = portal("serve")
    assert refused.exit_code == 1
    for name in ("PORTAL_SECRET_KEY", "PORTAL_VAULT_KEYS", "PORTAL_SCHEME", "MAIL_FROM"):
        assert name in refused.output


def test_serving_an_old_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    refused = CliRunner().invoke(main, ["serve"])
    kit_db.database().dispose()
    assert refused.exit_code == 1 and "portal migrate" in refused.output
