"""Rates by country, region and day, the white label's own number, and prices with or without tax."""

from datetime import date

import pytest
from sqlalchemy import update

from portal.accounts.commands import close
from portal.accounts.models import Address
from portal.audit.commands import COMMAND_LINE
from portal.audit.models import AuditRow
from portal.billing.models import Charge
from portal.catalogue.models import Plan, TaxRate
from portal.catalogue.queries import tax_rates
from portal.kit.db import reading, transaction
from portal.whitelabels.models import WhiteLabel
from tests.accounts.making import OPTION_1, active, customer
from tests.cast import on_sqlite
from tests.signup.browsing import errors, value, words

TAX = "/settings/tax"
RATE = {"rate-country": "IE", "rate-percent": "23", "rate-valid_from": "2026-12-01"}


@pytest.fixture
def desk(browse, bob, clock):
    return browse(bob)


@pytest.fixture
def fresh(northwind):
    """Northwind before its first customer: Acme's account is gone from sight."""
    with transaction(northwind.id) as db:
        from portal.accounts.models import Account
        acme = db.query(Account).filter_by(kind="customer").one()
        acme.activated_at, acme.state = None, "closed"


class TestRates:
    def test_a_rate_holds_from_its_day_and_is_on_the_trail(self, desk, northwind, bob):
        assert desk.submit(f"{TAX}/rates", RATE, page=TAX).status_code == 303
        with reading(northwind.id) as db:
            (rate,) = db.query(TaxRate)
            assert (rate.country, rate.valid_from, rate.rate_ppm, rate.set_by) == (
                "IE", date(2026, 12, 1), 230_000, bob.name)
            rates = tax_rates(db)
            assert rates.retail_ppm("IE", "", date(2026, 11, 30), otherwise_ppm=1) == 1
            assert rates.retail_ppm("IE", "", date(2026, 12, 1), otherwise_ppm=1) == 230_000
            assert db.query(AuditRow).filter_by(action="tax-rate.set").one().actor_id == bob.id
        assert "Ireland To come 23% 1 Dec 2026" in words(desk.get(TAX))

    def test_one_rate_ends_where_the_next_begins(self, desk, clock, browse, bob):
        desk.submit(f"{TAX}/rates", RATE, page=TAX)
        desk.submit(f"{TAX}/rates", {**RATE, "rate-percent": "21.5", "rate-valid_from": "2027-01-01"}, page=TAX)
        clock.advance(days=40)
        page = words(browse(bob).get(TAX))
        assert "Ireland To come 21.5% 1 Jan 2027" in page and "Ireland Holds today 23% 1 Dec 2026 31 Dec 2026" in page

    def test_is_reviewed_before_it_is_saved(self, desk, northwind):
        page = desk.get(f"{TAX}/rates", query_string=RATE)
        assert page.status_code == 200 and "23% VAT for Ireland?" in words(page)
        assert "Rate for Ireland Each product's own, 20% 23%" in words(page)
        with reading(northwind.id) as db:
            assert db.query(TaxRate).count() == 0

    def test_never_when_its_day_has_begun(self, desk, northwind):
        wrong = {**RATE, "rate-valid_from": "2026-11-02"}
        for answer in (desk.submit(f"{TAX}/rates", wrong, page=TAX), desk.get(f"{TAX}/rates", query_string=wrong)):
            assert answer.status_code == 422 and "rate-valid_from" in errors(answer)

    def test_before_its_day_a_rate_is_replaced_and_withdrawn_with_before_and_after(self, desk, northwind):
        """Red when a day that was set is refused: the mistake would be charged for a day at least."""
        desk.submit(f"{TAX}/rates", RATE, page=TAX)
        assert "It replaces the rate" in words(desk.get(f"{TAX}/rates", query_string={**RATE, "rate-percent": "20"}))
        assert desk.submit(f"{TAX}/rates", {**RATE, "rate-percent": "20"}, page=TAX).status_code == 303
        with reading(northwind.id) as db:
            assert db.query(TaxRate).one().rate_ppm == 200_000
        back = {"country": "IE", "valid_from": "2026-12-01"}
        for said in ("The rate is withdrawn.", "No rate from 1 December 2026 was there to withdraw."):
            assert desk.submit(f"{TAX}/rates/withdrawal", back, page=TAX).status_code == 303
            assert said in words(desk.get(TAX))
        with reading(northwind.id) as db:
            assert db.query(TaxRate).count() == 0
            details = [row.details for row in db.query(AuditRow).filter(AuditRow.action.like("tax-rate.%"))
                       if row.action != "tax-rate.set"]
        assert sorted((d["before"], d["after"] or 0) for d in details) == [(200_000, 0), (230_000, 200_000)]

    def test_one_that_began_stays(self, desk, clock, browse, bob, northwind):
        """Red without the day's check in the command."""
        desk.submit(f"{TAX}/rates", RATE, page=TAX)
        clock.advance(days=40)
        later, back = browse(bob), {"country": "IE", "valid_from": "2026-12-01"}
        assert later.submit(f"{TAX}/rates/withdrawal", back, page=TAX).status_code == 303
        assert "The rate from 1 December 2026 stays: its day has begun already." in words(later.get(TAX))
        with reading(northwind.id) as db:
            assert db.query(TaxRate).count() == 1

    @on_sqlite
    @pytest.mark.parametrize(("field", "typed"), [
        ("rate-country", "XX"), ("rate-country", ""), ("rate-percent", ""), ("rate-percent", "-1"),
        ("rate-percent", "101"), ("rate-percent", "NaN"), ("rate-percent", "1e1"), ("rate-percent", "+5"),
        ("rate-percent", "1_0"), ("rate-valid_from", ""), ("rate-valid_from", "9999-01-01"),
    ])
    def test_what_is_wrong_is_said_beside_its_field(self, desk, northwind, field, typed):
        answer = desk.submit(f"{TAX}/rates", {**RATE, field: typed}, page=TAX)
        assert answer.status_code == 422 and field in errors(answer)
        with reading(northwind.id) as db:
            assert db.query(TaxRate).count() == 0


@on_sqlite
class TestByRegion:
    ONTARIO = {"rate-country": "CA", "rate-region": "ON", "rate-percent": "13", "rate-valid_from": "2026-12-01"}
    CANADA = {**ONTARIO, "rate-region": "", "rate-percent": "5"}

    @pytest.fixture
    def places(self, northwind):
        def look():
            with reading(northwind.id) as db:
                return sorted((*row.whose, row.rate_ppm) for row in db.query(TaxRate))
        return look

    def test_regions_are_offered_for_a_country_that_has_some(self, desk):
        """Without a script: the button asks for the page again, and what was typed stays."""
        page = desk.get(TAX)
        assert "rate-region" not in page.text and f'formaction="{TAX}"' in page.text
        page = desk.get(TAX, query_string={**self.CANADA, "rate-percent": "13"})
        assert page.status_code == 200 and errors(page) == {}
        assert '<option value="ON">Ontario</option>' in page.text and "The whole country" in page.text
        assert (value(page, "rate-country"), value(page, "rate-percent")) == ("CA", "13")
        assert "rate-region" not in desk.get(TAX, query_string={"rate-country": "XX"}).text
        assert "Province or region" in words(page) and "Emirate" in words(desk.get(TAX, query_string={
            "rate-country": "AE"}))

    def test_one_is_reviewed_set_listed_and_withdrawn_beside_its_country(self, desk, places):
        """Red when a withdrawal goes by country and day alone."""
        for form, title in ((self.CANADA, "5% VAT for Canada?"), (self.ONTARIO, "13% VAT for Canada, Ontario?")):
            assert title in words(desk.get(f"{TAX}/rates", query_string=form))
            assert desk.submit(f"{TAX}/rates", form, page=TAX).status_code == 303
        assert places() == [("CA", "", "retail", 50_000), ("CA", "ON", "retail", 130_000)]
        page = words(desk.get(TAX))
        assert "Canada To come 5% 1 Dec 2026 No end" in page
        assert "Canada, Ontario To come 13% 1 Dec 2026 No end" in page
        back = {"country": "CA", "region": "ON", "valid_from": "2026-12-01"}
        wrong = {**back, "region": "QC"}
        answers = [desk.submit(f"{TAX}/rates/withdrawal", form, page=TAX).status_code for form in (wrong, back, back)]
        assert answers == [303, 303, 303] and places() == [("CA", "", "retail", 50_000)]

    def test_the_review_says_which_goes_before_which(self, desk):
        page = words(desk.get(f"{TAX}/rates", query_string=self.CANADA))
        assert "It is for the whole of Canada." in page and "For one province or region alone" in page
        desk.submit(f"{TAX}/rates", self.CANADA, page=TAX)
        page = words(desk.get(f"{TAX}/rates", query_string=self.ONTARIO))
        assert "Rate for Canada, Ontario 5%, the rate of Canada 13%" in page
        assert "It goes before a rate for the whole of Canada." in page and "Choose another province" in page
        desk.submit(f"{TAX}/rates", self.ONTARIO, page=TAX)
        later = {**self.CANADA, "rate-percent": "6", "rate-valid_from": "2027-01-01"}
        page = words(desk.get(f"{TAX}/rates", query_string=later))
        assert "It is for the whole of Canada, but for Ontario with a rate of its own." in page
        assert "Rate for Canada 5% 6%" in page and "It replaces" not in page
        page = words(desk.get(f"{TAX}/rates", query_string={**RATE, "rate-country": "GB"}))
        assert "the whole of" not in page and "For one" not in page

    def test_the_review_counts_those_whom_a_region_does_not_reach(self, desk, northwind):
        """Red when a misspelled region counts as one, or a closed account as a customer."""
        said = "no region on file that we know"
        assert said not in words(desk.get(f"{TAX}/rates", query_string=self.ONTARIO))
        with transaction(northwind.id) as db:
            for region in ("Onatrio", "", "Ontario", "qc", "Gone"):
                account = customer(db, northwind.plans["desk"], OPTION_1)
                there = update(Address).where(Address.account_id == account.id)
                db.execute(there.values(country="CA", region=region))
                if region == "Gone":
                    close(db, account, reason="By mistake", by=COMMAND_LINE)
        asked = {form: words(desk.get(f"{TAX}/rates", query_string=form_of)) for form, form_of in (
            ("ontario", self.ONTARIO), ("canada", self.CANADA))}
        assert f"2 customers there have {said}: the rate of the country holds." in asked["ontario"]
        assert said not in asked["canada"]

    def test_each_ends_where_the_next_one_of_its_own_place_begins(self, desk):
        later = {**self.ONTARIO, "rate-percent": "14", "rate-valid_from": "2027-01-01"}
        for form in (self.CANADA, self.ONTARIO, later):
            desk.submit(f"{TAX}/rates", form, page=TAX)
        page = words(desk.get(TAX))
        assert "Canada, Ontario To come 13% 1 Dec 2026 31 Dec 2026" in page
        assert "Canada To come 5% 1 Dec 2026 No end" in page

    @pytest.mark.parametrize(("country", "region"), [("CA", "ontario"), ("CA", "on"), ("CA", "Province of Ontario")])
    def test_it_is_kept_by_its_code_however_it_is_written(self, desk, places, country, region):
        desk.submit(f"{TAX}/rates", {**self.ONTARIO, "rate-country": country, "rate-region": region}, page=TAX)
        assert places() == [("CA", "ON", "retail", 130_000)]

    @pytest.mark.parametrize(("country", "region", "said"), [
        ("CA", "Onatrio", "This is no province or region of that country. Choose one from the list."),
        ("CA", "GC", "This is no province or region of that country. Choose one from the list."),
        ("US", "O\u202eN", "This is no state of that country. Choose one from the list."),
        ("GB", "Avon", "A rate in this country is for all of it."),
    ])
    def test_a_region_that_is_not_there_is_refused_beside_its_field(self, desk, places, country, region, said):
        wrong = {**self.ONTARIO, "rate-country": country, "rate-region": region}
        for answer in (desk.submit(f"{TAX}/rates", wrong, page=TAX), desk.get(f"{TAX}/rates", query_string=wrong)):
            assert answer.status_code == 422 and errors(answer) == {"rate-region": said}
        assert places() == []


class TestTheOwnNumber:
    def test_is_kept_in_full_and_shown_again(self, desk, northwind):
        desk.submit(f"{TAX}/number", {"own-tax_number": " 980 7806 84 "}, page=TAX)
        assert value(desk.get(TAX), "own-tax_number") == "GB980780684"
        desk.submit(f"{TAX}/number", {"own-tax_number": ""}, page=TAX)
        with reading(northwind.id) as db:
            assert db.get(WhiteLabel, northwind.id).tax_number is None
            acts = [row.details for row in db.query(AuditRow).filter_by(action="tax-number.changed")]
        assert sorted(acts, key=str) == [
            {"before": "", "after": "GB980780684"}, {"before": "GB980780684", "after": ""}]

    @on_sqlite
    def test_its_form_is_checked_by_the_country(self, desk, browse, charlie):
        answer = desk.submit(f"{TAX}/number", {"own-tax_number": "GB980780685"}, page=TAX)
        assert errors(answer)["own-tax_number"].startswith("This is no VAT number of United Kingdom")
        assert browse(charlie).submit(f"{TAX}/number", {"own-tax_number": "GST 7"}, page=TAX).status_code == 303


class TestWithOrWithout:
    def test_is_chosen_before_the_first_customer(self, desk, fresh, northwind, bob):
        page = words(desk.get(f"{TAX}/mode"))
        assert "Prices with VAT?" in page and "Every retail price keeps its figure" in page
        assert desk.submit(f"{TAX}/mode", {"mode": "inclusive"}).status_code == 303
        with reading(northwind.id) as db:
            assert db.get(WhiteLabel, northwind.id).retail_tax_mode == "inclusive"
            act = db.query(AuditRow).filter_by(action="tax-mode.changed").one()
            assert act.details == {"before": "exclusive", "after": "inclusive"} and act.actor_id == bob.id
        page = words(desk.get("/settings/prices"))
        assert "Prices are with VAT" in page and "£8.33" not in page and "£4.33 52% of retail" in page

    def test_stays_once_there_is_a_customer(self, desk, fresh, northwind):
        """Red without the rule: a period that began and is charged late would mean another amount."""
        with transaction(northwind.id) as db:
            account = customer(db, northwind.plans["desk"], OPTION_1)
            account_id = account.id
        token = desk.token(TAX)
        answer = desk.post(f"{TAX}/mode", data={"csrf_token": token, "mode": "inclusive"})
        assert answer.status_code == 409 and "This can no longer be changed" in words(answer)
        with reading(northwind.id) as db:
            assert db.get(WhiteLabel, northwind.id).retail_tax_mode == "exclusive"
        with transaction(northwind.id) as db:
            from portal.accounts.queries import held_customer_or_404
            close(db, held_customer_or_404(db, account_id), reason="By mistake", by=COMMAND_LINE)
        assert desk.post(f"{TAX}/mode", data={"csrf_token": token, "mode": "inclusive"}).status_code == 303

    def test_a_price_with_tax_is_what_the_customer_pays_and_the_parts_are_the_whole(self, desk, fresh, northwind):
        desk.submit(f"{TAX}/mode", {"mode": "inclusive"})
        with transaction(northwind.id) as db:
            plan = db.load(Plan, northwind.plans["desk"])
            assert plan.opening_retail_minor == 1000
            account = active(db, customer(db, plan.id, OPTION_1), 2000)
            line = db.query(Charge).filter_by(account_id=account.id, item="plan", book="retail").one()
            assert (line.net_minor, line.tax_minor, line.gross_minor) == (833, 167, 1000)

    @on_sqlite
    def test_what_is_no_choice_changes_nothing(self, desk, fresh, northwind):
        desk.submit(f"{TAX}/mode", {"mode": "none"})
        with reading(northwind.id) as db:
            assert db.get(WhiteLabel, northwind.id).retail_tax_mode == "exclusive"
