"""Telling people that a statement is there. The letter's address needs sign-in; it carries no token."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account, Membership
from portal.accounts.queries import white_label_staff
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.kit.settings import current
from portal.ledger.entry import Book
from portal.letters import commands as letters
from portal.statements.statement import Month
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, month

Issued = list[tuple[Account, dict[str, Any]]]


def tell(db: TenantSession, book: Book, issued: Issued) -> None:
    """A letter to the main contact of each account that was ever active; finance gets the white label's own."""
    people = _finance(db, issued) if book is Book.WHOLESALE else _main_contacts(db, issued)
    tenant = white_label(db)
    posts = [
        letters.Post(
            letters.Recipient(person.email, person.display_name), account.id, _facts(tenant, book, account, row)
        )
        for account, row in issued
        for person in people[account.id]
    ]
    letters.write_all(db, "statement", posts)


def _finance(db: TenantSession, issued: Issued) -> dict[UUID, list[User]]:
    staff = white_label_staff(db, "finance") or white_label_staff(db, "administrator")
    return {account.id: staff for account, _ in issued}


def _main_contacts(db: TenantSession, issued: Issued) -> dict[UUID, list[User]]:
    found: dict[UUID, list[User]] = defaultdict(list)
    readers = [account.id for account, _ in issued if account.activated_at is not None]
    wanted = select(Membership.account_id, User).join(User, User.id == Membership.user_id)
    for account_id, user in db.execute(wanted.where(Membership.account_id.in_(readers), Membership.is_primary)):
        found[account_id].append(user)
    return found


def _facts(tenant: WhiteLabel, book: Book, account: Account, row: dict[str, Any]) -> dict[str, Any]:
    page = f"/account/{account.id}/statements" if book is Book.RETAIL else "/finance/statements"
    return {
        "number": row["number"],
        "month": month(row["month"], tenant),
        "organisation": account.name,
        "account_number": account.number,
        "opening": money(row["opening_minor"], tenant),
        "paid": money(row["paid_minor"], tenant),
        "charged": money(row["charged_minor"], tenant),
        "closing": money(row["closing_minor"], tenant),
        "final": Month(row["month"]).has_ended(account.closed_at, tenant.time_zone),
        "owes": row["closing_minor"] < 0,
        "url": current().address(tenant.host, f"{page}/{row['id']}"),
    }
