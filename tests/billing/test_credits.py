"""A charge given back: whole or in parts, never more than it was, in both books; and then it can be charged again."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account, Subscription
from portal.accounts.queries import held_customer_or_404
from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import carry_out
from portal.billing.credits import (
    ChangedSince,
    CreditedAlready,
    MoreThanIsLeft,
    NotGivenBack,
    both_books,
    credit,
    credit_whole,
    issue_again,
)
from portal.billing.left import Left, left_of
from portal.billing.models import Charge
from portal.billing.pricing import Side, given_back
from portal.billing.proof import wrong_periods
from portal.billing.wishes import When, Wish
from portal.kit.db import reading, transaction
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from tests.accounts.making import OPTION_1, active, customer, pay
from tests.billing.making import service
from tests.cast import on_sqlite
from tests.threads import at_once

SIDES = st.builds(Side, st.integers(0, 10**11), st.integers(0, 10**11), st.just(200_000))


@given(SIDES, st.integers(1, 366).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_the_used_part_and_what_is_given_back_are_the_charge(side, days):
    back = given_back(side, *days)
    assert -side.net_minor <= back.net_minor <= 0 and -side.tax_minor <= back.tax_minor <= 0
    unused, whole = days
    assert unused or back.gross_minor == 0
    assert unused < whole or back == -side


@given(
    st.dictionaries(st.sampled_from(Book), SIDES, min_size=2),
    st.lists(st.fractions(0, 1), max_size=12),
)
def test_however_a_charge_is_split_the_parts_are_the_charge(sides, cuts):
    """In both books, net and tax, and no part ever takes more than is left. Red when net is rounded beside tax."""
    charged, given_so_far = dict(sides), {book: Side(0, 0, 200_000) for book in Book}
    charges = {book: Charge(book=book.value) for book in Book}
    for cut in [*cuts, 1]:
        left = Left(charges, charged, 1)
        part = left.part(int(left.gross_minor * cut))
        assert part[left.leading].gross_minor == int(left.gross_minor * cut)
        given_so_far = {book: side + part[book] for book, side in given_so_far.items()}
        charged = {book: side + -part[book] for book, side in charged.items()}
        assert all(side.net_minor >= 0 and side.tax_minor >= 0 for each in (part, charged) for side in each.values())
    if not any(side.gross_minor for side in charged.values()):
        assert given_so_far == sides
    else:
        assert charged[Book.RETAIL].gross_minor == 0


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


def part(db, account, charge, minor, left_minor=None):
    left = left_of(db, both_books(db, charge)).gross_minor if left_minor is None else left_minor
    credit(db, account, charge, minor, left_minor=left, reason="A quiet line", by=COMMAND_LINE)


def sums(db, account, book="retail", item="plan"):
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.item == item, Charge.book == book)
    found = db.scalars(wanted).all()
    return tuple(sum(getattr(c, name) for c in found) for name in ("net_minor", "tax_minor", "retail_memo_minor"))


@on_sqlite
@pytest.mark.parametrize("parts", [(1, 1, 1198), (333, 333, 333, 201), (1199, 1), (1200,)])
def test_parts_sum_to_the_whole_in_both_books_and_then_it_can_be_issued_again(db, account, northwind, parts):
    before, charge = balances(db, account, northwind), month(db, account)
    for minor in parts:
        with pytest.raises(NotGivenBack):
            issue_again(db, account, charge, by=COMMAND_LINE)
        part(db, account, charge, minor)
    assert sums(db, account) == sums(db, account, "wholesale") == (0, 0, 0)
    assert balances(db, account, northwind) == (before[0] + 1200, before[1] + 480)
    with pytest.raises(CreditedAlready):
        part(db, account, charge, 1)
    issue_again(db, account, charge, by=COMMAND_LINE)
    assert balances(db, account, northwind) == before and wrong_periods(db)[1] == []


@on_sqlite
def test_after_a_change_the_operator_gives_back_what_is_left_of_the_period(db, account, northwind, clock):
    """Red when a charge of which anything was given back counts as given back: the five days cannot be."""
    pay(db, account, 10_000)
    seat = service(db)
    carry_out(db, account, Wish(seat, 1, When.NOW), agreed_minor=None, by=COMMAND_LINE)
    charge = db.scalars(select(Charge).where(Charge.item == "seat", Charge.book == "retail")).one()
    clock.advance(days=5)
    carry_out(db, account, Wish(seat, 0, When.NOW), agreed_minor=None, by=COMMAND_LINE)
    assert sums(db, account, item="seat")[:2] == (150, 30)
    with pytest.raises(MoreThanIsLeft):
        part(db, account, charge, 181)
    part(db, account, charge, 180)
    assert sums(db, account, item="seat") == sums(db, account, "wholesale", "seat") == (0, 0, 0)
    assert wrong_periods(db)[1] == []
    with pytest.raises(ChangedSince):
        issue_again(db, account, charge, by=COMMAND_LINE)


@on_sqlite
@pytest.mark.parametrize(("minor", "kept"), [(100, 80), (180, 0), (1000, 0), (1080, 0)])
def test_a_change_gives_back_no_more_than_is_left(db, account, northwind, clock, minor, kept):
    """Of 10.80 for thirty days five are used: 1.80. Red when the change looks at the charge alone."""
    pay(db, account, 10_000)
    seat = service(db)
    carry_out(db, account, Wish(seat, 1, When.NOW), agreed_minor=None, by=COMMAND_LINE)
    charge = db.scalars(select(Charge).where(Charge.item == "seat", Charge.book == "retail")).one()
    part(db, account, charge, minor)
    clock.advance(days=5)
    carry_out(db, account, Wish(seat, 0, When.NOW), agreed_minor=None, by=COMMAND_LINE)
    assert sum(sums(db, account, item="seat")[:2]) == kept
    assert all(each >= 0 for book in ("retail", "wholesale") for each in sums(db, account, book, "seat"))
    assert wrong_periods(db)[1] == []


def test_of_four_operators_at_once_two_give_back_a_part(northwind, clock):
    """Each 5.00 of 12.00. Red on PostgreSQL without the account's lock: the others run into a key of the
    database."""
    with transaction(northwind.id) as db:
        charge = month(db, active(db, customer(db, northwind.plans["desk"], OPTION_1), paid_minor=5000))

    def give(_):
        with transaction(northwind.id) as db:
            held = held_customer_or_404(db, charge.account_id)
            part(db, held, db.load(Charge, charge.id), 500)

    answers = at_once(4, give)
    assert Counter(map(type, answers)) == {type(None): 2, MoreThanIsLeft: 2}
    with reading(northwind.id) as db:
        assert sum(sums(db, db.load(Account, charge.account_id))[:2]) == 200


@on_sqlite
def test_the_proof_still_names_a_period_that_was_cut_short_when_a_part_was_given_back(db, account):
    """Red when any credit counts as the rest of a period."""
    part(db, account, month(db, account), 1)
    row = db.scalars(select(Subscription).where(Subscription.account_id == account.id)).one()
    row.until_day = row.from_day + timedelta(days=3)
    assert any("was not given back" in words for words in wrong_periods(db)[1])


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
