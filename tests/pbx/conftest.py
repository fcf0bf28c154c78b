"""Two customers with numbers and settings, their people, and browsers for who looks."""

import pytest

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.accounts.queries import primary_user
from portal.identity.commands import add_user
from portal.kit.db import reading, transaction
from portal.pbx import queries
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.cast import Person, password_hash
from tests.pbx.making import LONDON, OXFORD, number, set_up


class Phones:
    """`own` pays itself (Option 1), `run` is run by Northwind (Option 2); both are active and set up.

    Owner administers `own` and guest `run`; sam is a standard user of `own`.
    """

    def __init__(self, tenant, bob):
        self.tenant, self.bob = tenant, bob
        with transaction(tenant.id) as db:
            own = active(db, customer(db, tenant.plans["desk"], OPTION_1), paid_minor=11_800)
            run = active(db, customer(db, tenant.plans["desk"], OPTION_2, name="Run by Northwind"))
            for account, e164 in ((own, LONDON), (run, OXFORD)):
                number(db, account, e164)
            set_up(db, own, bob.actor)
            self.own, self.run = own.id, run.id
            self.owner, self.guest = self._person(db, own), self._person(db, run)
            user = add_user(db, login_name="sam@birch.example", display_name="Sam", email="sam@birch.example",
                            password_hash=password_hash())
            add_member(db, own, user, Role.STANDARD)
            self.sam = Person(user.id, tenant.id, tenant.host, user.login_name, user.display_name)

    def _person(self, db, account):
        user = primary_user(db, account.id)
        user.password_hash = password_hash()
        return Person(user.id, self.tenant.id, self.tenant.host, user.login_name, user.display_name)

    def settings(self, account_id=None):
        with reading(self.tenant.id) as db:
            return queries.newest(db, account_id or self.own)[1]

    def version(self, account_id=None):
        with reading(self.tenant.id) as db:
            return queries.newest(db, account_id or self.own)[0]

    def move_to(self, account_id, state):
        with transaction(self.tenant.id) as db:
            db.load(Account, account_id).state = state


@pytest.fixture
def phones(northwind, bob, clock):
    return Phones(northwind, bob)
