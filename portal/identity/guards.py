"""Who is asking. A guard's name carries the permission it demands.

Whoever has to show a second factor and has not shown it in this session is nobody to every page and every guard; only
the pages of the factor itself know them, as `half_signed_in`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

from flask import g, redirect, request, session
from flask_login import LoginManager, current_user
from sqlalchemy import bindparam, select
from werkzeug.wrappers import Response

from portal.audit.commands import Actor
from portal.identity.models import SecondFactor, User
from portal.kit.db import TenantSession, reading
from portal.kit.prepared import Prepared, columns_of, made_of
from portal.kit.refusals import NotFound
from portal.kit.settings import current

View = TypeVar("View", bound=Callable[..., Any])
login_manager = LoginManager()
# The session is on the server and bound to its host; a fingerprint of the browser would add lock-outs, no safety.
login_manager.session_protection = None


# In the session: the id of the factor that was shown in it.
SHOWN = "factor"
CODE_PAGE, ENROLMENT = "/login/code", "/login/second-factor"

BY_ID = Prepared(
    select(*columns_of(User), SecondFactor.id)
    .outerjoin(SecondFactor, (SecondFactor.white_label_id == User.white_label_id) & (SecondFactor.user_id == User.id))
    .where(User.id == bindparam("id"))
)


@dataclass(frozen=True)
class Half:
    """Somebody whose password was right, and whose second factor this session has not seen."""

    user: User
    has_factor: bool

    @property
    def way_on(self) -> str:
        return CODE_PAGE if self.has_factor else ENROLMENT


Companion = Callable[[TenantSession, User], None]
companions: list[Companion] = []


def with_the_person(read: Companion) -> Companion:
    """Register what is read about the signed-in person at each request, in the transaction that finds them."""
    companions.append(read)
    return read


# Who has to have a second factor, asked after the companions have read. `accounts` sets it; without it, everybody.
staff_rule: Callable[[User], bool] | None = None


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_user(subject: str) -> User | None:
    """The signed-in person, read anew at each request, so that removal counts at once.

    The one place where a second factor is insisted on (OWASP ASVS 5.0.0, 6.3.3): however a session came about, who
    still owes the factor is not signed in.
    """
    white_label_id, _, user_id = subject.partition(":")
    if getattr(g, "white_label", None) is None or str(g.white_label.id) != white_label_id:
        return None
    with reading() as db:
        found = BY_ID.first(db, id=UUID(user_id))
        user = made_of(User, found[:-1]) if found is not None else None
        if found is None or user is None or not user.is_active:
            return None
        for read in companions:
            read(db, user)
    if _owes_factor(user, found[-1]):
        g.half = Half(user, found[-1] is not None)
        return None
    return user


def _owes_factor(user: User, factor_id: UUID | None) -> bool:
    """Whoever has a factor shows it; staff have one, unless the installation only offers it."""
    if factor_id is not None:
        return bool(session.get(SHOWN) != str(factor_id))
    return must_have_factor(user)


def must_have_factor(user: User) -> bool:
    """Whether somebody whose standing was read has to have a second factor in this installation."""
    return current().staff_factor == "required" and (staff_rule is None or staff_rule(user))


def half_signed_in() -> Half | None:
    """Whoever is at the door with the right password, and still owes a second factor."""
    if current_user.is_authenticated:
        return None
    half: Half | None = g.get("half")
    return half


def look_again() -> None:
    """Ask anew who is signed in, where this very request has changed it."""
    g.pop("_login_user", None)
    g.pop("half", None)


def person_at_the_door() -> User:
    """The signed-in person, or the one who still owes a second factor. Only behind a guard."""
    half = half_signed_in()
    return half.user if half is not None else me()


def is_me(user: User) -> bool:
    """Whether this very person is signed in, with everything that they owe."""
    return current_user.is_authenticated and me().id == user.id


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


def to_sign_in(wanted: str = "") -> Response:
    """To the password, or to what is still owed after it; then on to the page that is wanted."""
    half = half_signed_in()
    door = "/login" if half is None else half.way_on
    wanted = wanted or (request.full_path.rstrip("?") if request.method == "GET" else "/")
    return redirect(f"{door}?next={quote(wanted, safe='')}" if wanted != "/" else door, 303)


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


def half_signed_in_only(view: View) -> View:
    """Pages of the second factor that come between the password and everything else."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        half = half_signed_in()
        if half is None:
            return redirect("/", 303) if current_user.is_authenticated else to_sign_in()
        if request.path != half.way_on:
            return redirect(half.way_on, 303)
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
