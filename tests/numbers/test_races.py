"""Whoever races for a number, one wins, and nothing is charged twice. In real transactions, on both databases."""

import pytest
from sqlalchemy import select

from portal.accounts.queries import held_customer_or_404
from portal.activation.commands import cancel
from portal.audit.commands import COMMAND_LINE
from portal.billing.models import Charge
from portal.kit.clock import today
from portal.kit.db import reading, transaction
from portal.numbers import flows
from portal.numbers.arriving import InTheStock
from portal.numbers.assigning import (
    AssignedAlready,
    NoNumbersNow,
    NumberTaken,
    ReleasedAlready,
    assign,
    free_run_out,
    release,
    reserve,
)
from portal.numbers.charging import quote
from portal.numbers.models import Number, PortRequest, StockNumber
from portal.numbers.porting import (
    NumberKnown,
    PortMoved,
    accept,
    port_or_404,
    reject,
    schedule,
    submit,
    submit_again,
)
from portal.verify import verify
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, pay
from tests.numbers.making import in_stock, new_port, number, price_class
from tests.threads import at_once

TWENTY = 20


@pytest.fixture
def street(northwind, clock):
    """Twenty active customers, and numbers that all of them want."""
    with transaction(northwind.id) as db:
        price_class(db)
        plan_id = northwind.plans["courtesy"]
        ids = [active(db, customer(db, plan_id, OPTION_2, name=f"No {n}")).id for n in range(TWENTY)]
        numbers = [number(db, n).id for n in range(3)]
    return ids, numbers


def state_of(tenant, number_id):
    with reading(tenant.id) as db:
        found = db.load(Number, number_id)
        return found.state, found.account_id


def charges(tenant):
    with reading(tenant.id) as db:
        wanted = select(Charge).where(Charge.item.startswith("geo"), Charge.book == "wholesale")
        return sorted((c.account_id, c.item) for c in db.scalars(wanted))


def differences():
    return [words for finding in verify() for words in finding.differences]


def kinds(answers):
    return sorted(type(each).__name__ for each in answers if each is not None)


def test_twenty_reserve_one_number(northwind, street):
    """Red when `reserve` looks whether the number is free and then takes it: several have it for a moment."""
    ids, (wanted, *_) = street

    def take(n):
        with transaction(northwind.id) as db:
            reserve(db, held_customer_or_404(db, ids[n]), [wanted], by=COMMAND_LINE)
        return n

    answers = at_once(TWENTY, take)
    winners = [each for each in answers if isinstance(each, int)]
    losers = [each for each in answers if not isinstance(each, int)]
    assert len(winners) == 1 and {type(each) for each in losers} == {NumberTaken}
    assert "496 0000 is taken" in str(losers[0])
    assert state_of(northwind, wanted) == ("reserved", ids[winners[0]])


def test_numbers_that_ran_out_go_to_one_of_twenty_whatever_order_they_ask_in(northwind, street, clock):
    """Two who want the same three the other way round do not wait for each other for ever."""
    ids, numbers = street
    with transaction(northwind.id) as db:
        reserve(db, held_customer_or_404(db, ids[0]), numbers, by=COMMAND_LINE)
    clock.advance(minutes=10)

    def take(n):
        with transaction(northwind.id) as db:
            account = held_customer_or_404(db, ids[n])
            if n == 0:
                cancel(db, account, reason="x", by=COMMAND_LINE)
            elif n == 1:
                free_run_out(db)
            else:
                reserve(db, account, numbers if n % 2 else numbers[::-1], by=COMMAND_LINE)

    answers = at_once(TWENTY, take)
    assert {type(each) for each in answers} == {NumberTaken, type(None)}
    assert len({state_of(northwind, each) for each in numbers}) == 1


def test_a_double_click_assigns_and_charges_once(northwind, street):
    ids, (wanted, *_) = street
    with transaction(northwind.id) as db:
        account = held_customer_or_404(db, ids[0])
        reserve(db, account, [wanted], by=COMMAND_LINE)
        due = quote(db, account, more=[db.load(Number, wanted)]).due_minor

    def confirm(n):
        with transaction(northwind.id) as db:
            assign(db, held_customer_or_404(db, ids[0]), [wanted], agreed_minor=due, by=COMMAND_LINE)

    answers = at_once(8, confirm)
    assert kinds(answers) == [AssignedAlready.__name__] * 7
    assert charges(northwind) == [(ids[0], "geo"), (ids[0], "geo.setup")]
    assert differences() == []


def test_two_releases_give_back_once(northwind, street):
    ids, (wanted, *_) = street
    _give(northwind, ids[0], [wanted])

    def let_go(n):
        with transaction(northwind.id) as db:
            release(db, held_customer_or_404(db, ids[0]), wanted, agreed_minor=None, by=COMMAND_LINE)

    answers = at_once(8, let_go)
    assert kinds(answers) == [ReleasedAlready.__name__] * 7
    assert len(charges(northwind)) == 3 and differences() == []


def test_assigned_released_and_closed_at_once_it_ends_as_one_of_them(northwind, street):
    """Closing wins in the end, whoever came first, and no closed account keeps a number."""
    ids, (first, second, third) = street
    _give(northwind, ids[0], [first])
    with transaction(northwind.id) as db:
        reserve(db, held_customer_or_404(db, ids[0]), [second, third], by=COMMAND_LINE)

    def act(n):
        with transaction(northwind.id) as db:
            account = held_customer_or_404(db, ids[0])
            if n % 3 == 0:
                assign(db, account, [second, third], agreed_minor=None, by=COMMAND_LINE)
            elif n % 3 == 1:
                release(db, account, first, agreed_minor=None, by=COMMAND_LINE)
            elif n == 2:
                cancel(db, account, reason="x", by=COMMAND_LINE)

    answers = at_once(6, act)
    raised = {type(each).__name__ for each in answers if each is not None}
    assert raised <= {"ReleasedAlready", "NotFound", "AssignedAlready", "ReservationOver", "NoNumbersNow"}
    assert {state_of(northwind, each)[1] for each in (first, second, third)} == {None}
    assert differences() == []


def test_two_port_requests_for_one_number(northwind, street):
    """Red without the lock of the series: both would be open."""
    ids, _ = street

    def ask(n):
        with transaction(northwind.id) as db:
            submit(db, held_customer_or_404(db, ids[n]), new_port("+442079460123"), by=COMMAND_LINE)

    assert kinds(at_once(6, ask)) == [NumberKnown.__name__] * 5


def test_a_port_in_is_completed_once_and_its_numbers_are_charged_once(cast, northwind, street):
    ids, _ = street
    port_id = _scheduled(northwind, ids[0], "+442079460123", "+442079460124")

    def complete(n):
        flows.complete_port(northwind.id, port_id, by=cast.olga.actor)

    assert kinds(at_once(4, complete)) == [PortMoved.__name__] * 3
    assert charges(northwind) == [(ids[0], "geo"), (ids[0], "geo.setup")]
    with reading(cast.operator.id) as db:
        assert [s.holder_id for s in db.scalars(select(StockNumber))] == [northwind.id] * 2
    assert differences() == []


def test_completed_and_closed_at_once(cast, northwind, street):
    ids, _ = street
    port_id = _scheduled(northwind, ids[0], "+442079460123")

    def act(n):
        if n:
            flows.complete_port(northwind.id, port_id, by=cast.olga.actor)
        else:
            with transaction(northwind.id) as db:
                cancel(db, held_customer_or_404(db, ids[0]), reason="x", by=COMMAND_LINE)

    answers = at_once(2, act)
    assert kinds(answers) in ([], [NoNumbersNow.__name__], [PortMoved.__name__])
    with reading(northwind.id) as db:
        assert {n.state for n in db.scalars(select(Number).where(Number.e164 == "+442079460123"))} <= {"quarantined"}
    assert differences() == []


@pytest.mark.parametrize("is_retired", [False, True])
def test_two_white_labels_complete_the_same_number(cast, northwind, kauri, street, is_retired, clock):
    """The stock has a number once: the second is refused as a whole, and nothing of it is kept. Also one that was
    retired comes back once: red when the completion brings back whatever row it finds."""
    ids, _ = street
    if is_retired:
        in_stock(cast, "+442079460123", retired_at=clock.moment)
    one = _scheduled(northwind, ids[0], "+442079460123")
    with transaction(kauri.id) as db:
        price_class(db)
        other_id = active(db, customer(db, kauri.plans["courtesy"], OPTION_2)).id
    other = _scheduled(kauri, other_id, "+442079460123")

    def complete(n):
        tenant, port_id = ((northwind, one), (kauri, other))[n]
        flows.complete_port(tenant.id, port_id, by=cast.olga.actor)

    answers = at_once(2, complete)
    assert kinds(answers) == [InTheStock.__name__]
    lost = kauri if isinstance(answers[1], InTheStock) else northwind
    with reading(lost.id) as db:
        assert db.scalars(select(PortRequest.state)).all() == ["scheduled"]
        assert db.scalars(select(Number).where(Number.e164 == "+442079460123")).all() == []
    assert differences() == []


def test_two_customers_with_credit_for_one_number_each(northwind, clock):
    """The account is held before its balance: two sessions of one customer cannot both spend the last of it."""
    with transaction(northwind.id) as db:
        price_class(db)
        own = active(db, customer(db, northwind.plans["courtesy"], OPTION_1, name="Short of money"))
        pay(db, own, 1000)
        own_id, ids = own.id, [number(db, n).id for n in range(2)]
        reserve(db, own, ids, by=COMMAND_LINE)

    def confirm(n):
        with transaction(northwind.id) as db:
            assign(db, held_customer_or_404(db, own_id), [ids[n]], agreed_minor=840, by=COMMAND_LINE)

    assert kinds(at_once(2, confirm)) in (["CreditTooLow"], ["QuoteIsOld"])
    assert differences() == []


def _give(tenant, account_id, ids):
    with transaction(tenant.id) as db:
        account = held_customer_or_404(db, account_id)
        reserve(db, account, ids, by=COMMAND_LINE)
        assign(db, account, ids, agreed_minor=None, by=COMMAND_LINE)


def _scheduled(tenant, account_id, *e164s):
    with transaction(tenant.id) as db:
        port = submit(db, held_customer_or_404(db, account_id), new_port(*e164s), by=COMMAND_LINE)
        accept(db, port, price_class="geo", needs_address=False, by=COMMAND_LINE)
        schedule(db, port, today("Europe/London"), by=COMMAND_LINE)
        return port.id


def test_a_new_request_and_a_corrected_one_do_not_ask_for_one_number(northwind, street):
    """Red on PostgreSQL when the two hold different locks: neither sees the other, and both are open."""
    ids, _ = street
    with transaction(northwind.id) as db:
        old = submit(db, held_customer_or_404(db, ids[0]), new_port("+442079460999"), by=COMMAND_LINE).id
    with transaction(northwind.id) as db:
        reject(db, port_or_404(db, ids[0], old, held=True), "Wrong name", by=COMMAND_LINE)

    def ask(n):
        with transaction(northwind.id) as db:
            account, wanted = held_customer_or_404(db, ids[n]), new_port("+442079460123")
            if n:
                submit(db, account, wanted, by=COMMAND_LINE)
            else:
                submit_again(db, account, port_or_404(db, ids[0], old, held=True), wanted, by=COMMAND_LINE)

    assert kinds(at_once(2, ask)) == ["NumberKnown"]
