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
    """One of the offered values as it was sent, and the number as it was typed, which belongs to OUTSIDE."""

    value: str
    outside: str = ""


@dataclass(frozen=True)
class Told:
    """Where calls to an account's numbers go, in words by E.164, and whether the reader may say otherwise now."""

    words: Mapping[str, str]
    can_edit: bool


@dataclass(frozen=True)
class Seen:
    """A destination in words, or why calls cannot go there."""

    words: str = ""
    wrong: str = ""


class Switchboard(Protocol):
    """What the room with phone settings answers about the account of a desk."""

    def offers(self, db: TenantSession, desk: Desk) -> Offers:
        """Where the reader may send calls: OUTSIDE at least, or nothing when the choice is not theirs."""

    def route(self, db: TenantSession, desk: Desk, wanted: Mapping[Number, Wanted], *, by: Actor) -> dict[UUID, str]:
        """Send calls to the numbers there, all of them, or say in words by the number's id why that cannot be.

        The caller holds the account's row. Raises NotAllowed when the choice is not the reader's.
        """

    def seen(self, db: TenantSession, desk: Desk, wanted: Wanted) -> "Seen":
        """A destination as it is now, for numbers that are not the account's yet."""

    def told(self, db: TenantSession, desk: Desk) -> Told | None:
        """None for whoever does not read the phone settings of the account."""


switchboard: Switchboard | None = None
"""The one that is connected, if any."""


class CannotGoThere(Refusal):
    """`wrong` says why, by the number's id."""

    status = 422
    heading = "Calls cannot go there"

    def __init__(self, wrong: dict[UUID, str]) -> None:
        super().__init__(" ".join(wrong.values()))
        self.wrong = wrong


def offers(db: TenantSession, desk: Desk) -> Offers:
    return switchboard.offers(db, desk) if switchboard is not None else []


def seen(db: TenantSession, desk: Desk, wanted: Wanted) -> Seen:
    return switchboard.seen(db, desk, wanted) if switchboard is not None else Seen()


def told(db: TenantSession, desk: Desk) -> Told | None:
    return switchboard.told(db, desk) if switchboard is not None else None


def route(
    db: TenantSession, desk: Desk, numbers: Sequence[Number], wanted: Mapping[UUID, Wanted], *, by: Actor
) -> None:
    """Send calls to the numbers where somebody wants them; those that are not in `wanted` go nowhere yet.

    Belongs into the transaction of the assignment. Raises CannotGoThere with all that is wrong, and NotAllowed.
    """
    if not wanted:
        return
    if switchboard is None:
        raise NotAllowed
    if wrong := switchboard.route(db, desk, {each: wanted[each.id] for each in numbers if each.id in wanted}, by=by):
        raise CannotGoThere(wrong)
