"""The list of customers: found, filtered and paged by key, so that page one thousand costs what page one does."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Membership
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.kit.world import stored_domain

PAGE = 25


@dataclass(frozen=True)
class Search:
    """What the list is asked for. `before` and `after` are keys of the row where the page begins."""

    words: str = ""
    state: str = ""
    administration: str = ""
    before: tuple[datetime, UUID] | None = None
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True)
class Page:
    accounts: list[Account]
    newer: tuple[datetime, UUID] | None
    older: tuple[datetime, UUID] | None


def customers_page(db: TenantSession, search: Search) -> Page:
    """One page, newest first."""
    wanted = _filtered(select(Account).where(Account.kind == "customer"), search)
    key = (Account.created_at, Account.id)
    if search.after is not None:
        at, id = search.after
        newer = or_(Account.created_at > at, and_(Account.created_at == at, Account.id > id))
        rows = list(db.scalars(wanted.where(newer).order_by(*key).limit(PAGE + 1)))
        more, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        return Page(rows, _key(rows[0]) if rows and more else None, _key(rows[-1]) if rows else None)
    if search.before is not None:
        at, id = search.before
        wanted = wanted.where(or_(Account.created_at < at, and_(Account.created_at == at, Account.id < id)))
    rows = list(db.scalars(wanted.order_by(*(column.desc() for column in key)).limit(PAGE + 1)))
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return Page(rows, _key(rows[0]) if rows and search.before else None, _key(rows[-1]) if rows and more else None)


def counts_by_state(db: TenantSession) -> dict[str, int]:
    wanted = select(Account.state, func.count(Account.id)).where(Account.kind == "customer").group_by(Account.state)
    return {state: count for state, count in db.execute(wanted)}  # noqa: C416 - a row is not typed as a pair


def _filtered(wanted: Select[Account], search: Search) -> Select[Account]:
    if search.state in set(State):
        wanted = wanted.where(Account.state == search.state)
    if search.administration in ("customer", "white_label"):
        wanted = wanted.where(Account.administration == search.administration)
    if search.words:
        like = f"%{_escaped(search.words)}%"
        by_person = select(Membership.account_id).join(User, User.id == Membership.user_id)
        by_person = by_person.where(or_(User.login_name.ilike(like, escape="\\"), User.email.ilike(like, escape="\\")))
        wanted = wanted.where(
            or_(
                Account.name.ilike(like, escape="\\"),
                Account.number.ilike(like, escape="\\"),
                Account.primary_domain.ilike(f"%{_escaped(stored_domain(search.words))}%", escape="\\"),
                Account.id.in_(by_person),
            )
        )
    return wanted


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _key(account: Account) -> tuple[datetime, UUID]:
    return account.created_at, account.id
