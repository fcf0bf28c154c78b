"""Ways back that stay here, hosts that are hosts, and headers on every answer."""

from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, Response
from hypothesis import given, strategies as st

from portal.kit.logs import mask
from portal.kit.web import add_headers, allow_form_to, asked_host, safe_next


@pytest.fixture(scope="module")
def page():
    app = Flask("page")

    @app.get("/host")
    def host() -> str:
        return asked_host() or "none"

    @app.get("/pay")
    def pay() -> str:
        allow_form_to("https://checkout.stripe.com")
        return ""

    app.after_request(lambda answer: add_headers(answer, secure=True))
    return app.test_client()


@pytest.mark.parametrize("path", [
    "/", "/customers", "/customers/new?kind=customer&page=2", "/account/0192-aa/statement.pdf", "/a%20b",
    "/finance?q=a+b", "/a:b", "/x@y",
])
def test_ways_back_that_stay(path):
    assert safe_next(path) == path


@pytest.mark.parametrize("path", [
    None, "", "//e", "///e", "/\\e", "\\\\e", "\\/e", "/%09/e", "/%0a/e", "/%0d/e", "/%2f/e", "/%5ce", "/%5Ce",
    "https:e", "https://e", "http:/e", "javascript:alert(1)", "/\t/e", "\t//e", "/\n/e", " //e", "//e@ours", "e",
    "e.example", "?x", "#x", "/x\r\nSet-Cookie: a=b", "/x\x00", "/ü", "data:text/html,x", "/a#b", "/a\\b", "/<script>",
    "/a b", "////", "/\u2215e",
])
def test_ways_back_that_lead_away_or_are_odd(path):
    """Red with a check for a leading slash alone: browsers read `/\\e` and a tab inside `/ /e` as another host."""
    assert safe_next(path) is None


@given(st.text(alphabet=st.sampled_from("/\\.:@?#%e0925acf\t\n \x00"), max_size=12))
def test_no_way_back_ever_leaves_the_host(text):
    path = safe_next(text)
    if path is not None:
        there = urlsplit(urljoin("https://ours.example/login", path.replace("\t", "").replace("\\", "/")))
        assert (there.scheme, there.netloc) == ("https", "ours.example")


@pytest.mark.parametrize(("sent", "host"), [
    ("kauri.localhost", "kauri.localhost"), ("KAURI.localhost:8000", "kauri.localhost"), ("a-b.example", "a-b.example"),
    ("127.0.0.1:80", "127.0.0.1"), ("x", "x"),
])
def test_hosts_that_are_hosts(page, sent, host):
    assert page.get("/host", headers={"Host": sent}).text == host


@pytest.mark.parametrize("sent", [
    "", "kauri..localhost", ".kauri", "kauri.", "-kauri", "kauri-.x", "kauri/x", "kauri@x", "kauri x", "kauri:80x",
    "kauri:٨٠", "[::1]", "kauri\\x", "kauri,other", "a" * 254, "_dmarc.x", "k%61uri", "user:pass@kauri",
])
def test_hosts_that_are_none(page, sent):
    assert page.get("/host", headers={"Host": sent}).text in ("none", "") or \
        page.get("/host", headers={"Host": sent}).status_code == 400


def test_every_answer_carries_the_headers_errors_too(page):
    for path in ("/host", "/nowhere"):
        headers = page.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store" and "max-age" in headers["Strict-Transport-Security"]


def test_a_page_may_let_its_form_end_at_one_origin_and_the_next_page_not(page):
    assert "form-action 'self' https://checkout.stripe.com" in page.get("/pay").headers["Content-Security-Policy"]
    assert "form-action 'self';" in page.get("/host").headers["Content-Security-Policy"]


def test_plain_http_promises_no_https():
    app = Flask("plain")
    with app.test_request_context("/"):
        assert "Strict-Transport-Security" not in add_headers(Response(), secure=False).headers


@pytest.mark.parametrize("path", [
    "/activate/abc.def", "/invitations/abc", "/pay/abc", "/hand-over/abc", "/password/set/abc", "/password/reset/abc",
    "/webhooks/stripe/abc",
])
def test_paths_that_work_like_keys_are_masked(path):
    assert "abc" not in mask(path) and mask(path).endswith("/…")


def test_other_paths_are_written_as_they_are():
    assert mask("/customers/7/suspension") == "/customers/7/suspension"
    assert mask("/activate/") == "/activate/"
