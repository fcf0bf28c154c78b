"""Who is asking. A guard's name carries the permission it demands."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

from flask import g, redirect, request
from flask_login import LoginManager, current_user
from sqlalchemy import bindparam, select
from werkzeug.wrappers import Response

from portal.audit.commands import Actor
from portal.identity.models import User
from portal.kit.db import TenantSession, reading
from portal.kit.prepared import Prepared, columns_of, made_of
from portal.kit.refusals import NotFound

View = TypeVar("View", bound=Callable[..., Any])
login_manager = LoginManager()
# The session is on the server and bound to its host; a fingerprint of the browser would add lock-outs, no safety.
login_manager.session_protection = None


BY_ID = Prepared(select(*columns_of(User)).where(User.id == bindparam("id")))

Companion = Callable[[TenantSession, User], None]
companions: list[Companion] = []


def with_the_person(read: Companion) -> Companion:
    """Register what is read about the signed-in person at each request, in the transaction that finds them."""
    companions.append(read)
    return read


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_user(subject: str) -> User | None:
    """The signed-in person, read anew at each request, so that removal counts at once."""
    white_label_id, _, user_id = subject.partition(":")
    if getattr(g, "white_label", None) is None or str(g.white_label.id) != white_label_id:
        return None
    with reading() as db:
        found = BY_ID.first(db, id=UUID(user_id))
        user = made_of(User, found) if found is not None else None
        if user is None or not user.is_active:
            return None
        for read in companions:
            read(db, user)
    return user


def me() -> User:
    """The signed-in person. Only behind a guard."""
    user = current_user._get_current_object()
    assert isinstance(user, User)
    return user


def actor() -> Actor:
    """Whoever is signed in, for the trail."""
    user = me()
    kind = "operator" if g.white_label.is_operator else "user"
    return Actor(kind, user.id, user.display_name)


def to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(f"/login?next={quote(wanted, safe='')}" if wanted != "/" else "/login", 303)


def anyone(view: View) -> View:
    """No guard: said so that the role table sees it was meant."""
    return view


def signed_in_only(view: View) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            return to_sign_in()
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def operator_staff_only(view: View) -> View:
    """Pages of the operator: on any other host they do not exist."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not g.white_label.is_operator:
            raise NotFound
        if not current_user.is_authenticated:
            return to_sign_in()
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]
