"""A charge that is given back, or what a change brings back, may be what an unpaid account lacked."""

from sqlalchemy import select

from portal.accounts.models import Account
from portal.arrears.words import notice_of
from portal.audit.commands import COMMAND_LINE
from portal.billing.credits import credit_whole
from portal.billing.models import Charge
from portal.kit.db import reading, transaction
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from tests.cast import on_sqlite

pytestmark = on_sqlite


def give_back(months, item, net_minor):
    with transaction(months.tenant.id) as db:
        wanted = select(Charge).where(
            Charge.account_id == months.id, Charge.item == item, Charge.book == "retail", Charge.net_minor == net_minor)
        charge = db.scalars(wanted.order_by(Charge.number.desc()).limit(1)).one()
        credit_whole(db, db.locked(Account, months.id), charge, reason="Never worked", by=COMMAND_LINE)


def notice_and_credit(months):
    with reading(months.tenant.id) as db:
        account = db.load(Account, months.id)
        return notice_of(db, account), credit_minor(db, Book.RETAIL, account.id)


def test_what_is_given_back_ends_the_case_at_once(months):
    """Suspended owing 10.00, and 12.00 come back. Red when only money is heard of: "Suspended: £0.00 is overdue" beside
    credit, until the next look."""
    months.live(44)
    assert months.account.state == "suspended"
    give_back(months, "plan", 1000)
    assert notice_and_credit(months) == (None, 200)
    assert (months.account.state, months.letters[-1]) == ("active", "reactivated")


def test_what_does_not_cover_what_is_owed_changes_nothing(months):
    months.live(44)
    give_back(months, "setup", 500)
    notice, credit = notice_and_credit(months)
    assert (notice.heading, credit, months.account.state) == ("Suspended: £4.00 is overdue", -400, "suspended")
