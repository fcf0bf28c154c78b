"""What the number pages show, as ready words. Who does not pay sees no prices, but for the white label's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import addresses_of, members_of
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.kit.paging import Key
from portal.kit.refusals import NotFound
from portal.kit.slices import Asked, Listed, listed
from portal.numbers import destinations
from portal.numbers.assigning import reserved_for
from portal.numbers.charging import price_classes
from portal.numbers.e164 import KINDS, WORLD, international, place_name, writings
from portal.numbers.emergency import address_words, as_place
from portal.numbers.forms import PARTS
from portal.numbers.lifecycle import EmergencyState, NumberState
from portal.numbers.models import EmergencyAddress, Number
from portal.numbers.port_pages import PortLine, port_lines
from portal.numbers.prices import Prices
from portal.numbers.queries import emergency_addresses_of, numbers_of, works
from portal.numbers.resting import resting_of
from portal.numbers.rights import NumbersDesk
from portal.numbers.searching import Search, free_areas, free_numbers
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import clock, day, local_day, short_day


@dataclass(frozen=True)
class Line:
    """A number of the account. `state` is a badge: works, address, refused, or the account's own state. `goes_to` is
    empty while calls to it go nowhere yet."""

    e164: str
    href: str
    number: str
    sub: str
    whose: str
    goes_to: str
    state: str
    since: str


@dataclass(frozen=True)
class Resting:
    """A number that the account gave up and can have back."""

    href: str
    number: str
    until: str


@dataclass(frozen=True)
class NumbersPage:
    found: Listed[Line]
    tells_calls: bool
    reserved: int
    reserved_until: str
    resting: list[Resting]
    ports: list[PortLine]


@dataclass(frozen=True)
class Found:
    """A free number in the search, with what it costs the reader's side."""

    id: UUID
    number: str
    sub: str
    price: str
    setup: str
    needs_address: bool


@dataclass(frozen=True)
class SearchPage:
    lines: list[Found]
    areas: Sequence[str]
    newer_href: str | None
    older_href: str | None
    query: dict[str, str]
    reserved: int


@dataclass(frozen=True)
class Step:
    """One of entered, validated, registered: whether it was reached, and when."""

    is_right: bool | None
    words: str


@dataclass(frozen=True)
class NumberPage:
    id: UUID
    number: str
    state: str
    why: str
    rows: list[tuple[str, str]]
    people: list[User]
    user_id: UUID | None
    needs_address: bool
    address: str
    steps: list[Step]
    calls: "Calls | None"


@dataclass(frozen=True)
class Calls:
    """Where calls to a number go, empty while they go nowhere yet; and where the reader says otherwise, if anywhere."""

    words: str
    edit_href: str


def numbers_page(db: TenantSession, desk: NumbersDesk, asked: Asked) -> NumbersPage:
    tenant, account = white_label(db), desk.account
    people, addresses = names_of(db, account.id), emergency_addresses_of(db, account.id)
    reserved, told = reserved_for(db, account.id), destinations.told(db, desk.desk)
    lines = [
        Line(
            number.e164,
            f"{desk.base}/{number.id}",
            international(number.e164),
            place_words(number),
            _whose(people, number),
            told.words.get(number.e164, "") if told is not None else "",
            badge(desk, number, addresses.get(number.id)),
            _since(number, tenant),
        )
        for number in numbers_of(db, account.id)
    ]
    return NumbersPage(
        found=listed(lines, asked, desk.base, size=LONGEST_PAGE, key_of=lambda line: line.e164, texts_of=_texts),
        tells_calls=told is not None,
        reserved=len(reserved),
        reserved_until=clock_words(reserved[0].until, tenant) if reserved else "",
        resting=_resting(db, desk, tenant),
        ports=port_lines(db, desk),
    )


def _texts(line: Line) -> tuple[str, ...]:
    return (*writings(line.e164), line.sub, line.whose, line.goes_to)


def _resting(db: TenantSession, desk: NumbersDesk, tenant: WhiteLabel) -> list[Resting]:
    if desk.why_not_assign:
        return []
    return [
        Resting(f"{desk.base}/{each.id}/taking-back", international(each.e164), _day(each.until, tenant))
        for each in resting_of(db, desk.account)
        if each.until is not None
    ]


MOST_SHOWN = 5
LONGEST_PAGE = 50


def number_rows(db: TenantSession, account: Account) -> list[tuple[str, str]]:
    """The first numbers of an account with whose each is, for its own page, and how many more there are."""
    people, numbers = names_of(db, account.id), numbers_of(db, account.id)
    rows = [(international(number.e164), _whose(people, number)) for number in numbers[:MOST_SHOWN]]
    more = len(numbers) - len(rows)
    return [*rows, (f"And {more} more", "")] if more else rows


def _whose(people: dict[UUID, str], number: Number) -> str:
    return people.get(number.user_id, "") if number.user_id else "Nobody in particular"


def names_of(db: TenantSession, account_id: UUID) -> dict[UUID, str]:
    return {user.id: user.display_name for _, user in members_of(db, account_id)}


def people_of(db: TenantSession, account_id: UUID) -> list[User]:
    return [user for _, user in members_of(db, account_id)]


def place_words(number: Number) -> str:
    """`Geographic, Leeds, United Kingdom`."""
    return ", ".join(part for part in (KINDS[number.kind], number.area, place_name(number.country)) if part)


def badge(desk: NumbersDesk, number: Number, address: EmergencyAddress | None) -> str:
    if desk.account.state != State.ACTIVE:
        return desk.account.state
    if works(number, address):
        return "works"
    return "address-refused" if address is not None else "address-missing"


def clock_words(at: datetime | None, tenant: WhiteLabel) -> str:
    """Such as `10:14`, in the white label's time zone."""
    assert at is not None
    return clock(at, tenant)


def _since(number: Number, tenant: WhiteLabel) -> str:
    return short_day(local_day(number.assigned_at, tenant), tenant) if number.assigned_at else ""


def number_or_404(db: TenantSession, desk: NumbersDesk, number_id: UUID) -> Number:
    """A number assigned to the account. Raises NotFound for any other."""
    number = db.load(Number, number_id)
    if number is None or number.state != NumberState.ASSIGNED or number.account_id != desk.account.id:
        raise NotFound
    return number


def search_page(db: TenantSession, desk: NumbersDesk, search: Search) -> SearchPage:
    """Raises NotAPattern, which the form has said before."""
    page, classes, prices = free_numbers(db, search), price_classes(db), Prices(db, desk)
    return SearchPage(
        lines=[
            Found(
                number.id,
                international(number.e164),
                place_words(number),
                prices.each(classes[number.price_class]),
                prices.setup(classes[number.price_class]),
                number.needs_address,
            )
            for number in page.rows
        ],
        areas=free_areas(db, search.country) if search.country else (),
        newer_href=_href(desk, search, after=page.newer),
        older_href=_href(desk, search, before=page.older),
        query=search.query,
        reserved=len(reserved_for(db, desk.account.id)),
    )


def search_href(desk: NumbersDesk, search: Search, **more: str) -> str:
    asked = urlencode({**search.query, **more})
    return f"{desk.base}/search" + (f"?{asked}" if asked else "")


def _href(desk: NumbersDesk, search: Search, **key: Key | None) -> str | None:
    ((name, value),) = key.items()
    return search_href(desk, search, **{name: f"{value[1]}_{value[0]}"}) if value is not None else None


def number_page(db: TenantSession, desk: NumbersDesk, number: Number) -> NumberPage:
    tenant, address = white_label(db), db.get(EmergencyAddress, (db.tenant, number.id))
    rows = [("Kind", KINDS[number.kind])]
    if number.area:
        rows.append(("Area", number.area))
    rows.append(("Country", place_name(number.country)))
    rows.append(("Assigned", day(local_day(number.assigned_at, tenant), tenant) if number.assigned_at else ""))
    service = price_classes(db).get(number.price_class)
    if service is not None and desk.sees_prices:
        rows.append(("Charged as", f"{service.name}, {Prices(db, desk).each(service)}"))
    state = badge(desk, number, address)
    why = WHY.get(state, "")
    if state == State.INACTIVE and not works(number, address):
        why = INACTIVE_WITHOUT_ADDRESS
    return NumberPage(
        id=number.id,
        number=international(number.e164),
        state=state,
        why=why,
        rows=rows,
        people=people_of(db, desk.account.id),
        user_id=number.user_id,
        needs_address=number.needs_address,
        address=address_words(address) if address is not None else "",
        steps=emergency_steps(address, tenant) if number.needs_address or address is not None else [],
        calls=_calls(db, desk, number),
    )


def _calls(db: TenantSession, desk: NumbersDesk, number: Number) -> Calls | None:
    told = destinations.told(db, desk.desk)
    if told is None:
        return None
    words = told.words.get(number.e164, "")
    part = quote(number.e164) if words else f"new?number={quote(number.e164)}"
    return Calls(words, f"{desk.desk.base}/pbx/numbers/{part}" if told.can_edit else "")


WHY = {
    "inactive": "It works once the account is active.",
    "suspended": "It works again when the account is active again.",
    "address-missing": "It works once the address for emergency calls is complete and validated.",
    "address-refused": "It works once the address for emergency calls is validated.",
}


INACTIVE_WITHOUT_ADDRESS = (
    "It works once the account is active and the address for emergency calls is complete and validated."
)


def emergency_steps(address: EmergencyAddress | None, tenant: WhiteLabel) -> list[Step]:
    """Entered, validated and registered, each by itself."""
    if address is None:
        return [Step(None, "Not entered"), Step(None, "Not validated"), Step(None, "Not registered")]
    entered = Step(True, f"Entered on {_day(address.entered_at, tenant)} by {address.entered_by}")
    if address.validated_at is not None:
        validated = Step(True, f"Validated on {_day(address.validated_at, tenant)}: complete and well-formed")
    else:
        validated = Step(False, f"Not validated. {address.problem}")
    if address.state == EmergencyState.REGISTERED and address.registered_at is not None:
        words = f"Registered on {_day(address.registered_at, tenant)}, reference {address.reference}"
        return [entered, validated, Step(True, words)]
    waits = "waits for the provider to confirm it" if address.validated_at is not None else "waits for the validation"
    return [entered, validated, Step(None, f"Not registered: {waits}")]


def _day(at: datetime, tenant: WhiteLabel) -> str:
    return short_day(local_day(at, tenant), tenant)


def help_address(db: TenantSession, desk: NumbersDesk, number: Number) -> dict[str, str]:
    """What the form for it begins with: what was entered, or where the account says its telephones are, if that is in
    the number's country."""
    known = db.get(EmergencyAddress, (db.tenant, number.id))
    if known is None:
        places = addresses_of(db, desk.account.id)
        place = as_place(places.get("service", places["business"]))
        if number.country not in (WORLD, place.country):
            return {"country": number.country}
    else:
        place = as_place(known)
    return {part: getattr(place, part) for part in PARTS}
