"""Browser sessions kept on the server, so that signing out ends them even for a copied cookie.

The cookie holds a random name; the table holds its SHA-256 digest, the host it was given to and who signed in.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Flask, Request, Response, g, request as current_request, session
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.datastructures import CallbackDict

from portal.kit.clock import now
from portal.kit.db import PLATFORM, Base, TenantSession, reading, transaction
from portal.kit.jobs import every
from portal.kit.prepared import Prepared
from portal.kit.settings import Settings

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)


class WebSession(Base):
    __tablename__ = "web_session"

    digest: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    subject: Mapped[str | None] = mapped_column(index=True)
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class BrowserSession(CallbackDict[str, Any], SessionMixin):
    """What Flask calls `session`. `name` is the cookie's value, or None while there is nothing to keep."""

    def __init__(self, initial: dict[str, Any] | None = None, name: str | None = None) -> None:
        def on_update(changed: object) -> None:
            self.modified = True

        super().__init__(initial or {}, on_update)
        self.name = name
        self.modified = False
        self.stale: str | None = None

    def rotate(self) -> None:
        """Give the session a new name at the next answer; the old name is dead from then on."""
        if self.name is not None:
            self.stale, self.name = self.name, None
        self.modified = True

    def end(self) -> None:
        self.clear()
        self.rotate()


BY_DIGEST = Prepared(
    select(WebSession.host, WebSession.data, WebSession.created_at, WebSession.seen_at).where(
        WebSession.digest == bindparam("digest")
    )
)

Arrival = Callable[[TenantSession], bool]

# Flask's proxy, typed as what it is here: with a name that can change.
browser_session = cast(BrowserSession, session)


class ServerSessions(SessionInterface):
    """`arrive` reads what else a request begins with, in the same transaction; it says whether there is a session."""

    def __init__(self, settings: Settings, arrive: Arrival) -> None:
        # The __Host- prefix makes the browser itself insist on Secure, this host and path /.
        self.cookie = "__Host-portal" if settings.is_secure else "portal"
        self.secure = settings.is_secure
        self.arrive = arrive

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        try:
            return self._found(request, request.cookies.get(self.cookie, ""))
        except SQLAlchemyError as error:
            # Raised again once the request is under way: here it would find no page, no headers and no masked log.
            g.arrived_with = error
            return BrowserSession()

    def _found(self, request: Request, name: str) -> BrowserSession:
        with reading(PLATFORM) as db:
            has_session = self.arrive(db) and 0 < len(name) <= 100
            row = BY_DIGEST.first(db, digest=_digest(name)) if has_session else None
        if row is None or row.host != _host(request) or not _is_alive(row.created_at, row.seen_at):
            return BrowserSession()
        if now() - row.seen_at > TOUCH_EVERY:
            with transaction(PLATFORM) as db:
                db.execute(update(WebSession).where(WebSession.digest == _digest(name)).values(seen_at=now()))
        return BrowserSession(dict(row.data), name)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, BrowserSession)
        if session.stale is not None:
            with transaction(PLATFORM) as db:
                db.execute(delete(WebSession).where(WebSession.digest == _digest(session.stale)))
        response.vary.add("Cookie")
        if not session:
            if session.stale is not None:
                response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="Lax")
        elif session.modified:
            self._store(session, response)

    def _store(self, session: BrowserSession, response: Response) -> None:
        with transaction(PLATFORM) as db:
            if session.name is None:
                session.name = secrets.token_urlsafe(32)
                db.add(_new_row(session))
                response.set_cookie(
                    self.cookie, session.name, path="/", secure=self.secure, httponly=True, samesite="Lax"
                )
            else:
                # Update only: a session that was ended meanwhile must not come back to life here.
                db.execute(
                    update(WebSession)
                    .where(WebSession.digest == _digest(session.name))
                    .values(data=dict(session), subject=session.get("_user_id"), seen_at=now())
                )


def end_sessions(db: TenantSession, subject: str, *, except_name: str | None = None) -> None:
    """End every session of a signed-in person, but perhaps the one in which they act."""
    kept = _digest(except_name) if except_name else ""
    db.execute(delete(WebSession).where(WebSession.subject == subject, WebSession.digest != kept))


def forget_dead_sessions(db: TenantSession) -> int:
    """Delete the rows whose time is over. Returns how many."""
    idle, longest = now() - IDLE, now() - LONGEST
    dead = (WebSession.seen_at < idle) | (WebSession.created_at < longest)
    found = db.scalars(select(WebSession.digest).where(dead).limit(5000)).all()
    db.execute(delete(WebSession).where(WebSession.digest.in_(found)))
    return len(found)


@every(600, "sessions.forget")
def forget_sessions(payload: dict[str, Any]) -> None:
    with transaction(PLATFORM) as db:
        forget_dead_sessions(db)


def _new_row(session: BrowserSession) -> WebSession:
    return WebSession(
        digest=_digest(session.name or ""),
        host=_host(current_request),
        subject=session.get("_user_id"),
        data=dict(session),
        created_at=now(),
        seen_at=now(),
    )


def _is_alive(created_at: datetime, seen_at: datetime) -> bool:
    return now() - seen_at <= IDLE and now() - created_at <= LONGEST


def _host(request: Request) -> str:
    return request.host.rsplit(":", 1)[0].casefold()


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
