"""`portal bounces`: the way in for mail servers that pass a message on to a program."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from portal.kit.db import PLATFORM, reading
from portal.kit.settings import current
from portal.letters import bounces, webhook
from portal.letters.report import LONGEST
from portal.whitelabels.queries import operator

STANDARD_INPUT = Path("-")
PIECE = 64 * 1024

WORDS = {
    bounces.Outcome.BOUNCED: "a letter came back",
    bounces.Outcome.KNOWN: "known already, nothing changed",
    bounces.Outcome.NOT_FINAL: "not a refusal for good, nothing changed",
    bounces.Outcome.UNKNOWN_LETTER: "about no letter of ours, passed over",
    bounces.Outcome.NO_REPORT: "no delivery report, passed over",
}


def read_input() -> bytes:
    """What is piped in, and no more kept of it than is read of a message. Read to its end, and before anything can be
    refused: a mail server whose pipe breaks takes its message for undelivered, whatever this program answers."""
    raw = sys.stdin.buffer.read(LONGEST + 1)
    while sys.stdin.buffer.read(PIECE):
        pass
    return raw


def take_messages(files: Iterable[Path], given: bytes) -> Iterator[str]:
    """Take each in, and say what became of it; `given` is the input's. A file that cannot be read harms no other."""
    for file in files:
        raw = given if file == STANDARD_INPUT else _read(file)
        yield f"{file}: {WORDS[bounces.take(raw)] if raw is not None else 'not a file that can be read'}"


def _read(file: Path) -> bytes | None:
    try:
        return bounces.read_file(file)
    except OSError:
        return None


def webhook_address() -> Iterator[str]:
    """Where mail services send theirs, with what is missing until they can."""
    with reading(PLATFORM) as db:
        found = operator(db)
    secret = current().mail_bounces_secret
    if found is None:
        yield "There is no operator yet: run `portal create-operator` first."
    elif not secret:
        yield "MAIL_BOUNCES_SECRET is not set: the webhook accepts nothing."
    else:
        yield current().address(found.host, f"/webhooks/mail/{webhook.slug(secret)}")
