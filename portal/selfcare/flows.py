"""Adding credit by card: to the card page and back. The way of the money is the one of every payment."""

import structlog

from portal.accounts.models import Account
from portal.identity.guards import me
from portal.kit.db import reading
from portal.kit.money import Money
from portal.kit.settings import current
from portal.payments import flows as payments
from portal.payments.commands import DoesNotMatch
from portal.payments.gateway import GatewayRefused, GatewayUnreachable
from portal.payments.models import Funding
from portal.payments.queries import latest_funding
from portal.whitelabels.queries import white_label

log = structlog.get_logger()


def open_card_page(account: Account, amount: Money) -> str | None:
    """The address of the card page, or None when the money has arrived already."""
    with reading() as db:
        host = white_label(db).host
    here = f"/account/{account.id}/credit"
    return_url, back_url = current().address(host, f"{here}/return"), current().address(host, here)
    return payments.open_checkout(payments.Wish(account.id, amount, me().id, return_url, back_url)).url


def look_now(account: Account) -> Funding | None:
    """The latest payment, after asking the gateway about it; as we knew it when there is no answer."""
    with reading() as db:
        funding = latest_funding(db, account.id)
    if funding is None or not funding.is_open:
        return funding
    try:
        return payments.refresh(funding.id)
    except (GatewayUnreachable, GatewayRefused, DoesNotMatch) as error:
        log.warning("credit.not_settled", funding=str(funding.id), error=str(error))
        return funding
