"""`python -m portal.sandbox` serves until it is told to stop."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-W", "error", "-m", "portal.sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        try:
            yield process, found[0]
        finally:
            process.kill()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_stops_cleanly_when_told(sign):
    with started() as (process, url):
        assert requests.get(url, timeout=5).status_code == 200
        process.send_signal(sign)
        assert process.wait(5) == 0
        assert process.stderr.read() == ""


def test_its_state_is_there_when_it_starts_again(tmp_path):
    key = {"Authorization": "Bearer sk_test_kauri"}
    state = ("--state", str(tmp_path / "state.sqlite"))
    with started(*state) as (process, url):
        made = requests.post(f"{url}/v1/customers", {"name": "A"}, headers=key, timeout=5).json()
        process.send_signal(signal.SIGKILL)
        process.wait(5)
    with started(*state) as (_, url):
        found = requests.get(f"{url}/v1/customers/{made['id']}", headers=key, timeout=5).json()
    assert found == made


def test_the_payment_page_may_be_reached_under_another_name():
    order = {"success_url": "http://a.localhost/", "line_items[0][price_data][currency]": "usd",
             "line_items[0][price_data][unit_amount]": "5", "line_items[0][price_data][product_data][name]": "x"}
    with started("--public-url", "http://pay.localhost:4242/") as (_, url):
        made = requests.post(f"{url}/v1/checkout/sessions", order, timeout=5,
                             headers={"Authorization": "Bearer sk_test_kauri"}).json()
    assert made["url"] == f"http://pay.localhost:4242/c/pay/{made['id']}"
