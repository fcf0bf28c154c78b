"""Signed single-use links. A token is recomputable from its parts and the secret, so no table ever holds one.

It carries its purpose, its tenant, the row it stands for and a digest of the address it was made for; the row keeps
only a SHA-256 digest of the token, its expiry and whether it was used.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadData, Signer

from portal.kit.settings import current

LONGEST = 200
CLAIM_BYTES = 16 + 16 + 8


class BadToken(Exception):
    """The token is not ours, is for another purpose, or was altered."""


@dataclass(frozen=True)
class Claim:
    white_label_id: UUID
    link_id: UUID
    address_digest: str


def issue(purpose: str, white_label_id: UUID, link_id: UUID, address: str) -> str:
    """About a hundred characters of A-Z, a-z, 0-9, dash, underscore and one dot."""
    claim = white_label_id.bytes + link_id.bytes + bytes.fromhex(address_digest(address))
    return _signer(purpose).sign(base64.urlsafe_b64encode(claim).rstrip(b"=")).decode()


def read(purpose: str, token: str) -> Claim:
    """Raises BadToken unless `issue` made this very text for this purpose."""
    if len(token) > LONGEST or not token.isascii():
        raise BadToken
    try:
        claim = base64.urlsafe_b64decode(_signer(purpose).unsign(token) + b"==")
    except (BadData, ValueError) as error:
        raise BadToken from error
    if len(claim) != CLAIM_BYTES:
        raise BadToken
    return Claim(UUID(bytes=claim[:16]), UUID(bytes=claim[16:32]), claim[32:].hex())


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def address_digest(address: str) -> str:
    """Enough of a digest to bind a link to an address without carrying the address."""
    return hashlib.sha256(address.casefold().encode()).hexdigest()[:16]


def same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())


def _signer(purpose: str) -> Signer:
    return Signer(
        current().secret_key, salt=f"portal.link.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256
    )
