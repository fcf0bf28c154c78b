"""White labels in yen and dinars: whole minor units, no second place lost or invented."""

from datetime import date

import pytest

from portal.billing.queries import charges_of, first_invoice_of, prices_of
from portal.catalogue.queries import plans_on_sale
from portal.kit.db import transaction
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, plan, white_label_in


def priced(tenant):
    """1,234 minor units retail and 995 wholesale, taxes of 8 % and 10 %."""
    with transaction(tenant.id) as db:
        return plan(db, retail_minor=1234, wholesale_minor=995, tax_ppm=80_000, minimum_funding_minor=2000).id


@pytest.mark.parametrize(("currency", "retail_words"), [("JPY", "￥1,234"), ("KWD", "KWD1.234")])
def test_a_customer_of_either_option_is_charged_to_the_last_unit(database, cast, clock, currency, retail_words):
    tenant = white_label_in(currency, "far.localhost", credit_minor=1_000_000, wholesale_tax_ppm=100_000)
    plan_id = priced(tenant)
    with transaction(tenant.id) as db:
        own = active(db, customer(db, plan_id, OPTION_1), paid_minor=2000)
        ours = active(db, customer(db, plan_id, OPTION_2, name="Cedar"))
        for account in (own, ours):
            (wholesale,) = charges_of(db, account.id, Book.WHOLESALE)
            # 99.5 of tax is rounded to 100.
            assert (wholesale.net_minor, wholesale.tax_minor, wholesale.currency) == (995, 100, currency)
        (retail,) = charges_of(db, own.id, Book.RETAIL)
        assert (retail.net_minor, retail.tax_minor) == (1234, 99)
        assert credit_minor(db, Book.RETAIL, own.id) == 2000 - 1333
        assert credit_minor(db, Book.WHOLESALE, tenant.account_id) == 1_000_000 - 2 * 1095
        assert money(retail.net_minor, white_label(db)) == retail_words


def test_a_quote_is_in_the_currency_of_its_white_label(database, cast, clock):
    tenant = white_label_in("JPY", "far.localhost")
    plan_id = priced(tenant)
    with transaction(tenant.id) as db:
        (found,) = plans_on_sale(db)
        assert prices_of(db, found).currency == "JPY"
        invoice = first_invoice_of(db, customer(db, plan_id))
        assert (invoice.currency, invoice.wholesale_minor, invoice.retail_minor) == ("JPY", 995, 1333)


def test_the_first_day_is_tokyos(database, cast, clock):
    """Ten in the morning in London on the 2nd is still the 2nd there; six hours later it is the 3rd."""
    tenant = white_label_in("JPY", "far.localhost")
    plan_id = priced(tenant)
    clock.advance(hours=6)
    with transaction(tenant.id) as db:
        (line,) = first_invoice_of(db, customer(db, plan_id)).lines
        assert line.period.first_day == date(2026, 11, 3)
