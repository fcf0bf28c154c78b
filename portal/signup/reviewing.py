"""The last page of the wizard: every answer of a draft, and the first invoice, as ready words."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from portal.accounts.forms import place_words
from portal.accounts.lifecycle import Administration
from portal.accounts.queries import likenesses
from portal.activation.pages import Row, invoice_rows
from portal.billing.book import buyer_in
from portal.billing.pricing import Invoice, Prices, first_invoice, needed_funding_minor
from portal.billing.queries import available_minor, first_day_for, prices_of
from portal.billing.words import retail_price
from portal.catalogue.models import Plan
from portal.identity.queries import user_by_login
from portal.kit.db import TenantSession
from portal.kit.world import show_domain
from portal.signup.forms import LAST_DAY
from portal.signup.models import Draft
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, money


@dataclass(frozen=True)
class Review:
    """Every value of a draft, and the first invoice from the function that will bill it."""

    name: str
    is_option_1: bool
    contact: list[tuple[str, str]]
    addresses: list[tuple[str, str]]
    plan: list[tuple[str, str]]
    invoice_to: str
    invoice: list[Row]
    total: str
    foot: str
    money: str
    letters_to: str
    shortage: str | None
    alike: list[tuple[str, str]]


def review(db: TenantSession, draft: Draft) -> Review:
    tenant = white_label(db)
    plan = db.load(Plan, UUID(draft.answers["plan"]["plan"]))
    assert plan is not None
    first_day = first_day_for(tenant, _day(draft))
    places = draft.answers["addresses"]
    prices = prices_of(db, plan, day=first_day, buyer=buyer_in(places["country"], places["region"] or ""))
    invoice = first_invoice(prices, first_day, _billing_day(draft))
    is_option_1 = draft.administration == Administration.CUSTOMER
    contact = draft.answers["contact"]
    rows = invoice_rows(invoice, tenant, retail=is_option_1)
    total = invoice.retail_minor if is_option_1 else invoice.wholesale_minor
    missing = invoice.wholesale_minor - available_minor(db)
    needed_minor = needed_funding_minor(prices, invoice, _asked(draft))
    return Review(
        name=contact["name"],
        is_option_1=is_option_1,
        contact=_contact_rows(db, draft, tenant),
        addresses=_address_rows(draft),
        plan=_plan_rows(draft, prices, tenant, needed_minor),
        invoice_to=contact["name"] if is_option_1 else tenant.name,
        invoice=rows,
        total=money(total, tenant),
        foot=_margin_words(invoice, tenant, is_option_1),
        money=_money_words(invoice, needed_minor, is_option_1),
        letters_to=contact["email"],
        shortage=money(missing, tenant) if missing > 0 else None,
        alike=_alike(db, draft),
    )


def _alike(db: TenantSession, draft: Draft) -> list[tuple[str, str]]:
    """Customers that this one may already be: words and address of each."""
    contact, places = draft.answers["contact"], draft.answers["addresses"]
    found = likenesses(
        db, name=contact["name"], domain=contact["primary_domain"], postcode=places["postcode"] or "none"
    )
    return [(f"{a.name}, account {a.number}, {a.state}", f"/customers/{a.id}") for a in found]


def _billing_day(draft: Draft) -> int | None:
    kept = draft.answers["plan"].get("billing_day")
    return int(kept) if kept else None


def _asked(draft: Draft) -> int | None:
    asked: int | None = draft.answers["plan"].get("least_funding_minor")
    return asked


def _day(draft: Draft) -> date | None:
    kept = draft.answers["plan"]["first_day"]
    return date.fromisoformat(kept) if kept else None


def _money_words(invoice: Invoice, needed_minor: int, is_option_1: bool) -> str:
    """When money moves first; in a trial, or where the plan costs nothing, not even on activation."""
    if is_option_1 and needed_minor:
        return "No money moves until the customer pays."
    if is_option_1:
        return "The customer has nothing to pay to activate it."
    if invoice.lines:
        return "No money moves until you activate it."
    return "No money moves, not even when you activate it."


def _margin_words(invoice: Invoice, tenant: WhiteLabel, is_option_1: bool) -> str:
    if not invoice.lines:
        return "Nothing is charged on activation, neither at retail nor at wholesale."
    wholesale = sum(line.wholesale.net_minor for line in invoice.lines)
    retail = sum(line.retail.net_minor for line in invoice.lines)
    if is_option_1:
        return (
            f"Your white-label account is charged {money(invoice.wholesale_minor, tenant)} at wholesale. "
            f"Your margin is {money(retail - wholesale, tenant)} before tax."
        )
    return f"Retail would be {money(retail, tenant)}. Your margin is {money(retail - wholesale, tenant)} before tax."


def _contact_rows(db: TenantSession, draft: Draft, tenant: WhiteLabel) -> list[tuple[str, str]]:
    contact = draft.answers["contact"]
    is_option_1 = draft.administration == Administration.CUSTOMER
    rows = [
        (
            "Set up by",
            "The customer (Option 1)" if is_option_1 else "You, the white label administrator (Option 2)",
        ),
        ("Customer name", contact["name"]),
        ("Primary domain", show_domain(contact["primary_domain"])),
        (Administration(draft.administration).contact_words, contact["display_name"]),
        ("Login name", contact["login_name"] + (" (signs in here already)" if contact.get("existing") else "")),
    ]
    if not is_option_1:
        rows.append(("Password", _password_words(db, contact)))
    rows.append(("Letters to", contact["email"]))
    return [*rows, ("Welcome letter", "On" if contact["send_letters"] else "Off")]


def _password_words(db: TenantSession, contact: dict[str, Any]) -> str:
    if not contact.get("existing"):
        return "Set, and hidden. To be changed at the first sign-in."
    known = user_by_login(db, contact["login_name"])
    has_one = known is not None and known.password_hash is not None
    return "Theirs, as it is." if has_one else "They have none yet, and get a letter to set it."


def _address_rows(draft: Draft) -> list[tuple[str, str]]:
    places = draft.answers["addresses"]
    rows = [
        ("Business", place_words(places, "")),
        ("Service", "Same as business" if places["same_address"] else place_words(places, "service_")),
    ]
    labels = {"contact_name": "General contact", "contact_phone": "Telephone", "contact_email": "General e-mail"}
    return rows + [(label, places[key] or "Not given") for key, label in labels.items()]


def _plan_rows(draft: Draft, prices: Prices, tenant: WhiteLabel, needed_minor: int) -> list[tuple[str, str]]:
    is_option_1 = draft.administration == Administration.CUSTOMER
    wanted = _day(draft)
    starts = f"On activation, not before {day(wanted, tenant)}" if wanted else "The day of activation"
    rows = [
        ("Plan", prices.name),
        ("Price", retail_price(prices, tenant)),
        ("First day charged", starts),
        ("Billing day", _billing_words(_billing_day(draft))),
        ("Payer", "The customer, by card" if is_option_1 else f"{tenant.name}, white-label account"),
    ]
    if is_option_1:
        rows.append(("Least first payment", money(needed_minor, tenant) if needed_minor else "Nothing to pay"))
    return rows


def _billing_words(billing_day: int | None) -> str:
    if billing_day is None:
        return "The day of the month on which it starts"
    return "The last day of each month" if billing_day == LAST_DAY else f"Day {billing_day} of each month"
