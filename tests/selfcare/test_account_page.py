"""A customer's own account: everything that is theirs, nothing that is not."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from portal.accounts import commands as accounts
from portal.accounts.lifecycle import Role
from portal.accounts.queries import held_customer_or_404, primary_user
from portal.identity.models import User
from portal.kit.db import transaction
from tests.accounts.making import OPTION_1, OPTION_2, active, charge_month, customer
from tests.cast import PASSWORD, Person, on_sqlite, password_hash
from tests.conftest import HostClient
from tests.signup.browsing import words


class TestOption1:
    def test_shows_credit_price_payments_and_charges(self, owner_of, browse):
        account, owner = owner_of(OPTION_1)
        page = words(browse(owner).get(f"/account/{account}"))
        for line in ("Birch Dental", "Active Account 101-0003", "Credit £2.00", "Plan Desk Phone",
                     "Price £10.00 a month and VAT", "Card payment, Visa •••• 4242 2 Nov 2026, F-2026-000001 £20.00",
                     "Desk Phone, set-up 2 Nov 2026, C-000004 −£6.00", "Desk Phone 2 Nov 2026, C-000006 −£12.00",
                     "Business 1 High Street, Leeds LS1 4AP, United Kingdom", "Owner of Birch Dental Administrator"):
            assert line in page

    def test_shows_no_wholesale_price(self, owner_of, browse):
        """What the white label pays is none of the customer's business: 4.00, 2.00, and with tax 4.80 and 2.40."""
        account, owner = owner_of(OPTION_1)
        page = browse(owner).get(f"/account/{account}").text
        assert "holesale" not in page
        assert not [price for price in ("£4.00", "£4.80", "£2.40", "£7.20") if price in page]

    @on_sqlite
    def test_a_payment_stands_on_its_day_in_the_white_labels_zone(self, kauri, browse, clock):
        """Eight in the evening of the 2nd, UTC, is the 3rd in Auckland. Red when the day is taken from UTC."""
        clock.moment = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
        with transaction(kauri.id) as db:
            account = active(db, customer(db, kauri.plans["desk"], OPTION_1), 2000)
            user = primary_user(db, account.id)
        owner = Person(user.id, kauri.id, kauri.host, user.login_name, user.display_name)
        page = words(browse(owner).get(f"/account/{account.id}"))
        assert "Visa •••• 4242 3 Nov 2026, F-2026-000001" in page and "2 Nov 2026" not in page

    @on_sqlite
    def test_the_newest_movement_comes_first(self, owner_of, northwind, browse, clock):
        account, owner = owner_of(OPTION_1)
        clock.advance(days=30)
        with transaction(northwind.id) as db:
            charge_month(db, held_customer_or_404(db, account), 1)
        page = words(browse(owner).get(f"/account/{account}"))
        assert page.index("2 Dec 2026, C-000008") < page.index("F-2026-000001")


class TestOption2:
    def test_shows_its_people_no_price_at_all(self, owner_of, browse):
        """Neither wholesale nor retail: the white label pays, and invoices as it likes. Red with one page for both."""
        account, owner = owner_of(OPTION_2)
        page = browse(owner).get(f"/account/{account}")
        assert "£" not in page.text and "holesale" not in page.text and "C-0000" not in page.text
        assert "Paid by Northwind Telecom" in words(page) and "Credit" not in words(page)
        assert "Next period Begins on 2 December 2026" in words(page)

    @on_sqlite
    def test_who_changes_nothing_is_offered_no_change(self, owner_of, browse):
        """Red when whoever administers an account is taken for somebody who chooses what it has."""
        for administration, way in ((OPTION_1, "Edit"), (OPTION_2, "Open")):
            account, owner = owner_of(administration)
            page = words(browse(owner).get(f"/account/{account}"))
            assert f"{way} the services" in page and f"{way} the numbers" in page, administration

    @on_sqlite
    def test_shows_what_it_had_and_when(self, owner_of, northwind, browse, clock):
        """Like the payments of an account that pays, without amounts. Red without `supplied`."""
        account, owner = owner_of(OPTION_2)
        clock.advance(days=30)
        with transaction(northwind.id) as db:
            charge_month(db, held_customer_or_404(db, account), 1)
        page = words(browse(owner).get(f"/account/{account}")).partition("What this account had")[2]
        assert page.index("Desk Phone 2 Dec 2026 to 1 Jan 2027") < page.index("Desk Phone 2 Nov to 1 Dec 2026")
        assert "set-up" in page and "£" not in page

    def test_neither_to_the_administrator_who_set_it_up(self, northwind, browse, bob, clock):
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans["desk"], OPTION_2))
            accounts.add_member(db, account, db.load(User, bob.id), accounts.Role.ADMINISTRATOR)
        assert "£" not in browse(bob).get(f"/account/{account.id}").text


@pytest.mark.parametrize("administration", [OPTION_1, OPTION_2])
class TestNoServiceYet:
    def test_every_account_starts_without_any(self, owner_of, browse, administration):
        account, owner = owner_of(administration)
        page = words(browse(owner).get(f"/account/{account}/services"))
        switched_on = page.partition("Switched on")[2].partition("Other plans")[0]
        assert "Desk Phone Since 2 November 2026" in switched_on and switched_on.count("Since") == 1


class TestOnlyOnesOwn:
    def test_another_customer_of_the_same_white_label_is_not_found(self, owner_of, browse, alice, cast):
        """Red when a membership is not asked for: any customer could read any other."""
        account, owner = owner_of(OPTION_1)
        assert browse(alice).get(f"/account/{account}").status_code == 404
        assert browse(owner).get(f"/account/{cast.acme}").status_code == 404

    @on_sqlite
    def test_a_foreign_one_looks_like_a_missing_one(self, owner_of, browse, alice, kauri, clock):
        with transaction(kauri.id) as db:
            foreign = customer(db, kauri.plans["desk"]).id
        browser = browse(alice)
        pages = [browser.get(f"/account/{id}") for id in (foreign, uuid4(), kauri.account_id)]
        assert {page.status_code for page in pages} == {404}
        assert len({words(page).partition("Reference ")[0] for page in pages}) == 1

    def test_staff_see_it_among_their_customers_and_not_here(self, owner_of, browse, bob, fiona):
        account, _ = owner_of(OPTION_1)
        assert browse(bob).get(f"/account/{account}").status_code == 403
        assert browse(fiona).get(f"/account/{account}").status_code == 403
        assert browse(bob).get(f"/customers/{account}").status_code == 200

    @on_sqlite
    def test_a_customer_reaches_none_of_the_white_labels_pages(self, owner_of, browse):
        account, owner = owner_of(OPTION_1)
        browser = browse(owner)
        for address in ("/customers", f"/customers/{account}", "/customers/new", "/finance/charges",
                        "/finance/charges.csv", "/settings/gateway", "/settings/letters"):
            assert browser.get(address).status_code == 403, address
        assert browser.get("/operator/white-labels").status_code == 404


class TestWhileItIsNotOpen:
    def end(self, northwind, account_id, act):
        with transaction(northwind.id) as db:
            act(db, held_customer_or_404(db, account_id))

    @pytest.mark.parametrize(("administration", "works"), [
        (OPTION_1, "Signing in, paying, statements and receipts still work."),
        (OPTION_2, "Signing in still works."),
    ])
    def test_one_suspended_by_a_person_says_so_what_works_and_whom_to_ask(
        self, owner_of, northwind, browse, bob, administration, works
    ):
        """Red with the notice of arrears alone: nothing but a small word beside the name. The reason stays inside."""
        account, owner = owner_of(administration)
        before = browse(owner).get(f"/account/{account}")
        assert "This account is suspended" not in words(before)
        self.end(northwind, account, lambda db, a: accounts.suspend(db, a, reason="Owes Bob", by=bob.actor))
        page = browse(owner).get(f"/account/{account}")
        assert f"This account is suspended Services have stopped. {works} Only Northwind Telecom" in words(page)
        assert "write to help@northwind.example" in words(page) and "Owes Bob" not in page.text
        main = f'class="btn btn-primary" href="/account/{account}/credit"'
        assert (main in before.text, main in page.text) == (administration == OPTION_1, False)

    def test_a_closed_one_can_only_be_read_from_the_next_request_on(self, owner_of, northwind, browse, bob):
        """Red when roles are kept in the session."""
        account, owner = owner_of(OPTION_1)
        browser = browse(owner)
        assert browser.get(f"/account/{account}/credit").status_code == 200
        self.end(northwind, account, lambda db, a: accounts.close(db, a, reason="x", by=bob.actor))
        assert browser.get(f"/account/{account}/credit").status_code == 403
        assert browser.get(f"/account/{account}").status_code == 200

    def test_an_inactive_one_cannot_be_seen(self, northwind, browse, clock):
        with transaction(northwind.id) as db:
            account = customer(db, northwind.plans["desk"], OPTION_2)
            user = primary_user(db, account.id)
        owner = Person(user.id, northwind.id, northwind.host, user.login_name, user.display_name)
        assert browse(owner).get(f"/account/{account.id}").location == "/no-account"


class TestTheWayIn:
    @on_sqlite
    def test_with_one_account_leads_there(self, owner_of, browse):
        account, owner = owner_of(OPTION_1)
        assert browse(owner).get("/account").headers["Location"] == f"/account/{account}"

    @on_sqlite
    def test_with_several_asks_which(self, owner_of, northwind, browse):
        first, owner = owner_of(OPTION_1)
        second, _ = owner_of(OPTION_2, name="Cedar")
        with transaction(northwind.id) as db:
            account = held_customer_or_404(db, second)
            accounts.add_member(db, account, db.load(User, owner.id), accounts.Role.STANDARD)
        page = browse(owner).get("/account")
        assert f"/account/{first}" in page.text and f"/account/{second}" in page.text
        assert "Cedar 101-0004" in words(page) and "Acme" not in page.text

    @on_sqlite
    def test_without_a_session_leads_to_the_sign_in(self, client, northwind, cast):
        answer = client(northwind.host).get(f"/account/{cast.acme}")
        assert answer.headers["Location"] == f"/login?next=%2Faccount%2F{cast.acme}"


class TestClosed:
    @pytest.fixture
    def closed(self, owner_of, northwind):
        account, owner = owner_of(OPTION_1)
        with transaction(northwind.id) as db:
            accounts.close(db, held_customer_or_404(db, account), reason="Moved away", by=owner.actor)
        return account, owner

    def test_its_people_sign_in_and_read_what_was_issued(self, closed, app):
        """The last statement's letter leads here. Red when a closed account is shut to its own people."""
        account, owner = closed
        browser = HostClient(app, owner.host)
        browser.sign_in(owner)
        page = words(browser.get(f"/account/{account}"))
        assert "This account is closed" in page and "Card payment" in page and "Add credit" not in page
        assert "Statements of Birch Dental" in words(browser.get(f"/account/{account}/statements"))

    @pytest.mark.parametrize("path", ["/credit", "/services", "/users"])
    def test_nothing_can_be_done_in_it_any_more(self, closed, browse, path):
        account, owner = closed
        browser = browse(owner)
        assert browser.get(f"/account/{account}{path}").status_code in (403, 404)
        assert f'href="/account/{account}{path}"' not in browser.get(f"/account/{account}").text

    @pytest.mark.parametrize("has_another", [False, True])
    def test_whoever_wants_to_pay_reads_that_it_is_closed_and_whom_to_write_to(
        self, closed, browse, northwind, has_another
    ):
        """Red when the guard speaks of the role; and, for who has another account, when the page is not found."""
        account, owner = closed
        if has_another:
            with transaction(northwind.id) as db:
                other = active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Another"))
                accounts.add_member(db, other, db.load(User, owner.id), Role.ADMINISTRATOR)
        browser = browse(owner)
        sent = browser.submit(f"/account/{account}/credit", {"amount": "20.00"}, page="/password/change")
        for answer in (browser.get(f"/account/{account}/credit"), sent):
            said = words(answer)
            assert answer.status_code == 403 and "This account is closed" in said and "Your role" not in said
            assert "Write to Northwind Telecom about what is owed or left: " in said
            assert f'href="/account/{account}/statements"' in answer.text

    def test_somebody_elses_closed_account_stays_unknown(self, closed, browse, alice):
        account, _ = closed
        assert "closed" not in words(browse(alice).get(f"/account/{account}/credit"))

    def test_an_account_that_was_never_active_stays_shut(self, northwind, bob, app):
        """Red when every closed account is readable: a cancelled one was nobody's."""
        with transaction(northwind.id) as db:
            account = customer(db, northwind.plans["desk"], OPTION_1)
            accounts.close(db, account, reason="Changed their mind", by=bob.actor)
            user = primary_user(db, account.id)
            user.password_hash, login = password_hash(), user.login_name
        answer = HostClient(app, northwind.host).submit("/login", {"login_name": login, "password": PASSWORD})
        assert "Your account is closed" in words(answer)
