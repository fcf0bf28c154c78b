"""The Session lines of SECURITY, over HTTP."""

import re

from sqlalchemy import select

from portal.identity.models import User
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.sessions import WebSession
from tests.cast import PASSWORD, Cast
from tests.conftest import HostClient
from tests.web.conftest import secure_app, signed_in

__all__ = ["secure_app", "signed_in"]
NEW = "lively badger under eaves"


def cookie(client: HostClient) -> str:
    found = client.get_cookie("portal", domain=client.host)
    assert found is not None
    return found.value


def replay(client: HostClient, value: str) -> HostClient:
    other = HostClient(client.application, client.host)
    other.set_cookie("portal", value, domain=client.host)
    return other


def test_the_name_of_the_session_changes_at_sign_in(app, cast: Cast):
    """Shown red with `rotate` left out of `begin_session`."""
    client = HostClient(app, cast.bob.host)
    client.get("/login")
    planted = cookie(client)
    client.sign_in(cast.bob)
    assert cookie(client) != planted
    assert replay(client, planted).get("/customers").status_code == 303


def test_a_session_is_dead_after_sign_out_even_when_replayed(cast: Cast, signed_in):
    """Shown red with the deletion of the stale session left out of `save_session`."""
    client = signed_in(cast.bob)
    kept = cookie(client)
    assert replay(client, kept).get("/customers").status_code == 200
    assert client.submit("/logout", page="/password/change").status_code == 303
    assert replay(client, kept).get("/customers").status_code == 303


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(cast: Cast, signed_in):
    """Shown red with `end_sessions` left out of `set_password`."""
    here, elsewhere = signed_in(cast.bob), signed_in(cast.bob)
    answers = {"present": PASSWORD, "password": NEW, "again": NEW}
    assert here.submit("/password/change", answers).status_code == 303
    assert here.get("/customers").status_code == 200
    assert elsewhere.get("/customers").status_code == 303


def test_only_a_digest_of_the_name_is_stored(cast: Cast, signed_in):
    name = cookie(signed_in(cast.bob))
    with reading(PLATFORM) as db:
        assert name not in repr([(s.digest, s.data, s.subject) for s in db.scalars(select(WebSession))])


def test_cookie_flags_over_http(app, cast: Cast):
    line = HostClient(app, cast.bob.host).get("/login").headers["Set-Cookie"]
    assert line.startswith("portal=") and "HttpOnly" in line and "SameSite=Lax" in line and "Path=/" in line
    assert "Secure" not in line and "Domain" not in line


def test_cookie_flags_over_https(secure_app, cast: Cast):
    """The name's prefix makes the browser insist on Secure, this host and path /."""
    answer = secure_app.test_client().get("/login", base_url=f"https://{cast.bob.host}/")
    line = answer.headers["Set-Cookie"]
    assert line.startswith("__Host-portal=") and "Secure" in line and "HttpOnly" in line and "Domain" not in line
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_a_password_given_by_somebody_else_must_be_changed_before_anything_else(cast: Cast, signed_in):
    """Shown red with `_insist_on_new_password` taken out."""
    client = signed_in(cast.bob)
    with transaction(cast.northwind.id) as db:
        user = db.load(User, cast.bob.id)
        assert user is not None
        user.must_change_password = True
    for path in ("/customers", "/finance/charges", "/", "/settings/gateway"):
        assert client.get(path).location == "/password/change"
    client.submit("/password/change", {"present": PASSWORD, "password": NEW, "again": NEW})
    assert client.get("/customers").status_code == 200


def test_known_and_unknown_people_get_the_same_answer_for_the_same_work(app, cast: Cast, monkeypatch):
    """Shown red with the hash of nobody left out of `is_right`."""
    from portal.identity import passwords

    calls: list[str] = []
    real = passwords._hasher.verify

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            calls.append(stored)
            return real(stored, password)

        def check_needs_rehash(self, stored: str) -> bool:
            return False

    monkeypatch.setattr(passwords, "_hasher", Counting())
    seen = []
    for login in (cast.bob.login_name, "nobody@nowhere.example"):
        calls.clear()
        client = HostClient(app, cast.bob.host)
        answer = client.submit("/login", {"login_name": login, "password": "not the password at all"})
        text = re.sub(r'name="csrf_token"[^>]*>', "", answer.text.replace(login, ""))
        seen.append((answer.status_code, text, len(calls)))
    assert seen[0] == seen[1] and seen[0][0] == 401 and seen[0][2] == 1


def test_the_answer_to_a_reset_says_nothing_about_who_exists(app, cast: Cast):
    texts = []
    for login in (cast.bob.login_name, "nobody@nowhere.example"):
        answer = HostClient(app, cast.bob.host).submit("/password/forgotten", {"login_name": login})
        texts.append((answer.status_code, answer.text))
    assert texts[0] == texts[1]


def test_guessing_is_slowed_down_without_locking_the_owner_out(app, cast: Cast):
    """Shown red with the limits taken off `sign_in`."""
    thief = HostClient(app, cast.bob.host)
    wrong = {"login_name": cast.bob.login_name, "password": "guess after guess"}
    answers = [thief.submit("/login", wrong).status_code for _ in range(11)]
    assert answers[:10] == [401] * 10 and answers[10] == 429
    owner = HostClient(app, cast.bob.host)
    right = {"csrf_token": owner.token("/login"), "login_name": cast.bob.login_name, "password": PASSWORD}
    assert owner.post("/login", data=right, environ_base={"REMOTE_ADDR": "127.0.0.9"}).status_code == 303
