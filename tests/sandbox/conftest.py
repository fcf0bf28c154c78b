"""A sandbox at work, a shop that speaks to it through the unmodified library, a buyer's browser, and a listener."""

import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import stripe

from portal.sandbox import Running, running

QUICK_S = (0.0, 0.05, 0.1, 0.2)
SHOP_URL = "http://kauri.localhost:9"


class Buyer:
    """A browser that follows nothing by itself."""

    def __init__(self) -> None:
        self.web = requests.Session()
        self.web.trust_env = False

    def open(self, url: str) -> requests.Response:
        return self.web.get(url, allow_redirects=False, timeout=5)

    def token(self, url: str) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.open(url).text)
        assert found is not None, "the page has no card form"
        return found[1]

    def pay(self, url: str, number: str = "4242424242424242", **typed: str) -> requests.Response:
        form = {"email": "mereana@wairoa.example", "number": number, "expires": "12 / 34", "cvc": "123",
                "holder": "Mereana Te Rongopatahi", "token": typed.pop("token", "") or self.token(url), **typed}
        return self.web.post(url, data=form, allow_redirects=False, timeout=5)

    def answer(self, url: str, answer: str) -> requests.Response:
        return self.web.post(f"{url}/challenge", data={"answer": answer}, allow_redirects=False, timeout=5)


class Shop:
    """One account of the sandbox, and the orders it makes."""

    def __init__(self, sandbox: Running, key: str) -> None:
        self.sandbox = sandbox
        self.key = key
        self.web = requests.Session()
        self.web.trust_env = False
        self.client = stripe.StripeClient(
            key, base_addresses={"api": sandbox.url}, max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=5, session=self.web),
        )
        self.v1 = self.client.v1

    def order(self, amount: int = 71875, currency: str = "nzd", **more: Any) -> dict[str, Any]:
        return {
            "mode": "payment",
            "client_reference_id": "F-2026-004417",
            "line_items": [{"quantity": 1, "price_data": {
                "currency": currency, "unit_amount": amount, "product_data": {"name": "Account credit"}}}],
            "metadata": {"account": "207-0114", "reference": "F-2026-004417"},
            "payment_intent_data": {"metadata": {"portal_funding": "f1"}, "description": "Account credit"},
            "success_url": f"{SHOP_URL}/done?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{SHOP_URL}/cancelled",
            **more,
        }

    def checkout(self, amount: int = 71875, currency: str = "nzd", **more: Any) -> Any:
        return self.v1.checkout.sessions.create(params=self.order(amount, currency, **more))

    def session(self, session: Any, *expand: str) -> Any:
        return self.v1.checkout.sessions.retrieve(session.id, params={"expand": list(expand)})

    def paid(self, buyer: Buyer, amount: int = 71875, currency: str = "nzd", number: str = "4242424242424242") -> Any:
        session = self.checkout(amount, currency)
        assert buyer.pay(session.url, number).status_code == 303
        return self.session(session, "payment_intent.latest_charge")

    def happened(self) -> list[str]:
        """The types of all events, oldest first, but for the fee's, which comes when its second is over."""
        types = [event.type for event in self.v1.events.list(params={"limit": 100}).data][::-1]
        return [type for type in types if type != "charge.updated"]

    def post(self, path: str, fields: dict[str, str], **headers: str) -> requests.Response:
        """A request by hand, for what the library would not send."""
        headers = {"Authorization": f"Bearer {self.key}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.web.post(self.sandbox.url + path, data=fields, headers=headers, timeout=5)


class Listener:
    """A program that hears webhooks on loopback, and answers what it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.append((dict(self.headers), body))
                self.send_response(listener.statuses.pop(0) if listener.statuses else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        self.url = f"http://kauri.localhost:{self.server.server_port}/hooks?x=1"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in list(self.heard)]


@pytest.fixture
def sandbox() -> Iterator[Running]:
    with running(webhook_delays_s=QUICK_S) as started:
        yield started


@pytest.fixture
def shop_of(sandbox: Running) -> Iterator[Callable[..., Shop]]:
    opened: list[Shop] = []

    def open_shop(key: str = "sk_test_kauri_nzd_1", at: Running = sandbox) -> Shop:
        opened.append(Shop(at, key))
        return opened[-1]

    yield open_shop
    for shop in opened:
        shop.web.close()


@pytest.fixture
def shop(shop_of: Callable[..., Shop]) -> Shop:
    return shop_of()


@pytest.fixture
def buyer() -> Iterator[Buyer]:
    buyer = Buyer()
    yield buyer
    buyer.web.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    def wait(question: Callable[[], Any], within_s: float = 4.0) -> Any:
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if answer := question():
                return answer
            time.sleep(0.01)
        raise AssertionError("it did not happen in time")

    return wait
