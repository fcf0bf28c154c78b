"""Where a person's letters go, and how the person moves them: asked for with the password, confirmed from there."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from portal.audit.commands import Actor, record
from portal.identity.commands import LinkIsDead
from portal.identity.links import kill_address_changes, kill_password_links
from portal.identity.models import AddressChange, User
from portal.kit import tokens
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import NotFound, Refusal
from portal.kit.settings import current
from portal.letters import commands as letters
from portal.whitelabels.queries import white_label

PURPOSE = "new-address"
LIFE = timedelta(days=1)
# A letter may wait in the outbox for days; the link's own life begins when the letter leaves.
UNSENT_LIFE = timedelta(days=30)


class SameAddress(Refusal):
    status = 422
    heading = "Letters go there already"

    def __init__(self) -> None:
        super().__init__("Your letters go to this address already.", field="email")


def ask_for_address(db: TenantSession, user_id: UUID, address: str) -> AddressChange:
    """Mail a link to the new address, and tell the present one. Raises SameAddress; nothing else changes yet."""
    user = db.locked(User, user_id)
    if user is None:
        raise NotFound
    if user.email.casefold() == address.casefold():
        raise SameAddress
    kill_address_changes(db, user)
    change_id, by = new_id(), Actor("user", user.id, user.display_name)
    digest = tokens.digest(tokens.issue(PURPOSE, db.tenant, change_id, address))
    change = db.put(
        AddressChange(
            id=change_id,
            user_id=user.id,
            before=user.email,
            address=address,
            digest=digest,
            expires_at=now() + UNSENT_LIFE,
        )
    )
    link = letters.Link(PURPOSE, change.id, "/profile/address", int(LIFE.total_seconds()))
    letters.write(db, PURPOSE, to=letters.Recipient(address, user.display_name), link=link, login_name=user.login_name)
    _tell_old_address(db, "address-asked", user, user.email, address)
    record(db, "address.asked", by=by, subject=user.id, before=user.email, after=address)
    return change


@letters.when_sent(PURPOSE)
def start_life(db: TenantSession, change_id: UUID, sent_at: datetime) -> None:
    change = db.load(AddressChange, change_id)
    if change is not None:
        change.expires_at = sent_at + LIFE


def confirm_address(db: TenantSession, change_id: UUID) -> User:
    """Letters go to the new address from now on; what was mailed to the old one opens nothing. Raises LinkIsDead."""
    change = db.load(AddressChange, change_id)
    user = db.locked(User, change.user_id) if change is not None else None
    if change is None or user is None or not is_open(change, user):
        raise LinkIsDead
    claimed = db.scalar(
        update(AddressChange)
        .where(AddressChange.id == change_id, AddressChange.used_at.is_(None), AddressChange.dead_at.is_(None))
        .values(used_at=now())
        .returning(AddressChange.id)
    )
    if claimed is None:
        raise LinkIsDead
    user.email = change.address
    kill_password_links(db, user)
    by = Actor("user", user.id, user.display_name)
    record(db, "address.changed", by=by, subject=user.id, before=change.before, after=change.address)
    _tell_old_address(db, "address-changed", user, change.before, change.address)
    return user


def take_back(db: TenantSession, user_id: UUID) -> None:
    """The person does not want the new address after all: its link dies."""
    user = db.locked(User, user_id)
    if user is None:
        raise NotFound
    kill_address_changes(db, user)
    record(db, "address.taken-back", by=Actor("user", user.id, user.display_name), subject=user.id)


def open_change(db: TenantSession, user: User) -> AddressChange | None:
    """The change that waits for its confirmation, if one does."""
    wanted = select(AddressChange).where(
        AddressChange.user_id == user.id, AddressChange.used_at.is_(None), AddressChange.dead_at.is_(None)
    )
    found = db.scalars(wanted.order_by(AddressChange.created_at.desc(), AddressChange.id.desc()).limit(1)).first()
    return found if found is not None and is_open(found, user) else None


def change_of_token(db: TenantSession, token: str) -> AddressChange | None:
    """The open change behind a token of this tenant."""
    try:
        claim = tokens.read(PURPOSE, token)
    except tokens.BadToken:
        return None
    change = db.load(AddressChange, claim.link_id) if claim.white_label_id == db.tenant else None
    if change is None or not tokens.same(change.digest, tokens.digest(token)):
        return None
    user = db.load(User, change.user_id)
    return change if user is not None and is_open(change, user) else None


def is_open(change: AddressChange, user: User) -> bool:
    """Whether it can still be confirmed: by somebody who may sign in, and whose letters go where they went."""
    is_live = change.used_at is None and change.dead_at is None and change.expires_at > now()
    return is_live and user.is_active and user.email == change.before


def _tell_old_address(db: TenantSession, name: str, user: User, to: str, address: str) -> None:
    host = white_label(db).host
    letters.write(
        db,
        name,
        to=letters.Recipient(to, user.display_name),
        login_name=user.login_name,
        address=address,
        url=current().address(host, "/profile"),
    )
