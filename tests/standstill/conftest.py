"""Northwind with customers in every state, and what the operator's decision about all of them does."""

from uuid import UUID

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account, Pause, Standstill
from portal.audit.commands import COMMAND_LINE
from portal.billing.subscriptions import listen
from portal.kit.db import reading, scoped, transaction
from portal.operator import standstill
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.signup.browsing import browse

__all__ = ["browse"]


class Street:
    """Acme, two that pay and two that do not; one suspended by a person, one closed, one that waits."""

    def __init__(self, company, olga):
        listen()
        self.company, self.olga, self.ids = company, olga, {}
        with transaction(company.id) as db:
            made = {name: customer(db, company.plans["desk"], option, name=name) for name, option in (
                ("Ash", OPTION_1), ("Beech", OPTION_1), ("Cedar", OPTION_2), ("Damson", OPTION_2),
                ("Elder", OPTION_2), ("Fir", OPTION_2))}
            for account in made.values():
                active(db, account, paid_minor=10_000 if account.is_run_by_customer else 0)
            accounts.suspend(db, made["Elder"], reason="Abuse", by=COMMAND_LINE)
            accounts.close(db, made["Fir"], reason="Moved away", by=COMMAND_LINE)
            made["Ginkgo"] = customer(db, company.plans["desk"], OPTION_2, name="Ginkgo")
            self.ids = {name: account.id for name, account in made.items()}

    def decide(self, reason="Unpaid since June"):
        with transaction(self.company.id) as db:
            return standstill.begin(db, reason=reason, by=self.olga.actor)

    def lift(self):
        with transaction(self.company.id) as db:
            return standstill.lift(db, reason="Paid", by=self.olga.actor)

    def suspend(self):
        with scoped(self.company.id):
            standstill.suspend_customers({"standstill": str(self.standstill.id)})

    def restore(self):
        with scoped(self.company.id):
            standstill.restore_customers({"standstill": str(self.standstill.id)})

    def stop(self):
        self.decide()
        self.suspend()

    @property
    def standstill(self) -> Standstill:
        with reading(self.company.id) as db:
            newest = select(Standstill).order_by(Standstill.begun_at.desc(), Standstill.id.desc())
            return db.scalars(newest.limit(1)).one()

    @property
    def states(self) -> dict[str, str]:
        """In short: a for active, s for suspended, c for closed, i for inactive."""
        with reading(self.company.id) as db:
            wanted = select(Account.name, Account.state).where(Account.kind == "customer")
            return {name.partition(" ")[0]: state[0] for name, state in db.execute(wanted)}

    @property
    def pauses(self) -> list[tuple[str, bool, bool]]:
        """Whose pause it is, whether it is the operator's, and whether it is open."""
        with reading(self.company.id) as db:
            wanted = select(Account.name, Pause).join(Pause, Pause.account_id == Account.id)
            return sorted((name.partition(" ")[0], pause.standstill_id is not None, pause.until_day is None)
                          for name, pause in db.execute(wanted))

    def act(self, name: str, command, **more):
        with transaction(self.company.id) as db:
            return command(db, db.locked(Account, self.ids[name]), by=COMMAND_LINE, **more)

    def id(self, name: str) -> UUID:
        return self.ids[name]


BEFORE = {"Acme": "a", "Ash": "a", "Beech": "a", "Cedar": "a", "Damson": "a", "Elder": "s", "Fir": "c", "Ginkgo": "i"}
STOPPED = {**BEFORE, **dict.fromkeys(("Acme", "Ash", "Beech", "Cedar", "Damson"), "s")}


@pytest.fixture
def street(northwind, olga, clock, monkeypatch):
    monkeypatch.setattr(standstill, "BATCH", 2)
    return Street(northwind, olga)
