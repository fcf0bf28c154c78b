"""The sums beside the list are those of the ledger, whatever was charged."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings as examples, strategies as st
from sqlalchemy import select

from portal.billing.models import ChargeTotal
from portal.finance.queries import Filter, charges_page, totals, totals_by_customer
from portal.kit.db import PLATFORM, reading, transaction
from portal.ledger.commands import post
from portal.ledger.entry import Book, charge as entry_of, credit_of
from portal.ledger.queries import balance_minor
from portal.verify import verify
from tests.accounts.making import customer
from tests.finance.conftest import NOVEMBER, bare
from tests.signup.browsing import words

ALL = Filter(date(2000, 1, 1), date(2099, 1, 1))
AMOUNT = st.integers(0, 10**7)
CHARGES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 70), AMOUNT, AMOUNT, AMOUNT), max_size=14)


class _Undo(Exception):
    pass


def add(db, tenant, accounts, n, drawn):
    which, after, net, tax, retail = drawn
    account = accounts[which]
    made = bare(tenant, account.id, f"z{n}", date(2026, 10, 1) + timedelta(days=after), net, tax, retail)
    if net + tax:
        source = f"charge:{account.id}:plan:z{n}:wholesale"
        made.entry_id = post(db, entry_of(Book.WHOLESALE, source, tenant.account_id, net_minor=net, tax_minor=tax,
                                          currency="GBP", description="Desk Phone"))
    db.add(made)
    db.flush()


@examples(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHARGES)
def test_they_equal_the_ledger(northwind, drawn):
    """Sums of the list's rows, by customer and in all, against the lines of the wholesale book."""
    with pytest.raises(_Undo), transaction(northwind.id) as db:
        accounts = [customer(db, northwind.plans["desk"], name=name) for name in ("Birch", "Cedar", "Dogwood")]
        before = {code: balance_minor(db, Book.WHOLESALE, code)
                  for code in (credit_of(northwind.account_id), "sales", "tax")}
        known = totals(db, ALL)
        for n, each in enumerate(drawn):
            add(db, northwind, accounts, n, each)
        sums = totals(db, ALL)
        moved = {code: balance_minor(db, Book.WHOLESALE, code) - was for code, was in before.items()}
        net, tax = sums.wholesale_minor - known.wholesale_minor, sums.tax_minor - known.tax_minor
        assert moved == {credit_of(northwind.account_id): net + tax, "sales": -net, "tax": -tax}
        by_customer = totals_by_customer(db, ALL)
        assert sum(row.wholesale_minor for row in by_customer) == sums.wholesale_minor
        assert sum(row.retail_minor for row in by_customer) == sums.retail_minor
        assert sum(row.charges for row in by_customer) == sums.count == known.count + len(drawn)
        assert sums.margin_minor == sums.retail_minor - sums.wholesale_minor
        until, since = Filter(ALL.first, date(2026, 11, 1)), Filter(date(2026, 11, 1), ALL.next_first)
        assert totals(db, until).wholesale_minor + totals(db, since).wholesale_minor == sums.wholesale_minor
        raise _Undo


def test_they_count_everything_that_matches_and_not_only_the_page(desk, northwind):
    """Red when the sums are taken from the rows of the page."""
    account_id = desk.customer("Birch")
    with transaction(northwind.id) as db:
        db.add_all(bare(northwind, account_id, f"p{n}", net=10, tax=2, retail=25) for n in range(130))
    wanted = replace(NOVEMBER, customer=account_id)
    with reading(northwind.id) as db:
        assert len(charges_page(db, wanted).rows) == 50
        sums = totals(db, wanted)
    assert (sums.count, sums.customers, sums.wholesale_minor, sums.tax_minor, sums.retail_minor, sums.margin_minor) == (
        130, 1, 1300, 260, 3250, 1950)


def test_the_dearest_customer_comes_first_and_equal_ones_by_name(desk, northwind):
    for name, net in (("Cedar", 500), ("Birch", 500), ("Dogwood", 900)):
        desk.charge(name, date(2026, 11, 9), net=net)
    with reading(northwind.id) as db:
        assert [row.name for row in totals_by_customer(db, NOVEMBER)] == ["Dogwood", "Birch", "Cedar", "Acme Limited"]


def test_nothing_is_nothing_and_not_none(kauri):
    with reading(kauri.id) as db:
        sums = totals(db, NOVEMBER)
    assert (sums.count, sums.wholesale_minor, sums.tax_minor, sums.retail_minor, sums.margin_minor) == (0, 0, 0, 0, 0)


class TestOnThePage:
    def test_the_tiles_say_what_the_month_cost_and_what_is_left(self, desk, browse, fiona):
        desk.charge("Birch", date(2026, 11, 9), net=2600, tax=520, retail=6000)
        page = words(browse(fiona).get("/finance/charges"))
        assert "Wholesale £30.00 2 charges, 2 customers, and £6.00 tax" in page
        assert "Retail £60.00" in page and "Margin £30.00 50% of retail, before tax" in page
        # 500.00 opening credit, less Acme's 4.80 and this 31.20.
        assert "White-label account £464.00 £464.00 can still be charged" in page
        assert "2 match: wholesale £30.00, retail £60.00" in page

    def test_a_month_that_lost_money_says_by_how_much(self, desk, browse, fiona):
        desk.charge("Birch", date(2026, 11, 9), net=5000, retail=1000)
        page = words(browse(fiona).get(f"/finance/charges?customer={desk.customers['Birch']}"))
        assert "Margin −£40.00 -400% of retail, before tax" in page

    def test_the_chart_names_the_first_five_and_counts_the_others(self, desk, browse, fiona):
        for n in range(7):
            desk.charge(f"Customer {n}", date(2026, 11, 9), net=1000 + n)
        page = words(browse(fiona).get("/finance/charges"))
        assert "Customer 6" in page and "3 others" in page


class TestTheMaintainedTotals:
    """What the page shows without adding up: kept by triggers, whichever way charges are inserted."""

    @staticmethod
    def both(db, wanted):
        """The maintained sums, and the same from the rows (words that fit everything leave the sums out)."""
        kept = totals(db, wanted), totals_by_customer(db, wanted)
        return kept, (totals(db, replace(wanted, words="e")), totals_by_customer(db, replace(wanted, words="e")))

    def test_they_are_what_the_rows_add_up_to(self, desk, northwind, kauri, cast):
        for n, (name, day) in enumerate([
            ("Birch", date(2026, 10, 31)), ("Birch", date(2026, 11, 1)), ("Cedar", date(2026, 11, 30)),
            ("Birch", date(2026, 11, 30)), ("Cedar", date(2026, 12, 1)),
        ]):
            desk.charge(name, day, net=100 * n + 1, tax=n, retail=7 * n)
        many = desk.customer("Elder")
        with transaction(northwind.id) as db:
            db.add_all(bare(northwind, many, f"e{n}", date(2026, 11, 1 + n % 28), net=n, retail=2 * n)
                       for n in range(60))
        with reading(northwind.id) as db:
            kept, added = self.both(db, NOVEMBER)
            assert kept == added and kept[0].count == 64
            one = replace(NOVEMBER, customer=many)
            assert totals(db, one) == totals(db, replace(one, words="e")) and totals(db, one).count == 60
        with reading(kauri.id) as db:
            assert totals(db, NOVEMBER).count == 0

    def test_verify_names_one_that_drifted(self, desk, northwind):
        """Red when the trigger is left out, and when verify does not add up again."""
        desk.charge("Birch", date(2026, 11, 5))
        birch = desk.customer("Birch")
        with transaction(PLATFORM) as db:
            total = db.scalars(select(ChargeTotal).where(ChargeTotal.account_id == birch)).one()
            total.net_minor += 1
        (found,) = [f for f in verify() if f.what == "monthly totals"]
        assert len(found.differences) == 1 and "is not the sum of its charges" in found.differences[0]
        with transaction(PLATFORM) as db:
            db.delete(db.scalars(select(ChargeTotal).where(ChargeTotal.account_id == birch)).one())
        (found,) = [f for f in verify() if f.what == "monthly totals"]
        assert "is missing" in found.differences[0]
