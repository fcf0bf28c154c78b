"""The list of charges: by month and customer, searched, and paged by key so that each row is shown once."""

import random
import re
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings as examples, strategies as st

from portal.accounts.models import Account, Membership
from portal.audit.commands import COMMAND_LINE
from portal.billing.credits import credit_whole, issue_again
from portal.billing.models import Charge
from portal.billing.queries import charges_of
from portal.finance import queries
from portal.finance.queries import PAGE, Filter, all_charges, charges_page
from portal.kit.db import reading, transaction
from portal.kit.paging import Place
from portal.ledger.entry import Book
from tests.accounts.making import OPTION_2, active, customer
from tests.cast import on_sqlite
from tests.finance.conftest import NOVEMBER, bare
from tests.signup.browsing import words


def found(tenant, wanted=NOVEMBER):
    with reading(tenant.id) as db:
        return [row.number for row in charges_page(db, wanted).rows]


class TestByMonth:
    def test_a_month_holds_its_days_from_the_first_to_the_last(self, desk, northwind):
        inside = [desk.charge("Birch", date(2026, 11, n)).number for n in (1, 30)]
        for outside in (date(2026, 10, 31), date(2026, 12, 1)):
            desk.charge("Birch", outside)
        assert set(inside) <= set(found(northwind)) and len(found(northwind)) == 3

    def test_the_newest_comes_first(self, desk, northwind):
        for n in (3, 9, 5):
            desk.charge("Birch", date(2026, 11, n))
        with reading(northwind.id) as db:
            shown = [row.day.day for row in charges_page(db, NOVEMBER).rows]
        assert shown == [9, 5, 3, 2]

    def test_only_wholesale_is_listed(self, desk, northwind, cast):
        """The retail charges of Option 1 are the customer's; finance reads their memo."""
        assert found(northwind) == ["C-000001"]


class TestByCustomer:
    def test_only_that_customer(self, desk, northwind):
        ours = desk.charge("Birch", date(2026, 11, 5))
        desk.charge("Cedar", date(2026, 11, 5))
        assert found(northwind, replace(NOVEMBER, customer=desk.customers["Birch"])) == [ours.number]

    @pytest.mark.parametrize("whose", ["another white label", "nobody"])
    def test_a_foreign_customer_shows_nothing_and_looks_like_none(self, desk, northwind, kauri, whose):
        """Red when the filter is trusted to lie within the tenant."""
        foreign = uuid4()
        if whose == "another white label":
            with transaction(kauri.id) as db:
                foreign = customer(db, kauri.plans["desk"], name="Pohutukawa").id
        with reading(northwind.id) as db:
            wanted = replace(NOVEMBER, customer=foreign)
            assert charges_page(db, wanted).rows == [] and queries.totals(db, wanted).count == 0
            assert queries.totals_by_customer(db, wanted) == [] and list(all_charges(db, wanted)) == []


class TestSearch:
    @pytest.mark.parametrize(("words_", "hits"), [
        ("birch", 1), ("BIRCH", 1), ("set-up", 1), ("C-000102", 1), ("c-0001", 2), ("101-0003", 1),
        ("nothing like it", 0), ("100%", 1), ("_", 0), ("%", 1), ("\\", 0), ("'; drop table charge", 0),
    ])
    def test_finds_in_names_numbers_and_descriptions(self, desk, northwind, words_, hits):
        """`%` and `_` are themselves. Red without the escape: every row would fit."""
        desk.charge("Birch Dental", date(2026, 11, 5))
        desk.charge("Cedar 100% Organic", date(2026, 11, 6), description="Line, set-up", item="setup")
        assert len(found(northwind, replace(NOVEMBER, words=words_))) == hits


    @pytest.mark.parametrize("typed", ["MÜLLER", "müller", "LEITUNG FÜR ÖL", "für öl"])
    def test_finds_small_letters_and_capitals_of_any_script(self, desk, northwind, typed):
        """Red on SQLite when the database folds by itself."""
        desk.charge("Müller Dental", date(2026, 11, 5), description="Leitung für Öl")
        desk.charge("Cedar", date(2026, 11, 6))
        assert len(found(northwind, replace(NOVEMBER, words=typed))) == 1


class TestPaging:
    def walk(self, tenant, wanted, backwards=False):
        """Every page's rows, from the first page to the last or back."""
        with reading(tenant.id) as db:
            pages, page = [], charges_page(db, wanted)
            while True:
                pages.append([(row.day, row.id) for row in page.rows])
                key = page.newer if backwards else page.older
                if key is None:
                    return pages, page
                page = charges_page(db, replace(wanted, place=Place(after=key) if backwards else Place(before=key)))

    def fill(self, desk, many):
        """All on two days, so that the day alone never tells two rows apart."""
        account_id = desk.customer("Birch")
        with transaction(desk.tenant.id) as db:
            db.add_all(bare(desk.tenant, account_id, f"x{n}", date(2026, 11, 5 + n % 2)) for n in range(many))

    @pytest.mark.parametrize("many", [0, PAGE - 1, PAGE, 2 * PAGE - 1, 2 * PAGE + 7])
    def test_forward_and_back_show_each_row_once(self, desk, northwind, many):
        """Red when a page is cut by day alone, or by an offset while rows come in."""
        self.fill(desk, many)
        pages, last = self.walk(northwind, NOVEMBER)
        rows = [row for page in pages for row in page]
        assert len(rows) == len(set(rows)) == many + 1 and rows == sorted(rows, reverse=True)
        assert all(len(page) == PAGE for page in pages[:-1])
        if len(pages) > 1:
            with reading(northwind.id) as db:
                newest = charges_page(db, replace(NOVEMBER, place=Place(after=last.newer)))
            assert [(r.day, r.id) for r in newest.rows] == pages[-2]

    def test_all_the_way_back_ends_at_the_first_page(self, desk, northwind):
        self.fill(desk, 2 * PAGE + 7)
        forward, last = self.walk(northwind, NOVEMBER)
        back, first = self.walk(northwind, replace(NOVEMBER, place=Place(after=last.newer)), backwards=True)
        assert back == forward[:-1][::-1]
        assert first.newer is None and first.older is not None

    def test_a_row_that_comes_in_meanwhile_moves_nothing(self, desk, northwind):
        self.fill(desk, PAGE + 5)
        with reading(northwind.id) as db:
            first = charges_page(db, NOVEMBER)
            behind = replace(NOVEMBER, place=Place(before=first.older))
            second = [row.id for row in charges_page(db, behind).rows]
        desk.charge("Cedar", date(2026, 11, 28))
        with reading(northwind.id) as db:
            assert [row.id for row in charges_page(db, behind).rows] == second

    @examples(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.integers(1, 3), max_size=40), st.integers(1, 7), st.integers())
    @on_sqlite
    def test_whatever_the_days_and_the_size_of_a_page(self, desk, northwind, drawn, size, seed):
        account_id = desk.customer("Birch")
        chosen = random.Random(seed)
        with pytest.MonkeyPatch.context() as patch, pytest.raises(ZeroDivisionError), transaction(northwind.id) as db:
            patch.setattr(queries, "PAGE", size)
            db.add_all(bare(northwind, account_id, f"y{n}", date(2026, 11, day)) for n, day in enumerate(drawn))
            db.flush()
            rows, page = [], charges_page(db, NOVEMBER)
            while page.older is not None:
                rows += [row.id for row in page.rows]
                page = charges_page(db, replace(NOVEMBER, place=Place(before=page.older)))
                if chosen.random() < 0.3:  # a step back and forth again changes nothing
                    back = charges_page(db, replace(NOVEMBER, place=Place(after=page.newer)))
                    assert [row.id for row in back.rows] == rows[-len(back.rows):]
            rows += [row.id for row in page.rows]
            assert len(rows) == len(set(rows)) == len(drawn) + 1
            raise ZeroDivisionError


class TestThePage:
    def test_it_shows_a_line_with_its_month_and_its_figures(self, desk, browse, fiona):
        desk.charge("Birch <b>", date(2026, 11, 5), net=400, tax=80, retail=1000, first_day=date(2026, 11, 5),
                    last_day=date(2026, 12, 4))
        answer = browse(fiona).get("/finance/charges")
        assert "5 Nov 2026 Birch <b> Desk Phone, 5 Nov to 4 Dec 2026 C-000101 £4.00 £0.80 £10.00 £6.00" in words(answer)
        assert "Birch &lt;b&gt;" in answer.text and "Birch <b>" not in answer.text

    @on_sqlite
    def test_one_charge_is_one(self, desk, browse, fiona):
        """Red with `1 charges`."""
        assert "This page, 1 charge £" in words(browse(fiona).get("/finance/charges"))

    @on_sqlite
    def test_older_and_newer_lead_through_all_of_it(self, desk, browse, fiona):
        TestPaging().fill(desk, PAGE + 3)
        browser = browse(fiona)
        first = browser.get("/finance/charges?q=desk")
        older = re.search(r'href="(/finance/charges\?[^"]*before=[^"]*)"', first.text)[1].replace("&amp;", "&")
        second = browser.get(older)
        assert "This page, 3 charges" in words(second) and "q=desk" in older
        newer = re.search(r'href="(/finance/charges\?[^"]*after=[^"]*)"', second.text)[1].replace("&amp;", "&")
        assert "This page, 50 charges" in words(browser.get(newer))

    @on_sqlite
    def test_only_a_loss_is_marked_not_what_is_given_back(self, desk, browse, fiona):
        """Red when every margin below zero is a loss: each credit looked like an alarm."""
        def marked():
            return browse(fiona).get("/finance/charges?month=2026-11&q=Birch").text.count("money-neg")

        desk.charge("Birch", date(2026, 11, 9), net=-400, tax=-80, retail=-1000)
        assert marked() == 0
        desk.charge("Birch", date(2026, 11, 9), net=400, tax=80, retail=100)
        assert marked() == 1

    def test_an_empty_month_says_so_and_leads_on(self, desk, browse, fiona):
        page = words(browse(fiona).get("/finance/charges?month=2020-02"))
        assert "No charges fit" in page and "Charges, February 2020" in page and "Show the present month" in page

    @on_sqlite
    @pytest.mark.parametrize("query", ["month=2026-13", "month=may", "customer=x", "before=x", "after=2026-11-05_1"])
    def test_what_cannot_be_read_is_refused(self, browse, fiona, desk, query):
        assert browse(fiona).get(f"/finance/charges?{query}").status_code == 400
        assert browse(fiona).get(f"/finance/charges.csv?{query}").status_code == 400


class TestMonths:
    def options(self, answer):
        return re.findall(r'<option value="(20\d\d-\d\d)"', answer.text)

    def test_reach_from_now_back_to_the_first_charge_without_a_gap(self, desk, browse, fiona):
        desk.charge("Birch", date(2026, 8, 31))
        assert self.options(browse(fiona).get("/finance/charges")) == ["2026-11", "2026-10", "2026-09", "2026-08"]

    @on_sqlite
    def test_over_the_turn_of_a_year(self, desk, browse, fiona, clock):
        clock.advance(days=80)
        assert self.options(browse(fiona).get("/finance/charges")) == ["2027-01", "2026-12", "2026-11"]

    @on_sqlite
    def test_without_any_charge_there_is_the_present_one(self, browse, charlie, clock):
        with transaction(charlie.white_label_id) as db:
            db.query(Membership).filter_by(user_id=charlie.id).one().role = "finance"
        assert self.options(browse(charlie).get("/finance/charges")) == ["2026-11"]

    @on_sqlite
    def test_the_present_one_is_the_white_labels_own(self, browse, charlie, clock):
        """Half past eleven on 30 November in London is December in Auckland."""
        clock.advance(days=28, hours=13.5)
        assert "Charges, December 2026" in words(browse(charlie).get("/finance/charges"))


class TestWhoMayLook:
    @pytest.mark.parametrize(("who", "status"), [("fiona", 200), ("bob", 200), ("alice", 403), ("charlie", 200)])
    def test_finance_and_administrators_of_this_white_label(self, browse, cast, desk, who, status):
        browser = browse(getattr(cast, who))
        assert browser.get("/finance/charges").status_code == status
        assert browser.get("/finance/charges.csv").status_code == status

    def test_another_white_label_sees_none_of_it(self, desk, browse, charlie):
        desk.charge("Birch", date(2026, 11, 5))
        browser = browse(charlie)
        for address in ("/finance/charges", f"/finance/charges?customer={desk.customers['Birch']}"):
            assert "Birch" not in browser.get(address).text
        assert browser.get("/finance/charges.csv").text.count("\r\n") == 1


def test_a_filter_of_no_days_finds_nothing(desk, northwind):
    assert found(northwind, Filter(date(2026, 11, 2), date(2026, 11, 2))) == []


class TestALineOpens:
    """To customer, plan, tax and the entry behind it; the address says which."""

    def open(self, browser, answer):
        href = re.search(r'class="row-open" href="(/finance/charges\?[^"]*line=[^"]*)"', answer.text)[1]
        return browser.get(href.replace("&amp;", "&").partition("#")[0])

    @on_sqlite
    def test_to_what_stands_behind_it(self, northwind, browse, bob, fiona, clock):
        with transaction(northwind.id) as db:
            active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Birch Dental"))
        browser = browse(fiona)
        opened = self.open(browser, browser.get("/finance/charges"))
        said = words(opened)
        for line in ("Customer Birch Dental, account", "Plan Desk Phone", "VAT, 20% £0.80", "Journal entry charge:",
                     "Line 1, white-label account £4.80"):
            assert line in said, line
        assert 'href="/customers/' not in opened.text, "finance cannot open a customer"
        assert 'class="row-open" href="/finance/charges' in opened.text and 'aria-label="Hide C-' in opened.text
        admin = browse(bob)
        assert 'href="/customers/' in self.open(admin, admin.get("/finance/charges")).text

    @on_sqlite
    def test_to_the_charge_that_replaces_it_and_back(self, northwind, browse, fiona, clock):
        """Each link opens the other, though it stands in another month. Red when the link keeps to this month."""
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Birch Dental"))
            (first,) = [c for c in charges_of(db, account.id, Book.WHOLESALE) if c.item == "plan"]
            credit_whole(db, account, first, reason="Wrong name", by=COMMAND_LINE)
        clock.advance(days=40)
        with transaction(northwind.id) as db:
            issue_again(db, db.locked(Account, account.id), db.load(Charge, first.id), by=COMMAND_LINE)
        browser = browse(fiona)
        opened = browser.get(f"/finance/charges?month=2026-11&line={first.id}")
        assert "Given back by C-" in words(opened)
        there = browser.get(self.tie(opened, "Replaced by"))
        assert f"Replaces {first.number}" in words(there) and "Charges, December 2026" in words(there)
        back = browser.get(self.tie(there, "Replaces"))
        assert "Replaced by C-" in words(back) and "Charges, November 2026" in words(back)

    def tie(self, answer, label):
        return re.search(rf'{label} <a href="([^"#]*)', answer.text)[1].replace("&amp;", "&")

    @on_sqlite
    @pytest.mark.parametrize("line", ["x", "1"])
    def test_a_line_that_cannot_be_read_is_refused(self, browse, fiona, line):
        assert browse(fiona).get(f"/finance/charges?line={line}").status_code == 400

    @on_sqlite
    def test_another_tenants_line_opens_nothing(self, northwind, browse, charlie, clock):
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Birch Dental"))
            line = charges_of(db, account.id, Book.WHOLESALE)[0].id
        assert "Birch" not in browse(charlie).get(f"/finance/charges?line={line}").text
