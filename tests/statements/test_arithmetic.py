"""What holds for any lines at all."""

from datetime import date

from hypothesis import given, strategies as st

from portal.kit.ids import new_id
from portal.statements.statement import CHARGE, CREDIT, PAYMENT, PRICED, REFUND, Line, Month, balance, in_order, taxes

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
NAMES = st.sampled_from(["", "acme, 1", "Acme, 2", "Ärger, 3"])


@st.composite
def lines(draw):
    net, tax = draw(st.integers(0, 10**9)), draw(st.integers(0, 10**8))
    kind = draw(st.sampled_from([CHARGE, CREDIT, PAYMENT, REFUND]))
    if kind not in PRICED:
        amount = net + 1 if kind == PAYMENT else -net - 1
        return Line(new_id(), kind, draw(DAYS), "", "x", amount)
    sign = 1 if kind == CHARGE else -1
    return Line(new_id(), kind, draw(DAYS), "", "x", -sign * (net + tax), customer=draw(NAMES), net_minor=sign * net,
                tax_minor=sign * tax, tax_ppm=draw(st.sampled_from([0, 50_000, 200_000])))


@given(st.integers(-10**9, 10**9), st.lists(lines(), max_size=30))
def test_closing_is_opening_and_lines_and_the_summary_adds_up_to_it(opening, some):
    found, rates = balance(opening, some), taxes(some)
    assert found.closing_minor == opening + sum(line.amount_minor for line in some)
    assert found.charged_minor == -sum(rate.net_minor + rate.tax_minor for rate in rates)
    assert len({rate.ppm for rate in rates}) == len(rates)


@given(st.lists(lines(), max_size=20), st.randoms())
def test_the_order_does_not_depend_on_how_the_lines_came(some, chance):
    mixed = list(some)
    chance.shuffle(mixed)
    assert in_order(mixed) == in_order(some)


@given(DAYS)
def test_months_tile(day):
    month = Month.of(day)
    assert month.first_day <= day <= month.last_day
    assert month.following.before == month
    assert month.end("Pacific/Auckland") < month.end("UTC") < month.end("America/Los_Angeles")
