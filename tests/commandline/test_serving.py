"""`portal serve` at a terminal: one Ctrl-C ends the pages and the worker beside them, whenever it comes."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from portal.serving import KILL_WITHIN_S, _keep, _listen


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def served(file):
    """The program in a process group of its own, as a shell starts it; whatever is left of it is killed."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "portal", "serve", "--port", str(port)], start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "DATABASE_URL": f"sqlite:///{file}"})
    try:
        assert process.stdout.readline() == f"Serving on http://127.0.0.1:{port}. Ctrl-C stops it.\n"
        yield process, port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for_pages(port):
    end = time.monotonic() + 40
    while time.monotonic() < end:
        with contextlib.suppress(OSError), contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
            connection.request("GET", "/health/live")
            return connection.getresponse().status
        time.sleep(0.1)
    return None


def wait_for_processes(process):
    """Until the worker and the web process are there; the latter loads the pages for some seconds yet."""
    children = Path(f"/proc/{process.pid}/task")
    while len([pid for each in children.glob("*/children") for pid in each.read_text().split()]) < 2:
        time.sleep(0.02)


@pytest.mark.parametrize("when", ["at once", "while it loads", "when it answers"])
def test_ctrl_c_ends_it(migrated, tmp_path, when):
    """Red without a time after which web processes are killed (one that still loads the pages hears nothing), and when
    each end of the worker counts as a death: it ended first, was called dead and was started again."""
    file = tmp_path / "portal.sqlite3"
    file.write_bytes(migrated.read_bytes())
    with served(file) as (process, port):
        if when == "while it loads":
            wait_for_processes(process)
        if when == "when it answers":
            assert wait_for_pages(port) == 200
        os.killpg(process.pid, signal.SIGINT)
        began = time.monotonic()
        said, _ = process.communicate(timeout=60)
        assert when != "when it answers" or time.monotonic() - began < KILL_WITHIN_S, "a web process had to be killed"
        assert said.endswith("Stopped.\n") and "died" not in said


class Ended:
    """A worker that was told to stop, and did."""

    returncode = 0

    def poll(self):
        return 0

    def terminate(self):
        pass

    def wait(self, timeout):
        return 0


def test_a_worker_that_was_told_to_stop_first_is_not_started_again(monkeypatch):
    """A service manager tells all processes at once. Red when each end counts as a death."""
    started = []
    monkeypatch.setattr("portal.serving._start_worker", lambda: started.append(1) or Ended())
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(Ended(), over))
    keeper.start()
    time.sleep(1.5)
    over.set()
    keeper.join(timeout=5)
    assert started == [] and not keeper.is_alive()


def test_a_signal_in_the_midst_of_waiting_stops_it():
    """Red when the handler itself sets the event: it waits for the lock that the interrupted wait holds, for ever."""
    stop = threading.Event()
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    _listen(stop.set)
    try:
        with stop._cond:  # as an `Event.wait` that the signal interrupts
            signal.raise_signal(signal.SIGTERM)
        assert stop.wait(5)
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)
