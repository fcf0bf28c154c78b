"""Who hears of disputes: the customer when money moves, the white label's administrators and finance of every step."""

from portal.accounts.queries import held_customer_or_404, primary_user, white_label_staff
from portal.activation.facts import receipt_facts
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters import commands as letters
from portal.payments.disputes import RETURNED, TAKEN
from portal.payments.models import Dispute, Funding
from portal.payments.words import reason_words
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, local_day, money


def tell_of_dispute(db: TenantSession, funding: Funding, dispute: Dispute, step: str) -> None:
    tenant, account = white_label(db), held_customer_or_404(db, funding.account_id)
    facts = {
        **receipt_facts(db, account, funding),
        "step": step,
        "amount": money(dispute.amount_minor, tenant),
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
