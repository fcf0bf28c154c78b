"""Becoming active: the link, its redemption, and the one act that charges and switches an account on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from portal.accounts import commands as accounts
from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import accounts_of, held_customer_or_404, is_staff, primary_user, white_label_staff
from portal.accounts.standstill import CustomersSuspended, refuse_while_it_stands
from portal.activation.facts import activation_facts, receipt_facts, welcome_facts
from portal.activation.models import ActivationLink, TermsAcceptance
from portal.activation.queries import HELD, PURPOSE, need_of, not_for_now
from portal.audit.commands import SYSTEM, Actor, record
from portal.billing.changes import QuoteIsOld
from portal.billing.commands import NotEnoughCredit, after_refused, begin, hold_white_label_credit
from portal.billing.pricing import Invoice
from portal.billing.queries import first_invoice_of
from portal.identity.commands import LinkIsDead, PasswordRefused, refuse_weak, set_password
from portal.identity.models import User
from portal.identity.passwords import is_right
from portal.kit import jobs, tokens
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import NotAllowed, Refusal
from portal.letters import commands as letters
from portal.letters.queries import latest_letter
from portal.payments import commands as payments
from portal.payments.models import Funding, GatewayRefund
from portal.payments.queries import fundings_of, kept_fundings, open_funding_of
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money

LIFE = timedelta(days=7)
# A letter may wait in the outbox; the link's own life begins when the letter leaves.
UNSENT_LIFE = timedelta(days=30)

after_activation: list[Callable[[TenantSession, Account], None]] = []
"""What other rooms do in the very transaction in which an account becomes active."""


class OnlyTheCustomer(NotAllowed):
    heading = "Only the customer can activate this account"
    text = "It was created with Option 1. You can send the letter again, or correct its address."


class NotOursToMove(NotAllowed):
    heading = "This address is the person's own"
    text = "They sign in with a password of their own, or to another account too, and change it themselves."


def is_ours_to_move(db: TenantSession, user: User) -> bool:
    """Whether a person's letters may be sent elsewhere by the white label: they have chosen no password yet, and
    belong to this account alone, or to accounts that are all still waiting."""
    known = accounts_of(db, user.id)
    waits = all(account.state == State.INACTIVE and not account.is_claimed for _, account in known)
    if is_staff(db, user.id) or not (len(known) == 1 or waits):
        return False
    return user.password_hash is None or (len(known) == 1 and user.must_change_password)


class NotInactive(Refusal):
    heading = "The account is not waiting for activation"


class NotForNow(Refusal):
    """The customer's side of CustomersSuspended: why it is so stays with the white label and the operator."""

    heading = "This account cannot be activated today"

    def __init__(self, db: TenantSession) -> None:
        super().__init__(not_for_now(db))


class TermsNotAccepted(Refusal):
    status = 422
    heading = "The terms have to be accepted"


def send_link(db: TenantSession, account: Account, *, by: Actor) -> ActivationLink:
    """Mail the customer a new link; older ones die, and their waiting letters with them."""
    if not account.is_run_by_customer or account.state != State.INACTIVE:
        raise NotInactive(f"Account {account.number} does not wait for a customer's activation.")
    if account.is_claimed:
        raise NotInactive("The customer has chosen a password already, and goes on by signing in.")
    kill_links(db, account.id)
    user = primary_user(db, account.id)
    link = _new_link(db, account, user)
    sent_as = letters.Link(PURPOSE, link.id, "/activate", int(LIFE.total_seconds()))
    letters.write(
        db,
        "activation",
        to=letters.Recipient(user.email, user.display_name),
        about=account.id,
        link=sent_as,
        **activation_facts(db, account, user, by),
    )
    record(db, "activation.link-written", by=by, subject=account.id, address=user.email)
    return link


def _new_link(db: TenantSession, account: Account, user: User) -> ActivationLink:
    link_id = new_id()
    token = tokens.issue(PURPOSE, db.tenant, link_id, user.email)
    link = ActivationLink(
        id=link_id,
        account_id=account.id,
        user_id=user.id,
        address=user.email,
        digest=tokens.digest(token),
        expires_at=now() + UNSENT_LIFE,
    )
    db.put(link)
    return link


@letters.when_sent(PURPOSE)
def start_life(db: TenantSession, link_id: UUID, sent_at: datetime) -> None:
    """The link counts from when its letter left, and the timeline says so."""
    link = db.load(ActivationLink, link_id)
    if link is not None:
        link.sent_at, link.expires_at = sent_at, sent_at + LIFE
        record(db, "activation.link-mailed", by=SYSTEM, subject=link.account_id, address=link.address)


def note_opened(db: TenantSession, link: ActivationLink) -> None:
    """The customer went on from the first page: a person did, as mail scanners send no forms. Noted once a link."""
    if link.opened_at is None:
        link.opened_at = now()
        record(db, "activation.link-opened", by=SYSTEM, subject=link.account_id)


def kill_links(db: TenantSession, account_id: UUID) -> int:
    """Let the links die that could still be used, or would have been mailed. Returns how many were open."""
    live = select(ActivationLink).where(
        ActivationLink.account_id == account_id, ActivationLink.used_at.is_(None), ActivationLink.dead_at.is_(None)
    )
    killed = db.scalars(live).all()
    for link in killed:
        link.dead_at = now()
        letters.withdraw(db, link.id)
    db.flush()
    return sum(link.expires_at > now() for link in killed)


def correct_address(db: TenantSession, account: Account, address: str, *, by: Actor) -> None:
    """Send the letters elsewhere. The link is bound to the address, so the old one dies and a new one goes out. In
    Option 2 a welcome letter that came back goes out again.

    Whoever receives a person's letters can reset that person's password. So this raises OnlyTheCustomer once an
    Option 1 customer has chosen a password, and NotOursToMove for a person whose login is not this account's alone.
    """
    if account.is_run_by_customer and (account.state != State.INACTIVE or account.is_claimed):
        raise OnlyTheCustomer("The customer has taken the account over, and changes this address.")
    user = primary_user(db, account.id)
    if not is_ours_to_move(db, user):
        raise NotOursToMove
    before, user.email = user.email, address
    record(db, "contact.address-corrected", by=by, subject=account.id, before=before, after=address)
    db.flush()
    if account.is_run_by_customer:
        send_link(db, account, by=by)
        return
    welcome = latest_letter(db, account.id, "welcome")
    if welcome is not None and welcome.came_back:
        _welcome(db, account, user)


def redeem(
    db: TenantSession, link_id: UUID, *, password: str | None, accepts_terms: bool, from_address: str
) -> tuple[Account, User]:
    """The customer chose a password and accepted the terms: this, and nothing before it, claims the link.

    Somebody who has a login here already gives the password they have instead, or none when signed in with it.
    Raises LinkIsDead, PasswordRefused, TermsNotAccepted or NotForNow; then nothing was claimed.
    """
    link = db.load(ActivationLink, link_id)
    user = db.load(User, link.user_id) if link is not None else None
    if link is None or user is None:
        raise LinkIsDead
    account = held_customer_or_404(db, link.account_id)
    _refuse_dead(link, account, user)
    is_known = user.password_hash is not None
    if is_known and password is not None and not is_right(password, user.password_hash):
        raise PasswordRefused("This is not the password that you sign in with here.", field="password")
    if not is_known:
        refuse_weak(db, password or "", user)
    if not accepts_terms:
        raise TermsNotAccepted("Tick the box to accept the terms of service.", field="terms")
    _claim(db, link_id)
    account.claimed_at = now()
    if not is_known:
        set_password(db, user, password or "")
    version = white_label(db).terms_version
    db.add(TermsAcceptance(account_id=account.id, user_id=user.id, version=version, from_address=from_address))
    customer = Actor("customer", user.id, user.display_name)
    record(db, "activation.password-set", by=customer, subject=account.id, terms=version)
    db.flush()
    if need_of(db, account).missing_minor == 0:
        try:
            become_active(db, account, by=customer)
        except CustomersSuspended as refused:
            raise NotForNow(db) from refused
    return account, user


def _refuse_dead(link: ActivationLink, account: Account, user: User) -> None:
    is_other_address = tokens.address_digest(user.email) != tokens.address_digest(link.address)
    if account.state != State.INACTIVE or not account.is_run_by_customer or is_other_address:
        raise LinkIsDead


def _claim(db: TenantSession, link_id: UUID) -> None:
    claimed = db.scalar(
        update(ActivationLink)
        .where(
            ActivationLink.id == link_id,
            ActivationLink.used_at.is_(None),
            ActivationLink.dead_at.is_(None),
            ActivationLink.expires_at > now(),
        )
        .values(used_at=now())
        .returning(ActivationLink.id)
    )
    if claimed is None:
        raise LinkIsDead


def activate_as_administrator(
    db: TenantSession, account: Account, *, agreed_minor: int | None = None, by: Actor
) -> bool:
    """Option 2, in one confirmed act. Returns whether anything was charged.

    Raises OnlyTheCustomer for Option 1, and QuoteIsOld when the first charges are not the sum that was agreed.
    """
    if account.is_run_by_customer:
        raise OnlyTheCustomer
    if account.state != State.INACTIVE:
        raise NotInactive(f"Account {account.number} is {account.state} already.")
    if agreed_minor not in (None, first_invoice_of(db, account).wholesale_minor):
        raise QuoteIsOld
    return bool(become_active(db, account, by=by).lines)


def become_active(db: TenantSession, account: Account, *, by: Actor) -> Invoice:
    """Switch the account on and charge its first invoice, in one transaction; that is returned. Raises NotEnoughCredit,
    and CustomersSuspended while the operator has all customers suspended.

    The caller holds the account's row.
    """
    refuse_while_it_stands(db)
    invoice = first_invoice_of(db, account)
    hold_white_label_credit(db, invoice.wholesale_minor)
    accounts.activate(db, account, by=by)
    kill_links(db, account.id)
    begin(db, account, invoice)
    _tell_people(db, account, invoice)
    for tell in after_activation:
        tell(db, account)
    return invoice


def _tell_people(db: TenantSession, account: Account, invoice: Invoice) -> None:
    user = primary_user(db, account.id)
    if account.send_letters:
        _welcome(db, account, user)
    if account.is_run_by_customer:
        for administrator in white_label_staff(db, "administrator"):
            letters.write(
                db,
                "account-active-notice",
                to=letters.Recipient(administrator.email, administrator.display_name),
                about=account.id,
                customer=account.name,
                account_number=account.number,
                paid_nothing=not any(funding.state == "succeeded" for funding in fundings_of(db, account.id)),
                charged_nothing=not invoice.wholesale_minor,
            )


def _welcome(db: TenantSession, account: Account, user: User) -> None:
    to, facts = letters.Recipient(user.email, user.display_name), welcome_facts(db, account, user)
    letters.write(db, "welcome", to=to, about=account.id, **facts)


def cancel(db: TenantSession, account: Account, *, reason: str, by: Actor) -> bool:
    """Close an account; an inactive one's link dies, and a card page left open is closed at the gateway.

    What was paid for an account that was never active goes back to the card: nothing was charged. Says whether such a
    link was open.
    """
    accounts.close(db, account, reason=reason, by=by)
    for kept, _ in [] if account.activated_at else kept_fundings(db, account.id):
        payments.request_refund(db, kept, "the account was cancelled before it was activated")
    had_link = kill_links(db, account.id) > 0
    funding = open_funding_of(db, account.id)
    if funding is not None:
        jobs.enqueue(db, "payments.close", {"funding": str(funding.id)}, key=f"close:{funding.id}")
    return had_link


def use_money(db: TenantSession, funding: Funding) -> None:
    """Money arrived. Activate the account it was for; if that can no longer be, give all of it back."""
    account = held_customer_or_404(db, funding.account_id)
    if account.state == State.CLOSED:
        payments.request_refund(db, funding, "the account was closed before the payment arrived")
        return
    if account.state == State.INACTIVE:
        refused = _activate_with_money(db, account)
        if refused is not None:
            payments.request_refund(db, funding, refused)
            return
    user = primary_user(db, account.id)
    letters.write(
        db,
        "receipt",
        to=letters.Recipient(user.email, user.display_name),
        about=account.id,
        **receipt_facts(db, account, funding),
    )


def _activate_with_money(db: TenantSession, account: Account) -> str | None:
    """Why the account cannot be activated for good, or None when it was, or still waits: for more money, or for the
    operator. Then the money is kept on the account: `activate_held` goes on, and cancelling gives it back.
    """
    if not account.is_run_by_customer or not account.is_claimed:
        return "nobody redeemed an activation link for this account"
    if need_of(db, account).missing_minor > 0:
        return None
    try:
        user = primary_user(db, account.id)
        become_active(db, account, by=Actor("customer", user.id, user.display_name))
    except CustomersSuspended:
        record(db, HELD, by=SYSTEM, subject=account.id)
    except NotEnoughCredit as refused:
        record(db, "activation.refused", by=SYSTEM, subject=account.id, why=refused.own_words[1])
        for hear in after_refused:
            hear(db)
        return "the white-label account could not cover the first charges"
    return None


def activate_held(db: TenantSession, account: Account) -> None:
    """Go on with an account that was paid for while nothing could be activated. What cannot be goes back to the card.

    The caller holds the account's row. Once it is active, or was given back, this changes nothing.
    """
    kept = kept_fundings(db, account.id)
    if account.state != State.INACTIVE or not account.is_claimed or not kept:
        return
    refused = _activate_with_money(db, account)
    for funding, _ in kept if refused is not None else ():
        payments.request_refund(db, funding, refused or "")


def tell_of_decline(db: TenantSession, funding: Funding) -> None:
    """The first decline of a payment: no money was taken, and how to go on."""
    user = primary_user(db, funding.account_id)
    letters.write(
        db,
        "payment-failed",
        to=letters.Recipient(user.email, user.display_name),
        about=funding.account_id,
        **receipt_facts(db, held_customer_or_404(db, funding.account_id), funding),
    )


def tell_of_refund(db: TenantSession, funding: Funding, refund: GatewayRefund) -> None:
    """Both sides learn that the money went back: the customer, and the white label's administrators."""
    account = held_customer_or_404(db, funding.account_id)
    facts = {
        **receipt_facts(db, account, funding),
        "amount": money(refund.amount_minor, white_label(db)),
        "is_whole": refund.amount_minor == funding.amount_minor,
        "is_closed": account.state == State.CLOSED,
        "is_over": account.state in (State.INACTIVE, State.CLOSED),
        "reason": refund.reason,
    }
    user = primary_user(db, account.id)
    letters.write(db, "refunded", to=letters.Recipient(user.email, user.display_name), about=account.id, **facts)
    for person in white_label_staff(db, "administrator"):
        letters.write(
            db, "refunded-notice", to=letters.Recipient(person.email, person.display_name), about=account.id, **facts
        )


def listen() -> None:
    """Let payments tell us about money. Called once, when the house is put together."""
    payments.after_funding[:] = [use_money]
    payments.after_decline[:] = [tell_of_decline]
    payments.after_refund[:] = [tell_of_refund]
