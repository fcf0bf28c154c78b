"""`portal verify` names accounts that became active wrongly, letters and jobs that got lost, payments left unknown."""

import pytest

from portal.activation.models import ActivationLink
from portal.identity.commands import send_password_link
from portal.identity.models import User
from portal.kit import jobs
from portal.kit.db import transaction
from portal.kit.jobs import MAX_TRIES, Job
from portal.letters.models import Letter
from portal.payments.commands import note_unknown
from portal.payments.models import Funding
from portal.verify import verify
from tests.accounts.making import OPTION_1, OPTION_2, claim, customer, start_payment
from tests.verify.planting import Account, change, differences


class TestAccounts:
    def test_active_without_a_redeemed_link(self, books):
        """I9. Red when the account's own word is taken."""
        change(ActivationLink, ActivationLink.account_id == books.own.id, used_at=None)
        assert differences() == [f"account {books.own.number} is active without a redeemed link"]

    def test_switched_on_in_the_table_alone(self, books, northwind):
        """No link, no charge, no moment of activation. Red when only that moment is looked for."""
        with transaction(northwind.id) as db:
            waiting = customer(db, northwind.plans["desk"], OPTION_1, name="Dogwood")
        change(Account, Account.id == waiting.id, state="active")
        assert differences() == [
            f"account {waiting.number} is active without a redeemed link",
            f"account {waiting.number} is active and was never activated"]

    @pytest.mark.parametrize("state", ["active", "suspended"])
    def test_option_2_switched_on_in_the_table_alone(self, books, northwind, state):
        with transaction(northwind.id) as db:
            waiting = customer(db, northwind.plans["desk"], OPTION_2, name="Dogwood")
        change(Account, Account.id == waiting.id, state=state)
        assert differences() == [f"account {waiting.number} is {state} and was never activated"]

    def test_charged_without_being_active(self, books):
        change(Account, Account.id == books.ours.id, state="inactive", activated_at=None)
        assert differences() == [f"account {books.ours.number} was charged without being active"]


class TestLetters:
    @pytest.fixture
    def waiting(self, northwind, alice, clock):
        with transaction(northwind.id) as db:
            send_password_link(db, db.load(User, alice.id), "password-reset")
            return db.query(Letter).filter_by(state="queued").one()

    def test_one_that_waits_with_a_job_is_fine(self, waiting):
        assert differences() == []

    @pytest.mark.parametrize("state", ["done", "failed"])
    def test_one_whose_job_ended_without_it(self, waiting, state):
        """Red when a letter that waits is believed to be on its way."""
        change(Job, Job.name == "letters.deliver", Job.state == "due", state=state)
        assert differences() == [f"letter {waiting.id} to alice@acme.example waits for nobody"]

    def test_one_whose_job_is_about_another_letter(self, waiting):
        change(Job, Job.name == "letters.deliver", Job.state == "due", payload={"letter": "somebody else's"})
        assert differences() == [f"letter {waiting.id} to alice@acme.example waits for nobody"]

    @pytest.mark.parametrize("state", ["sent", "failed", "withdrawn"])
    def test_one_that_ended_needs_no_job(self, waiting, state):
        change(Letter, Letter.id == waiting.id, state=state)
        change(Job, Job.name == "letters.deliver", state="done")
        assert differences() == []


class TestJobs:
    @pytest.fixture
    def due(self, northwind, clock):
        with transaction(northwind.id) as db:
            jobs.enqueue(db, "payments.look-up", {"funding": "x"})

    def test_one_that_is_due_for_some_hours_is_fine(self, due, clock):
        clock.advance(hours=5)
        assert differences() == []

    def test_one_that_nobody_runs(self, due, clock):
        """The worker is down. Red when only failed jobs are counted."""
        clock.advance(hours=6, minutes=1)
        (words,) = differences()
        assert words.startswith("job payments.look-up ") and "should have run at 2026-11-02 10:00:00" in words

    def test_one_that_was_tried_too_often(self, due):
        change(Job, Job.name == "payments.look-up", tries=MAX_TRIES + 1)
        assert len(differences("jobs")) == 1

    @pytest.mark.parametrize("state", ["done", "failed"])
    def test_one_that_ended_is_fine_however_late(self, due, clock, state):
        change(Job, Job.name == "payments.look-up", state=state)
        clock.advance(days=9)
        assert differences() == []


class TestUnknownPayments:
    @pytest.fixture
    def unknown(self, northwind, clock):
        with transaction(northwind.id) as db:
            account = customer(db, northwind.plans["desk"], OPTION_1)
            claim(db, account)
            funding = start_payment(db, account, 2000)
            note_unknown(db, funding.id, "no answer: the line was cut")
        change(Job, Job.state == "due", state="done")
        change(Letter, Letter.state == "queued", state="sent")
        return funding

    def test_for_less_than_an_hour_is_fine(self, unknown, clock):
        clock.advance(minutes=59)
        assert differences() == []

    def test_for_longer_without_a_flag(self, unknown, clock):
        """I11. Red when an unknown payment is simply one that is open."""
        clock.advance(minutes=66)
        assert differences() == ["funding F-2026-000001 is unknown and not flagged"]

    def test_without_any_problem_written_down(self, unknown, clock):
        change(Funding, Funding.id == unknown.id, last_problem=None)
        clock.advance(hours=2)
        assert differences("open fundings") == ["funding F-2026-000001 is unknown and not flagged"]

    def test_flagged_is_fine_however_long(self, unknown, clock):
        change(Funding, Funding.id == unknown.id, last_problem="flagged: no answer")
        clock.advance(days=3)
        assert differences("open fundings") == []

    def test_it_counts_what_is_open(self, unknown):
        assert [finding.checked for finding in verify() if finding.what == "open fundings"] == [1]
