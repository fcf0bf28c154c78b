"""Quotes and charges, read."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.billing.beginning import Beginning, beginnings_of, extras_of
from portal.billing.book import Buyer, PriceBook, buyers
from portal.billing.models import Charge
from portal.billing.period import Cycle
from portal.billing.pricing import Invoice, PricedLine, Prices, anchor_of, first_invoice, recurring_line
from portal.catalogue.models import Plan, Service
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label


def prices_of(
    db: TenantSession, product: Plan | Service, *, day: date | None = None, buyer: Buyer | None = None
) -> Prices:
    """What a product costs on a day, today unless it is said, and a buyer at home unless another one is."""
    book = PriceBook(db)
    return book.prices(product, day or today(book.tenant.time_zone), buyer or Buyer(book.tenant.country))


def first_day_for(tenant: WhiteLabel, wanted: date | None) -> date:
    """Billing starts on activation, never before the wanted first day."""
    activation_day = today(tenant.time_zone)
    return max(activation_day, wanted) if wanted else activation_day


def first_invoice_of(db: TenantSession, account: Account, begins: Sequence[Beginning] | None = None) -> Invoice:
    """What activating this account now would charge: its plan, and what begins with it, as it is unless it is said."""
    first_day = first_day_for(white_label(db), account.first_day)
    begins = beginnings_of(db, account) if begins is None else begins
    extras = extras_of(db, account, begins, first_day) if begins else []
    return first_invoice(account_prices(db, account, first_day), first_day, account.billing_day, extras)


def each_month_of(
    db: TenantSession, account: Account, begins: Sequence[Beginning] | None = None
) -> tuple[PricedLine, ...]:
    """What begins with this account besides its plan costs in its first whole month, and in each one after it.

    The line that the monthly run charges, at the prices of that month: after the trial, where there is one.
    """
    first_day = first_day_for(white_label(db), account.first_day)
    begins = beginnings_of(db, account) if begins is None else begins
    if not begins:
        return ()
    cycle = Cycle(anchor_of(account_prices(db, account, first_day), first_day), account.billing_day)
    month = cycle.period_of(cycle.anchor)
    if not month.is_whole:
        month = cycle.period_of(month.next_first_day)
    extras = extras_of(db, account, begins, month.first_day)
    return tuple(recurring_line(each.prices, each.item, each.quantity, month, free=each.free) for each in extras)


def account_prices(db: TenantSession, account: Account, day: date | None = None) -> Prices:
    """The prices of an account's plan on a day, today unless it is said."""
    plan = db.load(Plan, account.plan_id) if account.plan_id else None
    if plan is None:
        raise LookupError(f"account {account.number} has no plan")
    book = PriceBook(db)
    return book.prices(plan, day or today(book.tenant.time_zone), buyers(db, [account])[account.id])


def available_minor(db: TenantSession) -> int:
    """What the white-label account can still be debited: its credit and its credit limit."""
    account = white_label_account(db)
    return credit_minor(db, Book.WHOLESALE, account.id) + account.credit_limit_minor


def charges_of(db: TenantSession, account_id: UUID, book: Book, *, limit: int = 100) -> Sequence[Charge]:
    """Charges on behalf of one customer account in one book, newest first."""
    wanted = select(Charge).where(Charge.account_id == account_id, Charge.book == book.value)
    return db.scalars(wanted.order_by(Charge.day.desc(), Charge.id.desc()).limit(limit)).all()
