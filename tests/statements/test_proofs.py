"""`portal verify` finds every way in which a document could come to differ from the rows behind it."""

import pytest
from sqlalchemy import select

from portal.accounts.queries import white_label_account
from portal.kit.db import reading, transaction
from portal.kit.series import Series
from portal.ledger.models import LedgerAccount
from portal.statements.commands import issue
from portal.statements.credits import issue_credit_notes
from portal.statements.models import CreditNote, Receipt, Statement, StatementLine
from portal.statements.receipts import issue_missing_receipts
from portal.verify import verify
from tests.accounts.making import OPTION_1, active, charge_month, customer, pay
from tests.statements.conftest import DECEMBER, NOVEMBER
from tests.statements.making import charge_of, credit
from tests.verify.planting import change, differences, remove


@pytest.fixture
def stated(northwind, clock):
    """Two months of Birch and of Northwind itself, a credit note and receipts, and money since."""
    with transaction(northwind.id) as db:
        own = active(db, customer(db, northwind.plans["desk"], OPTION_1), 5000)
        clock.advance(days=30)
        for account in (own, white_label_account(db)):
            issue(db, account, NOVEMBER)
        credit(db, charge_of(db, own), 400, 80)
        charge_month(db, own, 1)
        clock.advance(days=31)
        for account in (own, white_label_account(db)):
            issue(db, account, DECEMBER)
        pay(db, own, 300)
        issue_credit_notes(db)
        issue_missing_receipts(db)
    return own


@pytest.fixture
def second(northwind, stated):
    with reading(northwind.id) as db:
        return db.scalars(select(Statement).filter_by(account_id=stated.id, month=DECEMBER.first_day)).one()


KINDS = ("statements", "statement lines", "statement chains", "document numbers", "credit notes", "receipts")


def test_sound_statements_are_found_sound(stated):
    assert [words for what in KINDS for words in differences(what)] == []


def test_a_changed_sum(stated, second):
    change(Statement, Statement.id == second.id, paid_minor=1, closing_minor=second.closing_minor + 1)
    assert differences("statements") == [f"statement {second.number} says (2, 1, -720), its lines say (2, 0, -720)"]
    assert "come to" in differences("statement chains")[0]


def test_a_changed_tax(stated, second):
    change(Statement, Statement.id == second.id, taxes=[])
    assert differences("statements") == [f"statement {second.number}: the tax by rate is not that of its lines"]


def test_an_opening_that_does_not_follow(stated, second):
    change(Statement, Statement.id == second.id, opening_minor=0, closing_minor=second.charged_minor)
    found = differences("statement chains")
    assert found[0] == f"statement {second.number} opens at 0, the one before closed at 3200" and len(found) == 2


@pytest.mark.parametrize("values", [{"net_minor": 999, "tax_minor": 201}, {"tax_ppm": 0}, {"kind": "payment"}])
def test_a_line_that_is_not_as_it_was_charged(stated, second, values):
    change(StatementLine, StatementLine.statement_id == second.id, StatementLine.kind == "charge", **values)
    assert any("is not as it was charged" in words for words in differences("statement lines"))


def test_a_line_of_another_amount(stated, second):
    change(StatementLine, StatementLine.statement_id == second.id, StatementLine.kind == "charge", amount_minor=-1)
    assert differences("statement lines") == [f"statement {second.number}, line 2 says -1, the books say -1200"]


def test_a_line_that_is_gone(stated, second):
    remove(StatementLine, StatementLine.statement_id == second.id, StatementLine.kind == "charge")
    assert len(differences("statements")) == 2 and len(differences("statement chains")) == 1


def test_a_balance_that_moved_by_itself(stated, second):
    with reading(second.white_label_id) as db:
        stands = db.load(LedgerAccount, second.ledger_account_id).balance_minor
    change(LedgerAccount, LedgerAccount.id == second.ledger_account_id, balance_minor=stands + 1)
    assert differences("statement chains") == [
        f"statement {second.number} and what follows it come to {-stands}, the books to {-stands - 1}"]


def test_a_number_that_is_missing(stated, second, northwind):
    change(Series, Series.name == "statement", Series.white_label_id == northwind.id, last=3)
    assert differences("document numbers") == [
        f"series statement of {northwind.id} has 2 documents and goes to 2"]


def test_a_number_that_says_another_place(stated):
    change(Receipt, Receipt.sequence == 1, number="R-2026-000009")
    assert differences("document numbers") == ["document R-2026-000009 is number 1 of its series"]


def test_a_credit_note_of_another_amount_or_statement(stated, second):
    change(CreditNote, CreditNote.sequence == 1, net_minor=401)
    assert "its charge" in differences("credit notes")[0]
    change(CreditNote, CreditNote.sequence == 1, net_minor=400, statement_id=second.id)
    assert "where its charge is not" in differences("credit notes")[0]


def test_more_given_back_than_was_charged(stated, northwind):
    with transaction(northwind.id) as db:
        credit(db, charge_of(db, stated), 601, 120)
    assert any("1000 net, and 1001 was given back" in words for words in differences("credit notes"))


def test_a_receipt_of_another_amount(stated):
    change(Receipt, Receipt.sequence == 2, amount_minor=301)
    assert "is not as payment" in differences("receipts")[0]


def test_every_check_counts_something(stated):
    assert {finding.what: finding.checked for finding in verify() if finding.what in KINDS} == {
        "statements": 4, "statement lines": 10, "statement chains": 2, "document numbers": 7, "credit notes": 1,
        "receipts": 2}
