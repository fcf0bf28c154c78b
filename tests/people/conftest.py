"""Alice's account (Option 1, active), one that Northwind runs, and one that waits for its customer."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.kit import tokens
from portal.kit.db import reading, transaction
from portal.letters.models import Letter
from portal.people.models import Invitation
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.conftest import HostClient


@dataclass
class Town:
    app: object
    company: object
    acme: UUID
    ours: UUID
    waiting: UUID

    def browser(self) -> HostClient:
        return HostClient(self.app, self.company.host)

    def rows(self, model, **where):
        with reading(self.company.id) as db:
            return list(db.scalars(select(model).filter_by(**where).order_by(model.created_at, model.id)))

    def invitation(self, address: str) -> Invitation:
        return self.rows(Invitation, address=address)[-1]

    def link(self, address: str) -> str:
        return f"/invitations/{tokens.issue('invitation', self.company.id, self.invitation(address).id, address)}"

    def letters(self, name: str) -> list[Letter]:
        """Those that wait, but for what the first contacts of the accounts themselves get."""
        waiting = self.rows(Letter, name=name, state="queued")
        return [letter for letter in waiting if not letter.to_address.startswith("office-")]


@pytest.fixture
def people(app, clock, cast, northwind) -> Town:
    with transaction(northwind.id) as db:
        ours = active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Ours Ltd")).id
        waiting = customer(db, northwind.plans["desk"], OPTION_1, name="Waiting Ltd").id
    return Town(app, northwind, cast.acme, ours, waiting)


@pytest.fixture
def bobs(client, bob):
    return client(bob)


@pytest.fixture
def alices(client, alice):
    return client(alice)
