"""The shop of the payment tests, and a customer with a link in the mail."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from portal.activation.models import ActivationLink
from portal.activation.queries import latest_link
from portal.kit import tokens
from portal.kit.db import reading
from tests.conftest import HostClient
from tests.payments.conftest import Shop, gateway, sandbox, shop

__all__ = ["gateway", "sandbox", "shop"]

NEW_PASSWORD = "marble otter seven kites"


@dataclass
class Invited:
    """An inactive Option 1 account, its link, and a browser that has not opened it yet."""

    shop: Shop
    account_id: UUID
    browser: HostClient

    @property
    def link(self) -> ActivationLink:
        with reading(self.shop.company.id) as db:
            found = latest_link(db, self.account_id)
        assert found is not None
        return found

    @property
    def token(self) -> str:
        return tokens.issue("activation", self.shop.company.id, self.link.id, self.link.address)

    @property
    def state(self) -> str:
        return self.shop.account(self.account_id).state

    def another_browser(self) -> HostClient:
        return HostClient(self.shop.app, self.shop.company.host)

    def open(self, browser: HostClient | None = None) -> str:
        """Follow the link; the words of the page it ends at."""
        return (browser or self.browser).get(f"/activate/{self.token}", follow_redirects=True).text

    def choose_password(self, browser: HostClient | None = None, **more: str):
        answers = {"password": NEW_PASSWORD, "again": NEW_PASSWORD, "terms": "y", **more}
        return (browser or self.browser).submit("/activation/password", answers)

    def sign_in(self, browser: HostClient, password: str = NEW_PASSWORD):
        return browser.submit("/login", {"login_name": self.link.address, "password": password})


@pytest.fixture
def invited(shop: Shop) -> Invited:
    account_id = shop.customer(redeemed=False)
    return Invited(shop, account_id, HostClient(shop.app, shop.company.host))


