"""A real SMTP server that keeps what it gets, and a small page to read it on. For the demo, the tour and tests."""

import email
import email.policy
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask, Response, abort, jsonify, render_template
from flask_bootstrap import Bootstrap5
from werkzeug.serving import WSGIRequestHandler, make_server

LOOPBACK = "127.0.0.1"
BOUNCES_AT = "bounces.example"


@dataclass(frozen=True)
class Kept:
    """One letter as it arrived."""

    number: int
    to: str
    subject: str
    sender: str
    date: str
    text: str
    html: str
    message_id: str


class Keeper:
    """What the server does with a letter. `answers` maps an address to the refusal it gets instead."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, str] = {}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.endswith(f"@{BOUNCES_AT}"):
            return "550 5.1.1 no such mailbox here"
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        with self._lock:
            number = len(list(self.folder.glob("*.eml"))) + 1
            (self.folder / f"{number:05d}.eml").write_bytes(content)
        return "250 Kept"

    def letters(self, to: str | None = None) -> list[Kept]:
        """Oldest first."""
        found = [_read(path) for path in sorted(self.folder.glob("*.eml"))]
        return [letter for letter in found if to is None or to in letter.to]

    def forget(self) -> None:
        for path in self.folder.glob("*.eml"):
            path.unlink()


class MailSink:
    """The server and its inbox page, each on a loopback port; 0 takes a free one."""

    def __init__(self, folder: Path, *, port: int = 0, inbox_port: int | None = None) -> None:
        self.keeper = Keeper(folder)
        self._controller = _Controller(self.keeper, hostname=LOOPBACK, port=port)
        self._inbox = None
        if inbox_port is not None:
            self._inbox = make_server(LOOPBACK, inbox_port, inbox(self.keeper), threaded=True, request_handler=_Quiet)

    def start(self) -> "MailSink":
        self._controller.start()
        if self._inbox is not None:
            threading.Thread(target=self._inbox.serve_forever, daemon=True).start()
        return self

    @property
    def port(self) -> int:
        """The SMTP port, once started."""
        return self._controller.port

    def stop(self) -> None:
        self._controller.stop()
        if self._inbox is not None:
            self._inbox.shutdown()
            self._inbox.server_close()

    def __enter__(self) -> "MailSink":
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()


class _Controller(Controller):
    def _trigger_server(self) -> None:
        # The port may be 0 until the socket is bound, so the controller's own probe has to be told the real one.
        server: Any = self.server
        self.port = int(server.sockets[0].getsockname()[1])
        super()._trigger_server()  # type: ignore[no-untyped-call]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        return


def inbox(keeper: Keeper) -> Flask:
    """The page: every letter, newest first; one letter as text and as its HTML part."""
    app = Flask("portal", template_folder="templates", static_folder="static")
    Bootstrap5(app)

    @app.get("/")
    def index() -> str:
        return render_template("demo/inbox.html", letters=list(reversed(keeper.letters())))

    @app.get("/letters.json")
    def as_json() -> Response:
        return jsonify([letter.__dict__ for letter in keeper.letters()])

    @app.get("/letters/<int:number>")
    def show(number: int) -> str:
        return render_template("demo/letter.html", letter=_or_404(keeper, number))

    @app.get("/letters/<int:number>/html")
    def html(number: int) -> Response:
        # The letter brings its own style block; nothing else may run or load.
        policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
        return Response(_or_404(keeper, number).html, mimetype="text/html", headers={"Content-Security-Policy": policy})

    return app


def _or_404(keeper: Keeper, number: int) -> Kept:
    found = next((letter for letter in keeper.letters() if letter.number == number), None)
    return found if found is not None else abort(404)


def _read(path: Path) -> Kept:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return Kept(
        number=int(path.stem),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        sender=str(message["From"]),
        date=str(message["Date"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        message_id=str(message["Message-ID"]),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
