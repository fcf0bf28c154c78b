"""Reading the outbox."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.kit.db import TenantSession
from portal.letters.models import Letter


def letters_about(db: TenantSession, subject: UUID) -> Sequence[Letter]:
    """Every letter about one account, newest first."""
    wanted = select(Letter).where(Letter.about_id == subject)
    return db.scalars(wanted.order_by(Letter.created_at.desc(), Letter.id.desc())).all()


def latest_letter(db: TenantSession, subject: UUID, name: str) -> Letter | None:
    wanted = select(Letter).where(Letter.about_id == subject, Letter.name == name)
    return db.scalar(wanted.order_by(Letter.created_at.desc(), Letter.id.desc()).limit(1))


def letters_by_link(db: TenantSession, subject: UUID, name: str) -> dict[UUID, Letter]:
    """The letters of one kind about an account, by the link that each carries."""
    wanted = select(Letter).where(Letter.about_id == subject, Letter.name == name).order_by(Letter.created_at)
    return {letter.link_id: letter for letter in db.scalars(wanted) if letter.link_id is not None}


def recent_letters(db: TenantSession, states: Sequence[str] = (), limit: int = 100) -> Sequence[Letter]:
    """The newest, of these states only where some are named."""
    wanted = select(Letter).where(Letter.state.in_(states)) if states else select(Letter)
    return db.scalars(wanted.order_by(Letter.created_at.desc(), Letter.id.desc()).limit(limit)).all()
