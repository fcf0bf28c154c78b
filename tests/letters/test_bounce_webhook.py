"""The webhook for mail services: signed, fresh, small, and harmless twice."""

import json

import pytest
from structlog.testing import capture_logs

from portal.identity.commands import send_password_link
from portal.identity.models import User
from portal.letters import webhook
from portal.letters.report import LONGEST
from portal.letters.webhook import TOLERANCE_S, signature, slug
from tests.conftest import HostClient
from tests.letters.reports import auto_reply, group, report

SECRET = "a secret of the mail service that is long"
RAW, JSON = "message/rfc822", "application/json"


class Service:
    """A mail service that knows the secret."""

    def __init__(self, app, host, clock):
        self.app, self.host, self.clock = app, host, clock

    def send(self, body, kind=JSON, *, secret=SECRET, at=0.0, path=None, host=None, **headers):
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        stamp = str(int(self.clock().timestamp() + at))
        told = {"X-Portal-Timestamp": stamp, "X-Portal-Signature": signature(body, stamp, secret), **headers}
        client = HostClient(self.app, host or self.host)
        return client.post(path or f"/webhooks/mail/{slug(SECRET)}", data=body, content_type=kind, headers=told)


@pytest.fixture
def service(delivering, cast, clock, change_settings):
    change_settings(mail_bounces_secret=SECRET)
    return Service(delivering, cast.operator.host, clock)


@pytest.fixture
def letter(outbox, alice):
    outbox.do(lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))
    outbox.deliver()
    return outbox.letter()


@pytest.fixture
def message_id(office, letter):
    return office.letters()[0]["Message-ID"]


def short(message_id, /, **differing):
    told = {"message_id": message_id, "action": "failed", "status": "5.1.1", "answer": "550 no such user"}
    return {**told, **differing}


def test_the_message_itself(service, outbox, message_id):
    answer = service.send(report(message_id), RAW)
    assert (answer.status_code, answer.json) == (200, {"outcome": "bounced"})
    assert outbox.letter().state == "bounced"


def test_the_short_form(service, outbox, message_id):
    answer = service.send(short(message_id, more={"is": "left alone"}))
    assert (answer.status_code, answer.json) == (200, {"outcome": "bounced"})
    assert (outbox.letter().state, outbox.letter().last_answer) == ("bounced", "550 no such user")


def test_twice_is_once(service, outbox, message_id):
    service.send(short(message_id))
    assert service.send(short(message_id, answer="again")).json == {"outcome": "known"}
    assert outbox.letter().last_answer == "550 no such user"


@pytest.mark.parametrize(("differing", "outcome"), [
    ({"action": "delayed", "status": "4.4.1"}, "not-final"), ({"action": "failed", "status": "4.2.2"}, "not-final"),
    ({"action": "delivered", "status": "2.0.0"}, "not-final"), ({"message_id": "<x@y.example>"}, "unknown-letter"),
])
def test_what_changes_nothing(service, outbox, message_id, differing, outcome):
    assert service.send(short(message_id, **differing)).json == {"outcome": outcome}
    assert outbox.letter().state == "sent"


def test_an_auto_reply_is_no_bounce(service, outbox, message_id):
    assert service.send(auto_reply(message_id), RAW).json == {"outcome": "no-report"}
    assert service.send(report(message_id, group("delayed", "4.4.1")), RAW).json == {"outcome": "not-final"}
    assert outbox.letter().state == "sent"


class TestItIsRefused:
    def test_while_no_secret_is_set(self, service, outbox, message_id, change_settings):
        """Red with the empty secret used as a key: whoever signs with nothing would be believed."""
        change_settings(mail_bounces_secret="")
        for path in (f"/webhooks/mail/{slug(SECRET)}", f"/webhooks/mail/{slug('')}", "/webhooks/mail/x"):
            answer = service.send(short(message_id), secret="", path=path)
            assert answer.status_code == 503 and outbox.letter().state == "sent"

    def test_an_empty_secret_signs_nothing(self, clock):
        """Red without the first condition of `is_signed`."""
        stamp = str(int(clock().timestamp()))
        signed = signature(b"{}", stamp, "")
        assert not webhook.is_signed(b"{}", timestamp=stamp, signed=signed, secret="", at=clock())

    @pytest.mark.parametrize("headers", [
        {"X-Portal-Signature": ""}, {"X-Portal-Signature": "v1="}, {"X-Portal-Signature": "v1=" + "0" * 64},
        {"X-Portal-Signature": "v1=é"}, {"X-Portal-Timestamp": ""}, {"X-Portal-Timestamp": "-1"},
        {"X-Portal-Timestamp": "١٢٣"}, {"X-Portal-Timestamp": "1e400"}, {"X-Portal-Timestamp": "9" * 40},
    ], ids=range(9))
    def test_unsigned(self, service, outbox, message_id, headers):
        """Red with the signature not looked at."""
        with capture_logs() as said:
            answer = service.send(short(message_id), **{k: v.encode().decode("latin-1") for k, v in headers.items()})
        assert answer.status_code == 401 and outbox.letter().state == "sent"
        assert "bounces.refused" in [line["event"] for line in said]

    def test_signed_with_another_secret(self, service, outbox, message_id):
        assert service.send(short(message_id), secret="another secret of the same great length").status_code == 401
        assert outbox.letter().state == "sent"

    def test_with_a_body_that_was_changed(self, service, outbox, message_id, clock):
        stamp = str(int(clock().timestamp()))
        signed = signature(json.dumps(short("<x@y>")).encode(), stamp, SECRET)
        assert service.send(short(message_id), **{"X-Portal-Signature": signed}).status_code == 401
        assert outbox.letter().state == "sent"

    @pytest.mark.parametrize("late", [TOLERANCE_S + 1, -TOLERANCE_S - 1])
    def test_when_its_time_is_over(self, service, outbox, message_id, late):
        """Red with the timestamp signed but not compared."""
        assert service.send(short(message_id), at=late).status_code == 401
        assert outbox.letter().state == "sent"

    def test_at_another_address(self, service, outbox, message_id, northwind):
        assert service.send(short(message_id), path="/webhooks/mail/x").status_code == 404
        assert service.send(short(message_id), path="/webhooks/mail/%C3%A9").status_code == 404
        assert service.send(short(message_id), host=northwind.host).status_code == 404
        assert outbox.letter().state == "sent"

    def test_when_it_is_too_large(self, service, outbox):
        assert service.send(b"x" * (LONGEST + 1), RAW).status_code == 413

    def test_in_another_form(self, service, outbox, message_id):
        assert service.send(report(message_id), "text/plain").status_code == 415
        assert service.send(b"a=b", "application/x-www-form-urlencoded").status_code == 415

    @pytest.mark.parametrize("body", [
        b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff", {"action": "failed", "status": "5.1.1"},
        short("<x>", action="exploded"), short("<x>", status="5"), short("<x>", status="9.1.1"), short(5),
        short("<x>", answer=["a"]), short("<x>", status="5.1.1\nX"), short("x" * 3000), short("<x>", action=None),
    ], ids=range(15))
    def test_when_it_cannot_be_read(self, service, outbox, body):
        answer = service.send(body)
        assert answer.status_code == 400 and answer.mimetype == "text/plain"


def test_odd_signs_in_the_answer_do_no_harm(service, outbox, message_id):
    """NUL (PostgreSQL stores none), half a surrogate, line breaks, marks that turn the reading direction."""
    answer = service.send(short(message_id, answer="550\x00 no\r\n \ud800 such\u202e user"))
    assert answer.json == {"outcome": "bounced"}
    assert outbox.letter().last_answer == "550 no such user"
