"""Changing what is on file about a customer: name, domain, general contact, addresses."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import addresses_of, contact_of
from portal.audit.queries import acts_on
from portal.billing.queries import account_prices
from portal.events.models import Event
from portal.kit.db import reading
from tests.accounts.making import OPTION_1, OPTION_2
from tests.cast import on_sqlite
from tests.signup.browsing import ADDRESSES, errors, value, words

pytestmark = on_sqlite

DETAILS = {
    "name": "Birch & Co", "primary_domain": "bücher.example", "contact_name": "Desk",
    "contact_phone": "0117 496 0192", "contact_email": "desk@birch.example",
}
PLACE = {name: ADDRESSES[name] for name in ADDRESSES if not name.startswith("contact")}


def test_the_form_begins_with_what_is_on_file_and_keeps_what_is_given(made, browse, bob, northwind):
    account_id = made(OPTION_1)
    browser = browse(bob)
    page = browser.get(f"/customers/{account_id}/details")
    assert value(page, "name") == "Birch Dental" and value(page, "contact_name") == "Reception"
    assert browser.submit(f"/customers/{account_id}/details", DETAILS).status_code == 303
    with reading(northwind.id) as db:
        account, contact = db.load(Account, account_id), contact_of(db, account_id)
        assert (account.name, account.primary_domain) == ("Birch & Co", "xn--bcher-kva.example")
        assert (contact.name, contact.phone, contact.email) == ("Desk", "+44 117 496 0192", "desk@birch.example")
        act = acts_on(db, account_id)[-1]
        assert act.actor_id == bob.id and act.details["changed"]["name"] == "Birch Dental → Birch & Co"
    assert "Name: Birch Dental → Birch & Co" in words(browser.get(f"/customers/{account_id}"))


def test_saving_what_is_there_already_leaves_no_trace(made, browse, bob, northwind):
    account_id = made(OPTION_1)
    browser = browse(bob)
    page = browser.get(f"/customers/{account_id}/details")
    browser.submit(f"/customers/{account_id}/details", {name: value(page, name) for name in DETAILS})
    with reading(northwind.id) as db:
        assert acts_on(db, account_id)[-1].action != "account.details-changed"


def test_a_pbx_hears_of_another_name_and_of_nothing_that_it_is_not_told(made, browse, bob, northwind):
    """Red without the event: what provisioning answers changed, and whoever follows the events kept the old name."""
    account_id, browser = made(OPTION_1), browse(bob)
    path = f"/customers/{account_id}/details"
    for details in (DETAILS, DETAILS | {"contact_phone": "0117 496 0193"}):
        assert browser.submit(path, details).status_code == 303
        with reading(northwind.id) as db:
            events = db.scalars(select(Event).where(Event.account_id == account_id, Event.name == "account.renamed"))
            assert [each.facts for each in events] == [{"number": db.load(Account, account_id).number}]


@pytest.mark.parametrize(("field", "typed"), [
    ("name", ""), ("name", "a\nb"), ("primary_domain", "co.uk"), ("contact_phone", "call"), ("contact_email", "x"),
])
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_changed(made, browse, bob, northwind, field, typed):
    account_id = made(OPTION_2)
    answer = browse(bob).submit(f"/customers/{account_id}/details", {**DETAILS, field: typed})
    assert answer.status_code == 422 and field in errors(answer)
    with reading(northwind.id) as db:
        assert db.load(Account, account_id).name == "Birch Dental"


def test_addresses_follow_the_rules_of_their_country(made, browse, bob, northwind):
    account_id = made(OPTION_2)
    browser, path = browse(bob), f"/customers/{account_id}/addresses"
    assert value(browser.get(path), "line1") == "1 High Street"
    wrong = browser.submit(path, {**PLACE, "postcode": "94043"})
    assert errors(wrong) == {"postcode": "Write one such as EC1Y 8SY."}
    elsewhere = {"same_address": None, "service_line1": "9 Low Road", "service_city": "Cork", "service_country": "IE"}
    given = {name: text for name, text in {**PLACE, **elsewhere}.items() if text is not None}
    assert browser.submit(path, given).status_code == 303
    with reading(northwind.id) as db:
        places = addresses_of(db, account_id)
        assert places["business"].words() == "4 Quay Street, Floor 2, Bristol Avon BS1 4XY, United Kingdom"
        assert places["service"].words() == "9 Low Road, Cork, Ireland"
    assert browser.submit(path, PLACE).status_code == 303
    with reading(northwind.id) as db:
        assert set(addresses_of(db, account_id)) == {"business"}


def test_a_closed_customer_stays_as_it_was(made, browse, bob):
    from portal.accounts.commands import close
    account_id = made(OPTION_2, lambda db, account: close(db, account, reason="Gone", by=bob.actor))
    browser = browse(bob)
    for what, form in (("details", DETAILS), ("addresses", PLACE)):
        assert browser.get(f"/customers/{account_id}/{what}").status_code == 409
        assert browser.submit(f"/customers/{account_id}/{what}", form, page="/password/change").status_code == 409


class TestTax:
    def save(self, browser, account_id, **tax):
        return browser.submit(f"/customers/{account_id}/details", {**DETAILS, **tax})

    def test_a_number_and_a_reason_are_kept_with_what_they_were(self, made, browse, bob, northwind):
        account_id, browser = made(OPTION_2), browse(bob)
        self.save(browser, account_id, tax_number="gb 980 7806 84")
        self.save(browser, account_id, tax_number="GB980780684", tax_exemption="Charity 1107328")
        with reading(northwind.id) as db:
            account = db.load(Account, account_id)
            assert (account.tax_number, account.tax_exemption) == ("GB980780684", "Charity 1107328")
            changes = [a.details["changed"] for a in acts_on(db, account_id) if a.action == "account.tax-changed"]
        assert changes == [{"tax number": "none → GB980780684"}, {"no tax because": "none → Charity 1107328"}]
        page = words(browser.get(f"/customers/{account_id}"))
        assert "Tax number GB980780684" in page and "No tax because: none → Charity 1107328" in page
        self.save(browser, account_id, tax_number="", tax_exemption="")
        with reading(northwind.id) as db:
            assert (db.load(Account, account_id).tax_number, db.load(Account, account_id).tax_exemption) == (None, None)

    def test_only_a_reason_takes_the_tax_away(self, made, browse, bob, northwind):
        """Red when a number alone exempts: most customers have one and pay."""
        account_id, browser = made(OPTION_2), browse(bob)

        def taxed():
            with reading(northwind.id) as db:
                return account_prices(db, db.load(Account, account_id)).retail_tax_ppm
        self.save(browser, account_id, tax_number="GB980780684")
        assert taxed() == 200_000
        self.save(browser, account_id, tax_exemption="Diplomatic mission")
        assert taxed() == 0

    @pytest.mark.parametrize(("field", "typed"), [
        ("tax_number", "GB980780685"), ("tax_number", "DE136695976"), ("tax_number", "x" * 41),
        ("tax_exemption", "y" * 121), ("tax_exemption", "a\nb"),
    ])
    def test_what_is_wrong_is_said_beside_its_field(self, made, browse, bob, northwind, field, typed):
        account_id = made(OPTION_2)
        answer = self.save(browse(bob), account_id, **{field: typed})
        assert answer.status_code == 422 and field in errors(answer)
        with reading(northwind.id) as db:
            account = db.load(Account, account_id)
            assert (account.tax_number, account.tax_exemption, account.name) == (None, None, "Birch Dental")
