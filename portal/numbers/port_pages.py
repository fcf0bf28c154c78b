"""What the pages of port-in requests show, as ready words: to the customer, the white label and the operator."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from portal.accounts.commands import Place
from portal.accounts.queries import addresses_of, members_of
from portal.audit.models import AuditRow
from portal.kit.db import TenantSession
from portal.numbers import destinations
from portal.numbers.arrival_cost import ArrivalCost, arrival_cost
from portal.numbers.charging import price_classes
from portal.numbers.e164 import KINDS, WORLD, international, place_name
from portal.numbers.emergency import WrongAddress, as_place, check, place_line
from portal.numbers.lifecycle import PORT_MOVES, PortState
from portal.numbers.models import PortRequest
from portal.numbers.porting import OVER, acts_on_port, documents_of, ports_of
from portal.numbers.preparing import Wish, wish_of
from portal.numbers.prices import Prices
from portal.numbers.rights import NumbersDesk
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, moment, money, short_day

BADGES = {
    "submitted": "waiting", "accepted": "port-accepted", "scheduled": "port-scheduled", "completed": "done",
    "rejected": "port-rejected", "cancelled": "withdrawn",
}  # fmt: skip


@dataclass(frozen=True)
class PortLine:
    href: str
    reference: str
    numbers: str
    state: str
    when: str


@dataclass(frozen=True)
class Event:
    kind: str
    icon: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Paper:
    id: UUID
    name: str
    sub: str


@dataclass(frozen=True)
class Wanted:
    """Numbers of which the same is wanted once they are here; `rows` are empty when nothing is."""

    numbers: list[str]
    rows: list[tuple[str, str]]
    href: str


@dataclass(frozen=True)
class PortPage:
    """`wanted` is empty where nobody may say so: at the operator's desk, and once the request is over. `missing` is
    what the payer's credit lacks for the arrival today, told to whoever sees prices."""

    id: UUID
    reference: str
    state: str
    badge: str
    numbers: list[tuple[str, str]]
    rows: list[tuple[str, str]]
    answer: str
    timeline: list[Event]
    papers: list[Paper]
    may_cancel: bool
    may_send_again: bool
    may_add_papers: bool
    wanted: list[Wanted]
    missing: str


def port_lines(db: TenantSession, desk: NumbersDesk) -> list[PortLine]:
    if not desk.sees_requests:
        return []
    tenant = white_label(db)
    return [line_of(each, f"{desk.base}/port-ins/{each.id}", tenant) for each in ports_of(db, desk.account.id)]


def line_of(port: PortRequest, href: str, tenant: WhiteLabel) -> PortLine:
    return PortLine(href, port.reference, count_words(port), BADGES[port.state], when_words(port, tenant))


def count_words(port: PortRequest) -> str:
    first = international(port.numbers[0]["e164"])
    return first if len(port.numbers) == 1 else f"{first} and {len(port.numbers) - 1} more"


def when_words(port: PortRequest, tenant: WhiteLabel) -> str:
    if port.agreed_day is not None:
        return f"Agreed for {short_day(port.agreed_day, tenant)}"
    return f"Wanted for {short_day(port.wanted_day, tenant)}"


def port_page(db: TenantSession, port: PortRequest, desk: NumbersDesk | None = None) -> PortPage:
    """Prices are told at the account's desk, from either side of it; there is none where the operator looks."""
    tenant, state = white_label(db), PortState(port.state)
    cost = arrival_cost(db, desk.account, port) if desk is not None and desk.sees_prices else None
    return PortPage(
        id=port.id,
        reference=port.reference,
        state=port.state,
        badge=BADGES[port.state],
        numbers=[(international(each["e164"]), _kind_words(each)) for each in port.numbers],
        rows=[*_rows(db, port, tenant), *_price_rows(db, port, desk), *_cost_rows(cost, tenant)],
        answer=port.answer,
        timeline=_timeline(db, port, tenant),
        papers=[
            Paper(each.id, each.name, f"{max(1, each.size // 1024)} KB, {each.created_by}")
            for each in documents_of(db, port.id)
        ],
        may_cancel=PortState.CANCELLED in PORT_MOVES[state],
        may_send_again=state is PortState.REJECTED,
        may_add_papers=state not in OVER,
        wanted=_wanted(db, port, desk) if desk is not None and state not in OVER else [],
        missing=money(cost.missing_minor, tenant) if cost is not None and cost.missing_minor else "",
    )


def _wanted(db: TenantSession, port: PortRequest, desk: NumbersDesk) -> list[Wanted]:
    """The numbers by what is wanted of them, each such part in its order in the request."""
    groups: dict[Wish, list[str]] = {}
    for each in port.numbers:
        groups.setdefault(wish_of(each), []).append(each["e164"])
    base = f"{desk.base}/port-ins/{port.id}/preparation"
    people = {user.id: user.display_name for _, user in members_of(db, desk.account.id)}
    return [
        Wanted(
            [international(each) for each in e164s],
            _wish_rows(db, desk, wish, people),
            f"{base}?{urlencode([('number', each) for each in e164s])}",
        )
        for wish, e164s in groups.items()
    ]


def theirs_of(db: TenantSession, desk: NumbersDesk, port: PortRequest, e164s: Collection[str]) -> list[tuple[str, str]]:
    """What is noted of some numbers now, each with it on one line."""
    people = {user.id: user.display_name for _, user in members_of(db, desk.account.id)}
    told = []
    for each in port.numbers:
        if each["e164"] in e164s:
            rows = _wish_rows(db, desk, wish_of(each), people)
            words = "; ".join(f"{label}: {value}" for label, value in rows)
            told.append((international(each["e164"]), words or "Nothing is prepared."))
    return told


def _wish_rows(db: TenantSession, desk: NumbersDesk, wish: Wish, people: dict[UUID, str]) -> list[tuple[str, str]]:
    rows = []
    if wish.to is not None:
        seen = destinations.seen(db, desk.desk, wish.to)
        rows.append(("Calls go to", seen.words or seen.wrong))
    if wish.user_id is not None:
        rows.append(("Whose", people.get(wish.user_id, "Somebody who has left. Choose another.")))
    if wish.place is not None:
        rows.append(("Emergency calls", place_line(wish.place)))
    return rows


def address_to_begin_with(
    db: TenantSession, port: PortRequest, chosen: Collection[str], wanted: Place | None
) -> dict[str, str]:
    """What the form begins with for these numbers: the address that is wanted, or where the account says its
    telephones are, if help would find that from each of them; else their country, if it is one."""
    if wanted is not None:
        return asdict(wanted)
    of_them = {each["country"] for each in port.numbers if each["e164"] in chosen} - {WORLD}
    if len(of_them) > 1:
        return {}
    country, places = next(iter(of_them), WORLD), addresses_of(db, port.account_id)
    try:
        return asdict(check(as_place(places.get("service", places["business"])), country))
    except WrongAddress:
        return {"country": country} if country != WORLD else {}


def _kind_words(ported: dict[str, str]) -> str:
    return f"{KINDS[ported['kind']]}, {place_name(ported['country'])}"


def _rows(db: TenantSession, port: PortRequest, tenant: WhiteLabel) -> list[tuple[str, str]]:
    rows = [
        ("Provider now", port.losing_provider),
        ("Account there", port.losing_account or "Not given"),
        ("Wanted day", day(port.wanted_day, tenant)),
    ]
    if port.agreed_day is not None:
        rows.append(("Agreed day", day(port.agreed_day, tenant)))
    service = price_classes(db).get(str(port.numbers[0].get("price_class", "")))
    if service is not None:
        rows.append(("Charged as", service.name))
    return rows


def _price_rows(db: TenantSession, port: PortRequest, desk: NumbersDesk | None) -> list[tuple[str, str]]:
    """What each number will cost its payer, on the agreed day once that is known; or what decides it."""
    if desk is None or not desk.sees_prices:
        return []
    if port.state in (PortState.SUBMITTED, PortState.REJECTED):
        return [("Price", "The price class decides it, which the operator chooses when it accepts the request.")]
    service = price_classes(db).get(str(port.numbers[0].get("price_class", "")))
    if service is None or port.state == PortState.CANCELLED:
        return []
    prices, of_each = Prices(db, desk, port.agreed_day), " of each" if len(port.numbers) > 1 else ""
    setup = prices.setup_alone(service) if port.state != PortState.COMPLETED else ""
    rows = [(f"Price{of_each}", prices.each(service)), (f"Set-up{of_each}", setup)]
    return [(label, words) for label, words in rows if words]


def _cost_rows(cost: ArrivalCost | None, tenant: WhiteLabel) -> list[tuple[str, str]]:
    if cost is None:
        return []
    return [("At the arrival", f"{money(cost.due_minor, tenant)} in all, if they came today")]


TITLES = {
    "port-in.submitted": ("is-done", "mail", "Sent"),
    "port-in.prepared": ("is-done", "check", "Prepared for the arrival"),
    "port-in.document": ("is-done", "page", "Document added"),
    "port-in.accepted": ("is-done", "check", "Accepted"),
    "port-in.scheduled": ("is-done", "clock", "Day agreed"),
    "port-in.completed": ("is-done", "check", "The numbers are here"),
    "port-in.rejected": ("is-bad", "cross", "Rejected"),
    "port-in.cancelled": ("is-bad", "bar", "Cancelled"),
}
NEXT = {
    "submitted": "The operator asks the other provider",
    "accepted": "The day is agreed with the other provider",
    "scheduled": "The numbers move on the agreed day",
    "rejected": "You correct the request and send it again",
}


def _timeline(db: TenantSession, port: PortRequest, tenant: WhiteLabel) -> list[Event]:
    events = [_event(row, tenant) for row in acts_on_port(db, port)]
    if port.state in NEXT:
        events.append(Event("is-now", "clock", NEXT[port.state], ()))
    return events


def _event(row: AuditRow, tenant: WhiteLabel) -> Event:
    kind, icon, title = TITLES[row.action]
    lines = [f"{moment(row.at, tenant)}, {row.actor_name}"]
    if row.details.get("day"):
        lines.append(day(date.fromisoformat(row.details["day"]), tenant))
    lines += map(international, row.details.get("numbers", []))
    lines += row.details.get("left_out", [])
    lines += [str(row.details[key]) for key in ("reason", "name") if row.details.get(key)]
    return Event(kind, icon, title, tuple(lines))
