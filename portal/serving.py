"""Serving the pages with granian, and a worker process beside it that never outlives it."""

import _thread
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import FrameType

import click
import structlog
from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from portal.app import create_app
from portal.kit import jobs
from portal.kit.migrating import check_logins, is_current
from portal.kit.settings import UnsafeSettings, current

log = structlog.get_logger()

STOP_WITHIN_S = 15
KILL_WITHIN_S = 8
RESTART_AFTER_S = 1


def serve(*, bind: str, port: int, workers: int, with_worker: bool) -> None:
    """Serve until SIGTERM or SIGINT, then stop the worker after what it is doing."""
    refuse_unready()
    server = Granian(
        "portal.serving:web_process",
        factory=True,
        address=bind,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=8,
        log_access=False,
        log_level=LogLevels.info if current().is_production else LogLevels.error,
        respawn_failed_workers=True,
        # A web process is deaf until it has loaded the pages: one that is told to stop before would never end.
        workers_kill_timeout=KILL_WITHIN_S,
    )
    server.on_startup(lambda: _listen(server.signal_handler_interrupt))
    # KeyboardInterrupt comes before the server listens to signals itself.
    with worker_beside() if with_worker else nullcontext(), suppress(KeyboardInterrupt):
        click.echo(f"Serving on http://{bind}:{port}. Ctrl-C stops it.")
        server.serve()
    click.echo("Stopped.")


def web_process() -> Flask:
    """The pages, in a process of granian's. Ctrl-C at a terminal reaches every process of the group, and the first one
    then tells this one to stop: told by both, granian's waits for ever."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    return create_app()


@contextmanager
def worker_beside() -> Iterator[None]:
    """A worker process for as long as the block lasts; one that dies is replaced. Ctrl-C at a terminal does not reach
    it: it ends with the block, after the pages."""
    over = threading.Event()
    # Started before the server forks: a fork in the middle of a start would keep the start waiting for its pipe.
    keeper = threading.Thread(target=_keep, args=(_start_worker(), over))
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _start_worker() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "portal", "worker"], start_new_session=True)


def _keep(child: "subprocess.Popen[bytes]", over: threading.Event) -> None:
    while not over.wait(RESTART_AFTER_S):
        if child.poll() is None:
            continue
        # Whoever stops everything at once tells the worker, too, which may well end before the pages do.
        if child.returncode == 0 and over.wait(STOP_WITHIN_S):
            break
        log.error("worker.died", exit_code=child.returncode)
        child = _start_worker()
    _stop(child)


def refuse_unready() -> None:
    """Raises UnsafeSettings for an old schema, or a web login that could see past row-level security in production."""
    settings = current()
    problems = check_logins(settings) if settings.is_production else []
    if not is_current(settings.platform_database_url or settings.database_url):
        problems.append("The database is not at the present schema: run `portal migrate` first.")
    if problems:
        raise UnsafeSettings("The portal does not start:\n" + "\n".join(f"  - {problem}" for problem in problems))


def work(app: Flask, *, threads: int) -> None:
    """Run jobs until stopped; a signal lets each thread finish the job in its hands. An orphan stops by itself."""
    stop = threading.Event()
    parent = os.getppid()

    _listen(stop.set)
    crew = [threading.Thread(target=_inside, args=(app, jobs.work, stop)) for _ in range(threads)]
    crew.append(threading.Thread(target=_inside, args=(app, jobs.keep_time, stop)))
    for thread in crew:
        thread.start()
    while not stop.wait(1):
        if os.getppid() != parent:
            stop.set()
    for thread in crew:
        thread.join()


def _listen(stop: Callable[[], None]) -> None:
    """Stop at SIGTERM and SIGINT, from a thread of its own: in the main thread, which may just be about to wait for the
    very event that is to be set, the setting would wait for ever for a lock that it holds itself."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        _thread.start_new_thread(stop, ())

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)


def _inside(app: Flask, loop: object, stop: threading.Event) -> None:
    assert callable(loop)
    with app.app_context():
        loop(stop)


def _stop(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
