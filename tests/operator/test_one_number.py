"""One number of the stock: put right while it is free, retired, and put back; with its white label at the same time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.kit import jobs
from portal.kit.clock import now
from portal.kit.db import PLATFORM, reading, transaction
from portal.numbers import stock
from portal.numbers.assigning import QUARANTINE
from portal.numbers.models import Number, NumberBlock, StockNumber
from portal.numbers.proofs import numbers_are_somebodys
from tests.accounts.making import active, customer
from tests.numbers.conftest import depot, numbers_with
from tests.signup.browsing import words

__all__ = ["depot"]
BASE = "/operator/numbers"
RIGHT = {"kind": "national", "area": "Everywhere", "price_class": "local", "needs_address": "no"}
ONE = "+442079460000"


def address(rows):
    return f"{BASE}/{next(each.id for each in rows(StockNumber) if each.e164 == ONE)}"


def facts(number):
    return number.kind, number.area, number.price_class, number.needs_address


def move(company, **values):
    """Bring the white label's row of the number into a state."""
    with transaction(company.id) as db:
        row = db.scalars(select(Number).where(Number.e164 == ONE)).one()
        for name, value in values.items():
            setattr(row, name, value)


def differences():
    with reading(PLATFORM) as db:
        return numbers_are_somebodys(db).differences


@pytest.fixture
def handed(depot, northwind):
    block = depot.block()
    depot.hand(block, northwind)
    jobs.run_due()
    return block


class TestCorrect:
    def test_in_stock(self, desk, depot, rows):
        depot.block()
        path = address(rows)
        page = words(desk.get(path))
        assert "+44 20 7946 0000" in page and "In stock" in page and "Retire it…" in page
        assert desk.send(f"{path}/correction", RIGHT).location == path
        assert facts(depot.numbers()[0]) == ("national", "Everywhere", "local", False)
        act = next(row for row in rows(AuditRow) if row.action == "numbers.corrected")
        assert (act.white_label_id, act.actor_name) == (depot.id, depot.by.name)
        assert act.details["number"] == ONE and act.details["changed"]["kind"] == "geographic → national"

    def test_with_a_white_label_both_rows_and_both_trails(self, desk, depot, northwind, rows, handed):
        """Red when only the operator's row changes: the white label would go on offering what was wrong."""
        assert desk.send(f"{address(rows)}/correction", RIGHT).status_code == 303
        assert facts(depot.numbers()[0]) == ("national", "Everywhere", "local", False)
        assert facts(numbers_with(northwind)[0]) == facts(depot.numbers()[0])
        trails = {row.white_label_id for row in rows(AuditRow) if row.action == "numbers.corrected"}
        assert trails == {depot.id, northwind.id}

    @pytest.mark.parametrize("state", ["reserved", "quarantined", "assigned"])
    def test_not_while_somebody_has_it(self, desk, northwind, rows, handed, state):
        """Red without the condition in the update: an account would be charged otherwise than it was quoted."""
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans["desk"]))
        whose = None if state == "quarantined" else account.id
        move(northwind, state=state, account_id=whose, until=None if state == "assigned" else now() + QUARANTINE)
        path = address(rows)
        assert "cannot be changed now" in words(desk.get(path))
        assert desk.send(f"{path}/correction", RIGHT).status_code == 409
        assert numbers_with(northwind)[0].kind == "geographic"
        expected = 303 if state == "quarantined" else 409
        assert desk.send(f"{path}/retirement").status_code == expected
        assert len(numbers_with(northwind)) == (3 if state == "quarantined" else 4)

    @pytest.mark.parametrize(
        "wrong", [{"area": "x" * 61}, {"area": "a\u202eb"}, {"kind": "moon"}, {"price_class": "x"}])
    def test_what_is_wrong_comes_back(self, desk, depot, rows, wrong):
        depot.block()
        assert desk.send(f"{address(rows)}/correction", RIGHT | wrong).status_code == 422
        assert depot.numbers()[0].kind == "geographic"

    def test_not_while_its_block_is_moved(self, desk, depot, northwind, rows):
        """Red without the look at the block: it would say that somebody has the number, whom nobody finds."""
        block = depot.block()
        depot.hand(block, northwind)
        path = address(rows)
        for act, form in (("correction", RIGHT), ("retirement", {})):
            answer = desk.send(f"{path}/{act}", form)
            assert answer.status_code == 409 and "This block is on its way" in words(answer)

    def test_not_put_back_while_its_block_comes_back(self, desk, depot, northwind, rows, handed):
        """Red without the look at the block: the number would be with a white label whose block has left."""
        desk.send(f"{address(rows)}/retirement")
        with transaction(depot.id) as db:
            stock.ask_back(db, handed, by=depot.by)
        assert desk.send(f"{address(rows)}/restoration").status_code == 409
        assert len(numbers_with(northwind)) == 3


class TestRetire:
    def test_it_is_gone_from_its_white_label_and_no_file_brings_it_back(self, desk, depot, northwind, rows, handed):
        path = address(rows)
        assert "Northwind Telecom no longer has it" in words(desk.get(f"{path}/retirement"))
        assert desk.send(f"{path}/retirement").location == path
        assert [each.e164 for each in numbers_with(northwind)] == [f"+44207946{n:04}" for n in (1, 2, 3)]
        page = words(desk.get(path))
        assert "Retired" in page and "It is offered to nobody" in page
        assert rows(NumberBlock)[0].count == 3 and differences() == []
        again = depot.checked(f"number\n{ONE}\n", kind="geographic")
        assert (again.added, again.known) == (0, 1)
        assert "It was retired." in depot.fates(again)[0][-1]
        assert "+44 20 7946 0000" in words(desk.get(f"{BASE}?state=retired"))
        assert "+44 20 7946 0000" not in words(desk.get(f"{BASE}?state=free"))
        assert desk.send(f"{path}/retirement").status_code == 409

    def test_from_the_stock_it_is_not_handed_over(self, desk, depot, northwind, rows):
        """Red when the job brings every row of a block."""
        block = depot.block()
        desk.send(f"{address(rows)}/retirement")
        depot.hand(block, northwind)
        jobs.run_due()
        assert len(numbers_with(northwind)) == 3 and differences() == []

    def test_put_back_it_is_free_again(self, desk, northwind, rows, handed):
        path = address(rows)
        assert desk.send(f"{path}/restoration").status_code == 409
        desk.send(f"{path}/retirement")
        assert desk.send(f"{path}/correction", RIGHT).status_code == 409
        assert desk.send(f"{path}/restoration").location == path
        assert [each.state for each in numbers_with(northwind)] == ["free"] * 4
        assert rows(NumberBlock)[0].count == 4

    def test_put_back_it_rests_as_long_as_it_would_have_rested(self, desk, northwind, rows, handed, clock):
        """Red while what was put back was free: a stranger got the last owner's calls on the same day."""
        until = now() + timedelta(minutes=5)
        move(northwind, state="quarantined", until=until)
        path = address(rows)
        assert "whoever gave it up cannot have it back" in words(desk.get(f"{path}/retirement"))
        desk.send(f"{path}/retirement")
        assert "It then rests until" in words(desk.get(path))
        desk.send(f"{path}/restoration")
        (row,) = [each for each in numbers_with(northwind) if each.e164 == ONE]
        assert (row.state, row.until) == ("quarantined", until) and "rests again" in words(desk.get(path))
        desk.send(f"{path}/retirement")
        clock.advance(minutes=6)
        desk.send(f"{path}/restoration")
        assert [each.state for each in numbers_with(northwind)] == ["free"] * 4

    def test_a_block_of_retired_numbers_alone_is_not_handed_over(self, desk, depot, northwind, rows):
        """Red while it was said to be on its way, for ever."""
        block = depot.block(ONE)
        desk.send(f"{address(rows)}/retirement")
        page = desk.get(f"{BASE}/blocks/{block}/hand-over?to={northwind.id}")
        assert "Each of its numbers is retired" in words(page) and "Hand the block over" not in words(page)
        answer = desk.send(f"{BASE}/blocks/{block}/hand-over", {"to": str(northwind.id)})
        assert answer.status_code == 409 and "There is nothing to hand over" in words(answer)

    def test_verify_names_one_that_a_white_label_still_has(self, northwind, rows, handed, depot):
        with transaction(depot.id) as db:
            db.scalars(select(StockNumber).where(StockNumber.e164 == ONE)).one().retired_at = now()
        assert differences() == [f"number {ONE} is retired and with a white label"]

    def test_no_such_number(self, desk):
        for path in ("", "/retirement"):
            assert desk.get(f"{BASE}/00000000-0000-7000-8000-000000000000{path}").status_code == 404
