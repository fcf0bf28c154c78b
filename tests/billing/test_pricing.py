"""The first invoice as a value: which lines, at which prices, and taxes whose parts sum to the whole."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from portal.billing.period import nth_period
from portal.billing.pricing import Prices, first_invoice, needed_funding_minor, plan_line, share_of
from portal.kit.money import tax_on

DAY = date(2026, 11, 2)


def prices(**given):
    none = dict.fromkeys(
        ("retail_minor", "retail_setup_minor", "wholesale_minor", "wholesale_setup_minor", "minimum_funding_minor",
         "retail_tax_ppm", "wholesale_tax_ppm"), 0)
    return Prices(name="Desk Phone", currency="GBP", **{**none, **given})


class TestLines:
    def test_set_up_comes_first_and_once_then_the_first_month(self):
        invoice = first_invoice(prices(retail_minor=1000, retail_setup_minor=500, wholesale_minor=400), DAY)
        assert [(line.item, line.description, line.period_key) for line in invoice.lines] == [
            ("setup", "Desk Phone, set-up", "once"), ("plan", "Desk Phone", "2026-11-02")]
        assert [line.retail.net_minor for line in invoice.lines] == [500, 1000]
        assert [line.wholesale.net_minor for line in invoice.lines] == [0, 400]

    def test_a_plan_without_set_up_has_one_line(self):
        assert [line.item for line in first_invoice(prices(retail_minor=1), DAY).lines] == ["plan"]

    def test_a_set_up_that_only_one_side_pays_is_a_line(self):
        invoice = first_invoice(prices(wholesale_setup_minor=200, retail_minor=1000), DAY)
        assert [(line.item, line.retail.net_minor, line.wholesale.net_minor) for line in invoice.lines] == [
            ("setup", 0, 200), ("plan", 1000, 0)]

    def test_what_costs_nobody_anything_is_no_line(self):
        assert first_invoice(prices(), DAY).lines == ()
        assert [line.item for line in first_invoice(prices(retail_setup_minor=5), DAY).lines] == ["setup"]

    def test_a_later_month_has_no_set_up(self):
        later = plan_line(prices(retail_minor=1000, retail_setup_minor=500), nth_period(DAY, 3))
        assert (later.item, later.retail.net_minor, later.period_key) == ("plan", 1000, "2027-02-02")


class TestTax:
    @pytest.mark.parametrize(("net", "ppm", "tax"), [
        (1000, 200_000, 200), (1, 200_000, 0), (2, 200_000, 0), (3, 200_000, 1), (5, 100_000, 1), (15, 100_000, 2),
        (25, 100_000, 3), (999, 88_750, 89), (10_001, 150_000, 1500), (10_003, 150_000, 1500), (10_010, 150_000, 1502),
        (0, 200_000, 0), (10**11, 1_000_000, 10**11),
    ])
    def test_half_a_penny_is_rounded_up_once_a_line(self, net, ppm, tax):
        """Red with a banker's rounding, which gives 2 for both 1.5 and 2.5; and with floating point."""
        line = plan_line(prices(retail_minor=net, retail_tax_ppm=ppm), nth_period(DAY, 0))
        assert (line.retail.tax_minor, line.retail.gross_minor, line.retail.tax_ppm) == (tax, net + tax, ppm)

    def test_each_side_has_its_own(self):
        both = prices(retail_minor=1000, wholesale_minor=1000, retail_tax_ppm=50_000, wholesale_tax_ppm=200_000)
        (line,) = first_invoice(both, DAY).lines
        assert (line.retail.tax_minor, line.wholesale.tax_minor) == (50, 200)


MINOR = st.integers(0, 10**9)
PPM = st.integers(0, 1_000_000)
ANY_PRICES = st.builds(
    Prices, name=st.just("Plan"), currency=st.sampled_from(["GBP", "JPY", "KWD"]), retail_minor=MINOR,
    retail_setup_minor=MINOR, wholesale_minor=MINOR, wholesale_setup_minor=MINOR, minimum_funding_minor=MINOR,
    retail_tax_ppm=PPM, wholesale_tax_ppm=PPM)


@given(ANY_PRICES, st.dates(date(2020, 1, 1), date(2050, 1, 1)))
def test_the_parts_always_sum_to_the_whole(drawn, day):
    """Red when tax is worked out on the total instead of on each line."""
    invoice = first_invoice(drawn, day)
    for book, total in (("wholesale", invoice.wholesale_minor), ("retail", invoice.retail_minor)):
        sides = [getattr(line, book) for line in invoice.lines]
        assert total == sum(side.net_minor for side in sides) + sum(side.tax_minor for side in sides)
        assert total == sum(side.gross_minor for side in sides)
    assert sum(line.retail.net_minor for line in invoice.lines) == drawn.retail_minor + drawn.retail_setup_minor
    assert sum(line.wholesale.net_minor for line in invoice.lines) == (
        drawn.wholesale_minor + drawn.wholesale_setup_minor)
    assert all(line.retail.net_minor or line.wholesale.net_minor for line in invoice.lines)


@given(MINOR, PPM)
def test_tax_is_the_nearest_whole_amount(net, ppm):
    exact = Fraction(net * ppm, 1_000_000)
    tax = tax_on(net, ppm)
    assert abs(tax - exact) <= Fraction(1, 2)
    assert tax - exact != Fraction(-1, 2), "half is rounded away from zero"


@given(ANY_PRICES)
def test_the_least_payment_covers_the_invoice_and_the_plans_minimum(drawn):
    invoice = first_invoice(drawn, DAY)
    needed = needed_funding_minor(drawn, invoice)
    assert needed >= invoice.retail_minor and needed >= drawn.minimum_funding_minor
    assert needed in (invoice.retail_minor, drawn.minimum_funding_minor)


@given(minor=st.integers(0, 10**9), anchor=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
       day=st.one_of(st.integers(1, 28), st.just(31)))
def test_a_share_of_a_month_is_its_days_and_never_more_than_the_month(minor, anchor, day):
    period = nth_period(anchor, 0, day)
    share = share_of(minor, period)
    assert 0 <= share <= minor and (share == minor or not period.is_whole)
    assert abs(share * period.whole_days - minor * period.days) * 2 <= period.whole_days
