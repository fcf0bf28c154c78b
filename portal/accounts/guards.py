"""What the signed-in person may do, read anew at each request: a demotion counts at once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import g
from flask_login import current_user
from sqlalchemy import bindparam, select

from portal.accounts.lifecycle import Role, State
from portal.accounts.models import Account, Membership
from portal.accounts.queries import accounts_of
from portal.identity import guards
from portal.identity.flows import NotYet, gate
from portal.identity.guards import me, to_sign_in, with_the_person
from portal.identity.models import User
from portal.kit.db import TenantSession, reading
from portal.kit.prepared import Prepared, columns_of, made_of
from portal.kit.refusals import NotAllowed, NotFound, Refusal

View = TypeVar("View", bound=Callable[..., Any])
LIVE = (State.ACTIVE, State.SUSPENDED)
NO_ACCOUNT = "/no-account"


@dataclass(frozen=True)
class Standing:
    """A person's roles: on the white-label account, and on customer accounts."""

    memberships: tuple[tuple[Membership, Account], ...]

    @property
    def staff_role(self) -> Role | None:
        """The role on the white-label account; an administrator there is a white-label administrator."""
        return next((Role(m.role) for m, a in self.memberships if a.kind == "white_label"), None)

    @property
    def is_administrator(self) -> bool:
        return self.staff_role == Role.ADMINISTRATOR

    @property
    def is_finance(self) -> bool:
        return self.staff_role in (Role.ADMINISTRATOR, Role.FINANCE)

    @property
    def live_accounts(self) -> list[Account]:
        """Customer accounts that the person may open: those that were activated and are not closed."""
        return [a for _, a in self.memberships if a.kind == "customer" and a.state in LIVE]

    @property
    def readable_accounts(self) -> list[Account]:
        """Customer accounts that were ever active: a closed one keeps its statements, for its people too."""
        return [a for _, a in self.memberships if a.kind == "customer" and a.activated_at is not None]

    @property
    def runs_an_account(self) -> bool:
        """Whether the person administers a customer account that is open."""
        return any(self.runs(account) for account in self.live_accounts)

    def runs(self, account: Account) -> bool:
        return any(m.role == Role.ADMINISTRATOR and a.id == account.id for m, a in self.memberships)

    @property
    def unfinished_accounts(self) -> list[Account]:
        """The inactive Option 1 accounts whose activation this person began, the one begun last first."""
        begun = [a for m, a in self.memberships if _may_finish(m, a)]
        return sorted(begun, key=lambda a: a.claimed_at or a.created_at, reverse=True)

    @property
    def unfinished(self) -> Account | None:
        return next(iter(self.unfinished_accounts), None)

    @property
    def ended_accounts(self) -> list[Account]:
        """The closed Option 1 accounts whose activation this person began, the one begun last first."""
        begun = [a for m, a in self.memberships if a.state == State.CLOSED and _began(m, a)]
        return sorted(begun, key=lambda a: a.claimed_at or a.created_at, reverse=True)

    @property
    def has_place(self) -> bool:
        """Whether there is any page that the person's roles open."""
        return bool(self.staff_role or self.readable_accounts or self.unfinished)

    @property
    def why_no_place(self) -> str:
        """What to tell a person who has no place, in words."""
        if not self.memberships:
            return "You were removed from the last account that you belonged to."
        if any(account.state == State.INACTIVE for _, account in self.memberships):
            return "Your account is not active yet. You will get a letter when it is."
        return "Your account is closed. Write to us if this surprises you."

    def role_on(self, account_id: UUID) -> Role | None:
        return next((Role(m.role) for m, a in self.memberships if a.id == account_id), None)


def _may_finish(membership: Membership, account: Account) -> bool:
    return account.state == State.INACTIVE and _began(membership, account)


def _began(membership: Membership, account: Account) -> bool:
    of_customer = account.kind == "customer" and account.is_run_by_customer
    return of_customer and membership.is_primary and account.is_claimed


def standing() -> Standing:
    """Roles of the signed-in person. Only behind a guard, or when somebody is signed in."""
    person = me()
    # Somebody who signs in at this very request was not the one who arrived.
    if g.get("stands") != person.id:
        with reading() as db:
            read_standing(db, person)
    return g.standing  # type: ignore[no-any-return]


def my_own(below: str) -> str:
    """The address of a page of one's own account; with several accounts, or none, that of the list of them."""
    live = standing().live_accounts
    return f"/account/{live[0].id}/{below}" if len(live) == 1 else "/account"


BY_USER = Prepared(
    select(*columns_of(Membership), *columns_of(Account))
    .join(Account, Account.id == Membership.account_id)
    .where(Membership.user_id == bindparam("user_id"))
    .order_by(Account.created_at, Account.id)
)


@with_the_person
def read_standing(db: TenantSession, user: User) -> None:
    split = len(columns_of(Membership))
    rows = BY_USER.all(db, user_id=user.id)
    g.standing = Standing(tuple((made_of(Membership, r[:split]), made_of(Account, r[split:])) for r in rows))
    g.stands = user.id


def is_staff(user: User) -> bool:
    """Everybody on the operator's host, and whoever has a role on the white-label account."""
    return bool(g.white_label.is_operator or g.standing.staff_role is not None)


guards.staff_rule = is_staff


@gate
def only_open_accounts(db: TenantSession, user: User) -> None:
    """While an account is inactive nobody signs in to it, except its own customer to finish the activation.

    Whoever belongs to no account at all comes in, is told so, and keeps their own profile.
    """
    found = Standing(tuple(accounts_of(db, user.id)))
    if found.memberships and not found.has_place:
        waits = any(account.state == State.INACTIVE for _, account in found.memberships)
        raise (NotYet if waits else Ended)(found.why_no_place)


class Ended(NotYet):
    """The password is right, and the last account of the person is closed: no link brings it back."""

    heading = "You cannot sign in any more"
    may_need_link = False


class NoAccount(NotAllowed):
    """Signed in, and no account is left: a page of its own says so, and who helps."""

    heading = "You have no account here"
    moved = ""
    now_at = NO_ACCOUNT


class AccountIsClosed(NotAllowed):
    """The account is one's own, and closed: it can be read, and nothing in it can be done any more."""

    heading = "This account is closed"

    def __init__(self, account: Account) -> None:
        tenant, page = g.white_label, f"/account/{account.id}"
        self.ways = (("The account", page),)
        if account.is_run_by_customer:
            self.ways += (("Statements and receipts", f"{page}/statements"),)
        super().__init__(
            "Nothing can be added to it or changed in it. "
            f"Write to {tenant.name} about what is owed or left: {tenant.support_email}."
        )


def administrators_only(view: View) -> View:
    """White-label administrators, on their own white label's host."""
    return _guard(view, lambda person: person.is_administrator)


def finance_only(view: View) -> View:
    """Finance of the white label, and its administrators."""
    return _guard(view, lambda person: person.is_finance)


def people_managers_only(view: View) -> View:
    """White-label administrators, and the administrators of a live customer account; which one, the page looks."""
    return _guard(view, lambda person: person.is_administrator or person.runs_an_account)


def account_or_administrator_only(view: View) -> View:
    """White-label administrators, and anybody with a live customer account; which one, the page looks."""
    return _guard(view, lambda person: person.is_administrator or bool(person.live_accounts))


def account_members_only(view: View) -> View:
    """Anybody with a customer account that was ever active; which one, and whether it still is, the page looks."""
    return _guard(view, lambda person: bool(person.readable_accounts))


def finishing_customers_only(view: View) -> View:
    """The customer of an Option 1 account who has chosen a password and not finished yet."""
    return _guard(view, lambda person: bool(person.unfinished or person.live_accounts))


def returning_customers_only(view: View) -> View:
    """Whoever may come back from the card page of an activation, although the account was closed meanwhile."""
    return _guard(view, lambda person: bool(person.unfinished or person.live_accounts or person.ended_accounts))


def _guard(view: View, allows: Callable[[Standing], bool]) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if g.white_label.is_operator:
            raise NotFound
        if not current_user.is_authenticated:
            return to_sign_in()
        if not allows(standing()):
            raise _why_not(kwargs.get("account_id"))
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def _why_not(account_id: UUID | None) -> Refusal:
    """The true reason why a signed-in person does not get in: a closed account, no account at all, or the role."""
    for account in standing().readable_accounts:
        if account.id == account_id and account.state == State.CLOSED:
            return AccountIsClosed(account)
    return NotAllowed() if standing().has_place else NoAccount(standing().why_no_place)


def my_account_or_404(account_id: UUID, *, even_closed: bool = False) -> Account:
    """The live customer account that the signed-in person belongs to, or one to read. Raises NotFound otherwise."""
    for account in standing().readable_accounts if even_closed else standing().live_accounts:
        if account.id == account_id:
            return account
    raise NotFound
