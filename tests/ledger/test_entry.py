"""An entry refuses to exist unless it balances. Pure: no database."""

import subprocess
import sys
from dataclasses import FrozenInstanceError
from uuid import uuid4

import pytest
from hypothesis import given, strategies as st

from portal.ledger import entry
from portal.ledger.entry import Book, Entry, Line, Unbalanced, credit_of
from tests.house.source import ROOT

PAYER = uuid4()


def made(*lines):
    return Entry(Book.RETAIL, "test:1", "GBP", "A test", tuple(Line(code, amount) for code, amount in lines))


def test_it_holds_lines_that_sum_to_zero():
    assert sum(line.amount_minor for line in made(("a", 5), ("b", -3), ("c", -2)).lines) == 0


@pytest.mark.parametrize("lines", [
    [], [("a", 0)], [("a", 5)], [("a", 5), ("b", -4)], [("a", 5), ("b", -5), ("c", 0)], [("a", 5), ("a", -5)],
    [("a", 0), ("b", 0)], [("a", 10**18), ("b", -(10**18) + 1)],
])
def test_what_does_not_balance_or_says_nothing_is_refused(lines):
    with pytest.raises(Unbalanced, match="test:1"):
        made(*lines)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=3), st.integers(-(10**12), 10**12)), max_size=6))
def test_an_entry_exists_exactly_when_it_balances(lines):
    codes = [code for code, _ in lines]
    sound = (
        len(lines) >= 2 and sum(amount for _, amount in lines) == 0 and all(amount for _, amount in lines)
        and len(set(codes)) == len(codes)
    )
    try:
        made(*lines)
        assert sound
    except Unbalanced:
        assert not sound


def test_it_never_changes():
    with pytest.raises(FrozenInstanceError):
        made(("a", 5), ("b", -5)).source = "other"


@pytest.mark.parametrize(("shape", "lines"), [
    (entry.funding("f", PAYER, 500, "GBP"), {"gateway": 500, credit_of(PAYER): -500}),
    (entry.refund("r", PAYER, 500, "GBP"), {"gateway": -500, credit_of(PAYER): 500}),
    (entry.fee("x", 31, "GBP"), {"gateway-fees": 31, "gateway": -31}),
    (entry.grant("g", PAYER, 900, "GBP", "Opening"), {"operator-grants": 900, credit_of(PAYER): -900}),
    (entry.charge(Book.RETAIL, "c", PAYER, net_minor=100, tax_minor=20, currency="GBP", description="Plan"),
     {credit_of(PAYER): 120, "sales": -100, "tax": -20}),
    (entry.charge(Book.WHOLESALE, "c", PAYER, net_minor=100, tax_minor=0, currency="GBP", description="Plan"),
     {credit_of(PAYER): 100, "sales": -100}),
])
def test_the_houses_entries_have_the_right_shape(shape, lines):
    """Debits are positive: money at the gateway and what somebody owes; a prepaid credit is negative."""
    assert {line.code: line.amount_minor for line in shape.lines} == lines


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_every_charge_balances(net, tax):
    whole = entry.charge(Book.RETAIL, "c", PAYER, net_minor=net, tax_minor=tax, currency="GBP", description="Plan")
    assert sum(line.amount_minor for line in whole.lines) == 0


def test_it_needs_neither_web_nor_database():
    program = "import sys, portal.ledger.entry; sys.exit(bool({'flask', 'sqlalchemy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
