"""What the operator's pages show, as ready words, and how their forms become commands' values."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts.models import Account
from portal.accounts.queries import members_of, white_label_account
from portal.billing.models import ChargeTotal
from portal.billing.pricing import Prices
from portal.billing.queries import available_minor, prices_of
from portal.catalogue.models import Plan
from portal.catalogue.queries import plans_on_sale
from portal.catalogue.tax_pages import wholesale_words
from portal.identity.factors import words_on_factors
from portal.identity.models import User
from portal.kit.clock import today
from portal.kit.db import PLATFORM, TenantSession, reading
from portal.kit.ids import new_id
from portal.kit.jobs import Job
from portal.kit.money import percent
from portal.kit.refusals import BadInput, NotFound
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor, credits_minor
from portal.letters.models import Letter
from portal.operator.commands import Brand, Business
from portal.operator.credit_pages import RequestLine, request_lines
from portal.operator.credit_requests import alone_minor
from portal.operator.forms import CreditForm, CreditLimitForm, LogoForm, PlanForm, StaffForm, WhiteLabelForm
from portal.operator.offers import proposed_tax
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
    balance: str
    limit: str
    available: str
    is_short: bool
    is_suspended: bool
    wholesale: str


@dataclass(frozen=True)
class ShowPage:
    tenant: WhiteLabel
    rows: list[tuple[str, str]]
    balance: str
    limit: str
    available: str
    owes: bool
    plans: list[tuple[str, str, str, str, str]]
    people: list[tuple[str, str, str, str]]
    gateway: str
    credits: list[RequestLine]
    alone: str


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
    """Every white label with its money; `db` has the platform's scope."""
    found = white_labels(db)
    accounts = {a.white_label_id: a for a in db.scalars(select(Account).where(Account.kind == "white_label"))}
    credits = credits_minor(db, Book.WHOLESALE, [account.id for account in accounts.values()])
    counts, charged = _customer_counts(db), _wholesale_by_month(db, found)
    return [_list_line(w, accounts[w.id], credits, counts, charged) for w in found]


def _list_line(
    w: WhiteLabel,
    account: Account,
    credits: dict[UUID, int],
    counts: dict[tuple[UUID, str], int],
    charged: dict[tuple[UUID, date], int],
) -> Line:
    balance, limit = credits[account.id], account.credit_limit_minor
    return Line(
        href=f"/operator/white-labels/{w.id}",
        name=w.name,
        host=w.host,
        currency=w.currency,
        customers=sum(n for (id, _), n in counts.items() if id == w.id),
        active=counts.get((w.id, "active"), 0),
        balance=money(balance, w),
        limit=money(limit, w),
        available=money(balance + limit, w),
        is_short=balance + limit <= 0,
        is_suspended=w.customers_are_suspended,
        wholesale=money(charged.get((w.id, _this_month(w)), 0), w),
    )


def _customer_counts(db: TenantSession) -> dict[tuple[UUID, str], int]:
    counted = select(Account.white_label_id, Account.state, func.count(Account.id)).where(Account.kind == "customer")
    rows = db.execute(counted.group_by(Account.white_label_id, Account.state))
    return {(id, state): count for id, state, count in rows}


def _wholesale_by_month(db: TenantSession, tenants: list[WhiteLabel]) -> dict[tuple[UUID, date], int]:
    """Net wholesale of the months that are this one somewhere: a month begins in the white label's own zone."""
    summed = select(ChargeTotal.white_label_id, ChargeTotal.month, func.sum(ChargeTotal.net_minor)).where(
        ChargeTotal.book == Book.WHOLESALE.value, ChargeTotal.month.in_({_this_month(w) for w in tenants})
    )
    rows = db.execute(summed.group_by(ChargeTotal.white_label_id, ChargeTotal.month))
    return {(id, month): int(minor) for id, month, minor in rows}


def _this_month(tenant: WhiteLabel) -> date:
    return today(tenant.time_zone).replace(day=1)


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
            ("Wholesale tax", f"{tenant.tax_name} {wholesale_words(db)}"),
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
        credits=request_lines(db, tenant),
        alone=money(alone_minor(), tenant),
    )


def _plan_row(plan: Plan, prices: Prices, tenant: WhiteLabel) -> tuple[str, str, str, str, str]:
    retail, wholesale = (money(minor, tenant) for minor in (prices.retail_minor, prices.wholesale_minor))
    return plan.name, plan.code, retail, wholesale, percent(prices.retail_tax_ppm)


def _people(db: TenantSession, account: Account, tenant: WhiteLabel) -> list[tuple[str, str, str, str]]:
    """Name, role, when they were last here, and where a lost phone is taken care of."""
    members = members_of(db, account.id)
    factors = words_on_factors(db, [user.id for _, user in members])
    base = f"/operator/white-labels/{tenant.id}/staff"
    return [
        (
            user.display_name,
            membership.role.capitalize(),
            _last_seen(user, tenant),
            f"{base}/{user.id}/lost-phone" if user.id in factors else "",
        )
        for membership, user in members
    ]


def _last_seen(user: User, tenant: WhiteLabel) -> str:
    if user.last_sign_in_at is not None:
        return f"Signed in {moment(user.last_sign_in_at, tenant)}"
    return "Invited" if user.password_hash is None else "Not signed in yet"


def fresh_forms(tenant: WhiteLabel) -> dict[str, Any]:
    """Empty forms of the page; a prefix each, so that they stand side by side."""
    return {
        "limit": CreditLimitForm(None, currency=tenant.currency, prefix="limit", data={"request_id": str(new_id())}),
        "credit": CreditForm(None, currency=tenant.currency, prefix="credit", data={"request_id": str(new_id())}),
        "staff": StaffForm(None, prefix="staff"),
        "plan": PlanForm(None, currency=tenant.currency, prefix="plan", data={"tax": proposed_tax(tenant)}),
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


def request_id(form: CreditForm | CreditLimitForm) -> UUID:
    """Raises BadInput when the hidden id was tampered with."""
    try:
        return UUID(form.request_id.data or "")
    except ValueError as error:
        raise BadInput from error
