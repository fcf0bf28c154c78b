"""Webhook endpoints, and the events that reach them."""

import json

import pytest
import stripe

from portal.sandbox import running


def listen(shop, listener, *types):
    return shop.v1.webhook_endpoints.create(params={"url": listener.url, "enabled_events": list(types) or ["*"]})


def test_an_endpoint_tells_its_secret_once(shop, listener):
    made = listen(shop, listener)
    assert made.secret.startswith("whsec_")
    found = shop.v1.webhook_endpoints.retrieve(made.id)
    assert "secret" not in found.to_dict()
    assert (found.url, found.status, found.livemode) == (listener.url, "enabled", False)
    assert "secret" not in shop.v1.webhook_endpoints.list().data[0].to_dict()


def test_making_an_endpoint_twice_under_one_key_tells_the_same_secret(shop, listener):
    params = {"url": listener.url, "enabled_events": ["*"]}
    first, again = (shop.v1.webhook_endpoints.create(params=params, options={"idempotency_key": "w"}) for _ in "12")
    assert (first.id, first.secret) == (again.id, again.secret)


@pytest.mark.parametrize("url", [
    "http://example.com/x", "https://kauri.localhost/x", "http://10.0.0.1/", "http://localhost.example.com/", "ftp://localhost/",
    "http://127.0.0.1.example/", "nonsense", "http://kauri.localhost:99999/", "http://localhost/a b",
])
def test_an_address_off_this_machine_is_refused(shop, url):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.webhook_endpoints.create(params={"url": url, "enabled_events": ["*"]})
    assert refused.value.code == "url_invalid"


def test_an_unknown_event_type_is_refused(shop, listener):
    with pytest.raises(stripe.InvalidRequestError):
        listen(shop, listener, "moon.rose")


def test_an_event_arrives_signed_as_stripe_signs(shop, listener, eventually):
    endpoint = listen(shop, listener)
    customer = shop.v1.customers.create(params={"name": "A"})
    eventually(lambda: listener.heard)
    headers, body = listener.heard[0]
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], endpoint.secret)
    assert (event.type, event.data.object.id, event.livemode) == ("customer.created", customer.id, False)
    assert shop.v1.events.retrieve(event.id).type == "customer.created"
    assert headers["Host"] == f"kauri.localhost:{listener.server.server_port}"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", headers["Stripe-Signature"], endpoint.secret)


def test_an_event_says_which_request_caused_it(shop):
    shop.v1.customers.create(params={"name": "A"}, options={"idempotency_key": "k"})
    event = shop.v1.events.list().data[0]
    assert event.request.id.startswith("req_") and event.request.idempotency_key == "k"
    assert event.api_version == stripe.api_version


def test_only_the_types_asked_for_arrive(sandbox, shop, buyer, listener):
    listen(shop, listener, "checkout.session.completed", "charge.succeeded")
    shop.paid(buyer)
    assert sandbox.wait_for_webhooks()
    assert sorted(listener.types()) == ["charge.succeeded", "checkout.session.completed"]


def test_another_accounts_events_do_not_arrive(sandbox, shop, shop_of, listener):
    listen(shop, listener)
    shop_of("sk_test_other").v1.customers.create(params={})
    assert sandbox.wait_for_webhooks()
    assert listener.heard == []


def test_an_event_is_sent_again_until_it_is_taken(sandbox, shop, listener):
    listen(shop, listener)
    listener.statuses = [500, 302]
    shop.v1.customers.create(params={})
    assert shop.v1.events.list().data[0].pending_webhooks == 1
    assert sandbox.wait_for_webhooks()
    assert listener.types() == ["customer.created"] * 3
    assert len({json.loads(body)["id"] for _, body in listener.heard}) == 1
    assert shop.v1.events.list().data[0].pending_webhooks == 0


def test_an_event_that_nobody_takes_is_given_up(sandbox, shop, listener):
    listen(shop, listener)
    listener.statuses = [500] * 9
    shop.v1.customers.create(params={})
    assert sandbox.wait_for_webhooks()
    assert len(listener.heard) == 4
    assert shop.v1.events.list().data[0].pending_webhooks == 1


def test_a_program_that_is_not_there_is_tried_again(sandbox, shop):
    shop.v1.webhook_endpoints.create(params={"url": "http://127.0.0.1:1/x", "enabled_events": ["*"]})
    shop.v1.customers.create(params={})
    assert sandbox.wait_for_webhooks()
    assert sandbox.world.store.rows("SELECT attempt, state FROM delivery")[0]["state"] == "failed"


def test_a_disabled_or_deleted_endpoint_hears_nothing(sandbox, shop, listener):
    endpoint = listen(shop, listener)
    shop.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})
    shop.v1.customers.create(params={})
    shop.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False, "enabled_events": ["charge.failed"]})
    shop.v1.customers.create(params={})
    assert shop.v1.webhook_endpoints.delete(endpoint.id).deleted
    assert sandbox.wait_for_webhooks()
    assert listener.heard == []
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.webhook_endpoints.retrieve(endpoint.id)


def test_events_are_listed_by_type(shop, buyer):
    shop.paid(buyer)
    wanted = ["charge.succeeded", "checkout.session.completed"]
    assert [e.type for e in shop.v1.events.list(params={"types": wanted}).data] == wanted[::-1]
    assert [e.type for e in shop.v1.events.list(params={"type": wanted[0]}).data] == wanted[:1]


def test_undelivered_events_survive_a_restart(tmp_path, shop_of, listener):
    state = str(tmp_path / "sandbox.sqlite")
    with running(state) as before:
        before.hold_webhooks()
        shop = shop_of("sk_test_kauri", at=before)
        listen(shop, listener)
        shop.v1.customers.create(params={})
    with running(state) as after:
        assert after.wait_for_webhooks()
    assert listener.types() == ["customer.created"]
