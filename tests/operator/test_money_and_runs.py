"""Each white label's money in one list, and the billing runs of all of them."""

import html
import re
from datetime import UTC, date, datetime

from portal.accounts.commands import set_credit_limit
from portal.accounts.queries import white_label_account
from portal.billing.models import BillingRun
from portal.kit.db import transaction
from portal.operator import run_pages
from tests.accounts.making import OPTION_2, active, customer
from tests.cast import on_both, on_sqlite
from tests.signup.browsing import words

REST = {"number": "101-0007", "name": "Birch Dental", "why": "suspended; its period from 2026-10-02 is not charged"}
LIST, RUNS = "/operator/white-labels", "/operator/runs"


class TestTheList:
    def test_has_balance_limit_what_is_left_and_this_months_wholesale(self, desk, northwind, bob):
        """Acme's 4.00 a month was charged when it became active, Birch's 4.00 and its set-up of 2.00 now."""
        with transaction(northwind.id) as db:
            set_credit_limit(db, white_label_account(db), 10_000, by=bob.actor)
            active(db, customer(db, northwind.plans["desk"], OPTION_2))
        page = words(desk.get(LIST))
        assert ("Northwind Telecom northwind.localhost · GBP 2 2 £488.00 £100.00 £588.00 £10.00 before tax "
                "Prices of Northwind Telecom") in page
        assert "Kauri Voice kauri.localhost · NZD 0 0 $500.00 $0.00 $500.00 $0.00" in page

    def test_a_month_begins_in_the_white_labels_own_zone(self, desk, northwind, kauri, clock, browse, olga):
        """On the last evening of November it is December in Auckland. Red with one month for all."""
        for company in (northwind, kauri):
            with transaction(company.id) as db:
                active(db, customer(db, company.plans["desk"], OPTION_2))
        clock.moment = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
        page = words(browse(olga).get(LIST))
        assert "£10.00 before tax" in page and "$0.00 before tax" in page

    @on_sqlite
    def test_nothing_left_is_said(self, desk, northwind):
        with transaction(northwind.id) as db:
            from portal.accounts.commands import give_credit
            from portal.kit.ids import new_id
            account = white_label_account(db)
            give_credit(db, account, -49_520, request_id=new_id(), reason="Back", by=desk_actor())
        assert "£0.00 £0.00 £0.00 Nothing left" in words(desk.get(LIST))


def desk_actor():
    from portal.audit.commands import COMMAND_LINE
    return COMMAND_LINE


class TestRuns:
    def run(self, company, **differing):
        with transaction(company.id) as db:
            return db.put(BillingRun(**{"through_day": date(2026, 11, 2), "started_by": "The portal", **differing})).id

    def test_of_every_white_label_stand_with_state_and_totals(self, desk, northwind, kauri):
        self.run(northwind, accounts=41, charges=44, wholesale_minor=123_456, retail_minor=200_000, state="done",
                 finished_at=datetime(2026, 11, 2, 10, 1, tzinfo=UTC), skipped=[REST, REST])
        self.run(kauri, accounts=3, charges=2, wholesale_minor=99)
        page = words(desk.get(RUNS))
        assert "Northwind Telecom 2 Nov 2026 Done 2 November, 10:00 to 10:01 The portal 41 44 2" in page
        assert "£1,234.56 £2,000.00" in page
        assert "Kauri Voice 2 Nov 2026 Running 2 November, 23:00 The portal 3 2 0 $0.99 $0.00" in page

    def test_one_says_what_it_left_out_and_why(self, desk, northwind, kauri):
        run_id = self.run(northwind, accounts=41, charges=44, wholesale_minor=123_456, skipped=[REST])
        page = words(desk.get(f"{LIST}/{northwind.id}/runs/{run_id}"))
        assert "Birch Dental 101-0007 Suspended; its period from 2026-10-02 is not charged" in page
        assert "£1,234.56" in page
        assert desk.get(f"{LIST}/{kauri.id}/runs/{run_id}").status_code == 404

    @on_sqlite
    def test_none_yet_is_said(self, desk):
        assert "No run yet" in words(desk.get(RUNS))

    @on_both
    def test_those_that_found_nothing_to_do_are_shown_when_asked_for(self, desk, northwind, kauri):
        """One row a day hides the others. Red without the condition, or with one that PostgreSQL cannot compare."""
        for day in range(1, 6):
            self.run(northwind, through_day=date(2026, 11, day), state="done")
        page = words(desk.get(RUNS))
        assert "Nothing was charged or left out" in page and "5 Nov 2026" not in page
        assert "5 Nov 2026" in words(desk.get(f"{RUNS}?days=all"))
        self.run(northwind, through_day=date(2026, 11, 6), state="done", charges=1)
        self.run(northwind, through_day=date(2026, 11, 7), state="done", skipped=[REST])
        self.run(northwind, through_day=date(2026, 11, 8))
        page = words(desk.get(RUNS))
        assert all(f"{day} Nov 2026" in page for day in (6, 7, 8)) and "5 Nov 2026" not in page

    @on_sqlite
    def test_they_are_paged_and_the_view_stays(self, desk, northwind, monkeypatch):
        monkeypatch.setattr(run_pages, "RUNS_SHOWN", 2)
        for day in range(1, 6):
            self.run(northwind, through_day=date(2026, 11, day), state="done",
                     started_at=datetime(2026, 11, day, 1, tzinfo=UTC))
        page, seen = desk.get(f"{RUNS}?days=all"), []
        for _ in range(3):
            seen += re.findall(r">(\d) Nov 2026<", page.text)
            older = re.search(r'href="([^"]+before=[^"]+)"', page.text)
            page = desk.get(html.unescape(older[1])) if older else page
        assert seen == ["5", "4", "3", "2", "1"]
        assert desk.get(f"{RUNS}?before=nonsense").status_code == 400
        assert desk.get(f"{RUNS}?days=none").status_code == 200
