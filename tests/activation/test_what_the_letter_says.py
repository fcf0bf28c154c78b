"""How long the link of the activation letter works, in words that are true of it."""

import re

import pytest
from sqlalchemy import select

from portal.activation.commands import send_link
from portal.audit.commands import COMMAND_LINE
from portal.identity.models import User
from portal.kit.db import reading, transaction
from portal.letters.flows import render
from portal.letters.models import Letter
from portal.whitelabels.queries import white_label
from tests.accounts.making import OPTION_1, customer
from tests.cast import on_sqlite, password_hash
from tests.signup.browsing import browse

__all__ = ["browse"]

pytestmark = on_sqlite


def letters(app, northwind, account_id):
    """Both forms of the newest activation letter, each on one line."""
    with app.test_request_context(base_url=f"http://{northwind.host}/"), reading(northwind.id) as db:
        newest = select(Letter).where(Letter.about_id == account_id).order_by(Letter.id.desc())
        sent = render(db.scalars(newest).first(), white_label(db))
    return [" ".join(re.sub("<[^>]+>", " ", text).split()) for text in (sent.body, sent.html)]


@pytest.mark.parametrize(("knows", "until"), [(False, "set your password"), (True, "confirmed with your password")])
def test_it_works_until_the_password_is_set(app, northwind, clock, knows, until):
    """Red with “works once”: it is opened as often as one likes before."""
    with transaction(northwind.id) as db:
        account = customer(db, northwind.plans["desk"], OPTION_1)
        if knows:
            for user in db.scalars(select(User)):
                user.password_hash = password_hash()
            send_link(db, account, by=COMMAND_LINE)
    for text in letters(app, northwind, account.id):
        assert re.search(rf"The link works until you have {until}, and until \w+", text), text
        assert "once" not in text


def test_it_opens_several_times_before(invited):
    assert all("Check" in invited.open() for _ in range(3))
    invited.choose_password()
    assert "Check the details" not in invited.open(invited.another_browser())


def test_the_password_page_says_beforehand_what_is_refused(invited):
    invited.open()
    page = invited.browser.get("/activation/password").text
    assert "without your name or the company&#39;s" in page
