"""What a quote is made of: the plan's prices, the white label's tax, and the first day."""

from datetime import UTC, date, datetime

import pytest

from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.billing.queries import account_prices, charges_of, first_day_for, first_invoice_of, prices_of
from portal.catalogue.models import Plan
from portal.catalogue.queries import plan_on_sale, plans_on_sale
from portal.ledger.entry import Book
from portal.whitelabels.queries import white_label
from tests.accounts.making import active, customer, plan


def test_prices_are_the_plans_and_wholesale_tax_is_the_white_labels(db, northwind):
    prices = prices_of(db, db.load(Plan, northwind.plans["desk"]))
    assert (prices.name, prices.currency) == ("Desk Phone", "GBP")
    assert (prices.retail_minor, prices.retail_setup_minor, prices.retail_tax_ppm) == (1000, 500, 200_000)
    assert (prices.wholesale_minor, prices.wholesale_setup_minor, prices.wholesale_tax_ppm) == (400, 200, 200_000)
    assert prices.minimum_funding_minor == 2000


def test_the_price_of_a_retired_plan_still_holds_for_whoever_has_it(db, northwind, clock):
    account = customer(db, northwind.plans["desk"])
    db.load(Plan, northwind.plans["desk"]).retired_at = clock()
    db.flush()
    assert account_prices(db, account).retail_minor == 1000
    assert plan_on_sale(db, northwind.plans["desk"]) is None


def test_plans_on_sale_are_the_white_labels_own_cheapest_first(db, northwind, kauri):
    plan(db, "dear", retail_minor=99_999)
    assert [found.code for found in plans_on_sale(db)] == ["courtesy", "desk", "dear"]
    assert plan_on_sale(db, kauri.plans["desk"]) is None


@pytest.mark.parametrize(("wanted", "first"), [
    (None, date(2026, 11, 2)), (date(2026, 11, 2), date(2026, 11, 2)), (date(2026, 11, 9), date(2026, 11, 9)),
    (date(2026, 10, 9), date(2026, 11, 2)),
])
def test_billing_starts_on_activation_and_never_before_the_wanted_day(db, clock, wanted, first):
    assert first_day_for(white_label(db), wanted) == first


@pytest.mark.parametrize(("moment", "day"), [
    (datetime(2026, 10, 24, 22, 59, tzinfo=UTC), date(2026, 10, 24)),
    (datetime(2026, 10, 24, 23, 1, tzinfo=UTC), date(2026, 10, 25)),
    (datetime(2026, 10, 25, 23, 30, tzinfo=UTC), date(2026, 10, 25)),
    (datetime(2026, 10, 26, 0, 30, tzinfo=UTC), date(2026, 10, 26)),
])
def test_the_day_changes_at_midnight_in_the_white_labels_zone_whatever_the_clocks_do(db, clock, moment, day):
    """British clocks went back in the night to 25 October 2026. Red when an offset is kept instead of a zone."""
    clock.moment = moment
    assert first_day_for(white_label(db), None) == day


def test_a_quote_moves_with_the_day_until_it_is_charged(db, northwind, clock):
    account = customer(db, northwind.plans["desk"])
    assert first_invoice_of(db, account).lines[-1].period_key == "2026-11-02"
    clock.advance(days=30)
    assert first_invoice_of(db, account).lines[-1].period_key == "2026-12-02"


def test_an_account_without_a_plan_has_no_price(db):
    with pytest.raises(LookupError, match="has no plan"):
        account_prices(db, white_label_account(db))


def test_charges_are_read_newest_first_and_only_of_their_book(db, northwind, clock):
    account = active(db, customer(db, northwind.plans["desk"]))
    assert isinstance(account, Account)
    assert [charge.item for charge in charges_of(db, account.id, Book.WHOLESALE)] == ["plan", "setup"]
    assert len(charges_of(db, account.id, Book.WHOLESALE, limit=1)) == 1
    assert charges_of(db, account.id, Book.RETAIL) == []
