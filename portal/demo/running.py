"""Starts the demo in the foreground and stops all of it: portal, worker, gateway sandbox, mail sink with its inbox."""

import contextlib
import fcntl
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import func, select

from portal.app import create_app
from portal.demo import cast, seeding
from portal.demo.mailsink import MailSink
from portal.demo.places import LOOPBACK, Places, choose, default_folder
from portal.kit.db import PLATFORM, database, reading
from portal.kit.migrating import migrate
from portal.kit.settings import install
from portal.sandbox import running as sandbox_running
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_labels

READY_WITHIN_S = 40
STOP_WITHIN_S = 20


def run(*, fresh: bool, port: int, folder: Path | None = None) -> int:
    """The demo until Ctrl-C. Returns the exit code."""
    folder = folder or default_folder()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with _alone(folder) as is_alone:
            if not is_alone:
                click.echo("A demo runs on this data already. Stop it first with Ctrl-C, where it was started.")
                return 1
            return _run(folder, fresh, port)
    except KeyboardInterrupt:
        click.echo("Stopped. The data is kept; `make demo FRESH=1` starts over.")
        return 0


def _run(folder: Path, fresh: bool, port: int) -> int:
    places = choose(folder, port=port, say=click.echo)
    if fresh:
        shutil.rmtree(places.folder, ignore_errors=True)
    with started(places) as server:
        _say_what_to_do(places)
        return server.wait()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other demo holds these data: two of them would work on one database, or delete it under each other."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextlib.contextmanager
def started(places: Places, *, quiet: bool = False) -> Iterator["subprocess.Popen[bytes]"]:
    """Everything up and seeded for as long as the block lasts; all of it is stopped afterwards."""
    places.folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(sandbox_running(str(places.folder / "gateway.sqlite3"), places.gateway))
        stack.enter_context(MailSink(places.folder / "letters", port=places.smtp, inbox_port=places.inbox))
        _prepare(places, quiet)
        server = subprocess.Popen(
            [sys.executable, "-m", "portal", "serve", "--port", str(places.portal)],
            env=places.environment(),
            start_new_session=True,
            stdout=subprocess.DEVNULL if quiet else None,
        )
        stack.callback(_stop, server)
        _wait_until_ready(places, server)
        yield server


def _prepare(places: Places, quiet: bool) -> None:
    """Migrate, seed an empty database, and tell the gateway where our webhooks are now."""
    settings = places.settings()
    install(settings)
    migrate(settings.database_url)
    app = create_app(settings)
    with app.app_context():
        if not _is_seeded():
            _seed(places, quiet)
        with reading(PLATFORM) as db:
            ids = [tenant.id for tenant in white_labels(db)]
        seeding.register_webhooks(ids)
    database().dispose()


def _seed(places: Places, quiet: bool) -> None:
    if quiet:
        seeding.seed(places, lambda what, done, total: None)
        return
    click.echo("Living the demo's past year through the real commands; this takes half a minute.")
    with click.progressbar(length=1000, label="Seeding", width=36) as bar:
        seen = 0

        def progress(what: str, done: int, total: int) -> None:
            nonlocal seen
            target = 1000 * done // total
            bar.update(target - seen)
            seen = target

        seeding.seed(places, progress)


def _is_seeded() -> bool:
    with reading(PLATFORM) as db:
        return bool(db.scalar(select(func.count(WhiteLabel.id))))


def _wait_until_ready(places: Places, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end:
        if server.poll() is not None:
            raise click.ClickException(f"The portal stopped at once, with exit code {server.returncode}.")
        with contextlib.suppress(OSError, http.client.HTTPException):
            if _status(places) == 200:
                return
        time.sleep(0.1)
    raise click.ClickException("The portal did not answer in time.")


def _status(places: Places) -> int:
    with contextlib.closing(http.client.HTTPConnection(LOOPBACK, places.portal, timeout=2)) as connection:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status


def _stop(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _made_since() -> list[tuple[str, str]]:
    """White labels that somebody added to the demo."""
    seeded = {tenant.brand.host for tenant in cast.TENANTS}
    with reading(PLATFORM) as db:
        return [(tenant.name, tenant.host) for tenant in white_labels(db) if tenant.host not in seeded]


def _say_what_to_do(places: Places) -> None:
    bob, fiona = cast.NORTHWIND.staff
    charlie = cast.KAURI.staff[0]
    northwind, kauri = cast.NORTHWIND.brand, cast.KAURI.brand
    lines = [
        "",
        "The portal is running. Everyone's password is: " + cast.PASSWORD,
        "",
        f"  {northwind.name:<16} {places.url(northwind.host)}",
        f"    administrator  {bob.email}",
        f"    finance        {fiona.email}",
        "    customer       alice@acme-joinery.example",
        f"  {kauri.name:<16} {places.url(kauri.host)}",
        f"    administrator  {charlie.email}",
        *[f"  {name:<16} {places.url(host)}" for name, host in _made_since()],
        f"  {cast.OPERATOR.name:<16} {places.url(cast.OPERATOR.host)}",
        f"    operator staff {cast.OPERATOR_STAFF.email}, {cast.SECOND_OPERATOR.email}",
        f"  Inbox            {places.inbox_url}   every letter the portal sends",
        f"  Gateway sandbox  {places.gateway_url}   test cards only, no money moves",
        "",
        "Staff of a real installation need a second factor; here it is only offered, under Your profile.",
        "",
        "Three things to try:",
        "  1. As Bob: Customers, Create new customer, Option 1. Open the link of the letter (see the inbox) in a",
        "     private window, as the customer you invited: you are Bob in this one. Activate, and pay",
        "     with 4000 0000 0000 9995 (declined), then 4000 0025 0000 3155 (3-D Secure), then 4242 4242 4242 4242.",
        "  2. As Bob: Customers, Waiting for you. Activate an account there: its charge is debited to Northwind's.",
        "  3. As Fiona: Charges. Choose a month, open a charge to its entry, and export what you see.",
        "",
        "Ctrl-C stops everything and keeps the data.",
        "",
    ]
    click.echo("\n".join(lines))
