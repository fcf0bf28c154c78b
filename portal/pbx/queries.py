"""Reading phone settings."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.accounts.queries import members_of
from portal.kit.db import TenantSession
from portal.numbers.queries import numbers_of
from portal.pbx import configuration
from portal.pbx.check import Around
from portal.pbx.configuration import EMPTY, Configuration
from portal.pbx.models import LAST_VERSION, NOBODY, Clip, PbxVersion, SipCredential
from portal.whitelabels.queries import white_label


def newest(db: TenantSession, account_id: UUID) -> tuple[int, Configuration]:
    """The version that holds, and its settings; 0 and nothing set for an account that was never set up."""
    wanted = select(PbxVersion).where(PbxVersion.account_id == account_id)
    row = db.scalars(wanted.order_by(PbxVersion.version.desc()).limit(1)).first()
    return (row.version, settings_of(row)) if row is not None else (0, EMPTY)


def version_of(db: TenantSession, account_id: UUID, version: int) -> PbxVersion | None:
    return db.get(PbxVersion, (db.tenant, account_id, version))


def settings_at(db: TenantSession, account_id: UUID, version: int) -> Configuration | None:
    """The settings as they were after a version; None when there was no such version."""
    row = version_of(db, account_id, version) if version else None
    return EMPTY if version == 0 else settings_of(row) if row is not None else None


def settings_of(row: PbxVersion) -> Configuration:
    return configuration.read(json.dumps(row.document))


def history(db: TenantSession, account_id: UUID, *, before: int | None = None, limit: int = 50) -> Sequence[PbxVersion]:
    """The versions of an account's settings, the newest first."""
    wanted = select(PbxVersion).where(PbxVersion.account_id == account_id)
    if before is not None and abs(before) <= LAST_VERSION:
        wanted = wanted.where(PbxVersion.version < before)
    return db.scalars(wanted.order_by(PbxVersion.version.desc()).limit(limit)).all()


def around(db: TenantSession, account_id: UUID) -> Around:
    """What the settings of an account may refer to."""
    return Around(
        numbers=frozenset(number.e164 for number in numbers_of(db, account_id)),
        people=frozenset(user.id for _, user in members_of(db, account_id)),
        clips=frozenset(clip.id for clip in clips_of(db, account_id)),
        country=white_label(db).country,
    )


def clips_of(db: TenantSession, account_id: UUID) -> Sequence[Clip]:
    return db.scalars(select(Clip).where(Clip.account_id == account_id).order_by(Clip.name, Clip.id)).all()


def credentials_of(db: TenantSession, account_id: UUID) -> dict[str, SipCredential]:
    """What telephones sign in with, by extension: the passwords that somebody was shown."""
    return {extension: each for extension, each in sip_users_of(db, account_id).items() if each.made_by != NOBODY}


def sip_users_of(db: TenantSession, account_id: UUID) -> dict[str, SipCredential]:
    """Every extension's, those included whose password nobody knows."""
    found = db.scalars(select(SipCredential).where(SipCredential.account_id == account_id))
    return {each.extension: each for each in found}


def credential_named(db: TenantSession, username: str) -> SipCredential | None:
    return db.scalar(select(SipCredential).where(SipCredential.username == username))
