"""Numbers chosen on the pages: search, ten minutes, quote, confirmation; and who sees and does what."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404, primary_user
from portal.audit.models import AuditRow
from portal.billing.models import Charge
from portal.billing.subscriptions import bill
from portal.catalogue.models import Plan, Service
from portal.identity.models import User
from portal.kit.clock import now
from portal.kit.db import reading, transaction
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters.models import Letter
from portal.numbers.models import Number
from portal.verify import verify
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.cast import Person, on_sqlite, password_hash
from tests.numbers.making import number, price_class
from tests.signup.browsing import words


class Street:
    """Northwind's numbers of Leeds, a customer of each option, one that is not active, and who looks."""

    def __init__(self, tenant):
        self.tenant = tenant
        with transaction(tenant.id) as db:
            self.geo = price_class(db).id
            self.numbers = [number(db, n).id for n in range(4)]
            self.gold = number(db, 4900, area="Bradford").id
            desk = tenant.plans["desk"]
            own = active(db, customer(db, desk, OPTION_1), paid_minor=11_800)
            run = active(db, customer(db, desk, OPTION_2, name="Run by Northwind"))
            early = customer(db, desk, OPTION_2, name="Not yet active")
            self.own, self.run, self.early = own.id, run.id, early.id
            self.owner, self.guest = self._person(db, own), self._person(db, run)

    def _person(self, db, account):
        user = primary_user(db, account.id)
        user.password_hash = password_hash()
        return Person(user.id, self.tenant.id, self.tenant.host, user.login_name, user.display_name)

    def number(self, n=0):
        with reading(self.tenant.id) as db:
            return db.load(Number, self.numbers[n])

    def charged(self, account_id, book="retail"):
        with reading(self.tenant.id) as db:
            wanted = select(Charge).where(Charge.account_id == account_id, Charge.book == book)
            return sum(c.gross_minor for c in db.scalars(wanted) if c.item.startswith("geo"))

    def credit(self):
        with reading(self.tenant.id) as db:
            return credit_minor(db, Book.RETAIL, self.own)

    def set(self, model, id, **values):
        with transaction(self.tenant.id) as db:
            row = db.load(model, id)
            for name, value in values.items():
                setattr(row, name, value)


@pytest.fixture
def street(northwind, clock):
    return Street(northwind)


def reserve(browser, base, *ids, **search):
    return browser.submit(f"{base}/numbers/reservations", {"chosen": list(map(str, ids)), **search},
                          page=f"{base}/numbers/search")


def quoted(browser, base):
    """The form that the quote page holds, as a person would send it."""
    page = browser.get(f"{base}/numbers/quote")
    found = re.search(r'name="agreed" value="(-?\d+)"', page.text)
    ids = re.findall(r'name="number" value="([^"]+)"', page.text)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    return {"agreed": found[1], "number": ids, "csrf_token": token[1]}, page


def order(browser, base, *ids, **more):
    assert reserve(browser, base, *ids).status_code == 303
    form, page = quoted(browser, base)
    return browser.post(f"{base}/numbers/quote", data={**form, **more}), int(form["agreed"]), words(page)


class TestTheWay:
    def test_search_reserve_quote_confirm(self, street, browse):
        browser, base, before = browse(street.owner), f"/account/{street.own}", street.credit()
        assert "+44 113 496 0000" in words(browser.get(f"{base}/numbers/search"))
        answer = reserve(browser, base, street.numbers[0])
        assert answer.status_code == 303 and answer.location == f"{base}/numbers/quote"
        form, page = quoted(browser, base)
        assert "Reserved until 10:10" in words(page) and "Charged now £8.40" in words(page)
        assert "Then £2.40 each month, with VAT." in words(page)
        answer = browser.post(f"{base}/numbers/quote", data=form | {f"user_{street.numbers[0]}": str(street.owner.id)})
        assert answer.status_code == 303 and before - street.credit() == 840 == int(form["agreed"])
        page = words(browser.get(f"{base}/numbers"))
        assert "+44 113 496 0000 Geographic, Leeds, United Kingdom Works Owner of Birch Dental" in page
        assert "+44 113 496 0000" in words(browser.get(base))

    def test_the_white_label_adds_one_the_customer_pays_and_hears_of_it(self, street, browse, bob):
        answer, agreed, page = order(browse(bob), f"/customers/{street.own}", street.numbers[0])
        assert answer.status_code == 303 and agreed == 840 == street.charged(street.own)
        assert "administrators get a letter" in page
        with reading(street.tenant.id) as db:
            letter = db.scalars(select(Letter).where(Letter.name == "numbers-added")).one()
            assert letter.to_address == street.owner.login_name and letter.facts["amount"] == "£8.40"
            act = db.scalars(select(AuditRow).where(AuditRow.action == "number.assigned")).one()
            assert act.actor_name == bob.name
        assert "Number assigned" in words(browse(bob).get(f"/customers/{street.own}"))

    def test_before_the_activation_nothing_is_charged_and_the_page_says_what_will_be(self, street, browse, bob):
        base = f"/customers/{street.early}"
        answer, agreed, page = order(browse(bob), base, *street.numbers[:2])
        assert answer.status_code == 303 and agreed == 0 and street.charged(street.early, "wholesale") == 0
        assert "Nothing is charged while the account is inactive." in page and "From the activation £9.60" in page
        assert "Local number × 2 each month, with VAT £2.40" in page
        activation = words(browse(bob).get(f"{base}/activation"))
        assert "Local number, set-up × 2" in activation and "Total £16.80" in activation
        assert "Its numbers then cost:" in activation and "Local number × 2 each month, with VAT £2.40" in activation
        browse(bob).submit(f"{base}/activation")
        assert street.charged(street.early, "wholesale") == 960
        assert [words for finding in verify() for words in finding.differences] == []

    def test_in_a_trial_the_page_says_what_each_month_costs_after_it(self, street, browse, bob):
        """Red when only the first invoice is quoted: a trial's holds no month, so the number seems to cost nothing."""
        street.set(Plan, street.tenant.plans["desk"], trial_days=30)
        base, browser = f"/customers/{street.early}", browse(bob)
        reserve(browser, base, *street.numbers[:2])
        form, answer = quoted(browser, base)
        page = words(answer)
        assert "each month's charge begins with the trial's end, on 2 December 2026" in page
        assert "Local number × 2 each month, with VAT £2.40" in page
        assert browser.post(f"{base}/numbers/quote", data=form).status_code == 303
        activation = words(browser.get(f"{base}/activation"))
        assert "From the trial's end, on 2 December 2026, its numbers cost:" in activation
        assert "Local number × 2 each month" in activation
        browser.submit(f"{base}/activation")
        with transaction(street.tenant.id) as db:
            account = held_customer_or_404(db, street.early)
            bill(db, [account], through=date(2026, 12, 2))
        assert street.charged(street.early, "wholesale") == 720 + 240

    def test_a_price_taken_off_sale_is_said_beside_the_number_and_the_rest_goes_on(self, street, browse):
        """Red when the quote refuses them all: nobody could tell which one to give back."""
        browser, base = browse(street.owner), f"/account/{street.own}"
        reserve(browser, base, *street.numbers[:2])
        street.set(Number, street.numbers[0], price_class="gone")
        form, page = quoted(browser, base)
        assert "Not on sale any more. It cannot be assigned; give it back." in words(page)
        assert form["number"] == [str(street.numbers[1])] and "Assign 1 number" in words(page)
        assert browser.post(f"{base}/numbers/quote", data=form).status_code == 303
        only = browser.get(f"{base}/numbers/quote")
        assert "None of them can be assigned" in words(only) and 'name="agreed"' in only.text
        assert browser.submit(f"{base}/numbers/reservations/{street.numbers[0]}/return",
                              page=f"{base}/numbers/quote").status_code == 303
        assert (street.number(0).state, street.number(1).state) == ("free", "assigned")

    def test_given_up_by_mistake_and_taken_back(self, street, browse, clock):
        base = f"/account/{street.own}/numbers"
        order(browse(street.owner), f"/account/{street.own}", street.numbers[0])
        clock.advance(days=15)
        browser, own = browse(street.owner), f"{base}/{street.numbers[0]}"
        assert browser.submit(f"{own}/release", {"agreed": -120}).status_code == 303
        assert browser.submit(f"{own}/release", {"agreed": -120}, page=base).status_code == 409
        assert "Rests until 17 Dec 2026" in words(browser.get(base))
        page = browser.get(f"{own}/taking-back")
        agreed = int(re.search(r'name="agreed" value="(-?\d+)"', page.text)[1])
        assert agreed > 0 and "Charged now" in words(page)
        before = street.credit()
        assert browser.submit(f"{own}/taking-back", {"agreed": agreed}).location == own
        assert before - street.credit() == agreed and street.number().state == "assigned"
        answer = browser.submit(f"{own}/taking-back", {"agreed": agreed}, page=base)
        assert answer.status_code == 409 and "assigned already" in answer.text

    def test_release_says_when_others_can_have_it_at_once(self, street, browse):
        """Red when the page always speaks of thirty days."""
        base = f"/account/{street.own}"
        order(browse(street.owner), base, street.numbers[0])
        page = words(browse(street.owner).get(f"{base}/numbers/{street.numbers[0]}/release"))
        assert "Others can have it at once: it was not in use long enough to be known." in page
        assert "Nobody gets it before" not in page

    def test_release_says_what_comes_back_and_until_when_nobody_gets_it(self, street, browse, clock):
        base = f"/account/{street.own}"
        order(browse(street.owner), base, street.numbers[0])
        clock.advance(days=15)
        browser = browse(street.owner)
        before, path = street.credit(), f"{base}/numbers/{street.numbers[0]}/release"
        page = words(browser.get(path))
        assert "£1.20 of what was paid for it comes back now, with VAT." in page
        assert "Nobody gets it before 17 December 2026." in page
        assert browser.submit(path, {"agreed": -120}).status_code == 303
        assert street.credit() - before == 120 and street.number().state == "quarantined"
        assert browser.get(f"{base}/numbers/{street.numbers[0]}").status_code == 404

    def test_given_back(self, street, browse):
        browser, base = browse(street.owner), f"/account/{street.own}"
        reserve(browser, base, *street.numbers[:2])
        for n, leads_to in ((0, "quote"), (1, "search")):
            path = f"{base}/numbers/reservations/{street.numbers[n]}/return"
            answer = browser.submit(path, page=f"{base}/numbers/quote")
            assert answer.location == f"{base}/numbers/{leads_to}" and street.number(n).state == "free"
        browser.submit(path, page=f"{base}/numbers")
        assert "was not reserved for this account any more" in words(browser.get(f"{base}/numbers"))

    def test_whose_it_is(self, street, browse, bob):
        order(browse(bob), f"/customers/{street.run}", street.numbers[0])
        path = f"/account/{street.run}/numbers/{street.numbers[0]}"
        browser = browse(street.guest)
        assert browser.submit(f"{path}/user", {"user": str(street.guest.id)}, page=path).status_code == 303
        assert street.number().user_id == street.guest.id
        assert browser.submit(f"{path}/user", {"user": str(street.owner.id)}, page=path).status_code == 400
        assert browser.submit(f"{path}/user", {"user": ""}, page=path).status_code == 303
        assert street.number().user_id is None

    def test_who_leaves_the_account_has_no_number_any_more(self, street, browse, bob):
        with transaction(street.tenant.id) as db:
            add_member(db, db.load(Account, street.run), db.load(User, street.owner.id), Role.STANDARD)
        form = {f"user_{street.numbers[0]}": str(street.owner.id)}
        order(browse(bob), f"/customers/{street.run}", street.numbers[0], **form)
        path = f"/customers/{street.run}/users/{street.owner.id}/removal"
        assert browse(bob).submit(path).status_code == 303
        assert (street.number().user_id, street.number().state) == (None, "assigned")


class TestRefused:
    def test_the_loser_reads_why_and_goes_back_to_the_same_search(self, street, browse, bob):
        reserve(browse(street.owner), f"/account/{street.own}", street.numbers[0])
        base = f"/customers/{street.run}"
        answer = reserve(browse(bob), base, street.numbers[0], country="GB", digits="0000")
        assert answer.status_code == 409 and "+44 113 496 0000 is taken" in answer.text
        assert f'href="{base}/numbers/search?country=GB&amp;digits=0000"' in answer.text
        assert "Birch Dental" not in answer.text

    def test_a_price_that_changed_meanwhile(self, street, browse):
        browser, base = browse(street.owner), f"/account/{street.own}"
        reserve(browser, base, street.numbers[0])
        form, _ = quoted(browser, base)
        street.set(Service, street.geo, opening_retail_minor=300)
        answer = browser.post(f"{base}/numbers/quote", data=form)
        assert answer.status_code == 409 and "This is not the sum that you were shown" in answer.text
        assert street.number().state == "reserved" and street.charged(street.own) == 0

    def test_two_tabs_confirm_and_one_pays(self, street, browse):
        browser, base = browse(street.owner), f"/account/{street.own}"
        reserve(browser, base, street.numbers[0])
        form, _ = quoted(browser, base)
        answers = [browser.post(f"{base}/numbers/quote", data=form) for _ in range(2)]
        assert [a.status_code for a in answers] == [303, 409] and "assigned already" in answers[1].text
        assert street.charged(street.own) == 840

    def test_another_tab_reserved_more_meanwhile(self, street, browse):
        """What was quoted is assigned, and not one more."""
        browser, base = browse(street.owner), f"/account/{street.own}"
        reserve(browser, base, street.numbers[0])
        form, _ = quoted(browser, base)
        reserve(browser, base, street.numbers[1])
        assert browser.post(f"{base}/numbers/quote", data=form).status_code == 303
        assert [street.number(n).state for n in (0, 1)] == ["assigned", "reserved"]

    def test_after_ten_minutes(self, street, browse, clock):
        browser, base = browse(street.owner), f"/account/{street.own}"
        reserve(browser, base, street.numbers[0])
        form, _ = quoted(browser, base)
        clock.advance(minutes=10)
        answer = browser.post(f"{base}/numbers/quote", data=form)
        assert answer.status_code == 409 and "The ten minutes are over" in answer.text
        assert "Nothing is reserved" in words(browser.get(f"{base}/numbers/quote"))

    def test_credit_that_is_missing_is_said_and_nothing_can_be_confirmed(self, street, browse, bob):
        street.set(Service, street.geo, opening_retail_minor=20_000)
        for who, base in ((street.owner, f"/account/{street.own}"), (bob, f"/customers/{street.own}")):
            browser = browse(who)
            reserve(browser, base, street.numbers[0])
            form, page = quoted(browser, base)
            assert "£146.00 is missing" in words(page) and "Assign this number" not in page.text
            assert browser.post(f"{base}/numbers/quote", data=form).status_code == 422
        assert street.number().state == "reserved" and street.charged(street.own) == 0

    def test_the_white_labels_limit(self, street, browse, bob):
        street.set(Service, street.geo, opening_wholesale_minor=60_000)
        browser, base = browse(bob), f"/customers/{street.run}"
        answer, _, _ = order(browser, base, street.numbers[0])
        assert answer.status_code == 409 and "cannot cover this" in answer.text
        assert street.number().state == "reserved"

    def test_a_class_that_is_hidden_is_not_offered(self, street, browse):
        street.set(Service, street.geo, hidden_at=now())
        browser, base = browse(street.owner), f"/account/{street.own}"
        assert "No number is free" in words(browser.get(f"{base}/numbers/search"))
        assert reserve(browser, base, street.numbers[0]).status_code == 409
        assert street.number().state == "free"

    @on_sqlite
    @pytest.mark.parametrize("agreed", ["", "x", "1.5", "--5", "-", "9" * 30, "٣"])
    def test_a_form_that_no_page_made(self, street, browse, agreed):
        browser, base = browse(street.owner), f"/account/{street.own}"
        reserve(browser, base, street.numbers[0])
        form, _ = quoted(browser, base)
        for broken in ({"agreed": agreed}, {"number": ["x"]}, {"number": []}, {"number": [str(street.owner.id)]},
                       {f"user_{street.numbers[0]}": "x"}, {f"user_{street.numbers[0]}": str(street.guest.id)}):
            assert browser.post(f"{base}/numbers/quote", data=form | broken).status_code in (400, 404)
        assert street.number().state == "reserved"

    @on_sqlite
    @pytest.mark.parametrize("asked", ["digits=x", "digits=" + "1" * 21, "country=XX", "kind=no", "digits=%E2%80%AE1"])
    def test_what_nobody_searches_for(self, street, browse, asked):
        answer = browse(street.owner).get(f"/account/{street.own}/numbers/search?{asked}")
        assert answer.status_code == 422 and "field-error" in answer.text

    @on_sqlite
    @pytest.mark.parametrize("asked", ["before=x", "after=_", "before=1_2"])
    def test_a_page_that_no_link_leads_to(self, street, browse, asked):
        assert browse(street.owner).get(f"/account/{street.own}/numbers/search?{asked}").status_code == 400


class TestWho:
    def test_the_people_of_an_option_2_account_see_their_numbers_and_no_price(self, street, browse, bob):
        """Red when `sees_prices` is true for everybody."""
        order(browse(bob), f"/customers/{street.run}", street.numbers[0])
        browser, base = browse(street.guest), f"/account/{street.run}/numbers"
        for path in (base, f"{base}/{street.numbers[0]}"):
            page = browser.get(path)
            assert page.status_code == 200 and "£" not in page.text and "holesale" not in page.text
        assert "Your provider chooses the numbers" in words(browser.get(base))
        for path in (f"{base}/search", f"{base}/quote", f"{base}/port-ins", f"{base}/{street.numbers[0]}/release"):
            assert browser.get(path).status_code == 403
        for path in (f"{base}/reservations", f"{base}/quote", f"{base}/{street.numbers[0]}/release"):
            answer = browser.submit(path, {"chosen": str(street.numbers[1]), "agreed": 0}, page="/password/change")
            assert answer.status_code == 403

    def test_an_option_1_customer_sees_no_wholesale_price(self, street, browse):
        browser, base = browse(street.owner), f"/account/{street.own}"
        reserve(browser, base, street.numbers[0])
        for path in ("search", "quote"):
            text = browser.get(f"{base}/numbers/{path}").text
            assert "holesale" not in text and "£1.00" not in text and "£1.20" not in text

    def test_the_white_label_adds_for_option_1_and_takes_nothing_away(self, street, browse, bob):
        base = f"/customers/{street.own}"
        order(browse(bob), base, street.numbers[0])
        path = f"{base}/numbers/{street.numbers[0]}/release"
        assert browse(bob).get(path).status_code == 403
        assert browse(bob).submit(path, {"agreed": -840}, page="/password/change").status_code == 403
        assert street.number().state == "assigned"

    @pytest.mark.parametrize("state", ["suspended", "closed"])
    def test_nothing_is_assigned_to_an_account_that_is_not_active(self, street, browse, bob, state):
        street.set(Account, street.run, state=state)
        base = f"/customers/{street.run}"
        assert "while the account is active" in words(browse(bob).get(f"{base}/numbers"))
        assert browse(bob).get(f"{base}/numbers/search").status_code == 403
        answer = browse(bob).submit(f"{base}/numbers/reservations", {"chosen": str(street.numbers[0])},
                                    page="/password/change")
        assert answer.status_code == 403 and street.number().state == "free"

    def test_option_1_before_its_activation(self, street, browse, bob):
        with transaction(street.tenant.id) as db:
            waiting = customer(db, street.tenant.plans["desk"], OPTION_1, name="Waiting").id
        page = words(browse(bob).get(f"/customers/{waiting}/numbers"))
        assert "agreed to a first invoice without any" in page

    def test_another_accounts_number_is_not_there(self, street, browse, bob):
        order(browse(bob), f"/customers/{street.run}", street.numbers[0])
        mine = f"/account/{street.own}/numbers/{street.numbers[0]}"
        for path in (mine, f"{mine}/release", f"{mine}/emergency"):
            assert browse(street.owner).get(path).status_code == 404
        assert browse(street.owner).get(f"/account/{street.run}/numbers").status_code == 404
        back = f"/account/{street.own}/numbers/reservations/{street.numbers[0]}/return"
        browse(street.owner).submit(back, page="/password/change")
        assert street.number().account_id == street.run


class TestServices:
    def test_a_service_that_counts_numbers_is_changed_with_the_numbers_alone(self, street, browse, bob):
        """Red when the services page takes it: somebody would pay for numbers that do not exist."""
        browser, base = browse(street.owner), f"/account/{street.own}"
        assert "Local number" not in words(browser.get(f"{base}/services"))
        order(browser, base, street.numbers[0])
        page = browser.get(f"{base}/services")
        assert "Local number" in page.text and f'href="{base}/numbers"' in page.text
        assert f"/services/{street.geo}" not in page.text
        path = f"{base}/services/{street.geo}"
        assert browser.get(f"{path}?quantity=5&when=now").status_code == 409
        for what in (path, f"{path}/withdrawal"):
            answer = browser.submit(what, {"quantity": 5, "when": "now", "agreed": 0}, page="/password/change")
            assert answer.status_code == 409 and "Go to the numbers" in answer.text
        assert street.charged(street.own) == 840
