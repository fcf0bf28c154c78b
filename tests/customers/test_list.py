"""The list of customers: found, filtered, paged by key."""

import re
from dataclasses import replace
from uuid import UUID

import pytest

from portal.accounts import commands as accounts
from portal.accounts.queries import primary_user
from portal.customers import queries
from portal.customers.queries import PAGE, Search, counts_by_state, customers_page
from portal.kit.db import reading, transaction
from portal.kit.paging import Place
from tests.accounts.making import OPTION_1, OPTION_2, active, charge_month, customer
from tests.cast import on_sqlite
from tests.customers.conftest import rows
from tests.signup.browsing import value, words


def names(tenant, **search):
    with reading(tenant.id) as db:
        return [account.name for account in customers_page(db, Search(**search)).rows]


@pytest.fixture
def four(northwind, clock, bob):
    """One in each state, a minute apart."""
    with transaction(northwind.id) as db:
        for name in ("Birch", "Cedar", "Dogwood", "Elm"):
            clock.advance(minutes=1)
            account = customer(db, northwind.plans["desk"], OPTION_1 if name == "Birch" else OPTION_2, name=name)
            if name != "Birch":
                active(db, account)
            if name == "Dogwood":
                accounts.suspend(db, account, reason="Unpaid", by=bob.actor)
            if name == "Elm":
                accounts.close(db, account, reason="Gone", by=bob.actor)


class TestFilter:
    @pytest.mark.parametrize(("state", "expected"), [
        ("", ["Elm", "Dogwood", "Cedar", "Birch", "Acme Limited"]), ("inactive", ["Birch"]),
        ("active", ["Cedar", "Acme Limited"]), ("suspended", ["Dogwood"]), ("closed", ["Elm"]),
        ("nonsense", ["Elm", "Dogwood", "Cedar", "Birch", "Acme Limited"]),
    ])
    def test_by_state_the_newest_first(self, four, northwind, state, expected):
        assert names(northwind, state=state) == expected

    @pytest.mark.parametrize(("by", "expected"), [
        ("customer", ["Birch", "Acme Limited"]), ("white_label", ["Elm", "Dogwood", "Cedar"])])
    def test_by_who_set_it_up(self, four, northwind, by, expected):
        assert names(northwind, administration=by) == expected

    def test_by_both_and_words(self, four, northwind):
        assert names(northwind, administration="white_label", state="active", words="ced") == ["Cedar"]
        assert names(northwind, administration="customer", words="ced") == []

    def test_it_counts_what_there_is(self, four, northwind):
        with reading(northwind.id) as db:
            assert counts_by_state(db) == {"active": 2, "inactive": 1, "suspended": 1, "closed": 1}


class TestSearch:
    @pytest.mark.parametrize(("typed", "hits"), [
        ("birch", ["Birch"]), ("BIRCH.EXAMPLE", ["Birch"]), ("101-0004", ["Cedar"]), ("alice@acme", ["Acme Limited"]),
        ("office-101-0003", ["Birch"]), ("nobody", []), ("%", []), ("_", []), ("\\", []), ("' or 1=1 --", []),
    ])
    def test_in_names_domains_numbers_and_e_mails(self, four, northwind, typed, hits):
        """`%` and `_` are themselves. Red without the escape: everything would fit."""
        assert names(northwind, words=typed) == hits

    @pytest.mark.parametrize(("name", "typed"), [
        ("Müller & Söhne", "MÜLLER & SÖHNE"), ("ÉCOLE", "école"), ("Телефон", "ТЕЛЕФОН"), ("ТЕЛЕФОН", "телефон"),
    ])
    def test_in_small_letters_or_capitals_of_any_script(self, northwind, clock, name, typed):
        """Red on SQLite when the database folds by itself: it knows no letters but those of ASCII."""
        with transaction(northwind.id) as db:
            account = customer(db, northwind.plans["desk"], name="Later")
            account.name = name
            primary_user(db, account.id).email = f"desk@{name.split()[0]}.example"
        assert names(northwind, words=typed) == [name]
        assert names(northwind, words=f"DESK@{typed.split()[0]}.EXAMPLE") == [name]

    @pytest.mark.parametrize("typed", ["BÜCHER.example", "XN--BCHER-KVA.example"])
    def test_in_domains_as_well(self, northwind, clock, typed):
        with transaction(northwind.id) as db:
            customer(db, northwind.plans["desk"], name="Books").primary_domain = "xn--bcher-kva.example"
        assert names(northwind, words=typed) == ["Books"]

    def test_a_domain_is_found_as_it_is_shown(self, northwind, clock):
        """Kept in its ASCII form, read in the other. Red when only the kept form is compared."""
        with transaction(northwind.id) as db:
            account = customer(db, northwind.plans["desk"], name="Books")
            account.primary_domain = "xn--bcher-kva.example"
        assert names(northwind, words="bücher.example") == names(northwind, words="xn--bcher") == ["Books"]

    def test_another_white_labels_customers_are_never_found(self, four, kauri, cast):
        assert names(kauri, words="birch") == [] and names(kauri) == []


class TestPaging:
    def fill(self, tenant, many):
        """All created in one moment, so that the time alone never tells two apart."""
        with transaction(tenant.id) as db:
            for n in range(many):
                customer(db, tenant.plans["desk"], name=f"Customer {n:03d}")

    @pytest.mark.parametrize("many", [0, 5, 6, 17])
    def test_forward_and_back_show_each_once(self, northwind, clock, monkeypatch, many):
        """Red when a page is cut by time alone, or by counting from the start."""
        monkeypatch.setattr(queries, "PAGE", 6)
        self.fill(northwind, many)
        with reading(northwind.id) as db:
            pages, page = [], customers_page(db, Search())
            while True:
                pages.append([account.id for account in page.rows])
                if page.older is None:
                    break
                page = customers_page(db, Search(place=Place(before=page.older)))
            flat = [id for page in pages for id in page]
            assert len(flat) == len(set(flat)) == many + 1
            for expected in reversed(pages[:-1]):
                page = customers_page(db, Search(place=Place(after=page.newer)))
                assert [account.id for account in page.rows] == expected
            assert page.newer is None

    @on_sqlite
    def test_over_the_pages_themselves(self, northwind, clock, browse, bob):
        self.fill(northwind, PAGE + 4)
        browser = browse(bob)
        first = browser.get("/customers?by=white_label&q=customer")
        older = re.search(r'href="(/customers\?[^"]*before=[^"]*)"', first.text)[1].replace("&amp;", "&")
        second = browser.get(older)
        newer = re.search(r'href="(/customers\?[^"]*after=[^"]*)"', second.text)[1].replace("&amp;", "&")
        assert len(rows(first)) == PAGE and len(rows(second)) == 4 and "by=white_label" in older
        assert rows(browser.get(newer)) == rows(first)

    @on_sqlite
    @pytest.mark.parametrize("key", [
        "x", "2026-11-02", "2026-11-02T10:00:00+00:00_1", f"0001-01-01T00:00:00+23:00_{UUID(int=0)}",
        f"9999-12-31T23:59:59-23:00_{UUID(int=0)}",
    ])
    def test_a_key_that_cannot_be_read_is_refused(self, browse, bob, clock, key):
        """The last two are moments before the first and after the last that can be told in UTC."""
        browser = browse(bob)
        for name in ("before", "after"):
            assert browser.get("/customers", query_string={name: key}).status_code == 400


class TestALine:
    def test_says_name_number_domain_state_what_it_waits_for_plan_and_credit(self, four, browse, bob):
        found = rows(browse(bob).get("/customers"))
        assert found[3] == (
            "Birch 101-0003 birch.example Waiting The portal: the activation letter is on its way since today"
            " Desk Phone £0.00 today")
        assert found[2].endswith("Cedar 101-0004 cedar.example Active Nothing Desk Phone Paid by you today")
        assert "Suspended Suspended since today" in found[1]

    def test_a_debt_is_marked(self, northwind, browse, bob, clock):
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans["desk"], OPTION_1), paid_minor=2000)
            charge_month(db, account, 1)
        answer = browse(bob).get("/customers")
        assert "money-neg" in answer.text and "−£10.00" in rows(answer)[0]

    @on_sqlite
    def test_the_search_is_kept_in_its_fields(self, four, browse, bob):
        page = browse(bob).get("/customers?q=%3Cb%3E&state=active&by=customer")
        assert value(page, "q") == "<b>" and "No customer fits" in words(page) and "<b>" not in page.text

    @on_sqlite
    def test_without_any_customer_it_says_how_to_begin(self, browse, charlie, clock):
        page = words(browse(charlie).get("/customers"))
        assert "No customers yet" in page and "0 accounts 0 inactive" in page

    @on_sqlite
    @pytest.mark.parametrize(("who", "status"), [("bob", 200), ("fiona", 403), ("alice", 403)])
    def test_only_administrators_see_it(self, browse, cast, who, status):
        assert browse(getattr(cast, who)).get("/customers").status_code == status


def test_a_page_keeps_its_search(four, northwind, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    with reading(northwind.id) as db:
        first = customers_page(db, Search(administration="white_label"))
        rest = customers_page(db, replace(Search(administration="white_label"), place=Place(before=first.older)))
    assert [a.name for a in first.rows + rest.rows] == ["Elm", "Dogwood", "Cedar"]
