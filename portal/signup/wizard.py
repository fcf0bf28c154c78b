"""What the wizard's pages show, as ready words, and how its forms and a draft's answers become each other."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field

from portal.accounts.lifecycle import Administration
from portal.accounts.queries import is_staff, white_label_account
from portal.billing.pricing import first_invoice
from portal.billing.queries import available_minor, first_day_for, prices_of
from portal.billing.words import retail_price, wholesale_price
from portal.catalogue.pages import held_today
from portal.catalogue.queries import plans_on_sale
from portal.identity.passwords import hash_password
from portal.identity.queries import user_by_login
from portal.kit.db import TenantSession
from portal.kit.forms import choices, stripped
from portal.kit.world import read_domain, read_login, show_domain
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.signup import commands, logins, phonetic
from portal.signup.commands import STEPS, first_gap, open_drafts
from portal.signup.forms import AuthorisedContactForm, ContactForm, PlanForm
from portal.signup.models import Draft
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, since

NEVER_KEPT = ("csrf_token", "password", "again")
LONGEST_KEPT = 1000
"""Signs of one field that a half filled page keeps: more than any field takes."""
MOST_LISTED = 20
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
    why_none: str
    """Why neither option is open now; empty when both may be."""


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


def options(db: TenantSession) -> Options:
    tenant, account = white_label(db), white_label_account(db)
    balance = credit_minor(db, Book.WHOLESALE, account.id)
    first_day = first_day_for(tenant, None)
    plans = plans_on_sale(db)
    charges = [
        (plan.name, money(first_invoice(prices_of(db, plan), first_day).wholesale_minor, tenant)) for plan in plans
    ]
    why_none = "" if plans else commands.NothingOnSale.text
    return Options(money(balance, tenant), money(available_minor(db), tenant), charges, why_none)


def draft_list(db: TenantSession, user_id: UUID) -> list[DraftLine]:
    tenant = white_label(db)
    return [
        DraftLine(
            draft.id,
            draft_name(draft, tenant),
            _option(draft),
            f"/customers/new/{draft.id}/{first_gap(draft) or 'review'}",
        )
        for draft in open_drafts(db, user_id)[:MOST_LISTED]
    ]


def draft_name(draft: Draft, tenant: WhiteLabel) -> str:
    return draft.name or f"Without a name, begun {since(draft.created_at, tenant)}"


def _option(draft: Draft) -> str:
    return "Option 1, new customer" if draft.administration == Administration.CUSTOMER else "Option 2, set up by you"


def steps(draft: Draft, present: str) -> list[Step]:
    """The stepper: finished steps can be gone back to."""
    found = []
    for name in (*STEPS, "review"):
        state = "current" if name == present else "done" if draft.is_finished(name) else "next"
        found.append(Step(LABELS[name], state, f"/customers/new/{draft.id}/{name}"))
    return found


def contact_form(draft: Draft) -> ContactForm:
    kept = draft.kept("contact")
    if draft.administration == Administration.CUSTOMER:
        return ContactForm(data=kept)
    form = AuthorisedContactForm(data=kept)
    form.has_password = bool(kept.get("password_hash"))
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
    """Fill the login name from the person's name and the domain, or say what is wrong with the domain."""
    field = form.primary_domain
    try:
        field.data = show_domain(read_domain(field.data or ""))
    except ValueError as error:
        field.errors = [str(error) if field.data else "Write the customer's domain first."]
    else:
        form.login_name.data = logins.suggestions(form.display_name.data or "", field.data)[0]


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
        answers["password_hash"] = _password_hash(draft, form)
    return answers


def _password_hash(draft: Draft, form: AuthorisedContactForm) -> str | None:
    """Of the password as it was typed, or of the one before."""
    kept: str | None = draft.kept("contact").get("password_hash")
    return hash_password(form.password.data) if form.password.data else kept


def half_filled(form: FlaskForm) -> dict[str, Any]:
    """What stands on a page, right or wrong, to be shown again as it was typed; never a password."""
    fields: list[Field] = [field for field in form if field.name not in NEVER_KEPT]
    return {f.name: f.data if isinstance(f, BooleanField) else _as_typed(f) for f in fields}


def _as_typed(field: Field) -> str:
    return stripped(field.raw_data[0])[:LONGEST_KEPT] if field.raw_data else ""


def half_contact(draft: Draft, form: ContactForm, typed: dict[str, Any]) -> dict[str, Any]:
    """`typed` with the hash of a password that was looked at and will do."""
    if not isinstance(form, AuthorisedContactForm):
        return typed
    is_wrong = form.password.errors or form.again.errors
    before = draft.kept("contact").get("password_hash")
    return {**typed, "password_hash": before if is_wrong else _password_hash(draft, form)}


def plain_answers(form: FlaskForm) -> dict[str, Any]:
    fields: list[Field] = list(form)
    return {f.name: f.data for f in fields if f.name not in NEVER_KEPT}


def plan_form(db: TenantSession, draft: Draft) -> PlanForm:
    kept = draft.kept("plan")
    form, plans = PlanForm(data={**kept, "first_day": _readable(kept.get("first_day"))}), plans_on_sale(db)
    if not form.is_submitted() and form.first_day.data is None:
        form.first_day.raw_data = [kept.get("first_day") or ""]
    form.plan.choices = choices((str(plan.id), plan.name) for plan in plans)
    form.least_of = {str(plan.id): plan.minimum_funding_minor for plan in plans}
    return form


def _readable(words: str | None) -> date | None:
    """A day that was kept; None for one that was left half written."""
    try:
        return date.fromisoformat(words or "")
    except ValueError:
        return None


def plan_answers(form: PlanForm) -> dict[str, Any]:
    return {
        "plan": form.plan.data,
        "first_day": form.first_day.data.isoformat() if form.first_day.data else None,
        "billing_day": form.billing_day.data or "",
        "least_funding": form.least_funding.data or "",
        "least_funding_minor": form.least_funding_minor,
    }


def plan_cards(db: TenantSession) -> list[PlanCard]:
    tenant, plans, cards = white_label(db), plans_on_sale(db), []
    held = held_today(db, plans)
    for plan in plans:
        prices = prices_of(db, plan)
        note = f"Wholesale {wholesale_price(prices, tenant)}"
        if prices.retail_setup_minor:
            note = f"Set-up {money(prices.retail_setup_minor, tenant)}, once. {note}"
        if prices.trial_days:
            note = f"{prices.trial_days} days' trial first. {note}"
        if plan.id in held:
            note = f"{held[plan.id]}. {note}"
        price = money(prices.retail_minor, tenant)
        per = retail_price(prices, tenant).removeprefix(price).strip()
        cards.append(PlanCard(str(plan.id), plan.name, price, per, plan.description, note))
    return cards
