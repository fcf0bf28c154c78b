"""Signed single-use links. A token is recomputable from its parts and the secret, so no table ever holds one.

It carries its purpose, its tenant, the row it stands for and a digest of the address it was made for; the row keeps
only a SHA-256 digest of the token, its expiry and whether it was used.
"""

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from portal.kit.settings import current


class BadToken(Exception):
    """The token is not ours, is for another purpose, or was altered."""


@dataclass(frozen=True)
class Claim:
    white_label_id: UUID
    link_id: UUID
    address_digest: str


def issue(purpose: str, white_label_id: UUID, link_id: UUID, address: str) -> str:
    claim = [white_label_id.hex, link_id.hex, address_digest(address)]
    return str(_signer(purpose).dumps(claim))


def read(purpose: str, token: str) -> Claim:
    """Raises BadToken unless `issue` made this very text for this purpose."""
    if len(token) > 400:
        raise BadToken
    try:
        white_label, link, address = _signer(purpose).loads(token)
        claim = Claim(UUID(hex=white_label), UUID(hex=link), str(address))
    except (BadData, ValueError, TypeError, AttributeError) as error:
        raise BadToken from error
    return claim


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def address_digest(address: str) -> str:
    """Enough of a digest to bind a link to an address without carrying the address."""
    return hashlib.sha256(address.casefold().encode()).hexdigest()[:16]


def same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        current().secret_key, salt=f"portal.link.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
    )
