"""Leading the customer to the card page and back."""

from uuid import UUID

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import accounts_of
from portal.activation import commands
from portal.activation.models import ActivationLink
from portal.activation.queries import not_for_now
from portal.audit.commands import SYSTEM
from portal.billing.queries import available_minor, first_invoice_of
from portal.identity.guards import me
from portal.identity.queries import user_by_login
from portal.kit.db import TenantSession, reading
from portal.kit.money import Money
from portal.kit.refusals import Refusal
from portal.kit.settings import current
from portal.payments import flows as payments
from portal.whitelabels.queries import white_label


class CannotStartNow(Refusal):
    """The account could not become active even with the money, so none is asked for."""

    heading = "This account cannot be activated today"
    moved = "No money was taken."


def open_card_page(account: Account, amount: Money) -> str | None:
    """The address of the card page, or None when the money has arrived already. Raises CannotStartNow first."""
    with reading() as db:
        why = why_not_now(db, account)
        host = white_label(db).host
    if why is not None:
        raise CannotStartNow(why)
    wish = payments.Wish(
        account_id=account.id,
        amount=amount,
        user_id=me().id,
        return_url=current().address(host, "/activation/return"),
        back_url=current().address(host, "/activation/payment"),
    )
    return payments.open_checkout(wish).url


def why_not_now(db: TenantSession, account: Account) -> str | None:
    """Why no money should be taken for this account now, in words for its customer."""
    if wait := why_not_at_all(db):
        return wait
    if first_invoice_of(db, account).wholesale_minor > available_minor(db):
        name = white_label(db).name
        return f"{name} has to settle something with its supplier first. Your answers are kept; try again tomorrow."
    return None


def why_not_at_all(db: TenantSession) -> str | None:
    """Why nobody's account can become active, in words for a customer; None when they can."""
    return not_for_now(db) if white_label(db).customers_are_suspended else None


def renew_link(db: TenantSession, *, login_name: str | None, link_id: UUID | None) -> None:
    """Mail a new link for whatever unfinished Option 1 account is meant. Says nothing about whether there was one."""
    for account in _unfinished(db, login_name, link_id):
        if account.is_run_by_customer and account.state == State.INACTIVE and not account.is_claimed:
            commands.send_link(db, account, by=SYSTEM)


def _unfinished(db: TenantSession, login_name: str | None, link_id: UUID | None) -> list[Account]:
    if login_name:
        user = user_by_login(db, login_name)
        return [a for m, a in accounts_of(db, user.id) if m.is_primary] if user is not None else []
    link = db.load(ActivationLink, link_id) if link_id is not None else None
    account = db.load(Account, link.account_id) if link is not None else None
    return [account] if account is not None else []
