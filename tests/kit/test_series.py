"""Numbers that people see have no gaps and no doubles, whoever takes them at once."""

import pytest

from portal.kit.db import transaction
from portal.kit.series import next_number
from tests.threads import at_once


def take(tenant):
    with transaction(tenant) as db:
        return next_number(db, "quote")


def test_they_count_from_one(northwind):
    assert [take(northwind.id) for _ in range(3)] == [1, 2, 3]


def test_each_tenant_and_name_has_its_own(northwind, kauri):
    assert take(northwind.id) == take(kauri.id) == 1
    with transaction(northwind.id) as db:
        assert next_number(db, "letter") == 1


def test_a_number_is_given_back_when_its_transaction_is_undone(northwind):
    take(northwind.id)
    with pytest.raises(ZeroDivisionError), transaction(northwind.id) as db:
        assert next_number(db, "quote") == 2
        raise ZeroDivisionError
    assert take(northwind.id) == 2


def test_a_race_leaves_no_gap_and_no_double(northwind):
    """Eight at once, five times each, the very first included. Red when the number is read first and written after."""
    taken = at_once(8, lambda n: [take(northwind.id) for _ in range(5)])
    assert sorted(number for numbers in taken for number in numbers) == list(range(1, 41))
