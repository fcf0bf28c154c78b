"""Receipts for money by card, and credit notes for what was given back of a statement."""

import io

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from portal.accounts.queries import white_label_account
from portal.billing.models import ChargeCredit
from portal.kit import jobs
from portal.kit.db import reading, transaction
from portal.kit.series import Series
from portal.payments import commands as payments
from portal.statements import flows
from portal.statements.commands import issue
from portal.statements.credits import issue_credit_notes
from portal.statements.document import credit_note_pdf, receipt_pdf
from portal.statements.models import CreditNote, Receipt
from portal.statements.receipts import issue_missing_receipts, issue_receipt, listen
from tests.accounts.making import OPTION_1, active, customer, pay, seen, start_payment
from tests.statements.conftest import DECEMBER, NOVEMBER, lines_of
from tests.statements.making import charge_of, credit
from tests.threads import at_once


def words(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_each_payment_has_one_receipt_however_often_it_is_told(db, own):
    funding = pay(db, own, 700)
    assert issue_missing_receipts(db) == 2
    issue_receipt(db, funding)
    assert issue_missing_receipts(db) == 0
    found = db.scalars(select(Receipt).order_by(Receipt.sequence)).all()
    assert [(r.number, r.amount_minor) for r in found] == [("R-2026-000001", 5000), ("R-2026-000002", 700)]


def test_the_application_listens_to_payments(app):
    assert payments.after_funding.count(issue_receipt) == 1


def test_it_is_written_with_the_money(db, own, monkeypatch):
    monkeypatch.setattr(payments, "after_funding", [])
    listen()
    funding = start_payment(db, own, 900)
    payments.settle(db, funding.id, seen(funding, status="complete", paid=True, card="Visa"))
    assert db.scalars(select(Receipt.amount_minor)).all() == [900]


def test_it_says_who_paid_whom_what_and_when(db, own):
    issue_missing_receipts(db)
    receipt = db.scalars(select(Receipt)).one()
    shown = words(receipt_pdf(db, receipt))
    for expected in ("Receipt", "R-2026-000001", "£50.00", "Visa •••• 4242", "Birch Dental",
                     "Northwind Telecom Limited", "F-2026-000001", "2 November 2026"):
        assert expected in shown, expected


def test_four_at_once_write_each_receipt_once(northwind, clock):
    with transaction(northwind.id) as db:
        made = active(db, customer(db, northwind.plans["desk"], OPTION_1), 5000)
        for n in range(5):
            pay(db, made, 100 + n)

    def run(n):
        with transaction(northwind.id) as db:
            return issue_missing_receipts(db)

    assert sorted(at_once(4, run)) == [0, 0, 0, 6]
    with reading(northwind.id) as db:
        assert sorted(db.scalars(select(Receipt.sequence))) == [1, 2, 3, 4, 5, 6]


def test_what_is_given_back_of_a_statement_gets_a_note_that_names_it(db, own, december):
    statement = issue(db, own, NOVEMBER)
    given = credit(db, charge_of(db, own), 400, 80)
    assert issue_credit_notes(db) == 1 and issue_credit_notes(db) == 0
    note = db.scalars(select(CreditNote)).one()
    assert (note.number, note.statement_number, note.net_minor, note.tax_minor) == (
        "CN-2026-000001", statement.number, 400, 80)
    shown = words(credit_note_pdf(db, note))
    for expected in ("Credit note", note.number, statement.number, "£4.80", "A quiet line", "Birch Dental"):
        assert expected in shown, expected
    december.advance(days=31)
    line = next(each for each in lines_of(db, issue(db, own, DECEMBER)) if each.reference == given.number)
    assert line.kind == "credit" and line.amount_minor == 480
    assert line.note == f"Gives back part of {charge_of(db, own).number} on statement {statement.number}: A quiet line"
    assert issue_credit_notes(db) == 0


def test_what_is_given_back_before_it_was_stated_needs_no_note(db, own, december):
    december.advance(days=-29)
    credit(db, charge_of(db, own), 1000, 200)
    december.advance(days=29)
    statement = issue(db, own, NOVEMBER)
    assert issue_credit_notes(db) == 0
    assert [each.amount_minor for each in lines_of(db, statement) if each.kind == "credit"] == [1200]
    assert statement.taxes == [{"ppm": 200_000, "net_minor": 500, "tax_minor": 100}]


def test_notes_never_exceed_their_charge(db, own, december):
    issue(db, own, NOVEMBER)
    charge = charge_of(db, own)
    credit(db, charge, 600, 120)
    assert issue_credit_notes(db) == 1
    credit(db, charge, 401, 80)
    assert issue_credit_notes(db) == 0
    assert sum(note.net_minor for note in db.scalars(select(CreditNote))) == 600


def test_wholesale_notes_are_the_operators_with_a_series_of_their_own(db, northwind, own, december):
    issue(db, white_label_account(db), NOVEMBER)
    credit(db, charge_of(db, own, book="wholesale"), 400, 80)
    assert issue_credit_notes(db) == 1
    note = db.scalars(select(CreditNote)).one()
    assert note.number == "WCN-2026-000001" and note.seller["name"] == "Highwire Limited"


def test_the_job_writes_both(northwind, clock):
    with transaction(northwind.id) as db:
        own = active(db, customer(db, northwind.plans["desk"], OPTION_1), 5000)
        clock.advance(days=30)
        issue(db, own, NOVEMBER)
        credit(db, charge_of(db, own), 400, 80)
    flows.find_documents({})
    flows.find_documents({})
    with reading(northwind.id) as db:
        assert len(db.scalars(select(Receipt)).all()) == len(db.scalars(select(CreditNote)).all()) == 1
        assert db.scalars(select(Series.last).where(Series.name == "receipt")).one() == 1
        assert len(db.scalars(select(ChargeCredit)).all()) == 1


@pytest.mark.parametrize("name", ["statements.month-ends", "statements.issue", "statements.documents",
                                  "statements.credit-notes"])
def test_the_jobs_are_known(app, name):
    assert name in jobs.registry.handlers
