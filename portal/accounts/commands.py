"""What changes accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.lifecycle import Administration, Role, State
from portal.accounts.models import Account, Address, Contact, Membership, Pause, Standstill, Subscription
from portal.accounts.queries import addresses_of, contact_of
from portal.accounts.standstill import CustomersSuspended, held_standstill_of, open_pauses
from portal.audit.commands import Actor, record
from portal.events.commands import raise_event
from portal.identity.models import User
from portal.kit.bulk import insert_if_absent
from portal.kit.clock import now, today
from portal.kit.db import TenantSession
from portal.kit.refusals import Refusal
from portal.kit.series import next_number
from portal.ledger import entry
from portal.ledger.commands import SourceConflict, hold_credit, post
from portal.ledger.entry import Book, credit_of
from portal.ledger.models import JournalEntry
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label

before_stopping: list[Callable[[TenantSession, list[Account]], None]] = []
"""What other rooms finish in the very transaction in which running accounts are suspended or closed."""

before_closing: list[Callable[[TenantSession, Account], None]] = []
"""What other rooms finish in the very transaction in which a running or suspended account is closed."""

after_closed: list[Callable[[TenantSession, Account, Actor], None]] = []
"""What other rooms do in the very transaction in which an account is closed or cancelled."""

after_credit: list[Callable[[TenantSession, Account], None]] = []
"""Told in the very transaction in which a white-label account got credit, or another limit."""


class GrantedOtherwise(Refusal):
    heading = "This form was sent before"
    text = "It gave another amount then, or for another reason. Open the page anew to give more."


@dataclass(frozen=True)
class Place:
    """A postal address as it was typed."""

    line1: str
    city: str
    country: str
    line2: str = ""
    region: str = ""
    postcode: str = ""


@dataclass(frozen=True)
class NewCustomer:
    """Everything the wizard gathered about the business; who signs in to it comes separately."""

    name: str
    primary_domain: str
    administration: Administration
    plan_id: UUID
    first_day: date | None
    send_letters: bool
    business: Place
    service: Place | None
    billing_day: int | None = None
    least_funding_minor: int | None = None
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""


def open_white_label_account(db: TenantSession, tenant: WhiteLabel, *, by: Actor) -> Account:
    """The account of the white label with the operator. Active from the start: it is the operator's customer."""
    account = Account(
        number=f"{tenant.number_prefix}-0001",
        kind="white_label",
        name=tenant.name,
        administration=Administration.WHITE_LABEL.value,
        state=State.ACTIVE.value,
        created_by=by.name,
        activated_at=now(),
    )
    next_number(db, "account")
    db.put(account)
    record(db, "account.opened", by=by, subject=account.id)
    return account


def open_customer_account(db: TenantSession, new: NewCustomer, *, by: Actor) -> Account:
    """An inactive customer account with its contact and addresses, and no service."""
    number = f"{white_label(db).number_prefix}-{next_number(db, 'account'):04d}"
    account = Account(
        number=number,
        name=new.name,
        primary_domain=new.primary_domain,
        administration=new.administration.value,
        plan_id=new.plan_id,
        first_day=new.first_day,
        billing_day=new.billing_day,
        least_funding_minor=new.least_funding_minor,
        send_letters=new.send_letters,
        created_by=by.name,
    )
    db.put(account)
    db.add(Contact(account_id=account.id, name=new.contact_name, phone=new.contact_phone, email=new.contact_email))
    db.add(_address(account, "business", new.business))
    if new.service is not None:
        db.add(_address(account, "service", new.service))
    record(db, "account.created", by=by, subject=account.id, administration=new.administration.value)
    return account


def _address(account: Account, kind: str, place: Place) -> Address:
    return Address(
        account_id=account.id,
        kind=kind,
        line1=place.line1,
        line2=place.line2,
        city=place.city,
        region=place.region,
        postcode=place.postcode,
        country=place.country,
    )


def change_details(db: TenantSession, account: Account, *, name: str, domain: str, contact: Contact, by: Actor) -> None:
    """Rename the customer and replace its general contact. The trail says what was changed, and from what."""
    known = contact_of(db, account.id)
    pairs = {
        "name": (account, "name", name),
        "domain": (account, "primary_domain", domain),
        "contact": (known, "name", contact.name),
        "telephone": (known, "phone", contact.phone),
        "e-mail": (known, "email", contact.email),
    }
    changed = {}
    for what, (row, column, value) in pairs.items():
        before = getattr(row, column)
        if before != value:
            changed[what] = f"{before or 'none'} → {value or 'none'}"
            setattr(row, column, value)
    if changed:
        record(db, "account.details-changed", by=by, subject=account.id, changed=changed)
    if "name" in changed:  # the only one of them that a PBX is told
        _raise(db, "account.renamed", account)


def change_tax(db: TenantSession, account: Account, *, number: str, exemption: str, by: Actor) -> None:
    """The customer's tax number, and why it pays no tax if it does not. Periods already charged keep their tax."""
    changed = {}
    for what, column, value in (("tax number", "tax_number", number), ("no tax because", "tax_exemption", exemption)):
        before = getattr(account, column) or ""
        if before != value:
            changed[what] = f"{before or 'none'} → {value or 'none'}"
            setattr(account, column, value or None)
    if changed:
        record(db, "account.tax-changed", by=by, subject=account.id, changed=changed)


def change_addresses(db: TenantSession, account: Account, business: Place, service: Place | None, *, by: Actor) -> None:
    """Replace the addresses; without a service address the business one serves."""
    known = addresses_of(db, account.id)
    before = {kind: place.words() for kind, place in known.items()}
    for place in known.values():
        db.delete(place)
    db.flush()
    db.add(_address(account, "business", business))
    if service is not None:
        db.add(_address(account, "service", service))
    db.flush()
    after = {kind: place.words() for kind, place in addresses_of(db, account.id).items()}
    changed = {
        f"{kind} address": f"{before.get(kind, 'the same as business')} → {after.get(kind, 'the same as business')}"
        for kind in sorted({*before, *after})
        if before.get(kind) != after.get(kind)
    }
    if changed:
        record(db, "account.details-changed", by=by, subject=account.id, changed=changed)


def add_member(db: TenantSession, account: Account, user: User, role: Role, *, is_primary: bool = False) -> None:
    """Adding somebody who is a member already changes nothing."""
    insert_if_absent(db, Membership, account_id=account.id, user_id=user.id, role=role.value, is_primary=is_primary)


def activate(db: TenantSession, account: Account, *, by: Actor) -> None:
    """Raises MoveRefused unless the account is inactive. Whether it may is decided by `activation`, above."""
    account.move_to(State.ACTIVE, only_from=State.INACTIVE)
    account.activated_at = now()
    record(db, "account.activated", by=by, subject=account.id)
    _raise(db, "account.activated", account)


def suspend(db: TenantSession, account: Account, *, reason: str, by: Actor) -> Pause:
    """Begin a pause and return it. Raises MoveRefused unless the account is active."""
    return suspend_all(db, [account], reason=reason, by=by)[0]


def suspend_all(
    db: TenantSession, accounts: list[Account], *, reason: str, by: Actor, standstill: Standstill | None = None
) -> list[Pause]:
    """Begin a pause of each, which says so when it comes from a standstill. Raises MoveRefused unless all are active.

    The caller holds their rows.
    """
    _finish(db, accounts)
    # A day that began active is charged; a suspended account rests from the next one.
    rests_from = today(white_label(db).time_zone) + timedelta(days=1)
    for account in accounts:
        account.move_to(State.SUSPENDED)
        record(db, "account.suspended", by=by, subject=account.id, reason=reason)
        _raise(db, "account.suspended", account)
    pauses = [_pause(account, rests_from, reason, standstill) for account in accounts]
    db.add_all(pauses)
    db.flush()
    return pauses


def _pause(account: Account, from_day: date, reason: str, standstill: Standstill | None) -> Pause:
    standstill_id = standstill.id if standstill is not None else None
    return Pause(account_id=account.id, from_day=from_day, reason=reason, standstill_id=standstill_id)


def reactivate(db: TenantSession, account: Account, *, by: Actor) -> bool:
    """Whether the account is active again. While the operator has all customers suspended it is not: what suspended it
    until now has ended, and it works again with all the others.

    Raises MoveRefused unless the account is suspended: an inactive one is activated, and charged, elsewhere; and
    CustomersSuspended when nothing but that standstill holds it.
    """
    account.refuse_move(State.ACTIVE, only_from=State.SUSPENDED)
    standstill = held_standstill_of(db)
    if standstill is not None:
        _leave_to(db, standstill, account, by=by)
        return False
    account.move_to(State.ACTIVE)
    _end_pause(db, account)
    record(db, "account.reactivated", by=by, subject=account.id)
    _raise(db, "account.reactivated", account)
    return True


def _leave_to(db: TenantSession, standstill: Standstill, account: Account, *, by: Actor) -> None:
    """The account rests on without a gap: from the day on which its own pause ends."""
    if any(pause.standstill_id == standstill.id for pause in open_pauses(db, account)):
        raise CustomersSuspended(f"Account {account.number} is active again when the operator lifts that.")
    rests_from = max(_end_pause(db, account), default=today(white_label(db).time_zone))
    db.add(_pause(account, rests_from, standstill.reason, standstill))
    record(db, "account.left-suspended", by=by, subject=account.id)
    db.flush()


def close(db: TenantSession, account: Account, *, reason: str, by: Actor) -> None:
    """Close for good; a closed account that was never active is called cancelled in speech.

    What is charged for already runs to its end: closing gives nothing back, and begins no further period. What was
    used by now is charged now, since nothing is charged to a closed account.
    """
    if account.state == State.ACTIVE:
        _finish(db, [account])
    if account.state in (State.ACTIVE, State.SUSPENDED):
        for finish in before_closing:
            finish(db, account)
    account.move_to(State.CLOSED)
    account.closed_at = now()
    _end_subscriptions(db, account)
    record(db, "account.closed", by=by, subject=account.id, reason=reason)
    _raise(db, "account.closed", account, was_active=account.activated_at is not None)
    for tell in after_closed:
        tell(db, account, by)


def _finish(db: TenantSession, accounts: list[Account]) -> None:
    running = [account for account in accounts if account.state == State.ACTIVE]
    for tell in before_stopping if running else ():
        tell(db, running)


def _raise(db: TenantSession, name: str, account: Account, **more: bool) -> None:
    """Outside hears of the account by its number. The reason stays in the house: it was written for colleagues."""
    raise_event(db, name, account=account.id, number=account.number, **more)


def _end_pause(db: TenantSession, account: Account) -> list[date]:
    """The first days on which the account rests no more, of each pause that was open."""
    day, ended = today(white_label(db).time_zone), open_pauses(db, account)
    for pause in ended:
        pause.until_day = max(pause.from_day, day)
    return [pause.until_day for pause in ended if pause.until_day is not None]


def _end_subscriptions(db: TenantSession, account: Account) -> None:
    """From tomorrow on nothing begins any more; what was to begin later never does."""
    tomorrow = today(white_label(db).time_zone) + timedelta(days=1)
    for each in db.scalars(select(Subscription).where(Subscription.account_id == account.id)):
        last = max(each.from_day, tomorrow)
        each.until_day = min(each.until_day or last, last)


def set_credit_limit(db: TenantSession, account: Account, limit_minor: int, *, reason: str = "", by: Actor) -> None:
    before, account.credit_limit_minor = account.credit_limit_minor, limit_minor
    changed: dict[str, Any] = {"before_minor": before, "after_minor": limit_minor, "reason": reason}
    record(db, "account.credit-limit", by=by, subject=account.id, **changed)
    _tell_of_credit(db, account)


def give_credit(
    db: TenantSession, account: Account, amount_minor: int, *, request_id: UUID, reason: str, by: Actor
) -> bool:
    """The operator grants a white-label account credit. The same request twice is one grant, and one on the trail.

    Returns whether money moved now. Raises GrantedOtherwise when the request was carried out before with another
    amount or reason.
    """
    tenant = white_label(db)
    grant = entry.grant(f"grant:{request_id}", account.id, amount_minor, tenant.currency, reason)
    # Held first, so that the same request at once waits here and then sees that it was carried out.
    hold_credit(db, Book.WHOLESALE, credit_of(account.id), tenant.currency)
    earlier = db.scalar(select(JournalEntry).where(JournalEntry.source == grant.source))
    if earlier is not None and earlier.description != reason:
        raise GrantedOtherwise
    try:
        post(db, grant)
    except SourceConflict as error:
        raise GrantedOtherwise from error
    if earlier is None:
        record(db, "account.credit-given", by=by, subject=account.id, amount_minor=amount_minor, reason=reason)
        _tell_of_credit(db, account)
    return earlier is None


def _tell_of_credit(db: TenantSession, account: Account) -> None:
    db.flush()
    for tell in after_credit:
        tell(db, account)
