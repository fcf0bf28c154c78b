"""The list of customers: found, filtered by state and by what they wait for, sorted, and paged by key."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.lifecycle import Administration, State
from portal.accounts.models import Account, Contact, Membership
from portal.accounts.standstill import held_accounts
from portal.activation.models import ActivationLink
from portal.customers.models import SavedView
from portal.identity.models import User
from portal.kit.clock import now
from portal.kit.db import TenantSession, holds, stream
from portal.kit.paging import FIRST_PAGE, Key, Order, Place, Window, window
from portal.kit.world import stored_domain
from portal.letters.models import CAME_BACK, Letter
from portal.numbers.queries import owners_without_address
from portal.payments.models import Funding, GatewayRefund
from portal.whitelabels.models import GatewayCredential
from portal.whitelabels.queries import white_label

PAGE = 25

WAITS = {
    "us": "You",
    "bounced": "You: the letter came back, or did not go",
    "expired": "You: the link has expired",
    "set-up": "You: to set it up and activate",
    "gateway": "You: to connect the gateway",
    "refused": "You: the gateway refused, or money went back",
    "emergency": "You: an emergency address is missing",
    "customer": "The customer",
    "unopened": "The customer: letter not opened",
    "opened": "The customer: opened, no password",
    "unpaid": "The customer: not paid",
    "address": "The customer: an emergency address is missing",
    "portal": "The portal: a letter or a payment is on its way",
    "operator": "The operator: your customers are suspended",
}
GROUPS = {
    "us": ("set-up", "bounced", "expired", "gateway", "refused", "emergency"),
    "customer": ("unopened", "opened", "unpaid", "address"),
}
SORTS = {
    "newest": Order(Account.created_at, Account.id),
    "oldest": Order(Account.created_at, Account.id, is_descending=False),
    "name": Order(Account.name, Account.id, is_descending=False),
}


@dataclass(frozen=True)
class Search:
    """What the list is asked for. `waits` is one of WAITS, `sort` one of SORTS; what is unknown is left out."""

    words: str = ""
    state: str = ""
    administration: str = ""
    waits: str = ""
    sort: str = "newest"
    place: Place = FIRST_PAGE

    @property
    def query(self) -> dict[str, str]:
        """The parts of the address that say it, but for the page."""
        sort = self.sort if self.sort != "newest" else ""
        asked = {"q": self.words, "state": self.state, "by": self.administration, "waits": self.waits, "sort": sort}
        return {name: value for name, value in asked.items() if value}

    @property
    def order(self) -> Order:
        return SORTS.get(self.sort, SORTS["newest"])

    def key_of(self, account: Account) -> Key:
        return (account.name if self.sort == "name" else account.created_at), account.id


def customers_page(db: TenantSession, search: Search) -> Window[Account]:
    def run(limited: Select[*tuple[Any, ...]]) -> list[Account]:
        return list(db.scalars(limited))

    return window(run, _matching(db, search), search.order, search.place, size=PAGE, key_of=search.key_of)


def all_customers(db: TenantSession, search: Search) -> Iterator[Account]:
    """Everything that matches, in the list's order, a batch at a time."""
    order = search.order
    for (account,) in stream(db, _matching(db, search).order_by(*order.by(upwards=not order.is_descending))):
        yield account


def counts_by_state(db: TenantSession) -> dict[str, int]:
    wanted = select(Account.state, func.count(Account.id)).where(Account.kind == "customer").group_by(Account.state)
    return {state: count for state, count in db.execute(wanted)}  # noqa: C416 - a row is not typed as a pair


def count_waiting_for_us(db: TenantSession) -> int:
    wanted = select(func.count(Account.id)).where(Account.kind == "customer", _waiting(db, "us"))
    return db.scalar(wanted) or 0


def views_of(db: TenantSession, user_id: UUID) -> Sequence[SavedView]:
    return db.scalars(select(SavedView).where(SavedView.user_id == user_id).order_by(SavedView.created_at)).all()


def _matching(db: TenantSession, search: Search) -> Select[Account]:
    wanted = select(Account).where(Account.kind == "customer")
    if search.state in set(State):
        wanted = wanted.where(Account.state == search.state)
    if search.administration in set(Administration):
        wanted = wanted.where(Account.administration == search.administration)
    if search.waits in WAITS:
        wanted = wanted.where(_waiting(db, search.waits))
    if search.words:
        wanted = wanted.where(_found_by(search.words))
    return wanted


Case = tuple[str, ColumnElement[bool]]
"""What is waited for, by its name in WAITS, and which accounts wait for it. A name may come twice."""


def _waiting(db: TenantSession, kind: str) -> ColumnElement[bool]:
    """Accounts by what they wait for: the same cases as `progress.blocker_of` tells one by one."""
    names = GROUPS.get(kind, (kind,))
    cases = [*_inactive_cases(is_stopped=white_label(db).customers_are_suspended), *_running_cases()]
    return or_(false(), *(case for name, case in cases if name in names))


def _inactive_cases(*, is_stopped: bool) -> list[Case]:
    """While the operator has all customers suspended, what would become active waits for the operator instead."""
    ours = Account.administration == Administration.WHITE_LABEL
    unclaimed = and_(Account.administration == Administration.CUSTOMER, Account.claimed_at.is_(None))
    claimed = and_(Account.administration == Administration.CUSTOMER, Account.claimed_at.is_not(None))
    others = [("operator", or_(ours, claimed))] if is_stopped else [("set-up", ours), *_payment_cases(claimed)]
    found = [*_letter_cases(unclaimed), *others]
    cases = [(name, and_(Account.state == State.INACTIVE, case)) for name, case in found]
    held = and_(Account.state == State.SUSPENDED, Account.id.in_(held_accounts()))
    return [*cases, ("operator", held)] if is_stopped else cases


def _letter_cases(unclaimed: ColumnElement[bool]) -> list[Case]:
    letter, expires = _latest_letter(), _latest_link(ActivationLink.expires_at)
    opened = _latest_link(ActivationLink.opened_at)
    is_out = and_(unclaimed, letter == "sent", expires > now())
    return [
        ("bounced", and_(unclaimed, letter.in_(CAME_BACK))),
        ("expired", and_(unclaimed, letter == "sent", expires <= now())),
        ("unopened", and_(is_out, opened.is_(None))),
        ("opened", and_(is_out, opened.is_not(None))),
        ("portal", and_(unclaimed, or_(letter.is_(None), letter == "queued"))),
    ]


def _payment_cases(claimed: ColumnElement[bool]) -> list[Case]:
    in_use = select(GatewayCredential.id).where(
        GatewayCredential.white_label_id == Account.white_label_id, GatewayCredential.ended_at.is_(None)
    )
    has_gateway = in_use.correlate(Account).exists()
    paying, money = and_(claimed, has_gateway), _latest_payment(Funding.state)
    went_back = and_(money == "succeeded", _went_back())
    return [
        ("gateway", and_(claimed, ~has_gateway)),
        ("refused", and_(paying, or_(money == "failed", went_back))),
        ("unpaid", and_(paying, or_(money.is_(None), money.not_in(("failed", "unknown"))), ~went_back)),
        ("portal", and_(paying, money == "unknown")),
    ]


def _running_cases() -> list[Case]:
    """Of active accounts: the welcome letter of Option 2 first, then where help would be sent."""
    ours = Account.administration == Administration.WHITE_LABEL
    came_back = and_(Account.state == State.ACTIVE, ours, Account.id.in_(_welcome_came_back()))
    lacks = and_(Account.state == State.ACTIVE, Account.id.in_(owners_without_address()))
    return [("bounced", came_back), ("emergency", and_(lacks, ours, ~came_back)), ("address", and_(lacks, ~ours))]


def _welcome_came_back() -> Select[UUID | None]:
    """Whose last welcome letter came back: found from those letters, which are few, not from the accounts."""
    newer = aliased(Letter)
    again = select(newer.id).where(
        newer.white_label_id == Letter.white_label_id,
        newer.about_id == Letter.about_id,
        newer.name == "welcome",
        newer.id > Letter.id,
    )
    return select(Letter.about_id).where(Letter.name == "welcome", Letter.state == "bounced", ~again.exists())


def _latest_payment(column: Any) -> Any:
    wanted = select(column).where(Funding.white_label_id == Account.white_label_id, Funding.account_id == Account.id)
    newest = wanted.order_by(Funding.created_at.desc(), Funding.id.desc())
    return newest.limit(1).correlate(Account).scalar_subquery()


def _went_back() -> Any:
    """Whether the latest payment was given back whole, or is being."""
    returned = select(GatewayRefund.id).where(
        GatewayRefund.white_label_id == Account.white_label_id,
        GatewayRefund.funding_id == _latest_payment(Funding.id),
        GatewayRefund.amount_minor >= _latest_payment(Funding.amount_minor),
        GatewayRefund.state != "failed",
    )
    return returned.correlate(Account).exists()


def _latest_letter() -> Any:
    wanted = select(Letter.state).where(
        Letter.white_label_id == Account.white_label_id, Letter.about_id == Account.id, Letter.name == "activation"
    )
    return wanted.order_by(Letter.created_at.desc(), Letter.id.desc()).limit(1).scalar_subquery()


def _latest_link(column: Any) -> Any:
    wanted = select(column).where(
        ActivationLink.white_label_id == Account.white_label_id, ActivationLink.account_id == Account.id
    )
    newest = wanted.order_by(ActivationLink.created_at.desc(), ActivationLink.id.desc())
    return newest.limit(1).correlate(Account).scalar_subquery()


def _found_by(words: str) -> ColumnElement[bool]:
    """By name, account number, domain, login name or address of its people, or telephone."""
    # Only names and addresses are kept as they were typed; what is kept in one form is quicker to look through.
    by_person = select(Membership.account_id).join(User, User.id == Membership.user_id)
    by_login = User.login_name.contains(words.casefold(), autoescape=True)
    by_person = by_person.where(or_(by_login, holds(User.email, words)))
    places = [
        holds(Account.name, words),
        Account.number.contains(words, autoescape=True),
        Account.primary_domain.contains(stored_domain(words).lower(), autoescape=True),
        Account.id.in_(by_person),
    ]
    figures = re.sub(r"[\s().\-/+]", "", words).lstrip("0")
    if len(figures) >= 5 and figures.isascii() and figures.isdigit():
        bare = func.replace(func.replace(Contact.phone, " ", ""), "-", "")
        places.append(Account.id.in_(select(Contact.account_id).where(bare.like(f"%{figures}%"))))
    return or_(*places)
