"""Creation is all or nothing, and happens once."""

from uuid import UUID

import pytest
from sqlalchemy import event, select

from portal.accounts.models import Account
from portal.identity.commands import LoginNameTaken, add_user
from portal.identity.models import User
from portal.kit.db import Base, TenantSession, database, reading, transaction
from portal.letters.models import Letter
from portal.signup.commands import AnswerOutdated, CreatedAlready, create_customer, held_draft_or_404
from portal.signup.models import Draft
from tests.accounts.making import OPTION_1, OPTION_2
from tests.cast import on_both
from tests.signup.browsing import Wizard, words
from tests.signup.test_review_is_true import filled_draft
from tests.threads import at_once


@pytest.fixture
def draft_id(northwind, bob, clock, request):
    with transaction(northwind.id) as db:
        return filled_draft(db, bob, request.param, northwind.plans["desk"], None).id


either = pytest.mark.parametrize("draft_id", [OPTION_1, OPTION_2], indirect=True, ids=["option 1", "option 2"])


def create(tenant, draft_id, bob):
    with transaction(tenant.id) as db:
        draft = held_draft_or_404(db, draft_id, bob.id)
        return create_customer(db, draft, by=bob.actor, administrator=db.load(User, bob.id)).id


def everything():
    """Every row of every table."""
    with database().platform.connect() as connection:
        tables = Base.metadata.sorted_tables
        return {table.name: sorted(map(str, connection.execute(table.select()).all())) for table in tables}


class PowerCut(Exception):
    pass


class CutAt:
    """Raises at the n-th statement, or at the commit that follows them all."""

    def __init__(self, n):
        self.left, self.seen = n, 0

    def statement(self, connection, cursor, statement, parameters, context, executemany):
        self.seen += 1
        self.left -= 1
        if self.left == 0:
            raise PowerCut

    def commit(self, session):
        if self.left > 0 and isinstance(session.scope, UUID):
            self.left = 0
            raise PowerCut

    def __enter__(self):
        event.listen(database().web, "before_cursor_execute", self.statement)
        event.listen(TenantSession, "before_commit", self.commit)
        return self

    def __exit__(self, *error):
        event.remove(database().web, "before_cursor_execute", self.statement)
        event.remove(TenantSession, "before_commit", self.commit)


@either
def test_a_failure_at_any_statement_leaves_nothing_behind(northwind, bob, draft_id):
    """Red with a commit anywhere on the way: between the account and its people, say."""
    before, n, cut = everything(), 0, CutAt(0)
    while n <= cut.seen:
        n += 1
        with CutAt(n) as cut, pytest.raises(PowerCut):
            create(northwind, draft_id, bob)
        assert everything() == before, f"statement {n} of {cut.seen}"
    assert n > 10
    create(northwind, draft_id, bob)
    assert everything() != before


@either
def test_a_draft_makes_one_customer_however_often_it_is_sent(northwind, bob, draft_id, accounts):
    """Red when the draft is looked at and not claimed."""
    account_id = create(northwind, draft_id, bob)
    for _ in range(3):
        with pytest.raises(CreatedAlready) as refused:
            create(northwind, draft_id, bob)
        assert refused.value.account_id == account_id
    assert [account.id for account in accounts()] == [account_id]


@either
@on_both
def test_two_who_send_it_at_once_make_one_customer(northwind, bob, draft_id, accounts):
    """Red on PostgreSQL when the draft is neither held nor claimed in the database."""
    answers = at_once(4, lambda n: create(northwind, draft_id, bob))
    (account,) = accounts()
    assert answers.count(account.id) == 1
    assert [a.account_id for a in answers if isinstance(a, CreatedAlready)] == [account.id] * 3


@on_both
def test_two_drafts_with_one_login_name_at_once_make_one_customer(northwind, bob, clock, accounts):
    """Both were told that the name is free. The second learns at the end that it is not."""
    with transaction(northwind.id) as db:
        ids = [filled_draft(db, bob, OPTION_2, northwind.plans["desk"], None).id for _ in range(3)]
    answers = at_once(3, lambda n: create(northwind, ids[n], bob))
    (account,) = accounts()
    assert account.id in answers
    assert sum(isinstance(answer, (AnswerOutdated, LoginNameTaken)) for answer in answers) == 2


class TestInTheBrowser:
    def test_sent_again_it_leads_to_the_customer_that_was_created(self, option_2, accounts):
        first, again = option_2.fill().create(), option_2.create()
        assert (first.status_code, again.status_code) == (303, 303)
        assert first.headers["Location"] == again.headers["Location"]
        assert len(accounts()) == 1

    def test_two_tabs_of_option_1_send_one_letter(self, option_1, accounts, northwind):
        option_1.fill()
        option_1.create()
        option_1.create()
        (account,) = accounts()
        with reading(northwind.id) as db:
            assert len(db.scalars(select(Letter).where(Letter.about_id == account.id)).all()) == 1

    @pytest.mark.parametrize("step", ["contact", "addresses", "plan", "review"])
    def test_the_steps_of_a_created_draft_lead_to_its_customer(self, option_2, step, accounts):
        """From the history or a bookmark. Red when the page only says that it was created."""
        option_2.fill().create()
        answer = option_2.page(step)
        (account,) = accounts()
        assert (answer.status_code, answer.location) == (303, f"/customers/{account.id}/created")

    def test_a_step_sent_late_from_another_tab_changes_nothing(self, option_2, stored, accounts):
        """Red when only the page is refused: the password's hash would lie in the drafts for good."""
        option_2.fill().create()
        late = option_2.contact(name="Another name")
        assert late.status_code == 409 and "This customer was created already" in words(late)
        assert f'href="/customers/{accounts()[0].id}">Go to the customer<' in late.text
        assert option_2.plan().status_code == 409
        assert accounts()[0].name == "Birch Dental"
        assert stored()[0].answers == {"contact": {"name": "Birch Dental"}}

    def test_a_draft_with_a_step_missing_creates_nothing(self, option_2, accounts):
        option_2.contact()
        answer = option_2.create()
        assert answer.status_code == 409 and "A step is not finished" in words(answer) and accounts() == []
        assert f'href="{option_2.path("addresses")}">Finish the step<' in answer.text

    def test_a_form_without_its_token_creates_nothing(self, option_2, accounts):
        option_2.fill()
        assert option_2.browser.post(option_2.path("creation")).status_code == 400 and accounts() == []


class TestALoginNameTakenMeanwhile:
    def take(self, northwind):
        with transaction(northwind.id) as db:
            add_user(db, login_name="dora@birch.example", display_name="Another Dora", email="d@elsewhere.example")

    def test_leads_back_to_the_field_and_keeps_the_answers(self, option_2, northwind, accounts, stored):
        """Red when creation ends on a page of its own, from which no way leads back."""
        option_2.fill()
        self.take(northwind)
        answer = option_2.create()
        assert answer.headers["Location"] == option_2.path("contact")
        page = option_2.page("contact")
        assert "Somebody here signs in with this name already. Choose another. Nothing was created." in words(page)
        assert accounts() == [] and set(stored()[0].answers) == {"contact", "addresses", "plan"}
        assert option_2.contact(login_name="dora.quist@birch.example").status_code == 303
        assert option_2.create().status_code == 303 and len(accounts()) == 1

    def test_is_seen_on_the_review_already(self, option_2, northwind):
        option_2.fill()
        self.take(northwind)
        assert option_2.page("review").headers["Location"] == option_2.path("contact")


def test_numbers_stay_without_gap_when_creations_fail(northwind, bob, clock, browse, accounts):
    with transaction(northwind.id) as db:
        failing = filled_draft(db, bob, OPTION_2, northwind.plans["desk"], None).id
    with CutAt(8), pytest.raises(PowerCut):
        create(northwind, failing, bob)
    assert Wizard(browse(bob), northwind.plans["desk"]).fill().create().status_code == 303
    with reading(northwind.id) as db:
        assert sorted(db.scalars(select(Account.number))) == ["101-0001", "101-0002", "101-0003"]
        assert db.load(Draft, failing).claimed_at is None
