"""Charging: the priced lines of an invoice become charges and journal entries, once."""

from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.billing.models import Charge
from portal.billing.period import nth_period
from portal.billing.pricing import Invoice, PricedLine, Side, plan_line
from portal.billing.queries import account_prices
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.money import Money
from portal.kit.refusals import Refusal
from portal.kit.series import next_number
from portal.ledger import entry
from portal.ledger.commands import hold_credit, post
from portal.ledger.entry import Book, credit_of
from portal.whitelabels.queries import white_label


class NotEnoughCredit(Refusal):
    """The white-label account would pass its credit limit."""

    heading = "The white-label account cannot cover this"

    def __init__(self, missing: Money, locale: str) -> None:
        self.missing = missing
        super().__init__(
            f"The white-label account lacks {missing.words(locale)} for the first charges. "
            "Ask the operator for credit, then try again."
        )


def hold_white_label_credit(db: TenantSession, needed_minor: int) -> Account:
    """Lock the white-label account's credit and make sure that it covers an amount. Raises NotEnoughCredit."""
    tenant, payer = white_label(db), white_label_account(db)
    held = hold_credit(db, Book.WHOLESALE, credit_of(payer.id), tenant.currency)
    missing = needed_minor - (payer.credit_limit_minor - held.balance_minor)
    if missing > 0:
        raise NotEnoughCredit(Money(missing, tenant.currency), tenant.locale)
    return payer


def charge_invoice(db: TenantSession, account: Account, invoice: Invoice) -> None:
    """Charge every line: wholesale to the white-label account, retail to the customer's credit in Option 1 only."""
    payer = white_label_account(db)
    for line in invoice.lines:
        _charge(db, Book.WHOLESALE, account, payer, line)
        if account.is_run_by_customer:
            _charge(db, Book.RETAIL, account, account, line)


def charge_month(db: TenantSession, account: Account, n: int) -> None:
    """Charge the n-th month of an active account's plan; charging it again, or a free plan, changes nothing."""
    prices = account_prices(db, account)
    if not prices.retail_minor and not prices.wholesale_minor:
        return
    wanted = select(Charge.first_day).where(Charge.account_id == account.id, Charge.item == "plan")
    anchor = db.scalar(wanted.order_by(Charge.first_day).limit(1))
    if anchor is None:
        raise LookupError(f"account {account.number} was never charged a first month")
    period = nth_period(anchor, n, account.billing_day)
    charge_invoice(db, account, Invoice((plan_line(prices, period),), prices.currency))


def _charge(db: TenantSession, book: Book, account: Account, payer: Account, line: PricedLine) -> None:
    if _is_charged(db, book, account, line):
        return
    tenant = white_label(db)
    side = line.wholesale if book is Book.WHOLESALE else line.retail
    charge = Charge(
        number=f"C-{next_number(db, 'charge'):06d}",
        book=book.value,
        account_id=account.id,
        payer_id=payer.id,
        item=line.item,
        description=line.description,
        period_key=line.period_key,
        first_day=line.period.first_day if line.period else None,
        last_day=line.period.last_day if line.period else None,
        day=today(tenant.time_zone),
        net_minor=side.net_minor,
        tax_minor=side.tax_minor,
        tax_ppm=side.tax_ppm,
        retail_memo_minor=line.retail.net_minor,
        currency=tenant.currency,
        entry_id=None,
    )
    if side.gross_minor:
        charge.entry_id = post(db, _entry(charge, side, payer))
    db.add(charge)
    db.flush()


def _entry(charge: Charge, side: Side, payer: Account) -> entry.Entry:
    source = f"charge:{charge.account_id}:{charge.item}:{charge.period_key}:{charge.book}"
    return entry.charge(
        Book(charge.book),
        source,
        payer.id,
        net_minor=side.net_minor,
        tax_minor=side.tax_minor,
        currency=charge.currency,
        description=charge.description,
    )


def _is_charged(db: TenantSession, book: Book, account: Account, line: PricedLine) -> bool:
    found = select(Charge.id).where(
        Charge.account_id == account.id,
        Charge.item == line.item,
        Charge.period_key == line.period_key,
        Charge.book == book.value,
    )
    return db.scalar(found) is not None
