"""What begins together with an account besides its plan: the rooms above say it, and the first invoice holds it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from portal.accounts.models import Account
from portal.billing.book import PriceBook, buyers
from portal.billing.pricing import Extra
from portal.catalogue.models import Service
from portal.kit.db import TenantSession


@dataclass(frozen=True)
class Beginning:
    """So many of a recurring service, from the account's first day on."""

    service: Service
    quantity: int

    @property
    def item(self) -> str:
        """Its name in charges. Every plan's is `plan`, so a service with that code takes the next one."""
        return "plan.2" if self.service.code == "plan" else self.service.code


also_begins: list[Callable[[TenantSession, Account], list[Beginning]]] = []
"""Who is asked what an inactive account has chosen already. Nothing is charged before it is active."""


def beginnings_of(db: TenantSession, account: Account) -> list[Beginning]:
    return [each for ask in also_begins for each in ask(db, account)]


def extras_of(db: TenantSession, account: Account, begins: Sequence[Beginning], first_day: date) -> list[Extra]:
    """The same with its prices on a day, and with how many of it the account's plan holds."""
    book, buyer = PriceBook(db), buyers(db, [account])[account.id]
    return [
        Extra(
            book.prices(each.service, first_day, buyer),
            each.item,
            each.quantity,
            book.free(account.plan_id, each.service, first_day),
        )
        for each in begins
    ]
