"""What an account wants of numbers that are still on their way: where calls go, whose each is, where help is sent.

It is kept with the request, may change while that is open, and is carried out in the transaction that brings them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from portal.accounts.commands import Place
from portal.accounts.desks import Desk
from portal.accounts.lifecycle import Side
from portal.accounts.models import Account
from portal.accounts.queries import members_of
from portal.audit.commands import SYSTEM, Actor, record
from portal.audit.models import AuditRow
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound, Refusal
from portal.numbers import destinations
from portal.numbers.destinations import CannotGoThere, Wanted
from portal.numbers.e164 import international
from portal.numbers.emergency import WrongAddress, check, enter
from portal.numbers.models import Number, PortRequest
from portal.numbers.porting import acts_on_port, refuse_over

PREPARED = "port-in.prepared"


class PreparedMeanwhile(Refusal):
    """Whoever came second decides, and nothing is written over."""

    heading = "Somebody else prepared this meanwhile"

    def __init__(self, numbers: Collection[str]) -> None:
        super().__init__("Look at what is noted now. Nothing of yours was saved.")
        self.numbers = numbers


@dataclass(frozen=True)
class Wish:
    """What is wanted of one number; each part may be left open."""

    to: Wanted | None = None
    user_id: UUID | None = None
    place: Place | None = None


def wish_of(asked: Mapping[str, Any]) -> Wish:
    """What is wanted of a number of a request, as it stands there."""
    kept = asked.get("wish") or {}
    return Wish(
        to=Wanted(**kept["to"]) if kept.get("to") else None,
        user_id=UUID(kept["user"]) if kept.get("user") else None,
        place=Place(**kept["place"]) if kept.get("place") else None,
    )


def _kept(wish: Wish) -> dict[str, Any]:
    return {
        "to": asdict(wish.to) if wish.to is not None else None,
        "user": str(wish.user_id) if wish.user_id is not None else None,
        "place": asdict(wish.place) if wish.place is not None else None,
    }


def seen_at(db: TenantSession, port: PortRequest) -> str:
    """Which preparation somebody looks at: the last one, or none."""
    last = _last(db, port)
    return str(last.id) if last is not None else ""


def prepare(
    db: TenantSession, account: Account, port: PortRequest, wishes: Mapping[str, Wish], *, seen: str, by: Actor
) -> None:
    """Want this of some numbers of a request, by their E.164. The caller holds the rows of the account and the request.

    `seen` is the preparation that somebody looked at when they decided so. Raises PreparedMeanwhile when a later one
    was about the same number and this says otherwise, PortMoved when the request is over, WrongAddress where help
    would not find the address, and NotFound for numbers that are not asked for and for somebody who is not of the
    account.
    """
    refuse_over(port)
    people = {user.id for _, user in members_of(db, account.id)}
    asked = {each["e164"]: each for each in port.numbers if each["e164"] in wishes}
    if len(asked) < len(wishes) or any(wish.user_id not in (None, *people) for wish in wishes.values()):
        raise NotFound
    wanted = {e164: _checked(wish, asked[e164], named=len(wishes) > 1) for e164, wish in wishes.items()}
    changed = [e164 for e164, each in asked.items() if wish_of(each) != wanted[e164]]
    if not changed:
        return
    if both := sorted(_prepared_since(db, port, seen) & set(changed)):
        raise PreparedMeanwhile(both)
    port.numbers = [
        {**each, "wish": _kept(wanted[each["e164"]])} if each["e164"] in changed else each for each in port.numbers
    ]
    record(db, PREPARED, by=by, subject=account.id, port_in=str(port.id), reference=port.reference, numbers=changed)


def _prepared_since(db: TenantSession, port: PortRequest, seen: str) -> set[str]:
    """Numbers that were prepared after the preparation that somebody looked at; all that ever were without one."""
    numbers: set[str] = set()
    for row in acts_on_port(db, port):
        if row.action == PREPARED:
            numbers = set() if str(row.id) == seen else numbers | set(row.details["numbers"])
    return numbers


def _checked(wish: Wish, asked: Mapping[str, Any], *, named: bool) -> Wish:
    """Raises WrongAddress, which names the number where there are others."""
    if wish.place is None:
        return wish
    try:
        return replace(wish, place=check(wish.place, asked["country"]))
    except WrongAddress as refused:
        which = f"{international(asked['e164'])}: " if named else ""
        raise WrongAddress(f"{which}{refused.text}", field=refused.field) from refused


def carry_out(db: TenantSession, account: Account, port: PortRequest, numbers: Sequence[Number]) -> list[str]:
    """Do what is wanted of numbers that are the account's now, in the name of whoever said so last.

    What does not fit any more is left out and stops nothing; returned is what was, in words.
    """
    wishes = {each["e164"]: wish_of(each) for each in port.numbers}
    by, people = _who_prepared(db, port), {user.id for _, user in members_of(db, account.id)}
    left_out = []
    for number in numbers:
        wish = wishes[number.e164]
        told = [_whose(number, wish, people), _help(db, account, number, wish, by)]
        left_out += [f"{international(number.e164)}: {words}" for words in told if words]
    wanted = {number.id: to for number in numbers if (to := wishes[number.e164].to) is not None}
    wrong = _routed(db, Desk(Side.WHITE_LABEL, account, is_administrator=True), numbers, wanted, by)
    return left_out + [
        f"{international(each.e164)}: calls go nowhere yet. {wrong[each.id]}" for each in numbers if each.id in wrong
    ]


def _who_prepared(db: TenantSession, port: PortRequest) -> Actor:
    last = _last(db, port)
    return Actor(last.actor_kind, last.actor_id, last.actor_name) if last is not None else SYSTEM


def _last(db: TenantSession, port: PortRequest) -> AuditRow | None:
    """The trail remembers when it was prepared, and by whom."""
    return next((row for row in reversed(acts_on_port(db, port)) if row.action == PREPARED), None)


def _whose(number: Number, wish: Wish, people: Collection[UUID]) -> str:
    if wish.user_id is None:
        return ""
    if wish.user_id not in people:
        return "nobody's in particular. Whose it was to be has left the account."
    number.user_id = wish.user_id
    return ""


def _help(db: TenantSession, account: Account, number: Number, wish: Wish, by: Actor) -> str:
    if wish.place is None:
        return ""
    if not number.needs_address:
        return "the address for emergency calls was not kept, because it needs none."
    try:
        enter(db, account, number, wish.place, by=by)
    except WrongAddress as refused:
        return f"no address for emergency calls yet. {refused.text}"
    return ""


def _routed(
    db: TenantSession, desk: Desk, numbers: Sequence[Number], wanted: Mapping[UUID, Wanted], by: Actor
) -> dict[UUID, str]:
    """Send calls there, and again without those for which that cannot be; why not, by their ids.

    Where all are refused at once, because of what they lead to together, each is tried by itself.
    """
    try:
        destinations.route(db, desk, numbers, wanted, by=by)
    except CannotGoThere as refused:
        rest = {id: each for id, each in wanted.items() if id not in refused.wrong}
        if rest or len(wanted) == 1:
            return refused.wrong | _routed(db, desk, numbers, rest, by)
        alone = (_routed(db, desk, numbers, {id: each}, by) for id, each in wanted.items())
        return {id: why for found in alone for id, why in found.items()}
    return {}
