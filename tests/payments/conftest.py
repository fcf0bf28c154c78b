"""A real gateway over HTTP, Northwind connected to it, and a customer who has chosen a password."""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.accounts.commands import add_member, open_customer_account
from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.activation.commands import redeem, send_link
from portal.demo import browser
from portal.identity.commands import add_user
from portal.kit import clock, jobs
from portal.kit.db import PLATFORM, TenantSession, reading, scoped, transaction
from portal.kit.money import Money
from portal.ledger.entry import Book
from portal.ledger.models import JournalEntry
from portal.ledger.queries import credit_minor
from portal.letters.models import Letter
from portal.payments import connection, flows
from portal.payments.models import Funding
from portal.sandbox import Running, running
from portal.whitelabels.models import GatewayCredential
from portal.whitelabels.queries import gateway_credential
from tests.cast import PASSWORD, Company, Person, new_customer

VISA, DECLINED, THREE_D_SECURE = "4242424242424242", "4000000000009995", "4000002500003155"
WEBHOOK_SECRET = "whsec_known_to_the_tests"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Running]:
    with running(webhook_delays_s=(0.0,)) as made:
        yield made


@pytest.fixture
def gateway(sandbox: Running) -> Iterator[Running]:
    yield sandbox
    sandbox.clear_faults()
    sandbox.move_clock(0)


@dataclass
class Shop:
    """Northwind with its gateway: what a test does as the customer, and what it asks the books."""

    app: Flask
    company: Company
    bob: Person
    gateway: Running
    slug: str

    def customer(self, name: str = "Tidewater Sails", *, plan: str = "desk", redeemed: bool = True) -> UUID:
        """An Option 1 account whose customer has chosen a password, and has not paid."""
        with transaction(self.company.id) as db:
            account = open_customer_account(db, new_customer(name, self.company.plans[plan]), by=self.bob.actor)
            login = f"{secrets.token_hex(4)}@tidewater.example"
            user = add_user(db, login_name=login, display_name="Imogen Tide", email=login)
            add_member(db, account, user, Role.ADMINISTRATOR, is_primary=True)
            link = send_link(db, account, by=self.bob.actor)
            if redeemed:
                redeem(db, link.id, password=PASSWORD, accepts_terms=True, from_address="127.0.0.1")
            return account.id

    def wish(self, account_id: UUID, minor: int = 10_000) -> flows.Wish:
        back = "http://northwind.localhost/activation/return"
        return flows.Wish(account_id, Money(minor, "GBP"), self.company.account_id or account_id, back, back)

    def open(self, account_id: UUID, minor: int = 10_000) -> flows.Opened:
        with scoped(self.company.id):
            return flows.open_checkout(self.wish(account_id, minor))

    def pay(self, url: str | None, card: str = VISA) -> browser.Page:
        assert url is not None
        return browser.pay(browser.Browser(), url, card, follow=False)

    def pay_page(self, url: str | None) -> str:
        assert url is not None
        return browser.Browser().get(url).words

    def hurry(self) -> None:
        """Make everything due that waits for its next try."""
        with transaction(PLATFORM) as db:
            db.execute(update(jobs.Job).where(jobs.Job.state == "due").values(due_at=clock.now()))

    def refresh(self, funding_id: UUID) -> Funding:
        with scoped(self.company.id):
            return flows.refresh(funding_id)

    def event(self, kind: str, object_id: str, **more: Any) -> dict[str, Any]:
        thing = {"id": object_id, "object": object_id.split("_", maxsplit=1)[0], "metadata": {}, **more}
        return {"id": f"evt_{secrets.token_hex(8)}", "type": kind, "livemode": False, "data": {"object": thing}}

    def deliver(self, event: dict[str, Any], *, secret: str = WEBHOOK_SECRET, age_s: int = 0, slug: str = "") -> int:
        """A signed webhook, as the gateway would send it. Returns the status of the answer."""
        body = json.dumps(event).encode()
        at = int(time.time()) - age_s
        mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        answer = self.app.test_client().post(
            f"/webhooks/stripe/{slug or self.slug}", data=body, base_url=f"http://{self.company.host}/",
            headers={"Stripe-Signature": f"t={at},v1={mark}"}, content_type="application/json",
        )
        return answer.status_code

    def work(self) -> int:
        """Run the jobs that are due, but letters: there is no mail server here."""
        with self.app.app_context():
            return jobs.run_due()

    def account(self, account_id: UUID) -> Account:
        with reading(self.company.id) as db:
            found = db.load(Account, account_id)
        assert found is not None
        return found

    def fundings(self, account_id: UUID) -> list[Funding]:
        return self.ask(lambda db: list(db.scalars(select(Funding).where(Funding.account_id == account_id))))

    def entries(self, prefix: str) -> list[str]:
        return self.ask(lambda db: [e.source for e in db.scalars(select(JournalEntry)) if e.source.startswith(prefix)])

    def letters(self, name: str, account_id: UUID) -> list[Letter]:
        wanted = select(Letter).where(Letter.name == name, Letter.about_id == account_id)
        return self.ask(lambda db: list(db.scalars(wanted)))

    def credit(self, account_id: UUID) -> int:
        return self.ask(lambda db: credit_minor(db, Book.RETAIL, account_id))

    def ask(self, question: Callable[[TenantSession], Any]) -> Any:
        with reading(self.company.id) as db:
            return question(db)


@pytest.fixture
def shop(
    change_settings: Callable[..., Any], gateway: Running, northwind: Company, bob: Person,
    request: pytest.FixtureRequest,
) -> Shop:
    change_settings(gateway_api_base=gateway.url, checkout_origin=gateway.url, mail_port=9)
    app = request.getfixturevalue("app")
    key = f"sk_test_t{secrets.token_hex(6)}_gbp_x"
    with scoped(northwind.id):
        connection.connect(key, by=bob.actor, register=False)
        with transaction() as db:
            kept = gateway_credential(db)
            assert isinstance(kept, GatewayCredential)
            kept.keep_webhook_secret(WEBHOOK_SECRET)
            slug = kept.webhook_slug
    return Shop(app, northwind, bob, gateway, slug)


