"""What costs its payer nothing has no journal entry, and is on its statement all the same, once."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.accounts import commands as accounts
from portal.accounts.commands import give_credit
from portal.accounts.queries import white_label_account
from portal.audit.commands import COMMAND_LINE
from portal.billing.credits import credit as give_back
from portal.billing.models import ChargeTotal
from portal.kit.bulk import insert_rows
from portal.kit.db import transaction
from portal.kit.ids import new_id
from portal.kit.paging import FIRST_PAGE
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters.models import Letter
from portal.statements import document, queries
from portal.statements.commands import issue
from portal.statements.credits import issue_credit_notes
from portal.statements.document import statement_document
from portal.statements.models import CreditNote, StatementLine
from portal.statements.pages import statement_page
from portal.statements.queries import customer_sums
from tests.accounts.making import OPTION_1, OPTION_2, active, charge_month, customer, plan, white_label_in
from tests.statements.conftest import DECEMBER, JANUARY, NOVEMBER, lines_of
from tests.statements.making import charge_of
from tests.statements.test_documents import agree, rows_of
from tests.verify.planting import change, differences, remove


@pytest.fixture
def gift(db, northwind, clock):
    """Gift Shop pays 10.00 and 20% a month, which cost Northwind nothing."""
    free = plan(db, "gift", retail_minor=1000, tax_ppm=200_000)
    return active(db, customer(db, free.id, OPTION_1, name="Gift Shop"), 9000)


@pytest.fixture
def courtesy(db, northwind, clock):
    """It pays nothing, and costs Northwind 4.00."""
    return active(db, customer(db, northwind.plans["courtesy"], OPTION_1, name="Kind Cafe"))


def of_customer(db, statement, account):
    return [line for line in lines_of(db, statement) if line.account_id == account.id]


def test_the_white_labels_statement_has_it_with_retail_and_margin(db, gift, december):
    ours = white_label_account(db)
    statement = issue(db, ours, NOVEMBER)
    (line,) = of_customer(db, statement, gift)
    charge = charge_of(db, gift, book="wholesale")
    assert (line.entry_id, line.charge_id, line.kind, line.amount_minor) == (None, charge.id, "charge", 0)
    assert (line.net_minor, line.retail_minor) == (0, 1000)
    (total,) = customer_sums(db, statement, of=[gift.id])
    assert (total.lines, total.amount_minor, total.margin_minor) == (1, 0, 1000)
    (row,) = [row for row in rows_of(db, statement) if row["customer"].startswith("Gift Shop")]
    assert (row["reference"], row["retail_net"], row["margin"]) == (charge.number, "10.00", "10.00")
    assert (row["amount"], row["journal_source"]) == ("0.00", "")
    agree(db, statement, ours, Book.WHOLESALE)


def test_the_last_row_has_the_sums_of_all_customers(db, gift, courtesy, december, monkeypatch):
    """Of the whole statement, on its last page and in its PDF, however few rows that has. Red on every page."""
    statement = issue(db, white_label_account(db), NOVEMBER)
    sums = ("−£8.00", "−£1.60", "−£9.60", "£10.00", "£2.00")
    for most in (2000, 3, 1):
        monkeypatch.setattr(document, "MOST_ROWS", most)
        last = statement_document(db, statement)["rows"][-1]
        assert last == {"heading": True, "cells": [[""], ["All customers"], *([each] for each in sums)]}
    monkeypatch.setattr(queries, "PAGE", 2)
    first = statement_page(db, statement, FIRST_PAGE, room="/finance")
    assert first.older_href and "All customers" not in [line.what for line in first.lines]


def test_a_month_without_charges_has_no_row_for_all_customers(db, northwind, december):
    """Credit alone. Red when the row stands there with nothing in it."""
    issue(db, white_label_account(db), NOVEMBER)
    give_credit(db, white_label_account(db), 500, request_id=new_id(), reason="More", by=COMMAND_LINE)
    december.advance(days=31)
    rows = statement_document(db, issue(db, white_label_account(db), DECEMBER))["rows"]
    assert [row["cells"][1] for row in rows] == [["More"]]


def test_a_customers_statement_has_it_too_and_it_alone_is_no_letter(db, courtesy, december):
    statement = issue(db, courtesy, NOVEMBER)
    (line,) = lines_of(db, statement)
    assert (line.kind, line.amount_minor, line.retail_minor) == ("charge", 0, 0)
    assert (statement.closing_minor, statement.taxes) == (0, [])
    assert db.scalars(select(Letter).where(Letter.name == "statement")).all() == []
    agree(db, statement, courtesy, Book.RETAIL)


def test_the_retail_of_all_statements_is_that_of_finance(db, gift, courtesy, december):
    """Red without what costs nothing: the statements knew less of the business than Finance did."""
    ours, months = white_label_account(db), []
    for n, month in enumerate((NOVEMBER, DECEMBER), 1):
        months.append(issue(db, ours, month).id)
        charge_month(db, gift, n)
        december.advance(days=31)
    stated = select(func.sum(StatementLine.retail_minor)).where(StatementLine.statement_id.in_(months))
    charged = select(func.sum(ChargeTotal.retail_memo_minor)).where(
        ChargeTotal.book == "wholesale", ChargeTotal.month <= DECEMBER.first_day)
    assert db.scalar(stated) == db.scalar(charged) == 2000


def test_a_credit_whose_share_comes_to_nothing_is_one_and_needs_no_note(db, northwind, december):
    """9 pence of 12.00 are given back; of a wholesale price of 9 pence that is nothing."""
    cheap = plan(db, "cheap", retail_minor=1200, wholesale_minor=9)
    account = active(db, customer(db, cheap.id, OPTION_1, name="Cheap Cheese"), 5000)
    december.advance(days=31)
    first = issue(db, white_label_account(db), DECEMBER)
    charge = charge_of(db, account)
    give_back(db, account, charge, 9, left_minor=1200, reason="A quiet line", by=COMMAND_LINE)
    december.advance(days=31)
    statement = issue(db, white_label_account(db), DECEMBER.following)
    (line,) = of_customer(db, statement, account)
    assert (line.kind, line.amount_minor, line.retail_minor) == ("credit", 0, -9)
    wholesale = charge_of(db, account, book="wholesale")
    assert line.note == f"Gives back part of {wholesale.number} on statement {first.number}: A quiet line"
    issue(db, account, DECEMBER)
    issue_credit_notes(db)
    assert [note.book for note in db.scalars(select(CreditNote))] == ["retail"]
    agree(db, statement, white_label_account(db), Book.WHOLESALE)


def test_it_is_frozen_and_stands_on_one_statement(db, gift, december):
    ours = white_label_account(db)
    first = issue(db, ours, NOVEMBER)
    gift.name = "Renamed since"
    charge_month(db, gift, 1)
    december.advance(days=31)
    second = issue(db, ours, DECEMBER)
    (before,), (after,) = of_customer(db, first, gift), of_customer(db, second, gift)
    assert before.customer.startswith("Gift Shop, ") and after.customer.startswith("Renamed since, ")
    assert before.charge_id != after.charge_id
    again = {column.name: getattr(before, column.name) for column in StatementLine.__table__.columns}
    with pytest.raises(IntegrityError):
        insert_rows(db, StatementLine, [{**again, "statement_id": second.id, "position": 99}])


def test_what_was_left_out_before_lines_could_be_charges_stays_with_finance(northwind, clock):
    """As an upgrade finds it: two months are stated, without what cost nothing. Red when all of it comes on the next
    one: of a large white label that would be years on one statement. The last day before is taken: clocks differ."""
    with transaction(northwind.id) as db:
        gift = active(db, customer(db, plan(db, "gift", retail_minor=1000).id, OPTION_2))
        clock.advance(days=28)
        late = active(db, customer(db, plan(db, "late", retail_minor=700).id, OPTION_2, name="Late"))
        clock.advance(days=2)
        issue(db, white_label_account(db), NOVEMBER)
        charge_month(db, gift, 1)
    remove(StatementLine, StatementLine.account_id.in_([gift.id, late.id]))
    clock.advance(days=31)
    with transaction(northwind.id) as db:
        statement = issue(db, white_label_account(db), DECEMBER)
        found = [(line.day.month, line.retail_minor) for line in lines_of(db, statement) if line.entry_id is None]
    assert found == [(12, 1000), (11, 700)]


def test_a_closed_account_gets_no_statement_for_what_cost_nothing_before(db, courtesy, december):
    """Red when any line makes a statement: an upgrade would make one for each account that ever had something free."""
    accounts.close(db, courtesy, reason="Gone", by=COMMAND_LINE)
    december.advance(days=62)
    assert issue(db, courtesy, JANUARY) is None


@pytest.mark.parametrize("values", [{"retail_minor": 999}, {"tax_ppm": 1}, {"reference": "C-999999"}])
def test_verify_finds_one_that_is_not_as_it_was_charged(northwind, clock, values):
    with transaction(northwind.id) as db:
        gift = active(db, customer(db, plan(db, "gift", retail_minor=1000).id, OPTION_2))
        clock.advance(days=30)
        issue(db, white_label_account(db), NOVEMBER)
    assert differences("statement lines") == []
    change(StatementLine, StatementLine.account_id == gift.id, **values)
    assert "is not as it was charged" in "".join(differences("statement lines"))


def test_a_white_label_whom_nothing_ever_cost_has_a_statement(database, clock):
    """It has no entry at all. Red when its credit is not held for what costs nothing: there was no account to state."""
    company = white_label_in("GBP", "quiet.localhost")
    with transaction(company.id) as db:
        account = active(db, customer(db, plan(db, "gift", retail_minor=1000).id, OPTION_2))
    clock.advance(days=30)
    with transaction(company.id) as db:
        statement = issue(db, white_label_account(db), NOVEMBER)
        assert [line.retail_minor for line in of_customer(db, statement, account)] == [1000]
        assert statement.closing_minor == credit_minor(db, Book.WHOLESALE, company.account_id) == 0
