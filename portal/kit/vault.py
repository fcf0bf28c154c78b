"""Secrets at rest: AES-256-GCM with the tenant and the purpose as associated data.

A ciphertext copied into another tenant's row, or another column, does not open. The stored form is
`v1.<key id>.<nonce><ciphertext>`; the first key of `PORTAL_VAULT_KEYS` encrypts, every key decrypts.
"""

import base64
import hashlib
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.kit.settings import current


class CannotOpen(Exception):
    """No key on the ring opens this secret for this tenant and purpose."""


def seal(secret: str, *, white_label_id: UUID, purpose: str) -> str:
    key = _ring()[0]
    nonce = os.urandom(12)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), _bound_to(white_label_id, purpose))
    return f"v1.{_key_id(key)}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(stored: str, *, white_label_id: UUID, purpose: str) -> str:
    """Raises CannotOpen for a foreign tenant, another purpose, an unknown key or damage."""
    try:
        version, key_id, body = stored.split(".", 2)
        raw = base64.urlsafe_b64decode(body)
        key = next(k for k in _ring() if _key_id(k) == key_id)
        opened = AESGCM(key).decrypt(raw[:12], raw[12:], _bound_to(white_label_id, purpose))
    except (ValueError, StopIteration, InvalidTag) as error:
        raise CannotOpen("the secret does not open") from error
    if version != "v1":
        raise CannotOpen("unknown form")
    return opened.decode()


def _bound_to(white_label_id: UUID, purpose: str) -> bytes:
    return f"{white_label_id.hex}:{purpose}".encode()


def _ring() -> list[bytes]:
    return [base64.b64decode(k) for k in current().vault_keys]


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"portal.vault" + key).hexdigest()[:8]
