"""What ties a letter that came back to the letter that went out: a reference that only we can make.

It is the letter's id and a tag over it under the installation's secret, in 42 small letters and figures: short enough
for the name of a return address (RFC 5321 allows 64 octets there), and the same in capitals. It stands in the
letter's Message-ID, and in its return path where one is configured.
"""

import base64
import hashlib
import hmac
import re
from uuid import UUID

from portal.kit.settings import current

TAG_BYTES = 10
REFERENCE = re.compile(r"(?<![a-z0-9])[a-z2-7]{42}(?![a-z0-9])")


def reference(letter_id: UUID) -> str:
    return base64.b32encode(letter_id.bytes + _tag(letter_id)).decode().rstrip("=").lower()


def message_id(letter_id: UUID, host: str) -> str:
    return f"<{reference(letter_id)}@{host}>"


def return_path(letter_id: UUID) -> str | None:
    """Where the mail servers send a letter that they cannot deliver (VERP); None to use the sender's address."""
    name, _, domain = current().mail_return_path.partition("@")
    return f"{name}+{reference(letter_id)}@{domain}" if domain else None


def letter_in(words: str) -> UUID | None:
    """The letter whose reference stands in a text. One that we did not make counts as none."""
    for found in REFERENCE.findall(words.lower()):
        claim = base64.b32decode(found.upper() + "======")
        letter_id = UUID(bytes=claim[:16])
        if hmac.compare_digest(claim[16:], _tag(letter_id)):
            return letter_id
    return None


def _tag(letter_id: UUID) -> bytes:
    signed = b"portal.letters.return" + letter_id.bytes
    return hmac.digest(current().secret_key.encode(), signed, hashlib.sha256)[:TAG_BYTES]
