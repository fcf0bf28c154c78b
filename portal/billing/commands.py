"""Charging an account when it becomes active, and the white label's own limit."""

from collections.abc import Callable

from portal.accounts.models import Account, Subscription
from portal.accounts.queries import white_label_account
from portal.billing.beginning import beginnings_of
from portal.billing.charging import Written, write_charges
from portal.billing.pricing import Invoice, anchor_of
from portal.billing.queries import account_prices, first_day_for
from portal.billing.subscriptions import cycle_of
from portal.catalogue.models import Plan, Service
from portal.kit.db import TenantSession
from portal.kit.money import Money
from portal.kit.refusals import Refusal
from portal.ledger.commands import hold_credit
from portal.ledger.entry import Book, credit_of
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label

after_refused: list[Callable[[TenantSession], None]] = []
"""Told that a charge was refused because the white-label account cannot cover it, in a transaction that goes on."""


class NotEnoughCredit(Refusal):
    """The white-label account would pass its credit limit.

    Heading and text are for its customers, who read nothing of its money; `own_words` are for the white label itself.
    """

    heading = "This cannot be done now"

    def __init__(self, missing: Money, tenant: WhiteLabel) -> None:
        self.missing = missing
        lacks = f"The white-label account lacks {missing.words(tenant.locale)} for this."
        self.own_words = (
            "The white-label account cannot cover this",
            f"{lacks} Ask the operator for credit, then try again.",
        )
        super().__init__(f"Write to {tenant.support_email}.")


def hold_white_label_credit(db: TenantSession, needed_minor: int) -> Account:
    """Lock the white-label account's credit and make sure that it covers an amount. Raises NotEnoughCredit.

    What needs nothing is never refused, however far the account is beyond its limit.
    """
    tenant, payer = white_label(db), white_label_account(db)
    held = hold_credit(db, Book.WHOLESALE, credit_of(payer.id), tenant.currency)
    missing = needed_minor - (payer.credit_limit_minor - held.balance_minor)
    if needed_minor > 0 and missing > 0:
        raise NotEnoughCredit(Money(missing, tenant.currency), tenant)
    return payer


def begin(db: TenantSession, account: Account, invoice: Invoice) -> Written:
    """Subscribe an account that becomes active to its plan and what begins with it, and charge the invoice."""
    plan = db.load(Plan, account.plan_id) if account.plan_id else None
    if plan is None:
        raise LookupError(f"account {account.number} has no plan")
    first_day = first_day_for(white_label(db), account.first_day)
    prices = account_prices(db, account)
    account.cycle_anchor = anchor_of(prices, first_day)
    db.add(_begun(account, plan, "plan", 1, is_charged=not prices.trial_days))
    for each in beginnings_of(db, account):
        db.add(_begun(account, each.service, each.item, each.quantity, is_charged=not prices.trial_days))
    return write_charges(db, ((account, line) for line in invoice.lines))


def _begun(account: Account, product: Plan | Service, item: str, quantity: int, *, is_charged: bool) -> Subscription:
    """What begins on the account's first day, whose first period is charged by the first invoice or later."""
    anchor = account.cycle_anchor
    assert anchor is not None
    return Subscription(
        account_id=account.id,
        plan_id=product.id if isinstance(product, Plan) else None,
        service_id=product.id if isinstance(product, Service) else None,
        item=item,
        quantity=quantity,
        from_day=anchor,
        charged_to=cycle_of(account, product).period_at(anchor).next_first_day if is_charged else anchor,
        created_by="the activation",
    )
