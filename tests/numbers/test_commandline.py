"""`portal numbers import`: a file into the stock, with a bar, from the command line."""

import pytest
from click.testing import CliRunner

from portal.cli import main
from portal.kit import db as kit_db, settings as kit_settings


@pytest.fixture
def run(depot, database, settings, monkeypatch, tmp_path):
    """`run(text, *options)`: the command on a file with this text."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PLATFORM_DATABASE_URL", settings.platform_database_url)
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_key)
    file = tmp_path / "numbers.csv"

    def command(text, *options, price_class="local"):
        file.write_bytes(text.encode())
        done = CliRunner().invoke(main, ["numbers", "import", str(file), "--price-class", price_class, *options])
        kit_db.database().dispose()
        kit_db.use(database)
        kit_settings.install(settings)
        return done

    return command


def test_it_takes_a_file_in_and_a_bad_line_harms_no_other(run, depot):
    answer = run("number\n020 7946 0001\nrubbish\n020 7946 0002\n", "--country", "GB")
    assert answer.exit_code == 1 and "line 3: Write digits" in answer.output
    assert "2 added, 0 already in stock" in answer.output and "the others were not harmed" in answer.output
    assert [n.e164 for n in depot.numbers()] == ["+442079460001", "+442079460002"]
    again = run("number\n020 7946 0001\n", "--country", "GB")
    assert again.exit_code == 0 and "0 added, 1 already in stock" in again.output
    assert len(depot.numbers()) == 2 and len(depot.blocks()) == 1


def test_a_dry_run_changes_nothing(run, depot):
    answer = run("number\n+442079460001\n+442079460001\n", "--dry-run")
    assert answer.exit_code == 0 and "1 would be added" in answer.output and "1 twice in the file" in answer.output
    assert not depot.numbers() and not depot.blocks()


@pytest.mark.parametrize(
    "text, options, why",
    [("x\n", {}, "has to name the columns"), ("number\n", {"price_class": "gold"}, "no service"),
     ("", {}, "has to name")],
)
def test_what_it_cannot_use_is_said_in_one_line(run, depot, text, options, why):
    answer = run(text, **options)
    assert answer.exit_code == 1 and why.casefold() in answer.output.casefold() and "Traceback" not in answer.output
    assert not depot.blocks()
