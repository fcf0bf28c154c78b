"""The credit of a white-label account: what the operator gives, and how far it may go below zero."""

import pytest
from sqlalchemy import select

from portal.accounts.commands import GrantedOtherwise, give_credit, set_credit_limit
from portal.accounts.queries import white_label_account
from portal.audit.commands import COMMAND_LINE
from portal.audit.queries import acts_on
from portal.billing.queries import available_minor
from portal.kit.db import reading, transaction
from portal.kit.ids import new_id
from portal.ledger.entry import Book
from portal.ledger.models import JournalEntry
from portal.ledger.queries import balance_minor, credit_minor
from tests.threads import at_once


def give(tenant, amount_minor, request_id=None, reason="A top-up", by=COMMAND_LINE):
    with transaction(tenant.id) as db:
        account = white_label_account(db)
        give_credit(db, account, amount_minor, request_id=request_id or new_id(), reason=reason, by=by)


def credit(tenant):
    with reading(tenant.id) as db:
        return credit_minor(db, Book.WHOLESALE, tenant.account_id)


def grants_on_the_trail(tenant):
    with reading(tenant.id) as db:
        acts = acts_on(db, tenant.account_id)
        return [act.details["amount_minor"] for act in acts if act.action == "account.credit-given"]


def test_it_grows_by_what_was_given(northwind):
    before = credit(northwind)
    give(northwind, 12_345)
    assert credit(northwind) == before + 12_345


def test_the_books_say_who_it_came_from_and_why(northwind):
    request_id = new_id()
    give(northwind, 500, request_id, reason="Invoice 77")
    with reading(northwind.id) as db:
        entry = db.scalars(select(JournalEntry).where(JournalEntry.source == f"grant:{request_id}")).one()
        assert (entry.book, entry.currency, entry.description) == ("wholesale", "GBP", "Invoice 77")
        assert balance_minor(db, Book.WHOLESALE, "operator-grants") == 50_000 + 500


def test_one_white_labels_credit_is_nobody_elses(northwind, kauri):
    before = credit(kauri)
    give(northwind, 500)
    assert credit(kauri) == before


class TestTheSameRequestTwice:
    """A double click, or a form that is sent again."""

    def test_is_one_grant_and_one_row_on_the_trail(self, northwind):
        """Red when the trail is written without looking whether the books moved."""
        before, request_id = credit(northwind), new_id()
        for _ in range(3):
            give(northwind, 500, request_id)
        assert credit(northwind) == before + 500
        assert grants_on_the_trail(northwind) == [50_000, 500]

    def test_at_once_is_one_grant(self, northwind):
        before, request_id = credit(northwind), new_id()
        answers = at_once(4, lambda n: give(northwind, 500, request_id))
        assert answers == [None] * 4
        assert credit(northwind) == before + 500 and grants_on_the_trail(northwind) == [50_000, 500]

    def test_with_another_amount_is_refused(self, northwind):
        """The Back button, another figure, the same form."""
        before, request_id = credit(northwind), new_id()
        give(northwind, 500, request_id)
        with pytest.raises(GrantedOtherwise):
            give(northwind, 900, request_id)
        assert credit(northwind) == before + 500 and grants_on_the_trail(northwind) == [50_000, 500]

    def test_with_another_reason_is_refused(self, northwind):
        before, request_id = credit(northwind), new_id()
        give(northwind, 500, request_id)
        with pytest.raises(GrantedOtherwise):
            give(northwind, 500, request_id, reason="A gift")
        assert credit(northwind) == before + 500 and grants_on_the_trail(northwind) == [50_000, 500]

    def test_for_another_white_label_is_a_grant_of_its_own(self, northwind, kauri):
        request_id = new_id()
        give(northwind, 500, request_id)
        give(kauri, 700, request_id)
        assert grants_on_the_trail(kauri) == [50_000, 700]


class TestTheLimit:
    def test_it_is_nothing_at_first(self, db, northwind):
        account = white_label_account(db)
        assert account.credit_limit_minor == 0
        assert available_minor(db) == credit_minor(db, Book.WHOLESALE, account.id)

    def test_it_adds_to_what_can_be_charged_and_moves_no_money(self, db, northwind):
        account, before = white_label_account(db), available_minor(db)
        set_credit_limit(db, account, 7_500, by=COMMAND_LINE)
        db.flush()
        assert available_minor(db) == before + 7_500
        assert credit_minor(db, Book.WHOLESALE, account.id) == before

    def test_each_change_is_on_the_trail_with_what_it_was(self, db, olga):
        account = white_label_account(db)
        set_credit_limit(db, account, 7_500, by=olga.actor)
        set_credit_limit(db, account, 0, by=olga.actor)
        db.flush()
        acts = [act for act in acts_on(db, account.id) if act.action == "account.credit-limit"]
        assert [(act.details["before_minor"], act.details["after_minor"]) for act in acts] == [(0, 7_500), (7_500, 0)]
        assert {(act.actor_kind, act.actor_name) for act in acts} == {("operator", "Olga Brandt")}
