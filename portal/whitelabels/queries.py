"""Reading tenants."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, select

from portal.kit.db import TenantSession
from portal.kit.prepared import Prepared, columns_of, made_of
from portal.whitelabels.models import GatewayCredential, KeptLogo, WhiteLabel

AT_HOST = Prepared(select(*columns_of(WhiteLabel)).where(WhiteLabel.host == bindparam("host")))


def white_label_to_read(db: TenantSession, host: str) -> WhiteLabel | None:
    """Like `white_label_at`, for pages: quick, and not to be changed."""
    found = AT_HOST.first(db, host=host)
    return made_of(WhiteLabel, found) if found is not None else None


def white_label_at(db: TenantSession, host: str) -> WhiteLabel | None:
    """The tenant whose stored host is exactly this one."""
    return db.scalar(select(WhiteLabel).where(WhiteLabel.host == host))


def white_label(db: TenantSession) -> WhiteLabel:
    """The tenant of this session."""
    return white_label_by_id(db, db.tenant)


def white_label_by_id(db: TenantSession, white_label_id: UUID) -> WhiteLabel:
    found = db.get(WhiteLabel, white_label_id)
    if found is None:
        raise LookupError(f"no white label {white_label_id}")
    return found


def held_white_label(db: TenantSession, *, to_change: bool = False) -> WhiteLabel:
    """The tenant of this session as it is now, and as it stays until the transaction ends.

    Any number may hold it so at once; who means `to_change` it waits for all of them, and they for it.
    """
    wanted = select(WhiteLabel).where(WhiteLabel.id == db.tenant).execution_options(populate_existing=True)
    lock = wanted.with_for_update(key_share=True) if to_change else wanted.with_for_update(read=True)
    return db.scalars(lock).one()


def white_labels(db: TenantSession) -> list[WhiteLabel]:
    """All resellers by name; the operator itself is not one of them."""
    return list(db.scalars(select(WhiteLabel).where(WhiteLabel.kind == "white_label").order_by(WhiteLabel.name)))


def all_hosts(db: TenantSession) -> Sequence[WhiteLabel]:
    """Everybody who has a host of their own, the operator last."""
    return db.scalars(select(WhiteLabel).order_by(WhiteLabel.kind.desc(), WhiteLabel.name)).all()


def operator(db: TenantSession) -> WhiteLabel | None:
    return db.scalar(select(WhiteLabel).where(WhiteLabel.kind == "operator"))


def gateway_credential(db: TenantSession) -> GatewayCredential | None:
    """The credential in use, or None when no gateway is connected."""
    return db.scalar(select(GatewayCredential).where(GatewayCredential.ended_at.is_(None)))


def credential_for_webhook(db: TenantSession, slug: str) -> GatewayCredential | None:
    """Any credential, ended ones included: events of the account before still have to be read."""
    return db.scalar(select(GatewayCredential).where(GatewayCredential.webhook_slug == slug))


def kept_logo(db: TenantSession, digest: str | None) -> bytes | None:
    """A logo that was ever in use, as PNG."""
    found = db.get(KeptLogo, digest) if digest else None
    return found.png if found is not None else None
