"""The contract of jobs: written with their cause, done at least once, never by two at once, visible when they fail."""

import threading

import pytest
from sqlalchemy import func, select

from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.ids import new_id
from portal.kit.jobs import BACK_OFF_S, LEASE_S, MAX_TRIES, GiveUp, Job, JobKey, TryLater
from portal.kit.series import next_number
from tests.threads import aside, at_once


class Work:
    """A handler that keeps what it was given, and does what the test says."""

    def __init__(self):
        self.seen = []
        self.act = lambda payload: None

    def __call__(self, payload):
        self.seen.append(payload)
        self.act(payload)


@pytest.fixture
def work(monkeypatch, database, clock):
    made = Work()
    monkeypatch.setattr(jobs, "registry", jobs.Registry({"work": made}))
    return made


def enqueue(tenant, payload=None, **more):
    with transaction(tenant) as db:
        return jobs.enqueue(db, "work", payload or {}, **more)


def only_job():
    with reading(PLATFORM) as db:
        return db.scalars(select(Job).where(Job.name == "work")).one()


def count(model):
    with reading(PLATFORM) as db:
        return db.scalar(select(func.count()).select_from(model))


class TestWriting:
    def test_it_runs_once_with_what_it_was_given(self, work, northwind):
        enqueue(northwind.id, {"letter": "7"})
        assert jobs.run_due() == 1 and jobs.run_due() == 0
        assert work.seen == [{"letter": "7"}]
        done = only_job()
        assert (done.state, done.tries, done.lease_id, done.last_error) == ("done", 1, None, None)
        assert done.finished_at is not None

    def test_it_is_gone_when_its_cause_is_undone(self, work, northwind):
        """Red when jobs are handed to anything but the caller's own transaction."""
        with pytest.raises(ZeroDivisionError), transaction(northwind.id) as db:
            next_number(db, "quote")
            jobs.enqueue(db, "work", {}, key="undone")
            raise ZeroDivisionError
        assert jobs.run_due() == 0
        assert enqueue(northwind.id, key="undone") is not None

    def test_nobody_sees_it_before_its_cause_is_kept(self, work, northwind):
        with transaction(northwind.id) as db:
            jobs.enqueue(db, "work", {})
            db.flush()
            # On SQLite a worker cannot even claim while another writes; on PostgreSQL it finds nothing.
            found = aside(lambda: count(Job))
        assert found == count(Job) - 1

    def test_it_waits_as_long_as_it_was_told(self, work, northwind, clock):
        enqueue(northwind.id, delay_s=60)
        assert jobs.run_due() == 0
        clock.advance(seconds=61)
        assert jobs.run_due() == 1

    def test_the_oldest_goes_first(self, work, northwind, clock):
        for n in range(3):
            enqueue(northwind.id, {"n": n})
            clock.advance(seconds=1)
        jobs.run_due()
        assert [payload["n"] for payload in work.seen] == [0, 1, 2]


class TestKeys:
    def test_a_key_is_taken_once_for_ever(self, work, northwind):
        assert enqueue(northwind.id, key="letter:7") is not None
        assert enqueue(northwind.id, key="letter:7") is None
        jobs.run_due()
        assert enqueue(northwind.id, key="letter:7") is None
        assert len(work.seen) == 1

    def test_a_taken_key_does_not_spoil_the_callers_transaction(self, work, northwind):
        enqueue(northwind.id, key="letter:7")
        with transaction(northwind.id) as db:
            assert jobs.enqueue(db, "work", {}, key="letter:7") is None
            assert next_number(db, "quote") == 1

    def test_a_race_for_a_key_has_one_winner(self, work, northwind):
        """Red when the key is looked up first and written after: several winners, or one and an error."""
        answers = at_once(8, lambda n: enqueue(northwind.id, {"n": n}, key="letter:7"))
        assert sum(answer is not None for answer in answers) == 1
        assert not any(isinstance(answer, BaseException) for answer in answers)
        assert jobs.run_due() == 1

    def test_the_loser_of_a_race_wins_when_the_winner_is_undone(self, work, northwind):
        holding, may_end = threading.Event(), threading.Event()

        def first(n):
            with pytest.raises(ZeroDivisionError), transaction(northwind.id) as db:
                jobs.enqueue(db, "work", {}, key="letter:7")
                holding.set()
                may_end.wait(10)
                raise ZeroDivisionError

        def second(n):
            holding.wait(10)
            threading.Timer(0.05, may_end.set).start()
            return enqueue(northwind.id, key="letter:7")

        _, won = at_once(2, lambda n: (first, second)[n](n))
        assert won is not None and not isinstance(won, BaseException)


class TestScope:
    def test_a_tenants_job_runs_in_its_tenant(self, work, kauri):
        found = []

        def look(payload):
            with reading() as db:
                found.append(db.tenant)

        work.act = look
        enqueue(kauri.id)
        jobs.run_due()
        assert found == [kauri.id]

    def test_the_platforms_job_runs_in_no_tenant(self, work):
        found = []

        def look(payload):
            with reading() as db:
                found.append(db.scope)

        work.act = look
        enqueue(PLATFORM)
        jobs.run_due()
        assert found == [PLATFORM]

    def test_no_transaction_is_open_while_it_works(self, work, northwind):
        work.act = lambda payload: next_in(northwind.id)
        enqueue(northwind.id)
        jobs.run_due()
        assert only_job().state == "done"


def next_in(tenant):
    with transaction(tenant) as db:
        return next_number(db, "quote")


class TestTryingAgain:
    def test_a_job_that_raises_is_tried_again_later_and_later(self, work, northwind, clock):
        def fail(payload):
            raise ConnectionError("the line is down")

        work.act = fail
        enqueue(northwind.id)
        waits = []
        for _ in range(6):
            before = clock()
            assert jobs.run_due() == 1
            waiting = only_job()
            assert waiting.state == "due" and waiting.last_error == "ConnectionError: the line is down"
            waits.append((waiting.due_at - before).total_seconds())
            clock.moment = waiting.due_at
        assert all(wanted <= wait <= wanted * 1.11 for wanted, wait in zip(BACK_OFF_S, waits, strict=False))

    def test_it_succeeds_when_what_was_wrong_is_over(self, work, northwind, clock):
        work.act = lambda payload: 1 / 0 if len(work.seen) == 1 else None
        enqueue(northwind.id)
        jobs.run_due()
        clock.advance(hours=1)
        jobs.run_due()
        assert (only_job().state, only_job().tries) == ("done", 2)

    def test_a_handler_may_say_when(self, work, northwind, clock):
        def later(payload):
            raise TryLater("ask again tomorrow", after_s=86_400)

        work.act = later
        enqueue(northwind.id)
        jobs.run_due()
        assert (only_job().due_at - clock()).total_seconds() >= 86_400

    def test_it_gives_up_visibly_in_the_end(self, work, northwind, clock):
        def fail(payload):
            raise ValueError("never works")

        work.act = fail
        enqueue(northwind.id)
        for _ in range(MAX_TRIES):
            assert jobs.run_due() == 1
            clock.advance(hours=2)
        failed = only_job()
        assert (failed.state, failed.tries) == ("failed", MAX_TRIES)
        assert f"gave up after {MAX_TRIES} tries: never works" in failed.last_error
        assert jobs.run_due() == 0

    def test_a_handler_may_give_up_at_once(self, work, northwind):
        def refuse(payload):
            raise GiveUp("the account is gone")

        work.act = refuse
        enqueue(northwind.id)
        jobs.run_due()
        assert (only_job().state, only_job().last_error) == ("failed", "the account is gone")

    def test_a_job_that_nobody_knows_fails_visibly(self, work, northwind):
        with transaction(northwind.id) as db:
            jobs.enqueue(db, "unheard-of", {})
        jobs.run_due()
        with reading(PLATFORM) as db:
            failed = db.scalars(select(Job).where(Job.name == "unheard-of")).one()
        assert failed.state == "failed" and "no handler" in failed.last_error

    def test_one_that_fails_does_not_hold_up_the_rest(self, work, northwind, clock):
        work.act = lambda payload: 1 / 0 if payload["n"] == 0 else None
        for n in range(3):
            enqueue(northwind.id, {"n": n})
        assert jobs.run_due() == 3


class TestLeases:
    def test_a_job_whose_worker_vanished_is_done_by_another(self, work, northwind, clock):
        """Red without the end of the lease: the job would be leased for ever."""
        enqueue(northwind.id, {"n": 1})
        assert jobs._claim() is not None
        assert jobs.run_due() == 0
        clock.advance(seconds=LEASE_S + 1)
        assert jobs.run_due() == 1
        assert work.seen == [{"n": 1}] and only_job().tries == 2

    def test_a_job_that_kills_its_worker_every_time_is_given_up(self, work, northwind, clock):
        """Red without the check before work begins: such a job would kill workers for ever."""
        enqueue(northwind.id)
        for _ in range(MAX_TRIES):
            assert jobs._claim() is not None
            clock.advance(seconds=LEASE_S + 1)
        jobs.run_due()
        assert work.seen == [] and only_job().state == "failed" and "vanished" in only_job().last_error

    def test_a_worker_that_was_away_too_long_does_not_overwrite_its_successor(self, work, northwind, clock):
        """Red when the result is written by the job's id alone."""
        def slow(payload):
            if len(work.seen) == 1:
                clock.advance(seconds=LEASE_S + 1)
                aside(jobs.run_one)
            else:
                raise GiveUp("the successor's word")

        work.act = slow
        enqueue(northwind.id)
        jobs.run_one()
        assert len(work.seen) == 2
        assert (only_job().state, only_job().last_error) == ("failed", "the successor's word")

    def test_two_workers_never_work_on_one_job(self, work, northwind):
        """Forty jobs, four workers. Red without the lock on the claimed row."""
        for n in range(40):
            enqueue(northwind.id, {"n": n})
        done = at_once(4, lambda n: jobs.run_due())
        assert sum(done) == 40
        assert sorted(payload["n"] for payload in work.seen) == list(range(40))

    def test_a_worker_stops_when_it_is_told_and_finishes_what_it_began(self, work, northwind):
        stop = threading.Event()
        work.act = lambda payload: stop.set()
        enqueue(northwind.id)
        enqueue(northwind.id)
        aside(lambda: jobs.work(stop, idle_s=0.01))
        assert len(work.seen) == 1 and count(Job) == 2 + _before()

    def test_a_worker_outlives_a_database_that_is_away(self, work, northwind, monkeypatch):
        stop, real, falls = threading.Event(), jobs.run_one, []

        def stumble():
            if not falls:
                falls.append(1)
                raise ConnectionError("the database is away")
            stop.set()
            return real()

        monkeypatch.setattr(jobs, "run_one", stumble)
        monkeypatch.setattr(stop, "wait", lambda seconds=None: stop.is_set())
        enqueue(northwind.id)
        jobs.work(stop)
        assert len(work.seen) == 1


def _before():
    """Jobs that the cast left behind, all of them done."""
    with reading(PLATFORM) as db:
        return db.scalar(select(func.count()).select_from(Job).where(Job.name != "work"))


class TestPeriodic:
    def test_once_in_each_slot_whoever_keeps_time(self, work, clock):
        """Red without the slot's key: each worker would write its own."""
        jobs.registry.periodic["work"] = 60
        at_once(4, lambda n: jobs.enqueue_due_periodic())
        assert jobs.run_due() == 1
        clock.advance(seconds=60)
        at_once(4, lambda n: jobs.enqueue_due_periodic())
        jobs.enqueue_due_periodic()
        assert jobs.run_due() == 1

    def test_a_slot_that_was_slept_through_is_not_made_up_for(self, work, clock):
        jobs.registry.periodic["work"] = 60
        jobs.enqueue_due_periodic()
        clock.advance(hours=5)
        jobs.enqueue_due_periodic()
        assert jobs.run_due() == 2

    def test_the_time_keeper_stops_when_it_is_told(self, work, monkeypatch):
        jobs.registry.periodic["work"] = 60
        stop = threading.Event()
        monkeypatch.setattr(stop, "wait", lambda seconds=None: stop.set())
        jobs.keep_time(stop)
        assert jobs.run_due() == 1


def test_a_decorator_registers(monkeypatch):
    monkeypatch.setattr(jobs, "registry", jobs.Registry())

    @jobs.job("one")
    def one(payload): ...

    @jobs.every(60, "two")
    def two(payload): ...

    assert set(jobs.registry.handlers) == {"one", "two"} and jobs.registry.periodic == {"two": 60}


def test_a_key_remembers_its_job(work, northwind):
    job_id = enqueue(northwind.id, key="letter:7")
    with reading(PLATFORM) as db:
        assert db.get(JobKey, "letter:7").job_id == job_id != new_id()
