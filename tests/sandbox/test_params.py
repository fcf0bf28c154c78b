"""Parameters are held against the library's own request types."""

import pytest
import stripe


@pytest.mark.parametrize(("fields", "code", "param"), [
    ({"nmae": "x"}, "parameter_unknown", "nmae"),
    ({"address[planet]": "x"}, "parameter_unknown", "address[planet]"),
    ({"name[first]": "x"}, "parameter_invalid_string", "name"),
    ({"metadata": "x"}, "parameter_invalid", "metadata"),
    ({"email": "nobody"}, "email_invalid", "email"),
    ({"balance": "5"}, "sandbox_unsupported", "balance"),
])
def test_a_wrong_parameter_is_named(shop, fields, code, param):
    answer = shop.post("/v1/customers", fields)
    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, param)


@pytest.mark.parametrize(("change", "code"), [
    ({"expires_at": "soon"}, "parameter_invalid_integer"),
    ({"mode": "sideways"}, "parameter_invalid_enum"),
    ({"payment_method_types": ["card"]}, "parameter_unknown"),
    ({"allowed_payment_method_types": ["cowrie"]}, "parameter_invalid_enum"),
    ({"line_items": []}, "parameter_missing"),
    ({"line_items": [{"quantity": 1, "price_data": {"currency": "nzd", "unit_amount": "1.5",
                                                    "product_data": {"name": "x"}}}]}, "parameter_invalid_integer"),
    ({"line_items": [{"price_data": {"unit_amount": 5, "product_data": {"name": "x"}}}]}, "parameter_missing"),
    ({"success_url": "nowhere"}, "url_invalid"),
    ({"customer": "cus_nobody"}, "resource_missing"),
    ({"branding_settings": {"button_color": "red"}}, "parameter_invalid"),
    ({"discounts": [{"coupon": "x"}]}, "sandbox_unsupported"),
    ({"mode": "subscription"}, "sandbox_unsupported"),
    ({"expand": ["secrets"]}, "parameter_invalid"),
])
def test_a_wrong_order_is_refused(shop, change, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.checkout(**change)
    assert refused.value.code == code
    assert shop.v1.checkout.sessions.list().data == []


@pytest.mark.parametrize(("amount", "currency"), [
    (0, "nzd"), (100_000_000, "nzd"), (1255, "kwd"), (150, "isk"), (5, "xxz"),
])
def test_an_amount_that_the_currency_cannot_hold_is_refused(shop, amount, currency):
    with pytest.raises(stripe.InvalidRequestError):
        shop.checkout(amount, currency)


def test_metadata_has_the_limits_of_stripe(shop):
    assert shop.post("/v1/customers", {"metadata[k]": "v" * 501}).status_code == 400
    assert shop.post("/v1/customers", {f"metadata[{'k' * 41}]": "v"}).status_code == 400
    assert shop.post("/v1/customers", {f"metadata[{n}]": "v" for n in range(51)}).status_code == 400
    assert shop.post("/v1/customers", {"metadata[k]": "v" * 500}).status_code == 200
