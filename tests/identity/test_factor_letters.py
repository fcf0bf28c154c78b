"""The letters about a second factor, as they arrive: what happened to which login, what to do, and no secret."""

import pytest
from sqlalchemy import select

from portal.identity import factors
from portal.identity.models import User
from portal.letters.flows import render
from portal.letters.models import Letter
from portal.letters.words import LETTER_NAMES
from portal.whitelabels.queries import white_label

HOST = "http://northwind.localhost"
SAID = {
    "factor-on": ({}, "signs in with a password and a code from a phone"),
    "factor-changed": ({}, "come from another phone"),
    "factor-off": ({}, "The password alone signs"),
    "factor-taken-away": ({"who": "Bob <b>Marsh</b>", "reason": "Called back & stolen"}, "took the second factor"),
    "factor-codes-renewed": ({}, "ten new recovery codes"),
    "factor-recovery-used": ({"left": 1}, "1 is left"),
    "factor-locked": ({"until": "3 November, 14:05"}, "ten wrong codes"),
}


def test_each_has_a_name_for_the_page_of_letters():
    assert {name for name in LETTER_NAMES if name.startswith("factor-")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_it_says_what_happened_and_leads_to_what_opens_from_the_mailbox(app, db, alice, name):
    facts, said = SAID[name]
    user = db.load(User, alice.id)
    factors.tell(db, user, name, **facts)
    letter = db.scalars(select(Letter).where(Letter.name == name)).one()
    with app.app_context():
        sent = render(letter, white_label(db))
    assert "Northwind" in sent.subject
    for body in (sent.body, sent.html):
        assert said in body and "alice@acme.example" in body and f"{HOST}/password/forgotten" in body
        assert f"{HOST}/profile" not in body, "that lies behind the factor"
        assert "{{" not in body and "{login}" not in body
    assert "<b>Marsh" not in sent.html
