"""What the operator's pages about port-ins and emergency addresses show, as ready words."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Select, and_, select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.kit.db import TenantSession
from portal.kit.paging import Key, Order, Place, window
from portal.kit.refusals import NotFound
from portal.numbers.arrival_cost import arrival_cost
from portal.numbers.arriving import ONCE_ACTIVE, day_waited_for
from portal.numbers.assigning import why_no_numbers
from portal.numbers.e164 import international
from portal.numbers.emergency import address_words
from portal.numbers.lifecycle import PORT_MOVES, EmergencyState, PortState
from portal.numbers.models import EmergencyAddress, Number, PortRequest, StockNumber
from portal.numbers.pages import Step, emergency_steps
from portal.numbers.port_pages import PortLine, PortPage, line_of, port_page
from portal.numbers.porting import OPEN, asked_for_as_well
from portal.numbers.stock import holder_name
from portal.operator.number_queries import state_of
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, moment, money

SHOWN = 200
PORTS_SHOWN = 50
OVER_PREFIX = "over-"


@dataclass(frozen=True)
class PortRow:
    line: PortLine
    white_label: str
    customer: str


@dataclass(frozen=True)
class PortList:
    open: "PortRows"
    over: "PortRows"


@dataclass(frozen=True)
class PortRows:
    """A page of requests, and the addresses of its neighbours, if there are such."""

    rows: list[PortRow]
    newer_href: str
    older_href: str


@dataclass(frozen=True)
class OperatorPort:
    """`waits_until` is the agreed day while it is still to come: until then it is not completed. `why_not` is why the
    account takes no numbers now; `charged` is from when on it will be, `missing` what the credit lacks today."""

    page: PortPage
    customer: str
    may: frozenset[str]
    waits_until: str
    why_not: str
    charged: str
    missing: str


@dataclass(frozen=True)
class Rival:
    """Another open request for some of the same numbers."""

    href: str
    reference: str
    who: str
    numbers: str
    sent: str


@dataclass(frozen=True)
class InStock:
    """A number of an open request that is in the stock already."""

    href: str
    number: str
    state: str
    whose: str
    way_out: str


@dataclass(frozen=True)
class AddressRow:
    href: str
    number: str
    white_label: str
    address: str
    since: str


@dataclass(frozen=True)
class AddressPage:
    id: UUID
    number: str
    customer: str
    address: str
    steps: list[Step]
    entered: str
    may_decide: bool


def port_list(db: TenantSession, open_at: Place, over_at: Place) -> PortList:
    """In the platform's scope, a page of each: open requests, the oldest move first, and the latest that are over."""
    wanted = (
        select(PortRequest, Account, WhiteLabel)
        .join(Account, and_(Account.white_label_id == PortRequest.white_label_id, Account.id == PortRequest.account_id))
        .join(WhiteLabel, WhiteLabel.id == PortRequest.white_label_id)
    )
    is_open = PortRequest.state.in_(OPEN)
    return PortList(
        open=_port_rows(db, wanted.where(is_open), open_at, "", is_descending=False),
        over=_port_rows(db, wanted.where(~is_open), over_at, OVER_PREFIX, is_descending=True),
    )


def _port_rows(
    db: TenantSession, wanted: Select[*tuple[Any, ...]], at: Place, prefix: str, *, is_descending: bool
) -> PortRows:
    found = window(
        lambda limited: [tuple(row) for row in db.execute(limited)],
        wanted,
        Order(PortRequest.moved_at, PortRequest.id, is_descending=is_descending),
        at,
        size=PORTS_SHOWN,
        key_of=lambda row: (row[0].moved_at, row[0].id),
    )
    newer, older = _page_href(f"{prefix}after", found.newer), _page_href(f"{prefix}before", found.older)
    return PortRows([_port_row(*row) for row in found.rows], newer, older)


def _page_href(name: str, key: Key | None) -> str:
    return f"/operator/port-ins?{urlencode({name: f'{key[1]}_{key[0].isoformat()}'})}" if key else ""


def _port_row(port: PortRequest, account: Account, tenant: WhiteLabel) -> PortRow:
    href = f"/operator/white-labels/{tenant.id}/port-ins/{port.id}"
    return PortRow(line_of(port, href, tenant), tenant.name, f"{account.name}, {account.number}")


def port_request_page(db: TenantSession, port_id: UUID) -> OperatorPort:
    port = db.load(PortRequest, port_id)
    account = db.load(Account, port.account_id) if port is not None else None
    if port is None or account is None:
        raise NotFound
    may = frozenset(state.value for state in PORT_MOVES[PortState(port.state)])
    tenant = white_label(db)
    still = day_waited_for(port, tenant) if "completed" in may else None
    waits_until = day(still, tenant) if still is not None else ""
    cost = arrival_cost(db, account, port) if "completed" in may else None
    return OperatorPort(
        page=port_page(db, port),
        customer=f"{account.name}, account {account.number}",
        may=may,
        waits_until=waits_until,
        why_not=_why_not(account) if port.state in OPEN else "",
        charged=f"charged {ONCE_ACTIVE}" if account.state == State.INACTIVE else "charged at once",
        missing=money(cost.missing_minor, tenant) if cost is not None and cost.missing_minor else "",
    )


def _why_not(account: Account) -> str:
    if not why_no_numbers(account):
        return ""
    return f"The account is {account.state}. Its numbers can be taken in once it is active."


WAYS_OUT = {
    "assigned": "Its account has to release it first; then retire it.",
    "reserved": "Somebody decides on it for up to ten minutes; then retire it.",
}
RETIRE = "Nobody uses it. Retire it, and the port-in can be completed."


def in_stock_of(db: TenantSession, port_id: UUID, host: WhiteLabel) -> list[InStock]:
    """In the platform's scope: which numbers of an open request the stock has, and why it cannot be completed yet. A
    retired number is nobody's: the port-in brings it back."""
    port = _open_port(db, port_id)
    wanted = select(StockNumber).where(StockNumber.white_label_id == host.id, StockNumber.retired_at.is_(None))
    asked = StockNumber.e164.in_([each["e164"] for each in port.numbers] if port is not None else [])
    return [_in_stock(db, number) for number in db.scalars(wanted.where(asked).order_by(StockNumber.e164))]


def _in_stock(db: TenantSession, number: StockNumber) -> InStock:
    state = state_of(db, number)
    return InStock(
        href=f"/operator/numbers/{number.id}",
        number=international(number.e164),
        state=state,
        whose=_whose(db, number) if state in WAYS_OUT else holder_name(db, number.holder_id),
        way_out=WAYS_OUT.get(state, RETIRE),
    )


def _whose(db: TenantSession, number: StockNumber) -> str:
    has_it = and_(Number.white_label_id == Account.white_label_id, Number.account_id == Account.id)
    theirs = Number.white_label_id == number.holder_id, Number.e164 == number.e164
    account = db.scalar(select(Account).join(Number, has_it).where(*theirs))
    holder = holder_name(db, number.holder_id)
    return f"{holder}: {account.name}, account {account.number}" if account is not None else holder


def _open_port(db: TenantSession, port_id: UUID) -> PortRequest | None:
    return db.scalar(select(PortRequest).where(PortRequest.id == port_id, PortRequest.state.in_(OPEN)))


def rivals_of(db: TenantSession, port_id: UUID, host: WhiteLabel) -> list[Rival]:
    """In the platform's scope: who else asks for the numbers of an open request, with any white label; when is told by
    the operator's clock."""
    port = _open_port(db, port_id)
    wanted = [each["e164"] for each in port.numbers] if port is not None else []
    return [_rival(db, other, numbers, host) for other, numbers in asked_for_as_well(db, wanted, but=port_id)]


def _rival(db: TenantSession, port: PortRequest, numbers: list[str], host: WhiteLabel) -> Rival:
    own = Account.white_label_id == port.white_label_id, Account.id == port.account_id
    account = db.scalars(select(Account).where(*own)).one()
    tenant = db.scalars(select(WhiteLabel).where(WhiteLabel.id == port.white_label_id)).one()
    return Rival(
        href=f"/operator/white-labels/{tenant.id}/port-ins/{port.id}",
        reference=port.reference,
        who=f"{tenant.name}: {account.name}, account {account.number}",
        numbers=", ".join(map(international, numbers)),
        sent=moment(port.created_at, host),
    )


def address_list(db: TenantSession, host: WhiteLabel) -> list[AddressRow]:
    """In the platform's scope: what was validated and waits to be registered, the oldest first; when is by the
    operator's clock."""
    wanted = (
        select(EmergencyAddress, Number, WhiteLabel)
        .join(
            Number,
            and_(Number.white_label_id == EmergencyAddress.white_label_id, Number.id == EmergencyAddress.number_id),
        )
        .join(WhiteLabel, WhiteLabel.id == EmergencyAddress.white_label_id)
        .where(EmergencyAddress.state == EmergencyState.VALIDATED)
        .order_by(EmergencyAddress.validated_at, EmergencyAddress.number_id)
        .limit(SHOWN)
    )
    return [
        AddressRow(
            f"/operator/white-labels/{tenant.id}/emergency/{number.id}",
            international(number.e164),
            tenant.name,
            address_words(address),
            moment(address.entered_at, host),
        )
        for address, number, tenant in db.execute(wanted)
    ]


def address_page(db: TenantSession, number_id: UUID) -> AddressPage:
    number, tenant = db.load(Number, number_id), white_label(db)
    address = db.get(EmergencyAddress, (db.tenant, number_id))
    account = db.load(Account, number.account_id) if number is not None and number.account_id is not None else None
    if number is None or address is None or account is None:
        raise NotFound
    return AddressPage(
        id=number.id,
        number=international(number.e164),
        customer=f"{account.name}, account {account.number}",
        address=address_words(address),
        steps=emergency_steps(address, tenant),
        entered=address.entered_at.isoformat(),
        may_decide=address.state == EmergencyState.VALIDATED,
    )
