"""Where calls to a number go: chosen with its assignment here, known and kept by the room above with phone settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from portal.accounts.desks import Desk
from portal.audit.commands import Actor
from portal.kit.db import TenantSession
from portal.kit.refusals import NotAllowed, Refusal
from portal.numbers.models import Number

OUTSIDE = "outside"
"""The offered value that a telephone number stands beside."""

Offers = list[tuple[str, str]]
"""Values with the words for each."""


@dataclass(frozen=True)
class Wanted:
    """One of the offered values as it was sent, and for OUTSIDE the number as it was typed."""

    value: str
    outside: str = ""


@dataclass(frozen=True)
class Told:
    """Where calls to an account's numbers go, in words by E.164, and whether the reader may say otherwise now."""

    words: Mapping[str, str]
    can_edit: bool


class Switchboard(Protocol):
    """What the room with phone settings answers about the account of a desk."""

    def offers(self, db: TenantSession, desk: Desk) -> Offers:
        """Where the reader may send calls; nothing where nothing is set up yet, or the choice is not theirs."""

    def route(self, db: TenantSession, desk: Desk, number: Number, wanted: Wanted, *, by: Actor) -> str:
        """Send calls to a number there, or say in words why that cannot be. The caller holds the account's row.

        Raises NotAllowed when the choice is not the reader's.
        """

    def told(self, db: TenantSession, desk: Desk) -> Told | None:
        """None for whoever does not read the phone settings of the account."""


switchboard: list[Switchboard] = []
"""The one that is connected, if any."""


class CannotGoThere(Refusal):
    """`wrong` says why, by the number's id."""

    status = 422
    heading = "Calls cannot go there"

    def __init__(self, wrong: dict[UUID, str]) -> None:
        super().__init__(" ".join(wrong.values()))
        self.wrong = wrong


def offers(db: TenantSession, desk: Desk) -> Offers:
    return [offer for each in switchboard for offer in each.offers(db, desk)]


def told(db: TenantSession, desk: Desk) -> Told | None:
    return next((each.told(db, desk) for each in switchboard), None)


def route(
    db: TenantSession, desk: Desk, numbers: Sequence[Number], wanted: Mapping[UUID, Wanted], *, by: Actor
) -> None:
    """Send calls to the numbers where somebody wants them; those that are not in `wanted` go nowhere yet.

    Belongs into the transaction of the assignment. Raises CannotGoThere with all that is wrong, and NotAllowed.
    """
    if wanted and not switchboard:
        raise NotAllowed
    wrong = {}
    for number in (each for each in numbers if each.id in wanted):
        if why := switchboard[0].route(db, desk, number, wanted[number.id], by=by):
            wrong[number.id] = why
    if wrong:
        raise CannotGoThere(wrong)
