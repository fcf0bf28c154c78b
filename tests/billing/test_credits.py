"""A charge given back: once, never more than it was, in both books; and what was given back can be charged again."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Subscription
from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import When, Wish, carry_out
from portal.billing.credits import ChangedSince, CreditedAlready, NotGivenBack, credit_whole, issue_again
from portal.billing.models import Charge
from portal.billing.pricing import Side, given_back
from portal.billing.proof import wrong_periods
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from tests.accounts.making import OPTION_1, active, customer, pay
from tests.billing.making import service
from tests.cast import on_sqlite

SIDES = st.builds(Side, st.integers(0, 10**11), st.integers(0, 10**11), st.just(200_000))


@given(SIDES, st.integers(1, 366).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_the_used_part_and_what_is_given_back_are_the_charge(side, days):
    back = given_back(side, *days)
    assert -side.net_minor <= back.net_minor <= 0 and -side.tax_minor <= back.tax_minor <= 0
    unused, whole = days
    assert unused or back.gross_minor == 0
    assert unused < whole or back == -side


@pytest.fixture
def account(db, northwind, clock):
    return active(db, customer(db, northwind.plans["desk"], OPTION_1), paid_minor=5000)


def month(db, account, book="retail"):
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.item == "plan", Charge.book == book)
    return db.scalars(wanted.order_by(Charge.number)).first()


def balances(db, account, northwind):
    return credit_minor(db, Book.RETAIL, account.id), credit_minor(db, Book.WHOLESALE, northwind.account_id)


def test_it_comes_back_in_both_books(db, account, northwind):
    before = balances(db, account, northwind)
    credit_whole(db, account, month(db, account), reason="Never worked", by=COMMAND_LINE)
    assert balances(db, account, northwind) == (before[0] + 1200, before[1] + 480)
    assert wrong_periods(db)[1] == []


@pytest.mark.parametrize("book", ["retail", "wholesale"])
def test_a_second_time_is_refused(db, account, northwind, book):
    """Red without the look at what was given back: the customer would be paid for a month that nobody paid."""
    credit_whole(db, account, month(db, account), reason="Never worked", by=COMMAND_LINE)
    after = balances(db, account, northwind)
    with pytest.raises(CreditedAlready):
        credit_whole(db, account, month(db, account, book), reason="Again", by=COMMAND_LINE)
    assert balances(db, account, northwind) == after


def test_a_credit_is_not_given_back(db, account):
    credit_whole(db, account, month(db, account), reason="Never worked", by=COMMAND_LINE)
    credit = db.scalars(select(Charge).where(Charge.net_minor < 0, Charge.book == "retail")).one()
    with pytest.raises(CreditedAlready):
        credit_whole(db, account, credit, reason="Twice", by=COMMAND_LINE)


def test_what_was_given_back_can_be_issued_again_and_given_back_again(db, account, northwind):
    before = balances(db, account, northwind)
    credit_whole(db, account, month(db, account), reason="Wrong name", by=COMMAND_LINE)
    issue_again(db, account, month(db, account), by=COMMAND_LINE)
    assert balances(db, account, northwind) == before and wrong_periods(db)[1] == []
    again = db.scalars(select(Charge).where(Charge.period_key.endswith("+1"), Charge.book == "retail")).one()
    credit_whole(db, account, again, reason="Wrong again", by=COMMAND_LINE)
    issue_again(db, account, again, by=COMMAND_LINE)
    assert balances(db, account, northwind) == before and wrong_periods(db)[1] == []


@on_sqlite
@pytest.mark.parametrize("quantity", [0, 2])
def test_what_was_changed_since_is_not_issued_again(db, account, northwind, clock, quantity):
    """Red without `why_not_again`: days that the account did not have, or has had charged anew, are charged again."""
    pay(db, account, 10_000)
    seat = service(db)
    carry_out(db, account, Wish(seat, 1, When.NOW), agreed_minor=None, by=COMMAND_LINE)
    charge = db.scalars(select(Charge).where(Charge.item == "seat", Charge.book == "retail")).one()
    credit_whole(db, account, charge, reason="Never worked", by=COMMAND_LINE)
    clock.advance(days=5)
    carry_out(db, account, Wish(seat, quantity, When.NOW), agreed_minor=None, by=COMMAND_LINE)
    before = balances(db, account, northwind)
    with pytest.raises(ChangedSince, match="changed or switched off"):
        issue_again(db, account, charge, by=COMMAND_LINE)
    assert balances(db, account, northwind) == before and wrong_periods(db)[1] == []


@on_sqlite
def test_nothing_is_issued_again_to_a_closed_account(db, account, northwind):
    """Red without `why_not_again`."""
    credit_whole(db, account, month(db, account), reason="Never worked", by=COMMAND_LINE)
    accounts.close(db, account, reason="Left", by=COMMAND_LINE)
    before = balances(db, account, northwind)
    with pytest.raises(ChangedSince, match="is closed"):
        issue_again(db, account, month(db, account), by=COMMAND_LINE)
    assert balances(db, account, northwind) == before


@on_sqlite
def test_the_proof_names_a_period_that_was_cut_short_and_kept(db, account):
    """Red without `_kept_whole`."""
    row = db.scalars(select(Subscription).where(Subscription.account_id == account.id)).one()
    row.until_day = row.from_day + timedelta(days=3)
    assert any("was not given back" in words for words in wrong_periods(db)[1])


def test_only_what_was_given_back_can_be_issued_again(db, account):
    """Red when only the charge itself is looked at: its successor would be charged beside it."""
    first = month(db, account)
    with pytest.raises(NotGivenBack):
        issue_again(db, account, first, by=COMMAND_LINE)
    credit_whole(db, account, first, reason="Wrong name", by=COMMAND_LINE)
    credit = db.scalars(select(Charge).where(Charge.net_minor < 0, Charge.book == "retail")).one()
    with pytest.raises(NotGivenBack):
        issue_again(db, account, credit, by=COMMAND_LINE)
    issue_again(db, account, first, by=COMMAND_LINE)
    with pytest.raises(NotGivenBack):
        issue_again(db, account, first, by=COMMAND_LINE)
