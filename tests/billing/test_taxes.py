"""The tax of a charge is that of its period's first day: at wholesale from day to day, at retail by place, too."""

from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Address
from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import carry_out, to_agree_minor, work_out
from portal.billing.models import Charge
from portal.billing.proof import wrong_periods
from portal.billing.queries import account_prices, first_invoice_of
from portal.billing.subscriptions import bill, refuse_charged
from portal.billing.wishes import When, Wish
from portal.catalogue import commands as catalogue
from portal.catalogue.commands import ChargedAlready, TooLate, set_tax_rate, withdraw_tax_rate
from portal.catalogue.models import TaxRate
from portal.catalogue.prices import WHOLESALE, Taxed
from portal.kit.bulk import insert_rows
from tests.accounts.making import OPTION_1, active, customer
from tests.billing.making import service
from tests.cast import on_sqlite

CANADA, ONTARIO = Taxed("CA"), Taxed("CA", "ON")


def rate(db, whose, begins, per_cent):
    set_tax_rate(db, whose, begins, per_cent * 10_000, by=COMMAND_LINE)


def lives_in(db, account, country, region):
    """As a row may stand there, older than the check of the field."""
    there = update(Address).where(Address.account_id == account.id, Address.kind == "business")
    db.execute(there.values(country=country, region=region))


def taxed(db, account, book="wholesale", item="plan"):
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.book == book, Charge.item == item)
    return [(str(c.first_day), c.tax_ppm // 10_000, c.tax_minor) for c in db.scalars(wanted.order_by(Charge.number))]


@on_sqlite
class TestWholesale:
    @pytest.mark.parametrize(("begins", "second"), [(date(2026, 12, 2), 25), (date(2026, 12, 3), 20)])
    def test_reaches_periods_that_begin_from_its_day_however_late_they_are_charged(
        self, db, northwind, clock, begins, second
    ):
        """Red when the rate of the day of the run is taken, or the opening one for ever."""
        account = active(db, customer(db, northwind.plans["desk"]))
        rate(db, WHOLESALE, begins, 25)
        clock.advance(days=80)
        bill(db, [account], date(2027, 1, 2))
        assert taxed(db, account) == [
            ("2026-11-02", 20, 80), ("2026-12-02", second, 4 * second), ("2027-01-02", 25, 100)]
        assert wrong_periods(db)[1] == []

    def test_what_was_quoted_across_the_change_is_what_is_charged(self, db, northwind, clock):
        """Red when quote and run read different rates."""
        account, seat = active(db, customer(db, northwind.plans["desk"])), service(db)
        rate(db, WHOLESALE, date(2026, 12, 1), 25)
        made = carry_out(db, account, Wish(seat, 2, When.NEXT), agreed_minor=None, by=COMMAND_LINE)
        assert to_agree_minor(account, made) == 750
        clock.advance(days=40)
        bill(db, [account], date(2026, 12, 2))
        assert taxed(db, account, item="seat") == [("2026-12-02", 25, 150)]

    def test_one_more_of_something_in_a_period_that_runs_has_the_rate_of_the_period(self, db, northwind, clock):
        """As its price does. Red with the rate of the day of the change."""
        account, seat = active(db, customer(db, northwind.plans["desk"])), service(db)
        carry_out(db, account, Wish(seat, 1, When.NOW), agreed_minor=None, by=COMMAND_LINE)
        rate(db, WHOLESALE, date(2026, 11, 10), 25)
        clock.advance(days=15)
        made = work_out(db, account, Wish(seat, 2, When.NOW))
        assert [line.wholesale.tax_ppm for line in made.now.lines] == [200_000, 200_000]

    def test_the_first_invoice_has_the_rate_of_the_first_day(self, db, northwind, clock):
        account = customer(db, northwind.plans["desk"], first_day=date(2026, 11, 20))
        rate(db, WHOLESALE, date(2026, 11, 15), 25)
        assert {line.wholesale.tax_ppm for line in first_invoice_of(db, account).lines} == {250_000}
        assert taxed(db, active(db, account)) == [("2026-11-20", 25, 100)]

    def test_is_not_corrected_once_something_was_charged_at_it(self, db, northwind, clock, monkeypatch):
        """A first day may lie ahead of its activation. Red without the question."""
        monkeypatch.setattr(catalogue, "before_correcting", [refuse_charged])
        rate(db, WHOLESALE, date(2026, 11, 15), 25)
        active(db, customer(db, northwind.plans["desk"], first_day=date(2026, 11, 20)))
        for act in (lambda: rate(db, WHOLESALE, date(2026, 11, 15), 30),
                    lambda: withdraw_tax_rate(db, WHOLESALE, date(2026, 11, 15), by=COMMAND_LINE)):
            with pytest.raises(ChargedAlready):
                act()
        assert db.scalars(select(TaxRate.rate_ppm)).all() == [250_000]

    @pytest.mark.parametrize(("whose", "per_cent", "is_free"), [
        (WHOLESALE, 25, False), (WHOLESALE, 26, True), (Taxed("GB"), 21, False), (Taxed("IE"), 23, True),
        (Taxed("GB"), 19, True),
    ])  # fmt: skip
    def test_what_was_charged_at_other_rates_stops_no_correction(
        self, db, northwind, clock, monkeypatch, whose, per_cent, is_free
    ):
        """A month to come is charged at 25 per cent at wholesale and 21 at retail. Red when any charge of a later day
        counts as one at every rate."""
        monkeypatch.setattr(catalogue, "before_correcting", [refuse_charged])
        rate(db, WHOLESALE, date(2026, 11, 15), 25)
        rate(db, Taxed("GB"), date(2026, 11, 15), 21)
        active(db, customer(db, northwind.plans["desk"], OPTION_1, first_day=date(2026, 11, 20)), paid_minor=5000)
        on = date(2026, 11, 15) if per_cent in (25, 21) else date(2026, 11, 10)
        if on.day == 10:
            rate(db, whose, on, per_cent)
        before = len(db.scalars(select(TaxRate)).all())
        if is_free:
            withdraw_tax_rate(db, whose, on, by=COMMAND_LINE)
            assert len(db.scalars(select(TaxRate)).all()) == before - 1
        else:
            with pytest.raises(ChargedAlready):
                withdraw_tax_rate(db, whose, on, by=COMMAND_LINE)

    def test_a_rate_of_the_other_book_stops_none(self, db, northwind, clock, monkeypatch):
        """Red when the book is not asked."""
        monkeypatch.setattr(catalogue, "before_correcting", [refuse_charged])
        rate(db, WHOLESALE, date(2026, 11, 15), 25)
        rate(db, Taxed("GB"), date(2026, 11, 15), 25)
        active(db, customer(db, northwind.plans["desk"], first_day=date(2026, 11, 20)))
        withdraw_tax_rate(db, Taxed("GB"), date(2026, 11, 15), by=COMMAND_LINE)
        assert [row.side for row in db.scalars(select(TaxRate))] == ["wholesale"]

    @pytest.mark.parametrize("begins", [date(2026, 11, 2), date(2020, 1, 1)])
    def test_no_day_that_has_begun(self, db, clock, begins):
        with pytest.raises(TooLate):
            rate(db, WHOLESALE, begins, 25)


@on_sqlite
class TestByRegion:
    @pytest.fixture
    def account(self, db, northwind, clock):
        rate(db, CANADA, date(2026, 11, 3), 5)
        rate(db, ONTARIO, date(2026, 11, 3), 13)
        clock.advance(days=1)
        return customer(db, northwind.plans["desk"], OPTION_1)

    def pays(self, db, account):
        return account_prices(db, account).retail_tax_ppm // 10_000

    @pytest.mark.parametrize(("country", "region", "per_cent"), [
        ("CA", "ON", 13), ("CA", "on", 13), ("CA", "Ontario", 13), ("CA", " oNTARIO ", 13), ("CA", "ON\n", 13),
        ("CA", "Province of Ontario", 13), ("CA", "QC", 5), ("CA", "", 5), ("CA", "Onatrio", 5), ("US", "ON", 20),
        ("GB", "Ontario", 20),
    ])
    def test_the_regions_goes_before_the_countrys_and_that_before_the_products(
        self, db, account, country, region, per_cent
    ):
        """Red when the stored words are compared as they stand: rows are older than the check of their field, and a
        region that is misspelled counts as none."""
        lives_in(db, account, country, region)
        assert self.pays(db, account) == per_cent

    def test_a_region_of_the_same_code_elsewhere_is_another_one(self, db, account, northwind, clock):
        """SE is Sergipe in Brazil and Sevilla in Spain. Red when the country is left out of the key."""
        rate(db, Taxed("BR", "SE"), date(2026, 11, 4), 17)
        clock.advance(days=1)
        lives_in(db, account, "BR", "Sergipe")
        assert self.pays(db, account) == 17
        lives_in(db, account, "ES", "Sevilla")
        assert self.pays(db, account) == 20

    def test_an_exempt_customer_pays_none_there_either(self, db, account):
        lives_in(db, account, "CA", "ON")
        account.tax_exemption = "Embassy"
        assert self.pays(db, account) == 0

    def test_neighbours_who_buy_the_same_pay_each_their_own(self, db, account, northwind):
        """Red when the price book keeps what it worked out under the country alone."""
        other = customer(db, northwind.plans["desk"], OPTION_1)
        for each, region in ((account, "Ontario"), (other, "QC")):
            lives_in(db, each, "CA", region)
            active(db, each, paid_minor=5000)
        bill(db, [account, other], date(2026, 12, 3))
        assert [ppm for _, ppm, _ in taxed(db, account, "retail")] == [13, 13]
        assert [ppm for _, ppm, _ in taxed(db, other, "retail")] == [5, 5]
        assert [ppm for _, ppm, _ in taxed(db, account)] == [20, 20]

    def test_each_is_withdrawn_alone(self, db, account):
        rate(db, CANADA, date(2026, 12, 1), 6)
        rate(db, ONTARIO, date(2026, 12, 1), 14)
        withdraw_tax_rate(db, ONTARIO, date(2026, 12, 1), by=COMMAND_LINE)
        left = db.scalars(select(TaxRate).where(TaxRate.valid_from == date(2026, 12, 1))).one()
        assert left.whose == CANADA


@pytest.mark.parametrize("values", [
    {"side": "wholesale", "country": "GB"}, {"side": "wholesale", "region": "ON"}, {"side": "retail"},
    {"side": "neither", "country": "GB"}, {"country": "GB", "rate_ppm": 1_000_001},
])
def test_the_database_refuses_a_rate_that_is_nobodys(db, values):
    row = {"country": "", "region": "", "side": "retail", "valid_from": date(2027, 1, 1), "rate_ppm": 1, "set_by": "x"}
    with pytest.raises(IntegrityError), db.begin_nested():
        insert_rows(db, TaxRate, [row | values])
    of_canada, of_ontario = row | {"country": "CA"}, row | {"country": "CA", "region": "ON"}
    insert_rows(db, TaxRate, [of_canada, of_ontario, row | {"side": "wholesale"}])
    with pytest.raises(IntegrityError), db.begin_nested():
        insert_rows(db, TaxRate, [of_ontario])
