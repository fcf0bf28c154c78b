"""The tax on a white label's wholesale: set from a day on, reviewed before, put right until its day."""

from datetime import date
from uuid import uuid4

import pytest

from portal.audit.models import AuditRow
from portal.catalogue.models import TaxRate
from portal.kit.db import transaction
from portal.whitelabels.models import WhiteLabel
from tests.accounts.making import active, customer
from tests.cast import on_sqlite
from tests.operator.conftest import page_of
from tests.signup.browsing import errors, value, words

pytestmark = on_sqlite
RATE = {"percent": "21", "valid_from": "2026-12-01"}


@pytest.fixture
def base(northwind):
    return f"{page_of(northwind)}/tax"


def standing(rows):
    return [(row.side, row.country, row.region, row.valid_from, row.rate_ppm, row.set_by) for row in rows(TaxRate)]


def test_a_rate_is_reviewed_and_then_set_from_its_day(desk, rows, base, olga, northwind):
    page = desk.get(f"{base}/rates", query_string=RATE)
    assert "21% VAT on wholesale?" in words(page) and "Rate on wholesale 20% 21%" in words(page)
    assert standing(rows) == []
    answer = desk.send(f"{base}/rates", RATE)
    assert (answer.status_code, answer.headers["Location"]) == (303, base)
    assert standing(rows) == [("wholesale", "", "", date(2026, 12, 1), 210_000, olga.name)]
    assert rows(WhiteLabel, id=northwind.id)[0].opening_wholesale_tax_ppm == 200_000
    (act,) = rows(AuditRow, action="tax-rate.set")
    assert (act.white_label_id, act.actor_id, act.details["side"]) == (northwind.id, olga.id, "wholesale")


def test_the_page_says_what_holds_what_is_to_come_and_who_set_it(desk, base, clock, browse, olga, northwind):
    assert "Opening Holds today 20% No end" in words(desk.get(base))
    desk.send(f"{base}/rates", RATE)
    desk.send(f"{base}/rates", {"percent": "22.5", "valid_from": "2027-01-01"})
    page = words(desk.get(base))
    assert "1 Jan 2027 To come 22.5% No end Olga" in page and "1 Dec 2026 To come 21% 31 Dec 2026 Olga" in page
    assert "Opening Holds today 20% 30 Nov 2026" in page
    assert "VAT 20%; 21% from 1 Dec 2026; 22.5% from 1 Jan 2027" in words(desk.get(page_of(northwind)))
    clock.advance(days=40)
    page = words(browse(olga).get(base))
    assert "1 Dec 2026 Holds today 21%" in page and "Opening 20% 30 Nov 2026" in page
    assert "VAT 21%; 22.5% from 1 Jan 2027" in words(browse(olga).get(page_of(northwind)))


def test_until_its_day_it_is_replaced_and_withdrawn_and_both_are_on_the_trail(desk, rows, base):
    desk.send(f"{base}/rates", RATE)
    again = desk.get(f"{base}/rates", query_string={**RATE, "percent": "19"})
    assert "It replaces the rate that was set for that day." in words(again) and "21% 19%" in words(again)
    desk.send(f"{base}/rates", {**RATE, "percent": "19"})
    assert [row[4] for row in standing(rows)] == [190_000]
    back = {"valid_from": RATE["valid_from"]}
    assert [desk.send(f"{base}/rates/withdrawal", back).status_code for _ in range(2)] == [303, 303]
    assert "was there to withdraw. Nothing was changed." in words(desk.get(base))
    assert standing(rows) == []
    assert [row.action for row in rows(AuditRow) if row.action.startswith("tax-rate")] == [
        "tax-rate.set", "tax-rate.replaced", "tax-rate.withdrawn"]


def test_a_day_begins_in_the_white_labels_own_zone(browse, olga, rows, kauri, clock):
    """In Auckland it is the 3rd already. Red when the operator's day is asked."""
    clock.advance(hours=5)
    browser, base = browse(olga), f"{page_of(kauri)}/tax"
    for day, status in (("2026-11-03", 422), ("2026-11-04", 303)):
        form = {"percent": "15", "valid_from": day}
        assert browser.submit(f"{base}/rates", form, page=base).status_code == status
    assert [row[3] for row in standing(rows)] == [date(2026, 11, 4)]


def test_one_that_began_or_was_charged_stays(desk, rows, base, northwind, clock, browse, olga):
    """Red without the day's check, and without the question whether something was charged."""
    desk.send(f"{base}/rates", {**RATE, "valid_from": "2026-11-10"})
    with transaction(northwind.id) as db:
        active(db, customer(db, northwind.plans["desk"], first_day=date(2026, 11, 20)))
    refused = desk.send(f"{base}/rates", {"percent": "1", "valid_from": "2026-11-10"})
    assert errors(refused)["valid_from"] == "It stays as it is. Put it right by another one from a later day."
    assert value(refused, "percent") == "1"
    back = {"valid_from": "2026-11-10"}
    assert desk.send(f"{base}/rates/withdrawal", back).status_code == 303
    assert "stays: something was charged at it already." in words(desk.get(base))
    clock.advance(days=10)
    later = browse(olga)
    assert later.post(f"{base}/rates/withdrawal", data={**back, "csrf_token": later.token(base)}).status_code == 303
    assert "stays: its day has begun already." in words(later.get(base))
    assert [row[4] for row in standing(rows)] == [210_000]


@pytest.mark.parametrize(("field", "typed"), [
    ("percent", ""), ("percent", "-1"), ("percent", "101"), ("percent", "NaN"), ("percent", "1e1"), ("percent", "2\n0"),
    ("percent", "20\u202e"), ("percent", "9" * 400), ("valid_from", ""), ("valid_from", "2026-11-02"),
    ("valid_from", "9999-01-01"), ("valid_from", "tomorrow"), ("valid_from", "2026-02-30"),
])
def test_what_is_wrong_is_said_beside_its_field(desk, rows, base, field, typed):
    for answer in (desk.send(f"{base}/rates", {**RATE, field: typed}),
                   desk.get(f"{base}/rates", query_string={**RATE, field: typed})):
        assert answer.status_code == 422 and list(errors(answer)) == [field]
    assert standing(rows) == []


def test_the_operator_itself_and_what_is_not_there_have_no_such_page(desk, rows, cast):
    for id in (cast.operator.id, uuid4()):
        base = f"/operator/white-labels/{id}/tax"
        asked = (desk.get(base), desk.get(f"{base}/rates", query_string=RATE), desk.send(f"{base}/rates", RATE),
                 desk.send(f"{base}/rates/withdrawal", {"valid_from": RATE["valid_from"]}))
        assert {answer.status_code for answer in asked} == {404}
    assert standing(rows) == []


def test_one_white_labels_rate_is_not_anothers(desk, base, kauri, northwind):
    desk.send(f"{base}/rates", RATE)
    assert "21%" not in words(desk.get(f"{page_of(kauri)}/tax"))


def test_finance_and_administrators_of_the_white_label_see_what_is_to_come(desk, base, browse, fiona, bob, charlie):
    desk.send(f"{base}/rates", RATE)
    said = "VAT on wholesale: 20%; 21% from 1 Dec 2026."
    assert said in words(browse(fiona).get("/finance/statements")) and said in words(browse(bob).get("/settings/tax"))
    assert "GST on wholesale: 15%." in words(browse(charlie).get("/settings/tax"))
    assert "wholesale" not in words(browse(bob).get("/settings/tax")).partition("New rate")[0]
