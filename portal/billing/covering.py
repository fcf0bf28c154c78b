"""Whether the money is there for what is to be charged at once: the white label's, and that of a customer who pays."""

from portal.accounts.models import Account
from portal.billing.commands import NotEnoughCredit, hold_white_label_credit
from portal.billing.queries import available_minor
from portal.kit.db import TenantSession
from portal.kit.money import Money
from portal.kit.refusals import Refusal
from portal.ledger.commands import hold_credit
from portal.ledger.entry import Book, credit_of
from portal.whitelabels.queries import white_label


class CreditTooLow(Refusal):
    """The customer's own credit is short. The text is for whoever may add to it; `others_words` are for the rest."""

    status = 422
    heading = "The credit does not cover this"

    def __init__(self, missing: Money, locale: str) -> None:
        self.missing = missing
        lacks = f"{missing.words(locale)} is missing"
        self.others_words = f"{lacks}. The administrators of the account add credit; nothing was changed or charged."
        super().__init__(f"{lacks}. Add credit first; nothing was changed or charged.")


def make_sure_of_money(db: TenantSession, account: Account, *, wholesale_minor: int, retail_minor: int) -> None:
    """Hold the credits that sums with tax are debited from; what gives money back needs none.

    Raises NotEnoughCredit and CreditTooLow.
    """
    tenant = white_label(db)
    hold_white_label_credit(db, wholesale_minor)
    if account.is_run_by_customer and retail_minor > 0:
        held = hold_credit(db, Book.RETAIL, credit_of(account.id), tenant.currency)
        missing = retail_minor + held.balance_minor
        if missing > 0:
            raise CreditTooLow(Money(missing, tenant.currency), tenant.locale)


def not_covered(db: TenantSession, needed_minor: int) -> NotEnoughCredit | None:
    """How the white-label account would refuse an amount today, None when it would not; nothing is held."""
    missing = needed_minor - available_minor(db)
    if needed_minor <= 0 or missing <= 0:
        return None
    tenant = white_label(db)
    return NotEnoughCredit(Money(missing, tenant.currency), tenant)
