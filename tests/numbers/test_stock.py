"""The stock: what imports, ranges and handovers leave in the database, whatever races and wherever a worker dies."""

import csv
import io

import phonenumbers
import pytest
from sqlalchemy import func, select, update

from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, transaction
from portal.numbers import intake, stock, stock_flows
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import Number
from portal.numbers.stock import read_range
from portal.numbers.stock_file import Reader, StockRow, read_lines, written_lines
from portal.numbers.stock_models import Handover, ImportFates
from portal.operator.number_pages import list_page, numbers_csv
from portal.operator.number_queries import Search, totals
from tests.cast import on_postgresql
from tests.numbers.conftest import TERMS, numbers_with, tenant
from tests.numbers.test_e164 import examples
from tests.threads import aside, at_once


def test_each_line_has_its_fate(depot, northwind):
    block = depot.block("+442079460001", "+442079460002")
    held = depot.block("+442079460003")
    depot.hand(held, northwind)
    jobs.run_due()
    text = "number\n+442079460001\n+442079460003\n+442079460004\n0x\n+44 20 7946 0004\n"
    made = depot.checked(text)
    assert (made.known, made.held, made.added, made.malformed, made.duplicate) == (1, 1, 1, 1, 1)
    assert [(line[3], line[4][:24]) for line in depot.fates(made)] == [
        ("Already in stock", "It is in stock, in the b"), ("With a white label", "Northwind Telecom has it"),
        ("New", ""), ("Refused", "Write digits, with space"), ("Twice in this file", "An earlier line has this"),
    ]
    with transaction(depot.id) as db:
        stock.confirm_import(db, made.id, by=depot.by)
    jobs.run_due()
    taken = depot.row(made.id)
    assert (taken.known, taken.held, taken.added, taken.malformed, taken.duplicate) == (1, 1, 1, 1, 1)
    assert [line[3] for line in depot.fates(taken, "take")] == [line[3] for line in depot.fates(made)]
    assert [b.count for b in depot.blocks()] == [2, 1, 1] and block


def test_the_same_file_twice_adds_nothing(depot):
    depot.block()
    again = depot.checked("number\n" + "\n".join(n.e164 for n in depot.numbers()))
    assert (again.added, again.known) == (0, 4)
    with pytest.raises(stock.NothingToAdd), transaction(depot.id) as db:
        stock.confirm_import(db, again.id, by=depot.by)
    assert len(depot.numbers()) == 4 and len(depot.blocks()) == 1


def test_two_files_with_the_same_numbers_at_once_add_each_number_once(depot):
    lines = [f"+44113496{n:04}" for n in range(3000)]
    made = [depot.checked("number\n" + "\n".join(order)) for order in (lines, lines[::-1])]
    for each in made:
        with transaction(depot.id) as db:
            stock.confirm_import(db, each.id, by=depot.by)

    answers = at_once(2, lambda n: stock_flows_run(depot, made[n].id))
    assert [a for a in answers if isinstance(a, BaseException)] == []
    rows = [depot.row(each.id) for each in made]
    assert sum(row.added for row in rows) == len(depot.numbers()) == 3000
    assert sum(row.known for row in rows) == 3000 and sum(b.count for b in depot.blocks()) == 3000


@on_postgresql
def test_a_number_that_another_import_brings_within_a_batch_is_seen_by_the_next_try(depot):
    """Red with IntegrityError when a batch is tried once."""
    others = depot.block()
    with transaction(depot.id) as db:
        block = stock.new_block(db, "b", by=depot.by).id
    lines = list(read_lines(io.BytesIO(written_lines(["+441134960000", "+441134960001"]))))
    row, tries = StockRow("+441134960000", "geographic", "GB", "Leeds", "local", True), []

    def brought():
        with transaction(depot.id) as other:
            stock.add_rows(other, others, [row])

    def meanwhile(db, fates):
        tries.append([fate.what for fate in fates])
        if len(tries) == 1:
            aside(brought)
        return True

    fates = intake.take_batch(depot.id, intake.Intake(Reader(TERMS), block), lines, meanwhile)
    assert [fate.what for fate in fates] == ["known", "added"] and tries == [["added", "added"], ["known", "added"]]
    assert len(depot.numbers()) == 6


def stock_flows_run(depot, import_id):
    from portal.kit.db import scoped

    with scoped(depot.id):
        stock_flows.run_import({"import_id": str(import_id)})


class Killed(BaseException):
    """What a worker that is killed does: nothing more."""


@pytest.mark.parametrize(("stage", "at"), [
    ("check", (stock_flows, "fates_csv")), ("take", (stock_flows, "fates_csv")), ("take", (intake, "add_rows"))])
def test_a_worker_killed_between_batches_is_followed_by_one_that_goes_on(depot, monkeypatch, stage, at):
    """Every batch is one transaction. Red when the position is written in another one than the numbers, be it before
    them or after them."""
    monkeypatch.setattr(stock_flows, "BATCH", 10)
    text = "number\n" + "\n".join([*(f"+44113496{n:04}" for n in range(45)), "+441134960003", "x"])
    with transaction(depot.id) as db:
        made = stock.begin_import(db, "a", text.encode(), stock.Terms("local", frozenset()), by=depot.by)
    if stage == "take":
        jobs.run_due()
        with transaction(depot.id) as db:
            stock.confirm_import(db, made.id, by=depot.by)
    for _ in range(5):
        batches = iter(range(2))
        real = getattr(*at)

        def dies(*batch, batches=batches, real=real):
            if next(batches, None) is None:
                raise Killed
            return real(*batch)

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(*at, dies)
            stock_flows_run(depot, made.id)
            if depot.row(made.id).state in ("checked", "done"):
                raise Killed
        if depot.row(made.id).state in ("checked", "done"):
            break
    row = depot.row(made.id)
    assert row.state == {"check": "checked", "take": "done"}[stage]
    assert (row.added, row.duplicate, row.malformed) == (45, 1, 1)
    assert len(depot.fates(row, stage)) == 47
    assert len(depot.numbers()) == (45 if stage == "take" else 0)


def test_the_number_of_every_region_comes_in_goes_to_a_white_label_is_shown_and_exported_unchanged(depot, northwind):
    """Every example that phonenumbers has, region by region and type by type."""
    numbers = examples()
    block = depot.taken("number\n" + "\n".join(numbers)).block_id
    assert [n.e164 for n in depot.numbers()] == numbers
    depot.hand(block, northwind)
    jobs.run_due()
    assert [n.e164 for n in numbers_with(northwind)] == numbers
    with reading(depot.id) as db:
        host = tenant(db, depot.cast.operator)
    page = list_page(host, Search(block=block))
    assert [line.number for line in page.part.lines] == [
        phonenumbers.format_number(phonenumbers.parse(n), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        for n in numbers[:25]
    ]
    assert {line.state for line in page.part.lines} == {"free"}
    lines = list(csv.DictReader("".join(numbers_csv(host, Search())).splitlines()))
    assert [line["number"] for line in lines] == numbers
    assert {line["holder"] for line in lines} == {northwind.name}


def test_two_operators_hand_one_block_to_two_white_labels_and_one_wins(depot, northwind, kauri):
    """Red with both handed over when the block is read without being held."""
    block = depot.block()
    both = (northwind, kauri)
    answers = at_once(2, lambda n: depot.hand(block, both[n]))
    refused = [a for a in answers if isinstance(a, BaseException)]
    assert len(refused) == 1 and isinstance(refused[0], stock.BlockTaken)
    jobs.run_due()
    winner = both[answers.index(None)]
    loser = both[1 - answers.index(None)]
    assert winner.name in refused[0].text
    assert (len(numbers_with(winner)), len(numbers_with(loser))) == (4, 0)
    assert {n.holder_id for n in depot.numbers()} == {winner.id}


def test_a_handover_killed_anywhere_is_finished_by_the_next_worker(depot, northwind, monkeypatch):
    monkeypatch.setattr(stock_flows, "BATCH", 10)
    block = depot.block(*(f"+44113496{n:04}" for n in range(35)))
    depot.hand(block, northwind)
    payload = {"handover_id": str(handover(depot).id)}
    for place in ("_moved", "_tell_trail", "_end"):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(stock_flows, place, die)
            run_in(depot, stock_flows.bring, payload)
    jobs.run_due()
    assert handover(depot).state == "done" and handover(depot).moved == 35
    assert len(numbers_with(northwind)) == 35
    run_in(depot, stock_flows.bring, payload)
    assert len(numbers_with(northwind)) == 35


def die(*args, **kwargs):
    raise Killed


def run_in(depot, job, payload):
    from portal.kit.db import scoped

    with scoped(depot.id):
        job(payload)


def handover(depot):
    with reading(depot.id) as db:
        return db.scalars(select(Handover).order_by(Handover.asked_at.desc(), Handover.id.desc())).first()


def handed(depot, company):
    block = depot.block()
    depot.hand(block, company)
    jobs.run_due()
    return block


def back(depot, block):
    with transaction(depot.id) as db:
        stock.ask_back(db, block, by=depot.by)
    jobs.run_due()


def test_a_number_taken_into_use_meanwhile_keeps_the_block_where_it_is(depot, northwind):
    """Red with a number deleted under its customer when the job does not look again."""
    block = handed(depot, northwind)
    with transaction(depot.id) as db:
        stock.ask_back(db, block, by=depot.by)
    assign_one(northwind, depot.cast.acme)
    jobs.run_due()
    assert handover(depot).state == "refused" and "1 of its numbers is not free" in handover(depot).note
    assert len(numbers_with(northwind)) == 4 and depot.blocks()[0].holder_id == northwind.id


def assign_one(company, account_id):
    with transaction(company.id) as db:
        first = db.scalars(select(Number).order_by(Number.e164)).first()
        first.state, first.account_id = NumberState.ASSIGNED, account_id


def test_assigning_and_taking_back_at_once_end_in_one_of_the_two(depot, northwind):
    block = handed(depot, northwind)
    with transaction(depot.id) as db:
        stock.ask_back(db, block, by=depot.by)
    payload = {"handover_id": str(handover(depot).id)}

    def act(n):
        return run_in(depot, stock_flows.take_back, payload) if n else claim(northwind, depot.cast.acme)

    answers = at_once(2, act)
    assert [a for a in answers if isinstance(a, BaseException)] == []
    assert len(numbers_with(northwind)) == (4 if answers[0] else 0)
    assert handover(depot).state == ("refused" if answers[0] else "done")


def claim(company, account_id):
    """As an assignment does it: one conditional update. Says whether it got the number."""
    with transaction(company.id) as db:
        return db.scalar(
            update(Number).where(Number.e164 == "+442079460000", Number.state == NumberState.FREE)
            .values(state="assigned", account_id=account_id).returning(Number.id)
        ) is not None


def test_what_ran_out_is_free_and_comes_back(depot, northwind, clock):
    block = handed(depot, northwind)
    with transaction(northwind.id) as db:
        db.execute(update(Number).values(state="quarantined", until=clock.moment))
    assert stock_flows.numbers_in_use(depot.id, block) == 0
    back(depot, block)
    assert handover(depot).state == "done" and not numbers_with(northwind)
    assert {n.holder_id for n in depot.numbers()} == {None}


def test_a_block_on_its_way_goes_nowhere_else(depot, northwind, kauri):
    block = depot.block()
    depot.hand(block, northwind)
    with pytest.raises(stock.BlockOnItsWay), transaction(depot.id) as db:
        stock.ask_back(db, block, by=depot.by)
    made = depot.checked("number\n+441134960000\n")
    with transaction(depot.id) as db:
        stock.confirm_import(db, made.id, by=depot.by)
    with pytest.raises(stock.BlockOnItsWay):
        depot.hand(depot.row(made.id).block_id, kauri)


def test_a_number_the_white_label_has_already_stays_its_own(depot, northwind):
    with transaction(northwind.id) as db:
        db.put(Number(e164="+442079460000", kind="geographic", country="GB", price_class="local", needs_address=True,
                      state="assigned", account_id=depot.cast.acme))
    handed(depot, northwind)
    first = numbers_with(northwind)[0]
    assert (first.state, len(numbers_with(northwind))) == ("assigned", 4)


def test_totals_are_those_of_the_rows(depot, northwind, kauri, clock):
    handed(depot, northwind)
    depot.block("+441134960000", "+441134960001")
    with transaction(northwind.id) as db:
        rows = list(db.scalars(select(Number).order_by(Number.e164)))
        rows[0].state, rows[0].account_id = "assigned", depot.cast.acme
        rows[1].state, rows[1].until = "quarantined", clock.moment.replace(year=2027)
        rows[2].state, rows[2].until = "quarantined", clock.moment
    with reading(PLATFORM) as db:
        found = totals(db, tenant(db, depot.cast.operator))
    assert [(t.holder_id, t.total, t.free, t.assigned, t.quarantined) for t in found] == [
        (None, 2, 2, 0, 0), (northwind.id, 4, 2, 1, 1),
    ]


def test_what_is_kept_of_a_file_is_its_fates_alone(depot):
    made = depot.taken("number\n+442079460001\n")
    with reading(depot.id) as db:
        parts = db.scalar(select(func.count(ImportFates.id)).where(ImportFates.import_id == made.id))
        assert db.scalar(select(stock.NumberImport.content)) is None and parts == 2


def test_a_range_keeps_the_zeros_of_italy():
    found = read_range("+39 06 6982 0000", "+39 06 6982 0009", None)
    assert list(found.numbers)[:2] == ["+390669820000", "+390669820001"] and len(list(found.numbers)) == 10


