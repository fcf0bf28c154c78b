"""Documents as the typst template takes them: nothing but words, so that a page, a PDF and a test read the same."""

from dataclasses import asdict
from typing import Any

from portal.kit.db import TenantSession
from portal.kit.money import percent
from portal.statements.models import CreditNote, Receipt, Statement
from portal.statements.pages import LineWords, customer_words, line_words, party_lines, sheet_of
from portal.statements.pdf import to_pdf
from portal.statements.queries import customer_sums, lines_of, total_of
from portal.whitelabels.colour import text_colour
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import kept_logo, operator, white_label
from portal.whitelabels.words import day, money

MOST_ROWS = 2000
"""Of a longer statement the PDF has a row a customer, and of one with more customers only the sums: the CSV has all."""

Document = dict[str, Any]


def statement_pdf(db: TenantSession, statement: Statement) -> bytes:
    return to_pdf(statement_document(db, statement), statement.issued_at)


def statement_document(db: TenantSession, statement: Statement) -> Document:
    sheet, tenant = sheet_of(db, statement), white_label(db)
    rows, is_short = _rows(db, statement, tenant)
    notes = [*sheet.notes, *([] if is_short else [f"All {statement.lines} lines are in the CSV of this statement."])]
    last = ["Amount", "Retail", "Margin"] if sheet.is_wholesale else ["Amount", "Balance"]
    return {
        **frame(db, statement.seller, statement.book),
        "title": sheet.title,
        "number": sheet.number,
        **_parties(statement.seller, statement.buyer, tenant),
        "meta": sheet.meta,
        "summary": sheet.summary,
        "columns": columns("Day", "What", "Net", tenant.tax_name, *last),
        "rows": [_row(line, is_wholesale=sheet.is_wholesale) for line in rows],
        "tax_columns": [f"{tenant.tax_name} rate", "Net", tenant.tax_name],
        "taxes": [list(rate) for rate in sheet.taxes],
        "notes": notes,
        "footer": f"{sheet.seller[0]}, statement {sheet.number}",
    }


def receipt_pdf(db: TenantSession, receipt: Receipt) -> bytes:
    return to_pdf(receipt_document(db, receipt), receipt.issued_at)


def receipt_document(db: TenantSession, receipt: Receipt) -> Document:
    tenant = white_label(db)
    amount = money(receipt.amount_minor, tenant)
    meta = [
        ("Number", receipt.number),
        ("Paid", day(receipt.day, tenant)),
        ("Account", receipt.buyer["number"]),
        ("Payment", receipt.reference),
    ]
    return {
        **frame(db, receipt.seller, "retail"),
        **_parties(receipt.seller, receipt.buyer, tenant),
        **_without_lines("Receipt", receipt.number, meta),
        "summary": [
            (f"Paid by card, {receipt.card}" if receipt.card else "Paid by card", amount),
            ("Received", amount),
        ],
        "notes": ["Thank you. The money is credit on the account; what it was used for stands on the statements."],
        "footer": f"{receipt.seller['name']}, receipt {receipt.number}",
    }


def credit_note_pdf(db: TenantSession, note: CreditNote) -> bytes:
    return to_pdf(credit_note_document(db, note), note.issued_at)


def credit_note_document(db: TenantSession, note: CreditNote) -> Document:
    tenant = white_label(db)
    meta = [
        ("Number", note.number),
        ("Day", day(note.day, tenant)),
        ("Account", note.buyer["number"]),
        ("Statement", note.statement_number),
    ]
    return {
        **frame(db, note.seller, note.book),
        **_parties(note.seller, note.buyer, tenant),
        **_without_lines("Credit note", note.number, meta),
        "summary": [
            (note.description, money(note.net_minor, tenant)),
            (f"{tenant.tax_name}, {percent(note.tax_ppm)}", money(note.tax_minor, tenant)),
            ("Credited", money(note.net_minor + note.tax_minor, tenant)),
        ],
        "notes": [
            f"This corrects statement {note.statement_number}. The amount is credit on the account.",
            *([f"Reason: {note.reason}"] if note.reason else []),
        ],
        "footer": f"{note.seller['name']}, credit note {note.number}",
    }


def _parties(seller: dict[str, Any], buyer: dict[str, Any], tenant: WhiteLabel) -> Document:
    return {
        "seller": {
            "name": seller["name"],
            "trade_name": seller["trade_name"],
            "lines": party_lines(seller, tenant),
        },
        "buyer": party_lines(buyer, tenant),
    }


def _without_lines(title: str, number: str, meta: list[tuple[str, str]]) -> Document:
    empty: Document = {"columns": [], "rows": [], "tax_columns": [], "taxes": []}
    return {"title": title, "number": number, "meta": meta, **empty}


def frame(db: TenantSession, seller: dict[str, Any], book: str) -> Document:
    """What every document has: the seller's colour and logo of that day."""
    return {
        "lang": white_label(db).english.partition("_")[0],
        "colour": text_colour(seller["colour"]),
        "logo": list(kept_logo(db, _logo_of(db, seller, book)) or b""),
    }


def _logo_of(db: TenantSession, seller: dict[str, Any], book: str) -> str | None:
    """The digest that the document names; one from before they did has the logo of the day on which they began to."""
    if "logo" in seller:
        return str(seller["logo"])
    brand = white_label(db) if book == "retail" else operator(db)
    return brand.early_logo_digest if brand is not None else None


def columns(*labels: str) -> list[dict[str, Any]]:
    """The first is a day, the second takes what room there is, the others are figures."""
    return [{"label": label, "wide": n == 1, "figures": n > 1} for n, label in enumerate(labels)]


def _rows(db: TenantSession, statement: Statement, tenant: WhiteLabel) -> tuple[list[LineWords], bool]:
    if statement.lines <= MOST_ROWS:
        return line_words(db, statement, lines_of(db, statement)), True
    if statement.book != "wholesale":
        return [], False
    sums = customer_sums(db, statement, limit=MOST_ROWS + 1)
    shown = [*(sums if len(sums) <= MOST_ROWS else []), total_of(db, statement)]
    return [customer_words(each, tenant) for each in shown], False


def _row(line: LineWords, *, is_wholesale: bool) -> Document:
    words = asdict(line)
    names = ("net", "tax", "amount", "retail", "margin") if is_wholesale else ("net", "tax", "amount", "balance")
    cells = [[line.day], [line.what, *line.subs], *([words[name]] for name in names)]
    return {"heading": line.heading, "cells": cells}
