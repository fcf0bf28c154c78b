"""One try to pay on the hosted page: the form as typed, its mistakes, and what comes of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from portal.sandbox import cards, events, intents, sessions
from portal.sandbox.cards import Card
from portal.sandbox.errors import Json
from portal.sandbox.ids import new_id
from portal.sandbox.world import World

EXPIRY = re.compile(r"^(0?[1-9]|1[0-2])\s*[/-]?\s*(?:20)?([0-9]{2})$")
LONGEST = 200


@dataclass
class Form:
    """What was typed. The number and the security code are read once and shown to nobody again."""

    email: str = ""
    holder: str = ""
    expires: str = ""
    card: Card | None = None
    month: int = 0
    year: int = 0
    mistakes: dict[str, str] = field(default_factory=dict)

    def paid_with(self) -> Json:
        assert self.card is not None, "only a form without mistakes pays"
        return {
            "email": self.email,
            "name": self.holder,
            "exp_month": self.month,
            "exp_year": self.year,
            "last4": self.card.last4,
        }


def read(typed: Mapping[str, str], today: datetime) -> Form:
    email, holder, expires = (typed.get(name, "").strip()[:LONGEST] for name in ("email", "holder", "expires"))
    form = Form(email, holder, expires)
    form.card = cards.by_number(re.sub(r"[\s-]", "", typed.get("number", "")))
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", form.email):
        form.mistakes["email"] = "Enter an e-mail address such as name@example.com."
    if form.card is None:
        form.mistakes["number"] = "This is not one of the published test numbers. The list below has them."
    if not re.fullmatch(r"[0-9]{3}", typed.get("cvc", "").strip()):
        form.mistakes["cvc"] = "Enter any three digits."
    if not form.holder:
        form.mistakes["holder"] = "Enter the name on the card."
    _read_expiry(form, today)
    return form


def _read_expiry(form: Form, today: datetime) -> None:
    found = EXPIRY.match(form.expires)
    if found is None:
        form.mistakes["expires"] = "Enter month and year, such as 12 / 34."
        return
    form.month, form.year = int(found[1]), 2000 + int(found[2])
    if (form.year, form.month) < (today.year, today.month):
        form.mistakes["expires"] = "This date has passed. Enter one that is still to come."


def today(world: World) -> datetime:
    return datetime.fromtimestamp(world.time(), UTC)


def pay(world: World, session: Json, form: Form) -> Json:
    """Try the card on an open session. The answer is the intent, as it stands after this."""
    events.cause.set(events.NO_REQUEST)
    intent = intents.for_session(world, session)
    paid_with = form.paid_with()
    session["_payer"] = {"email": form.email, "name": form.holder}
    session["_token"] = new_id("form")
    world.store.save(session)
    card = cards.by_last4(paid_with["last4"])
    if card.is_challenged:
        intents.ask_to_authenticate(world, intent, paid_with)
    else:
        _finish(world, session, intent, card, paid_with)
    return intent


def answer_challenge(world: World, session: Json, *, is_passed: bool) -> Json:
    """The customer came back from the bank's page. Without a challenge that waits, nothing happens."""
    events.cause.set(events.NO_REQUEST)
    intent = intents.for_session(world, session)
    if intent["status"] != "requires_action":
        return intent
    paid_with = intent["_paid_with"]
    if is_passed:
        _finish(world, session, intent, cards.by_last4(paid_with["last4"]), paid_with)
    else:
        intents.fail_authentication(world, intent)
    return intent


def _finish(world: World, session: Json, intent: Json, card: Card, paid_with: Json) -> None:
    if card.decline is not None:
        intents.decline(world, intent, card.decline, card, paid_with)
        return
    intents.succeed(world, intent, card, paid_with)
    sessions.complete(world, session, paid_with)
