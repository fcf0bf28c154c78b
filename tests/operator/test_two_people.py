"""Credit by hand: alone up to a limit within a day, and with a second person above it."""

from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Account
from portal.audit.models import AuditRow
from portal.kit.db import transaction
from portal.ledger.models import JournalEntry
from portal.operator import credit_requests
from portal.operator.models import CreditRequest
from tests.cast import Person, on_both, on_sqlite, password_hash
from tests.operator.conftest import page_of
from tests.signup.browsing import value, words
from tests.threads import at_once


@pytest.fixture
def otto(cast):
    """The second operator."""
    from portal.identity.commands import add_user
    with transaction(cast.operator.id) as db:
        user = add_user(db, login_name="otto@highwire.example", display_name="Otto Lind",
                        email="otto@highwire.example", password_hash=password_hash())
    return Person(user.id, cast.operator.id, cast.operator.host, user.login_name, user.display_name)


def give(desk, company, amount, reason="Transfer 4471", request_id=None):
    form = {"credit-amount": amount, "credit-reason": reason,
            "credit-request_id": request_id or value(desk.get(page_of(company)), "credit-request_id")}
    return desk.send(f"{page_of(company)}/credit", form)


def balance(desk, company):
    return words(desk.get(page_of(company))).partition("Balance ")[2].partition(" ")[0]


def decide(browser, company, request, act):
    token = browser.token("/operator/white-labels/new")
    path = f"{page_of(company)}/credit-requests/{request.id}/{act}"
    return browser.post(path, data={"csrf_token": token})


class TestAlone:
    def test_up_to_the_limit_it_is_given_at_once(self, desk, northwind, rows):
        assert "Above £1,000.00 within 24 hours somebody else has to agree." in words(desk.get(page_of(northwind)))
        give(desk, northwind, "1000")
        (request,) = rows(CreditRequest)
        assert (request.state, request.asked_by, request.decided_by) == ("given", "Olga Brandt", None)
        assert balance(desk, northwind) == "£1,495.20"

    def test_many_small_ones_are_one_large_one(self, desk, northwind, rows):
        """Red when each amount is looked at by itself."""
        give(desk, northwind, "600")
        give(desk, northwind, "401", reason="The rest")
        assert [r.state for r in sorted(rows(CreditRequest), key=lambda r: r.id)] == ["given", "waiting"]
        assert balance(desk, northwind) == "£1,095.20"

    def test_the_day_after_one_may_give_again(self, desk, northwind, rows, clock, browse, olga):
        give(desk, northwind, "1000")
        clock.advance(hours=25)
        with transaction(northwind.id) as db:
            state = credit_requests.ask(db, 100_000, request_id=uuid4(), reason="More", by=olga.actor)
        assert state == "given"

    def test_what_somebody_else_gave_with_two_people_does_not_count(self, desk, northwind, rows, otto, browse):
        give(desk, northwind, "5000")
        (request,) = rows(CreditRequest)
        decide(browse(otto), northwind, request, "approval")
        give(desk, northwind, "1000")
        assert balance(desk, northwind) == "£6,495.20"

    @on_sqlite
    def test_the_limit_is_a_setting_and_may_be_nothing(self, desk, northwind, rows, change_settings):
        change_settings(credit_alone=0)
        give(desk, northwind, "1")
        assert rows(CreditRequest)[0].state == "waiting"


class TestTwoPeople:
    def test_above_the_limit_no_money_moves_and_the_trail_has_the_wish(self, desk, northwind, rows):
        before = len(rows(JournalEntry))
        assert give(desk, northwind, "1000.01").status_code == 303
        page = words(desk.get(page_of(northwind)))
        assert "£1,000.01 waits for somebody else to give it. No money moved." in page
        assert "£1,000.01 Waiting Transfer 4471" in page and len(rows(JournalEntry)) == before
        (act,) = rows(AuditRow, action="credit.asked")
        assert (act.actor_name, act.details["reason"]) == ("Olga Brandt", "Transfer 4471")

    def test_somebody_else_gives_it(self, desk, northwind, rows, otto, browse):
        give(desk, northwind, "5000")
        (request,) = rows(CreditRequest)
        second = browse(otto)
        page = words(second.get(f"{page_of(northwind)}/credit-requests/{request.id}"))
        for line in ("£5,000.00 for Northwind Telecom?", "Reason Transfer 4471", "Asked by Olga Brandt",
                     "Balance now £495.20", "Balance then £5,495.20", "Give £5,000.00"):
            assert line in page, line
        assert decide(second, northwind, request, "approval").status_code == 303
        assert balance(desk, northwind) == "£5,495.20"
        (request,) = rows(CreditRequest)
        assert (request.state, request.decided_by) == ("given", "Otto Lind") and request.decided_at
        (act,) = rows(AuditRow, action="credit.approved")
        assert (act.actor_name, act.details["asked_by"]) == ("Otto Lind", "Olga Brandt")
        (entry,) = rows(JournalEntry, description="Transfer 4471")
        assert entry.source == f"grant:{request.id}"

    def test_whoever_asked_neither_gives_nor_refuses(self, desk, northwind, rows):
        """Red without the check, and then still red at the database's own."""
        give(desk, northwind, "5000")
        (request,) = rows(CreditRequest)
        page = words(desk.get(f"{page_of(northwind)}/credit-requests/{request.id}"))
        assert "You asked for it, so somebody else decides." in page and "Refuse" not in page
        for act in ("approval", "refusal"):
            answer = decide(desk, northwind, request, act)
            assert answer.status_code == 403 and "Somebody else has to decide this" in words(answer)
        assert rows(CreditRequest)[0].state == "waiting" and balance(desk, northwind) == "£495.20"

    @on_both
    def test_the_database_knows_the_rule_too(self, desk, northwind, rows, olga):
        give(desk, northwind, "5000")
        with pytest.raises(IntegrityError), transaction(northwind.id) as db:
            request = db.query(CreditRequest).one()
            request.decided_by_id = olga.id
            db.flush()

    def test_somebody_else_refuses_it(self, desk, northwind, rows, otto, browse):
        give(desk, northwind, "5000")
        (request,) = rows(CreditRequest)
        assert decide(browse(otto), northwind, request, "refusal").status_code == 303
        assert rows(CreditRequest)[0].state == "refused" and balance(desk, northwind) == "£495.20"
        assert rows(AuditRow, action="credit.refused")[0].actor_name == "Otto Lind"
        assert "refused by Otto Lind" in words(desk.get(page_of(northwind)))

    def test_it_is_decided_once(self, desk, northwind, rows, otto, browse):
        give(desk, northwind, "5000")
        (request,) = rows(CreditRequest)
        second = browse(otto)
        decide(second, northwind, request, "refusal")
        for act in ("approval", "refusal"):
            answer = decide(second, northwind, request, act)
            assert answer.status_code == 409 and "This was decided already" in words(answer)
        assert balance(desk, northwind) == "£495.20"

    def test_sent_twice_is_one_request(self, desk, northwind, rows):
        request_id = value(desk.get(page_of(northwind)), "credit-request_id")
        for _ in range(2):
            assert give(desk, northwind, "5000", request_id=request_id).status_code == 303
        assert len(rows(CreditRequest)) == 1 and len(rows(AuditRow, action="credit.asked")) == 1
        assert give(desk, northwind, "6000", request_id=request_id).status_code == 409

    @on_sqlite
    def test_a_request_of_another_white_label_is_not_found(self, desk, northwind, kauri, rows, otto, browse):
        give(desk, northwind, "5000")
        (request,) = rows(CreditRequest)
        second = browse(otto)
        assert second.get(f"{page_of(kauri)}/credit-requests/{request.id}").status_code == 404
        assert decide(second, kauri, request, "approval").status_code == 404
        assert rows(CreditRequest)[0].state == "waiting"


class TestAtOnce:
    @on_both
    def test_two_who_give_at_once_give_once(self, desk, northwind, rows, otto):
        """Red when the state is read first and written later."""
        give(desk, northwind, "5000")
        (request,) = rows(CreditRequest)

        def approve(n):
            with transaction(northwind.id) as db:
                credit_requests.approve(db, request.id, by=otto.actor)
        answers = at_once(2, approve)
        assert sorted(type(a).__name__ for a in answers) == ["DecidedAlready", "NoneType"]
        assert len(rows(JournalEntry, description="Transfer 4471")) == 1

    @on_both
    def test_two_amounts_at_once_are_added_up(self, northwind, olga, rows, clock):
        """Red without the account held first: on PostgreSQL both would see nothing given yet."""
        def ask(n):
            with transaction(northwind.id) as db:
                return credit_requests.ask(db, 60_000, request_id=uuid4(), reason=f"Part {n}", by=olga.actor)
        assert sorted(at_once(2, ask)) == ["given", "waiting"]


def raise_limit(desk, company, amount):
    form = {"limit-amount": amount, "limit-reason": "Contract of May",
            "limit-request_id": value(desk.get(page_of(company)), "limit-request_id")}
    return desk.send(f"{page_of(company)}/credit-limit", form)


class TestAHigherLimit:
    """Credit by another name. Red when one person sets whatever limit, as it was."""

    def limit(self, rows, northwind):
        return rows(Account, id=northwind.account_id)[0].credit_limit_minor

    def test_above_what_one_person_may_give_it_waits_for_another(self, desk, northwind, rows, otto, browse):
        before = len(rows(JournalEntry))
        assert raise_limit(desk, northwind, "9,000,000").status_code == 303
        assert self.limit(rows, northwind) == 0
        assert "The higher limit waits for somebody else to agree." in words(desk.get(page_of(northwind)))
        (request,) = rows(CreditRequest, state="waiting")
        assert decide(desk, northwind, request, "approval").status_code == 403
        second = browse(otto)
        page = words(second.get(f"{page_of(northwind)}/credit-requests/{request.id}"))
        assert "A credit limit of £9,000,000.00" in page and "Set the limit" in page and "Limit now £0.00" in page
        assert decide(second, northwind, request, "approval").status_code == 303
        assert self.limit(rows, northwind) == 900_000_000 and len(rows(JournalEntry)) == before
        act = rows(AuditRow, action="account.credit-limit")[-1]
        assert (act.actor_name, act.details["before_minor"], act.details["after_minor"]) == (
            "Otto Lind", 0, 900_000_000)

    def test_refused_it_stays(self, desk, northwind, rows, otto, browse):
        raise_limit(desk, northwind, "9,000,000")
        (request,) = rows(CreditRequest, state="waiting")
        assert decide(browse(otto), northwind, request, "refusal").status_code == 303
        assert self.limit(rows, northwind) == 0

    def test_credit_and_limit_of_one_day_are_added_up(self, desk, northwind, rows):
        """Red when each is counted by itself: twice as much for one person."""
        give(desk, northwind, "600")
        raise_limit(desk, northwind, "600")
        assert self.limit(rows, northwind) == 0 and len(rows(CreditRequest, state="waiting")) == 1

    def test_one_person_lowers_it(self, desk, northwind, rows):
        raise_limit(desk, northwind, "900")
        assert self.limit(rows, northwind) == 90_000
        raise_limit(desk, northwind, "10")
        assert self.limit(rows, northwind) == 1000
