"""The Web and Access lines of SECURITY: headers on every answer, form tokens, ways back, hosts, and bad input."""

import re

import pytest
from flask import Flask, render_template
from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404
from portal.billing.models import Charge
from portal.kit.db import reading, transaction
from portal.kit.sheets import safe
from portal.letters.flows import render
from portal.letters.models import Letter
from portal.whitelabels.queries import white_label
from tests.cast import PASSWORD, Cast
from tests.conftest import HostClient
from tests.web.conftest import signed_in

__all__ = ["signed_in"]
OF_MACHINES = ("webhooks.receive", "mail_webhook.receive", "provisioning.freeswitch_directory")
HOSTILE = '"><script>alert(1)</script>&{{7*7}}'


def policy_holds(answer) -> None:
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in answer.headers


def test_every_answer_carries_the_policy_errors_too(app: Flask, cast: Cast, signed_in, monkeypatch):
    """Shown red with `add_headers` left out of `finish`."""
    bob = signed_in(cast.bob)
    client = HostClient(app, cast.bob.host)
    answers = {
        200: client.get("/login"), 303: client.get("/customers"), 404: client.get("/nothing"),
        405: client.put("/login"), 400: client.post("/login"), 410: client.get("/activate/x"),
        413: client.post("/login", data={"csrf_token": "x" * 2_000_000}), 422: bob.submit("/settings/gateway"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        policy_holds(answer)
    wrong = {"login_name": "x", "password": "y"}
    limited = [client.submit("/login", wrong) for _ in range(11)][-1]
    assert limited.status_code == 429
    policy_holds(limited)
    monkeypatch.setattr("portal.customers.listing.list_page", lambda *args: 1 / 0)
    broken = bob.get("/customers")
    assert broken.status_code == 500 and "Traceback" not in broken.text and "ZeroDivision" not in broken.text
    policy_holds(broken)


@pytest.mark.parametrize("host", ["nobody.example", "northwind.localhost.evil.example", "NORTHWIND.localhost:1:2",
                                  "a b", "northwind.localhost/x", "[::1]", "-", "northwind.localhost:x", ""])
def test_a_host_that_is_nobodys_has_no_pages(app: Flask, host: str):
    answer = app.test_client().get("/login", headers={"Host": host})
    assert answer.status_code in (400, 404) and "Northwind" not in answer.text
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


def test_every_post_refuses_a_form_without_its_token(app: Flask, cast: Cast, signed_in):
    """Shown red with CSRFProtect left out of the extensions."""
    zero = "00000000-0000-0000-0000-000000000000"
    clients = {False: signed_in(cast.bob), True: signed_in(cast.olga)}
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or set()) and rule.endpoint not in OF_MACHINES:
            path = re.sub(r"<int:\w+>", "1", re.sub(r"<uuid:\w+>", zero, rule.rule))
            answer = clients[path.startswith("/operator")].post(path, data={"name": "x"})
            assert answer.status_code == 400 and "too old" in answer.text, path


@pytest.mark.parametrize("way", ["//evil.example", "/\\evil.example", "/%09/evil.example", "https:evil.example",
                                 "https://evil.example", "\t//evil.example", "/\t/evil.example", "javascript:alert(1)",
                                 "/%2f/evil.example", "///evil.example", "/\r\nX: y", "\\\\evil.example"])
def test_the_way_back_after_sign_in_leads_to_our_own_paths_only(app: Flask, cast: Cast, way: str):
    """Shown red with `safe_next` returning what it is given."""
    client = HostClient(app, cast.bob.host)
    answers = {"login_name": cast.bob.login_name, "password": PASSWORD, "next": way}
    answer = client.submit("/login", answers)
    assert (answer.status_code, answer.location) == (303, "/")


def test_the_way_back_to_a_page_of_ours_is_kept(app: Flask, cast: Cast):
    client = HostClient(app, cast.bob.host)
    asked = client.get("/customers?state=active")
    assert asked.location == "/login?next=%2Fcustomers%3Fstate%3Dactive"
    answers = {"login_name": cast.bob.login_name, "password": PASSWORD, "next": "/customers?state=active"}
    assert client.submit("/login", answers).location == "/customers?state=active"


def test_a_reset_letter_leads_to_the_stored_host_whatever_the_request_said(app: Flask, cast: Cast):
    """The letter is made by the worker from the stored host, where no request is at hand to be believed."""
    client = HostClient(app, cast.bob.host)
    poison = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Original-Host": "evil.example"}
    data = {"csrf_token": client.token("/password/forgotten"), "login_name": cast.bob.login_name}
    assert client.post("/password/forgotten", data=data, headers=poison).status_code == 200
    with app.app_context(), reading(cast.northwind.id) as db:
        letter = db.scalars(select(Letter).where(Letter.name == "password-reset")).one()
        message = render(letter, white_label(db))
    assert "http://northwind.localhost/password/reset/" in message.body and "evil" not in message.body + message.html


def test_forwarded_addresses_count_only_when_a_proxy_is_trusted(app: Flask, cast: Cast):
    client = HostClient(app, cast.bob.host)
    for n in range(11):
        token = client.token("/login")
        data = {"csrf_token": token, "login_name": cast.bob.login_name, "password": "wrong every time"}
        last = client.post("/login", data=data, headers={"X-Forwarded-For": f"10.0.0.{n}"})
    assert last.status_code == 429


def test_extra_form_fields_change_nothing(cast: Cast, signed_in):
    bob = signed_in(cast.bob)
    more = {"reason": "unpaid", "state": "closed", "administration": "white_label", "credit_limit_minor": "999999",
            "white_label_id": str(cast.kauri.id), "name": "Renamed", "plan_id": "", "activated_at": ""}
    path = f"/customers/{cast.acme}/suspension"
    assert bob.submit(path, more).status_code == 303
    with reading(cast.northwind.id) as db:
        account = db.load(Account, cast.acme)
        assert account is not None
        assert (account.state, account.administration, account.name) == ("suspended", "customer", "Acme Limited")
        assert account.credit_limit_minor == 0 and account.plan_id is not None


def test_markup_in_a_name_is_shown_as_it_was_typed(app: Flask, cast: Cast, signed_in):
    """Shown red with `|safe` after the name in the list."""
    with transaction(cast.northwind.id) as db:
        held_customer_or_404(db, cast.acme).name = HOSTILE
    bob, fiona = signed_in(cast.bob), signed_in(cast.fiona)
    for page in (bob.get("/customers"), bob.get(f"/customers/{cast.acme}"), bob.get("/finance/charges?month=2026-11"),
                 fiona.get("/finance/charges?month=2026-11"), bob.get(f"/customers/{cast.acme}/closure"),
                 signed_in(cast.alice).get(f"/account/{cast.acme}"), bob.get(f"/customers?q={HOSTILE}")):
        assert page.status_code == 200
        assert "<script>alert" not in page.text and "{{7*7}}" in page.text


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM", "\tx", "\rx", "\x00x"])
def test_a_cell_that_looks_like_a_formula_is_quoted(cast: Cast, signed_in, start: str):
    """Shown red with `safe` returning its input."""
    assert safe(start) == f"'{start}"
    if start.isprintable():
        with transaction(cast.northwind.id) as db:
            held_customer_or_404(db, cast.acme).name = start
        with reading(cast.northwind.id) as db:
            day = db.scalars(select(Charge.day)).first()
        text = signed_in(cast.fiona).get(f"/finance/charges.csv?month={day:%Y-%m}").text
        assert f"'{start}" in text and f",{start}," not in text and ",4.00," in text


@pytest.mark.parametrize("query", ["before=x", "after=2026-01-01_x", "month=2026-13", "month=x", "customer=x",
                                   "before=2026-99-01_00000000-0000-0000-0000-000000000000"])
def test_a_query_that_cannot_be_read_is_a_clear_400(cast: Cast, signed_in, query: str):
    answer = signed_in(cast.fiona).get(f"/finance/charges?{query}")
    assert answer.status_code == 400 and "No money moved" in answer.text.replace("no money moved", "No money moved")


OPERATOR_FORMS = ("credit", "credit-limit", "plans", "staff")
BAD = ["", " ", "x" * 10_000, "a\x00b", "a\r\nBcc: evil@x.example", "\u202eevil", "\U0001f600" * 300,
       "'; drop table account; --", HOSTILE, "-1", "NaN", "1e400", "0.001", "1" + "0" * 18]


@pytest.mark.parametrize("bad", BAD)
def test_hostile_values_in_every_field_of_every_form_break_nothing(cast: Cast, signed_in, bad: str):
    """Each page's own form, each field in turn: an answer below 500 that is no redirect to somewhere strange."""
    bob, olga = signed_in(cast.bob), signed_in(cast.olga)
    start = bob.submit("/customers/new", {"administration": "white_label"}).location
    white_label = f"/operator/white-labels/{cast.northwind.id}"
    bobs = [start, start.replace("contact", "addresses"), start.replace("contact", "plan"), "/customers/new",
            "/settings/gateway", "/password/change", f"/customers/{cast.acme}/suspension",
            f"/customers/{cast.acme}/closure"]
    olgas = ["/operator/white-labels/new", *(f"{white_label}/{form}" for form in OPERATOR_FORMS)]
    fields = ("name", "primary_domain", "display_name", "login_name", "alternate_email", "password", "again", "line1",
              "city", "country", "contact_phone", "contact_email", "plan", "first_day", "administration", "key",
              "reason", "host", "currency", "colour", "time_zone", "locale", "wholesale_tax", "credit-amount",
              "credit-reason", "credit-request_id", "limit-amount", "plan-code", "plan-retail", "plan-wholesale",
              "plan-tax", "staff-email", "staff-role", "present")
    values = dict.fromkeys(fields, bad)
    for browser, path in [*((bob, path) for path in bobs), *((olga, path) for path in olgas)]:
        page = path.rsplit("/", 1)[0] if path.endswith(OPERATOR_FORMS) else path
        answer = browser.submit(path, values, page=page)
        if path.endswith(("suspension", "closure", "credit-limit")) and answer.status_code == 303:
            continue  # the words are a fair reason, or the figure a fair limit
        assert 400 <= answer.status_code < 500, (path, bad[:20], answer.status)


def test_the_tab_shows_the_white_label(app: Flask, cast: Cast):
    """Without one, browsers ask for a picture that is not there. Red when the name is not escaped."""
    assert '<link rel="icon" href="/icon.svg"' in HostClient(app, cast.northwind.host).get("/login").text
    answer = HostClient(app, cast.northwind.host).get("/icon.svg")
    assert answer.mimetype == "image/svg+xml" and ">N</text>" in answer.text
    with app.test_request_context():
        assert "&lt;</text>" in render_template("house/icon.svg", letter="<")
