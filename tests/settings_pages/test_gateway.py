"""The gateway page: a key goes in, is sealed and never shown again; readiness is asked of the gateway itself."""

import re
import secrets

import pytest
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.kit.db import PLATFORM, reading
from portal.whitelabels.models import GatewayCredential
from tests.cast import PASSWORD, on_sqlite
from tests.signup.browsing import errors, value, words

PAGE = "/settings/gateway"
PASSWORD_AGAIN = {"present": PASSWORD}


def new_key(ending=""):
    return f"sk_test_northwind_gbp_{secrets.token_hex(8)}{ending}"


@pytest.fixture
def near(sandbox, change_settings, clock):
    """The gateway can be reached, and nothing is connected yet."""
    sandbox.clear_faults()
    sandbox.hold_webhooks()
    change_settings(gateway_api_base=sandbox.url, checkout_origin=sandbox.url)
    yield sandbox
    sandbox.clear_faults()


@pytest.fixture
def browser(near, browse, bob):
    return browse(bob)


def credentials(tenant):
    with reading(tenant.id) as db:
        return list(db.scalars(select(GatewayCredential).order_by(GatewayCredential.id)))


def everything_stored():
    with reading(PLATFORM) as db:
        rows = [row for mapper in AuditRow.registry.mappers for row in db.scalars(select(mapper.class_))]
        return "\n".join(str(getattr(row, c.key)) for row in rows for c in type(row).__mapper__.column_attrs)


class TestConnect:
    def test_makes_it_ready_and_says_so(self, browser, northwind):
        assert "No gateway is connected." in words(browser.get(PAGE))
        answer = browser.submit(PAGE, {"key": new_key(), **PASSWORD_AGAIN})
        page = words(browser.get(PAGE))
        assert answer.status_code == 303 and "The gateway is connected. No money moved." in page
        assert "Readiness Ready" in page and "Mode Test" in page and "Currency gbp" in page.replace("GBP", "gbp")
        (kept,) = credentials(northwind)
        assert kept.is_ready and kept.webhook_endpoint and kept.webhook_secret.startswith("whsec_")

    def test_the_key_is_never_shown_again_and_kept_only_sealed(self, browser, caplog):
        """OWASP ASVS 13.3. Red when the page, a table or the log holds it."""
        key = new_key()
        browser.submit(PAGE, {"key": key, **PASSWORD_AGAIN})
        page = browser.get(PAGE)
        assert key not in page.text and value(page, "key") == ""
        assert f"Key sk_test_…{key[-4:]}" in words(page)
        stored = everything_stored()
        assert key not in stored and "whsec_" not in stored and key not in caplog.text

    def test_the_sealed_key_opens_for_its_own_white_label(self, browser, northwind):
        key = new_key()
        browser.submit(PAGE, {"key": key, **PASSWORD_AGAIN})
        assert credentials(northwind)[0].key == key

    def test_is_on_the_trail_without_the_key(self, browser, northwind, bob):
        browser.submit(PAGE, {"key": new_key(), **PASSWORD_AGAIN})
        with reading(northwind.id) as db:
            act = db.scalars(select(AuditRow).where(AuditRow.action == "gateway.connected")).one()
        assert act.actor_id == bob.id and set(act.details) == {"gateway_account", "livemode"}

    @on_sqlite
    def test_an_account_that_may_not_charge_is_kept_and_said_to_be_not_ready(self, browser):
        browser.submit(PAGE, {"key": new_key("_notready"), **PASSWORD_AGAIN})
        page = words(browser.get(PAGE))
        assert "Readiness Not ready" in page and "Stripe does not let this account take card payments yet." in page
        assert "While this is not ready, Option 1 is closed." in page


class TestRefused:
    @on_sqlite
    @pytest.mark.parametrize(("typed", "said"), [
        ("", "Paste the key that Stripe shows"), ("hello", "A key begins with sk_ or rk_"),
        ("pk_test_northwind12345", "A key begins with sk_ or rk_"), ("sk_test_", "A key begins with sk_ or rk_"),
        ("sk_live_northwind12345678", "takes test keys only"), ("sk_test_" + "x" * 300, "A key is shorter"),
        ("sk_test_northwind_revoked", "Stripe does not accept this key."),
    ])
    def test_beside_the_field_and_nothing_is_kept(self, browser, northwind, typed, said):
        answer = browser.submit(PAGE, {"key": typed, **PASSWORD_AGAIN})
        assert answer.status_code == 422 and said in errors(answer)["key"]
        assert credentials(northwind) == []
        assert not typed or typed not in answer.text, "what was typed is a secret, too"

    @on_sqlite
    def test_when_the_gateway_is_away_nothing_is_changed(self, near, browser, northwind):
        near.down()
        answer = browser.submit(PAGE, {"key": new_key(), **PASSWORD_AGAIN})
        assert "Stripe was not reached. Nothing was changed." in errors(answer)["key"] and credentials(northwind) == []

    @on_sqlite
    def test_a_refused_replacement_leaves_the_key_in_use(self, browser, northwind):
        browser.submit(PAGE, {"key": new_key(), **PASSWORD_AGAIN})
        browser.submit(PAGE, {"key": "sk_test_northwind_revoked", **PASSWORD_AGAIN})
        (kept,) = credentials(northwind)
        assert kept.ended_at is None


class TestReplace:
    def test_the_new_key_is_used_and_the_old_one_kept_for_its_payments(self, browser, northwind):
        first, second = new_key(), new_key()
        for key in (first, second):
            browser.submit(PAGE, {"key": key, **PASSWORD_AGAIN})
        old, new = credentials(northwind)
        assert old.ended_at is not None and new.ended_at is None
        assert (old.key, new.key) == (first, second) and old.webhook_slug != new.webhook_slug
        assert f"…{second[-4:]}" in words(browser.get(PAGE))

    def test_disconnecting_asks_first_and_keeps_the_key_sealed(self, browser, northwind):
        browser.submit(PAGE, {"key": new_key(), **PASSWORD_AGAIN})
        page = words(browser.get("/settings/gateway/disconnection"))
        assert "Option 1 is closed until you connect a gateway again." in page and "No money moves." in page
        assert "A card page that is open now can be paid until it closes, within a day" in page
        assert credentials(northwind)[0].ended_at is None
        browser.submit("/settings/gateway/disconnection", PASSWORD_AGAIN)
        assert "No gateway is connected." in words(browser.get(PAGE))
        (kept,) = credentials(northwind)
        assert kept.ended_at is not None and kept.key

    @on_sqlite
    def test_disconnecting_what_is_not_connected_changes_nothing(self, browser, northwind):
        assert browser.submit("/settings/gateway/disconnection", PASSWORD_AGAIN).status_code == 303
        assert credentials(northwind) == []


class TestThePasswordIsAskedAgain:
    """OWASP ASVS 7.5. Red when a form takes the session for the person."""

    @pytest.mark.parametrize("present", ["", "not my password"])
    def test_for_a_key_and_for_disconnecting(self, gateway, browse, bob, northwind, present):
        browser = browse(bob)
        for path, form in ((PAGE, {"key": new_key()}), ("/settings/gateway/disconnection", {})):
            answer = browser.submit(path, {**form, "present": present})
            assert answer.status_code == 422 and "present password." in errors(answer)["present"]
        (kept,) = credentials(northwind)
        assert kept.ended_at is None

    @on_sqlite
    def test_ten_guesses_and_no_more(self, gateway, browse, bob):
        """Red without `sparing`. What is guessed at one form counts at the other."""
        browser = browse(bob)
        tries = [browser.submit(path, {"key": new_key(), "present": "a guess"}).status_code
                 for path in (PAGE, "/settings/gateway/disconnection") for _ in range(6)]
        assert tries == [422] * 10 + [429] * 2


class TestCheckAgain:
    def check(self, browser):
        return browser.submit("/settings/gateway/check", page=PAGE)

    @on_sqlite
    def test_finds_what_has_gone_wrong_since(self, gateway, browse, bob):
        browser = browse(bob)
        gateway.down()
        self.check(browser)
        assert "Stripe was not reached. We will ask again." in words(browser.get(PAGE))
        gateway.clear_faults()
        self.check(browser)
        assert "Readiness Ready" in words(browser.get(PAGE))


class TestWhoMay:
    PATHS = ("/settings/gateway", "/settings/gateway/check", "/settings/gateway/disconnection")

    @pytest.mark.parametrize("who", ["fiona", "alice"])
    def test_administrators_only(self, gateway, browse, cast, northwind, who):
        browser = browse(getattr(cast, who))
        token = browser.token("/password/change")
        assert browser.get(PAGE).status_code == 403
        for path in self.PATHS:
            assert browser.post(path, data={"csrf_token": token, "key": new_key()}).status_code == 403, path
        (kept,) = credentials(northwind)
        assert kept.ended_at is None

    def test_another_white_label_has_a_gateway_of_its_own(self, gateway, browse, charlie, northwind, kauri):
        page = browse(charlie).get(PAGE)
        assert "No gateway is connected." in words(page) and "acct_" not in page.text
        browse(charlie).submit("/settings/gateway/disconnection", PASSWORD_AGAIN)
        assert credentials(northwind)[0].ended_at is None and credentials(kauri) == []

    @on_sqlite
    def test_the_address_of_the_webhook_is_nowhere_on_the_page(self, gateway, browse, bob, northwind):
        (kept,) = credentials(northwind)
        assert kept.webhook_slug not in browse(bob).get(PAGE).text and len(kept.webhook_slug) >= 32
        assert not re.search(r"whsec_|/webhooks/", browse(bob).get(PAGE).text)
