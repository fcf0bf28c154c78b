"""What an administrator does to several customers at once, and to their own list."""

from uuid import UUID

from portal.accounts.queries import held_customer_or_404
from portal.activation import commands as activation
from portal.audit.commands import Actor
from portal.customers.models import SavedView
from portal.customers.queries import views_of
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound, Refusal

MOST_VIEWS = 12


class TooManyViews(Refusal):
    heading = "The list has room for a dozen views"
    text = "Remove one that you no longer need."


def send_links(db: TenantSession, account_ids: list[UUID], *, by: Actor) -> int:
    """Mail a new link to each that still waits for its customer; says how many that were. Raises NotFound."""
    sent = 0
    for account_id in sorted(account_ids):
        account = held_customer_or_404(db, account_id)
        try:
            activation.send_link(db, account, by=by)
        except activation.NotInactive:
            continue
        sent += 1
    return sent


def save_view(db: TenantSession, user_id: UUID, name: str, query: str) -> None:
    """Keep a search under a name; the same name again means the new search. Raises TooManyViews."""
    kept = {view.name.casefold(): view for view in views_of(db, user_id)}
    if name.casefold() in kept:
        kept[name.casefold()].query = query
        return
    if len(kept) >= MOST_VIEWS:
        raise TooManyViews
    db.put(SavedView(user_id=user_id, name=name, query=query))


def forget_view(db: TenantSession, user_id: UUID, view_id: UUID) -> None:
    view = db.load(SavedView, view_id)
    if view is None or view.user_id != user_id:
        raise NotFound
    db.delete(view)
