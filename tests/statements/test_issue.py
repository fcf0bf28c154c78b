"""Issuing one account's statement of a month."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.commands import give_credit
from portal.accounts.queries import white_label_account
from portal.app import listen
from portal.audit.commands import COMMAND_LINE
from portal.catalogue.commands import set_tax_rate
from portal.catalogue.prices import WHOLESALE
from portal.kit.ids import new_id
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters.models import Letter
from portal.statements import pages
from portal.statements.commands import MonthNotOver, issue
from portal.statements.document import statement_document
from portal.statements.models import Statement
from portal.statements.proofs import statements_hold
from portal.statements.statement import CHARGE, CREDIT, GRANT, PAYMENT, Line, Month, balance, in_order, taxes
from tests.accounts.making import OPTION_1, OPTION_2, active, charge_month, customer, pay
from tests.cast import on_sqlite
from tests.statements.conftest import DECEMBER, JANUARY, NOVEMBER, journal, lines_of


def test_it_holds_the_month_and_closes_where_the_books_stand(db, own, december):
    statement = issue(db, own, NOVEMBER)
    lines = lines_of(db, statement)
    assert (statement.number, statement.opening_minor, statement.lines) == ("S-2026-000001", 0, 3)
    assert {line.entry_id: line.amount_minor for line in lines} == journal(db, own)
    assert statement.closing_minor == sum(line.amount_minor for line in lines) == credit_minor(db, Book.RETAIL, own.id)
    assert [line.kind for line in lines].count(PAYMENT) == 1 and [line.kind for line in lines].count(CHARGE) == 2


def test_the_next_one_opens_where_it_closed(db, own, december):
    first = issue(db, own, NOVEMBER)
    charge_month(db, own, 1)
    pay(db, own, 700)
    december.advance(days=31)
    second = issue(db, own, DECEMBER)
    assert second.opening_minor == first.closing_minor and second.number == "S-2026-000002"
    assert (second.paid_minor, second.charged_minor) == (700, -1200)
    assert second.closing_minor == credit_minor(db, Book.RETAIL, own.id)


def test_it_names_both_sides_as_they_were_that_day(db, own, december):
    statement = issue(db, own, NOVEMBER)
    own.name = "Renamed since"
    assert statement.buyer["name"] == "Birch Dental" and "1 High Street" in statement.buyer["address"]
    assert statement.seller["name"] == "Northwind Telecom Limited" and statement.seller["address"] == ["4 Quay Street"]


def test_the_tax_summary_is_the_sum_of_the_charges(db, own, december):
    statement = issue(db, own, NOVEMBER)
    charged = [line for line in lines_of(db, statement) if line.kind == CHARGE]
    assert statement.taxes == [
        {"ppm": 200_000, "net_minor": sum(c.net_minor for c in charged), "tax_minor": sum(c.tax_minor for c in charged)}
    ]
    assert statement.charged_minor == -sum(c.net_minor + c.tax_minor for c in charged)


@on_sqlite
def test_a_month_in_which_the_tax_on_wholesale_rose_sums_each_rate(db, northwind, own, december):
    """Red when a statement takes one rate for all of its lines."""
    set_tax_rate(db, WHOLESALE, date(2026, 12, 10), 250_000, by=COMMAND_LINE)
    active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Cedar Cafe"))
    december.advance(days=10)
    active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Elm Eyes"))
    december.advance(days=25)
    statement = issue(db, white_label_account(db), DECEMBER)
    found = {rate["ppm"]: (rate["net_minor"], rate["tax_minor"]) for rate in statement.taxes}
    assert found == {200_000: (400 + 600 + 600, 320), 250_000: (600, 150)}
    assert [rate for rate, _, _ in pages.sheet_of(db, statement).taxes] == ["25%", "20%"]
    assert statements_hold(db).differences == []


def test_the_white_labels_own_groups_by_customer_with_the_retail_price_beside(db, northwind, own, december):
    active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Cedar Cafe"))
    december.advance(days=31)
    statement = issue(db, white_label_account(db), DECEMBER)
    lines = lines_of(db, statement)
    assert statement.number == "W-2026-000001" and statement.seller["name"] == "Highwire Limited"
    assert {line.entry_id: line.amount_minor for line in lines} == journal(
        db, white_label_account(db), Book.WHOLESALE)
    assert lines[0].kind == GRANT and lines[0].customer == ""
    names = [line.customer.partition(",")[0] for line in lines[1:]]
    assert names == sorted(names) and set(names) == {"Acme Limited", "Birch Dental", "Cedar Cafe"}
    cedar = [line for line in lines if line.customer.startswith("Cedar")]
    assert [(line.net_minor, line.retail_minor) for line in cedar] == [(200, 500), (400, 1000)]


def test_a_customer_of_option_2_gets_none(db, northwind, december):
    assert issue(db, active(db, customer(db, northwind.plans["desk"], OPTION_2)), NOVEMBER) is None


def test_an_account_that_did_not_move_and_stands_at_nothing_gets_none(db, cast, northwind, december):
    quiet = customer(db, northwind.plans["desk"], OPTION_1)
    assert issue(db, quiet, NOVEMBER) is None
    assert db.scalars(select(Letter).where(Letter.name == "statement")).all() == []


def test_one_that_stands_at_something_gets_one_and_no_letter(db, own, december):
    issue(db, own, NOVEMBER)
    december.advance(days=31)
    written = len(db.scalars(select(Letter).where(Letter.name == "statement")).all())
    second = issue(db, own, DECEMBER)
    assert second.lines == 0 and second.closing_minor == second.opening_minor
    assert len(db.scalars(select(Letter).where(Letter.name == "statement")).all()) == written == 1


def test_an_empty_one_is_issued_when_it_is_asked_for(db, own, december):
    issue(db, own, NOVEMBER)
    pay_back_everything(db, own)
    december.advance(days=31)
    issue(db, own, DECEMBER)
    december.advance(days=31)
    assert issue(db, own, JANUARY) is None
    assert issue(db, own, JANUARY, even_empty=True).lines == 0


def pay_back_everything(db, account):
    from portal.ledger import entry
    from portal.ledger.commands import post

    post(db, entry.refund("refund:re_all", account.id, credit_minor(db, Book.RETAIL, account.id), "GBP"))


def statement_letters(db):
    return db.scalars(select(Letter).where(Letter.name == "statement").order_by(Letter.created_at, Letter.id)).all()


def test_a_closed_account_gets_its_final_statement_by_letter_and_none_after_it(db, own, december):
    """It owes 12.00 less than it had. Red when letters go to open accounts alone: the last word reached nobody. Red
    when a balance is enough: a statement without a line each month, for ever."""
    listen()
    issue(db, own, NOVEMBER)
    december.advance(days=5)
    accounts.close(db, own, reason="Moved", by=COMMAND_LINE)
    december.advance(days=26)
    final = issue(db, own, DECEMBER)
    assert (final.lines, final.closing_minor) == (1, 2000)
    first, last = statement_letters(db)
    assert (first.facts["final"], last.facts["final"]) == (False, True) and last.to_address == first.to_address
    assert pages.sheet_of(db, final).title == "Final statement"
    assert ("Account closed", "7 December 2026") in pages.sheet_of(db, final).meta
    before = db.scalars(select(Statement).where(Statement.month == NOVEMBER.first_day)).one()
    assert pages.sheet_of(db, before).title == "Statement"
    # Red with the words of every statement, which promise one after the final one.
    assert "appear on the next one" in pages.sheet_of(db, before).notes[-1]
    notes = statement_document(db, final)["notes"]
    assert notes == pages.sheet_of(db, final).notes and "the next one" not in notes[-1]
    assert "follows only if something moves after it" in notes[-1]
    december.advance(days=31)
    assert issue(db, own, JANUARY) is None
    pay_back_everything(db, own)
    december.advance(days=28)
    assert issue(db, own, JANUARY.following).closing_minor == 0
    december.advance(days=31)
    assert issue(db, own, JANUARY.following.following) is None
    assert [letter.facts["final"] for letter in statement_letters(db)] == [False, True, True]


def test_a_month_before_the_closing_is_stated_to_the_main_contact_and_is_not_final(db, own, december):
    """Closed on the day on which the month before is stated."""
    accounts.close(db, own, reason="Moved", by=COMMAND_LINE)
    issue(db, own, NOVEMBER)
    assert [letter.facts["final"] for letter in statement_letters(db)] == [False]


def test_one_that_was_closed_with_nothing_left_gets_no_statement_without_a_line(db, own, december):
    pay_back_everything(db, own)
    issue(db, own, NOVEMBER)
    december.advance(days=-3)
    accounts.close(db, own, reason="Moved", by=COMMAND_LINE)
    december.advance(days=40)
    issue(db, own, DECEMBER)
    december.advance(days=31)
    assert issue(db, own, JANUARY) is None


def test_issuing_again_changes_nothing(db, own, december):
    first = issue(db, own, NOVEMBER)
    assert issue(db, own, NOVEMBER).id == first.id
    assert len(db.scalars(select(Statement)).all()) == 1


def test_a_month_that_is_not_over_is_refused(db, own, clock):
    with pytest.raises(MonthNotOver):
        issue(db, own, NOVEMBER)


def test_the_month_ends_with_the_white_labels_day(db, own, clock):
    """London is at UTC in winter: the last second of November belongs to it, the first of December does not."""
    clock.moment = NOVEMBER.end("Europe/London") - timedelta(seconds=1)
    pay(db, own, 100)
    clock.advance(seconds=1)
    pay(db, own, 10_000)
    assert issue(db, own, NOVEMBER).paid_minor == 5100
    clock.advance(days=31)
    assert issue(db, own, DECEMBER).paid_minor == 10_000


def test_what_was_booked_late_stands_on_the_next_one(db, own, december):
    issue(db, own, NOVEMBER)
    december.advance(days=-20)
    pay(db, own, 400)
    december.advance(days=51)
    late = issue(db, own, DECEMBER)
    assert late.paid_minor == 400 and [line.day for line in lines_of(db, late)] == [date(2026, 11, 12)]


def test_a_month_before_the_last_one_issued_gets_none(db, own, december):
    december.advance(days=31)
    issue(db, own, DECEMBER)
    assert issue(db, own, NOVEMBER) is None


def test_the_letter_leads_to_a_page_behind_the_sign_in(db, own, december):
    statement = issue(db, own, NOVEMBER)
    letter = db.scalars(select(Letter).where(Letter.name == "statement")).one()
    assert letter.facts["url"].endswith(f"/account/{own.id}/statements/{statement.id}")
    assert letter.link_purpose is None and letter.facts["closing"].startswith("£")


def test_a_month_long_past_is_stated_without_a_letter(db, own, december):
    december.advance(days=33)
    charge_month(db, own, 1)
    assert issue(db, own, NOVEMBER).lines == 3 and issue(db, own, DECEMBER) is not None
    assert [letter.facts["month"] for letter in db.scalars(select(Letter).where(Letter.name == "statement"))] == []
    december.advance(days=31)
    issue(db, own, JANUARY)
    assert [letter.facts["month"] for letter in db.scalars(select(Letter).where(Letter.name == "statement"))] == [
        "January 2027"]


def test_finance_gets_the_letter_about_the_white_labels_own(db, fiona, december):
    issue(db, white_label_account(db), NOVEMBER)
    letter = db.scalars(select(Letter).where(Letter.name == "statement")).one()
    assert letter.to_address == fiona.login_name and "/finance/statements/" in letter.facts["url"]


def test_money_given_by_the_operator_stands_on_it(db, december):
    account = white_label_account(db)
    give_credit(db, account, 777, request_id=new_id(), reason="A gift", by=COMMAND_LINE)
    december.advance(days=31)
    statement = issue(db, account, DECEMBER)
    assert statement.paid_minor == 50_777
    assert any("A gift" in line.description for line in lines_of(db, statement))


def test_the_arithmetic_alone():
    paid = Line(new_id(), PAYMENT, date(2026, 11, 2), "F-1", "Card payment", 5000)
    charged = Line(new_id(), CHARGE, date(2026, 11, 2), "C-1", "Desk", -1200, net_minor=1000, tax_minor=200,
                   tax_ppm=200_000, account_id=new_id(), customer="b")
    credit = replace(charged, entry_id=new_id(), kind=CREDIT, amount_minor=600, net_minor=-500, tax_minor=-100,
                     customer="A")
    found = balance(100, [paid, charged, credit])
    assert (found.paid_minor, found.charged_minor, found.closing_minor) == (5000, -600, 4500)
    assert [(rate.net_minor, rate.tax_minor) for rate in taxes([paid, charged, credit])] == [(500, 100)]
    assert in_order([charged, credit, paid]) == [paid, credit, charged]
    with pytest.raises(ValueError, match="parts"):
        replace(charged, amount_minor=-1199)


def test_a_month_is_named_by_its_first_day():
    assert Month.of(date(2028, 2, 29)).last_day == date(2028, 2, 29)
    assert Month.of(date(2026, 12, 31)).following.first_day == date(2027, 1, 1)
    assert Month.of(date(2027, 1, 1)).before.first_day == date(2026, 12, 1)
    with pytest.raises(ValueError, match="first day"):
        Month(date(2026, 11, 2))
