"""Refusals in the shape that Stripe gives an error (docs.stripe.com/api/errors)."""

from typing import Any

Json = dict[str, Any]


class Refused(Exception):
    """A request that was understood and turned down while it was being carried out.

    Stripe keeps such an answer under the idempotency key of the request.
    """

    is_kept = True

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        facts = {"type": type, "message": message, "code": code, "param": param}
        self.body: Json = {"error": {name: fact for name, fact in facts.items() if fact is not None}}


class Invalid(Refused):
    """A request that failed before it was carried out. The same idempotency key may be used again."""

    is_kept = False


def missing(kind: str, id: str, *, param: str = "id", status: int = 404) -> Refused:
    """The named object does not exist on this account."""
    return Refused(f"This account has no {kind} called '{id}'.", status=status, code="resource_missing", param=param)


def unreadable(param: str, message: str, code: str) -> Invalid:
    return Invalid(message, code=code, param=param)
