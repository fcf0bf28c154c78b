"""Where calls to a number go, chosen in the quote: routed with the assignment and its charge, or nothing of it is."""

import re

import pytest
from sqlalchemy import select

from portal.accounts.desks import Desk
from portal.accounts.lifecycle import Side, State
from portal.accounts.models import Account
from portal.audit.models import AuditRow
from portal.billing.models import Charge
from portal.catalogue.models import Service
from portal.kit.db import reading, transaction
from portal.kit.refusals import NotAllowed
from portal.numbers.destinations import Wanted
from portal.numbers.models import Number
from portal.pbx import queries
from portal.pbx.configuration import EMPTY, Barring, Extension, Place, Rules
from portal.pbx.routing import PhoneSettings
from tests.cast import on_sqlite
from tests.numbers.making import number, price_class
from tests.pbx.making import LONDON, OXFORD, change
from tests.signup.browsing import browse, errors, value, words

__all__ = ["browse"]

MINE = "+441134960000"


class Shop:
    """Three free numbers of Leeds, and the quote of an account that somebody reserved them for."""

    def __init__(self, phones, browse):
        self.phones, self.tenant, self.browse = phones, phones.tenant, browse
        with transaction(self.tenant.id) as db:
            self.geo = price_class(db).id
            self.ids = [number(db, n).id for n in range(3)]

    def reserved(self, who, base, *ids):
        """A browser that stands at the quote, its address, and what the page's form holds."""
        browser = self.browse(who)
        browser.submit(f"{base}/numbers/reservations", {"chosen": list(map(str, ids or self.ids[:1]))},
                       page=f"{base}/numbers/search")
        text = browser.get(f"{base}/numbers/quote").text
        form = {"number": re.findall(r'name="number" value="([^"]+)"', text),
                "agreed": re.search(r'name="agreed" value="(-?\d+)"', text)[1], "csrf_token": browser.token("/profile")}
        return browser, f"{base}/numbers/quote", form

    def owned(self, *ids):
        return self.reserved(self.phones.owner, f"/account/{self.phones.own}", *ids)

    def at(self, n=0, outside=None, **to):
        """What the select of a number sends."""
        sent = {f"to_{self.ids[n]}": to["to"]}
        return sent if outside is None else sent | {f"to_{self.ids[n]}_outside": outside}

    def edit(self, place, part, account_id=None):
        with transaction(self.tenant.id) as db:
            change(db, db.load(Account, account_id or self.phones.own), place, part, self.phones.bob.actor)

    def states(self):
        with reading(self.tenant.id) as db:
            return [db.load(Number, id).state for id in self.ids]

    def routes(self, account_id=None):
        return {route.number: route.to.code for route in self.phones.settings(account_id).numbers}

    def charges(self):
        with reading(self.tenant.id) as db:
            return len(db.scalars(select(Charge).where(Charge.item.startswith("geo"))).all())

    def untouched(self, version):
        """Nothing was assigned, charged or routed."""
        return set(self.states()) <= {"reserved", "free"} and self.charges() == 0 and self.phones.version() == version


@pytest.fixture
def shop(phones, browse):
    return Shop(phones, browse)


class TestChosen:
    @pytest.mark.parametrize("side", ["account", "customers"])
    def test_it_holds_from_the_assignment_on_and_the_history_says_who(self, shop, phones, side):
        """From the customer's own side, and from its white label's, which only adds numbers here (Option 1)."""
        who, before = phones.owner if side == "account" else phones.bob, phones.version()
        browser, path, form = shop.reserved(who, f"/{side}/{phones.own}")
        assert browser.post(path, data=form | shop.at(to="hours:h1")).status_code == 303
        assert shop.routes()[MINE] == "hours:h1" and phones.version() == before + 1
        with reading(shop.tenant.id) as db:
            row = queries.version_of(db, phones.own, before + 1)
            assert (row.what, row.by_name, row.by_id) == ("Number +44 113 496 0000 added", who.name, who.id)
            acts = db.scalars(select(AuditRow).where(AuditRow.action == "pbx.changed", AuditRow.actor_id == who.id))
            assert [act.details["version"] for act in acts if act.details["version"] > 1] == [before + 1]
        page = words(browser.get(f"/{side}/{phones.own}/numbers"))
        assert "Works Nobody in particular Schedule “Office hours”" in page

    def test_it_offers_what_the_form_of_a_number_offers(self, shop, phones):
        browser, path, _ = shop.owned()

        def choices(answer, name):
            control = answer.text.split(f'name="{name}"')[1].split("</select>")[0]
            return re.findall(r'<option (?:selected )?value="([^"]+)"[^>]*>([^<]+)<', control)

        offered = choices(browser.get(path), f"to_{shop.ids[0]}")
        assert offered == choices(browser.get(f"/account/{phones.own}/pbx/numbers/new"), "to") and len(offered) == 7

    def test_a_number_outside_is_read_as_it_is_dialled(self, shop):
        browser, path, form = shop.owned()
        assert browser.post(path, data=form | shop.at(to="outside", outside=" 01865 496012 ")).status_code == 303
        assert shop.routes()[MINE] == f"external:{OXFORD}"

    def test_a_number_typed_beside_decide_later_counts_as_chosen(self, shop):
        """As in phone settings. Red when only what is chosen is read: the number was assigned, and rang nowhere."""
        browser, path, form = shop.owned()
        assert browser.post(path, data=form | shop.at(to="", outside="01865 496012")).status_code == 303
        assert shop.routes()[MINE] == f"external:{OXFORD}"

    def test_decide_later_routes_nothing_whoever_it_belongs_to(self, shop, phones):
        """Red when the person's extension is taken for the destination."""
        shop.edit(Place("extensions", "103"), Extension(number="103", name="Owner", user_id=phones.owner.id))
        before, (browser, path, form) = phones.version(), shop.owned()
        form |= {f"user_{shop.ids[0]}": str(phones.owner.id)} | shop.at(to="", outside=" ")
        assert browser.post(path, data=form).status_code == 303
        assert phones.version() == before and MINE not in shop.routes() and shop.states()[0] == "assigned"
        page = browser.get(f"/account/{phones.own}/numbers/{shop.ids[0]}")
        assert "Calls go to Nowhere yet." in words(page)
        there = f"/account/{phones.own}/pbx/numbers/new?number=%2B441134960000"
        assert f'href="{there}"' in page.text and value(browser.get(there), "number") == MINE

    def test_three_at_once_each_its_own_way(self, shop, phones):
        """One change with both. Red when each number is saved by itself, with a check of everything for each."""
        before, (browser, path, form) = phones.version(), shop.owned(*shop.ids)
        sent = shop.at(0, to="group:600") | shop.at(1, to="") | shop.at(2, to="voicemail:101")
        assert browser.post(path, data=form | sent).status_code == 303
        assert phones.version() == before + 1
        assert "Number +44 113 496 0000 added; Number +44 113 496 0002 added" in words(
            browser.get(f"/account/{phones.own}/pbx/history"))
        assert shop.routes() == {LONDON: "greeting:g1", MINE: "group:600", "+441134960002": "voicemail:101"}
        page = browser.get(f"/account/{phones.own}/numbers/{shop.ids[0]}")
        assert "Calls go to Edit where calls go Ring group 600 (Everybody)" in words(page)
        assert f'href="/account/{phones.own}/pbx/numbers/%2B441134960000"' in page.text

    def test_an_edit_of_another_part_meanwhile_is_no_conflict(self, shop):
        browser, path, form = shop.owned()
        shop.edit(Place("extensions", "102"), Extension(number="102", name="Workshop"))
        assert browser.post(path, data=form | shop.at(to="extension:102")).status_code == 303
        assert shop.routes()[MINE] == "extension:102"

    def test_sent_twice_it_is_routed_and_charged_once(self, shop, phones):
        before, (browser, path, form) = phones.version(), shop.owned()
        answers = [browser.post(path, data=form | shop.at(to=to)) for to in ("group:600", "extension:102")]
        assert [answer.status_code for answer in answers] == [303, 409]
        assert shop.routes()[MINE] == "group:600" and phones.version() == before + 1

    def test_an_account_that_is_set_up_before_it_is_active(self, shop, phones):
        phones.move_to(phones.run, State.INACTIVE)
        shop.edit(Place("extensions", "101"), Extension(number="101", name="Desk"), phones.run)
        browser, path, form = shop.reserved(phones.bob, f"/customers/{phones.run}")
        assert browser.post(path, data=form | shop.at(to="extension:101")).status_code == 303
        assert shop.routes(phones.run)[MINE] == "extension:101"


GONE = "This destination is not there any more. Choose another."
BENEATH = "Choose “A number outside”, or clear the number beneath it."
REFUSED = {
    "what nobody has": ("extension:999", None, GONE),
    "a box that takes no messages": ("voicemail:102", None, GONE),
    "no kind of destination": ("nonsense", None, GONE),
    "a number outside in the wrong place": (f"external:{OXFORD}", None, GONE),
    "a text of many lines that turns": ("extension:101\r\n\u202e" * 300, None, GONE),
    "no number outside": ("outside", " ", "Write the number that calls go to."),
    "a number beneath another choice": ("extension:101", OXFORD, BENEATH),
    "no number beneath Decide later": ("", "x", "Write digits, with spaces, dashes and brackets at most."),
    "help": ("outside", "999", "It has too few digits."),
    "a figure": ("outside", "1e400", "A spreadsheet has rounded it. Format the column as text."),
    "the number itself": ("outside", MINE, "A call would go round in a circle. Choose another destination."),
}


class TestRefused:
    @pytest.mark.parametrize("name", REFUSED)
    def test_what_is_not_offered_stands_beside_the_number_and_changes_nothing(self, shop, phones, name):
        """Red for the number in the wrong place when only the settings as a whole are asked, not what is offered."""
        to, outside, text = REFUSED[name]
        before, (browser, path, form) = phones.version(), shop.owned(*shop.ids)
        form |= {f"user_{shop.ids[0]}": str(phones.owner.id)} | shop.at(1, to="group:600")
        answer = browser.post(path, data=form | shop.at(to=to, outside=outside))
        assert answer.status_code == 422 and errors(answer) == {f"to-{shop.ids[0]}": text}
        assert shop.untouched(before) and "Error: Decide on the reserved numbers" in answer.text
        assert "Nothing was assigned, and nothing is charged. +44 113 496 0000:" in words(answer)
        assert "Assign these 3 numbers" in answer.text
        assert value(answer, f"user_{shop.ids[0]}") == str(phones.owner.id)
        assert value(answer, f"to_{shop.ids[1]}") == "group:600"
        offered = {"extension:101", "outside"}
        assert value(answer, f"to_{shop.ids[0]}") == ((to or "outside") if (to or "outside") in offered else None)

    def test_a_destination_that_was_removed_meanwhile(self, shop, phones):
        browser, path, form = shop.owned()
        shop.edit(Place("extensions", "103"), Extension(number="103", name="Door"))
        assert "103 Door" in words(browser.get(path))
        shop.edit(Place("extensions", "103"), None)
        before = phones.version()
        answer = browser.post(path, data=form | shop.at(to="extension:103"))
        assert answer.status_code == 422 and GONE in words(answer)
        assert shop.untouched(before)
        assert browser.post(path, data=form | shop.at(to="extension:102")).status_code == 303

    def test_another_accounts_extension(self, shop, phones):
        shop.edit(Place("extensions", "777"), Extension(number="777", name="Theirs"), phones.run)
        before, (browser, path, form) = phones.version(), shop.owned()
        assert "Theirs" not in browser.get(path).text
        answer = browser.post(path, data=form | shop.at(to="extension:777"))
        assert answer.status_code == 422
        assert shop.untouched(before)

    def test_calls_that_are_barred(self, shop, phones):
        shop.edit(Place("rules"), Rules(barring=Barring(mobile=True)))
        before, (browser, path, form) = phones.version(), shop.owned()
        answer = browser.post(path, data=form | shop.at(to="outside", outside="07400 123456"))
        assert errors(answer)[f"to-{shop.ids[0]}"] == "Calls to mobiles are barred, so calls cannot be sent there."
        assert shop.untouched(before)

    def test_all_that_is_wrong_is_said_at_once(self, shop, phones):
        before, (browser, path, form) = phones.version(), shop.owned(*shop.ids)
        sent = shop.at(0, to="group:9") | shop.at(1, to="hours:h1") | shop.at(2, to="x")
        answer = browser.post(path, data=form | sent)
        assert set(errors(answer)) == {f"to-{shop.ids[0]}", f"to-{shop.ids[2]}"}
        assert shop.untouched(before)

    def test_a_charge_that_is_refused_leaves_no_route(self, shop, phones):
        """Red when the charge follows in a transaction of its own."""
        before, (browser, path, form) = phones.version(), shop.owned()
        with transaction(shop.tenant.id) as db:
            db.load(Service, shop.geo).opening_retail_minor = 300
        answer = browser.post(path, data=form | shop.at(to="group:600"))
        assert answer.status_code == 409 and "This is not the sum that you were shown" in answer.text
        assert shop.untouched(before)

    def test_a_number_that_cannot_be_assigned_asks_nothing(self, shop):
        """Red when the cell is there for every number: a choice would be sent for one that is not assigned."""
        browser, path, _ = shop.owned(*shop.ids[:2])
        with transaction(shop.tenant.id) as db:
            db.load(Number, shop.ids[0]).price_class = "gone"
        page = browser.get(path)
        assert value(page, f"to_{shop.ids[0]}") is None and f'name="to_{shop.ids[1]}"' in page.text
        assert "Not on sale any more." in words(page)

    def test_where_nothing_is_set_up_a_number_outside_is_offered_and_nothing_else(self, shop, phones):
        """Red when nothing was offered before the first part: a number that only forwards had to wait."""
        base = f"/customers/{phones.run}"
        browser, path, form = shop.reserved(phones.bob, base)
        page = browser.get(path)
        assert "There are no extensions yet. They are made later, under phone settings" in words(page)
        assert f'href="{base}/pbx"' in page.text
        control = page.text.split(f'name="to_{shop.ids[0]}"')[1].split("</select>")[0]
        assert re.findall(r'value="([^"]*)"', control) == ["", "outside"]
        answer = browser.post(path, data=form | shop.at(to="extension:101"))
        assert answer.status_code == 422 and shop.states()[0] == "reserved"
        assert phones.settings(phones.run) == EMPTY
        assert browser.post(path, data=form | shop.at(to="outside", outside="01865 496013")).status_code == 303
        assert shop.routes(phones.run) == {MINE: "external:+441865496013"}

    def test_a_circle_through_two_numbers_of_one_assignment(self, shop, phones):
        """Red when each is checked by itself alone: neither is a circle without the other."""
        before, (browser, path, form) = phones.version(), shop.owned(*shop.ids[:2])
        sent = shop.at(0, to="outside", outside="0113 496 0001") | shop.at(1, to="outside", outside="0113 496 0000")
        answer = browser.post(path, data=form | sent)
        assert answer.status_code == 422 and "go round in a circle" in words(answer) and shop.untouched(before)


class TestWho:
    def test_a_standard_user_reads_nothing_of_it_and_sends_nothing(self, shop, phones):
        """Red when `told` answers everybody: they see their own extension, and no more (decision 0018)."""
        browser, path, form = shop.owned()
        browser.post(path, data=form | shop.at(to="group:600"))
        sam, base = shop.browse(phones.sam), f"/account/{phones.own}/numbers"
        for page in (base, f"{base}/{shop.ids[0]}"):
            text = words(sam.get(page))
            assert "+44 113 496 0000" in text and "Calls go to" not in text and "Everybody" not in text
        sent = {"number": str(shop.ids[1]), "agreed": "0", "csrf_token": sam.token("/profile")}
        assert sam.post(path, data=sent | shop.at(1, to="group:600")).status_code == 403 and len(shop.routes()) == 2

    def test_the_people_of_an_option_2_account_see_where_calls_go_and_edit_it(self, shop, phones):
        shop.edit(Place("extensions", "101"), Extension(number="101", name="Desk"), phones.run)
        browser, path, form = shop.reserved(phones.bob, f"/customers/{phones.run}")
        browser.post(path, data=form | shop.at(to="extension:101"))
        page = shop.browse(phones.guest).get(f"/account/{phones.run}/numbers/{shop.ids[0]}")
        assert "Extension 101 (Desk)" in words(page) and f"/account/{phones.run}/pbx/numbers/%2B" in page.text

    def test_while_it_is_suspended_it_is_read_and_not_edited(self, shop, phones):
        phones.move_to(phones.own, State.SUSPENDED)
        with reading(shop.tenant.id) as db:
            one = db.scalars(select(Number).where(Number.e164 == LONDON)).one()
        page = shop.browse(phones.bob).get(f"/customers/{phones.own}/numbers/{one.id}")
        assert "Calls go to Greeting “Welcome”" in words(page) and "/pbx/numbers" not in page.text

    @on_sqlite
    @pytest.mark.parametrize(("is_administrator", "state"), [(False, State.ACTIVE), (True, State.SUSPENDED)])
    def test_whoever_may_not_edit_is_offered_nothing_and_refused(self, phones, is_administrator, state):
        """Red when `PhoneSettings` does not ask `why_not_edit`: no page of today leads here, a rule of tomorrow may."""
        phones.move_to(phones.own, state)
        before, board = phones.version(), PhoneSettings()
        with transaction(phones.tenant.id) as db:
            desk = Desk(Side.ACCOUNT, db.load(Account, phones.own), is_administrator)
            one = db.scalars(select(Number).where(Number.e164 == LONDON)).one()
            assert board.offers(db, desk) == []
            with pytest.raises(NotAllowed):
                board.route(db, desk, {one: Wanted("group:600")}, by=phones.owner.actor)
        assert phones.version() == before
