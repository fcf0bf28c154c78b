"""Billing runs of every white label, as ready words: one a day and white label, of which most found nothing to do."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, or_, select

from portal.billing.models import BillingRun
from portal.kit.db import TenantSession
from portal.kit.paging import Key, Order, Place, window
from portal.kit.refusals import NotFound
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label, white_labels
from portal.whitelabels.words import moment, moments, money, short_day

RUNS = "/operator/runs"
RUNS_SHOWN = 50
ALL = "all"


@dataclass(frozen=True)
class RunLine:
    """One billing run, in its white label's words."""

    href: str
    own_href: str
    name: str
    through: str
    state: str
    when: str
    by: str
    accounts: int
    charges: int
    skipped: list[dict[str, str]]
    wholesale: str
    retail: str


@dataclass(frozen=True)
class RunsPage:
    """`views` are what is listed, each with its address and whether it is this one; `has_any` is whether there ever
    was a run."""

    lines: list[RunLine]
    views: list[tuple[str, str, bool]]
    has_any: bool
    newer_href: str
    older_href: str


def runs_page(db: TenantSession, place: Place, *, shows_all: bool) -> RunsPage:
    """The newest first, those that found nothing to do only when they are asked for; `db` has the platform's scope."""
    tenants = {w.id: w for w in white_labels(db)}
    wanted = select(BillingRun) if shows_all else select(BillingRun).where(_did_something())
    found = window(
        lambda limited: list(db.scalars(limited)),
        wanted,
        Order(BillingRun.started_at, BillingRun.id),
        place,
        size=RUNS_SHOWN,
        key_of=lambda run: (run.started_at, run.id),
    )
    return RunsPage(
        lines=[_run_line(run, tenants[run.white_label_id]) for run in found.rows],
        views=[("With charges or left out", RUNS, not shows_all), ("All days", f"{RUNS}?days={ALL}", shows_all)],
        has_any=bool(found.rows) or db.scalar(select(BillingRun.id).limit(1)) is not None,
        newer_href=_href(shows_all, "after", found.newer),
        older_href=_href(shows_all, "before", found.older),
    )


def _did_something() -> ColumnElement[bool]:
    """It charged, left something out, or did not come to its end."""
    return or_(BillingRun.charges > 0, BillingRun.state != "done", cast(BillingRun.skipped, Text) != "[]")


def _href(shows_all: bool, name: str, key: Key | None) -> str:
    if key is None:
        return ""
    days = {"days": ALL} if shows_all else {}
    return f"{RUNS}?{urlencode({**days, name: f'{key[1]}_{key[0].isoformat()}'})}"


def run_or_404(db: TenantSession, run_id: UUID) -> RunLine:
    run = db.load(BillingRun, run_id)
    if run is None:
        raise NotFound
    return _run_line(run, white_label(db))


def _run_line(run: BillingRun, tenant: WhiteLabel) -> RunLine:
    began = run.started_at
    return RunLine(
        href=f"/operator/white-labels/{tenant.id}",
        own_href=f"/operator/white-labels/{tenant.id}/runs/{run.id}",
        name=tenant.name,
        through=short_day(run.through_day, tenant),
        state=run.state,
        when=moments(began, run.finished_at, tenant) if run.finished_at else moment(began, tenant),
        by=run.started_by,
        accounts=run.accounts,
        charges=run.charges,
        skipped=run.skipped,
        wholesale=money(run.wholesale_minor, tenant),
        retail=money(run.retail_minor, tenant),
    )
