"""Delivery over SMTP: render, hand over, then record what the server said."""

import smtplib
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask import current_app, render_template
from flask_mail import Connection, Mail, Message
from jinja2 import TemplateError
from markupsafe import Markup

from portal.kit import jobs, tokens
from portal.kit.clock import now
from portal.kit.db import transaction
from portal.kit.settings import current, root
from portal.letters import returns
from portal.letters.commands import kept, mark_failed, mark_refused, mark_sent
from portal.letters.models import Letter
from portal.whitelabels import colour
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label

TIMEOUT_S = 20


# What the server says about these is said about this letter; any other refusal is about the server, or about us.
ABOUT_THE_LETTER = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


class PatientConnection(Connection):
    """Flask-Mail's connection, with a time limit: a silent server must not hold the worker for ever."""

    def configure_host(self) -> smtplib.SMTP:
        mail = self.mail
        host = smtplib.SMTP(mail.server, mail.port, timeout=TIMEOUT_S)
        try:
            if mail.use_tls:
                host.starttls()
            if mail.username and mail.password:
                host.login(mail.username, mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(self, *error: object) -> None:
        # A server that hangs up without a goodbye has taken the letter, or refused it, all the same.
        if self.host is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.host.quit()
            self.host.close()


@jobs.job("letters.deliver")
def deliver(payload: dict[str, Any]) -> None:
    """Deliver one letter. A refusal for good (5xx) is recorded and shown; anything else is tried again."""
    letter_id = UUID(payload["letter"])
    with transaction() as db:
        letter = db.load(Letter, letter_id)
        if letter is None or letter.state != "queued":
            return
        letter.tries += 1
        sender = white_label(db)
    try:
        _hand_over(render(letter, sender), returns.return_path(letter_id))
    except Exception as error:  # whatever it was must stand on the letter, where people look
        _record_refusal(letter_id, error)
    else:
        with transaction() as db:
            sent = db.locked(Letter, letter_id)
            # A quick mail server may have given it back by now.
            if sent is not None and sent.state == "queued":
                mark_sent(db, sent)


def render(letter: Letter, sender: WhiteLabel) -> Message:
    """The letter as a message: text and HTML in the white label's brand, always with the same Message-ID."""
    context = {
        "brand": sender,
        "recipient_name": letter.to_name,
        "facts": letter.facts,
        "url": _link(letter, sender) or letter.facts.get("url"),
        "expires": _expires(letter, sender),
        "letter_css": Markup(_letter_css(sender.colour)),
    }
    folder = f"letters/{letter.name}"
    message = Message(
        subject=" ".join(render_template(f"{folder}/subject.txt", **context).split()),
        recipients=[(_one_line(letter.to_name), letter.to_address)],
        body=render_template(f"{folder}/body.txt", **context),
        html=render_template(f"{folder}/body.html", **context),
        sender=(_one_line(sender.name), current().mail_from),
        reply_to=sender.support_email,
    )
    message.msgId = returns.message_id(letter.id, sender.host)
    return message


def _one_line(name: str) -> str:
    """Forms refuse line ends in names; a header gets none however a name came here."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


def _hand_over(message: Message, return_path: str | None) -> None:
    mail: Mail = current_app.extensions["mail"]
    with PatientConnection(mail) as connection:
        connection.send(message, envelope_from=return_path)


def _link(letter: Letter, sender: WhiteLabel) -> str | None:
    if letter.link_purpose is None or letter.link_id is None or letter.link_path is None:
        return None
    token = tokens.issue(letter.link_purpose, sender.id, letter.link_id, letter.to_address)
    return current().address(sender.host, f"{letter.link_path}/{token}")


def _expires(letter: Letter, sender: WhiteLabel) -> str | None:
    if letter.link_life_s is None:
        return None
    until = (now() + timedelta(seconds=letter.link_life_s)).astimezone(ZoneInfo(sender.time_zone))
    return format_datetime(until, "EEEE d MMMM, HH:mm", locale=sender.english)


def _letter_css(hex_colour: str) -> str:
    template = (root() / "portal/static/letter.css").read_text()
    return colour.letter_css(template, hex_colour)


def _record_refusal(letter_id: UUID, error: Exception) -> None:
    """Keep the answer. A refusal of this very letter is final, and so is the last try; else raises, to try again."""
    code, answer = _answer_of(error)
    is_final = isinstance(error, ABOUT_THE_LETTER) and 500 <= code < 600
    with transaction() as db:
        letter = db.locked(Letter, letter_id)
        if letter is not None and letter.state == "queued":
            letter.last_answer = kept(answer)
            if is_final:
                mark_refused(db, letter, answer)
            elif letter.tries >= jobs.MAX_TRIES:
                mark_failed(db, letter, answer)
    if is_final:
        return
    if _is_away(error):
        raise jobs.TryLater(answer) from error
    raise error


def _is_away(error: Exception) -> bool:
    """Whether this was the server, or the way to it. A template that is not there is an OSError, too."""
    return isinstance(error, (smtplib.SMTPException, OSError)) and not isinstance(error, TemplateError)


def _answer_of(error: Exception) -> tuple[int, str]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return code, f"{code} {_text(words)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, f"{error.smtp_code} {_text(error.smtp_error)}"
    if _is_away(error):
        return 0, f"The mail server was not reached: {error or type(error).__name__}"
    return 0, f"The letter could not be made: {type(error).__name__}"


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
