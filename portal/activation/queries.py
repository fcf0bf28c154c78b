"""Reading activation links, and what an account still waits for."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.activation.models import ActivationLink
from portal.audit.models import AuditRow
from portal.billing.pricing import needed_funding_minor
from portal.billing.queries import account_prices, first_invoice_of
from portal.identity.models import User
from portal.kit import tokens
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.whitelabels.queries import white_label

PURPOSE = "activation"
HELD = "activation.held"
"""On the trail of an account that was paid for while the operator had all customers suspended."""


def link_for_token(db: TenantSession, token: str) -> ActivationLink | None:
    """The link behind a token of this tenant, dead or alive, or None when the token is not one of ours."""
    try:
        claim = tokens.read(PURPOSE, token)
    except tokens.BadToken:
        return None
    if claim.white_label_id != db.tenant:
        return None
    link = db.load(ActivationLink, claim.link_id)
    if link is None or not tokens.same(link.digest, tokens.digest(token)):
        return None
    return link


def latest_link(db: TenantSession, account_id: UUID) -> ActivationLink | None:
    wanted = select(ActivationLink).where(ActivationLink.account_id == account_id)
    return db.scalar(wanted.order_by(ActivationLink.created_at.desc(), ActivationLink.id.desc()).limit(1))


@dataclass(frozen=True)
class Standing:
    """Where a link stands: `live`, `used`, `expired`, `cancelled` with its account, or `dead` (replaced, or the address
    was corrected)."""

    state: str
    link: ActivationLink
    account: Account
    user: User


def standing_of(db: TenantSession, link: ActivationLink) -> Standing:
    account, user = db.load(Account, link.account_id), db.load(User, link.user_id)
    assert account is not None and user is not None
    return Standing(_state(link, account, user), link, account, user)


def _state(link: ActivationLink, account: Account, user: User) -> str:
    is_theirs = tokens.same(tokens.address_digest(link.address), tokens.address_digest(user.email))
    # Whoever got the letter by mistake learns nothing more about the account.
    if is_theirs and account.state == State.CLOSED and account.activated_at is None:
        return "cancelled"
    if link.used_at is not None:
        return "used"
    if link.dead_at is not None or account.state != State.INACTIVE or not is_theirs:
        return "dead"
    return "expired" if link.expires_at <= now() else "live"


def not_for_now(db: TenantSession) -> str:
    """What a customer reads while the operator has all customers suspended, and no word of that."""
    tenant = white_label(db)
    return f"{tenant.name} cannot activate accounts at the moment. Write to {tenant.support_email} to hear when it can."


def paid_and_held(db: TenantSession, after: UUID | None, limit: int) -> list[UUID]:
    """Accounts that were paid for while nothing could be activated, and still wait, behind an id."""
    held = select(AuditRow.id).where(
        AuditRow.white_label_id == Account.white_label_id, AuditRow.subject_id == Account.id, AuditRow.action == HELD
    )
    wanted = select(Account.id).where(
        Account.kind == "customer",
        Account.state == State.INACTIVE,
        Account.claimed_at.is_not(None),
        held.correlate(Account).exists(),
    )
    wanted = wanted.where(Account.id > after) if after is not None else wanted
    return list(db.scalars(wanted.order_by(Account.id).limit(limit)))


@dataclass(frozen=True)
class Need:
    """What an Option 1 customer has to add before the account becomes active, in minor units."""

    needed_minor: int
    credit_minor: int

    @property
    def missing_minor(self) -> int:
        return max(0, self.needed_minor - self.credit_minor)


def need_of(db: TenantSession, account: Account) -> Need:
    invoice = first_invoice_of(db, account)
    needed = needed_funding_minor(account_prices(db, account), invoice, account.least_funding_minor)
    return Need(needed, credit_minor(db, Book.RETAIL, account.id))
