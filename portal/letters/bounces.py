"""Letters that came back after the mail server had taken them: what a report about one changes."""

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.settings import current
from portal.letters import report, returns
from portal.letters.commands import mark_bounced
from portal.letters.models import Letter
from portal.letters.report import Fate, NotAReport
from portal.whitelabels.models import WhiteLabel

log = structlog.get_logger()

READ_EVERY_S = 60
MOST_AT_ONCE = 500


class Outcome(StrEnum):
    """What became of a report."""

    BOUNCED = "bounced"
    """A letter that had gone is now one that came back."""
    KNOWN = "known"
    """It had come back already, or waits for nothing any more."""
    NOT_FINAL = "not-final"
    """Delayed, delivered, or refused for a reason that may pass."""
    UNKNOWN_LETTER = "unknown-letter"
    """No reference that we made, or of a letter that is no more."""
    NO_REPORT = "no-report"
    """An answer, an auto-reply, or noise."""


def take(raw: bytes) -> Outcome:
    """Take in one message from the outside world, as it came. The same one twice changes nothing the second time."""
    try:
        found = report.read(raw)
    except NotAReport as why:
        return _told(Outcome.NO_REPORT, why=str(why))
    return settle(found.places, found.bounce)


def settle(places: Iterable[str], fate: Fate | None) -> Outcome:
    """Mark the letter whose reference stands in one of these places, if its fate is final."""
    letter_id = next((id for id in map(returns.letter_in, places) if id is not None), None)
    tenant_id = _tenant_of(letter_id) if letter_id is not None else None
    if letter_id is None or tenant_id is None:
        return _told(Outcome.UNKNOWN_LETTER)
    if fate is None or not fate.is_final:
        return _told(Outcome.NOT_FINAL, letter=str(letter_id))
    with transaction(tenant_id) as db:
        letter = db.locked(Letter, letter_id)
        is_news = letter is not None and mark_bounced(db, letter, fate.answer)
    return _told(Outcome.BOUNCED if is_news else Outcome.KNOWN, letter=str(letter_id))


def _tenant_of(letter_id: UUID) -> UUID | None:
    """Looked for tenant by tenant, as every key begins with one; the reference was checked before."""
    with reading(PLATFORM) as db:
        wanted = select(Letter.white_label_id).join(WhiteLabel, WhiteLabel.id == Letter.white_label_id)
        return db.scalar(wanted.where(Letter.id == letter_id))


def _told(outcome: Outcome, **more: str) -> Outcome:
    """Nothing of the message itself is logged: it may hold a link."""
    tell = log.warning if outcome is Outcome.UNKNOWN_LETTER else log.info
    tell("bounce", outcome=outcome.value, **more)
    return outcome


@jobs.every(READ_EVERY_S, "letters.read-bounces")
def read_mailbox(payload: dict[str, Any]) -> None:
    """Read what is new in the Maildir that the settings name; without one there is nothing to do."""
    if not current().mail_bounces:
        return
    box = Path(current().mail_bounces)
    try:
        arrived = sorted(os.listdir(box / "new"))
        (box / "cur").mkdir(exist_ok=True)
    except OSError as error:
        log.error("bounces.no_mailbox", folder=str(box), error=type(error).__name__)
        return
    for name in arrived[:MOST_AT_ONCE]:
        _take_file(box, name)


def _take_file(box: Path, name: str) -> None:
    """Seen is what stands in `cur`. The library's Maildir would open all of those again, each time.

    Moved only once its outcome is committed: whoever is stopped in between takes the same message in again, which
    changes nothing. A link that somebody put there is not followed.
    """
    file = box / "new" / name
    try:
        raw = read_file(file)
        if raw is not None:
            take(raw)
        file.rename(box / "cur" / f"{name}:2,S")
    except OSError as error:
        # Another worker was quicker, or the file is not ours to read. The others are not harmed.
        log.warning("bounces.not_read", error=type(error).__name__)


def read_file(file: Path) -> bytes | None:
    """A message, or a little more than the longest one that is read; None for what is no file. Raises OSError."""
    if file.is_symlink() or not file.is_file():
        return None
    with file.open("rb") as stream:
        return stream.read(report.LONGEST + 1)
