"""What real gateways and networks do on bad days, on demand."""

import pytest
import requests
import stripe

from portal.sandbox import running


def under(key):
    return {"idempotency_key": key}


def control(sandbox, what, body):
    return requests.post(f"{sandbox.url}/_control/{what}", json=body, timeout=5)


def test_an_answer_is_lost_after_the_work_was_done(sandbox, shop):
    sandbox.answer_lost(path="/v1/customers")
    with pytest.raises(stripe.APIConnectionError):
        shop.v1.customers.create(params={"name": "A"}, options=under("k"))
    assert len(shop.v1.customers.list().data) == 1
    again = shop.v1.customers.create(params={"name": "A"}, options=under("k"))
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(shop.v1.customers.list().data) == 1


def test_a_fault_strikes_only_what_it_was_made_for(sandbox, shop):
    sandbox.answer_lost(times=2, path="/v1/refunds")
    assert shop.v1.customers.create(params={}).id


def test_a_500_is_kept_under_its_key_and_no_work_was_done(sandbox, shop):
    sandbox.cached_500(path="/v1/customers")
    for _ in range(2):
        with pytest.raises(stripe.APIError) as broken:
            shop.v1.customers.create(params={"name": "A"}, options=under("k"))
        assert broken.value.http_status == 500
    assert broken.value.headers["Idempotent-Replayed"] == "true"
    assert shop.v1.customers.list().data == []
    assert shop.v1.customers.create(params={"name": "A"}, options=under("other")).id


def test_down_resets_every_connection_until_it_is_cleared(sandbox, shop):
    sandbox.down()
    for _ in range(2):
        with pytest.raises(stripe.APIConnectionError):
            shop.v1.accounts.retrieve_current()
    sandbox.down(False)
    assert shop.v1.accounts.retrieve_current().id


def test_webhooks_are_held_and_released_newest_first(sandbox, shop, buyer, listener):
    types = ["payment_intent.succeeded", "checkout.session.completed", "customer.created"]
    shop.v1.webhook_endpoints.create(params={"url": listener.url, "enabled_events": types})
    sandbox.hold_webhooks()
    shop.paid(buyer)
    assert not sandbox.wait_for_webhooks(0.2) and listener.heard == []
    sandbox.release_webhooks("newest_first")
    assert listener.types() == ["checkout.session.completed", "payment_intent.succeeded"]
    shop.v1.customers.create(params={})
    assert sandbox.wait_for_webhooks()
    assert "customer.created" in listener.types()


def test_webhooks_arrive_twice_on_demand(sandbox, shop, listener):
    shop.v1.webhook_endpoints.create(params={"url": listener.url, "enabled_events": ["*"]})
    sandbox.duplicate_webhooks()
    shop.v1.customers.create(params={})
    assert sandbox.wait_for_webhooks()
    assert listener.types() == ["customer.created"] * 2


def test_webhooks_are_lost_on_demand_and_the_event_can_still_be_listed(sandbox, shop, listener):
    shop.v1.webhook_endpoints.create(params={"url": listener.url, "enabled_events": ["*"]})
    sandbox.lose_webhooks()
    shop.v1.customers.create(params={})
    assert sandbox.wait_for_webhooks()
    assert listener.heard == []
    assert shop.happened() == ["customer.created"]


def test_the_control_address_orders_the_same_faults(sandbox, shop, listener):
    control(sandbox, "faults", {"fault": "answer_lost", "times": 1, "path": "/v1/customers"})
    with pytest.raises(stripe.APIConnectionError):
        shop.v1.customers.create(params={})
    control(sandbox, "faults", {"fault": "cached_500"})
    with pytest.raises(stripe.APIError):
        shop.v1.customers.create(params={})
    control(sandbox, "faults", {"fault": "down", "on": True})
    with pytest.raises(stripe.APIConnectionError):
        shop.v1.customers.create(params={})
    shown = control(sandbox, "faults", {"fault": "clear"}).json()
    assert shown == {"armed": [], "down": False, "webhooks_held": False, "duplicate_webhooks": 0, "lose_webhooks": 0}
    assert shop.v1.customers.create(params={}).id


def test_the_control_address_holds_and_releases_webhooks(sandbox, shop, listener):
    shop.v1.webhook_endpoints.create(params={"url": listener.url, "enabled_events": ["*"]})
    control(sandbox, "faults", {"fault": "hold_webhooks"})
    shop.v1.customers.create(params={})
    pending = requests.get(f"{sandbox.url}/_control/webhooks", timeout=5).json()["unfinished"]
    assert [each["state"] for each in pending] == ["due"]
    control(sandbox, "faults", {"fault": "release_webhooks", "order": "oldest_first"})
    assert listener.types() == ["customer.created"]


@pytest.mark.parametrize("body", [{"fault": "earthquake"}, {"fault": "down", "on": 3}, {"fault": "answer_lost", "x": 1},
                                  {"fault": "release_webhooks", "order": "best"}, {}, []])
def test_an_order_that_makes_no_sense_is_refused(sandbox, body):
    assert control(sandbox, "faults", body).status_code == 400


def test_the_clock_is_moved_by_the_control_address(sandbox, shop):
    session = shop.checkout()
    assert control(sandbox, "clock", {"offset_s": 25 * 60 * 60}).status_code == 200
    assert shop.session(session).status == "expired"
    assert control(sandbox, "clock", {"offset_s": "soon"}).status_code == 400


def test_everything_survives_a_restart(tmp_path, shop_of, buyer):
    state = str(tmp_path / "sandbox.sqlite")
    with running(state) as before:
        shop = shop_of("sk_test_kauri_nzd_1", at=before)
        session = shop.paid(buyer)
        made = shop.v1.customers.create(params={"name": "A"}, options=under("k"))
    with running(state) as after:
        shop = shop_of("sk_test_kauri_nzd_1", at=after)
        assert shop.session(session).payment_status == "paid"
        assert shop.v1.customers.create(params={"name": "A"}, options=under("k")).id == made.id
