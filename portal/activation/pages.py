"""What the activation pages say, as ready words: a template formats no money and decides nothing."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.activation.facts import service_address
from portal.activation.queries import Standing, need_of
from portal.billing.models import Charge
from portal.billing.pricing import Invoice, PricedLine, Side
from portal.billing.queries import account_prices, first_invoice_of
from portal.billing.words import retail_price, span as duration
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.money import percent
from portal.kit.refusals import Refusal
from portal.ledger.entry import Book
from portal.payments.models import Funding, GatewayRefund
from portal.payments.queries import (
    disputed_minor,
    fundings_of,
    kept_fundings,
    kept_minor,
    latest_funding,
    open_funding_of,
    refund_of,
)
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, money, span

DECLINES = {
    "insufficient_funds": "There is not enough money on the card",
    "expired_card": "The card has expired",
    "incorrect_cvc": "The security code was wrong",
    "payment_intent_authentication_failure": "The bank could not confirm that it was you",
    "authentication_required": "The bank could not confirm that it was you",
}


@dataclass(frozen=True)
class Row:
    """One line of a sum: what, how it came about, and the figure."""

    label: str
    amount: str
    note: str = ""


@dataclass(frozen=True)
class Breakdown:
    """What the customer's money will be used for."""

    least: str
    rows: tuple[Row, ...]
    left: str


@dataclass(frozen=True)
class DoneSummary:
    """The rows of what was paid and charged until the activation, none where neither was; and what follows."""

    title: str
    rows: list[Row]
    left: str
    is_paid: bool
    plan: str


@dataclass(frozen=True)
class NextStep:
    icon: str
    href: str
    title: str
    line: str


@dataclass(frozen=True)
class PaymentStatus:
    """`kind` is none, open, declined, unknown, expired, failed, short, held, kept, refunded or refused."""

    kind: str
    heading: str = ""
    moved: str = ""
    text: str = ""

    @classmethod
    def of(cls, refused: Refusal) -> Self:
        return cls("refused", refused.heading, refused.moved, refused.text)


def details(db: TenantSession, found: Standing) -> list[tuple[str, str]]:
    tenant, prices, missing = white_label(db), account_prices(db, found.account), _missing(db, found)
    rows = [
        ("Organisation", found.account.name),
        ("You sign in as", found.user.login_name),
        ("Plan", prices.name),
        ("Price", retail_price(prices, tenant)),
    ]
    if prices.retail_setup_minor:
        rows.append(("Set-up, once", money(prices.retail_setup_minor, tenant)))
    return [
        *rows,
        ("To pay when you activate", money(missing, tenant) if missing else "Nothing"),
        ("Service address", service_address(db, found.account)),
    ]


def has_to_pay(db: TenantSession, found: Standing) -> bool:
    """Whether the activation leads over a payment."""
    return _missing(db, found) > 0


def _missing(db: TenantSession, found: Standing) -> int:
    return need_of(db, found.account).missing_minor


def breakdown(db: TenantSession, account: Account) -> Breakdown:
    tenant, need, invoice = white_label(db), need_of(db, account), first_invoice_of(db, account)
    rows = [Row("You add by card", money(need.missing_minor, tenant))]
    if need.credit_minor:
        rows.insert(0, Row("Credit you have", money(need.credit_minor, tenant)))
    for line in invoice.lines:
        rows.append(Row(line.description, money(-line.retail.net_minor, tenant), period_words(line, tenant)))
    rows += _trial_rows(invoice, tenant)
    rows += _tax_rows([-line.retail for line in invoice.lines], tenant)
    left = need.missing_minor + need.credit_minor - invoice.retail_minor
    return Breakdown(money(need.missing_minor, tenant), tuple(rows), money(left, tenant))


def period_words(line: PricedLine, tenant: WhiteLabel) -> str:
    if line.period is None:
        return "once"
    days = "" if line.period.is_whole else f", {line.period.days} of {line.period.whole_days} days"
    return span(line.period.first_day, line.period.last_day, tenant) + days


def invoice_rows(invoice: Invoice, tenant: WhiteLabel, *, retail: bool) -> list[Row]:
    """The invoice as one book sees it: its lines, then the tax of all of them."""
    sides = [(line, line.retail if retail else line.wholesale) for line in invoice.lines]
    rows = [Row(line.description, money(side.net_minor, tenant), period_words(line, tenant)) for line, side in sides]
    return rows + _trial_rows(invoice, tenant) + _tax_rows([side for _, side in sides], tenant)


def _tax_rows(sides: list[Side], tenant: WhiteLabel) -> list[Row]:
    """The tax of all lines, at each rate that one of them has."""
    by_rate: dict[int, int] = {}
    for side in sides:
        by_rate[side.tax_ppm] = by_rate.get(side.tax_ppm, 0) + side.tax_minor
    return [Row(f"{tenant.tax_name}, {percent(ppm)}", money(tax, tenant)) for ppm, tax in by_rate.items() if tax]


def _trial_rows(invoice: Invoice, tenant: WhiteLabel) -> list[Row]:
    """What costs nothing yet, and from when on it does."""
    if invoice.trial_ends is None:
        return []
    return [Row("Trial", money(0, tenant), f"the plan is charged from {day(invoice.trial_ends, tenant)} on")]


def payment_status(db: TenantSession, account: Account, *, seen: bool) -> PaymentStatus:
    """What became of the latest payment, and whether money moved; `seen` when the gateway was asked just now. One that
    nobody looked at may have been paid meanwhile, whatever is on file."""
    funding = latest_funding(db, account.id)
    if funding is None:
        return PaymentStatus("none")
    if funding.state == "succeeded":
        return _after_success(db, account, funding)
    if funding.is_open and funding.checkout_session is not None and not seen:
        return NOT_CONFIRMED
    if funding.last_decline is not None:
        why = DECLINES.get(funding.last_decline, "Your bank declined the card")
        return PaymentStatus(
            "declined",
            why,
            "No money was taken.",
            "Try again, use another card, or ask your bank. Your answers are kept.",
        )
    return UNPAID[funding.state]


def payment_of_ended(db: TenantSession, account: Account, *, seen: bool) -> PaymentStatus:
    """What became of the latest payment for an account that was closed before it was active."""
    status = payment_status(db, account, seen=seen)
    if status.kind in ("none", "unknown", "kept", "refunded"):
        return status
    # It was closed with the account, however young it was.
    heading = "The card page is closed" if status.kind == "expired" else status.heading
    return replace(status, heading=heading, text="Nothing more can be paid.")


def while_none_is_taken(status: PaymentStatus) -> PaymentStatus:
    """What is left to say of the latest payment while none can be made: not how to go on with one that took nothing."""
    took_nothing = status.kind == "declined" or status in UNPAID.values()
    return PaymentStatus("none") if took_nothing else status


NOT_CONFIRMED = PaymentStatus(
    "unknown",
    "We cannot see your payment at the moment",
    "We do not know yet whether money was taken.",
    "If it was, we find the payment by ourselves, and you never pay twice.",
)

UNPAID = {
    "created": PaymentStatus("open", "Your payment is not finished", "No money was taken so far.", "Go on below."),
    "pending": PaymentStatus(
        "open",
        "Your payment is not finished",
        "No money was taken so far.",
        "Go on where you stopped. The card page is kept for you.",
    ),
    "unknown": PaymentStatus(
        "unknown",
        "We could not reach the payment page",
        "No money was taken.",
        "Try again. Your answers are kept.",
    ),
    "expired": PaymentStatus(
        "expired",
        "The card page was closed after a day",
        "No money was taken.",
        "Start the payment again. Your answers are kept.",
    ),
    "failed": PaymentStatus("failed", "The card page could not be opened", "No money was taken.", "Try again."),
}


def _after_success(db: TenantSession, account: Account, funding: Funding) -> PaymentStatus:
    tenant, refund, kept = white_label(db), refund_of(db, funding.id), kept_minor(db, funding)
    if (disputed := disputed_minor(db, funding)) and kept <= 0:
        return PaymentStatus(
            "refunded",
            "Your bank took this payment back",
            f"{money(disputed, tenant)} is disputed, and not on your account.",
            f"Write to {tenant.support_email} if this is a mistake, and tell your bank.",
        )
    goes_on = account.state == State.INACTIVE and kept > 0
    if refund is not None and not (goes_on and refund.state != "failed"):
        return _given_back(account, funding, refund, max(kept, 0), tenant)
    if account.state == State.CLOSED:
        return PaymentStatus(
            "kept",
            "Your payment is on the closed account",
            f"{money(kept, tenant)} arrived.",
            f"Write to {tenant.support_email} to have it back.",
        )
    if goes_on and tenant.customers_are_suspended and need_of(db, account).missing_minor == 0:
        return PaymentStatus(
            "held",
            "Your payment has arrived",
            f"{money(kept, tenant)} is on your account. Nothing was charged.",
            f"The account is activated by itself as soon as that is possible. To have the money back instead, write to "
            f"{tenant.support_email}.",
        )
    return PaymentStatus(
        "short",
        "A little more is needed",
        f"{money(kept, tenant)} arrived and is on your account.",
        "Add what is missing to activate the account.",
    )


WHY_BACK = {State.CLOSED: "The account is closed. ", State.INACTIVE: "The account could not be activated. "}


def _given_back(
    account: Account, funding: Funding, refund: GatewayRefund, kept: int, tenant: WhiteLabel
) -> PaymentStatus:
    amount, whole = money(funding.amount_minor - kept, tenant), "" if kept else " in full"
    text = f"{WHY_BACK.get(State(account.state), '')}Write to {tenant.support_email} if you have a question."
    failed = f"{money(refund.amount_minor, tenant)} is not back on your card."
    heading, moved = {
        "succeeded": ("Your payment was returned", f"{amount} went back to your card{whole}."),
        "created": ("Your payment is being returned", f"{amount} goes back to your card{whole}."),
        "failed": ("Your payment could not be returned yet", failed),
    }[refund.state]
    return PaymentStatus("refunded", heading, moved, text)


def what_goes_back(db: TenantSession, account: Account) -> str:
    """What cancelling an account gives back that was never active, in words; empty when nothing was paid for it."""
    if account.activated_at:
        return ""
    words, paid = [], sum(minor for _, minor in kept_fundings(db, account.id))
    if paid:
        words.append(f"{money(paid, white_label(db))} that was paid for it goes back to the card: nothing was charged.")
    if open_funding_of(db, account.id) is not None:
        words.append("A payment that is still on its way goes back in full when it arrives.")
    return " ".join(words)


def done_summary(db: TenantSession, account: Account) -> DoneSummary:
    """What was paid until the activation, what it charged, and what was left then."""
    tenant, until = white_label(db), (account.activated_at or now()) + timedelta(minutes=1)
    paid = [f for f in fundings_of(db, account.id) if f.state == "succeeded" and f.settled_at and f.settled_at <= until]
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.book == Book.RETAIL.value)
    charged = db.scalars(wanted.where(Charge.charged_at <= until).order_by(Charge.number)).all()
    rows = [Row(f"You paid, {f.card or 'by card'}", money(f.amount_minor, tenant), f.reference) for f in reversed(paid)]
    for charge in charged:
        rows.append(Row(charge.description, money(-charge.gross_minor, tenant), f"with {tenant.tax_name}"))
    left = sum(f.amount_minor for f in paid) - sum(charge.gross_minor for charge in charged)
    title = " and ".join([*(["paid"] if paid else []), *(["charged"] if charged else [])])
    return DoneSummary(f"What was {title}", rows, money(left, tenant), bool(paid), _plan_follows(db, account, tenant))


def next_steps(account: Account, *, runs: bool) -> list[NextStep]:
    """Three ways on into the account that the reader may go; `runs` says whether they administer it. The people of an
    Option 2 account choose neither services nor numbers."""
    base = f"/account/{account.id}"
    people = NextStep("users", f"{base}/users", "Invite your people", "Each signs in with a password of their own.")
    if runs and account.is_run_by_customer:
        return [
            NextStep("plus", f"{base}/services", "Choose your services", "See what each costs before you add it."),
            people,
            NextStep("phone", f"{base}/numbers", "Choose your numbers", "Get new ones, or move those you have here."),
        ]
    return [
        NextStep("page", f"{base}/services", "See your services", "What is switched on, and since when."),
        people if runs else NextStep("phone", f"{base}/numbers", "See your numbers", "Which there are, and whose."),
        NextStep("gear", f"{base}/pbx", "Open the phone settings", "How calls are taken and passed on."),
    ]


def _plan_follows(db: TenantSession, account: Account, tenant: WhiteLabel) -> str:
    """How the plan is charged from now on."""
    prices = account_prices(db, account)
    if not prices.retail_minor:
        return "The plan costs nothing."
    each = f"each {duration(prices.months)}"
    if prices.trial_days and account.cycle_anchor is not None:
        begins = day(account.cycle_anchor, tenant)
        return f"The plan is charged to your credit {each}, from {begins} on. Add money before."
    return f"The plan is charged to your credit {each}."
