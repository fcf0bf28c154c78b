"""Northwind's customers in every situation, and Bob who looks at them."""

import html
import re

import pytest
from sqlalchemy import select

from portal.accounts.queries import held_customer_or_404
from portal.activation.queries import latest_link
from portal.customers.progress import blocker_of, timeline
from portal.kit.db import transaction
from portal.letters.commands import mark_refused, mark_sent
from portal.letters.models import Letter
from tests.accounts.making import customer
from tests.signup.browsing import browse

__all__ = ["browse"]


class Case:
    """One customer account in an open transaction; what happens to it is said in verbs."""

    def __init__(self, db, tenant, clock):
        self.db, self.tenant, self.clock = db, tenant, clock

    def create(self, administration, plan="desk", **more):
        self.account = customer(self.db, self.tenant.plans[plan], administration, **more)
        self.db.flush()
        return self

    def letter(self):
        wanted = select(Letter).where(Letter.about_id == self.account.id).order_by(Letter.id.desc()).limit(1)
        return self.db.scalars(wanted).one()

    def mailed(self):
        mark_sent(self.db, self.letter())
        self.db.flush()
        return self

    def bounced(self):
        mark_refused(self.db, self.letter(), "550 5.1.1 no such mailbox here")
        self.db.flush()
        return self

    def link(self):
        return latest_link(self.db, self.account.id)

    def blocker(self):
        self.db.flush()
        return blocker_of(self.db, self.account)

    def events(self):
        return timeline(self.db, self.account, self.blocker())

    def titles(self):
        return [event.title for event in self.events()]


@pytest.fixture
def case(db, northwind, clock):
    return Case(db, northwind, clock)


@pytest.fixture
def made(northwind, clock):
    """A committed customer of either option, changed in a transaction of its own by what is given."""

    def make(administration, *acts, plan="desk", **more):
        with transaction(northwind.id) as db:
            account_id = customer(db, northwind.plans[plan], administration, **more).id
        for act in acts:
            with transaction(northwind.id) as db:
                act(db, held_customer_or_404(db, account_id))
        return account_id

    return make


def rows(answer):
    """The lines of the customers' list as words."""
    found = re.findall(r'<tr role="row"><td class="pick".*?</tr>', answer.text, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split()) for part in found]
