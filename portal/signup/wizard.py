"""What the wizard's pages show, as ready words, and how its forms and a draft's answers become each other."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import Field

from portal.accounts.forms import place_words
from portal.accounts.lifecycle import Administration
from portal.accounts.queries import is_staff, likenesses, white_label_account
from portal.activation.pages import Row, invoice_rows
from portal.billing.book import buyer_in
from portal.billing.pricing import Invoice, Prices, first_invoice, needed_funding_minor
from portal.billing.queries import available_minor, first_day_for, prices_of
from portal.billing.words import retail_price, span
from portal.catalogue.models import Plan
from portal.catalogue.queries import plans_on_sale
from portal.identity.passwords import hash_password
from portal.identity.queries import user_by_login
from portal.kit.db import TenantSession
from portal.kit.forms import choices
from portal.kit.world import read_login, show_domain
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.signup import logins, phonetic
from portal.signup.commands import STEPS, first_gap, open_drafts
from portal.signup.forms import LAST_DAY, AuthorisedContactForm, ContactForm, PlanForm
from portal.signup.models import Draft
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, money

LABELS = {"contact": "Contact and business", "addresses": "Addresses", "plan": "Plan and payment", "review": "Review"}


@dataclass(frozen=True)
class Step:
    label: str
    state: str
    href: str


@dataclass(frozen=True)
class Options:
    """The white-label account today, and what activating each plan would debit it, with tax."""

    balance: str
    available: str
    first_charges: list[tuple[str, str]]


@dataclass(frozen=True)
class DraftLine:
    id: UUID
    name: str
    option: str
    href: str


@dataclass(frozen=True)
class PlanCard:
    id: str
    name: str
    price: str
    per: str
    description: str
    note: str


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


def options(db: TenantSession) -> Options:
    tenant, account = white_label(db), white_label_account(db)
    balance = credit_minor(db, Book.WHOLESALE, account.id)
    first_day = first_day_for(tenant, None)
    charges = [
        (plan.name, money(first_invoice(prices_of(db, plan), first_day).wholesale_minor, tenant))
        for plan in plans_on_sale(db)
    ]
    return Options(money(balance, tenant), money(available_minor(db), tenant), charges)


def draft_list(db: TenantSession, user_id: UUID) -> list[DraftLine]:
    return [
        DraftLine(
            draft.id,
            draft.answers.get("contact", {}).get("name", "No name yet"),
            _option(draft),
            f"/customers/new/{draft.id}/{first_gap(draft) or 'review'}",
        )
        for draft in open_drafts(db, user_id)
    ]


def _option(draft: Draft) -> str:
    return "Option 1, new customer" if draft.administration == Administration.CUSTOMER else "Option 2, set up by you"


def steps(draft: Draft, present: str) -> list[Step]:
    """The stepper: finished steps can be gone back to."""
    found = []
    for name in (*STEPS, "review"):
        state = "current" if name == present else "done" if name in draft.answers else "next"
        found.append(Step(LABELS[name], state, f"/customers/new/{draft.id}/{name}"))
    return found


def contact_form(draft: Draft) -> ContactForm:
    kept = draft.answers.get("contact")
    if draft.administration == Administration.CUSTOMER:
        return ContactForm(data=kept)
    form = AuthorisedContactForm(data=kept)
    form.has_password = bool(kept and kept.get("password_hash"))
    return form


def find_person(db: TenantSession, form: ContactForm) -> None:
    """Tell the form who signs in with the login name already, before it is validated."""
    try:
        login_name = read_login(form.login_name.data or "")
    except ValueError:
        return  # which the field says itself
    form.person = user_by_login(db, login_name)
    form.person_is_staff = form.person is not None and is_staff(db, form.person.id)


def suggest_login(form: ContactForm) -> None:
    """Fill the login name from the person's name and the domain, or say what is missing for that."""
    found = logins.suggestions(form.display_name.data or "", form.primary_domain.data or "")
    if found:
        form.login_name.data = found[0]
    else:
        form.login_name.errors = ["Write the person's name and the primary domain first, without “https://”."]


def generate_password(form: ContactForm) -> list[tuple[str, str]]:
    """Fill both password fields, and say how to read the password aloud."""
    if not isinstance(form, AuthorisedContactForm):
        return []
    # A word may happen to hold the person's name, and would be refused.
    password = phonetic.generate(lambda drawn: form.problem_with(drawn) is None)
    form.password.data = form.again.data = password
    return phonetic.aloud(password)


def contact_answers(draft: Draft, form: ContactForm) -> dict[str, Any]:
    """A password is kept as its hash only; without a new one the one before stays."""
    answers = {**plain_answers(form), "email": form.email, "existing": form.adds_person}
    if form.person is not None and form.adds_person:
        answers["display_name"] = form.person.display_name
    elif isinstance(form, AuthorisedContactForm):
        kept = draft.answers.get("contact", {}).get("password_hash")
        answers["password_hash"] = hash_password(form.password.data) if form.password.data else kept
    return answers


def plain_answers(form: FlaskForm) -> dict[str, Any]:
    fields: list[Field] = list(form)
    return {f.name: f.data for f in fields if f.name not in ("csrf_token", "password", "again")}


def plan_form(db: TenantSession, draft: Draft) -> PlanForm:
    kept = dict(draft.answers.get("plan") or {})
    if kept.get("first_day"):
        kept["first_day"] = date.fromisoformat(kept["first_day"])
    form, plans = PlanForm(data=kept), plans_on_sale(db)
    form.plan.choices = choices((str(plan.id), plan.name) for plan in plans)
    form.least_of = {str(plan.id): plan.minimum_funding_minor for plan in plans}
    return form


def plan_answers(form: PlanForm) -> dict[str, Any]:
    return {
        "plan": form.plan.data,
        "first_day": form.first_day.data.isoformat() if form.first_day.data else None,
        "billing_day": form.billing_day.data or "",
        "least_funding": form.least_funding.data or "",
        "least_funding_minor": form.least_funding_minor,
    }


def plan_cards(db: TenantSession) -> list[PlanCard]:
    tenant = white_label(db)
    cards = []
    for plan in plans_on_sale(db):
        prices = prices_of(db, plan)
        note = f"Wholesale {money(prices.wholesale_minor, tenant)} a {span(prices.months)}"
        if prices.retail_setup_minor:
            note = f"Set-up {money(prices.retail_setup_minor, tenant)}, once. {note}"
        if prices.trial_days:
            note = f"{prices.trial_days} days' trial first. {note}"
        price, per = money(prices.retail_minor, tenant), f"a {span(prices.months)}"
        cards.append(PlanCard(str(plan.id), plan.name, price, per, plan.description, note))
    return cards


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
    who = "Authorised contact" if draft.administration == Administration.WHITE_LABEL else "Contact"
    rows = [
        (
            "Set up by",
            "The customer (Option 1)" if who == "Contact" else "You, the white label administrator (Option 2)",
        ),
        ("Customer name", contact["name"]),
        ("Primary domain", show_domain(contact["primary_domain"])),
        (who, contact["display_name"]),
        ("Login name", contact["login_name"] + (" (signs in here already)" if contact.get("existing") else "")),
    ]
    if who == "Authorised contact":
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
