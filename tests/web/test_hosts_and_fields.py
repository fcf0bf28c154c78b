"""More lines of SECURITY: which host was asked, who keeps guessing, and what a form takes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Account, Membership
from portal.accounts.queries import white_label_account
from portal.app import create_app
from portal.identity.commands import add_user, send_password_link
from portal.identity.models import User
from portal.kit import settings as kit_settings, tokens
from portal.kit.db import database, reading, transaction
from portal.kit.ids import new_id
from portal.kit.limits import limiter
from tests.cast import PASSWORD, Cast, password_hash
from tests.conftest import HostClient
from tests.web.conftest import secure_app, signed_in
from tests.web.test_headers_and_forms import policy_holds

__all__ = ["secure_app", "signed_in"]
NEW = "lively badger under eaves"
POISON = {
    "X-Forwarded-Host": "kauri.localhost",
    "Forwarded": "host=kauri.localhost;proto=https",
    "X-Host": "kauri.localhost",
    "X-Original-Host": "kauri.localhost",
    "X-Forwarded-Server": "kauri.localhost",
    "X-Forwarded-Prefix": "/evil",
}


@pytest.mark.parametrize("proxies", [0, 1])
def test_no_header_but_host_chooses_the_tenant(change_settings: Callable[..., Any], cast: Cast, proxies: int):
    """Shown red with `x_host=1` for ProxyFix and with `X-Forwarded-Host` read in `asked_host`."""
    change_settings(trusted_proxies=proxies)
    app = create_app(kit_settings.current())
    limiter.reset()
    try:
        client = HostClient(app, cast.northwind.host)
        answer = client.get("/login", headers=POISON)
        assert answer.status_code == 200 and "Northwind" in answer.text and "Kauri" not in answer.text
        led = client.get("/customers", headers=POISON)
        assert led.location == "/login?next=%2Fcustomers"
        assert HostClient(app, "nobody.example").get("/login", headers=POISON).status_code == 404
    finally:
        database().dispose()


@pytest.mark.parametrize(("host", "status"), [("nobody.example", 404), ("a b", 400), ("-", 400), ("", 400)])
def test_an_unknown_host_gets_a_plain_page_with_the_whole_policy(app: Flask, host: str, status: int):
    """Shown red with `add_headers` left out of `finish`."""
    for method, path in (("GET", "/"), ("GET", "/login"), ("GET", "/nothing"), ("POST", "/login"), ("PUT", "/login")):
        answer = app.test_client().open(path, method=method, headers={"Host": host})
        assert answer.status_code == status and "Set-Cookie" not in answer.headers
        assert not any(name in answer.text for name in ("Northwind", "Kauri", "Highwire", "<form"))
        policy_holds(answer)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1"])
def test_ones_own_machine_says_which_portals_there_are_unless_it_is_in_production(app: Flask, host: str):
    """Red when production answers so, too: then anybody would learn who the customers of the operator are."""
    answer = app.test_client().get("/", headers={"Host": host})
    assert answer.status_code == 404 and "Set-Cookie" not in answer.headers
    for name, place in (("Northwind Telecom", "northwind.localhost"), ("Highwire", "operator.localhost")):
        assert name in answer.text and f'href="{kit_settings.current().address(place)}"' in answer.text
    policy_holds(answer)
    kit_settings.install(replace(kit_settings.current(), environment="production"))
    assert "Northwind" not in app.test_client().get("/", headers={"Host": host}).text


def test_https_is_insisted_on_in_every_answer_of_a_secure_portal(secure_app: Flask, cast: Cast):
    """Shown red with the header set only when the status is 200."""
    client = secure_app.test_client()
    base = f"https://{cast.bob.host}/"
    answers = {
        200: client.get("/login", base_url=base),
        303: client.get("/customers", base_url=base),
        404: client.get("/nothing", base_url=base),
        405: client.put("/login", base_url=base),
        400: client.get("/", headers={"Host": "a b"}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_over_https_a_cookie_of_one_host_or_of_the_plain_name_is_worth_nothing(secure_app: Flask, cast: Cast):
    """Shown red with the host left out of `open_session`, and of `load_user`: two walls, so both had to go."""
    bob = HostClient(secure_app, cast.bob.host)
    base = {"base_url": f"https://{cast.bob.host}/"}
    page = bob.get("/login", **base).text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"csrf_token": token, "login_name": cast.bob.login_name, "password": PASSWORD}
    assert bob.post("/login", data=form, **base).status_code == 303
    assert bob.get("/customers", **base).status_code == 200
    kept = bob.get_cookie("__Host-portal", domain=cast.bob.host)
    assert kept is not None and kept.secure and kept.http_only and kept.path == "/"
    places = {
        (cast.bob.host, "__Host-portal"): 200,
        (cast.kauri.host, "__Host-portal"): 303,
        (cast.operator.host, "__Host-portal"): 303,
        (cast.bob.host, "portal"): 303,
    }
    for (host, name), status in places.items():
        other = secure_app.test_client(use_cookies=False)  # one that keeps cookies drops a header given by hand
        answer = other.get("/password/change", base_url=f"https://{host}/", headers={"Cookie": f"{name}={kept.value}"})
        assert answer.status_code == status, (host, name)
        assert status == 200 or answer.location.startswith("/login")


@pytest.mark.parametrize("spelling", ["port", "letters of the host", "letters of the login", "spaces"])
def test_another_spelling_of_host_or_login_is_no_new_try(app: Flask, cast: Cast, spelling: str):
    """Red before the throttle read host and login as the pages do: each port was ten more guesses."""
    client = HostClient(app, cast.bob.host)
    token, statuses = client.token("/login"), []
    for n in range(12):
        host, login = cast.bob.host, cast.bob.login_name
        mixed = [c.upper() if n >> i & 1 else c for i, c in enumerate("northwind")]
        if spelling == "port":
            host = f"{host}:{8000 + n}"
        elif spelling == "letters of the host":
            host = f"{''.join(mixed)}.localhost"
        elif spelling == "letters of the login":
            login = f"bob@{''.join(mixed)}.example"
        else:
            login = f"{' ' * n}{login}"
        form = {"csrf_token": token, "login_name": login, "password": "guess after guess"}
        statuses.append(client.post("/login", data=form, headers={"Host": host}).status_code)
    assert statuses == [401] * 10 + [429] * 2


def test_while_guesses_are_slowed_down_the_right_one_says_nothing_either(app: Flask, cast: Cast):
    """Shown red with the limits taken off `sign_in`. Somebody else at the same address may still sign in."""
    thief = HostClient(app, cast.bob.host)
    for _ in range(10):
        thief.submit("/login", {"login_name": cast.bob.login_name, "password": "guess after guess"})
    assert thief.submit("/login", {"login_name": cast.bob.login_name, "password": PASSWORD}).status_code == 429
    HostClient(app, cast.fiona.host).sign_in(cast.fiona)


@pytest.mark.parametrize("state", ["no password yet", "disabled"])
def test_a_person_who_cannot_sign_in_looks_like_nobody(app: Flask, cast: Cast, monkeypatch, state: str):
    """Shown red with `known.is_active` judged before the password, which answers without the work."""
    from portal.identity import passwords

    with transaction(cast.northwind.id) as db:
        user = add_user(
            db,
            login_name="dan@northwind.example",
            display_name="Dan",
            email="dan@northwind.example",
            password_hash=None if state == "no password yet" else password_hash(),
        )
        user.disabled_at = None if state == "no password yet" else user.created_at
    calls: list[str | None] = []
    real = passwords.is_right
    monkeypatch.setattr(passwords, "is_right", lambda word, stored: calls.append(stored) or real(word, stored))
    seen = []
    for login in ("dan@northwind.example", "xyz@northwind.example"):
        calls.clear()
        client = HostClient(app, cast.bob.host)
        token = client.token("/login")
        answer = client.post("/login", data={"csrf_token": token, "login_name": login, "password": PASSWORD})
        body = answer.text.replace(login, "").replace(token, "")
        seen.append((answer.status_code, body.split("csrf_token")[0], len(calls)))
    assert seen[0] == seen[1] and seen[0][0] == 401 and seen[0][2] == 1


def test_a_password_set_by_letter_ends_every_session_of_its_person(app: Flask, cast: Cast, signed_in):
    """Shown red with `end_sessions` left out of `set_password`."""
    here, fiona = signed_in(cast.bob), signed_in(cast.fiona)
    with transaction(cast.northwind.id) as db:
        bob = db.load(User, cast.bob.id)
        link = send_password_link(db, bob, "password-reset")
        token = tokens.issue("password-reset", db.tenant, link.id, bob.email)
    elsewhere = HostClient(app, cast.bob.host)
    assert elsewhere.get(f"/password/reset/{token}").location == "/password/new"
    assert elsewhere.submit("/password/new", {"password": NEW, "again": NEW}).location == "/login"
    assert here.get("/customers").location.startswith("/login")
    assert fiona.get("/finance/charges").status_code == 200
    assert elsewhere.get("/customers").location.startswith("/login"), "a link is no sign-in"


def test_a_hostile_way_back_is_not_even_written_into_the_page(app: Flask, cast: Cast):
    """Shown red with `safe_next` returning what it is given."""
    client = HostClient(app, cast.bob.host)
    for way in (
        "//evil.example",
        "/%5Cevil.example",
        "https:evil.example",
        "https://evil.example",
        "/%2509/evil.example",
    ):
        assert "evil." not in client.get(f"/login?next={way}").text, way


def more(cast: Cast) -> dict[str, str]:
    """Fields that no page has: what somebody would add who has read the models."""
    names = (
        "state",
        "administration",
        "credit_limit_minor",
        "white_label_id",
        "role",
        "kind",
        "number",
        "id",
        "is_primary",
        "activated_at",
        "must_change_password",
        "password_hash",
        "created_by",
        "user_id",
    )
    values = (
        "active",
        "customer",
        "999999",
        str(cast.kauri.id),
        "administrator",
        "white_label",
        "1",
        str(cast.acme),
        "1",
        "2026-01-01",
        "",
        "x",
        "Eve",
        str(cast.charlie.id),
    )
    return dict(zip(names, values, strict=True))


def test_extra_fields_change_nothing_on_any_step_of_a_new_customer(cast: Cast, signed_in):
    """Shown red with the form's `credit_limit_minor` written to the account that `create` made."""
    bob, extra = signed_in(cast.bob), more(cast)
    start = bob.submit("/customers/new", {**extra, "administration": "white_label"}).location
    draft = start.rsplit("/", 1)[0]
    word = "copper kettle on a sill"
    steps = {
        "contact": {
            "name": "Birch",
            "primary_domain": "birch.example",
            "display_name": "Dora",
            "again": word,
            "login_name": "dora@birch.example",
            "password": word,
        },
        "addresses": {
            "line1": "1 High Street",
            "city": "Leeds",
            "postcode": "LS1 4AP",
            "country": "GB",
            "same_address": "y",
            "service_country": "GB",
        },
        "plan": {"plan": str(cast.northwind.plans["desk"])},
    }
    for step, form in steps.items():
        assert bob.submit(f"{draft}/{step}", {**extra, **form}).status_code == 303, step
    made = bob.submit(f"{draft}/creation", extra, page=f"{draft}/review").location
    with reading(cast.northwind.id) as db:
        account = db.scalars(select(Account).where(Account.name == "Birch")).one()
        assert made == f"/customers/{account.id}/created"
        assert (account.state, account.administration, account.kind) == ("inactive", "white_label", "customer")
        assert account.credit_limit_minor == 0 and account.created_by != "Eve" and account.number != "1"
        dora = db.scalars(select(User).where(User.login_name == "dora@birch.example")).one()
        assert dora.must_change_password and dora.password_hash != "x"
        assert {m.user_id for m in db.scalars(select(Membership).where(Membership.account_id == account.id))} == {
            dora.id,
            cast.bob.id,
        }


def test_extra_fields_change_nothing_in_a_persons_own_forms(cast: Cast, signed_in):
    """Shown red with the form's `email` written to the person in `_change`."""
    fiona, extra = signed_in(cast.fiona), {**more(cast), "login_name": "eve@evil.example", "email": "eve@evil.example"}
    answers = {**extra, "present": PASSWORD, "password": NEW, "again": NEW}
    assert fiona.submit("/password/change", answers).status_code == 303
    assert fiona.get("/customers").status_code == 403
    with reading(cast.northwind.id) as db:
        user = db.load(User, cast.fiona.id)
        assert user is not None and (user.login_name, user.email) == (cast.fiona.login_name, cast.fiona.login_name)
        membership = db.scalars(select(Membership).where(Membership.user_id == cast.fiona.id)).one()
        assert membership.role == "finance"


def test_extra_fields_change_nothing_when_the_operator_invites_or_credits(cast: Cast, signed_in):
    """Shown red with the form's unprefixed `role` given to the invited person."""
    olga, path = signed_in(cast.olga), f"/operator/white-labels/{cast.northwind.id}"
    extra = {f"{prefix}{name}": text for prefix in ("", "staff-", "limit-") for name, text in more(cast).items()}
    invited = {**extra, "staff-name": "Dan", "staff-email": "dan@northwind.example", "staff-role": "finance"}
    assert olga.submit(f"{path}/staff", invited, page=path).status_code == 303
    limit = {**extra, "limit-amount": "12", "limit-reason": "Agreed", "limit-request_id": str(new_id())}
    assert olga.submit(f"{path}/credit-limit", limit, page=path).status_code == 303
    with reading(cast.northwind.id) as db:
        dan = db.scalars(select(User).where(User.login_name == "dan@northwind.example")).one()
        assert dan.password_hash is None
        assert [m.role for m in db.scalars(select(Membership).where(Membership.user_id == dan.id))] == ["finance"]
        account = white_label_account(db)
        assert (account.credit_limit_minor, account.kind, account.state) == (1200, "white_label", "active")
    invited["staff-role"], invited["staff-email"] = "operator", "eve@northwind.example"
    assert olga.submit(f"{path}/staff", invited, page=path).status_code == 422


@pytest.mark.parametrize("path", ["/login", "/activate/a-token-that-works", "/brand.css"])
def test_a_database_that_fails_on_arrival_is_told_by_a_page_and_no_token_is_logged(
    app: Flask, cast: Cast, path: str, capfd: pytest.CaptureFixture[str]
):
    """Red when the session raises while it is opened: an empty answer without headers, and the path in Flask's log."""
    platform = database().platform
    with platform.begin() as connection:
        connection.exec_driver_sql("alter table white_label rename to elsewhere")
    try:
        answer = HostClient(app, cast.bob.host).get(path)
    finally:
        with platform.begin() as connection:
            connection.exec_driver_sql("alter table elsewhere rename to white_label")
    assert answer.status_code == 500 and "no money moved" in answer.text
    policy_holds(answer)
    assert "a-token-that-works" not in "".join(capfd.readouterr())
