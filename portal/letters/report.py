"""Reading delivery status notifications (RFC 3464, and RFC 6533 for addresses beyond ASCII). Pure: no tables, no web.

What comes here was written by strangers' mail servers, or by strangers. So it is read by the most forgiving of the
library's policies, nothing in it is believed that our own reference does not vouch for, and none of it is kept but
one line of the answer: a returned letter holds its link.
"""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.parser import HeaderParser

LONGEST = 512 * 1024
LONGEST_ANSWER = 500

STATUS = re.compile(r"\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b")
BLANK_LINE = re.compile(r"\r?\n\r?\n")
ACTIONS = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
ARRIVED = frozenset(("delivered", "relayed", "expanded"))

REPORTS = ("message/delivery-status", "message/global-delivery-status")
RETURNED = ("message/rfc822", "message/global")
RETURNED_HEADERS = ("text/rfc822-headers", "message/global-headers")
ENVELOPE = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
THREAD = ("In-Reply-To", "References")

# The library stumbles over some of what no mail server writes; a mailbox must be read on.
STUMBLES = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MessageError)


class NotAReport(ValueError):
    """Something else than a delivery status notification: a person's answer, an auto-reply, a read receipt, noise."""


@dataclass(frozen=True)
class Fate:
    """What a report says of one recipient: `action` is one of ACTIONS, `status` three numbers of RFC 3463."""

    action: str
    status: str
    answer: str

    @property
    def is_final(self) -> bool:
        """Given up, and for a reason that trying again does not change."""
        return self.action == "failed" and self.status.startswith("5.")


@dataclass(frozen=True)
class Report:
    """What became of a letter. `places` are the texts that may hold our reference, the surest first."""

    fates: tuple[Fate, ...]
    places: tuple[str, ...]

    @property
    def bounce(self) -> Fate | None:
        """The refusal for good, if nobody got the letter."""
        if any(fate.action in ARRIVED for fate in self.fates):
            return None
        return next((fate for fate in self.fates if fate.is_final), None)


def read(raw: bytes) -> Report:
    """Raises NotAReport for whatever else a mailbox gets."""
    if len(raw) > LONGEST:
        raise NotAReport("larger than any report about a letter of ours")
    try:
        return _read(email.message_from_bytes(raw))
    except NotAReport:
        raise
    except STUMBLES as error:
        raise NotAReport(f"not readable: {type(error).__name__}") from error


def _read(message: Message) -> Report:
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        raise NotAReport("no delivery report")
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    fates = tuple(_fates(parts))
    if not fates:
        raise NotAReport("a report that says nothing about a recipient")
    return Report(fates, tuple(_places(message, parts)))


def _fates(parts: list[Message]) -> Iterator[Fate]:
    """One for each recipient; the first group of fields is about the message, and has no action."""
    for part in parts:
        if part.get_content_type() not in REPORTS:
            continue
        for group in _groups(part):
            action = _word(group, "Action").lower()
            status = STATUS.search(_word(group, "Status"))
            if action in ACTIONS and status is not None:
                yield Fate(action, status[0], _answer(group, status[0]))


def _groups(part: Message) -> list[Message]:
    """The library splits the older kind into its groups; the newer it takes for a message with a text."""
    inside = part.get_payload()
    if not isinstance(inside, list):
        return []
    if part.get_content_type() == REPORTS[0]:
        return [group for group in inside if isinstance(group, Message)]
    texts = [nested.as_string() for nested in inside if isinstance(nested, Message)]
    return [HeaderParser().parsestr(group) for text in texts for group in BLANK_LINE.split(text)]


def _word(group: Message, name: str) -> str:
    return one_line(str(group.get(name, "")))


def _answer(group: Message, status: str) -> str:
    """The refusing server's own words (`smtp; 550 5.1.1 …`), or at least the status."""
    kind, _, words = _word(group, "Diagnostic-Code").partition(";")
    return (words.strip() or kind.strip() or status)[:LONGEST_ANSWER]


def one_line(words: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _places(message: Message, parts: list[Message]) -> Iterator[str]:
    for name in ENVELOPE:
        yield from (str(value) for value in message.get_all(name, []))
    for part in parts:
        yield from _returned_ids(part)
    for name in THREAD:
        yield from (str(value) for value in message.get_all(name, []))


def _returned_ids(part: Message) -> Iterator[str]:
    """The Message-ID of the letter that came back, whole or its headers alone."""
    inside, decoded = part.get_payload(), part.get_payload(decode=True)
    if part.get_content_type() in RETURNED_HEADERS and isinstance(decoded, bytes):
        yield str(HeaderParser().parsestr(decoded.decode("latin-1")).get("Message-ID", ""))
    elif part.get_content_type() in (*RETURNED, *RETURNED_HEADERS) and isinstance(inside, list):
        yield from (str(nested.get("Message-ID", "")) for nested in inside if isinstance(nested, Message))
