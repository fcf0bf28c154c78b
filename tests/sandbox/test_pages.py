"""The hosted page: what it shows, what it takes, and where it leads."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

DECLINES = [
    ("4000000000000002", "card_declined", "generic_decline"),
    ("4000000000009995", "card_declined", "insufficient_funds"),
    ("4000000000000069", "expired_card", None),
    ("4000000000000127", "incorrect_cvc", None),
    ("4000000000000119", "processing_error", None),
]


def test_it_says_test_and_shows_the_shop_the_amount_and_the_reference(shop, buyer):
    page = buyer.open(shop.checkout(branding_settings={"display_name": "Kauri <Telecom>"}).url)
    for expected in ("<strong>TEST</strong>", "Kauri &lt;Telecom&gt;", "NZ$718.75", "207-0114", "F-2026-004417",
                     "Account credit"):
        assert expected in page.text
    assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("amount", "currency", "shown"), [
    (71875, "nzd", "NZ$718.75"), (5000, "jpy", "¥5,000"), (1250, "kwd", "KWD 1.250"), (100000, "isk", "ISK 1,000"),
    (1, "gbp", "£0.01"),
])
def test_amounts_read_as_their_currency_is_written(shop, buyer, amount, currency, shown):
    assert shown in buyer.open(shop.checkout(amount, currency).url).text


def test_the_page_allows_no_script_and_no_inline_style(shop, buyer):
    session = shop.checkout()
    page = buyer.open(session.url)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "form-action 'self' http://kauri.localhost:9;" in policy
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page.text)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(session.url))
    for sheet in re.findall(r'rel="stylesheet" href="([^"]+)"', page.text):
        assert buyer.open(origin + sheet).headers["Content-Type"].startswith("text/css")


def test_the_button_has_the_colour_of_the_brand_and_a_readable_label(shop, buyer):
    dark = shop.checkout(branding_settings={"button_color": "#0b3d2e"})
    light = shop.checkout(branding_settings={"button_color": "#ffe08a"})
    assert "background: #0b3d2e; color: #ffffff" in buyer.open(f"{dark.url}/brand.css").text
    assert "background: #ffe08a; color: #000000" in buyer.open(f"{light.url}/brand.css").text


@pytest.mark.parametrize("number", ["4242424242424242", "5555 5555 5555 4444"])
def test_a_good_card_pays_and_leads_back_to_the_shop(shop, buyer, number):
    session = shop.checkout()
    answer = buyer.pay(session.url, number)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://kauri.localhost:9/done?session={session.id}"
    assert shop.session(session).payment_status == "paid"


@pytest.mark.parametrize(("number", "code", "decline_code"), DECLINES)
def test_a_declined_card_leaves_the_session_open_and_another_card_can_pay(shop, buyer, number, code, decline_code):
    session = shop.checkout()
    answer = buyer.pay(session.url, number)
    assert (answer.status_code, answer.headers["Location"]) == (303, urlsplit(session.url).path)
    assert "Declined" in buyer.open(session.url).text
    found = shop.session(session, "payment_intent.latest_charge")
    error, charge = found.payment_intent.last_payment_error, found.payment_intent.latest_charge
    assert (found.status, found.payment_intent.status) == ("open", "requires_payment_method")
    assert (error.type, error.code, error.to_dict().get("decline_code")) == ("card_error", code, decline_code)
    assert (charge.status, charge.paid, charge.failure_code, error.charge) == ("failed", False, code, charge.id)
    assert shop.happened() == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
    assert buyer.pay(session.url).headers["Location"].startswith("http://kauri.localhost:9/done")
    assert shop.session(session, "payment_intent").payment_intent.last_payment_error is None


@pytest.mark.parametrize("number", ["4000002500003155", "4000000000003220"])
def test_three_d_secure_asks_and_then_pays(shop, buyer, number):
    session = shop.checkout()
    answer = buyer.pay(session.url, number)
    assert answer.headers["Location"] == f"{urlsplit(session.url).path}/challenge"
    intent = shop.session(session, "payment_intent").payment_intent
    assert (intent.status, intent.latest_charge) == ("requires_action", None)
    assert intent.next_action.redirect_to_url.url == f"{session.url}/challenge"
    assert "Complete" in buyer.open(f"{session.url}/challenge").text
    assert buyer.answer(session.url, "complete").headers["Location"].startswith("http://kauri.localhost:9/done")
    found = shop.session(session, "payment_intent.latest_charge").payment_intent
    assert (found.status, found.next_action) == ("succeeded", None)
    assert found.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert "payment_intent.requires_action" in shop.happened()


def test_three_d_secure_that_fails_is_a_decline_without_a_charge(shop, buyer):
    session = shop.checkout()
    buyer.pay(session.url, "4000002500003155")
    buyer.answer(session.url, "fail")
    intent = shop.session(session, "payment_intent").payment_intent
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert shop.happened()[-1] == "payment_intent.payment_failed"
    assert shop.v1.charges.list().data == []


def test_three_d_secure_may_be_followed_by_a_decline(shop, buyer):
    session = shop.checkout()
    buyer.pay(session.url, "4000008260003178")
    buyer.answer(session.url, "complete")
    intent = shop.session(session, "payment_intent").payment_intent
    assert intent.last_payment_error.decline_code == "insufficient_funds"


def test_three_d_secure_left_alone_waits_and_another_card_may_be_used(shop, buyer):
    session = shop.checkout()
    buyer.pay(session.url, "4000002500003155")
    assert shop.session(session, "payment_intent").payment_intent.status == "requires_action"
    assert "Continue there" in buyer.open(session.url).text
    buyer.pay(session.url)
    assert shop.session(session).payment_status == "paid"
    assert buyer.answer(session.url, "fail").headers["Location"].startswith("http://kauri.localhost:9/done")
    assert shop.session(session).payment_status == "paid"


@pytest.mark.parametrize(("typed", "field"), [
    ({"number": "4111111111111112"}, "number"), ({"number": "4111 1111 1111 1111"}, "number"),
    ({"expires": "12 / 20"}, "expires"), ({"expires": "13/34"}, "expires"), ({"expires": ""}, "expires"),
    ({"cvc": "12"}, "cvc"), ({"cvc": "abc"}, "cvc"), ({"email": "nobody"}, "email"), ({"holder": " "}, "holder"),
])
def test_a_mistake_is_shown_beside_its_field_and_nothing_is_tried(shop, buyer, typed, field):
    session = shop.checkout()
    page = buyer.pay(session.url, **typed)
    assert page.status_code == 422
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"[^>]*aria-describedby="{field}-mistake', page.text)
    assert f'id="{field}-mistake"' in page.text
    assert shop.session(session).payment_intent is None


def test_a_card_number_is_neither_shown_again_nor_kept(sandbox, shop, buyer):
    session = shop.checkout()
    page = buyer.pay(session.url, "4242424242424242", cvc="9", expires="11 / 35")
    assert 'value="11 / 35"' in page.text and 'value="9"' not in page.text
    assert not re.search(r'value="4242', page.text)
    buyer.pay(session.url, "4000002500003155")
    buyer.pay(session.url, "4242424242424242")
    kept = "\n".join(str(tuple(row)) for table in ("object", "answer", "delivery", "account")
                     for row in sandbox.world.store.rows(f"SELECT * FROM {table}"))
    assert "4242424242424242" not in kept and "4000002500003155" not in kept


def test_a_double_click_pays_once(shop, buyer):
    session = shop.checkout()
    token = buyer.token(session.url)
    with ThreadPoolExecutor(8) as clicks:
        answers = list(clicks.map(lambda _: buyer.pay(session.url, token=token), range(8)))
    assert {answer.status_code for answer in answers} == {303}
    assert len(shop.v1.charges.list().data) == 1
    assert shop.happened().count("checkout.session.completed") == 1


def test_an_old_form_does_nothing(shop, buyer):
    session = shop.checkout()
    token = buyer.token(session.url)
    buyer.pay(session.url, "4000000000000002", token=token)
    assert buyer.pay(session.url, token=token).headers["Location"] == urlsplit(session.url).path
    assert len(shop.v1.charges.list().data) == 1
    assert shop.session(session).status == "open"


@pytest.mark.parametrize(("end", "back"), [("complete", "/done"), ("expired", "/cancelled")])
def test_a_session_that_is_over_says_so_and_leads_back(shop, buyer, end, back):
    session = shop.checkout()
    if end == "complete":
        buyer.pay(session.url)
    else:
        shop.v1.checkout.sessions.expire(session.id)
    page = buyer.open(session.url)
    assert page.status_code == 200
    assert end in page.text and f'href="http://kauri.localhost:9{back}' in page.text
    assert "<form" not in page.text
    assert buyer.pay(session.url, token="any").status_code == 303


def test_leaving_leads_to_the_cancel_address(shop, buyer):
    assert 'href="http://kauri.localhost:9/cancelled"' in buyer.open(shop.checkout().url).text


def test_a_page_that_nobody_made_is_not_there(sandbox, buyer):
    assert buyer.open(f"{sandbox.url}/c/pay/cs_test_nobody").status_code == 404


def test_the_front_page_says_what_this_is_and_shows_no_key(sandbox, shop, buyer):
    intent = shop.paid(buyer).payment_intent
    page = buyer.open(sandbox.url + "/")
    for expected in ("4000 0000 0000 9995", intent.id, "NZ$718.75", "Kauri"):
        assert expected in page.text
    assert shop.key not in page.text


def test_a_name_that_only_points_here_is_refused(sandbox, buyer):
    answer = buyer.web.get(sandbox.url + "/", headers={"Host": "rebound.example"}, timeout=5)
    assert answer.status_code == 403
