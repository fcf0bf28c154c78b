"""The export: RFC 4180, cells that no spreadsheet runs, the currency's own decimal places, memory that stays flat."""

import csv
import io
import tracemalloc
from datetime import date
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given, strategies as st

from portal.finance.exports import COLUMNS, charges_csv
from portal.finance.queries import Filter
from portal.kit.db import reading, transaction
from portal.kit.money import plain, plainly
from portal.kit.sheets import cell, safe
from tests.accounts.making import active, customer, plan, white_label_in
from tests.cast import on_sqlite
from tests.finance.conftest import NOVEMBER, bare


def exported(tenant, wanted=NOVEMBER):
    with reading(tenant.id) as db:
        text = "".join(charges_csv(db, wanted))
    return text, list(csv.DictReader(io.StringIO(text, newline="")))


class TestTheFile:
    def test_it_has_a_header_and_a_line_a_charge_oldest_first(self, desk, northwind):
        for n in (9, 5):
            desk.charge("Birch", date(2026, 11, n))
        text, rows = exported(northwind)
        assert text.splitlines()[0] == ",".join(COLUMNS)
        assert [row["day"] for row in rows] == ["2026-11-02", "2026-11-05", "2026-11-09"]

    def test_each_column_says_what_it_is(self, desk, northwind):
        made = desk.charge("Birch", date(2026, 11, 9), net=400, tax=80, retail=1000, first_day=date(2026, 11, 9),
                           last_day=date(2026, 12, 8))
        _, rows = exported(northwind)
        assert rows[-1] == {
            "day": "2026-11-09", "charge": made.number, "customer_number": "101-0003", "customer": "Birch",
            "description": "Desk Phone", "period_from": "2026-11-09", "period_to": "2026-12-08", "currency": "GBP",
            "wholesale_net": "4.00", "wholesale_tax": "0.80", "wholesale_gross": "4.80", "retail_net": "10.00",
            "margin": "6.00", "journal_source": f"charge:{made.account_id}:plan:{made.period_key}:wholesale",
            "replaces": ""}

    def test_what_replaces_a_charge_names_it(self, desk, northwind):
        """A credit of either names none. Red when the key of the first time is taken for every one after it."""
        of = {key: desk.charge("Birch", date(2026, 11, 9), period_key=key) for key in
              ("2026-11-09", "2026-11-09~all", "2026-11-09+1", "2026-11-09+1~all", "2026-11-09+2")}
        desk.charge("Cedar", date(2026, 11, 9), period_key="2026-11-09+1")
        found = {row["charge"]: row["replaces"] for row in exported(northwind)[1]}
        assert {key: found[made.number] for key, made in of.items()} == {
            "2026-11-09": "", "2026-11-09~all": "", "2026-11-09+1": of["2026-11-09"].number, "2026-11-09+1~all": "",
            "2026-11-09+2": of["2026-11-09+1"].number}
        assert [number for number in found.values() if number] == [of["2026-11-09"].number, of["2026-11-09+1"].number]

    def test_lines_end_as_the_standard_says_and_odd_text_survives(self, desk, northwind):
        name = 'Birch, "Sons" & Co; naïve\u2014漢字'
        desk.charge(name, date(2026, 11, 9))
        text, rows = exported(northwind)
        assert text.endswith("\r\n") and text.count("\r\n") == 3 and "\n" not in text.replace("\r\n", "")
        assert rows[-1]["customer"] == name

    def test_a_charge_of_nothing_has_no_journal_source(self, desk, northwind):
        desk.charge("Birch", date(2026, 11, 9), net=0, tax=0)
        _, rows = exported(northwind)
        assert (rows[-1]["wholesale_gross"], rows[-1]["journal_source"]) == ("0.00", "")

    def test_nothing_that_fits_is_a_header_alone(self, northwind, cast):
        assert exported(northwind, Filter(date(2020, 1, 1), date(2020, 2, 1)))[0] == ",".join(COLUMNS) + "\r\n"

    def test_it_holds_what_the_page_shows(self, desk, browse, fiona):
        desk.charge("Birch", date(2026, 11, 9))
        desk.charge("Cedar", date(2026, 11, 9))
        answer = browse(fiona).get("/finance/charges.csv?month=2026-11&q=cedar")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == "attachment; filename=charges-2026-11.csv"
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert [row["customer"] for row in rows] == ["Cedar"]
        assert answer.headers["Cache-Control"] == "no-store"


class TestSafeCells:
    @pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\0"])
    def test_text_that_begins_like_a_formula_is_quoted(self, begin):
        """OWASP ASVS 1.2.10. Red when text goes into the file as it is."""
        assert safe(f"{begin}cmd|' /C calc'!A0") == f"'{begin}cmd|' /C calc'!A0"

    def test_a_customer_named_like_one_does_nothing_in_a_spreadsheet(self, desk, northwind):
        desk.charge('=HYPERLINK("http://evil.example","Pay")', date(2026, 11, 9), description="+1-2@SUM(A1)")
        _, rows = exported(northwind)
        assert rows[-1]["customer"].startswith("'=HYPERLINK") and rows[-1]["description"] == "'+1-2@SUM(A1)"

    def test_numbers_stay_numbers_below_zero_as_well(self, desk, northwind):
        desk.charge("Birch", date(2026, 11, 9), net=5000, retail=1000)
        _, rows = exported(northwind)
        assert rows[-1]["margin"] == "-40.00" and Decimal(rows[-1]["margin"]) == -40

    @given(st.text(max_size=30))
    def test_no_text_at_all_begins_like_one(self, text):
        assert not safe(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0"))
        assert safe(text) in (text, f"'{text}")


@pytest.mark.parametrize(("currency", "shown"), [("JPY", "1234"), ("KWD", "1.234"), ("GBP", "12.34")])
def test_amounts_have_the_places_of_their_currency(database, cast, clock, currency, shown):
    """Red when every currency is divided by a hundred."""
    tenant = white_label_in(currency, "far.localhost", credit_minor=10**6)
    with transaction(tenant.id) as db:
        active(db, customer(db, plan(db, wholesale_minor=1234).id))
    _, (row,) = exported(tenant)
    assert (row["currency"], row["wholesale_net"], row["wholesale_gross"]) == (currency, shown, shown)


class TestMemory:
    def many(self, desk, first, last):
        account_id = desk.customer("Birch")
        with transaction(desk.tenant.id) as db:
            db.add_all(bare(desk.tenant, account_id, f"m{n}", description="Phone " * 15) for n in range(first, last))

    def peak(self, tenant):
        with reading(tenant.id) as db:
            tracemalloc.start()
            lines = sum(part.count("\r\n") for part in charges_csv(db, NOVEMBER))
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return lines, peak

    @on_sqlite
    def test_it_stays_flat_however_many_there_are(self, desk, northwind):
        """Red when the rows are listed before they are written."""
        self.many(desk, 0, 1500)
        _, small = self.peak(northwind)
        self.many(desk, 1500, 6000)
        lines, large = self.peak(northwind)
        assert lines == 6002 and large < 1.5 * small

    def test_the_first_lines_come_before_the_last_are_read(self, desk, northwind):
        self.many(desk, 0, 1100)
        with reading(northwind.id) as db:
            parts = charges_csv(db, NOVEMBER)
            (first,) = islice(parts, 1)
            assert first.count("\r\n") == 501
            assert sum(part.count("\r\n") for part in parts) == 1102 - 501


class TestCells:
    """The export writes its cells itself. They must be those of the standard library's writer."""

    @given(st.text(alphabet=st.one_of(st.sampled_from('",\r\n\'=+-@ \t;a'), st.characters(codec="utf-8")), max_size=12))
    def test_a_cell_is_what_the_writer_makes_of_it(self, text):
        """Red when a quotation mark is not doubled, and when a line end is not quoted."""
        buffer = io.StringIO()
        csv.writer(buffer).writerow(["x", safe(text), "y"])
        assert f"x,{cell(text)},y\r\n" == buffer.getvalue()

    @given(st.integers(-10**13, 10**13), st.sampled_from([0, 2, 3]))
    def test_an_amount_is_plain(self, minor, places):
        assert plainly(places)(minor) == plain(minor, places)
