"""`portal bounces`: what a mail server pipes in, and files."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from portal.cli import main
from portal.kit import db as kit_db
from portal.kit.db import PLATFORM, Database, reading, transaction
from portal.kit.settings import Settings, install
from portal.letters import returns
from portal.letters.commands import mark_sent
from portal.letters.models import Letter
from portal.letters.report import LONGEST
from tests.letters.reports import auto_reply, report


@pytest.fixture
def message_id(portal):
    """Of the letter to the operator's first member of staff, sent."""
    portal.operator()
    install(Settings(database_url=portal.url))
    kit_db.use(Database(Settings(database_url=portal.url)))
    with reading(PLATFORM) as db:
        letter = db.scalars(select(Letter)).one()
    with transaction(letter.white_label_id) as db:
        mark_sent(db, db.merge(letter))
    kit_db.database().dispose()
    return returns.message_id(letter.id, "operator.example")


def bounces(*arguments, given=b""):
    done = CliRunner().invoke(main, ["bounces", *arguments], input=given)
    if kit_db._database:
        kit_db.database().dispose()
    return done


def test_takes_in_what_is_piped_to_it(portal, message_id):
    done = bounces(given=report(message_id))
    assert (done.exit_code, done.output) == (0, "-: a letter came back\n")
    (letter,) = portal.rows(Letter)
    assert (letter.state, letter.last_answer) == ("bounced", "550 5.1.1 no such mailbox")


def test_takes_in_files_and_says_of_each_what_it_was(portal, message_id, tmp_path):
    """A mail server that pipes must not get a failure for an auto-reply: it would send a report about the report."""
    for name, content in (("1", report(message_id)), ("2", report(message_id)), ("3", auto_reply(message_id))):
        (tmp_path / name).write_bytes(content)
    done = bounces(*(str(tmp_path / name) for name in ("1", "2", "3", "4")), "-")
    assert done.exit_code == 0
    assert [line.split(": ")[1] for line in done.output.splitlines()] == [
        "a letter came back", "known already, nothing changed", "no delivery report, passed over",
        "not a file that can be read", "no delivery report, passed over"]


def test_asks_the_mail_server_to_come_again_while_the_database_is_away(portal, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")
    done = bounces(given=b"")
    assert done.exit_code == os.EX_TEMPFAIL and "cannot be used" in done.output


@pytest.mark.parametrize("why", ["longer than any report", "no database"])
def test_the_mail_servers_pipe_does_not_break(portal, monkeypatch, why):
    """A real pipe holds 64 KiB. Red where no more is read than is kept, and where the database is asked first: the
    mail server gets a broken pipe, and takes its message for undelivered."""
    url = portal.url if why == "longer than any report" else "postgresql://127.0.0.1:1/nowhere"
    monkeypatch.setenv("DATABASE_URL", url)
    command = [sys.executable, "-m", "portal", "bounces"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT) as running:
        assert running.stdin is not None and running.stdout is not None
        for _ in range(LONGEST // 65_536 + 40):
            running.stdin.write(b"x" * 65_536)
        running.stdin.close()
        said = running.stdout.read()
    assert running.returncode == (0 if url == portal.url else os.EX_TEMPFAIL), said


def test_prints_the_webhooks_address(portal, monkeypatch):
    assert "create-operator" in bounces("--address").output
    portal.operator()
    assert "accepts nothing" in bounces("--address").output
    monkeypatch.setenv("MAIL_BOUNCES_SECRET", "a secret of the mail service that is long")
    found = bounces("--address").output
    assert found.startswith("http://operator.example/webhooks/mail/") and len(found.strip().rpartition("/")[2]) == 32
