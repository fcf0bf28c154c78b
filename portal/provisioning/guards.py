"""A PBX proves who it is with its white label's key: as a bearer (RFC 6750), or as a Basic password (RFC 7617)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, g, request

from portal.kit import tokens
from portal.kit.db import reading, transaction
from portal.kit.refusals import NotFound
from portal.provisioning.commands import is_use_due, key_in_use, note_use
from portal.provisioning.models import ProvisioningKey

View = TypeVar("View", bound=Callable[..., Any])


def provisioning_key_only(view: View) -> View:
    """Whoever has the key of the white label whose host is asked. On the operator's host there is nothing to take."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if g.white_label.is_operator:
            raise NotFound
        key = _key_of_request()
        if key is None:
            return Response("", 401, {"WWW-Authenticate": 'Basic realm="provisioning", Bearer'})
        if is_use_due(key):
            with transaction() as db:
                note_use(db, key)
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def _key_of_request() -> ProvisioningKey | None:
    """The key in use, when the request carries it. Both digests are compared whole, whatever was sent."""
    sent = _sent()
    with reading() as db:
        key = key_in_use(db)
    is_right = tokens.same(key.digest if key else "", tokens.digest(sent))
    return key if is_right and sent else None


def _sent() -> str:
    given = request.authorization
    if given is None:
        return ""
    words = given.password if given.type == "basic" else given.token if given.type == "bearer" else None
    return words or ""
