"""Numbers moved here from another provider: states and days, and what happens when they are here."""

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404, primary_user
from portal.audit.commands import COMMAND_LINE, Actor
from portal.billing.covering import CreditTooLow
from portal.events.models import Event
from portal.kit.db import reading, shared_transaction, transaction
from portal.kit.refusals import NotFound
from portal.letters.models import Letter
from portal.numbers import flows
from portal.numbers.arriving import InTheStock, PortNotDue
from portal.numbers.assigning import NoNumbersNow, listen
from portal.numbers.charging import NotSold, price_classes
from portal.numbers.lifecycle import PORT_MOVES, PortState
from portal.numbers.models import Number, NumberBlock, PortRequest, StockNumber
from portal.numbers.porting import (
    NumberKnown,
    PortMoved,
    accept,
    acts_on_port,
    cancel,
    earliest_day,
    refuse_day,
    reject,
    schedule,
    submit,
    submit_again,
)
from portal.verify import verify
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, pay
from tests.cast import on_sqlite
from tests.numbers.making import charged, in_stock, new_port, number, port, price_class

LONDON = "+442079460123"


def requested(db, account, *e164s):
    """A request that one of the account's people sent."""
    user = primary_user(db, account.id)
    return submit(db, account, new_port(*e164s), by=Actor("user", user.id, user.display_name))


def letters(db):
    return [(x.facts["state"], x.to_address) for x in db.scalars(select(Letter).where(Letter.name == "port-in"))]


class TestClosing:
    def test_open_requests_are_withdrawn_and_whoever_sent_them_hears_of_it(self, db, own):
        """Red without the listener: the operator would go on bringing numbers to an account that is no more."""
        asked, other = requested(db, own), requested(db, own, "+442079460124")
        reject(db, other, "Another name on the bill", by=COMMAND_LINE)
        accounts.close(db, own, reason="Moved away", by=COMMAND_LINE)
        assert (asked.state, other.state) == ("cancelled", "rejected")
        assert ("cancelled", primary_user(db, own.id).email) in letters(db)
        last = acts_on_port(db, asked)[-1]
        assert (last.action, last.details["reason"]) == ("port-in.cancelled", "The account was closed")
        names = db.scalars(select(Event.name).where(Event.account_id == own.id).order_by(Event.id)).all()
        assert names[-1] == "port-in.cancelled" and "account.closed" in names

    def test_those_of_others_go_on(self, db, own, run):
        asked = requested(db, run)
        accounts.close(db, own, reason="Moved away", by=COMMAND_LINE)
        assert asked.state == "submitted"


class TestStates:
    def test_the_whole_way_is_written_down_and_told(self, db, own, geo):
        asked = requested(db, own)
        accept(db, asked, price_class="geo", needs_address=True, by=COMMAND_LINE)
        schedule(db, asked, date(2026, 11, 20), by=COMMAND_LINE)
        schedule(db, asked, date(2026, 11, 23), by=COMMAND_LINE)
        assert (asked.state, asked.agreed_day) == ("scheduled", date(2026, 11, 23))
        to = primary_user(db, own.id).email
        assert sorted(letters(db)) == [("accepted", to), ("scheduled", to), ("scheduled", to)]
        events = db.scalars(select(Event.name).where(Event.name.startswith("port-in")).order_by(Event.id)).all()
        assert events == ["port-in.submitted", "port-in.accepted", "port-in.scheduled", "port-in.scheduled"]

    def test_rejected_corrected_and_sent_again(self, db, own):
        asked = requested(db, own)
        reject(db, asked, "Another name on the bill", by=COMMAND_LINE)
        assert asked.answer == "Another name on the bill" and letters(db)[0][0] == "rejected"
        submit_again(db, own, asked, new_port("+442079460124"), by=COMMAND_LINE)
        assert (asked.state, asked.answer) == ("submitted", "")
        assert [each["e164"] for each in asked.numbers] == ["+442079460124"]

    @pytest.mark.parametrize("state", list(PortState))
    def test_no_move_that_the_lifecycle_does_not_have(self, db, own, geo, state):
        """Red with `_move` letting everything through."""
        moves = {
            PortState.ACCEPTED: lambda it: accept(db, it, price_class="geo", needs_address=False, by=COMMAND_LINE),
            PortState.SCHEDULED: lambda it: schedule(db, it, date(2026, 11, 20), by=COMMAND_LINE),
            PortState.REJECTED: lambda it: reject(db, it, "x", by=COMMAND_LINE),
            PortState.CANCELLED: lambda it: cancel(db, it, by=COMMAND_LINE),
            PortState.SUBMITTED: lambda it: submit_again(db, own, it, new_port(), by=COMMAND_LINE),
        }
        asked = port(db, own)
        for to, move in moves.items():
            asked.state = state.value
            db.flush()
            if to in PORT_MOVES[state]:
                move(asked)
                assert asked.state == to
            else:
                with pytest.raises(PortMoved):
                    move(asked)

    def test_a_class_that_is_not_sold(self, db, own, geo):
        with pytest.raises(NotSold):
            accept(db, port(db, own), price_class="seat", needs_address=False, by=COMMAND_LINE)

    def test_working_days(self):
        assert earliest_day(date(2026, 11, 2)) == date(2026, 11, 5)
        assert earliest_day(date(2026, 11, 5)) == date(2026, 11, 10)
        assert earliest_day(date(2026, 11, 7)) == date(2026, 11, 11)

    def test_a_day_that_cannot_be_wanted(self, clock):
        assert "Choose 2026-11-05 or later" in refuse_day(date(2026, 11, 4), "Europe/London")
        assert refuse_day(date(2026, 11, 5), "Europe/London") == ""
        assert "within a year" in refuse_day(date(2026, 11, 3) + timedelta(days=366), "Europe/London")


class TestKnown:
    def test_a_number_that_the_white_label_has(self, db, own, geo):
        with pytest.raises(NumberKnown):
            port(db, own, number(db).e164)

    def test_a_number_that_another_open_request_asks_for(self, db, own, run):
        first = port(db, own, LONDON, "+442079460124")
        with pytest.raises(NumberKnown, match="is asked for by another request"):
            port(db, run, "+442079460124")
        cancel(db, first, by=COMMAND_LINE)
        port(db, run, "+442079460124")

    def test_an_account_that_takes_no_numbers(self, db, northwind, geo, run):
        with pytest.raises(NoNumbersNow):
            port(db, customer(db, northwind.plans["desk"], OPTION_1, name="Waiting"))
        accounts.suspend(db, run, reason="x", by=COMMAND_LINE)
        with pytest.raises(NoNumbersNow):
            port(db, run)


def _moved_to(tenant, port_id, day):
    with transaction(tenant.id) as db:
        schedule(db, db.load(PortRequest, port_id), day, by=COMMAND_LINE)


class TestCompletion:
    @pytest.fixture
    def ready(self, northwind, clock):
        """A request on the day that was agreed, of an Option 1 customer with 20.00 of credit."""
        listen()
        with transaction(northwind.id) as db:
            price_class(db)
            own = active(db, customer(db, northwind.plans["courtesy"], OPTION_1))
            pay(db, own, 2000)
            asked = requested(db, own, LONDON, "+442079460124")
            accept(db, asked, price_class="geo", needs_address=True, by=COMMAND_LINE)
            schedule(db, asked, date(2026, 11, 2), by=COMMAND_LINE)
            return own.id, asked.id

    def test_stock_account_and_charges_in_one(self, cast, northwind, ready):
        own_id, asked_id = ready
        flows.complete_port(northwind.id, asked_id, by=cast.olga.actor)
        with reading(northwind.id) as db:
            own = held_customer_or_404(db, own_id)
            assert charged(db, own) == [("geo", "2026-11-02", 400), ("geo.setup", "once", 1000)]
            numbers = db.scalars(select(Number)).all()
            assert {(n.state, n.account_id, n.needs_address) for n in numbers} == {("assigned", own_id, True)}
            assert db.load(PortRequest, asked_id).state == "completed" and "completed" in dict(letters(db))
        with reading(cast.operator.id) as db:
            block = db.scalars(select(NumberBlock)).one()
            assert (block.name, block.count, block.holder_id) == ("Ported in, P-0001", 2, northwind.id)
            assert {s.block_id for s in db.scalars(select(StockNumber))} == {block.id}
        assert [words for finding in verify() for words in finding.differences] == []

    @pytest.mark.parametrize("why", ["money", "state", "class", "stock"])
    def test_refused_nothing_is_done(self, cast, northwind, ready, why):
        """Red when the stock is written in a transaction of its own; for the stock, when it takes any row over."""
        own_id, asked_id = ready
        with transaction(northwind.id) as db:
            own = held_customer_or_404(db, own_id)
            if why == "money":
                price_class(db, "geo-dear", retail=5000)
                asked = db.load(PortRequest, asked_id)
                asked.numbers = [{**each, "price_class": "geo-dear"} for each in asked.numbers]
            elif why == "state":
                accounts.suspend(db, own, reason="x", by=COMMAND_LINE)
            elif why == "class":
                asked = db.load(PortRequest, asked_id)
                asked.numbers = [{**each, "price_class": "gone"} for each in asked.numbers]
        if why == "stock":
            in_stock(cast, "+442079460124", holder_id=cast.kauri.id)
        refusals = {"money": CreditTooLow, "state": NoNumbersNow, "class": NotSold, "stock": InTheStock}
        with pytest.raises(refusals[why]):
            flows.complete_port(northwind.id, asked_id, by=cast.olga.actor)
        with reading(northwind.id) as db:
            assert db.load(PortRequest, asked_id).state == "scheduled" and db.scalars(select(Number)).all() == []
            assert charged(db, db.load(Account, own_id)) == []
        with reading(cast.operator.id) as db:
            assert db.scalars(select(NumberBlock.name)).all() == (["x"] if why == "stock" else [])
            assert db.scalars(select(StockNumber.holder_id)).all() == ([cast.kauri.id] if why == "stock" else [])

    def test_a_retired_number_comes_back_with_the_port_in(self, cast, northwind, ready, clock):
        """Red without `_brought_back`: a number that had left the stock could never return."""
        in_stock(cast, LONDON, holder_id=cast.kauri.id, retired_at=clock.moment)
        flows.complete_port(northwind.id, ready[1], by=cast.olga.actor)
        with reading(cast.operator.id) as db:
            blocks = {block.id: (block.name, block.count) for block in db.scalars(select(NumberBlock))}
            assert sorted(blocks.values()) == [("Ported in, P-0001", 2), ("x", 0)]
            row = db.scalars(select(StockNumber).where(StockNumber.e164 == LONDON)).one()
            assert (blocks[row.block_id][1], row.holder_id, row.retired_at) == (2, northwind.id, None)
            assert (row.price_class, row.needs_address, row.area) == ("geo", True, "")
        assert [words for finding in verify() for words in finding.differences] == []

    @on_sqlite
    def test_not_before_the_agreed_day_but_from_its_first_moment_and_on_a_day_moved_to_today(
        self, cast, northwind, ready, clock
    ):
        """The day begins where the white label is. Red with `complete` blind to the day: charged three days early."""
        own_id, asked_id = ready
        _moved_to(northwind, asked_id, date(2026, 11, 5))
        clock.advance(days=2)
        with pytest.raises(PortNotDue, match=r"The numbers move on 5 November 2026\. .* move the day first"):
            flows.complete_port(northwind.id, asked_id, by=cast.olga.actor)
        with reading(northwind.id) as db:
            assert charged(db, db.load(Account, own_id)) == []
            assert (db.load(PortRequest, asked_id).state, db.scalars(select(Number)).all()) == ("scheduled", [])
        _moved_to(northwind, asked_id, date(2026, 11, 4))
        flows.complete_port(northwind.id, asked_id, by=cast.olga.actor)
        with reading(northwind.id) as db:
            assert charged(db, db.load(Account, own_id))[0][:2] == ("geo", "2026-11-04")

    @on_sqlite
    def test_the_day_is_the_white_labels(self, cast, kauri, clock):
        """Red with the day of UTC: in Auckland it is the third from eleven in the morning of the second, UTC, on."""
        clock.moment = datetime(2026, 11, 2, 10, 30, tzinfo=UTC)
        with transaction(kauri.id) as db:
            price_class(db)
            asked = port(db, active(db, customer(db, kauri.plans["courtesy"], OPTION_2)), LONDON)
            accept(db, asked, price_class="geo", needs_address=False, by=COMMAND_LINE)
            schedule(db, asked, date(2026, 11, 3), by=COMMAND_LINE)
        with pytest.raises(PortNotDue):
            flows.complete_port(kauri.id, asked.id, by=cast.olga.actor)
        clock.moment = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
        flows.complete_port(kauri.id, asked.id, by=cast.olga.actor)

    def test_an_inactive_option_2_account_takes_them_and_is_charged_at_its_activation(self, cast, northwind, clock):
        with transaction(northwind.id) as db:
            price_class(db)
            early = customer(db, northwind.plans["desk"], OPTION_2)
            asked = port(db, early, LONDON)
            accept(db, asked, price_class="geo", needs_address=False, by=COMMAND_LINE)
            schedule(db, asked, date(2026, 11, 2), by=COMMAND_LINE)
        flows.complete_port(northwind.id, asked.id, by=cast.olga.actor)
        with transaction(northwind.id) as db:
            early = active(db, held_customer_or_404(db, early.id))
            assert charged(db, early, "wholesale") == [("geo.setup", "once", 300), ("geo", "2026-11-02", 100)]

    def test_a_foreign_request(self, cast, kauri, ready):
        with pytest.raises(NotFound):
            flows.complete_port(kauri.id, ready[1], by=cast.olga.actor)


@pytest.mark.parametrize("fails", [True, False])
def test_two_views_are_one_unit_of_work(cast, northwind, fails):
    """What either view wrote is undone when the block raises; both are kept when it ends."""
    expected = pytest.raises(ZeroDivisionError) if fails else nullcontext()
    with expected, shared_transaction(northwind.id) as (everything, db):
        everything.put(NumberBlock(white_label_id=cast.operator.id, name="x", created_by="x"))
        price_class(db)
        with pytest.raises(RuntimeError, match="open already"), transaction(northwind.id):
            pass
        if fails:
            raise ZeroDivisionError
    with reading(northwind.id) as db:
        assert ("geo" in price_classes(db)) is not fails
    with reading(cast.operator.id) as db:
        assert len(db.scalars(select(NumberBlock)).all()) == (0 if fails else 1)
