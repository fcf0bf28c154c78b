"""The page over HTTP: `portal serve` on loopback and eight connections that ask without a pause, for a bounded time."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from time import monotonic, perf_counter, sleep

from bench.goals import P99, Result
from bench.houses import House
from portal.kit.settings import root

CONNECTIONS = 8
WARM_S, LAST_S, LONGEST_S = 2.0, 15.0, 45.0
LEAST = 400


def p99_against_p50(house: House) -> list[Result]:
    address = f"/finance/charges?month={house.shape.newest:%Y-%m}"
    headers = {"Host": house.fiona.host, "Cookie": _cookie(house)}
    with _served(house) as port:
        _all(port, address, headers, for_s=WARM_S, least=1)
        began = monotonic()
        times = sorted(_all(port, address, headers, for_s=LAST_S, least=LEAST // CONNECTIONS))
        lasted = monotonic() - began
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    note = f"p50 {1000 * p50:.0f} ms, p99 {1000 * p99:.0f} ms, {len(times) / lasted:.0f} pages/s, {len(times)} pages"
    return [Result(f"p99 : p50, {CONNECTIONS} connections", P99, p99 / p50, note)]


def _all(port: int, address: str, headers: dict[str, str], *, for_s: float, least: int) -> list[float]:
    """Seconds that each request took, over all connections."""
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        asked = [threads.submit(_one, port, address, headers, for_s, least) for _ in range(CONNECTIONS)]
        return [taken for each in asked for taken in each.result()]


def _one(port: int, address: str, headers: dict[str, str], for_s: float, least: int) -> list[float]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    began, times = monotonic(), list[float]()
    while monotonic() - began < for_s or (len(times) < least and monotonic() - began < LONGEST_S):
        start = perf_counter()
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        times.append(perf_counter() - start)
        if answer.status != 200 or b'class="nowrap"' not in body:
            raise RuntimeError(f"{address} answered {answer.status} over HTTP")
    connection.close()
    return times


def _cookie(house: House) -> str:
    cookie = house.client.get_cookie("portal", domain=house.fiona.host)
    if cookie is None:
        raise RuntimeError("the signed-in client has no cookie")
    return f"portal={cookie.value}"


@contextmanager
def _served(house: House) -> Iterator[int]:
    """`portal serve` without its worker, as an installation with a worker elsewhere would run it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "portal", "serve", "--no-worker", "--port", str(port)]
    server = subprocess.Popen(command, cwd=root(), env=house.environment(), stdout=subprocess.DEVNULL)
    try:
        _wait_until_it_answers(server, port)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_it_answers(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = monotonic() + 30
    while monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            sleep(0.1)
    raise RuntimeError("`portal serve` did not answer within 30 seconds")
