"""What the list of customers shows, as ready words."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from portal.accounts.models import Account
from portal.catalogue.models import Plan
from portal.catalogue.queries import plans_on_sale
from portal.customers.progress import Blocker, blockers_of
from portal.customers.queries import Search, count_waiting_for_us, counts_by_state, customers_page, views_of
from portal.kit.db import TenantSession
from portal.kit.paging import Key
from portal.kit.world import show_domain
from portal.ledger.entry import Book
from portal.ledger.queries import credits_minor
from portal.signup.commands import NothingOnSale, open_drafts
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, since


@dataclass(frozen=True)
class View:
    """A tab above the list: a search with a name. Only the reader's own have an `id`, and can be removed."""

    name: str
    href: str
    is_present: bool
    id: UUID | None = None


@dataclass(frozen=True)
class Line:
    """One customer in the list."""

    id: UUID
    href: str
    name: str
    number: str
    domain: str
    state: str
    blocker: Blocker
    plan: str
    balance: str
    owes: bool
    created: str


@dataclass(frozen=True)
class ListPage:
    views: list[View]
    lines: list[Line]
    newer_href: str | None
    older_href: str | None
    summary: list[str]
    is_searching: bool
    query: str
    export_href: str
    sort_hrefs: dict[str, str]
    may_choose: bool
    unfinished: int
    """How many customers the reader began in the wizard, and did not create."""
    why_none: str
    """Why no customer can be created now; asked where there is none yet."""


def list_page(db: TenantSession, search: Search, user_id: UUID) -> ListPage:
    page, query = customers_page(db, search), urlencode(search.query)
    lines = _lines(db, page.rows)
    counts = counts_by_state(db)
    total = sum(counts.values())
    summary = [f"{total} account{'' if total == 1 else 's'}", f"{counts.get('inactive', 0)} inactive"]
    waiting = count_waiting_for_us(db)
    if waiting:
        summary.append(f"{waiting} wait{'s' if waiting == 1 else ''} for you")
    return ListPage(
        views=_views(db, user_id, query),
        lines=lines,
        newer_href=_href(search, after=page.newer),
        older_href=_href(search, before=page.older),
        summary=summary,
        is_searching=bool(set(search.query) - {"sort"}),
        query=query,
        export_href="/customers/export.csv" + (f"?{query}" if query else ""),
        sort_hrefs={sort: _list_address({**search.query, "sort": sort}) for sort in ("newest", "oldest", "name")},
        may_choose=any(line.blocker.act == "resend" for line in lines),
        unfinished=len(open_drafts(db, user_id)),
        why_none="" if total or plans_on_sale(db) else NothingOnSale.text,
    )


BUILT_IN: tuple[tuple[str, dict[str, str]], ...] = (
    ("All", {}),
    ("Waiting for you", {"waits": "us"}),
    ("Waiting for the customer", {"waits": "customer"}),
    ("Letter came back", {"waits": "bounced"}),
    ("Active", {"state": "active"}),
    ("Suspended", {"state": "suspended"}),
    ("Paid by you", {"by": "white_label"}),
)


def _views(db: TenantSession, user_id: UUID, query: str) -> list[View]:
    own = [View(v.name, f"/customers?{v.query}", v.query == query, v.id) for v in views_of(db, user_id)]
    return [View(name, _list_address(asked), urlencode(asked) == query) for name, asked in BUILT_IN] + own


def _list_address(asked: dict[str, str]) -> str:
    return "/customers" + (f"?{urlencode(asked)}" if asked else "")


def _lines(db: TenantSession, accounts: list[Account]) -> list[Line]:
    tenant = white_label(db)
    balances = credits_minor(db, Book.RETAIL, [account.id for account in accounts])
    blockers, lines = blockers_of(db, accounts), []
    for account in accounts:
        blocker = blockers[account.id]
        plan = db.load(Plan, account.plan_id) if account.plan_id else None
        lines.append(
            Line(
                id=account.id,
                href=f"/customers/{account.id}",
                name=account.name,
                number=account.number,
                domain=show_domain(account.primary_domain),
                state=blocker.badge or account.state,
                blocker=blocker,
                plan=plan.name if plan else "",
                balance=money(balances[account.id], tenant) if account.is_run_by_customer else "Paid by you",
                owes=balances[account.id] < 0,
                created=since(account.created_at, tenant).removeprefix("on "),
            )
        )
    return lines


def _href(search: Search, **key: Key | None) -> str | None:
    ((name, value),) = key.items()
    if value is None:
        return None
    first = value[0].isoformat() if isinstance(value[0], datetime) else value[0]
    return _list_address({**search.query, name: f"{value[1]}_{first}"})
