"""A real SMTP server with moods, and the application that delivers to it."""

import asyncio
import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, transaction
from portal.letters.models import Letter


class Office:
    """Keeps what arrives. Its moods are what it answers instead of OK: to a recipient, a sender, the text, a login."""

    def __init__(self) -> None:
        self.arrived: list[bytes] = []
        self.recipients: dict[str, str] = {}
        self.sender = ""
        self.senders: list[str] = []
        self.text = ""
        self.hangs_up = ""
        self.port = 0
        self._controller: Controller | None = None

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.sender:
            return self.sender
        envelope.mail_from = address
        self.senders.append(address)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.recipients:
            return self.recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.text:
            return self.text
        self.arrived.append(envelope.original_content or b"")
        if self.hangs_up == "instead of thanks":
            server.transport.abort()
            await asyncio.sleep(0)
        return "250 Kept"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hangs_up == "instead of goodbye":
            server.transport.abort()
        return "221 Bye"

    def letters(self) -> list[EmailMessage]:
        return [email.message_from_bytes(kept, policy=email.policy.default) for kept in self.arrived]

    def open(self, **more: Any) -> None:
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port, **more)
        self._controller.start()
        self.port = self._controller.port

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


class _Controller(Controller):
    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = int(server.sockets[0].getsockname()[1])
        super()._trigger_server()


def refuse_login(*credentials: Any) -> AuthResult:
    return AuthResult(success=False, handled=False)


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    made.open()
    yield made
    made.close()


@pytest.fixture
def delivering(office, change_settings, clock, request):
    """The application, inside whose context jobs deliver to the office."""
    change_settings(mail_server="127.0.0.1", mail_port=office.port)
    app = request.getfixturevalue("app")
    with app.app_context():
        yield app


class Outbox:
    """Northwind's outbox: write, deliver, look."""

    def __init__(self, tenant, clock):
        self.tenant, self.clock = tenant, clock

    def do(self, act):
        with transaction(self.tenant) as db:
            return act(db)

    def deliver(self):
        return jobs.run_due()

    def deliver_after(self, **delta):
        self.clock.advance(**delta)
        return jobs.run_due()

    def letters(self):
        with reading(self.tenant) as db:
            return [letter for letter in db.query(Letter).order_by(Letter.id) if letter.state != "sent" or letter.tries]

    def letter(self):
        (only,) = self.letters()
        return only

    def jobs(self):
        with reading(PLATFORM) as db:
            return [job for job in db.query(jobs.Job).order_by(jobs.Job.id) if job.tries or job.state != "done"]


@pytest.fixture
def outbox(delivering, northwind, clock):
    return Outbox(northwind.id, clock)
