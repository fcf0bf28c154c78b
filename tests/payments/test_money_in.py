"""The rows of EDGES, Money in, from the second on: unknown objects, disorder, two tabs, lost answers, crashes."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from portal.accounts.lifecycle import State
from portal.kit import clock, jobs
from portal.kit.db import transaction
from portal.payments import background, flows
from portal.payments.models import Funding, WebhookEvent
from portal.payments.stripe_gateway import StripeGateway
from portal.verify import verify
from tests.payments.conftest import DECLINED, THREE_D_SECURE, VISA, Shop

COMPLETED = "checkout.session.completed"


def differences() -> list[str]:
    return [text for finding in verify() for text in finding.differences]


def session_of(shop: Shop, account_id: UUID) -> str:
    return str(shop.fundings(account_id)[-1].checkout_session)


def sessions_at_gateway(shop: Shop) -> int:
    with shop.gateway.world.store.transaction():
        rows = shop.gateway.world.store.newest("checkout.session", 10_000)
    return len(rows)


def event_rows(shop: Shop) -> list[WebhookEvent]:
    return shop.ask(lambda db: list(db.scalars(select(WebhookEvent))))


def test_webhook_for_an_object_we_do_not_know_is_stored_and_tried_again(shop: Shop):
    """Shown red with the look-up of an unknown funding noted as handled."""
    account_id = shop.customer()
    opened = shop.open(account_id)
    shop.pay(opened.url)
    session = session_of(shop, account_id)
    with transaction(shop.company.id) as db:
        hidden = UUID(int=7)
        db.execute(update(Funding).where(Funding.id == opened.funding_id).values(id=hidden))
    assert shop.deliver(shop.event(COMPLETED, session)) == 200
    shop.work()
    (event,) = event_rows(shop)
    assert event.handled_at is None and event.outcome == "no such funding here yet"
    with transaction(shop.company.id) as db:
        db.execute(update(Funding).where(Funding.id == hidden).values(id=opened.funding_id))
    shop.hurry()
    shop.work()
    assert event_rows(shop)[0].outcome == "settled"
    assert shop.account(account_id).state == State.ACTIVE


def test_event_about_somebody_elses_object_is_kept_and_settles_nothing(shop: Shop):
    assert shop.deliver(shop.event("charge.updated", "ch_unknown", payment_intent="pi_unknown")) == 200
    shop.work()
    assert event_rows(shop)[0].outcome == "not about a payment of ours"
    assert shop.entries("funding:") == []


def test_events_out_of_order_and_three_days_late_only_move_forward(shop: Shop):
    account_id = shop.customer()
    opened = shop.open(account_id)
    shop.pay(opened.url, DECLINED)
    shop.pay(opened.url)
    session = session_of(shop, account_id)
    assert shop.deliver(shop.event(COMPLETED, session)) == 200
    shop.work()
    late = shop.event("payment_intent.payment_failed", shop.fundings(account_id)[0].payment_intent or "")
    assert shop.deliver(late) == 200
    shop.work()
    (funding,) = shop.fundings(account_id)
    assert funding.state == "succeeded"
    assert shop.account(account_id).state == State.ACTIVE
    assert shop.deliver(shop.event(COMPLETED, session), age_s=3 * 86_400) == 400


def test_double_click_two_tabs_and_the_back_button_share_one_card_page(shop: Shop):
    """Shown red with the search for an open funding in `open_funding` left out: the database refuses the second."""
    account_id = shop.customer()
    first = shop.open(account_id)
    assert [shop.open(account_id) for _ in range(3)] == [first] * 3
    assert len(shop.fundings(account_id)) == 1


def test_another_amount_closes_the_older_card_page(shop: Shop):
    account_id = shop.customer()
    first = shop.open(account_id)
    second = shop.open(account_id, 20_000)
    assert second.funding_id != first.funding_id
    assert {f.amount_minor: f.state for f in shop.fundings(account_id)} == {10_000: "expired", 20_000: "pending"}
    assert "Nothing was taken" not in shop.pay(second.url).text


def test_another_amount_after_the_first_was_paid_takes_nothing_more(shop: Shop):
    account_id = shop.customer()
    first = shop.open(account_id)
    shop.pay(first.url)
    again = shop.open(account_id, 20_000)
    assert again.url is None
    assert [f.amount_minor for f in shop.fundings(account_id)] == [10_000]
    assert shop.account(account_id).state == State.ACTIVE


def test_an_answer_lost_after_the_work_was_done_is_found_and_not_made_twice(shop: Shop):
    """Shown red with the look-up left out and a new key used."""
    account_id = shop.customer()
    before = sessions_at_gateway(shop)
    shop.gateway.answer_lost(times=2, path="/v1/checkout/sessions")
    with pytest.raises(flows.PaymentPageClosed) as closed:
        shop.open(account_id)
    assert closed.value.moved == "No money was taken."
    assert [f.state for f in shop.fundings(account_id)] == ["unknown"]
    opened = shop.open(account_id)
    assert sessions_at_gateway(shop) == before + 1
    shop.pay(opened.url)
    assert shop.refresh(opened.funding_id).state == "succeeded"


def test_an_error_cached_under_the_key_is_looked_up_before_a_new_key_is_used(shop: Shop):
    """Shown red with `after_look_up` keeping the attempt: the cached error comes back for ever."""
    account_id = shop.customer()
    shop.gateway.cached_500(times=1, path="/v1/checkout/sessions")
    with pytest.raises(flows.PaymentPageClosed):
        shop.open(account_id)
    (funding,) = shop.fundings(account_id)
    assert funding.state == "unknown" and funding.attempt == 1
    opened = shop.open(account_id)
    (funding,) = shop.fundings(account_id)
    assert funding.attempt == 2 and opened.url
    shop.pay(opened.url)
    assert shop.refresh(opened.funding_id).state == "succeeded"


def test_the_gateway_being_down_changes_nothing_and_can_be_tried_again(shop: Shop):
    account_id = shop.customer()
    shop.gateway.down()
    with pytest.raises(flows.PaymentPageClosed):
        shop.open(account_id)
    assert shop.entries("funding:") == []
    shop.gateway.down(False)
    assert shop.open(account_id).url


class Crash(BaseException):
    """The process is gone at this point."""


@pytest.mark.parametrize("method", ["create_customer", "create_checkout", "checkout"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_around_any_call_is_resolved_by_the_janitor(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, method: str, when: str
):
    """The process dies right before or right after a call; nothing is lost, nothing is made twice."""
    account_id = shop.customer()
    real = getattr(StripeGateway, method)

    def dies(self, *args, **kwargs):
        if when == "after":
            real(self, *args, **kwargs)
        raise Crash

    if method == "checkout":
        shop.open(account_id)
    with monkeypatch.context() as patch:
        patch.setattr(StripeGateway, method, dies)
        with pytest.raises(Crash):
            shop.open(account_id)
    assert len(shop.fundings(account_id)) == 1
    _run_janitor(shop)
    opened = shop.open(account_id)
    assert len(shop.fundings(account_id)) == 1
    shop.pay(opened.url)
    _run_janitor(shop, after=timedelta(hours=1))
    assert shop.account(account_id).state == State.ACTIVE
    assert len(shop.entries("funding:")) == 1 and differences() == []


def test_the_janitor_finds_a_payment_whose_webhook_never_came_and_does_not_regress_it(shop: Shop):
    account_id = shop.customer()
    opened = shop.open(account_id)
    shop.pay(opened.url)
    _run_janitor(shop)
    assert shop.account(account_id).state == State.ACTIVE
    _run_janitor(shop)
    assert [f.state for f in shop.fundings(account_id)] == ["succeeded"]


def test_3d_secure_abandoned_waits_then_expires_and_can_be_begun_anew(shop: Shop):
    account_id = shop.customer()
    opened = shop.open(account_id)
    shop.pay(opened.url, THREE_D_SECURE)
    assert shop.refresh(opened.funding_id).state == "pending"
    assert shop.open(account_id) == opened
    shop.gateway.move_clock(24 * 3600)
    assert shop.refresh(opened.funding_id).state == "expired"
    shop.gateway.move_clock(0)
    assert shop.account(account_id).state == State.INACTIVE and shop.entries("funding:") == []
    again = shop.open(account_id)
    assert again.funding_id != opened.funding_id
    shop.pay(again.url, VISA)
    assert shop.refresh(again.funding_id).state == "succeeded"


def test_a_funding_the_gateway_never_heard_of_ends_by_itself(shop: Shop):
    account_id = shop.customer()
    shop.gateway.down()
    with pytest.raises(flows.PaymentPageClosed):
        shop.open(account_id)
    shop.gateway.down(False)
    _run_janitor(shop, after=timedelta(minutes=31))
    assert [f.state for f in shop.fundings(account_id)] == ["failed"]
    assert shop.open(account_id).url


def test_an_unknown_funding_is_flagged_within_the_hour(shop: Shop):
    account_id = shop.customer()
    shop.open(account_id)
    shop.gateway.down()
    with pytest.raises(flows.PaymentNotConfirmed) as refused:
        shop.open(account_id)
    assert "do not know yet" in refused.value.moved
    _run_janitor(shop, after=timedelta(hours=1, minutes=6))
    (funding,) = shop.fundings(account_id)
    assert (funding.last_problem or "").startswith("flagged")


def _run_janitor(shop: Shop, after: timedelta = timedelta(minutes=5)) -> None:
    """The janitor's job and what it starts, as if some minutes had passed."""
    later = clock.now() + after
    with clock.reading(lambda: later):
        background.find_open_fundings({})
        shop.work()


def test_declined_cards_take_nothing_and_write_one_letter(shop: Shop):
    account_id = shop.customer()
    opened = shop.open(account_id)
    for _ in range(2):
        shop.pay(opened.url, DECLINED)
        shop.refresh(opened.funding_id)
    (funding,) = shop.fundings(account_id)
    assert funding.state == "pending" and funding.last_decline == "insufficient_funds"
    assert len(shop.letters("payment-failed", account_id)) == 1
    assert shop.credit(account_id) == 0


def test_the_jobs_of_this_room_are_registered():
    assert {"payments.janitor", "payments.look-up", "payments.refund", "payments.close"} <= set(jobs.registry.handlers)
