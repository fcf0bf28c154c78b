"""One key is one account, and what the key is called decides how the account is."""

import pytest
import requests
import stripe


@pytest.mark.parametrize(("key", "country", "currency"), [
    ("sk_test_kauri_nzd_1", "NZ", "nzd"), ("sk_test_northwind_gbp_1", "GB", "gbp"),
    ("rk_test_sakura_jpy_1", "JP", "jpy"),
    ("sk_test_dune_kwd_1", "KW", "kwd"), ("sk_test_linde_eur_1", "DE", "eur"), ("sk_test_plain", "US", "usd"),
])
def test_the_name_of_a_key_gives_country_and_currency(shop_of, key, country, currency):
    account = shop_of(key).v1.accounts.retrieve_current()
    assert (account.country, account.default_currency) == (country, currency)
    assert account.charges_enabled and account.payouts_enabled


def test_the_account_is_named_after_the_key(shop):
    account = shop.v1.accounts.retrieve_current()
    assert account.business_profile.name == account.settings.dashboard.display_name == "Kauri"


def test_the_same_key_always_opens_the_same_account(shop_of):
    first, again = shop_of("sk_test_a"), shop_of("sk_test_a")
    assert first.v1.accounts.retrieve_current().id == again.v1.accounts.retrieve_current().id


def test_another_key_opens_another_account_that_sees_nothing_of_the_first(shop_of):
    alice, bob = shop_of("sk_test_alice"), shop_of("sk_test_bob")
    customer = alice.v1.customers.create(params={"name": "Alice's customer"})
    assert alice.v1.accounts.retrieve_current().id != bob.v1.accounts.retrieve_current().id
    assert bob.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bob.v1.customers.retrieve(customer.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_an_account_that_is_not_ready_takes_no_payments(shop_of):
    shop = shop_of("sk_test_kauri_nzd_notready")
    account = shop.v1.accounts.retrieve_current()
    assert not account.charges_enabled and not account.payouts_enabled and account.requirements.currently_due
    with pytest.raises(stripe.InvalidRequestError):
        shop.checkout()


@pytest.mark.parametrize("key", [
    "sk_live_kauri", "rk_live_kauri", "pk_test_kauri", "nonsense", "sk_test_kauri_revoked",
])
def test_a_key_that_is_live_revoked_or_of_no_known_form_is_refused(shop_of, key):
    with pytest.raises(stripe.AuthenticationError) as refused:
        shop_of(key).v1.accounts.retrieve_current()
    assert refused.value.http_status == 401
    assert key not in str(refused.value)


def test_a_request_without_a_key_is_refused(sandbox):
    assert requests.get(f"{sandbox.url}/v1/account", timeout=5).status_code == 401


def test_an_address_stripe_does_not_have_is_refused_in_its_shape(shop):
    answer = shop.post("/v1/unicorns", {})
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("key", ["sk_test_a", "sk_test_abc", "sk_test_kauri_nzd_1"])
def test_a_key_is_never_shown_in_full(shop_of, buyer, key):
    shop = shop_of(key)
    shop.v1.accounts.retrieve_current()
    page = buyer.open(shop.sandbox.url + "/").text
    assert "sk_test_…" in page
    assert not page.split("sk_test_…")[-1].startswith(key[8:])


def test_a_connected_account_is_refused_rather_than_ignored(shop):
    assert shop.post("/v1/customers", {}, Stripe_Account="acct_other").status_code == 403


def test_another_version_of_the_api_is_refused(shop):
    assert shop.post("/v1/customers", {}, Stripe_Version="2020-08-27").status_code == 400
