"""A document keeps the logo of the day on which it was issued, whatever its seller uses later."""

import io

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.audit.commands import COMMAND_LINE
from portal.kit.db import PLATFORM, transaction
from portal.operator.commands import set_logo
from portal.statements.commands import issue
from portal.statements.document import frame, receipt_document, receipt_pdf, statement_document, statement_pdf
from portal.statements.models import Receipt
from portal.statements.receipts import issue_missing_receipts
from portal.whitelabels.logo import read_logo
from portal.whitelabels.models import KeptLogo
from portal.whitelabels.queries import white_label
from tests.cast import on_sqlite
from tests.statements.conftest import NOVEMBER


def logo_in(db, colour):
    upload = io.BytesIO()
    Image.new("RGB", (40, 20), colour).save(upload, "PNG")
    png, digest = read_logo(upload.getvalue())
    set_logo(db, png, digest, by=COMMAND_LINE)
    db.flush()
    return list(png)


@on_sqlite
def test_what_was_issued_keeps_its_logo_and_is_the_same_file(db, own, december):
    """Red with today's logo: yesterday's statement would look as if it came from another company."""
    red = logo_in(db, "red")
    issue_missing_receipts(db)
    statement, receipt = issue(db, own, NOVEMBER), db.query(Receipt).one()
    files = statement_pdf(db, statement), receipt_pdf(db, receipt)
    blue = logo_in(db, "blue")
    assert red != blue
    for document in (statement_document(db, statement), receipt_document(db, receipt)):
        assert document["logo"] == red
    assert (statement_pdf(db, statement), receipt_pdf(db, receipt)) == files


@on_sqlite
def test_what_was_issued_without_one_stays_without(db, own, december):
    statement = issue(db, own, NOVEMBER)
    logo_in(db, "red")
    assert statement_document(db, statement)["logo"] == []


@on_sqlite
def test_a_document_from_before_logos_were_kept_has_the_one_of_that_day(db, own, december):
    """Its seller names none, and it cannot be changed. Red when the missing name means no logo, or today's."""
    statement = issue(db, own, NOVEMBER)
    red = logo_in(db, "red")
    white_label(db).early_logo_digest = white_label(db).logo_digest
    logo_in(db, "blue")
    seller = {name: words for name, words in statement.seller.items() if name != "logo"}
    assert frame(db, seller, "retail")["logo"] == red
    assert frame(db, seller, "wholesale")["logo"] == []


def test_a_kept_logo_stays_as_it_is(northwind):
    """Red without the triggers."""
    with transaction(northwind.id) as db:
        logo_in(db, "red")
        logo_in(db, "blue")
        logo_in(db, "red")
        assert db.query(KeptLogo).count() == 2
    for act in ("delete from kept_logo", "update kept_logo set kept_at = kept_at"):
        with pytest.raises(DBAPIError, match=r"append-only|permission denied"), transaction(PLATFORM) as db:
            db.execute(text(act))
