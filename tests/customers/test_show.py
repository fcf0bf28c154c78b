"""One customer's page: everything the wizard took, who pays, what was charged, which letters went."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from portal.accounts.queries import primary_user
from portal.kit.db import transaction
from portal.letters.commands import mark_refused, mark_sent
from portal.letters.models import Letter
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.cast import on_sqlite
from tests.signup.browsing import words


@pytest.fixture
def page(browse, bob, request):
    return lambda account: words(browse(bob).get(f"/customers/{account}"))


def test_it_shows_the_contact_the_addresses_and_the_plan(made, page):
    shown = page(made(OPTION_2))
    for line in (
        "Birch Dental", "Account 101-0003", "Option 2, paid by Northwind Telecom", "Created by The command line",
        "Authorised contact Owner of Birch Dental", "Login name office-101-0003@birch.example",
        "Letters to office-101-0003@birch.example", "Primary domain birch.example", "General contact Reception",
        "Telephone +44 113 496 0000", "General e-mail desk@birch.example",
        "Business 1 High Street, Leeds LS1 4AP, United Kingdom", "Plan Desk Phone", "Price £10.00 a month and VAT",
        "Wholesale £4.00 a month and VAT", "Starts On activation", "Payer Northwind Telecom, white-label account",
    ):
        assert line in shown


@on_sqlite
def test_option_1_shows_the_customers_credit_and_option_2_none(made, page):
    assert "Payer The customer, by card" in (shown := page(made(OPTION_1))) and "Credit £0.00" in shown
    assert "Credit" not in page(made(OPTION_2, name="Cedar"))


def test_charges_are_what_the_white_label_pays_also_for_option_1(made, page):
    shown = page(made(OPTION_1, lambda db, account: active(db, account, 2000)))
    assert "Desk Phone, set-up 2 Nov 2026, C-000003 £2.40" in shown
    assert "Desk Phone, 2 Nov to 1 Dec 2026 2 Nov 2026, C-000005 £4.80" in shown
    assert "Credit £2.00" in shown


@on_sqlite
def test_before_it_is_active_nothing_is_charged_and_it_says_so(made, page):
    assert "Nothing is charged while the account is inactive." in page(made(OPTION_2))


@on_sqlite
def test_letters_are_listed_with_what_became_of_them(made, page):
    def send(db, account):
        mark_sent(db, db.query(Letter).filter_by(about_id=account.id).one())

    assert "Activation office-101-0003@birch.example, 2 November, 10:00 Sent" in page(made(OPTION_1, send))


@on_sqlite
def test_no_page_holds_a_link_or_a_token(made, browse, bob):
    text = browse(bob).get(f"/customers/{made(OPTION_1)}").text
    assert "/activate/" not in text and "/password/set/" not in text


class TestWhenItStarts:
    def test_on_the_day_of_activation_in_the_white_labels_zone(self, kauri, charlie, browse, clock):
        """Eight in the evening of the 2nd, UTC, is the 3rd in Auckland. Red when the day is taken from UTC."""
        clock.moment = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
        with transaction(kauri.id) as db:
            account = active(db, customer(db, kauri.plans["desk"])).id
        shown = words(browse(charlie).get(f"/customers/{account}"))
        assert "Starts 3 November 2026" in shown and "3 Nov to 2 Dec 2026" in shown

    @on_sqlite
    def test_on_the_wanted_day_when_that_is_later(self, made, page):
        """Red when the day of activation is shown although service and charges begin later."""
        wanted = made(OPTION_2, active, first_day=date(2026, 11, 20))
        assert "Starts 20 November 2026" in page(wanted)

    @on_sqlite
    def test_not_before_the_wanted_day_while_it_is_inactive(self, made, page):
        waiting = made(OPTION_2, first_day=date(2026, 11, 20))
        assert "Starts On activation, not before 20 November 2026" in page(waiting)


@on_sqlite
def test_names_are_shown_as_text(made, browse, bob):
    text = browse(bob).get(f"/customers/{made(OPTION_2, name='<b>Bold</b> & <script>x</script>')}").text
    assert "<b>Bold" not in text and "<script>x" not in text and "&lt;b&gt;Bold" in text


@on_sqlite
def test_a_letter_that_came_back_from_somebody_with_a_login_offers_no_form_but_a_way(made, northwind, browse, bob):
    """Red when the form is shown to be refused: nobody could go on."""
    account_id = made(OPTION_1, came_back)
    page = browse(bob).get(f"/customers/{account_id}")
    assert "not yours to change" in words(page) and "Cancel this account" in words(page)
    assert f'action="/customers/{account_id}/address"' not in page.text


def came_back(db, account):
    primary_user(db, account.id).password_hash = "somebody's own"
    mark_refused(db, db.scalars(select(Letter).where(Letter.about_id == account.id)).one(), "550 no such mailbox")
