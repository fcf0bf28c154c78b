"""Lists of Stripe: newest first, filtered, a page at a time (docs.stripe.com/api/pagination)."""

from collections.abc import Iterable

from portal.sandbox.errors import Json, missing, unreadable
from portal.sandbox.world import Call

PAGING = ("limit", "starting_after", "ending_before")
DEFAULT_LIMIT, LARGEST_LIMIT = 10, 100


def page(call: Call, kind: str, url: str, filters: Iterable[str] = ()) -> Json:
    """The page that the parameters ask for; `filters` are fields compared for equality."""
    matching = {name: call.params[name] for name in filters if name in call.params}
    return select(call, kind, url, matching)


def select(call: Call, kind: str, url: str, matching: Json) -> Json:
    limit = call.params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= LARGEST_LIMIT:
        raise unreadable("limit", f"'limit' lies between 1 and {LARGEST_LIMIT}.", "parameter_invalid_integer")
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after and before:
        raise unreadable(
            "ending_before", "A page starts after something or ends before something, not both.", "parameter_invalid"
        )
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and call.world.store.find(call.account_id, kind, cursor) is None:
            raise missing(kind, cursor, param=name, status=400)
    found, has_more = call.world.store.page(
        call.account_id,
        kind,
        matching=matching,
        created=_range(call.params.get("created")),
        after=after,
        before=before,
        limit=limit,
    )
    return wrap(found, url, has_more)


def wrap(bodies: list[Json], url: str, has_more: bool = False) -> Json:
    return {"object": "list", "data": bodies, "has_more": has_more, "url": url}


def _range(created: int | Json | None) -> dict[str, int]:
    if created is None:
        return {}
    return {"gte": created, "lte": created} if isinstance(created, int) else dict(created)
