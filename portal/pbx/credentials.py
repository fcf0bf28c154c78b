"""What a telephone signs in with: made here, shown once, and kept only as the digest that SIP needs."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete

from portal.accounts.models import Account
from portal.audit.commands import Actor, record
from portal.events.commands import raise_event
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound, Refusal
from portal.pbx.configuration import Place
from portal.pbx.models import NOBODY, SipCredential
from portal.pbx.queries import credentials_of, newest, sip_users_of
from portal.whitelabels.queries import white_label

# Without 0 and O, 1, l and I: it is read from a screen and typed on a telephone. 28 of 56 are 162 bits.
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
LENGTH = 28


@dataclass(frozen=True)
class FreshCredential:
    """The one time that a password is known."""

    username: str
    realm: str
    password: str

    def __repr__(self) -> str:
        return f"FreshCredential({self.username!r})"


def username_of(account: Account, extension: str) -> str:
    """Unique in the white label, whose accounts all have an extension 101."""
    return f"{account.number.lower()}-{extension}"


def ha1(username: str, realm: str, password: str) -> str:
    """RFC 2617, 3.2.2.2. MD5 is what SIP's digest asks for and what FreeSWITCH's `a1-hash` holds."""
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


class MadeMeanwhile(Refusal):
    """Somebody made a password since the page was opened: a telephone may be using it by now."""

    heading = "There is another password meanwhile"
    text = "Open the extension again to see who made it, and when."


def renew(
    db: TenantSession, account: Account, extension: str, *, by: Actor, seen: str | None = None
) -> FreshCredential:
    """A new password for an extension's telephone; the old one is dead at once.

    `seen` is the stamp of the password that somebody agreed to end, empty for none. Raises NotFound, or MadeMeanwhile
    when it is another by now.
    """
    _, settings = newest(db, account.id)
    if settings.at(Place("extensions", extension)) is None:
        raise NotFound
    if seen is not None and seen != stamp(credentials_of(db, account.id).get(extension)):
        raise MadeMeanwhile
    ours = SipCredential.account_id == account.id, SipCredential.extension == extension
    db.execute(delete(SipCredential).where(*ours))
    fresh = _made(db, account, extension, made_by=by.name)
    record(db, "sip.renewed", by=by, subject=account.id, extension=extension)
    raise_event(db, "sip.renewed", account=account.id, extension=extension)
    return fresh


def stamp(credential: SipCredential | None) -> str:
    """What tells one password of an extension from the next, without a word of either."""
    return credential.made_at.isoformat() if credential is not None else ""


def keep_known(db: TenantSession, account: Account, extensions: Iterable[str]) -> None:
    """Give each extension that has none a password that nobody ever sees.

    A PBX needs a user to keep a voicemail for, and one without a password might be let in without.
    """
    known = sip_users_of(db, account.id)
    for extension in extensions:
        if extension not in known:
            _made(db, account, extension, made_by=NOBODY)


def _made(db: TenantSession, account: Account, extension: str, *, made_by: str) -> FreshCredential:
    password = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    fresh = FreshCredential(username_of(account, extension), white_label(db).host, password)
    digest = ha1(fresh.username, fresh.realm, password)
    named = {"username": fresh.username, "realm": fresh.realm, "ha1": digest, "made_by": made_by}
    db.put(SipCredential(account_id=account.id, extension=extension, **named))
    return fresh
