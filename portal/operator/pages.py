"""What the operator's pages show, as ready words, and how their forms become commands' values."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts.models import Account
from portal.accounts.queries import members_of, white_label_account
from portal.billing.pricing import Prices
from portal.billing.queries import available_minor, prices_of
from portal.catalogue.models import Plan
from portal.catalogue.queries import plans_on_sale
from portal.identity.models import User
from portal.kit.db import PLATFORM, TenantSession, reading
from portal.kit.ids import new_id
from portal.kit.jobs import Job
from portal.kit.money import percent
from portal.kit.refusals import BadInput, NotFound
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters.models import Letter
from portal.operator.commands import Brand, Business, NewPlan
from portal.operator.forms import CreditForm, CreditLimitForm, LogoForm, PlanForm, StaffForm, WhiteLabelForm
from portal.payments.models import OPEN_STATES, Funding
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import gateway_credential, white_label, white_labels
from portal.whitelabels.words import moment, money


@dataclass(frozen=True)
class Line:
    href: str
    name: str
    host: str
    currency: str
    customers: int
    active: int


@dataclass(frozen=True)
class ShowPage:
    tenant: WhiteLabel
    rows: list[tuple[str, str]]
    balance: str
    limit: str
    available: str
    owes: bool
    plans: list[tuple[str, str, str, str, str]]
    people: list[tuple[str, str, str]]
    gateway: str


@dataclass(frozen=True)
class HealthPage:
    """Counts of what waits, and the rows of what failed."""

    tiles: list[tuple[str, str, str]]
    failed_jobs: list[tuple[str, str, str, int]]
    failed_letters: list[tuple[str, str, str]]


def white_label_or_404(white_label_id: UUID) -> WhiteLabel:
    with reading(PLATFORM) as db:
        found = db.get(WhiteLabel, white_label_id)
    if found is None or found.is_operator:
        raise NotFound
    return found


def list_page(db: TenantSession) -> list[Line]:
    counted = select(Account.white_label_id, Account.state, func.count(Account.id)).where(Account.kind == "customer")
    counts: dict[tuple[UUID, str], int] = {
        (id, state): n for id, state, n in db.execute(counted.group_by(Account.white_label_id, Account.state))
    }
    return [
        Line(
            f"/operator/white-labels/{w.id}",
            w.name,
            w.host,
            w.currency,
            sum(n for (id, _), n in counts.items() if id == w.id),
            counts.get((w.id, "active"), 0),
        )
        for w in white_labels(db)
    ]


def show_page(db: TenantSession) -> ShowPage:
    tenant, account = white_label(db), white_label_account(db)
    balance = credit_minor(db, Book.WHOLESALE, account.id)
    gateway = gateway_credential(db)
    return ShowPage(
        tenant=tenant,
        rows=[
            ("Host", tenant.host),
            ("Legal name", tenant.legal_name),
            ("Currency", tenant.currency),
            ("Time zone", tenant.time_zone),
            ("Wholesale tax", f"{tenant.tax_name} {percent(tenant.wholesale_tax_ppm)}"),
            ("Support", tenant.support_email),
            ("Account numbers begin with", tenant.number_prefix),
        ],
        balance=money(balance, tenant),
        limit=money(account.credit_limit_minor, tenant),
        available=money(available_minor(db), tenant),
        owes=balance < 0,
        plans=[_plan_row(plan, prices_of(db, plan), tenant) for plan in plans_on_sale(db)],
        people=_people(db, account, tenant),
        gateway="Not connected" if gateway is None else "Ready" if gateway.is_ready else "Connected, not ready",
    )


def _plan_row(plan: Plan, prices: Prices, tenant: WhiteLabel) -> tuple[str, str, str, str, str]:
    retail, wholesale = (money(minor, tenant) for minor in (prices.retail_minor, prices.wholesale_minor))
    return plan.name, plan.code, retail, wholesale, percent(prices.retail_tax_ppm)


def _people(db: TenantSession, account: Account, tenant: WhiteLabel) -> list[tuple[str, str, str]]:
    return [
        (user.display_name, membership.role.capitalize(), _last_seen(user, tenant))
        for membership, user in members_of(db, account.id)
    ]


def _last_seen(user: User, tenant: WhiteLabel) -> str:
    if user.last_sign_in_at is not None:
        return f"Signed in {moment(user.last_sign_in_at, tenant)}"
    return "Invited" if user.password_hash is None else "Not signed in yet"


def fresh_forms(tenant: WhiteLabel) -> dict[str, Any]:
    """Empty forms of the page; a prefix each, so that they stand side by side."""
    return {
        "limit": CreditLimitForm(None, currency=tenant.currency, prefix="limit"),
        "credit": CreditForm(None, currency=tenant.currency, prefix="credit", data={"request_id": str(new_id())}),
        "staff": StaffForm(None, prefix="staff"),
        "plan": PlanForm(None, currency=tenant.currency, prefix="plan"),
        "logo": LogoForm(None, prefix="logo"),
    }


def health_page(db: TenantSession) -> HealthPage:
    def count(model: type[Any], *conditions: Any) -> str:
        return str(db.scalar(select(func.count(model.id)).where(*conditions)))

    failed_jobs = db.scalars(select(Job).where(Job.state == "failed").order_by(Job.finished_at.desc()).limit(50))
    failed_letters = db.scalars(
        select(Letter).where(Letter.state.in_(("failed", "bounced"))).order_by(Letter.created_at.desc()).limit(50)
    )
    return HealthPage(
        tiles=[
            ("Jobs due", count(Job, Job.state == "due"), "Waiting or being worked on"),
            ("Jobs failed", count(Job, Job.state == "failed"), "Somebody has to look"),
            ("Letters waiting", count(Letter, Letter.state == "queued"), "Not accepted by the mail server yet"),
            ("Payments open", count(Funding, Funding.state.in_(OPEN_STATES)), "Waiting for a customer or the gateway"),
        ],
        failed_jobs=[(j.name, j.last_error or "", f"{j.finished_at:%Y-%m-%d %H:%M}", j.tries) for j in failed_jobs],
        failed_letters=[(x.name, x.to_address, x.last_answer or "") for x in failed_letters],
    )


def brand_of(form: WhiteLabelForm) -> Brand:
    return Brand(
        name=form.name.data or "",
        host=form.host.data or "",
        legal_name=form.legal_name.data or "",
        support_email=form.support_email.data or "",
        support_phone=form.support_phone.data or None,
        postal_address=form.postal_address.data or "",
        colour=form.colour.data or "",
    )


def business_of(form: WhiteLabelForm) -> Business:
    return Business(
        currency=form.currency.data or "",
        country=form.country.data or "",
        time_zone=form.time_zone.data or "",
        locale=form.locale.data or "",
        tax_name=form.tax_name.data or "",
        wholesale_tax_ppm=form.wholesale_tax.ppm,
        terms=form.terms.data or "",
    )


def plan_of(form: PlanForm) -> NewPlan:
    return NewPlan(
        code=form.code.data or "",
        name=form.name.data or "",
        description=form.description.data or "",
        retail_minor=form.retail.minor,
        wholesale_minor=form.wholesale.minor,
        tax_ppm=form.tax.ppm,
        retail_setup_minor=form.retail_setup.minor,
        wholesale_setup_minor=form.wholesale_setup.minor,
        minimum_funding_minor=form.minimum_funding.minor,
    )


def is_code_taken(db: TenantSession, form: PlanForm) -> bool:
    return db.scalar(select(Plan.id).where(Plan.code == form.code.data)) is not None


def request_id(form: CreditForm) -> UUID:
    """Raises BadInput when the hidden id was tampered with."""
    try:
        return UUID(form.request_id.data or "")
    except ValueError as error:
        raise BadInput from error
