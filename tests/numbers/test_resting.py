"""A number that was given up rests, and only its last account can have it back; and nobody empties the stock."""

from datetime import timedelta

import pytest

from portal.accounts import commands as accounts
from portal.accounts.queries import primary_user
from portal.audit.commands import COMMAND_LINE, Actor
from portal.billing.changes import QuoteIsOld
from portal.billing.proof import wrong_periods
from portal.kit.clock import now
from portal.kit.refusals import NotFound
from portal.numbers import assigning
from portal.numbers.assigning import AssignedAlready, EnoughForToday, NoNumbersNow, assign, release, reserve
from portal.numbers.charging import NotSold, quote
from portal.numbers.proofs import CHECKS
from portal.numbers.queries import numbers_of
from portal.numbers.resting import resting_of, take_back
from tests.numbers.making import charged, give, number


@pytest.fixture
def rests(db, own, clock):
    """A number that Birch Dental gave up after fifteen days."""
    one, = give(db, own, number(db))
    clock.advance(days=15)
    release(db, own, one.id, agreed_minor=None, by=COMMAND_LINE)
    clock.advance(days=1)
    return one


def owner(db, account):
    user = primary_user(db, account.id)
    return Actor("user", user.id, user.display_name)


class TestTakeBack:
    def test_it_is_charged_as_a_new_one_is(self, db, own, rests):
        assert resting_of(db, own) == [rests]
        due = quote(db, own, more=[rests]).due_minor
        before = len(charged(db, own))
        take_back(db, own, rests.id, agreed_minor=due, by=COMMAND_LINE)
        assert (rests.state, rests.until, rests.assigned_at) == ("assigned", None, now())
        assert numbers_of(db, own.id) == [rests] and resting_of(db, own) == []
        assert len(charged(db, own)) == before + 2 and wrong_periods(db)[1] == []
        assert [words for check in CHECKS for words in check(db).differences] == []

    def test_an_old_price_is_refused(self, db, own, rests):
        with pytest.raises(QuoteIsOld):
            take_back(db, own, rests.id, agreed_minor=1, by=COMMAND_LINE)

    def test_nobody_else_can_have_it(self, db, own, run, rests):
        """Red when any resting number can be taken back: it would ring for a stranger."""
        assert resting_of(db, run) == []
        with pytest.raises(NotFound):
            take_back(db, run, rests.id, agreed_minor=None, by=COMMAND_LINE)

    def test_who_had_it_before_the_last_one_cannot_either(self, db, own, run, clock):
        """Red when any release of a number counts and not the one that it rests for."""
        one, = give(db, run, number(db))
        release(db, run, one.id, agreed_minor=None, by=COMMAND_LINE)
        give(db, own, one)
        clock.advance(days=2)
        release(db, own, one.id, agreed_minor=None, by=COMMAND_LINE)
        assert resting_of(db, run) == [] and resting_of(db, own) == [one]

    def test_given_up_again_at_once_it_rests_all_the_same(self, db, own, rests):
        """Red when only the hours since it came back count: a number that people know would be a stranger's."""
        take_back(db, own, rests.id, agreed_minor=None, by=COMMAND_LINE)
        release(db, own, rests.id, agreed_minor=None, by=COMMAND_LINE)
        assert rests.state == "quarantined" and resting_of(db, own) == [rests]

    def test_when_the_rest_is_over_it_is_anybodys(self, db, own, rests, clock):
        clock.advance(days=29)
        assert resting_of(db, own) == []
        with pytest.raises(NotFound):
            take_back(db, own, rests.id, agreed_minor=None, by=COMMAND_LINE)

    def test_twice_is_once(self, db, own, rests):
        take_back(db, own, rests.id, agreed_minor=None, by=COMMAND_LINE)
        with pytest.raises(AssignedAlready):
            take_back(db, own, rests.id, agreed_minor=None, by=COMMAND_LINE)

    def test_not_without_a_price_nor_for_a_closed_account(self, db, own, geo, rests):
        geo.hidden_at = now()
        db.flush()
        with pytest.raises(NotSold):
            take_back(db, own, rests.id, agreed_minor=None, by=COMMAND_LINE)
        accounts.close(db, own, reason="x", by=COMMAND_LINE)
        with pytest.raises(NoNumbersNow):
            take_back(db, own, rests.id, agreed_minor=None, by=COMMAND_LINE)


class TestADay:
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch):
        monkeypatch.setattr(assigning, "MOST_A_DAY", 3)

    def taken(self, db, account, by, *numbers):
        ids = [each.id for each in numbers]
        reserve(db, account, ids, by=by)
        assign(db, account, ids, agreed_minor=None, by=by)

    def test_who_assigns_and_releases_without_an_end_is_stopped(self, db, own, clock):
        """Red without the limit: one customer lets a white label's whole stock rest."""
        me = owner(db, own)
        numbers = [number(db, n) for n in range(4)]
        self.taken(db, own, me, *numbers[:2])
        release(db, own, numbers[0].id, agreed_minor=None, by=me)
        self.taken(db, own, me, numbers[2])
        with pytest.raises(EnoughForToday):
            self.taken(db, own, me, numbers[3])
        clock.advance(hours=24)
        reserve(db, own, [numbers[3].id], by=me)
        assign(db, own, [numbers[3].id], agreed_minor=None, by=me)

    def test_taking_back_counts(self, db, own, rests):
        me = owner(db, own)
        self.taken(db, own, me, *(number(db, n) for n in range(1, 4)))
        with pytest.raises(EnoughForToday):
            take_back(db, own, rests.id, agreed_minor=None, by=me)

    def test_the_white_labels_side_is_not_counted(self, db, own, bob):
        self.taken(db, own, bob.actor, *(number(db, n) for n in range(4)))
        self.taken(db, own, owner(db, own), number(db, 4))
        assert len(numbers_of(db, own.id)) == 5


def test_the_limit_of_a_day_is_far_above_what_people_decide_on_at_once():
    assert assigning.MOST_A_DAY >= 5 * assigning.MOST_RESERVED and timedelta(hours=24) == assigning.A_DAY
