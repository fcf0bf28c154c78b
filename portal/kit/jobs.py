"""Work that happens after the answer: written in the caller's transaction, done at least once, visible when it fails.

`enqueue` is the seam. The embedded engine below leases rows of the `job` table; it works on SQLite and PostgreSQL.
Every job is safe to run twice, runs in its tenant's scope and is registered by the package that owns it.
"""

import random
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Index, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.bulk import insert_if_absent, insert_rows
from portal.kit.clock import now
from portal.kit.db import PLATFORM, Base, TenantSession, scoped, transaction
from portal.kit.ids import new_id

log = structlog.get_logger()

LEASE_S = 120
KEPT_FOR = timedelta(days=30)
# With the waits below that is two days: longer than a mail server or a gateway is away.
MAX_TRIES = 60
BACK_OFF_S = (2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)

Handler = Callable[[dict[str, Any]], None]


class JobKey(Base):
    """One row for each unique key ever enqueued: the second caller finds it taken."""

    __tablename__ = "job_key"

    key: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Job(Base):
    """A piece of work. `state` is due, done or failed; a due job with a live lease is being worked on."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state_due_at", "state", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    white_label_id: Mapped[UUID | None]
    name: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="due")
    due_at: Mapped[datetime] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    lease_id: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    last_error: Mapped[str | None]


class TryLater(Exception):
    """Raised by a handler: not done, not broken, try again. `after_s` overrides the back-off."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help. The job is marked failed at once."""


@dataclass
class Registry:
    handlers: dict[str, Handler] = field(default_factory=dict)
    periodic: dict[str, int] = field(default_factory=dict)


registry = Registry()


def job(name: str) -> Callable[[Handler], Handler]:
    """Register the handler of a job."""

    def register(handler: Handler) -> Handler:
        registry.handlers[name] = handler
        return handler

    return register


def every(seconds: int, name: str) -> Callable[[Handler], Handler]:
    """Register a platform-wide job that runs once in each slot of so many seconds, whoever works."""

    def register(handler: Handler) -> Handler:
        registry.periodic[name] = seconds
        return job(name)(handler)

    return register


def enqueue(
    db: TenantSession, name: str, payload: dict[str, Any], *, key: str | None = None, delay_s: float = 0
) -> UUID | None:
    """Write a job in the caller's transaction. Returns None when `key` was enqueued before."""
    job_id = new_id()
    if key is not None and not insert_if_absent(db, JobKey, key=key, job_id=job_id):
        return None
    white_label_id = None if db.scope is PLATFORM else db.tenant
    due_at = now() + timedelta(seconds=delay_s)
    db.add(Job(id=job_id, white_label_id=white_label_id, name=name, payload=payload, due_at=due_at))
    return job_id


def enqueue_all(db: TenantSession, name: str, payloads: dict[str, dict[str, Any]]) -> None:
    """Write many jobs at once, by their keys, none of which was ever used. The same seam, at Core speed."""
    white_label_id = None if db.scope is PLATFORM else db.tenant
    ids = {key: new_id() for key in payloads}
    insert_rows(db, JobKey, [{"key": key, "job_id": id} for key, id in ids.items()])
    shared = {"white_label_id": white_label_id, "name": name, "state": "due", "tries": 0}
    insert_rows(db, Job, [{**shared, "id": ids[key], "payload": payload} for key, payload in payloads.items()])


def enqueue_due_periodic() -> None:
    """Write the job of each periodic task's present slot, unless another worker has."""
    moment = now().timestamp()
    with transaction(PLATFORM) as db:
        for name, seconds in registry.periodic.items():
            enqueue(db, name, {}, key=f"periodic:{name}:{int(moment // seconds)}")


def run_one() -> bool:
    """Claim and run one due job. Returns False when nothing was due."""
    claimed = _claim()
    if claimed is None:
        return False
    handler = registry.handlers.get(claimed.name)
    try:
        if handler is None:
            raise GiveUp(f"no handler is registered for {claimed.name}")
        if claimed.tries > MAX_TRIES:
            raise GiveUp(f"its worker vanished again and again, {MAX_TRIES} times")
        with scoped(claimed.white_label_id or PLATFORM):
            handler(claimed.payload)
    except GiveUp as why:
        _finish(claimed, "failed", str(why))
    except Exception as error:  # whatever a handler raises must end in the table, not kill the worker
        _put_back(claimed, error)
    else:
        _finish(claimed, "done", None)
    return True


def run_due(limit: int = 1000) -> int:
    """Run what is due now until nothing is, for the command line and tests. Returns how many ran."""
    done = 0
    while done < limit and run_one():
        done += 1
    return done


def work(stop: threading.Event, *, idle_s: float = 0.25) -> None:
    """The worker's loop: until `stop` is set, run what is due, and look again when idle."""
    while not stop.is_set():
        try:
            busy = run_one()
        except Exception:  # the database may be away for a while; the worker outlives that
            log.exception("worker.stumbled")
            busy = False
            stop.wait(2)
        if not busy:
            stop.wait(idle_s)


def keep_time(stop: threading.Event, *, tick_s: float = 5) -> None:
    """The loop that writes periodic jobs. Any number of workers may run it."""
    while not stop.is_set():
        try:
            enqueue_due_periodic()
        except Exception:  # as above
            log.exception("worker.clock_stumbled")
        stop.wait(tick_s)


@every(3600, "jobs.forget")
def forget_done(payload: dict[str, Any]) -> None:
    """Delete what was done a month ago, and keys that nobody can enqueue again. Failed jobs stay to be seen."""
    with transaction(PLATFORM) as db:
        old = now() - KEPT_FOR
        done = db.scalars(select(Job.id).where(Job.state == "done", Job.finished_at < old).limit(5000)).all()
        db.execute(delete(JobKey).where(JobKey.job_id.in_(done)))
        db.execute(delete(Job).where(Job.id.in_(done)))


def _claim() -> Job | None:
    with transaction(PLATFORM) as db:
        moment = now()
        free = or_(Job.leased_until.is_(None), Job.leased_until < moment)
        found = db.scalar(
            select(Job)
            .where(Job.state == "due", Job.due_at <= moment, free)
            .order_by(Job.due_at, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if found is not None:
            found.tries += 1
            found.lease_id = new_id()
            found.leased_until = moment + timedelta(seconds=LEASE_S)
        return found


def _finish(claimed: Job, state: str, error: str | None) -> None:
    if error:
        log.error("job.failed", job=claimed.name, id=str(claimed.id), error=error)
    _release(claimed, state=state, finished_at=now(), last_error=error)


def _put_back(claimed: Job, error: Exception) -> None:
    if not isinstance(error, TryLater):
        log.warning(
            "job.raised", job=claimed.name, id=str(claimed.id), error="".join(traceback.format_exception(error))
        )
    if claimed.tries >= MAX_TRIES:
        _finish(claimed, "failed", f"gave up after {claimed.tries} tries: {error}")
        return
    asked = error.after_s if isinstance(error, TryLater) else None
    wait = asked if asked is not None else BACK_OFF_S[min(claimed.tries, len(BACK_OFF_S)) - 1]
    jitter = random.uniform(0, wait / 10)  # noqa: S311 - spreads retries, guards nothing
    _release(
        claimed, due_at=now() + timedelta(seconds=wait + jitter), last_error=f"{type(error).__name__}: {error}"[:500]
    )


def _release(claimed: Job, **values: Any) -> None:
    # Only while the lease is still ours: a worker that was away too long must not overwrite its successor's word.
    with transaction(PLATFORM) as db:
        db.execute(
            update(Job)
            .where(Job.id == claimed.id, Job.lease_id == claimed.lease_id)
            .values(lease_id=None, leased_until=None, **values)
            .execution_options(synchronize_session=False)
        )
