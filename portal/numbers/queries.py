"""Reading numbers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.audit.models import AuditRow
from portal.kit.db import TenantSession
from portal.numbers.lifecycle import EmergencyState, NumberState, PortState
from portal.numbers.models import EmergencyAddress, Number, PortRequest

GOOD_ENOUGH = (EmergencyState.VALIDATED, EmergencyState.REGISTERED)


def numbers_of(db: TenantSession, account_id: UUID) -> Sequence[Number]:
    """The numbers assigned to an account, in the order of their digits."""
    wanted = select(Number).where(Number.account_id == account_id, Number.state == NumberState.ASSIGNED)
    return db.scalars(wanted.order_by(Number.e164)).all()


def emergency_addresses_of(db: TenantSession, account_id: UUID) -> dict[UUID, EmergencyAddress]:
    """The emergency addresses of an account's numbers, by the number's id."""
    wanted = select(EmergencyAddress).join(Number, Number.id == EmergencyAddress.number_id)
    found = db.scalars(wanted.where(Number.account_id == account_id, Number.state == NumberState.ASSIGNED))
    return {each.number_id: each for each in found}


def works(number: Number, address: EmergencyAddress | None) -> bool:
    """Whether calls may use a number, as long as its account is active: it is assigned, and help would find it."""
    is_safe = not number.needs_address or (address is not None and address.state in GOOD_ENOUGH)
    return number.state == NumberState.ASSIGNED and is_safe


def owners_without_address() -> Select[UUID | None]:
    """Accounts with a number that help would not find: what `works` tells of one, for all of them."""
    found = select(EmergencyAddress.number_id).where(
        EmergencyAddress.white_label_id == Number.white_label_id,
        EmergencyAddress.number_id == Number.id,
        EmergencyAddress.state.in_(GOOD_ENOUGH),
    )
    wanted = select(Number.account_id).where(Number.state == NumberState.ASSIGNED, Number.needs_address)
    return wanted.where(~found.correlate(Number).exists())


def without_address(db: TenantSession, account_ids: Sequence[UUID]) -> set[UUID]:
    """Of these accounts, those with a number that help would not find."""
    if not account_ids:
        return set()
    found = db.scalars(owners_without_address().where(Number.account_id.in_(account_ids)))
    return {account_id for account_id in found if account_id}


def working_numbers(db: TenantSession, account: Account) -> list[Number]:
    """The numbers of an account that work; none while the account is not active."""
    if account.state != State.ACTIVE:
        return []
    addresses = emergency_addresses_of(db, account.id)
    return [each for each in numbers_of(db, account.id) if works(each, addresses.get(each.id))]


def releases_of(db: TenantSession, account_id: UUID, since: datetime | None = None) -> Sequence[AuditRow]:
    """When the account gave numbers up, oldest first; `until` is the end of a number's rest, if it rests."""
    wanted = select(AuditRow).where(AuditRow.subject_id == account_id, AuditRow.action == "number.released")
    if since is not None:
        wanted = wanted.where(AuditRow.at >= since)
    return db.scalars(wanted.order_by(AuditRow.at, AuditRow.id)).all()


def was_released_by(db: TenantSession, account_id: UUID, e164: str) -> bool:
    """Whether the account gave a number up before."""
    return any(row.details["number"] == e164 for row in releases_of(db, account_id))


def known_before(db: TenantSession, account_id: UUID, since: datetime) -> set[str]:
    """Numbers that people knew before the account had them last: it moved them here, or gave them up
    since then and they rested."""
    ports = select(PortRequest).where(PortRequest.account_id == account_id, PortRequest.state == PortState.COMPLETED)
    brought = {each["e164"] for port in db.scalars(ports) for each in port.numbers}
    gone = (row.details for row in releases_of(db, account_id, since))
    return brought | {each["number"] for each in gone if each.get("until")}
