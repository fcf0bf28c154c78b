"""Adding credit by card: to the card page and back. The way of the money is the one of every payment."""

from portal.accounts.models import Account
from portal.identity.guards import me
from portal.kit.db import reading
from portal.kit.money import Money
from portal.kit.settings import current
from portal.payments import flows as payments
from portal.whitelabels.queries import white_label


def open_card_page(account: Account, amount: Money) -> str | None:
    """The address of the card page, or None when the money has arrived already."""
    with reading() as db:
        host = white_label(db).host
    here = f"/account/{account.id}/credit"
    return_url, back_url = current().address(host, f"{here}/return"), current().address(host, here)
    return payments.open_checkout(payments.Wish(account.id, amount, me().id, return_url, back_url)).url
