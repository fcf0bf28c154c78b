"""One truth four times: the ledger, the statement, its CSV and its PDF say the same to the minor unit."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings as trying, strategies as st
from pypdf import PdfReader

from portal.accounts.queries import white_label_account
from portal.kit.money import exponent
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.statements import document
from portal.statements.commands import issue
from portal.statements.document import statement_document, statement_pdf
from portal.statements.exports import statement_csv
from portal.statements.pdf import GAP, to_pdf
from portal.statements.statement import PRICED
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money
from tests.accounts.making import OPTION_1, OPTION_2, active, charge_month, customer, pay
from tests.statements.conftest import DECEMBER, JANUARY, NOVEMBER, journal, lines_of

NASTY = (
    '#panic("x") *bold* _it_ $x$ `raw` <label> @ref // no', 'Quote " and \' and \\ back',
    "= Heading\n- list", "שלום בע\"מ", "شركة الهاتف", "Smile 🙂 GmbH", "日本電話", "\u202eevil",
    "Łódź & Ωmega", "#{1+1} [x]",
)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def called(name, account):
    account.name = name
    return account


def rows_of(db, statement):
    return list(csv.DictReader(io.StringIO("".join(statement_csv(db, statement.id)))))


def minor(words: str, currency: str) -> int:
    return round(float(words) * 10 ** exponent(currency))


def squeezed(words: str) -> str:
    return re.sub(r"\s", "", words)


def agree(db, statement, account, book):
    """Shown red with any one amount of the template, the CSV or the statement's row changed."""
    tenant, lines = white_label(db), lines_of(db, statement)
    entries = journal(db, account, book)
    assert {line.entry_id: line.amount_minor for line in lines if line.entry_id}.items() <= entries.items()
    assert all(line.amount_minor == 0 for line in lines if line.entry_id is None)
    assert statement.closing_minor == statement.opening_minor + sum(line.amount_minor for line in lines)
    opening, *rows, closing = rows_of(db, statement)
    assert [minor(row["amount"], statement.currency) for row in rows] == [line.amount_minor for line in lines]
    if book is Book.WHOLESALE:
        priced = [(line.retail_minor, line.retail_minor - line.net_minor) for line in lines if line.kind in PRICED]
        sides = [(row["retail_net"], row["margin"]) for row in rows if row["retail_net"]]
        assert [tuple(minor(side, statement.currency) for side in each) for each in sides] == priced
    assert minor(opening["balance"], statement.currency) == statement.opening_minor
    assert minor(closing["balance"], statement.currency) == statement.closing_minor
    assert (rows[-1] if rows else opening)["balance"] == closing["balance"]
    shown = squeezed(text_of(statement_pdf(db, statement)))
    for line in lines:
        assert squeezed(money(line.amount_minor, tenant)) in shown
        assert line.reference in shown
    total = [squeezed(money(each, tenant)) for each in (statement.opening_minor, statement.paid_minor)]
    assert all(words in shown for words in total) and statement.number in shown
    assert f"Closingbalance,{squeezed(document.sheet_of(db, statement).summary[-1][0].partition(',')[2])}" in shown
    assert squeezed(document.sheet_of(db, statement).closing) in shown


def test_a_year_agrees_for_every_account(db, northwind, clock):
    """Customers of both options who pay and are charged, month after month."""
    own = [called(name, active(db, customer(db, northwind.plans["desk"], OPTION_1), 9000)) for name in NASTY[:4]]
    called(NASTY[4], active(db, customer(db, northwind.plans["desk"], OPTION_2)))
    ours, month = white_label_account(db), NOVEMBER
    for n in range(1, 13):
        for place, account in enumerate(own):
            charge_month(db, account, n)
            if (n + place) % 3 == 0:
                pay(db, account, 1000 + 37 * n + place)
        clock.moment = month.end("Europe/London")
        for account, book in [*((account, Book.RETAIL) for account in own), (ours, Book.WHOLESALE)]:
            statement = issue(db, account, month)
            agree(db, statement, account, book)
            assert statement.closing_minor == credit_minor(db, book, account.id)
        month = month.following
        clock.advance(days=1)


@pytest.mark.parametrize("name", NASTY)
def test_names_are_shown_as_they_are_and_never_run(db, northwind, clock, name):
    account = called(name, active(db, customer(db, northwind.plans["desk"], OPTION_1), 5000))
    clock.advance(days=30)
    statement = issue(db, account, NOVEMBER)
    pdf = statement_pdf(db, statement)
    shown = squeezed(text_of(pdf))
    if name.isascii():
        assert squeezed(name) in shown
    assert b"pdfaid" in pdf or "pdfaid" in str(PdfReader(io.BytesIO(pdf)).xmp_metadata.rdf_root.toxml())
    agree(db, statement, account, Book.RETAIL)


def test_letters_that_no_font_has_become_boxes(db, own, december):
    statement = issue(db, own, NOVEMBER)
    made = statement_document(db, statement)
    made["buyer"] = ["Private \U000f0000 use", "Bell \x07"]
    shown = text_of(to_pdf(made, statement.issued_at))
    assert f"Private {GAP} use" in shown and f"Bell {GAP}" in shown


def test_it_is_pdf_a_2b_with_a_title_and_page_numbers(db, own, december):
    reader = PdfReader(io.BytesIO(statement_pdf(db, issue(db, own, NOVEMBER))))
    metadata = reader.xmp_metadata.rdf_root.toxml()
    assert re.search(r"pdfaid:part>2<", metadata) and re.search(r"pdfaid:conformance>B<", metadata)
    assert reader.metadata.title == "Statement S-2026-000001"
    assert "1 / 1" in reader.pages[0].extract_text()


def test_the_same_statement_is_the_same_file(db, own, december):
    statement = issue(db, own, NOVEMBER)
    first = statement_pdf(db, statement)
    december.advance(days=9)
    assert statement_pdf(db, statement) == first


def test_it_is_frozen_while_names_move_on(db, own, december):
    statement = issue(db, own, NOVEMBER)
    before = text_of(statement_pdf(db, statement))
    own.name, white_label(db).legal_name = "Other", "Another Limited"
    db.flush()
    assert text_of(statement_pdf(db, statement)) == before and "Birch Dental" in before


def test_a_long_statement_prints_sums_and_says_where_the_lines_are(db, northwind, own, december, monkeypatch):
    monkeypatch.setattr(document, "MOST_ROWS", 3)
    statement = issue(db, white_label_account(db), NOVEMBER)
    assert statement.lines > 3
    shown = text_of(statement_pdf(db, statement))
    assert "Birch Dental" in shown and f"All {statement.lines} lines are in the CSV" in shown
    monkeypatch.setattr(document, "MOST_ROWS", 1)
    assert "Birch Dental" not in text_of(statement_pdf(db, statement))


def test_names_like_formulas_are_no_formulas_in_the_csv(db, northwind, clock):
    called("=cmd|' /C calc'!A0", active(db, customer(db, northwind.plans["desk"], OPTION_2)))
    clock.advance(days=30)
    rows = rows_of(db, issue(db, white_label_account(db), NOVEMBER))
    assert any(row["customer"].startswith("'=cmd") for row in rows)


def test_the_next_statements_open_where_these_closed_in_the_csv_too(db, own, december):
    first = rows_of(db, issue(db, own, NOVEMBER))
    charge_month(db, own, 1)
    december.advance(days=62)
    second = rows_of(db, issue(db, own, DECEMBER) or issue(db, own, JANUARY))
    assert second[0]["balance"] == first[-1]["balance"] and second[0]["kind"] == "opening"


@trying(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@example(words="\r\t")
@example(words='\\ " \'')
def test_no_text_breaks_the_pdf(words):
    made = {
        "lang": "en", "colour": "#0d5c63", "logo": [], "title": "T", "number": words,
        "seller": {"name": words, "trade_name": words, "lines": [words, words]}, "buyer": [words],
        "meta": [[words, words]], "summary": [[words, words]], "columns": document.columns("A", words, "C"),
        "rows": [{"heading": False, "cells": [[words], [words, words], [words]]}], "tax_columns": ["a", "b", "c"],
        "taxes": [[words, words, words]], "notes": [words], "footer": words,
    }
    assert to_pdf(made, datetime(2026, 12, 1, tzinfo=UTC)).startswith(b"%PDF")
