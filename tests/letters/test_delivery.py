"""Letters over a real SMTP server: delivered, tried again when that can help, failed visibly when it cannot."""

import re

import pytest
from sqlalchemy import select

from portal.identity.commands import LIVES, send_password_link
from portal.identity.models import PasswordLink, User
from portal.identity.queries import live_password_link
from portal.kit import jobs
from portal.kit.db import reading, transaction
from portal.letters import commands, flows
from portal.letters.commands import Recipient, write
from portal.letters.models import Letter
from tests.letters.conftest import Outbox, refuse_login

LINK = re.compile(r"http://\S+/password/(?:set|reset)/(\S+)")


@pytest.fixture
def reset(outbox, alice):
    """Alice asks for a new password; the letter waits."""
    return outbox.do(lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))


def token_in(message):
    return LINK.search(message.get_body(("plain",)).get_content())[1]


class TestDelivered:
    def test_it_arrives_in_the_brand_of_its_white_label(self, outbox, office, reset, alice, northwind):
        assert outbox.deliver() == 1
        (message,) = office.letters()
        assert message["To"].addresses[0].addr_spec == "alice@acme.example"
        assert message["To"].addresses[0].display_name == "Alice Archer"
        assert message["From"].addresses[0].display_name == northwind.name
        assert message["From"].addresses[0].addr_spec == "portal@highwire.example"
        assert message["Reply-To"].addresses[0].addr_spec == "help@northwind.example"
        assert outbox.letter().state == "sent" and outbox.letter().last_answer == "250 accepted"

    def test_it_has_text_and_html_with_the_same_link(self, outbox, office, reset):
        outbox.deliver()
        (message,) = office.letters()
        assert token_in(message) in message.get_body(("html",)).get_content()

    def test_its_link_opens_what_it_was_written_for(self, outbox, office, reset, northwind):
        outbox.deliver()
        with reading(northwind.id) as db:
            assert live_password_link(db, "password-reset", token_in(office.letters()[0])).id == reset.id

    def test_its_link_names_the_stored_host_whatever_was_asked(self, outbox, office, reset, delivering, northwind):
        """Red when links are made from the request: a poisoned Host header would be mailed."""
        with delivering.test_request_context("/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}):
            outbox.deliver()
        (message,) = office.letters()
        assert "evil.example" not in message.as_string()
        assert f"http://{northwind.host}/password/reset/" in message.get_body(("plain",)).get_content()

    def test_its_links_life_counts_from_sending(self, outbox, office, reset, northwind, clock):
        outbox.deliver_after(days=3)
        with reading(northwind.id) as db:
            assert db.load(PasswordLink, reset.id).expires_at == clock() + LIVES["password-reset"]

    def test_it_goes_once(self, outbox, office, reset):
        outbox.deliver()
        flows_again = outbox.deliver_after(hours=1)
        assert flows_again == 0 and len(office.arrived) == 1

    def test_each_white_label_writes_in_its_own_name(self, outbox, office, kauri, charlie):
        with transaction(kauri.id) as db:
            send_password_link(db, db.load(User, charlie.id), "password-reset")
        outbox.deliver()
        (message,) = office.letters()
        assert message["From"].addresses[0].display_name == "Kauri Voice"
        assert "http://kauri.localhost/password/reset/" in message.get_body(("plain",)).get_content()
        assert "Northwind" not in message.as_string()


class TestTriedAgain:
    def test_while_the_server_is_down(self, outbox, office, reset):
        """EDGES: SMTP down for a day. Red when the job gives up before a day is over."""
        office.close()
        outbox.deliver()
        waiting = outbox.letter()
        assert waiting.state == "queued" and "not reached" in waiting.last_answer
        for _ in range(30):
            outbox.deliver_after(hours=1)
        assert outbox.letter().state == "queued"
        office.open()
        outbox.deliver_after(hours=2)
        assert outbox.letter().state == "sent" and len(office.arrived) == 1

    def test_later_and_later(self, outbox, office, reset, clock):
        office.close()
        waits = []
        for _ in range(5):
            outbox.deliver()
            (job,) = outbox.jobs()
            waits.append((job.due_at - clock()).total_seconds())
            clock.moment = job.due_at
        assert waits == sorted(waits) and waits[-1] >= 60

    @pytest.mark.parametrize("answer", ["451 4.7.1 greylisted", "421 4.3.2 too busy", "452 4.2.2 mailbox full"])
    def test_when_the_server_says_later_to_the_recipient(self, outbox, office, reset, answer):
        office.recipients["alice@acme.example"] = answer
        outbox.deliver()
        assert outbox.letter().state == "queued" and answer in outbox.letter().last_answer
        office.recipients.clear()
        outbox.deliver_after(hours=1)
        assert outbox.letter().state == "sent"

    def test_when_the_server_says_later_to_the_text(self, outbox, office, reset):
        office.text = "451 4.3.0 try again"
        outbox.deliver()
        assert outbox.letter().state == "queued"

    @pytest.mark.parametrize("answer", ["550 5.7.1 you may not send", "530 5.7.0 authentication required", "451 wait"])
    def test_when_the_server_does_not_like_the_sender(self, outbox, office, reset, answer):
        """That is our set-up, not the recipient: red when every 5xx fails a letter for good."""
        office.sender = answer
        outbox.deliver()
        assert outbox.letter().state == "queued" and outbox.letter().last_answer.startswith(answer[:3])

    def test_when_the_server_does_not_accept_our_password(
        self, office, change_settings, clock, request, northwind, alice
    ):
        """535 says that our password is wrong. Everybody's letters wait until it is right."""
        office.close()
        office.open(authenticator=refuse_login, auth_require_tls=False)
        change_settings(mail_server="127.0.0.1", mail_port=office.port, mail_username="portal", mail_password="wrong")
        with request.getfixturevalue("app").app_context():
            outbox = Outbox(northwind.id, clock)
            outbox.do(lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))
            outbox.deliver()
            assert outbox.letter().state == "queued" and "535" in outbox.letter().last_answer

    def test_when_thanks_were_lost_with_the_same_message_id_and_link(self, outbox, office, reset):
        """The server has it, we do not know: it goes again, and a mail program shows it once."""
        office.hangs_up = "instead of thanks"
        outbox.deliver()
        assert outbox.letter().state == "queued"
        office.hangs_up = ""
        outbox.deliver_after(hours=1)
        first, second = office.letters()
        assert first["Message-ID"] == second["Message-ID"] and token_in(first) == token_in(second)
        assert outbox.letter().state == "sent"

    def test_when_we_stopped_before_writing_it_down(self, outbox, office, reset, monkeypatch):
        def stop(*args):
            raise RuntimeError("the power went out")

        with monkeypatch.context() as broken:
            broken.setattr(flows, "mark_sent", stop)
            outbox.deliver()
        outbox.deliver_after(hours=1)
        first, second = office.letters()
        assert first["Message-ID"] == second["Message-ID"] and token_in(first) == token_in(second)

    def test_but_not_when_only_the_goodbye_was_lost(self, outbox, office, reset):
        """It was accepted. Red when the end of the connection counts: such a server would get it for two days."""
        office.hangs_up = "instead of goodbye"
        outbox.deliver()
        outbox.deliver_after(hours=1)
        assert outbox.letter().state == "sent" and len(office.arrived) == 1


class TestFailedVisibly:
    @pytest.mark.parametrize("answer", ["550 5.1.1 no such mailbox", "553 5.1.3 not an address", "554 5.7.1 refused"])
    def test_when_the_recipient_is_refused_for_good(self, outbox, office, reset, answer):
        office.recipients["alice@acme.example"] = answer
        outbox.deliver()
        failed = outbox.letter()
        assert (failed.state, failed.last_answer, failed.tries) == ("bounced", answer, 1)
        assert outbox.deliver_after(days=1) == 0

    def test_when_the_text_is_refused_for_good(self, outbox, office, reset):
        office.text = "554 5.6.0 looks like spam"
        outbox.deliver()
        assert (outbox.letter().state, outbox.letter().last_answer) == ("bounced", "554 5.6.0 looks like spam")

    def test_and_no_other_letter_suffers(self, outbox, office, reset, bob):
        office.recipients["alice@acme.example"] = "550 5.1.1 no such mailbox"
        outbox.do(lambda db: send_password_link(db, db.load(User, bob.id), "password-reset"))
        outbox.deliver()
        assert {letter.to_address: letter.state for letter in outbox.letters()} == {
            "alice@acme.example": "bounced", "bob@northwind.example": "sent",
        }

    def test_its_link_lives_no_longer_than_it_would_have(self, outbox, office, reset, northwind, clock):
        office.recipients["alice@acme.example"] = "550 5.1.1 no such mailbox"
        outbox.deliver()
        with reading(northwind.id) as db:
            assert db.load(PasswordLink, reset.id).expires_at > clock()

    def test_after_two_days_of_trying(self, outbox, office, reset):
        """Red when only the job gives up: the letter would be queued for ever, and nobody would see it."""
        office.close()
        for _ in range(jobs.MAX_TRIES):
            outbox.deliver_after(hours=2)
        failed = outbox.letter()
        assert failed.state == "failed" and "not reached" in failed.last_answer
        assert [job.state for job in outbox.jobs()] == ["failed"]

    def test_when_it_cannot_be_made(self, outbox, office):
        """A letter without a template: our own mistake, said on the letter and in the log."""
        outbox.do(lambda db: write(db, "no-such-letter", to=Recipient("alice@acme.example", "Alice")))
        outbox.deliver()
        assert outbox.letter().state == "queued" and "TemplateNotFound" in outbox.letter().last_answer
        assert "TemplateNotFound" in outbox.jobs()[0].last_error


class TestWithdrawn:
    def test_a_letter_with_a_dead_link_does_not_go(self, outbox, office, reset, alice):
        """Red when withdrawing only kills the link: the customer would get one that does not work."""
        outbox.do(lambda db: send_password_link(db, db.load(User, alice.id), "password-reset"))
        outbox.deliver()
        assert [letter.state for letter in outbox.letters()] == ["withdrawn", "sent"]
        assert len(office.arrived) == 1

    def test_a_letter_that_went_stays_sent(self, outbox, office, reset):
        outbox.deliver()
        outbox.do(lambda db: commands.withdraw(db, reset.id))
        assert outbox.letter().state == "sent"

    def test_a_withdrawn_one_is_not_failed_by_a_late_answer(self, outbox, office, reset, monkeypatch):
        """It is withdrawn while the server is asked."""
        def slow(message, return_path):
            outbox.do(lambda db: commands.withdraw(db, reset.id))
            raise ConnectionError("too late")

        monkeypatch.setattr(flows, "_hand_over", slow)
        outbox.deliver()
        assert outbox.letter().state == "withdrawn"


class TestNothingIsSmuggledIn:
    NAMES = (
        "Alice\r\nBcc: eve@evil.example", "Alice\nSubject: Hello", "Alice\x07\x1b[31m", "A\u2028Bcc: eve@evil.example",
        "A" * 300, "Åse Øvergård-Þórsdóttir " * 8, '"Alice" <eve@evil.example>', "Alice, eve@evil.example", "",
    )

    @pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
    def test_by_a_name(self, outbox, office, name):
        outbox.do(lambda db: write(db, "password-reset", to=Recipient("alice@acme.example", name), login_name="alice",
                                   url="http://northwind.localhost/x"))
        outbox.deliver()
        (message,) = office.letters()
        assert [address.addr_spec for address in message["To"].addresses] == ["alice@acme.example"]
        assert message["Bcc"] is None and message["Cc"] is None and len(message.get_all("Subject")) == 1
        assert outbox.letter().state == "sent"

    @pytest.mark.parametrize("address", [
        "alice@acme.example\r\nBcc: eve@evil.example", "alice@acme.example, eve@evil.example", "alice@acme.example\n",
        "alice@acme.example;eve@evil.example", "<alice@acme.example>", "alice", "",
    ])
    def test_by_an_address(self, outbox, address):
        """A form error long before; here it takes the whole change back rather than stick in the outbox."""
        with pytest.raises(ValueError, match="exactly one address"):
            outbox.do(lambda db: write(db, "password-reset", to=Recipient(address, "Alice")))
        assert outbox.letters() == []

    def test_by_the_name_of_a_white_label(self, outbox, office, reset, northwind):
        from portal.whitelabels.models import WhiteLabel

        def rename(db):
            db.get(WhiteLabel, northwind.id).name = "Northwind\r\nBcc: eve@evil.example"

        outbox.do(rename)
        outbox.deliver()
        (message,) = office.letters()
        assert message["Bcc"] is None and len(message["From"].addresses) == 1
        assert "Bcc" in message["Subject"] and "\n" not in message["Subject"]

    def test_by_what_people_are_called_into_the_html(self, outbox, office):
        outbox.do(lambda db: write(db, "password-reset", to=Recipient("alice@acme.example", "<b onclick=x>Alice</b>"),
                                   login_name="<script>1</script>", url="http://northwind.localhost/x"))
        outbox.deliver()
        html = office.letters()[0].get_body(("html",)).get_content()
        assert "<script>1" not in html and "<b onclick" not in html


def test_a_letter_is_written_with_its_cause_or_not_at_all(outbox, office):
    with pytest.raises(ZeroDivisionError):
        outbox.do(lambda db: (write(db, "welcome", to=Recipient("alice@acme.example", "Alice")), 1 / 0))
    assert outbox.letters() == [] and outbox.deliver() == 0


def test_nothing_is_open_while_the_server_thinks(outbox, office, reset, monkeypatch):
    """Red when the letter is handed over inside a transaction."""
    real = flows._hand_over

    def look(message, return_path):
        outbox.do(lambda db: db.scalars(select(Letter)).all())
        real(message, return_path)

    monkeypatch.setattr(flows, "_hand_over", look)
    outbox.deliver()
    assert outbox.letter().state == "sent"
