"""Somebody with accounts in several states goes between them, and each page is about the account that was chosen."""

import pytest
from sqlalchemy import select

from portal.accounts.commands import add_member, open_customer_account
from portal.accounts.lifecycle import Administration, Role
from portal.accounts.models import Account
from portal.accounts.queries import primary_user
from portal.audit.commands import COMMAND_LINE
from portal.identity.models import User
from portal.kit.clock import now
from portal.kit.db import reading, transaction
from tests.accounts.making import pay
from tests.cast import new_customer, on_sqlite
from tests.signup.browsing import words

pytestmark = on_sqlite


@pytest.fixture
def both(invited, northwind):
    """The invited person has claimed this account, and another one before it."""
    invited.open()
    invited.choose_password()
    with transaction(northwind.id) as db:
        user = primary_user(db, invited.account_id)
        other = open_customer_account(
            db, new_customer("Twin", northwind.plans["desk"], Administration.CUSTOMER), by=COMMAND_LINE)
        add_member(db, other, user, Role.ADMINISTRATOR, is_primary=True)
        other.claimed_at = now()
        invited.other_id = other.id
    return invited


def name_of(both, account_id):
    with reading(both.shop.company.id) as db:
        return db.load(Account, account_id).name


def test_the_payment_page_names_the_other_one_and_leads_there(both):
    """Red when the account begun last is the only one: the other could never be paid."""
    page = both.browser.get("/activation/payment")
    assert f"The account of {name_of(both, both.account_id)} is prepaid" in words(page)
    assert "Twin, not activated" in words(page) and "Sign out and go on later" in words(page)
    other = both.browser.get(f"/activation/payment?account={both.other_id}", follow_redirects=True)
    assert "The account of Twin is prepaid" in words(other)
    assert "The account of Twin is prepaid" in words(both.browser.get("/activation/payment"))


@pytest.mark.parametrize("strange", ["x", "00000000-0000-7000-8000-000000000000", "9" * 5000])
def test_an_account_that_is_not_theirs_to_finish_chooses_nothing(both, strange):
    page = both.browser.get(f"/activation/payment?account={strange}", follow_redirects=True)
    assert page.status_code == 200 and "Twin, not activated" in words(page)


def test_done_waits_until_the_chosen_one_is_paid_and_is_about_it(both, northwind):
    """Red when any live account is enough: the page told of an activation that had not happened."""
    assert both.browser.get("/activation/done").location == "/activation/payment"
    with transaction(northwind.id) as db:
        pay(db, db.load(Account, both.account_id), 10_000)
    done = words(both.browser.get("/activation/done"))
    assert name_of(both, both.account_id) in done and "You paid" in done
    account = words(both.browser.get("/account"))
    assert "Not finished" in account and "Go on with Twin" in account


def test_a_year_on_done_tells_of_the_first_payment_only(both, northwind, clock):
    with transaction(northwind.id) as db:
        pay(db, db.load(Account, both.account_id), 10_000)
    first = words(both.browser.get("/activation/done"))
    clock.advance(minutes=5)
    with transaction(northwind.id) as db:
        pay(db, db.load(Account, both.account_id), 777)
    assert words(both.browser.get("/activation/done")) == first


def test_activating_counts_as_signing_in(both):
    """Red when only the sign-in page notes it: people were "never signed in" while they were."""
    address = both.link.address
    with reading(both.shop.company.id) as db:
        user = db.scalars(select(User).where(User.login_name == address)).one()
        assert user.last_sign_in_at is not None


def test_an_error_page_keeps_the_navigation_of_who_is_signed_in(both, northwind):
    with transaction(northwind.id) as db:
        pay(db, db.load(Account, both.account_id), 10_000)
    page = both.browser.get("/customers")
    assert page.status_code == 403 and 'aria-label="Main"' in page.text
    assert 'aria-label="Main"' not in both.another_browser().get("/nothing").text
