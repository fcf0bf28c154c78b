"""Which price holds on a day: pure values, tried with many lists."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID, uuid4

from hypothesis import given, strategies as st

from portal.catalogue.margins import margin_of
from portal.catalogue.prices import WHOLESALE, Amounts, PriceList, Taxed, TaxRates
from portal.kit.money import net_of, tax_on, tax_within

BEGIN = date(2026, 1, 1)
days = st.integers(0, 400).map(lambda n: BEGIN + timedelta(days=n))
amounts = st.integers(0, 10**9)


@dataclass(frozen=True)
class Product:
    id: UUID
    opening_retail_minor: int = 1000
    opening_retail_setup_minor: int = 10
    opening_wholesale_minor: int = 400
    opening_wholesale_setup_minor: int = 4


@dataclass(frozen=True)
class Row:
    product_id: UUID
    side: str
    source: str
    valid_from: date
    minor: int
    setup_minor: int = 0
    currency: str = "GBP"


@dataclass(frozen=True)
class Rate:
    whose: Taxed
    valid_from: date
    rate_ppm: int


PRODUCT = Product(uuid4())
by_day = st.dictionaries(days, amounts, max_size=8)


def rows(side, source, dated, product=PRODUCT):
    return [Row(product.id, side, source, day, minor) for day, minor in dated.items()]


def naive(dated, day, otherwise):
    """The latest of those that have begun, in the plainest words."""
    begun = [d for d in dated if d <= day]
    return dated[max(begun)] if begun else otherwise


@given(by_day, days)
def test_a_price_holds_from_its_day_until_the_next(dated, day):
    """Red with `bisect_left`: the price would begin a day late."""
    found = PriceList(rows("retail", "own", dated), "GBP").retail(PRODUCT, day)
    assert found.minor == naive(dated, day, 1000)


@given(by_day, by_day, days)
def test_a_white_labels_own_wholesale_price_goes_before_the_default_one(own, default, day):
    """Whichever was set later. Red with the two sources in one row of days."""
    prices = PriceList([*rows("wholesale", "default", default), *rows("wholesale", "own", own)], "GBP")
    assert prices.wholesale(PRODUCT, day).minor == naive(own, day, naive(default, day, 400))


@given(by_day, by_day, days, st.randoms())
def test_the_order_of_the_rows_and_other_products_and_sides_change_nothing(retail, other, day, shuffler):
    stranger = Product(uuid4())
    mixed = [*rows("retail", "own", retail), *rows("wholesale", "own", other), *rows("retail", "own", other, stranger)]
    shuffler.shuffle(mixed)
    alone = PriceList(rows("retail", "own", retail), "GBP")
    assert PriceList(mixed, "GBP").retail(PRODUCT, day) == alone.retail(PRODUCT, day)


@given(by_day, by_day, days)
def test_a_price_in_another_currency_is_not_one_of_these(dated, other, day):
    """Red without the currency in the list: NZ$9.00 would be read as £9.00."""
    there = [replace(row, currency="NZD") for row in rows("retail", "own", other)]
    found = PriceList([*there, *rows("retail", "own", dated)], "GBP")
    assert found.retail(PRODUCT, day).minor == naive(dated, day, 1000)


@given(by_day, days, days, amounts)
def test_a_price_to_come_leaves_every_day_before_it_alone(dated, day, begins, minor):
    """A period that began keeps what it was charged, whatever is set afterwards."""
    before, after = rows("retail", "own", dated), {**dated, begins: minor}
    if day < begins:
        then = PriceList(rows("retail", "own", after), "GBP")
        assert then.retail(PRODUCT, day) == PriceList(before, "GBP").retail(PRODUCT, day)


def test_set_up_comes_with_its_price_and_free_is_a_price():
    prices = PriceList([Row(PRODUCT.id, "retail", "own", BEGIN, 0, 0)], "GBP")
    assert prices.retail(PRODUCT, BEGIN) == Amounts(0, 0)
    assert prices.retail(PRODUCT, BEGIN - timedelta(days=1)) == Amounts(1000, 10)


@given(st.dictionaries(st.tuples(st.sampled_from(["GB", "IE", "DE"]), days), st.integers(0, 10**6), max_size=10),
       st.sampled_from(["GB", "IE", "NZ"]), days)
def test_a_countrys_rate_holds_from_its_day_and_the_products_own_before_it(dated, country, day):
    rates = TaxRates([Rate(Taxed(c), d, ppm) for (c, d), ppm in dated.items()])
    own = {d: ppm for (c, d), ppm in dated.items() if c == country}
    assert rates.retail_ppm(country, "", day, otherwise_ppm=7) == naive(own, day, 7)


PLACES = [Taxed("CA"), Taxed("CA", "ON"), Taxed("CA", "QC"), Taxed("ES"), Taxed("ES", "ON"), WHOLESALE]


@given(st.dictionaries(st.tuples(st.sampled_from(PLACES), days), st.integers(0, 10**6), max_size=12),
       st.sampled_from(["CA", "ES", "NZ", ""]), st.sampled_from(["ON", "QC", "BC", ""]), days)
def test_a_regions_rate_goes_before_its_countrys_and_that_before_the_products_own(dated, country, region, day):
    """Red when the region is asked without its country, or the country first, or wholesale counts as a country of no
    name."""
    def of(whose):
        return {d: ppm for (w, d), ppm in dated.items() if w == whose}
    rates = TaxRates([Rate(whose, d, ppm) for (whose, d), ppm in dated.items()])
    of_country = naive(of(Taxed(country)), day, 7)
    wanted = naive(of(Taxed(country, region)), day, of_country) if region else of_country
    assert rates.retail_ppm(country, region, day, otherwise_ppm=7) == wanted
    assert rates.wholesale_ppm(day, opening_ppm=9) == naive(of(WHOLESALE), day, 9)


@given(amounts, st.integers(0, 10**6))
def test_tax_and_the_rest_are_the_price_with_tax(price, ppm):
    net = net_of(price, ppm, includes_tax=True)
    assert net + tax_within(price, ppm) == price and net_of(price, ppm, includes_tax=False) == price
    assert abs(tax_on(net, ppm) - tax_within(price, ppm)) <= 1


@given(amounts, amounts, st.integers(0, 10**6), st.booleans())
def test_the_margin_is_before_tax_on_both_sides(retail, wholesale, ppm, includes_tax):
    margin = margin_of(Amounts(retail, 0), Amounts(wholesale, 0), ppm, includes_tax=includes_tax)
    assert margin.minor == net_of(retail, ppm, includes_tax=includes_tax) - wholesale
    assert margin.is_loss == (margin.minor < 0)
    assert (margin.percent is None) == (margin.retail_minor == 0)
