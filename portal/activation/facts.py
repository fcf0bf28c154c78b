"""What the letters about an account say, as ready words: letters know no money and no dates."""

from typing import Any

from portal.accounts.models import Account
from portal.accounts.queries import addresses_of, contact_of
from portal.activation.queries import need_of
from portal.audit.commands import Actor
from portal.billing.queries import account_prices, charges_of
from portal.billing.words import retail_price
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.kit.settings import current
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.payments.models import Funding
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money

Facts = dict[str, Any]


def activation_facts(db: TenantSession, account: Account, user: User, by: Actor) -> Facts:
    tenant, prices = white_label(db), account_prices(db, account)
    return {
        "inviter": by.name if by.kind == "user" else tenant.name,
        "organisation": account.name,
        "login_name": user.login_name,
        "has_login": user.password_hash is not None,
        "plan": prices.name,
        "price": retail_price(prices, tenant),
        "nothing_to_pay": need_of(db, account).missing_minor == 0,
        "service_address": service_address(db, account),
    }


def welcome_facts(db: TenantSession, account: Account, user: User) -> Facts:
    """The login name and the general contact information; never a password."""
    tenant, contact = white_label(db), contact_of(db, account.id)
    return {
        "organisation": account.name,
        "account_number": account.number,
        "login_name": user.login_name,
        "plan": account_prices(db, account).name,
        "contact_name": contact.name,
        "contact_phone": contact.phone,
        "contact_email": contact.email,
        "business_address": addresses_of(db, account.id)["business"].words(),
        "service_address": service_address(db, account),
        "primary_domain": account.primary_domain,
        "must_change_password": user.must_change_password,
        "url": current().address(tenant.host, "/login"),
    }


def receipt_facts(db: TenantSession, account: Account, funding: Funding) -> Facts:
    tenant = white_label(db)
    charges = [
        {"what": charge.description, "amount": money(charge.gross_minor, tenant)}
        for charge in charges_of(db, account.id, Book.RETAIL, limit=10)
        if funding.settled_at is not None and charge.charged_at >= funding.created_at
    ]
    return {
        "amount": money(funding.amount_minor, tenant),
        "reference": funding.reference,
        "card": funding.card or "your card",
        "organisation": account.name,
        "customer": account.name,
        "account_number": account.number,
        "charges": charges,
        "balance": money(credit_minor(db, Book.RETAIL, account.id), tenant),
        "url": current().address(tenant.host, "/login"),
    }


def service_address(db: TenantSession, account: Account) -> str:
    found = addresses_of(db, account.id)
    return found.get("service", found["business"]).words()
