"""Where help is sent when an emergency is called from a number: entered, then validated, then registered."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from portal.accounts.commands import Place
from portal.accounts.models import Account, Address
from portal.audit.commands import Actor, record
from portal.events.commands import raise_event
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.postal import is_post_box, postal_rules, read_postcode, read_region
from portal.kit.refusals import NotFound, Refusal
from portal.numbers.e164 import WORLD, place_name
from portal.numbers.lifecycle import EmergencyState, NumberState
from portal.numbers.models import EmergencyAddress, Number

LEAST_OF_STREET = 3
"""Letters and digits of the shortest street with its number."""


class WrongAddress(Refusal):
    """Help would not find this address. `field` is the part that is wrong."""

    status = 422
    heading = "This address is not complete yet"


class NotValidated(Refusal):
    heading = "This address is not validated"
    text = "Only an address that was validated is registered. It may have been changed meanwhile."


def check(place: Place, number_country: str) -> Place:
    """The address as the post of its country writes it, if help can be sent there as far as rules can tell: complete,
    in its country's form, no post-office box, where the number is. Raises WrongAddress. Whether there is such a place
    only the emergency services can tell, when it is registered.

    Rules of the country from the address data that Google publishes, as for every address (`kit/postal.py`).
    """
    if number_country not in (WORLD, place.country):
        where = place_name(number_country)
        raise WrongAddress(f"The number is of {where}: the address has to lie there.", field="country")
    _refuse_without_words(place)
    for line in ("line1", "line2"):
        if is_post_box(getattr(place, line), place.country):
            raise WrongAddress("No telephone stands in a post-office box. Write where it stands.", field=line)
    rules = postal_rules(place.country)
    for part in ("city", "region", "postcode"):
        if part in rules.needs and not getattr(place, part):
            raise WrongAddress("An address in this country needs it.", field=part)
    return replace(place, region=_read("region", read_region, place), postcode=_read("postcode", read_postcode, place))


def _refuse_without_words(place: Place) -> None:
    """Signs and figures alone are no place that somebody drives to. Letters of any script count."""
    if not any(map(str.isalpha, place.line1)) or sum(map(str.isalnum, place.line1)) < LEAST_OF_STREET:
        raise WrongAddress("Help has to find it: write the street's name and the number.", field="line1")
    if place.city and not any(map(str.isalpha, place.city)):
        raise WrongAddress("Help has to find it: write the town's name.", field="city")


def _read(part: str, reader: Callable[[str, str], str], place: Place) -> str:
    try:
        return reader(getattr(place, part), place.country)
    except ValueError as error:
        raise WrongAddress(str(error), field=part) from error


def enter(db: TenantSession, account: Account, number: Number, place: Place, *, by: Actor) -> EmergencyAddress:
    """Keep the address, validated at once. Another address than before starts again from the beginning.

    The caller holds the account's row. Raises WrongAddress for one that does not validate; what was there before stays.
    """
    _refuse_unassigned(account, number)
    checked = check(place, number.country)
    known = db.get(EmergencyAddress, (db.tenant, number.id))
    # What was refused stays refused: only another address is looked at anew.
    if known is not None and as_place(known) == checked:
        return known
    if known is None:
        known = EmergencyAddress(number_id=number.id, entered_by=by.name, line1="", city="", country="")
        db.add(known)
    for part in ("line1", "line2", "city", "region", "postcode", "country"):
        setattr(known, part, getattr(checked, part))
    known.entered_at, known.entered_by, known.problem, known.reference = now(), by.name, "", ""
    known.state, known.validated_at, known.registered_at = EmergencyState.VALIDATED.value, now(), None
    record(db, "emergency.entered", by=by, subject=account.id, number=number.e164, address=place_line(checked))
    raise_event(db, "emergency.entered", account=account.id, number=number.e164)
    record(db, "emergency.validated", by=by, subject=account.id, number=number.e164)
    raise_event(db, "emergency.validated", account=account.id, number=number.e164)
    db.flush()
    return known


def register(db: TenantSession, number_id: UUID, *, entered_at: str, reference: str, by: Actor) -> EmergencyAddress:
    """The operator has told the emergency services, who gave a reference. Raises NotValidated, also when the address
    is not the one of `entered_at` any more."""
    number, address = _held(db, number_id, entered_at)
    address.state, address.registered_at = EmergencyState.REGISTERED.value, now()
    address.reference, address.problem = reference, ""
    record(db, "emergency.registered", by=by, subject=number.account_id, number=number.e164, reference=reference)
    raise_event(db, "emergency.registered", account=number.account_id, number=number.e164)
    return address


def refuse(db: TenantSession, number_id: UUID, *, entered_at: str, reason: str, by: Actor) -> EmergencyAddress:
    """The emergency services do not take the address: it counts as entered only, with what is wrong with it."""
    number, address = _held(db, number_id, entered_at)
    address.state, address.problem = EmergencyState.ENTERED.value, reason
    address.validated_at = address.registered_at = None
    record(db, "emergency.refused", by=by, subject=number.account_id, number=number.e164, reason=reason)
    raise_event(db, "emergency.refused", account=number.account_id, number=number.e164)
    return address


def _held(db: TenantSession, number_id: UUID, entered_at: str) -> tuple[Number, EmergencyAddress]:
    number = db.load(Number, number_id)
    if number is None or number.account_id is None:
        raise NotFound
    db.locked(Account, number.account_id)
    wanted = select(EmergencyAddress).where(EmergencyAddress.number_id == number_id).with_for_update()
    address = db.scalar(wanted.execution_options(populate_existing=True))
    if address is None:
        raise NotFound
    if address.state != EmergencyState.VALIDATED or address.entered_at.isoformat() != entered_at:
        raise NotValidated
    return number, address


def as_place(address: EmergencyAddress | Address) -> Place:
    return Place(address.line1, address.city, address.country, address.line2, address.region, address.postcode)


def address_words(address: EmergencyAddress) -> str:
    """The address on one line."""
    return place_line(as_place(address))


def place_line(place: Place) -> str:
    """A place on one line."""
    parts = ("line1", "line2", "city", "region", "postcode", "country")
    return Address(**{part: getattr(place, part) for part in parts}).words()


def _refuse_unassigned(account: Account, number: Number) -> None:
    if number.state != NumberState.ASSIGNED or number.account_id != account.id:
        raise NotFound
