"""What a mail service sends about a letter that came back: whether it may, and how its short form reads."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.letters.report import ACTIONS, LONGEST_ANSWER, STATUS, Fate, one_line

TOLERANCE_S = 300
LONGEST_FIELD = 2000


class NotReadable(ValueError):
    """The body does not have the documented form. The words say what is missing."""


@dataclass(frozen=True)
class Told:
    """`places` are the texts that may hold our reference."""

    places: tuple[str, ...]
    fate: Fate


def slug(secret: str) -> str:
    """The end of the webhook's address: nobody guesses it, and it changes with the secret."""
    return hmac.digest(secret.encode(), b"portal.webhooks.mail", hashlib.sha256).hex()[:32]


def signature(body: bytes, timestamp: str, secret: str) -> str:
    """`v1=` and the HMAC-SHA-256, in hexadecimal, of timestamp, full stop and body under the secret."""
    return "v1=" + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()


def is_signed(body: bytes, *, timestamp: str, signed: str, secret: str, at: datetime) -> bool:
    """Whether whoever knows the secret sent this body within the last five minutes. An empty secret signs nothing."""
    if not secret or not re.fullmatch(r"[0-9]{1,12}", timestamp, re.ASCII) or not signed.isascii():
        return False
    is_fresh = abs(at.timestamp() - int(timestamp)) <= TOLERANCE_S
    return hmac.compare_digest(signature(body, timestamp, secret), signed) and is_fresh


def read(body: bytes) -> Told:
    """`{"message_id": …, "return_path": …, "action": "failed", "status": "5.1.1", "answer": …}`. Raises NotReadable.

    One of the first two is enough; the answer may be missing. Other members are left alone.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotReadable("The body is not JSON.") from error
    if not isinstance(given, dict):
        raise NotReadable("The body is not a JSON object.")
    places = tuple(words for words in (_text(given, "return_path"), _text(given, "message_id")) if words)
    action, status = _text(given, "action").lower(), _text(given, "status")
    if not places:
        raise NotReadable("message_id or return_path is missing.")
    if action not in ACTIONS:
        raise NotReadable(f"action is none of {', '.join(sorted(ACTIONS))}.")
    if not STATUS.fullmatch(status):
        raise NotReadable("status is not three numbers such as 5.1.1.")
    return Told(places, Fate(action, status, (_text(given, "answer") or status)[:LONGEST_ANSWER]))


def _text(given: dict[str, Any], name: str) -> str:
    found = given.get(name)
    if found is None:
        return ""
    if not isinstance(found, str) or len(found) > LONGEST_FIELD:
        raise NotReadable(f"{name} is not a text of at most {LONGEST_FIELD} characters.")
    return one_line(found)
