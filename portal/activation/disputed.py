"""What disputes lead to: letters to the customer when money moves and to the white label of every step, and what waits
for the money goes on when they are decided."""

from portal.accounts.lifecycle import State
from portal.accounts.queries import held_customer_or_404, primary_user, white_label_staff
from portal.activation.commands import activate_held
from portal.activation.facts import receipt_facts
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters import commands as letters
from portal.payments import commands as payments
from portal.payments.disputes import LOST, RETURNED, TAKEN, after_dispute
from portal.payments.models import Dispute, Funding
from portal.payments.queries import refund_of
from portal.payments.words import reason_words
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, local_day, money


def tell_of_dispute(db: TenantSession, funding: Funding, dispute: Dispute, step: str) -> None:
    tenant, account = white_label(db), held_customer_or_404(db, funding.account_id)
    facts = {
        **receipt_facts(db, account, funding),
        "step": step,
        "amount": money(_amount_of(dispute, step), tenant),
        "is_whole": dispute.returned_minor == dispute.amount_minor,
        "is_over": dispute.is_over,
        "balance": money(credit_minor(db, Book.RETAIL, account.id), tenant),
        "reason": reason_words(dispute.reason),
        "answer_by": day(local_day(dispute.answer_by, tenant), tenant) if dispute.answer_by else "",
    }
    if step in (TAKEN, RETURNED):
        user = primary_user(db, account.id)
        letters.write(db, "disputed", to=letters.Recipient(user.email, user.display_name), about=account.id, **facts)
    told = {each.id: each for role in ("administrator", "finance") for each in white_label_staff(db, role)}
    for person in told.values():
        to = letters.Recipient(person.email, person.display_name)
        letters.write(db, "disputed-notice", to=to, about=account.id, **facts)


def _amount_of(dispute: Dispute, step: str) -> int:
    """What a step is about, in minor units."""
    if step == RETURNED:
        return dispute.returned_minor
    return dispute.amount_minor - dispute.returned_minor if step == LOST else dispute.amount_minor


def go_on(db: TenantSession, funding: Funding, dispute: Dispute, step: str) -> None:
    """A dispute is decided. What it held back is given back or activates an account, as it would have when it came."""
    if not dispute.is_over:
        return
    account, refund = held_customer_or_404(db, funding.account_id), refund_of(db, funding.id)
    if refund is not None and refund.state == "failed" and refund.gateway_id is None:
        payments.request_refund(db, funding, refund.reason)
    elif account.state == State.CLOSED and account.activated_at is None:
        payments.request_refund(db, funding, "the account was cancelled before it was activated")
    elif account.state == State.INACTIVE:
        activate_held(db, account)


def listen() -> None:
    """Let payments tell us of disputes. Called once, when the house is put together."""
    after_dispute[:] = [tell_of_dispute, go_on]
