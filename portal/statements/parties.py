"""Who sells and who buys, as a document names them on the day it is issued."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account, Address
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import operator, white_label

Party = dict[str, Any]


def sellers(db: TenantSession) -> dict[Book, Party]:
    """The white label sells at retail, the operator at wholesale."""
    ours = company(white_label(db))
    theirs = operator(db)
    return {Book.RETAIL: ours, Book.WHOLESALE: company(theirs) if theirs is not None else {**ours, "name": "Operator"}}


def company(tenant: WhiteLabel) -> Party:
    return {
        "name": tenant.legal_name,
        "trade_name": tenant.name,
        "address": [line.strip() for line in tenant.postal_address.splitlines() if line.strip()],
        "tax_number": tenant.tax_number or "",
        "email": tenant.support_email,
        "phone": tenant.support_phone or "",
        "colour": tenant.colour,
        "logo": tenant.logo_digest or "",
    }


def buyers_of(db: TenantSession, accounts: list[Account]) -> dict[UUID, Party]:
    """The buyer behind each account: a customer, or the white label itself."""
    places = {place.account_id: place for place in _business_addresses(db, accounts)}
    tenant = white_label(db)
    return {
        account.id: _customer(account, places.get(account.id))
        if account.kind == "customer"
        else {**company(tenant), "number": account.number, "exemption": ""}
        for account in accounts
    }


def _business_addresses(db: TenantSession, accounts: list[Account]) -> list[Address]:
    ids = [account.id for account in accounts]
    return list(db.scalars(select(Address).where(Address.account_id.in_(ids), Address.kind == "business")))


def _customer(account: Account, place: Address | None) -> Party:
    return {
        "name": account.name,
        "number": account.number,
        "address": place.words().split(", ") if place is not None else [],
        "tax_number": account.tax_number or "",
        "exemption": account.tax_exemption or "",
    }
