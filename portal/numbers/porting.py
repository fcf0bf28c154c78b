"""Numbers that a customer moves here from another provider: asked for, taken from state to state, then taken over."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.audit.commands import Actor, record
from portal.audit.models import AuditRow
from portal.events.commands import raise_event
from portal.identity.models import User
from portal.kit.clock import now, today
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import NotFound, Refusal
from portal.kit.series import next_number
from portal.numbers.assigning import refuse_closed_doors
from portal.numbers.charging import NotSold, price_classes
from portal.numbers.documents import MOST, Document
from portal.numbers.e164 import international
from portal.numbers.letters import tell_of_port
from portal.numbers.lifecycle import PORT_MOVES, PortState
from portal.numbers.models import Number, PortDocument, PortRequest

DAYS_AHEAD = 3
"""Working days between the request and the wanted day at least: the losing provider is given that long to answer."""

FURTHEST = timedelta(days=365)

ONE_AT_A_TIME = "port-in-tries"
"""A series that is taken for its lock, held until the end: two requests for one number cannot pass each other."""

OPEN = (PortState.SUBMITTED, PortState.ACCEPTED, PortState.SCHEDULED)
OVER = (PortState.COMPLETED, PortState.CANCELLED)


class NumberKnown(Refusal):
    status = 422
    heading = "This number cannot be moved here"

    def __init__(self, e164: str, why: str = "is here already", own: PortRequest | None = None) -> None:
        super().__init__(f"{international(e164)} {why}.", field="numbers")
        self.own = own
        """The account's own request that asks for it."""


class PortMoved(Refusal):
    heading = "This request has moved on"

    def __init__(self, state: str) -> None:
        super().__init__(f"It is {state}. Look at it again.")


class TooManyDocuments(Refusal):
    status = 422
    heading = "That is enough paper"
    text = f"At most {MOST} documents belong to a request."


@dataclass(frozen=True)
class Ported:
    """One number of a request, and how it will stand in the stock. Its class is chosen when it is accepted."""

    e164: str
    kind: str
    country: str
    area: str = ""
    price_class: str = ""
    needs_address: bool = False

    @classmethod
    def read(cls, asked: Mapping[str, Any]) -> "Ported":
        """A number as its request keeps it, beside what is wanted of it."""
        return cls(**{each.name: asked[each.name] for each in fields(cls) if each.name in asked})


@dataclass(frozen=True)
class NewPort:
    numbers: tuple[Ported, ...]
    losing_provider: str
    losing_account: str
    wanted_day: date


def earliest_day(today: date) -> date:
    """The first day that can be wanted: so many working days after today, Saturdays and Sundays left out."""
    day, left = today, DAYS_AHEAD
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def submit(db: TenantSession, account: Account, new: NewPort, *, by: Actor) -> PortRequest:
    """Ask for numbers. Raises NoNumbersNow or NumberKnown. The caller holds the account's row.

    What the own white label has or asks for is refused here. What others have or ask for is nobody's business but the
    operator's, who sees it on the request's page; the completion stops there.
    """
    refuse_closed_doors(account)
    next_number(db, ONE_AT_A_TIME)
    reference = f"P-{next_number(db, 'port-in'):04d}"
    _refuse_known(db, account, [each.e164 for each in new.numbers])
    made = PortRequest(
        id=new_id(),
        reference=reference,
        account_id=account.id,
        created_by=by.name,
        created_at=now(),
        **_asked(new),
    )
    db.put(made)
    tell(db, made, "port-in.submitted", by)
    return made


def submit_again(db: TenantSession, account: Account, port: PortRequest, new: NewPort, *, by: Actor) -> None:
    """Correct a request that was rejected. Raises PortMoved, NoNumbersNow or NumberKnown."""
    refuse_closed_doors(account)
    next_number(db, ONE_AT_A_TIME)
    move(port, PortState.SUBMITTED)
    _refuse_known(db, account, [each.e164 for each in new.numbers], but=port.id)
    wishes = {each["e164"]: each["wish"] for each in port.numbers if "wish" in each}
    for column, value in _asked(new).items():
        setattr(port, column, value)
    port.numbers = [{**each, "wish": wishes[each["e164"]]} if each["e164"] in wishes else each for each in port.numbers]
    port.answer, port.agreed_day = "", None
    tell(db, port, "port-in.submitted", by)


def _asked(new: NewPort) -> dict[str, Any]:
    return {
        "numbers": [asdict(each) for each in new.numbers],
        "losing_provider": new.losing_provider,
        "losing_account": new.losing_account,
        "wanted_day": new.wanted_day,
    }


def _refuse_known(db: TenantSession, account: Account, wanted: Sequence[str], *, but: UUID | None = None) -> None:
    known = db.scalar(select(Number.e164).where(Number.e164.in_(wanted)).limit(1))
    if known is not None:
        raise NumberKnown(known)
    for port, asked in asked_for_as_well(db, wanted, but=but):
        if port.account_id == account.id:
            raise NumberKnown(asked[0], f"is in request {port.reference} of this account already", port)
        raise NumberKnown(asked[0], "is asked for by another request")


def asked_for_as_well(
    db: TenantSession, wanted: Iterable[str], *, but: UUID | None
) -> Iterator[tuple[PortRequest, list[str]]]:
    """The other open requests of this scope, the oldest first, that ask for some of these numbers, and for which."""
    numbers = set(wanted)
    open_ones = select(PortRequest).where(PortRequest.state.in_(OPEN))
    for port in db.scalars(open_ones.order_by(PortRequest.created_at, PortRequest.id)):
        shared = [each["e164"] for each in port.numbers if each["e164"] in numbers]
        if shared and port.id != but:
            yield port, shared


def cancel(db: TenantSession, port: PortRequest, *, by: Actor) -> None:
    """The requester does not want it any more. Raises PortMoved."""
    move(port, PortState.CANCELLED)
    tell(db, port, "port-in.cancelled", by)


def withdraw_open(db: TenantSession, account: Account, by: Actor) -> None:
    """An account that closes: nobody moves its numbers here any more, and whoever asked for them hears of it."""
    open_ones = select(PortRequest).where(PortRequest.account_id == account.id, PortRequest.state.in_(OPEN))
    for port in db.scalars(open_ones.order_by(PortRequest.id).with_for_update()).all():
        move(port, PortState.CANCELLED)
        tell(db, port, "port-in.cancelled", by, letter=True, reason=CLOSED)


CLOSED = "The account was closed"


def accept(db: TenantSession, port: PortRequest, *, price_class: str, needs_address: bool, by: Actor) -> None:
    """The losing provider agrees; from here on it is known what the numbers will cost. Raises PortMoved or NotSold."""
    service = price_classes(db).get(price_class)
    if service is None or not service.is_on_sale:
        raise NotSold
    move(port, PortState.ACCEPTED)
    port.numbers = [{**each, "price_class": price_class, "needs_address": needs_address} for each in port.numbers]
    tell(db, port, "port-in.accepted", by, letter=True)


def schedule(db: TenantSession, port: PortRequest, day: date, *, by: Actor) -> None:
    """Raises PortMoved."""
    move(port, PortState.SCHEDULED)
    port.agreed_day = day
    tell(db, port, "port-in.scheduled", by, letter=True, day=day.isoformat())


def reject(db: TenantSession, port: PortRequest, reason: str, *, by: Actor) -> None:
    """Raises PortMoved."""
    move(port, PortState.REJECTED)
    port.answer = reason
    tell(db, port, "port-in.rejected", by, letter=True, reason=reason)


def add_document(db: TenantSession, port: PortRequest, document: Document, *, by: Actor) -> PortDocument:
    """Raises TooManyDocuments, or PortMoved when the request is over. The same file again is not stored again."""
    refuse_over(port)
    known = documents_of(db, port.id)
    for each in known:
        if each.sha256 == document.sha256:
            return each
    if len(known) >= MOST:
        raise TooManyDocuments
    made = PortDocument(
        port_request_id=port.id,
        name=document.name,
        media_type=document.media_type,
        size=len(document.content),
        sha256=document.sha256,
        content=document.content,
        created_by=by.name,
    )
    db.put(made)
    record(
        db,
        "port-in.document",
        by=by,
        subject=port.account_id,
        port_in=str(port.id),
        reference=port.reference,
        name=document.name,
        sha256=document.sha256,
    )
    return made


def refuse_over(port: PortRequest) -> None:
    """Raises PortMoved for a request to which nothing can be added any more."""
    if port.state in OVER:
        raise PortMoved(port.state)


def documents_of(db: TenantSession, port_id: UUID) -> Sequence[PortDocument]:
    wanted = select(PortDocument).where(PortDocument.port_request_id == port_id)
    return db.scalars(wanted.order_by(PortDocument.created_at, PortDocument.id)).all()


def port_or_404(db: TenantSession, account_id: UUID, port_id: UUID, *, held: bool = False) -> PortRequest:
    """A request of the account. Raises NotFound for any other."""
    port = db.locked(PortRequest, port_id) if held else db.load(PortRequest, port_id)
    if port is None or port.account_id != account_id:
        raise NotFound
    return port


def ports_of(db: TenantSession, account_id: UUID) -> Sequence[PortRequest]:
    """The requests of an account, newest first."""
    wanted = select(PortRequest).where(PortRequest.account_id == account_id)
    return db.scalars(wanted.order_by(PortRequest.created_at.desc(), PortRequest.id.desc())).all()


def acts_on_port(db: TenantSession, port: PortRequest) -> list[AuditRow]:
    """What was done with a request, oldest first."""
    wanted = select(AuditRow).where(AuditRow.subject_id == port.account_id, AuditRow.action.startswith("port-in."))
    return [row for row in db.scalars(wanted.order_by(AuditRow.id)) if row.details.get("port_in") == str(port.id)]


def count_open(db: TenantSession, account_id: UUID | None = None) -> int:
    """Open requests of an account, or of this scope."""
    wanted = select(func.count(PortRequest.id)).where(PortRequest.state.in_(OPEN))
    return db.scalar(wanted.where(PortRequest.account_id == account_id) if account_id else wanted) or 0


def listen() -> None:
    """Hear of accounts that close. Called when the house is put together."""
    if withdraw_open not in accounts.after_closed:
        accounts.after_closed.append(withdraw_open)


def move(port: PortRequest, to: PortState) -> None:
    if to not in PORT_MOVES[PortState(port.state)]:
        raise PortMoved(port.state)
    port.state, port.moved_at = to.value, now()


def tell(
    db: TenantSession,
    port: PortRequest,
    act: str,
    by: Actor,
    *,
    letter: bool = False,
    charged: str = "",
    **more: Any,
) -> None:
    """The trail, the outside world, and where somebody else moved it a letter to who asked for it; `charged` is its."""
    db.flush()
    record(db, act, by=by, subject=port.account_id, port_in=str(port.id), reference=port.reference, **more)
    raise_event(db, act, account=port.account_id, id=str(port.id), reference=port.reference, **more)
    db.flush()
    if letter:
        tell_of_port(db, port, requester(db, port), left_out=more.get("left_out", []), charged=charged)


def requester(db: TenantSession, port: PortRequest) -> User | None:
    """Who sent it last; the trail remembers."""
    sent = [row for row in acts_on_port(db, port) if row.action == "port-in.submitted" and row.actor_id is not None]
    return db.load(User, sent[-1].actor_id) if sent and sent[-1].actor_id is not None else None


def refuse_day(day: date, time_zone: str) -> str:
    """Why a day cannot be wanted, in words; empty when it can."""
    present = today(time_zone)
    if day < earliest_day(present):
        return f"Choose {earliest_day(present)} or later: the other provider needs {DAYS_AHEAD} working days."
    return "Choose a day within a year." if day > present + FURTHEST else ""
