"""Who hears how a port-in stands, and what it says of the money: letters, the payer's page and the operator's."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404, primary_user
from portal.audit.commands import COMMAND_LINE, Actor
from portal.audit.models import AuditRow
from portal.identity.commands import add_user
from portal.kit.db import PLATFORM, reading, transaction
from portal.letters.models import Letter
from portal.numbers import flows
from portal.numbers.assigning import MOST_A_DAY, EnoughForToday, refuse_too_many_today
from portal.numbers.models import PortRequest
from portal.numbers.porting import accept, reject, schedule, submit
from portal.people.commands import remove
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, pay
from tests.cast import on_sqlite
from tests.numbers.making import in_stock, new_port, port, price_class
from tests.numbers.test_pages import Street, reserve
from tests.signup.browsing import words

pytestmark = on_sqlite
ONE, TWO = "+442079460123", "+442079460124"
DAY = date(2026, 11, 2)


def written(db, name="port-in"):
    return [(x.to_address, x.facts) for x in db.scalars(select(Letter).where(Letter.name == name).order_by(Letter.id))]


def second(db, account):
    """Another administrator of the account."""
    user = add_user(db, login_name="eve@birch.example", display_name="Eve Second", email="eve@birch.example")
    add_member(db, account, user, Role.ADMINISTRATOR)
    return user


def scheduled(db, account, by, *e164s, day=DAY):
    asked = submit(db, account, new_port(*e164s or (ONE,)), by=by)
    accept(db, asked, price_class="geo", needs_address=False, by=COMMAND_LINE)
    schedule(db, asked, day, by=COMMAND_LINE)
    return asked


class TestWhoIsWritten:
    def test_nobody_who_was_removed_but_those_who_are_there(self, db, own):
        """Red with the requester from the trail alone: a stranger read of the account, and nobody on it did."""
        eve = second(db, own)
        asked = submit(db, own, new_port(), by=Actor("user", eve.id, "Eve"))
        remove(db, own, eve.id, by=COMMAND_LINE)
        reject(db, asked, "Another name on the bill", by=COMMAND_LINE)
        assert [to for to, _ in written(db)] == [primary_user(db, own.id).email]

    def test_whoever_sent_it_while_they_are_there(self, db, own):
        eve = second(db, own)
        reject(db, submit(db, own, new_port(), by=Actor("user", eve.id, "Eve")), "x", by=COMMAND_LINE)
        assert [to for to, _ in written(db)] == [eve.email]

    def test_the_white_label_where_it_chooses_the_numbers(self, db, run, bob):
        reject(db, port(db, run), "x", by=COMMAND_LINE)
        ((to, facts),) = written(db)
        assert to == bob.login_name and "/customers/" in facts["url"]

    @pytest.mark.parametrize(("side", "told"), [("customers", 1), ("account", 0)])
    def test_the_payer_hears_of_what_the_white_label_asked_for(self, cast, northwind, clock, bob, side, told):
        """Decision 0017. Red without `tell_payers`: the customer was debited, and every letter went to Bob."""
        with transaction(northwind.id) as db:
            price_class(db)
            own = active(db, customer(db, northwind.plans["courtesy"], OPTION_1))
            pay(db, own, 2000)
            mine = primary_user(db, own.id)
            by = bob.actor if side == "customers" else Actor("user", mine.id, mine.display_name)
            asked = scheduled(db, own, by)
        flows.complete_port(northwind.id, asked.id, by=cast.olga.actor)
        with reading(northwind.id) as db:
            letters = written(db, "numbers-added")
            assert [(to, facts["by"], facts["amount"]) for to, facts in letters] == [
                (mine.email, "Bob Marsh", "£8.40")] * told
            assert {to for to, _ in written(db)} == {bob.login_name if told else mine.email}


class TestMoney:
    def test_before_the_activation_nothing_says_that_it_is_charged(self, cast, northwind, clock, browse):
        """Red while flash, page and letter said "charged at once" whatever the account's state."""
        with transaction(northwind.id) as db:
            price_class(db)
            early = customer(db, northwind.plans["desk"], OPTION_2)
            asked = scheduled(db, early, COMMAND_LINE)
        olga, path = browse(cast.olga), f"/operator/white-labels/{northwind.id}/port-ins/{asked.id}"
        assert "They are charged once the account is active." in words(olga.get(path))
        answer = olga.submit(f"{path}/completion", page=path)
        assert "No money moved: they are charged once the account is active." in words(olga.get(answer.location))
        with reading(northwind.id) as db:
            assert "once the account is active" in {facts["charged"] for _, facts in written(db)}

    def test_what_is_missing_for_the_arrival_is_said_while_it_can_be_put_right(self, cast, northwind, clock, browse):
        """Red without `arrival_cost`: the operator's refusal on the day was the first word of it."""
        street = Street(northwind)
        with transaction(northwind.id) as db:
            price_class(db, "dear", retail=15_000)
            asked = submit(db, db.load(Account, street.own), new_port(), by=Actor("user", street.owner.id, "x"))
            accept(db, asked, price_class="dear", needs_address=False, by=COMMAND_LINE)
            schedule(db, asked, DAY, by=COMMAND_LINE)
            facts = next(facts for _, facts in written(db) if facts["state"] == "scheduled")
        assert facts["due"] == "£186.00" and facts["missing"] == "£86.00"
        page = browse(street.owner).get(f"/account/{street.own}/numbers/port-ins/{asked.id}")
        assert "£86.00 is missing" in words(page) and "£186.00 in all, if they came today" in words(page)
        assert f'href="/account/{street.own}/credit"' in page.text
        path = f"/operator/white-labels/{northwind.id}/port-ins/{asked.id}"
        olga = browse(cast.olga)
        assert "£86.00 is missing" in words(olga.get(path))
        refused = olga.submit(f"{path}/completion", page=path)
        assert refused.status_code == 422 and f'href="{path}"' in refused.text

    def test_an_account_that_takes_none_is_named_and_offers_no_button(self, cast, northwind, clock, browse):
        """Red while the operator's page knew only the day and the stock."""
        with transaction(northwind.id) as db:
            price_class(db)
            run = active(db, customer(db, northwind.plans["desk"], OPTION_2))
            asked = scheduled(db, run, COMMAND_LINE)
            accounts.suspend(db, run, reason="x", by=COMMAND_LINE)
        olga, path = browse(cast.olga), f"/operator/white-labels/{northwind.id}/port-ins/{asked.id}"
        page = olga.get(path)
        assert "The account is suspended." in words(page) and "/completion" not in page.text
        refused = olga.submit(f"{path}/completion", page=path)
        assert refused.status_code == 409 and f'href="{path}"' in refused.text


def test_what_arrives_counts_for_no_day_of_the_account(cast, northwind, clock):
    """Red while the operator counted as one of the account's own people: a port-in of a hundred locked it out."""
    with transaction(northwind.id) as db:
        price_class(db, "geo", retail=0, retail_setup=0)
        own = active(db, customer(db, northwind.plans["courtesy"], OPTION_1))
        user = primary_user(db, own.id)
        me = Actor("user", user.id, user.display_name)
        asked = scheduled(db, own, me, *(f"+44207946{n:04d}" for n in range(MOST_A_DAY)))
    flows.complete_port(northwind.id, asked.id, by=cast.olga.actor)
    with transaction(northwind.id) as db:
        own = held_customer_or_404(db, own.id)
        refuse_too_many_today(db, own, MOST_A_DAY, by=me)
        with pytest.raises(EnoughForToday):
            refuse_too_many_today(db, own, MOST_A_DAY + 1, by=me)


def test_the_operators_trail_has_the_block_and_the_number_that_came_back(cast, northwind, clock):
    """Decision 0016. Red while an arrival was on the white label's trail alone."""
    in_stock(cast, ONE, retired_at=clock.moment)
    with transaction(northwind.id) as db:
        price_class(db)
        asked = scheduled(db, active(db, customer(db, northwind.plans["desk"], OPTION_2)), COMMAND_LINE, ONE, TWO)
    flows.complete_port(northwind.id, asked.id, by=cast.olga.actor)
    with reading(PLATFORM) as db:
        found = db.scalars(select(AuditRow).where(AuditRow.action.in_(("numbers.block-made", "numbers.put-back"))))
        trail = sorted((row.action, row.white_label_id == cast.operator.id, row.details.get("number")) for row in found)
    back = "numbers.put-back"
    assert trail == [("numbers.block-made", True, None), (back, False, ONE), (back, True, ONE)]


def test_the_list_of_port_ins_has_pages(cast, northwind, clock, browse, monkeypatch):
    """Red while it ended: the newest were nowhere to be found."""
    monkeypatch.setattr("portal.operator.port_pages.PORTS_SHOWN", 1)
    with transaction(northwind.id) as db:
        price_class(db)
        run = active(db, customer(db, northwind.plans["desk"], OPTION_2))
        for n, e164 in enumerate((ONE, TWO)):
            port(db, run, e164).moved_at = clock.moment.replace(minute=n)
    olga = browse(cast.olga)
    first = olga.get("/operator/port-ins")
    assert "P-0001" in first.text and "P-0002" not in first.text
    onward = first.text.split('href="/operator/port-ins?before=')[1].split('"')[0]
    later = olga.get(f"/operator/port-ins?before={onward.replace('&amp;', '&')}")
    assert "P-0002" in later.text and "P-0001" not in later.text
    with reading(northwind.id) as db:
        assert len(db.scalars(select(PortRequest)).all()) == 2


def test_a_second_press_names_the_own_request(northwind, clock, browse):
    """Red while it was "another request", as if somebody else had been quicker."""
    street = Street(northwind)
    own, base = browse(street.owner), f"/account/{street.own}/numbers/port-ins"
    form = {"country": "GB", "numbers": "020 7946 0123", "losing_provider": "Other", "wanted_day": "2026-11-06"}
    first = own.submit(base, form).location
    again = own.submit(base, form)
    assert again.status_code == 422 and "is in request P-0001 of this account already." in words(again)
    assert f'href="{first}"' in again.text


def test_whoever_took_enough_for_one_day_goes_back_to_the_numbers(northwind, clock, browse, monkeypatch):
    """Red while the refusal was the end of the way."""
    monkeypatch.setattr("portal.numbers.assigning.MOST_A_DAY", 0)
    street = Street(northwind)
    own, base = browse(street.owner), f"/account/{street.own}"
    reserve(own, base, street.numbers[0])
    page = own.get(f"{base}/numbers/quote")
    agreed = re.search(r'name="agreed" value="(-?\d+)"', page.text)[1]
    sent = {"number": str(street.numbers[0]), "agreed": agreed, "csrf_token": own.token("/profile")}
    refused = own.post(f"{base}/numbers/quote", data=sent)
    assert refused.status_code == 409 and "That is enough for one day" in words(refused)
    assert f'<a href="{base}/numbers">' in refused.text or f'href="{base}/numbers">Go to the numbers' in refused.text
