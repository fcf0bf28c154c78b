"""`portal …` against a database that is migrated and empty, in this process."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.kit import db as kit_db
from portal.kit.db import PLATFORM, reading
from portal.kit.migrating import migrate
from portal.kit.settings import Settings, install

OPERATOR = {"host": "operator.example", "company": "Harbour", "name": "Olga", "email": "olga@harbour.example"}
WHITE_LABEL = {
    "host": "portal.acme.example", "company": "Acme Voice", "name": "Bob", "email": "bob@acme.example",
    "currency": "GBP", "support-email": "help@acme.example",
}


class CommandLine:
    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, command: str, **options: str) -> Result:
        arguments = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
        done = CliRunner().invoke(main, [command, *arguments])
        if kit_db._database:
            kit_db.database().dispose()
        return done

    def operator(self, **differing: str) -> Result:
        return self("create-operator", **{**OPERATOR, **differing})

    def white_label(self, **differing: str) -> Result:
        return self("create-white-label", **{**WHITE_LABEL, **differing})

    def rows(self, model: type) -> list:
        kit_db.use(kit_db.Database(Settings(database_url=self.url)))
        with reading(PLATFORM) as db:
            found = list(db.query(model))
        kit_db.database().dispose()
        return found


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("commandline") / "portal.sqlite3"
    migrate(f"sqlite:///{file}", web_url=f"sqlite:///{file}")
    return file


@pytest.fixture
def portal(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    file = shutil.copy(migrated, tmp_path / "fresh.sqlite3")
    return at(f"sqlite:///{file}", monkeypatch)


def at(url: str, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line of an installation whose database is there."""
    monkeypatch.setenv("DATABASE_URL", url)
    for name in ("PORTAL_ENV", "PLATFORM_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    install(Settings(database_url=url))
    return CommandLine(url)


def refused_in_one_line(done: Result) -> str:
    """The one line of an error; click puts the usage in front of it when an option itself is wrong."""
    assert done.exit_code in (1, 2) and "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    lines = [line for line in done.output.splitlines() if line and not line.startswith(("Usage: ", "Try "))]
    assert len(lines) == 1 and lines[0].startswith("Error: "), done.output
    return lines[0].removeprefix("Error: ")
