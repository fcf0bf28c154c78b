"""Letters that come back later: what a report changes, and all that changes nothing."""

import base64
import threading
from dataclasses import replace
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from portal.identity.commands import send_password_link
from portal.identity.models import PasswordLink, User
from portal.kit.db import reading
from portal.kit.ids import new_id
from portal.kit.jobs import registry
from portal.kit.logs import set_up_logs
from portal.letters import bounces, flows, returns
from portal.letters.bounces import Outcome, take
from portal.letters.report import LONGEST
from tests.cast import on_both
from tests.letters.reports import HEADERS_ONLY, auto_reply, group, read_receipt, report

ELSEWHERE = "Content-Type: text/plain\n\nnothing of the letter\n"


@pytest.fixture
def reset(outbox, alice):
    """Alice asks for a new password; the letter is sent."""
    link = outbox.do(lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))
    outbox.deliver()
    return link


@pytest.fixture
def message_id(office, reset):
    return office.letters()[0]["Message-ID"]


class TestItCameBack:
    @pytest.mark.parametrize("returned", [None, HEADERS_ONLY], ids=["whole", "headers"])
    def test_by_the_message_id_of_what_was_returned(self, outbox, message_id, returned, clock):
        clock.advance(hours=3)
        told = report(message_id) if returned is None else report(message_id, returned=returned)
        assert take(told) is Outcome.BOUNCED
        letter = outbox.letter()
        assert (letter.state, letter.last_answer) == ("bounced", "550 5.1.1 no such mailbox")
        assert letter.came_back_at == clock() and letter.sent_at is not None

    def test_by_the_return_path_when_nothing_is_returned(self, outbox, office, alice, change_settings):
        """Red with the return path left out of the hand-over: the report would go to the sender's own address."""
        change_settings(mail_return_path="bounces@mail.highwire.example")
        outbox.do(lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))
        outbox.deliver()
        (sender,) = office.senders
        assert sender.startswith("bounces+") and len(sender.partition("@")[0]) <= 64
        assert take(report(to=f"<{sender.upper()}>", returned=ELSEWHERE)) is Outcome.BOUNCED
        assert outbox.letter().state == "bounced"

    def test_addresses_beyond_ascii(self, outbox, message_id):
        """RFC 6533: the library takes the newer kind of report for a message with a text."""
        assert take(report(message_id, kind="message/global-delivery-status")) is Outcome.BOUNCED

    @pytest.mark.parametrize("kind", ["message/delivery-status", "message/global-delivery-status"])
    def test_with_the_line_ends_of_the_wire(self, outbox, message_id, kind):
        """As a mail service sends it on. Red when groups are parted by a bare line feed alone."""
        told = report(message_id, kind=kind, returned=HEADERS_ONLY).replace(b"\n", b"\r\n")
        assert take(told) is Outcome.BOUNCED and outbox.letter().state == "bounced"

    def test_with_its_headers_packed(self, outbox, message_id):
        packed = base64.b64encode(f"Message-ID: {message_id}\n".encode()).decode()
        returned = f"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n{packed}\n"
        assert take(report(message_id, returned=returned)) is Outcome.BOUNCED

    def test_twice_is_once(self, outbox, message_id, clock):
        take(report(message_id))
        first = outbox.letter().came_back_at
        clock.advance(hours=1)
        assert take(report(message_id, group(answer="550 again"))) is Outcome.KNOWN
        assert (outbox.letter().came_back_at, outbox.letter().last_answer) == (first, "550 5.1.1 no such mailbox")

    def test_before_its_sending_was_written_down(self, outbox, office, alice, monkeypatch, northwind):
        """A quick mail server. Red with `mark_sent` unconditional in `deliver`: the letter would count as sent."""
        real, link = flows._hand_over, outbox.do(
            lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))

        def quick(message, return_path):
            real(message, return_path)
            assert take(report(message.msgId)) is Outcome.BOUNCED

        monkeypatch.setattr(flows, "_hand_over", quick)
        outbox.deliver()
        assert outbox.letter().state == "bounced" and outbox.letter().sent_at is not None
        with reading(northwind.id) as db:
            assert db.load(PasswordLink, link.id) is not None

    def test_after_thanks_were_lost_it_does_not_go_again(self, outbox, office, alice):
        office.hangs_up = "instead of thanks"
        outbox.do(lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))
        outbox.deliver()
        assert outbox.letter().state == "queued"
        office.hangs_up = ""
        assert take(report(office.letters()[0]["Message-ID"])) is Outcome.BOUNCED
        outbox.deliver_after(hours=1)
        assert outbox.letter().state == "bounced" and len(office.arrived) == 1

    @on_both
    def test_many_at_once_are_one(self, outbox, message_id):
        gate, seen = threading.Barrier(4), []

        def come():
            gate.wait()
            seen.append(take(report(message_id)))

        crowd = [threading.Thread(target=come) for _ in range(4)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
        assert sorted(seen) == [Outcome.BOUNCED, Outcome.KNOWN, Outcome.KNOWN, Outcome.KNOWN]


class TestItChangesNothing:
    @pytest.mark.parametrize(("action", "status"), [
        ("delayed", "4.4.1"), ("delayed", "5.1.1"), ("failed", "4.2.2"), ("delivered", "2.0.0"), ("relayed", "2.1.9"),
        ("expanded", "2.0.0"), ("failed", "2.0.0"),
    ])
    def test_when_it_is_not_refused_for_good(self, outbox, message_id, action, status):
        """Red with `is_final` always true."""
        assert take(report(message_id, group(action, status))) is Outcome.NOT_FINAL
        assert outbox.letter().state == "sent" and outbox.letter().last_answer == "250 accepted"

    def test_when_one_of_those_it_was_passed_on_to_got_it(self, outbox, message_id):
        told = report(message_id, group(), group("delivered", "2.0.0", "250 OK"))
        assert take(told) is Outcome.NOT_FINAL and outbox.letter().state == "sent"

    def test_when_it_is_an_auto_reply(self, outbox, message_id):
        """Red when any message that names the letter counts."""
        assert take(auto_reply(message_id)) is Outcome.NO_REPORT and outbox.letter().state == "sent"

    def test_when_it_is_an_auto_reply_to_the_return_path(self, outbox, message_id, change_settings):
        change_settings(mail_return_path="bounces@mail.highwire.example")
        to = returns.return_path(outbox.letter().id)
        assert take(auto_reply(message_id, to=to)) is Outcome.NO_REPORT and outbox.letter().state == "sent"

    def test_when_it_is_a_read_receipt(self, outbox, message_id):
        assert take(read_receipt(message_id)) is Outcome.NO_REPORT and outbox.letter().state == "sent"

    def test_when_somebody_passes_a_report_on(self, outbox, message_id):
        """Red when the parts count, whatever message they stand in."""
        passed_on = report(message_id).replace(b"multipart/report; report-type=delivery-status", b"multipart/mixed")
        assert take(passed_on) is Outcome.NO_REPORT and outbox.letter().state == "sent"

    def test_when_the_reference_is_forged(self, outbox, message_id):
        """Red with the tag not compared: the id alone would mark any letter whose number is known."""
        name, _, host = message_id.strip("<>").partition("@")
        forged = f"<{name[:30]}{'a' * 12}@{host}>"
        assert forged != message_id and take(report(forged)) is Outcome.UNKNOWN_LETTER
        assert take(report(f"<{outbox.letter().id}@{host}>")) is Outcome.UNKNOWN_LETTER
        assert outbox.letter().state == "sent"

    def test_when_the_reference_is_of_another_installation(self, outbox, message_id, change_settings):
        change_settings(secret_key="another secret that is quite long enough too")
        assert take(report(message_id)) is Outcome.UNKNOWN_LETTER

    def test_when_the_letter_is_no_more(self, outbox, message_id):
        with capture_logs() as said:
            assert take(report(returns.message_id(new_id(), "northwind.localhost"))) is Outcome.UNKNOWN_LETTER
        assert [(line["event"], line["log_level"]) for line in said] == [("bounce", "warning")]

    def test_when_the_letter_never_went(self, outbox, alice, northwind):
        outbox.do(lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))
        with reading(northwind.id) as db:
            (waiting,) = db.scalars(select(flows.Letter).where(flows.Letter.state == "queued"))
        assert take(report(returns.message_id(waiting.id, northwind.host))) is Outcome.KNOWN
        outbox.deliver()
        assert outbox.letter().state == "sent"

    @pytest.mark.parametrize("raw", [
        b"", b"\x00" * 100, b"\xff\xfe" * 50, b"Content-Type: multipart/report; boundary=x\n\n--x--",
        b"Content-Type: multipart/report\n\nno parts", b"Content-Type: multipart/report; boundary=\n\n",
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n",
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: multipart/mixed; boundary=x\n\n" * 3000,
        b"Subject: =?x?q?=00?=\nTo: " + b"(" * 5000 + b"\n\n", b"a" * (LONGEST + 1),
    ], ids=range(10))
    def test_when_nobody_can_read_it(self, outbox, message_id, raw):
        assert take(raw) is Outcome.NO_REPORT and outbox.letter().state == "sent"

    def test_no_other_letter_suffers(self, outbox, message_id, bob):
        outbox.do(lambda db: send_password_link(db, db.load(User, bob.id), "password-reset"))
        outbox.deliver()
        take(report(message_id))
        assert {letter.to_address: letter.state for letter in outbox.letters()} == {
            "alice@acme.example": "bounced", "bob@northwind.example": "sent"}


class TestTheAnswer:
    def test_is_one_line_of_bounded_length(self, outbox, message_id):
        take(report(message_id, group(answer="550 no\n such\u2028 mailbox \x00\x1b[31m" + "x" * 3000)))
        answer = outbox.letter().last_answer
        assert answer.startswith("550 no such") and answer.isprintable() and len(answer) <= 500

    def test_never_quotes_a_link(self, outbox, message_id):
        """Some servers quote what they refuse. Red with the answer kept as it came: administrators read it."""
        quoted = "554 5.7.1 spam: http://northwind.localhost/activate/secret-token-of-alice is listed"
        take(report(message_id, group(answer=quoted)))
        assert outbox.letter().last_answer == "554 5.7.1 spam: http://northwind.localhost/…"

    def test_at_delivery_neither(self, outbox, office, alice):
        office.recipients["alice@acme.example"] = "550 see http://x/password%2Freset%2Fsecret-token now"
        outbox.do(lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))
        outbox.deliver()
        assert outbox.letter().last_answer == "550 see http://x/…"

    def test_nothing_of_the_returned_letter_is_kept_or_logged(self, outbox, message_id, settings):
        set_up_logs(replace(settings, environment="production"))
        with capture_logs() as said:
            take(report(message_id))
        set_up_logs(settings)
        kept = " ".join(str(value) for value in vars(outbox.letter()).values())
        assert said and "secret-token" not in kept and "secret-token" not in str(said)


class TestTheMailbox:
    @pytest.fixture
    def box(self, tmp_path, change_settings):
        folder = tmp_path / "Maildir"
        for name in ("new", "cur", "tmp"):
            (folder / name).mkdir(parents=True)
        change_settings(mail_bounces=str(folder))
        return folder

    def test_is_read_and_marked_seen(self, outbox, message_id, box):
        (box / "new" / "1.report").write_bytes(report(message_id))
        (box / "new" / "2.reply").write_bytes(auto_reply(message_id))
        bounces.read_mailbox({})
        assert outbox.letter().state == "bounced"
        assert sorted(path.name for path in (box / "cur").iterdir()) == ["1.report:2,S", "2.reply:2,S"]
        assert list((box / "new").iterdir()) == []

    def test_one_that_cannot_be_read_harms_no_other(self, outbox, message_id, box, tmp_path):
        (box / "new" / "0.folder").mkdir()
        (box / "new" / "1.link").symlink_to(tmp_path / "elsewhere")
        (box / "new" / "2.large").write_bytes(b"x" * (LONGEST + 5))
        (box / "new" / "3.report").write_bytes(report(message_id))
        bounces.read_mailbox({})
        assert outbox.letter().state == "bounced"

    def test_a_link_in_it_is_not_followed(self, outbox, message_id, box, tmp_path):
        (tmp_path / "elsewhere").write_bytes(report(message_id))
        (box / "new" / "1.link").symlink_to(tmp_path / "elsewhere")
        bounces.read_mailbox({})
        assert outbox.letter().state == "sent"

    def test_that_is_not_there_is_said_in_the_log(self, outbox, change_settings, tmp_path):
        change_settings(mail_bounces=str(tmp_path / "nowhere"))
        with capture_logs() as said:
            bounces.read_mailbox({})
        assert [(line["event"], line["log_level"]) for line in said] == [("bounces.no_mailbox", "error")]

    def test_is_read_by_the_worker_every_minute(self):
        assert registry.periodic["letters.read-bounces"] == 60


def test_the_message_is_still_an_ordinary_letter(office, reset):
    (message,) = office.letters()
    assert isinstance(message, EmailMessage) and message["Message-ID"].endswith("@northwind.localhost>")
    assert message["From"].addresses[0].addr_spec == "portal@highwire.example"
