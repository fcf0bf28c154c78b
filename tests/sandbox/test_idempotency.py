"""The first answer under a key is the answer."""

import threading

import pytest
import stripe

DAY_S = 24 * 60 * 60


def under(key):
    return {"idempotency_key": key}


def test_the_same_request_under_the_same_key_is_done_once(shop):
    first = shop.v1.customers.create(params={"name": "A"}, options=under("k"))
    again = shop.v1.customers.create(params={"name": "A"}, options=under("k"))
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(shop.v1.customers.list().data) == 1


def test_the_answer_is_the_one_of_then_even_if_the_object_moved_on(shop):
    first = shop.v1.customers.create(params={"name": "A"}, options=under("k"))
    shop.v1.customers.update(first.id, params={"name": "B"})
    assert shop.v1.customers.create(params={"name": "A"}, options=under("k")).name == "A"


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/refunds"])
def test_another_request_under_the_key_is_an_error(shop, path):
    shop.v1.customers.create(params={"name": "A"}, options=under("k"))
    answer = shop.post(path, {"charge": "ch_1"} if path == "/v1/refunds" else {"name": "B"}, Idempotency_Key="k")
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")


def test_the_library_raises_its_idempotency_error(shop):
    shop.v1.customers.create(params={"name": "A"}, options=under("k"))
    with pytest.raises(stripe.IdempotencyError):
        shop.v1.customers.create(params={"name": "B"}, options=under("k"))


def test_a_key_belongs_to_one_account(shop_of):
    alice, bob = shop_of("sk_test_alice"), shop_of("sk_test_bob")
    first = alice.v1.customers.create(params={"name": "A"}, options=under("k"))
    other = bob.v1.customers.create(params={"name": "B"}, options=under("k"))
    assert other.id != first.id


def test_two_at_the_same_time_give_a_conflict_and_the_conflict_is_not_kept(sandbox, shop_of, eventually):
    sandbox.latency(0.8, path="/v1/customers")
    slow, quick = shop_of(), shop_of()
    made = []
    thread = threading.Thread(target=lambda: made.append(
        slow.v1.customers.create(params={"name": "A"}, options=under("k"))))
    thread.start()
    eventually(lambda: sandbox.world.store.rows("SELECT 1 FROM answer"))
    answer = quick.post("/v1/customers", {"name": "A"}, Idempotency_Key="k")
    thread.join()
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert quick.v1.customers.create(params={"name": "A"}, options=under("k")).id == made[0].id


def test_a_request_that_failed_its_checks_leaves_the_key_free(shop):
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.customers.create(params={"email": "nobody"}, options=under("k"))
    assert shop.v1.customers.create(params={"email": "a@b.example"}, options=under("k")).email == "a@b.example"


def test_a_refusal_that_came_from_doing_the_work_is_kept(shop, buyer):
    session = shop.paid(buyer)
    refund = {"payment_intent": session.payment_intent.id}
    shop.v1.refunds.create(params=refund)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.v1.refunds.create(params=refund, options=under("again"))
    assert refused.value.code == "charge_already_refunded"
    assert refused.value.headers["Idempotent-Replayed"] == "true"


def test_an_unauthorised_request_is_not_kept(shop_of):
    with pytest.raises(stripe.AuthenticationError):
        shop_of("sk_test_x_revoked").v1.customers.create(params={}, options=under("k"))
    assert shop_of("sk_test_x").v1.customers.create(params={}, options=under("k")).id


def test_a_key_is_forgotten_after_a_day(sandbox, shop):
    first = shop.v1.customers.create(params={"name": "A"}, options=under("k"))
    sandbox.move_clock(DAY_S - 5)
    assert shop.v1.customers.create(params={"name": "A"}, options=under("k")).id == first.id
    sandbox.move_clock(DAY_S + 1)
    assert shop.v1.customers.create(params={"name": "A"}, options=under("k")).id != first.id


def test_a_key_too_long_is_refused(shop):
    assert shop.post("/v1/customers", {}, Idempotency_Key="k" * 256).status_code == 400
