"""Where a customer stands: one named blocker, and the history both sides can read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.activation.pages import DECLINES
from portal.audit.models import AuditRow
from portal.audit.queries import acts_on
from portal.customers.facts import Facts, facts_of
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.letters.models import CAME_BACK, Letter
from portal.numbers.e164 import international
from portal.payments.models import Funding, GatewayRefund
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import moment, since


@dataclass(frozen=True)
class Blocker:
    """Who is waited for, for what and since when, where the words do not say it.

    `kind` is wait, bad or none; `act` is what removes it, if anything here does.
    """

    text: str
    kind: str = "wait"
    act: str = ""
    badge: str = ""
    since: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether anybody is waited for at all."""
        return self.kind != "none"

    @property
    def way(self) -> str:
        """The act that removes it, in words for a link; empty when nobody here can do anything."""
        return WAYS.get(self.act, ("", ""))[0]

    @property
    def href(self) -> str:
        """Where that act is."""
        return WAYS.get(self.act, ("", ""))[1]


WAYS = {
    "address": ("Add the address", "{}/numbers"),
    "activate": ("Activate…", "{}/activation"),
    "correct": ("Correct the address", "{}"),
    "gateway": ("Connect the gateway", "/settings/gateway"),
    "reactivate": ("Reactivate", "{}"),
    "resend": ("Send the letter again", "{}"),
}
"""Words for a link and where it leads; the braces stand for the customer's own address."""


@dataclass(frozen=True)
class Event:
    kind: str
    icon: str
    title: str
    lines: tuple[str, ...]


def blocker_of(db: TenantSession, account: Account) -> Blocker:
    """The one thing that stands between this account and being active."""
    return blockers_of(db, [account])[account.id]


def blockers_of(db: TenantSession, accounts: Sequence[Account]) -> dict[UUID, Blocker]:
    """The same for many accounts, by their id."""
    facts = facts_of(db, accounts)
    return {account.id: _blocker(facts, account) for account in accounts}


def _blocker(facts: Facts, account: Account) -> Blocker:
    if account.state == State.CLOSED:
        return Blocker("Nothing, the account is closed", "none", since=_since(account.closed_at, facts.tenant))
    if account.state == State.SUSPENDED:
        return _suspension_blocker(facts, account)
    if account.state == State.ACTIVE:
        return _running_blocker(facts, account)
    return _activation_blocker(facts, account)


def _suspension_blocker(facts: Facts, account: Account) -> Blocker:
    at = _since(facts.suspended_at.get(account.id), facts.tenant)
    if account.id in facts.held:
        return Blocker("The operator: all customers are suspended", "bad", since=at)
    return Blocker("Suspended", "none", "reactivate", since=at)


def _activation_blocker(facts: Facts, account: Account) -> Blocker:
    if facts.tenant.customers_are_suspended and (account.is_claimed or not account.is_run_by_customer):
        return Blocker("The operator: no account can be activated", "bad")
    if not account.is_run_by_customer:
        waits = _since(account.created_at, facts.tenant)
        return Blocker("You: activate the account when it is set up", act="activate", since=waits)
    return _payment_blocker(facts, account) if account.is_claimed else _letter_blocker(facts, account)


def _running_blocker(facts: Facts, account: Account) -> Blocker:
    letter = facts.letters.get(account.id)
    if letter is not None and letter.state == "bounced":
        return _welcome_blocker(letter, facts.tenant)
    if account.id not in facts.without_address:
        return Blocker("Nothing", "none")
    who = "Customer" if account.is_run_by_customer else "You"
    return Blocker(f"{who}: an emergency address is missing", act="address")


def _welcome_blocker(letter: Letter, tenant: WhiteLabel) -> Blocker:
    back = _since(letter.came_back_at or letter.created_at, tenant)
    return Blocker("You: the welcome letter came back, correct the address", "bad", "correct", since=back)


def _letter_blocker(facts: Facts, account: Account) -> Blocker:
    tenant, letter, link = facts.tenant, facts.letters.get(account.id), facts.links.get(account.id)
    if letter is not None and letter.came_back:
        back = _since(letter.came_back_at or letter.created_at, tenant)
        if letter.state == "failed":
            return Blocker("You: the letter could not be sent, send it again", "bad", "resend", "failed", back)
        return Blocker("You: the letter came back, correct the address", "bad", "correct", "bounced", back)
    if letter is None or letter.state == "queued" or link is None:
        written = _since(letter.created_at if letter else account.created_at, tenant)
        return Blocker("The portal: the activation letter is on its way", badge="waiting", since=written)
    if link.expires_at <= now():
        over = _since(link.expires_at, tenant)
        return Blocker("You: the link has expired, send the letter again", "bad", "resend", "waiting", over)
    if link.opened_at is not None:
        day = since(link.opened_at, tenant)
        return Blocker(f"Customer: opened the link {day}, no password yet", act="resend", badge="waiting")
    day = since(letter.sent_at or letter.created_at, tenant)
    return Blocker(f"Customer: letter mailed {day}, link not opened", act="resend", badge="waiting")


def _payment_blocker(facts: Facts, account: Account) -> Blocker:
    tenant, funding = facts.tenant, facts.fundings.get(account.id)
    claimed = _since(account.claimed_at, tenant)
    if not facts.has_gateway:
        return Blocker("You: connect the gateway, your customer cannot pay", "bad", "gateway", "waiting", claimed)
    if funding is None:
        return Blocker("Customer: password set, not paid", badge="waiting", since=claimed)
    if funding.state == "succeeded":
        return _after_payment(facts.refunds.get(funding.id), funding, tenant)
    return _unpaid_blocker(funding, tenant)


def _unpaid_blocker(funding: Funding, tenant: WhiteLabel) -> Blocker:
    day = since(funding.created_at, tenant)
    if funding.state == "unknown":
        return Blocker(f"The portal: the payment begun {day} is being looked up", badge="waiting")
    if funding.state == "failed":
        words = "You: the gateway refused to open the card page, check its key"
        return Blocker(words, "bad", "gateway", "failed", _since(funding.created_at, tenant))
    if funding.last_decline is not None:
        return Blocker(f"Customer: card declined {day}", "bad", badge="failed")
    return Blocker(f"Customer: payment begun {day}, not finished", badge="waiting")


def _after_payment(refund: GatewayRefund | None, funding: Funding, tenant: WhiteLabel) -> Blocker:
    if refund is not None and refund.state != "failed" and refund.amount_minor >= funding.amount_minor:
        back = _since(refund.created_at, tenant)
        return Blocker(f"You: the payment went back ({refund.reason})", "bad", badge="failed", since=back)
    paid = _since(funding.settled_at, tenant)
    return Blocker("Customer: paid, but more money is needed", badge="waiting", since=paid)


def _since(at: datetime | None, tenant: WhiteLabel) -> str:
    return f"since {since(at, tenant).removeprefix('on ')}" if at is not None else ""


TITLES = {
    "account.created": ("is-done", "plus", "Created"),
    "activation.link-written": ("is-done", "mail", "Activation letter written"),
    "activation.link-mailed": ("is-done", "mail", "Activation letter mailed"),
    "activation.link-opened": ("is-done", "eye", "Link opened"),
    "activation.password-set": ("is-done", "key", "Password set and terms accepted"),
    "activation.held": ("is-now", "clock", "Paid, and waits until accounts can be activated"),
    "activation.refused": ("is-bad", "cross", "Activation refused"),
    "contact.address-corrected": ("is-done", "mail", "Address corrected"),
    "funding.started": ("is-done", "card", "Payment begun"),
    "funding.declined": ("is-bad", "cross", "Card declined, no money was taken"),
    "funding.expired": ("is-bad", "clock", "Card page closed, no money was taken"),
    "funding.failed": ("is-bad", "cross", "Card page not opened, no money was taken"),
    "funding.succeeded": ("is-done", "card", "Paid"),
    "funding.flagged": ("is-bad", "warn", "Payment not confirmed for an hour"),
    "refund.requested": ("is-bad", "coins", "Refund on its way"),
    "refund.succeeded": ("is-done", "coins", "Refunded"),
    "refund.failed": ("is-bad", "cross", "Refund failed"),
    "dispute.asked": ("is-now", "warn", "The card's bank asks about a payment"),
    "dispute.taken": ("is-bad", "warn", "Payment disputed, and taken back by the bank"),
    "dispute.returned": ("is-done", "coins", "Dispute won, the payment is back"),
    "dispute.lost": ("is-bad", "cross", "Dispute lost"),
    "dispute.closed": ("is-done", "check", "The card's bank asks no more"),
    "people.invited": ("is-done", "mail", "Somebody invited"),
    "people.invitation-revoked": ("is-done", "cross", "Invitation revoked"),
    "people.joined": ("is-done", "user", "Joined the account"),
    "people.added": ("is-done", "user", "Somebody added"),
    "people.password-letter": ("is-done", "mail", "Password link mailed"),
    "people.role-changed": ("is-done", "user", "Role changed"),
    "people.removed": ("is-done", "user", "Somebody removed"),
    "people.main-contact": ("is-done", "user", "Another main contact"),
    "number.assigned": ("is-done", "phone", "Number assigned"),
    "number.released": ("is-bad", "phone", "Number released"),
    "emergency.refused": ("is-bad", "cross", "Address for emergency calls refused"),
    "port-in.submitted": ("is-done", "phone", "Numbers asked for from another provider"),
    "port-in.accepted": ("is-done", "check", "The other provider agreed to the move"),
    "port-in.scheduled": ("is-done", "clock", "Day of the move agreed"),
    "port-in.completed": ("is-done", "phone", "Numbers moved here"),
    "port-in.rejected": ("is-bad", "cross", "Move of numbers rejected"),
    "port-in.cancelled": ("is-bad", "bar", "Move of numbers cancelled"),
    "account.activated": ("is-done", "check", "Active"),
    "account.details-changed": ("is-done", "page", "Details changed"),
    "account.tax-changed": ("is-done", "page", "Tax changed"),
    "account.suspended": ("is-bad", "pause", "Suspended"),
    "account.left-suspended": ("is-bad", "pause", "Stays suspended with all customers"),
    "account.reactivated": ("is-done", "check", "Active again"),
    "account.closed": ("is-bad", "bar", "Closed"),
}


def timeline(db: TenantSession, account: Account, blocker: Blocker) -> list[Event]:
    """What happened, oldest first, and last what is waited for."""
    tenant = white_label(db)
    acts = [(row.at, _event(row, tenant)) for row in acts_on(db, account.id) if row.action in TITLES]
    dated = sorted([*acts, *_letter_events(db, account, tenant)], key=lambda pair: pair[0])
    events = [event for _, event in dated]
    if account.state == State.INACTIVE:
        events.append(Event("is-now", "clock", blocker.text, (blocker.since,) if blocker.since else ()))
        events.append(Event("is-next", "check", "Active", ()))
    return events


def _event(row: AuditRow, tenant: WhiteLabel) -> Event:
    kind, icon, title = TITLES[row.action]
    lines = [f"{moment(row.at, tenant)}, {row.actor_name}"]
    if row.details.get("number"):
        lines.append(international(row.details["number"]))
    for key in ("address", "person", "role", "after", "reference", "reason", "why"):
        if row.details.get(key):
            lines.append(DECLINES.get(row.details[key], str(row.details[key])))
    lines += [f"{what.capitalize()}: {words}" for what, words in row.details.get("changed", {}).items()]
    return Event(kind, icon, title, tuple(lines))


def _letter_events(db: TenantSession, account: Account, tenant: WhiteLabel) -> list[tuple[datetime, Event]]:
    failed = select(Letter).where(Letter.about_id == account.id, Letter.state.in_(CAME_BACK))
    return [
        (at, Event("is-bad", "bounce", title, (moment(at, tenant), letter.last_answer or "")))
        for letter in db.scalars(failed.order_by(Letter.created_at))
        for at, title in [(letter.came_back_at or letter.created_at, f"Letter to {letter.to_address} {_fate(letter)}")]
    ]


def _fate(letter: Letter) -> str:
    return "came back" if letter.state == "bounced" else "could not be sent"
