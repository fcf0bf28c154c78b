"""Amounts are whole minor units; what people type is read strictly; tax is rounded once, by one rule."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from portal.kit.money import MAX_MINOR, PPM, Money, NotAnAmount, exponent, parse, percent, tax_on

CURRENCIES = ("GBP", "NZD", "JPY", "KWD", "ISK", "UGX", "RSD")


@pytest.mark.parametrize(("typed", "currency", "minor"), [
    ("50", "GBP", 5000), ("50.00", "GBP", 5000), ("0.01", "GBP", 1), (".5", "GBP", 50), ("1,250.00", "GBP", 125_000),
    (" 1 250 ", "NZD", 125_000), ("1,000,000", "GBP", 100_000_000), ("007", "GBP", 700), ("50.0000", "GBP", 5000),
    ("1\u00a0250.5", "GBP", 125_050), ("5000", "JPY", 5000), ("5,000", "JPY", 5000), ("1.234", "KWD", 1234),
    ("500.25", "RSD", 50_025), ("10", "ISK", 10),
])
def test_amounts_that_are_read(typed, currency, minor):
    assert parse(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize("typed", [
    "", " ", "-1", "−1", "+1", "0", "0.00", "-0", "NaN", "nan", "inf", "Infinity", "1e400", "1e2", "1E2", "0x10",
    "1_000", "0.001", "1.005", "1000000000000000000", "10000000000", "99999999999999999999999", "1.2.3", ".", ",",
    "1..2", "$5", "5 GBP", "٥٠", "５０", "¹²", "½", "一", "50,00", "1.250,00", "1,2,3", "12,34,567", ",500", "1,25.00",
    "5\n0", "5\x000", "'; drop table users; --", "=1+1", "٫5", "1٬000",
])
def test_amounts_that_are_refused(typed):
    """`50,00` is fifty to half the world: reading it as five thousand would take a hundred times too much."""
    with pytest.raises(NotAnAmount):
        parse(typed, "GBP")


@pytest.mark.parametrize(("typed", "currency"), [("5.5", "JPY"), ("0.5", "JPY"), ("1.2345", "KWD"), ("1.005", "NZD")])
def test_more_places_than_the_currency_has_are_refused(typed, currency):
    with pytest.raises(NotAnAmount, match="decimal places"):
        parse(typed, currency)


def test_an_amount_ends_below_the_largest():
    assert parse("9,999,999,999.99", "GBP").minor == MAX_MINOR - 1
    with pytest.raises(NotAnAmount):
        parse("10,000,000,000.00", "GBP")


@given(st.text(max_size=30), st.sampled_from(CURRENCIES))
def test_whatever_is_typed_is_read_or_refused(typed, currency):
    try:
        money = parse(typed, currency)
    except NotAnAmount:
        return
    assert 0 < money.minor < MAX_MINOR and isinstance(money.minor, int)


@given(st.integers(1, MAX_MINOR - 1), st.sampled_from(CURRENCIES))
def test_what_is_printed_plainly_is_read_back(minor, currency):
    assert parse(f"{Money(minor, currency).decimal():,f}", currency).minor == minor


@pytest.mark.parametrize(("currency", "places"), [
    ("GBP", 2), ("EUR", 2), ("NZD", 2), ("JPY", 0), ("KRW", 0), ("VND", 0), ("CLP", 0), ("UGX", 0), ("ISK", 0),
    ("KWD", 3), ("BHD", 3), ("TND", 3), ("IQD", 3), ("RSD", 2), ("ALL", 2), ("LBP", 2), ("MMK", 2), ("COP", 2),
])
def test_places_are_those_of_the_standard(currency, places):
    """ISO 4217, and not what people use in daily life: locale data says 0 for RSD, ALL, LBP, MMK and IQD."""
    assert exponent(currency) == places


@pytest.mark.parametrize(("money", "locale", "words"), [
    (Money(123_456, "GBP"), "en_GB", "£1,234.56"), (Money(-500, "GBP"), "en_GB", "−£5.00"),
    (Money(5000, "JPY"), "ja_JP", "￥5,000"), (Money(1234, "KWD"), "en", "KWD1.234"),
    (Money(123_456, "EUR"), "de_DE", "1.234,56\u00a0€"), (Money(99_900, "NZD"), "en_NZ", "$999.00"),
    (Money(50_000, "RSD"), "en", "RSD500.00"),
])
def test_money_in_words(money, locale, words):
    assert money.words(locale).replace(" ", "\u00a0") == words


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.integers(-MAX_MINOR, MAX_MINOR))
def test_sums_are_exact(a, b):
    total = Money(a, "GBP") + Money(b, "GBP")
    assert total.minor == a + b and total - Money(b, "GBP") == Money(a, "GBP") and -total == Money(-a - b, "GBP")


def test_currencies_do_not_mix():
    with pytest.raises(ValueError, match="do not add"):
        Money(1, "GBP") + Money(1, "NZD")
    with pytest.raises(ValueError, match="do not add"):
        Money(1, "GBP") - Money(1, "NZD")


@pytest.mark.parametrize(("net", "rate", "tax"), [
    (1000, 200_000, 200), (1, 200_000, 0), (2, 200_000, 0), (3, 200_000, 1), (5, 100_000, 1), (15, 100_000, 2),
    (-5, 100_000, -1), (1003, 88_750, 89), (0, 200_000, 0), (999, 0, 0), (10**12 - 1, 999_999, 999_998_999_999),
])
def test_tax_is_rounded_half_away_from_zero(net, rate, tax):
    assert tax_on(net, rate) == tax


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.integers(0, PPM))
def test_tax_is_the_nearest_whole_number(net, rate):
    tax, exact = tax_on(net, rate), Fraction(net * rate, PPM)
    assert abs(tax - exact) <= Fraction(1, 2) and tax_on(-net, rate) == -tax


@pytest.mark.parametrize(("rate", "words"), [(200_000, "20%"), (88_750, "8.875%"), (0, "0%"), (1_000_000, "100%")])
def test_a_rate_in_words(rate, words):
    assert percent(rate) == words


def test_decimals_are_exact():
    assert Money(1, "KWD").decimal() == Decimal("0.001") and Money(7, "JPY").decimal() == 7
