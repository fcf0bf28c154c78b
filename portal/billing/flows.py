"""What was quoted on a page is done at that price, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404
from portal.billing.changes import ChangedMeanwhile, QuoteIsOld
from portal.billing.commands import NotEnoughCredit
from portal.billing.covering import CreditTooLow
from portal.billing.outlook import charged_first
from portal.billing.subscriptions import catch_up
from portal.billing.wishes import CannotChange
from portal.kit.db import TenantSession, transaction
from portal.kit.refusals import Ways


@contextmanager
def as_quoted(account_id: UUID, ways: Ways, *, adds_credit_at: str = "") -> Iterator[tuple[TenantSession, Account]]:
    """A transaction that holds the account, for something at a quoted sum. Raises NotFound for a foreign account.

    When the quote turns out old, what had begun by today is charged by itself: it is part of the figures that are
    quoted next, and no confirmation would ever fit them. Whoever is refused is led on by `ways`, and for want of credit
    to the page at `adds_credit_at` first; it is empty for those who cannot add any.
    """
    try:
        with transaction() as db:
            yield db, held_customer_or_404(db, account_id)
    except CreditTooLow as refused:
        refused.ways = (("Add credit", adds_credit_at), *ways) if adds_credit_at else ways
        refused.text = refused.text if adds_credit_at else refused.others_words
        raise
    except (ChangedMeanwhile, QuoteIsOld, CannotChange, NotEnoughCredit) as refused:
        refused.ways = ways
        if isinstance(refused, QuoteIsOld):
            refused.moved = _charge_what_began(account_id) or refused.moved
        raise


def _charge_what_began(account_id: UUID) -> str:
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        first = charged_first(db, account)
        catch_up(db, account)
    return f"{first} Nothing else was changed." if first else ""
