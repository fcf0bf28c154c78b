"""Reading accounts."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from portal.accounts.lifecycle import Role
from portal.accounts.models import Account, Address, Contact, Membership, Subscription
from portal.identity.models import User
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound
from portal.whitelabels.queries import white_label


def customer_or_404(db: TenantSession, account_id: UUID) -> Account:
    """The customer account of this tenant. Raises NotFound for a foreign, missing or white-label one."""
    account = db.load(Account, account_id)
    if account is None or account.kind != "customer":
        raise NotFound
    return account


def held_customer_or_404(db: TenantSession, account_id: UUID) -> Account:
    """Like `customer_or_404`, locked until the transaction ends."""
    account = db.locked(Account, account_id)
    if account is None or account.kind != "customer":
        raise NotFound
    return account


def white_label_account(db: TenantSession) -> Account:
    """The tenant's own account with the operator."""
    return db.scalars(select(Account).where(Account.kind == "white_label")).one()


def accounts_of(db: TenantSession, user_id: UUID) -> list[tuple[Membership, Account]]:
    """Every membership of a person with its account."""
    rows = db.execute(
        select(Membership, Account)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.user_id == user_id)
        .order_by(Account.created_at, Account.id)
    )
    return [(membership, account) for membership, account in rows]


def members_of(db: TenantSession, account_id: UUID) -> list[tuple[Membership, User]]:
    rows = db.execute(
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.account_id == account_id)
        .order_by(Membership.is_primary.desc(), User.display_name)
    )
    return [(membership, user) for membership, user in rows]


def primary_user(db: TenantSession, account_id: UUID) -> User:
    """The person whom the wizard named: the contact of Option 1, the authorised contact of Option 2."""
    wanted = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.account_id == account_id, Membership.is_primary)
    )
    return db.scalars(wanted).one()


def primary_users(db: TenantSession, account_ids: Sequence[UUID]) -> dict[UUID, User]:
    """The same of many accounts, by account."""
    wanted = select(Membership.account_id, User).join(User, User.id == Membership.user_id)
    rows = db.execute(wanted.where(Membership.account_id.in_(account_ids), Membership.is_primary))
    return {row[0]: row[1] for row in rows}


def contacts_of(db: TenantSession, account_ids: Sequence[UUID]) -> dict[UUID, Contact]:
    """The general contact of many accounts, by account."""
    wanted = select(Contact).where(Contact.account_id.in_(account_ids))
    return {contact.account_id: contact for contact in db.scalars(wanted)}


def contact_of(db: TenantSession, account_id: UUID) -> Contact:
    return db.scalars(select(Contact).where(Contact.account_id == account_id)).one()


def subscriptions_of(db: TenantSession, account_id: UUID) -> Sequence[Subscription]:
    """All that an account has, had or will have, oldest first."""
    wanted = select(Subscription).where(Subscription.account_id == account_id)
    return db.scalars(wanted.order_by(Subscription.from_day, Subscription.id)).all()


def addresses_of(db: TenantSession, account_id: UUID) -> dict[str, Address]:
    """By kind; without a `service` address the business one serves."""
    return {a.kind: a for a in db.scalars(select(Address).where(Address.account_id == account_id))}


def is_staff(db: TenantSession, user_id: UUID) -> bool:
    """Whether a person has a role on the white-label account."""
    wanted = select(Membership.user_id).where(
        Membership.account_id == white_label_account(db).id, Membership.user_id == user_id
    )
    return db.scalar(wanted) is not None


def is_administrator_of_all(db: TenantSession, user_id: UUID) -> bool:
    """Whether a person administers the white label, and so can open each of its customers."""
    wanted = select(Membership.user_id).where(
        Membership.account_id == white_label_account(db).id,
        Membership.user_id == user_id,
        Membership.role == Role.ADMINISTRATOR,
    )
    return db.scalar(wanted) is not None


def likenesses(db: TenantSession, *, name: str, domain: str, postcode: str) -> Sequence[Account]:
    """Customers not closed that look like the one described: the same domain, or the same name and postcode."""
    same_place = select(Address.account_id).where(Address.kind == "business", Address.postcode == postcode)
    named = and_(func.lower(Account.name) == func.lower(name), Account.id.in_(same_place))
    wanted = select(Account).where(
        Account.kind == "customer", Account.state != "closed", or_(Account.primary_domain == domain, named)
    )
    return db.scalars(wanted.order_by(Account.created_at.desc()).limit(5)).all()


def white_label_staff(db: TenantSession, role: str) -> list[User]:
    """The people with a role on the white-label account."""
    wanted = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.account_id == white_label_account(db).id, Membership.role == role)
    )
    return list(db.scalars(wanted.order_by(User.display_name)))


def holders(db: TenantSession) -> dict[UUID, int]:
    """How many accounts have each plan and service today or later, by the product's id."""
    day = today(white_label(db).time_zone)
    product = func.coalesce(Subscription.plan_id, Subscription.service_id)
    is_on = or_(Subscription.until_day.is_(None), Subscription.until_day > day)
    wanted = select(product, func.count(Subscription.account_id.distinct())).where(is_on).group_by(product)
    return {row[0]: row[1] for row in db.execute(wanted)}
