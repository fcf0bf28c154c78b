"""Every active customer is suspended, once; exactly those work again, whatever breaks on the way."""

import threading
import time

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.standstill import CustomersSuspended
from portal.activation import commands as activation
from portal.audit.models import AuditRow
from portal.audit.queries import acts_on
from portal.billing.proof import wrong_periods
from portal.billing.run import bill_white_label, foresee
from portal.events.models import Event
from portal.kit import jobs
from portal.kit.clock import today
from portal.kit.db import reading, scoped, transaction
from portal.letters.models import Letter
from portal.operator import standstill
from portal.verify import verify
from tests.accounts.making import OPTION_2, customer
from tests.cast import on_postgresql, on_sqlite
from tests.faults.test_every_statement import MORE_THAN_ENOUGH, Killed as KilledAt, killed_at
from tests.standstill.conftest import BEFORE, STOPPED
from tests.threads import at_once

OURS = ["Acme", "Ash", "Beech", "Cedar", "Damson"]


class Killed(BaseException):
    """What no handler catches, as when the process ends: the open transaction is undone."""


def test_exactly_what_it_stopped_works_again(street):
    """Elder was suspended by a person and Beech is closed meanwhile. Red when whatever is suspended is made active, and
    when closed accounts with an open pause are."""
    assert street.decide() is True
    street.suspend()
    assert street.states == STOPPED and street.standstill.reached_all_at is not None
    assert street.pauses == sorted([(name, True, True) for name in OURS] + [("Elder", False, True)])
    street.act("Beech", accounts.close, reason="Moved away")
    street.lift()
    street.restore()
    assert street.states == {**BEFORE, "Beech": "c"} and street.standstill.restored_at is not None
    assert [words for finding in verify() if finding.what != "jobs" for words in finding.differences] == []


@pytest.mark.parametrize("what", ["suspend_all", "reactivate"])
def test_a_worker_that_is_killed_midway_leaves_whole_batches_and_the_next_goes_on(street, monkeypatch, what):
    """Batches of two; it dies in the second, with one account of it done. Red when accounts are committed one by one
    in another transaction than their pauses, or when the next worker trusts what the first noted."""
    street.decide()
    if what == "reactivate":
        street.suspend()
        street.lift()
    real, calls = getattr(accounts, what), []

    def dies(*args, **more):
        calls.append(1)
        done = real(*args, **more)
        if len(calls) == (2 if what == "suspend_all" else 3):
            raise Killed
        return done

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(accounts, what, dies)
        (street.suspend if what == "suspend_all" else street.restore)()
    assert sorted(street.states[name] for name in OURS) in (["a", "a", "a", "s", "s"], ["a", "a", "s", "s", "s"])
    (street.suspend if what == "suspend_all" else street.restore)()
    if what == "suspend_all":
        assert street.states == STOPPED and len(street.pauses) == 6
    else:
        assert street.states == BEFORE and street.pauses[-1] == ("Elder", False, True)


@on_sqlite
def test_it_may_die_at_each_statement_of_either_job(street):
    """Each try comes one statement further. Red with a commit between an account's state and its pause."""
    street.decide()
    for work, end in ((street.suspend, STOPPED), (street.restore, BEFORE)):
        for n in range(1, MORE_THAN_ENOUGH):
            try:
                with killed_at(n):
                    work()
            except KilledAt:
                held = [name for name, is_ours, is_open in street.pauses if is_ours and is_open]
                assert sorted(held) == [name for name in OURS if street.states[name] == "s"], n
            else:
                break
        assert street.states == end and n > 20
        street.lift()


def test_twice_and_side_by_side_is_once(street):
    """Red without the lock on the accounts: an account has two pauses, or a worker breaks on another's."""
    street.decide()
    assert at_once(3, lambda n: street.suspend()) == [None] * 3
    street.suspend()
    assert street.states == STOPPED and len(street.pauses) == 6
    street.lift()
    assert at_once(3, lambda n: street.restore()) == [None] * 3
    street.restore()
    assert street.states == BEFORE
    with reading(street.company.id) as db:
        acts = [act.action for act in acts_on(db, street.id("Ash"))]
    assert acts.count("account.suspended") == acts.count("account.reactivated") == 1


def test_deciding_twice_at_once_is_one_decision(street):
    """Red without holding the white label: two standstills, or a broken index."""
    assert sorted(at_once(2, lambda n: street.decide(f"Reason {n}"))) == [False, True]
    assert street.decide("Again") is False
    assert sorted(at_once(2, lambda n: street.lift())) == [False, True]
    with reading(street.company.id) as db:
        wanted = select(AuditRow).where(AuditRow.action.like("standstill.%"))
        trail = db.scalars(wanted.order_by(AuditRow.at, AuditRow.id)).all()
    assert [(act.action, act.actor_name, bool(act.details["reason"])) for act in trail] == [
        ("standstill.begun", "Olga Brandt", True), ("standstill.lifted", "Olga Brandt", True)]


@on_postgresql
def test_what_was_becoming_active_meanwhile_is_waited_for_and_stopped(street):
    """Elder is being made active while the operator decides. Red when that is not held against the decision: the
    decision comes through first, its job finds Elder suspended, and Elder is active in the end."""
    decided = []

    def decide_and_suspend(n):
        decided.append(street.decide())
        street.suspend()

    def reactivate(n):
        with transaction(street.company.id) as db:
            account = db.locked(accounts.Account, street.id("Elder"))
            assert accounts.reactivate(db, account, by=street.olga.actor) is True
            held.set()
            # Long enough for the decision to be where it has to wait.
            time.sleep(0.5)
            assert decided == []

    held = threading.Event()
    assert at_once(2, lambda n: reactivate(n) if n else (held.wait(10), decide_and_suspend(n))[1]) == [None, None]
    assert street.states == {**STOPPED, "Elder": "s"}
    assert ("Elder", True, True) in street.pauses


@on_sqlite
def test_lifting_ends_a_suspending_that_still_goes_on(street, monkeypatch):
    """Red when the worker of the first asks only once whether it stands."""
    street.decide()
    real = standstill._suspend

    def lifted_after_one(standstill_id, batch):
        goes_on = real(standstill_id, batch)
        street.lift()
        return goes_on

    monkeypatch.setattr(standstill, "_suspend", lifted_after_one)
    street.suspend()
    assert sorted(street.states.values()).count("s") == 3 and street.standstill.reached_all_at is None
    street.restore()
    assert street.states == BEFORE


@on_sqlite
def test_what_a_person_suspended_after_the_worker_read_its_batch_stays_so(street):
    """Cedar is in the batch, and when its turn comes it is suspended by a person. Red when the pause is not asked for
    again under the lock."""
    street.stop()
    street.lift()
    street.act("Cedar", accounts.reactivate)
    street.act("Cedar", accounts.suspend, reason="Abuse")
    with scoped(street.company.id):
        standstill._restore(street.standstill.id, [street.id("Cedar"), street.id("Damson")])
    assert (street.states["Cedar"], street.states["Damson"]) == ("s", "a")


@on_sqlite
def test_a_second_standstill_keeps_what_the_first_has_not_let_go(street):
    """Red when the first one's worker makes active whatever it finds."""
    street.stop()
    street.lift()
    first = street.standstill
    street.decide("Again")
    with scoped(street.company.id):
        standstill.restore_customers({"standstill": str(first.id)})
    assert street.states == STOPPED
    street.suspend()
    street.lift()
    street.restore()
    assert street.states == BEFORE


@on_sqlite
def test_no_act_makes_an_account_active_while_it_stands(street):
    """Red when either act does not ask."""
    street.stop()
    with pytest.raises(CustomersSuspended):
        street.act("Cedar", accounts.reactivate)
    with pytest.raises(CustomersSuspended):
        street.act("Ginkgo", activation.activate_as_administrator)
    assert street.states == STOPPED


@on_sqlite
def test_what_suspended_it_otherwise_ends_and_it_waits_with_the_others(street):
    """Elder's own suspension is lifted meanwhile. Red when it works at once, or stays suspended for ever."""
    street.stop()
    assert street.act("Elder", accounts.reactivate) is False
    assert street.states == STOPPED
    with pytest.raises(CustomersSuspended):
        street.act("Elder", accounts.reactivate)
    street.lift()
    street.restore()
    assert street.states == {**BEFORE, "Elder": "a"}
    with reading(street.company.id) as db:
        assert wrong_periods(db)[1] == []


@on_sqlite
def test_no_period_begins_while_it_stands_and_the_next_one_on_the_day_it_is_lifted(street, clock):
    """2 December is passed and 10 January is the day. Red without the pauses."""
    street.stop()
    clock.advance(days=69)
    day = today("Europe/London")
    assert bill_white_label(street.company.id, day, by="a test").charges == 0
    street.lift()
    street.restore()
    due = list(foresee(street.company.id, day))
    assert len(due) == 5 and all(line.days.startswith("10 Jan to") for line in due)
    bill_white_label(street.company.id, day, by="a test")
    with reading(street.company.id) as db:
        assert wrong_periods(db)[1] == []


@on_sqlite
def test_what_had_begun_is_charged_before_it_stops(street, clock):
    """The run of 2 December is late. Red when those periods are never charged."""
    clock.advance(days=31)
    street.stop()
    street.lift()
    street.restore()
    assert list(foresee(street.company.id, today("Europe/London"))) == []
    with reading(street.company.id) as db:
        assert wrong_periods(db)[1] == []


@on_sqlite
def test_its_people_get_one_letter_each_time_and_outside_hears_of_each_account(street, app):
    street.decide()
    street.decide()
    street.suspend()
    street.lift()
    street.restore()
    with reading(street.company.id) as db:
        wanted = select(Letter.name, Letter.to_address).where(Letter.name.like("customers-%"))
        told = sorted(tuple(row) for row in db.execute(wanted))
        heard = list(db.scalars(select(Event.name).where(Event.account_id == street.id("Ash")).order_by(Event.id)))
    assert told == [(name, f"{who}@northwind.example") for name in ("customers-reactivated", "customers-suspended")
                    for who in ("bob", "fiona")]
    assert heard[-2:] == ["account.suspended", "account.reactivated"]


@on_sqlite
def test_the_jobs_come_by_themselves(street, app):
    street.decide()
    with app.app_context():
        jobs.run_due()
    assert street.states == STOPPED
    street.lift()
    with app.app_context():
        jobs.run_due()
    assert street.states == BEFORE


@on_sqlite
def test_another_white_label_is_untouched(street, kauri):
    street.stop()
    with transaction(kauri.id) as db:
        account = customer(db, kauri.plans["desk"], OPTION_2)
        activation.activate_as_administrator(db, account, by=street.olga.actor)
        assert account.state == "active"
