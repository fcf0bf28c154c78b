"""What comes in over HTTP and writes: a customer, a sign-in, a webhook; CPU of a request through the test client.

Each is held against the bare endpoint, a Flask app that writes one ledger entry with the raw driver, or, for the
sign-in, against one verification of the password.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from bench.entries import customers_of, post_one, raw_writers
from bench.goals import CUSTOMER, SIGN_IN, Result
from bench.hooks import webhook_results
from bench.houses import House
from bench.measuring import prepared
from portal.identity import passwords
from portal.kit.limits import limiter
from tests.conftest import HostClient
from tests.signup.browsing import Wizard

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def doors(house: House) -> list[Result]:
    with bare_client(house) as bare:
        return [_customer(house, bare), _sign_in(house), *webhook_results(house, bare)]


@contextmanager
def bare_client(house: House) -> Iterator[FlaskClient]:
    account_id = customers_of(house, 1)[0]
    post_one(house, account_id)
    with raw_writers(house, account_id) as (write,):
        app = Flask("bench.bare")

        @app.post("/")
        def entry() -> str:
            write()
            return "written\n"

        yield app.test_client()


def _customer(house: House, bare: FlaskClient) -> Result:
    """The last step of Option 2 by an administrator; the password's hash is made as cheap as it can be."""
    browser = HostClient(house.app, house.cast.northwind.host)
    browser.sign_in(house.cast.bob)
    plan = house.cast.northwind.plans["desk"]

    def draft() -> Wizard:
        mark = secrets.token_hex(6)
        wizard = Wizard(browser, plan)
        wizard.contact(name=f"Birch {mark}", primary_domain=f"{mark}.example", login_name=f"{mark}@{mark}.example")
        wizard.addresses()
        wizard.plan()
        return wizard

    def create(wizard: Wizard) -> None:
        if "/created" not in wizard.create().headers.get("Location", ""):
            raise RuntimeError("the customer was not created")

    with patch.object(passwords, "_hasher", QUICK):
        taken = prepared(house.meter, lambda: bare.post("/"), draft, create)
    note = f"{taken.ms} against {taken.base_ms} of CPU"
    return Result("a customer over HTTP : bare endpoint, rate", CUSTOMER, 1 / taken.ratio, note)


def _sign_in(house: House) -> Result:
    hasher, stored = PasswordHasher(), passwords.hash_password(house.fiona.password)

    def page() -> tuple[HostClient, dict[str, str]]:
        limiter.reset()
        browser = HostClient(house.app, house.fiona.host)
        token = browser.token("/login")
        return browser, {"csrf_token": token, "login_name": house.fiona.login_name, "password": house.fiona.password}

    def send(arrived: tuple[HostClient, dict[str, str]]) -> None:
        browser, form = arrived
        if browser.post("/login", data=form).status_code != 303:
            raise RuntimeError("could not sign in")

    taken = prepared(house.meter, lambda: hasher.verify(stored, house.fiona.password), page, send)
    return Result("sign-in : one argon2id verification", SIGN_IN, taken.ratio, f"{taken.ms} against {taken.base_ms}")
