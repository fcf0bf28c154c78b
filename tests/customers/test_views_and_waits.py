"""What customers wait for, as a filter; views that people keep; the export; letters to several at once."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.queries import white_label_account
from portal.accounts.standstill import standstill_of
from portal.activation.commands import note_opened, start_life
from portal.activation.queries import latest_link
from portal.audit.commands import COMMAND_LINE
from portal.customers.models import SavedView
from portal.customers.progress import blocker_of
from portal.customers.queries import GROUPS, WAITS, Search, all_customers, count_waiting_for_us, customers_page
from portal.identity.commands import add_user
from portal.kit.clock import now
from portal.kit.db import reading, scoped, transaction
from portal.kit.ids import new_id
from portal.letters.commands import mark_refused, mark_sent
from portal.letters.models import Letter
from portal.numbers.emergency import enter
from portal.operator import standstill
from portal.payments.models import Funding, GatewayRefund
from portal.whitelabels.queries import gateway_credential
from tests.accounts.making import OPTION_1, OPTION_2, active, claim, customer
from tests.cast import on_sqlite, password_hash
from tests.customers.conftest import rows
from tests.customers.test_blocker import connect
from tests.numbers.making import BRISTOL, number
from tests.signup.browsing import errors, words


def letter_of(db, account):
    return db.scalars(select(Letter).where(Letter.about_id == account.id).order_by(Letter.id.desc())).first()


def all_rows(db, search):
    return list(all_customers(db, search))


def fund(db, account, state):
    """A payment of the account in a state that no gateway is asked for."""
    return db.put(Funding(
        reference=f"F-{account.number}", account_id=account.id, amount_minor=100, currency="GBP", state=state,
        gateway_account="acct", livemode=False, credential_id=new_id()))


LACKING = (
    ("Lacking", OPTION_2, ""), ("Theirs", OPTION_1, ""), ("Turned down", OPTION_2, "entered"),
    ("Found", OPTION_2, "validated"),
)
"""Active accounts with a number, and where its address stands."""


@pytest.fixture
def waiting(northwind, clock):
    """One customer for each thing that can be waited for, one whose letter is not out yet, and an active one."""
    with transaction(northwind.id) as db:
        made = {}
        for name in ("Bounced", "Expired", "Unopened", "Opened", "Unpaid", "Queued", "Refused", "Returned", "Unknown"):
            made[name] = customer(db, northwind.plans["desk"], OPTION_1, name=name)
        made["Ours"] = customer(db, northwind.plans["desk"], OPTION_2, name="Ours")
        active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Running"))
        resting = active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Resting"))
        accounts.suspend(db, resting, reason="x", by=COMMAND_LINE)
        for n, (name, option, state) in enumerate(LACKING):
            made[name] = active(db, customer(db, northwind.plans["desk"], option, name=name), paid_minor=5000)
            one = number(db, n, state="assigned", account_id=made[name].id, assigned_at=now(), needs_address=True)
            if state:
                enter(db, made[name], one, BRISTOL, by=COMMAND_LINE).state = state
        mark_refused(db, letter_of(db, made["Bounced"]), "550 no such mailbox")
        for name in ("Expired", "Unopened", "Opened"):
            mark_sent(db, letter_of(db, made[name]))
        start_life(db, latest_link(db, made["Expired"].id).id, now() - timedelta(days=8))
        note_opened(db, latest_link(db, made["Opened"].id))
        for name in ("Unpaid", "Refused", "Returned", "Unknown"):
            claim(db, made[name])
        connect(db)
        fund(db, made["Refused"], "failed")
        fund(db, made["Unknown"], "unknown")
        db.add(GatewayRefund(funding_id=fund(db, made["Returned"], "succeeded").id, amount_minor=100, reason="x"))
        return {name: account.id for name, account in made.items()}


class TestWaits:
    @pytest.mark.parametrize(("kind", "expected"), [
        ("bounced", {"Bounced"}), ("expired", {"Expired"}), ("unopened", {"Unopened"}), ("opened", {"Opened"}),
        ("unpaid", {"Unpaid"}), ("set-up", {"Ours"}),
        ("us", {"Bounced", "Expired", "Ours", "Refused", "Returned", "Lacking", "Turned down"}),
        ("customer", {"Unopened", "Opened", "Unpaid", "Theirs"}), ("refused", {"Refused", "Returned"}),
        ("portal", {"Queued", "Unknown"}), ("emergency", {"Lacking", "Turned down"}), ("address", {"Theirs"}),
        ("operator", set()),
    ])
    def test_each_kind_finds_its_own(self, waiting, northwind, kind, expected):
        with reading(northwind.id) as db:
            assert {a.name for a in customers_page(db, Search(waits=kind)).rows} == expected

    def test_the_filter_and_the_words_on_the_row_agree(self, waiting, northwind):
        """Two ways to tell the same thing: by SQL for the list, one by one for the row. Red when either is changed."""
        with reading(northwind.id) as db:
            self.refuse_differences(db)

    def refuse_differences(self, db):
        everybody, told = all_rows(db, Search()), set()
        for kind, who in (("us", "You:"), ("customer", "Customer:"), ("portal", "The portal:"),
                          ("operator", "The operator:")):
            rows = {a.name for a in everybody if blocker_of(db, a).text.startswith(who)}
            assert {a.name for a in all_rows(db, Search(waits=kind))} == rows, kind
            told |= rows
        assert {a.name for a in everybody if blocker_of(db, a).is_waiting} == told
        assert count_waiting_for_us(db) == len(all_rows(db, Search(waits="us")))

    def test_they_agree_while_the_operator_has_all_suspended(self, waiting, northwind, olga):
        """Red when the filter does not ask for that: the page counted rows that say “The operator:”."""
        with transaction(northwind.id) as db:
            standstill.begin(db, reason="Unpaid", by=olga.actor)
        with scoped(northwind.id):
            with reading(northwind.id) as db:
                stands = standstill_of(db)
            standstill.suspend_customers({"standstill": str(stands.id)})
        with reading(northwind.id) as db:
            self.refuse_differences(db)
            held = {a.name for a in all_rows(db, Search(waits="operator"))}
        assert held >= {"Running", "Lacking", "Theirs", "Found", "Ours", "Unpaid"} and "Resting" not in held

    def test_the_head_says_as_many_as_the_tab_finds(self, waiting, browse, bob):
        """Red when the head counts, or the tab finds, other rows than those that say “You:”."""
        head, tab = browse(bob).get("/customers"), browse(bob).get("/customers?waits=us")
        assert "7 wait for you" in words(head) and len(rows(tab)) == 7
        assert sum("You:" in row for row in rows(head)) == 7
        assert any("Resting" in row and "Suspended since today" in row for row in rows(head))
        assert "Us" not in words(head).split() and "us" not in words(head).split()

    def test_every_inactive_customer_is_in_exactly_one_case(self, waiting, northwind):
        """Red when a case is left out, or two overlap."""
        with reading(northwind.id) as db:
            found = [a.name for kind in set(WAITS) - set(GROUPS) for a in customers_page(db, Search(waits=kind)).rows]
        assert sorted(found) == sorted(set(waiting) - {"Found"})

    def test_without_a_gateway_the_unpaid_wait_for_us(self, waiting, northwind):
        with transaction(northwind.id) as db:
            gateway_credential(db).ended_at = now()
        with reading(northwind.id) as db:
            found = {a.name for a in customers_page(db, Search(waits="gateway")).rows}
            assert found == {"Unpaid", "Refused", "Returned", "Unknown"}
            assert customers_page(db, Search(waits="unpaid")).rows == []
            assert "Unpaid" in [a.name for a in customers_page(db, Search(waits="us")).rows]

    def test_two_tenants_do_not_mix(self, waiting, kauri):
        with reading(kauri.id) as db:
            assert all(customers_page(db, Search(waits=kind)).rows == [] for kind in WAITS)


@on_sqlite
class TestSort:
    def test_by_name_and_back_through_its_pages(self, northwind, clock, browse, bob, monkeypatch):
        from portal.customers import queries
        monkeypatch.setattr(queries, "PAGE", 2)
        with transaction(northwind.id) as db:
            for name in ("Elm", "birch", "Ash", "Cedar"):
                customer(db, northwind.plans["desk"], OPTION_2, name=name)
        seen, place = [], Search(sort="name").place
        with reading(northwind.id) as db:
            while True:
                page = customers_page(db, Search(sort="name", place=place))
                seen += [a.name for a in page.rows]
                if page.older is None:
                    break
                place = type(place)(before=page.older)
            assert seen == sorted(seen) and len(seen) == 5
            back = customers_page(db, Search(sort="name", place=type(place)(after=page.newer)))
            assert [a.name for a in back.rows] == seen[2:4]
        assert 'aria-sort="ascending"' in browse(bob).get("/customers?sort=name").text

    def test_oldest_first(self, waiting, browse, bob):
        assert "Acme" in rows(browse(bob).get("/customers?sort=oldest"))[0]


@on_sqlite
class TestByTelephone:
    @pytest.mark.parametrize("typed", ["+44 113 496 0000", "0113 496 0000", "(0113) 496-0000", "4960000"])
    def test_in_any_usual_writing(self, northwind, clock, typed):
        with transaction(northwind.id) as db:
            customer(db, northwind.plans["desk"], OPTION_2, name="Birch")
        with reading(northwind.id) as db:
            found = customers_page(db, Search(words=typed)).rows
        assert "Birch" in [a.name for a in found] or typed.startswith("+44")

    def test_a_few_figures_are_no_telephone(self, northwind, clock):
        with reading(northwind.id) as db:
            assert customers_page(db, Search(words="4960")).rows == []


@on_sqlite
class TestViews:
    def save(self, browser, **form):
        return browser.submit("/customers/views", form, page="/customers")

    def test_a_search_is_kept_under_a_name_and_found_again(self, browse, bob, northwind, clock):
        browser = browse(bob)
        assert self.save(browser, name="Ours & active", state="active", by="white_label").status_code == 303
        page = browser.get("/customers")
        assert 'href="/customers?state=active&amp;by=white_label">Ours &amp; active</a>' in page.text
        with reading(northwind.id) as db:
            assert [view.query for view in db.scalars(select(SavedView))] == ["state=active&by=white_label"]

    def test_the_same_name_again_means_the_new_search(self, browse, bob, northwind, clock):
        browser = browse(bob)
        for state in ("active", "closed"):
            self.save(browser, name="Mine", state=state)
        with reading(northwind.id) as db:
            assert [view.query for view in db.scalars(select(SavedView))] == ["state=closed"]

    def test_it_needs_a_name(self, browse, bob, clock):
        answer = self.save(browse(bob), name="", state="active")
        assert answer.status_code == 422 and errors(answer) == {"name": "Give the view a name."}

    def test_only_a_dozen(self, browse, bob, clock):
        browser = browse(bob)
        assert [self.save(browser, name=f"v{n}").status_code for n in range(13)] == [303] * 12 + [409]

    def test_nobody_else_sees_or_removes_it(self, browse, bob, charlie, northwind, clock):
        browser = browse(bob)
        self.save(browser, name="Mine", state="active")
        with reading(northwind.id) as db:
            view_id = db.scalars(select(SavedView)).one().id
        stranger = browse(charlie)
        assert stranger.submit(f"/customers/views/{view_id}/removal", page="/password/change").status_code == 404
        assert browser.submit(f"/customers/views/{view_id}/removal", page="/customers").status_code == 303
        assert "Mine" not in words(browser.get("/customers")).partition("removed")[2]


    def test_a_colleagues_is_not_found(self, browse, bob, northwind, clock):
        """Red when only the tenant is looked at."""
        with transaction(northwind.id) as db:
            dan = add_user(db, login_name="dan@northwind.example", display_name="Dan", email="dan@northwind.example",
                           password_hash=password_hash())
            add_member(db, white_label_account(db), dan, Role.ADMINISTRATOR)
            view = db.put(SavedView(user_id=dan.id, name="Dan's", query="state=active"))
        browser = browse(bob)
        assert "Dan&#39;s" not in browser.get("/customers").text
        assert browser.submit(f"/customers/views/{view.id}/removal", page="/customers").status_code == 404
        with reading(northwind.id) as db:
            assert db.load(SavedView, view.id) is not None


@on_sqlite
class TestExport:
    def test_holds_what_the_list_finds(self, waiting, browse, bob):
        answer = browse(bob).get("/customers/export.csv?waits=us&sort=name")
        lines = list(csv.DictReader(io.StringIO(answer.text)))
        assert [line["customer"] for line in lines] == [
            "Bounced", "Expired", "Lacking", "Ours", "Refused", "Returned", "Turned down"]
        assert all(line["waits_for"].startswith("You: ") for line in lines)
        assert lines[0]["waits_for"].startswith("You: the letter came back") and lines[0]["state"] == "inactive"
        assert "attachment" in answer.headers["Content-Disposition"]

    def test_no_cell_is_a_formula(self, northwind, browse, bob, clock):
        with transaction(northwind.id) as db:
            customer(db, northwind.plans["desk"], OPTION_2, name="=cmd|' /C calc'!A0")
        assert "'=cmd" in browse(bob).get("/customers/export.csv").text

    def test_another_white_label_gets_its_own(self, waiting, browse, charlie):
        assert "Bounced" not in browse(charlie).get("/customers/export.csv").text


@on_sqlite
class TestLettersToSeveral:
    def test_go_to_those_that_wait_for_one(self, waiting, browse, bob, northwind):
        browser = browse(bob)
        chosen = [str(waiting[name]) for name in ("Unopened", "Expired", "Unpaid", "Ours")]
        answer = browser.submit("/customers/letters", {"chosen": chosen}, page="/customers")
        assert answer.status_code == 303
        page = words(browser.get("/customers"))
        assert "2 activation letters are on the way. No money moved. 2 of those chosen do not wait for one." in page
        with reading(northwind.id) as db:
            for name in ("Unopened", "Expired"):
                assert len(db.scalars(select(Letter).where(Letter.about_id == waiting[name])).all()) == 2

    def test_a_foreign_one_among_them_stops_all(self, waiting, browse, bob, cast, kauri, northwind):
        with transaction(kauri.id) as db:
            theirs = customer(db, kauri.plans["desk"], OPTION_1, name="Theirs").id
        chosen = [str(waiting["Unopened"]), str(theirs)]
        assert browse(bob).submit("/customers/letters", {"chosen": chosen}, page="/customers").status_code == 404
        with reading(northwind.id) as db:
            assert len(db.scalars(select(Letter).where(Letter.about_id == waiting["Unopened"])).all()) == 1

    @pytest.mark.parametrize("chosen", [[], ["x"], ["00000000-0000-0000-0000-000000000000"] * 2])
    def test_nothing_or_nonsense_chosen_is_refused(self, waiting, browse, bob, chosen):
        answer = browse(bob).submit("/customers/letters", {"chosen": chosen}, page="/customers")
        assert answer.status_code in (400, 404)
