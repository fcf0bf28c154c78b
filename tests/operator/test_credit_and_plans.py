"""Credit, its limit and plans, given on the operator's pages."""

import re

import pytest

from portal.accounts.models import Account
from portal.audit.models import AuditRow
from portal.catalogue.models import Plan
from portal.ledger.models import JournalEntry
from tests.accounts.making import white_label_in
from tests.cast import on_sqlite
from tests.operator.conftest import page_of
from tests.signup.browsing import Wizard, errors, value, words


def grant(desk, company, amount="25.00", reason="Invoice 77", request_id=None):
    page = desk.get(page_of(company))
    form = {"credit-amount": amount, "credit-reason": reason,
            "credit-request_id": request_id or value(page, "credit-request_id")}
    return desk.send(f"{page_of(company)}/credit", form)


class TestCredit:
    def test_is_given_with_its_reason(self, desk, northwind, rows):
        assert grant(desk, northwind).status_code == 303
        page = words(desk.get(page_of(northwind)))
        assert "£25.00 was credited to the white-label account." in page and "Balance £520.20" in page
        (entry,) = rows(JournalEntry, description="Invoice 77")
        assert entry.book == "wholesale" and entry.white_label_id == northwind.id
        (act,) = [a for a in rows(AuditRow, action="account.credit-given") if a.details["reason"] == "Invoice 77"]
        assert (act.actor_kind, act.actor_name) == ("operator", "Olga Brandt")

    def test_sent_twice_is_one_grant(self, desk, northwind, rows):
        """A double click. Red when the page makes the request's name at the second step."""
        request_id = value(desk.get(page_of(northwind)), "credit-request_id")
        for _ in range(2):
            assert grant(desk, northwind, request_id=request_id).status_code == 303
        assert len(rows(JournalEntry, description="Invoice 77")) == 1
        assert "Balance £520.20" in words(desk.get(page_of(northwind)))

    def test_sent_twice_it_is_said_that_nothing_moved_the_second_time(self, desk, northwind):
        """Red when the page is as glad about the second as about the first."""
        request_id = value(desk.get(page_of(northwind)), "credit-request_id")
        grant(desk, northwind, request_id=request_id)
        assert "£25.00 was credited to the white-label account." in words(desk.get(page_of(northwind)))
        grant(desk, northwind, request_id=request_id)
        page = words(desk.get(page_of(northwind)))
        assert "£25.00 was already credited when this form was sent first. No money moved this time." in page
        assert "was credited to the white-label account" not in page

    def test_sent_again_with_another_reason_is_refused_plainly(self, desk, northwind, rows):
        """Red when only the amount is compared: the second reason would stand nowhere."""
        request_id = value(desk.get(page_of(northwind)), "credit-request_id")
        grant(desk, northwind, request_id=request_id)
        answer = grant(desk, northwind, reason="Invoice 78", request_id=request_id)
        assert answer.status_code == 409 and "or for another reason" in words(answer)
        assert rows(JournalEntry, description="Invoice 78") == []

    def test_sent_again_with_another_amount_is_refused_plainly(self, desk, northwind, rows):
        """The Back button and another figure. Red when the ledger's own error reaches the page as a crash."""
        request_id = value(desk.get(page_of(northwind)), "credit-request_id")
        grant(desk, northwind, request_id=request_id)
        answer = grant(desk, northwind, amount="99.00", request_id=request_id)
        assert answer.status_code == 409 and "This form was sent before" in words(answer)
        assert "Balance £520.20" in words(desk.get(page_of(northwind)))

    def test_each_page_has_a_name_of_its_own_for_its_request(self, desk, northwind):
        first, second = (value(desk.get(page_of(northwind)), "credit-request_id") for _ in range(2))
        assert first != second

    @on_sqlite
    @pytest.mark.parametrize(("form", "field"), [
        *(({"amount": typed}, "credit-amount")
          for typed in ("0", "-5", "NaN", "1e400", "0.001", "", "1" * 19, "50,00")),
        *(({"reason": typed}, "credit-reason") for typed in ("", "x" * 121)),
    ])
    def test_what_is_wrong_is_said_beside_its_field_and_no_money_moves(self, desk, northwind, rows, form, field):
        before = len(rows(JournalEntry))
        request_id = value(desk.get(page_of(northwind)), "credit-request_id")
        answer = grant(desk, northwind, request_id=request_id, **form)
        assert answer.status_code == 422 and field in errors(answer) and len(rows(JournalEntry)) == before
        assert value(answer, "credit-request_id") == request_id, "the corrected form is still the same request"

    @on_sqlite
    def test_a_request_without_a_readable_name_is_refused(self, desk, northwind):
        assert grant(desk, northwind, request_id="7").status_code == 400

    def test_is_in_the_white_labels_own_currency(self, desk, clock):
        tokyo = white_label_in("JPY", "tokyo.localhost")
        grant(desk, tokyo, amount="5000")
        assert "Balance ￥5,000" in words(desk.get(page_of(tokyo)))
        assert "credit-amount" in errors(grant(desk, tokyo, amount="5000.50"))


class TestTheLimit:
    def set(self, desk, company, amount, reason="Three months paid on time"):
        form = {"limit-amount": amount, "limit-reason": reason,
                "limit-request_id": value(desk.get(page_of(company)), "limit-request_id")}
        return desk.send(f"{page_of(company)}/credit-limit", form)

    @on_sqlite
    def test_asks_for_a_reason_and_is_on_the_trail_with_before_and_after(self, desk, northwind, rows):
        """Red when the reason may be left out."""
        assert "limit-reason" in errors(self.set(desk, northwind, "250", reason=""))
        self.set(desk, northwind, "250")
        act = rows(AuditRow, action="account.credit-limit")[-1]
        assert (act.details["before_minor"], act.details["after_minor"], act.details["reason"]) == (
            0, 25_000, "Three months paid on time")

    @pytest.mark.parametrize(("typed", "minor", "shown"), [
        ("250", 25_000, "£250.00"), ("0", 0, "£0.00"), ("0.00", 0, "£0.00"), ("999.50", 99_950, "£999.50")])
    def test_is_set_and_moves_no_money(self, desk, northwind, rows, typed, minor, shown):
        before = len(rows(JournalEntry))
        assert self.set(desk, northwind, typed).status_code == 303
        (account,) = rows(Account, id=northwind.account_id)
        assert account.credit_limit_minor == minor and len(rows(JournalEntry)) == before
        page = words(desk.get(page_of(northwind)))
        assert f"Credit limit {shown}" in page and "The credit limit is set. No money moved." in page

    @on_sqlite
    @pytest.mark.parametrize("typed", ["", ".", ",", ".,", "-1", "NaN", "lots", "0.001", "1" * 19, "00,0"])
    def test_what_is_no_amount_changes_nothing(self, desk, northwind, rows, typed):
        """Red for points and commas alone when they are stripped away with the noughts: the limit would become 0."""
        self.set(desk, northwind, "250")
        assert "limit-amount" in errors(self.set(desk, northwind, typed))
        assert rows(Account, id=northwind.account_id)[0].credit_limit_minor == 25_000

    def test_of_another_white_label_stays(self, desk, northwind, kauri, rows):
        self.set(desk, northwind, "250")
        assert rows(Account, id=kauri.account_id)[0].credit_limit_minor == 0


PLAN = {
    "code": "team-10", "name": "Team 10", "description": "Ten users", "retail": "58.00", "wholesale": "41",
    "retail_setup": "25", "wholesale_setup": "10.50", "minimum_funding": "75", "tax": "8.875",
    "reviewed": "yes",
}


class TestPlans:
    def add(self, desk, company, **differing):
        form = {f"plan-{name}": text for name, text in {**PLAN, **differing}.items() if text is not None}
        return desk.send(f"{page_of(company)}/plans", form)

    def test_every_field_is_kept(self, desk, northwind, rows):
        assert self.add(desk, northwind).status_code == 303
        (plan,) = rows(Plan, code="team-10")
        assert (plan.name, plan.description, plan.tax_ppm, plan.white_label_id) == (
            "Team 10", "Ten users", 88_750, northwind.id)
        assert (plan.opening_retail_minor, plan.opening_wholesale_minor, plan.opening_retail_setup_minor,
                plan.opening_wholesale_setup_minor, plan.minimum_funding_minor) == (5800, 4100, 2500, 1050, 7500)
        assert "Team 10 team-10 £58.00 £41.00 8.875%" in words(desk.get(page_of(northwind)))

    def test_its_margin_is_reviewed_before_it_is_saved(self, desk, northwind, rows):
        """Red when the first post saves: a retail price of 1 and a wholesale one of 50 went on sale at once."""
        before = len(rows(Plan))
        answer = self.add(desk, northwind, retail="1", wholesale="50", reviewed=None)
        page = words(answer)
        assert answer.status_code == 200 and "Below wholesale" in page and "Margin before tax −£49.00" in page
        assert len(rows(Plan)) == before
        confirmed = dict(re.findall(r'type="hidden" name="(plan-[^"]+)" value="([^"]*)"', answer.text))
        assert desk.send(f"{page_of(northwind)}/plans", confirmed).status_code == 303
        (plan,) = rows(Plan, code="team-10")
        assert (plan.opening_retail_minor, plan.opening_wholesale_minor, plan.tax_ppm) == (100, 5000, 88_750)

    def test_it_is_on_sale_at_once_and_in_no_other_white_label(self, desk, northwind, browse, bob, charlie):
        self.add(desk, northwind)
        assert "Team 10" in words(Wizard(browse(bob), "").page("plan"))
        assert "Team 10" not in words(Wizard(browse(charlie), "").page("plan"))

    @pytest.mark.parametrize("left_out", ["", None])
    def test_set_up_and_least_payment_may_be_left_out(self, desk, northwind, rows, left_out):
        none = dict.fromkeys(("retail_setup", "wholesale_setup", "minimum_funding", "description"), left_out)
        assert self.add(desk, northwind, **none).status_code == 303
        (plan,) = rows(Plan, code="team-10")
        kept = plan.opening_retail_setup_minor, plan.opening_wholesale_setup_minor, plan.minimum_funding_minor
        assert kept == (0, 0, 0)

    @on_sqlite
    def test_a_plan_may_be_free(self, desk, northwind, rows):
        self.add(desk, northwind, retail="0", wholesale="0.00", tax="0")
        (plan,) = rows(Plan, code="team-10")
        assert (plan.opening_retail_minor, plan.opening_wholesale_minor, plan.tax_ppm) == (0, 0, 0)

    def test_a_code_is_taken_once_even_by_a_retired_plan(self, desk, northwind, rows):
        assert self.add(desk, northwind, code="desk").status_code == 422
        assert errors(self.add(desk, northwind, code="desk"))["plan-code"] == "Another plan has this code."
        assert len(rows(Plan, code="desk", white_label_id=northwind.id)) == 1

    @on_sqlite
    @pytest.mark.parametrize(("field", "typed"), [
        ("code", ""), ("code", "Team 10"), ("code", "größe"), ("name", ""), ("retail", ""), ("retail", "-1"),
        ("retail", ","), ("wholesale", "free"), ("wholesale", "0.001"), ("retail_setup", "-5"),
        ("minimum_funding", "x"), ("tax", ""), ("tax", "-1"), ("tax", "100.1"), ("tax", "0.00001"), ("tax", "²"),
        ("retail", "1" * 15),
    ])
    def test_what_is_wrong_is_said_beside_its_field(self, desk, northwind, rows, field, typed):
        answer = self.add(desk, northwind, **{field: typed})
        assert answer.status_code == 422 and f"plan-{field}" in errors(answer) and rows(Plan, code="team-10") == []

    @on_sqlite
    @pytest.mark.parametrize(("differing", "field", "said"), [
        ({"minimum_funding": "1,000,000.00"}, "minimum_funding", "One payment by card can be £999,999.99 at most."),
        ({"retail": "900000", "tax": "20"}, "retail", "With set-up and tax the first payment is £1,080,030.00."),
        ({"retail": "500000", "retail_setup": "500000", "tax": "0"}, "retail", "the first payment is £1,000,000.00."),
    ])
    def test_what_no_card_payment_can_be_is_refused(self, desk, northwind, rows, differing, field, said):
        """Red without the look at it: its customer could never activate the account."""
        answer = self.add(desk, northwind, **differing)
        assert answer.status_code == 422 and rows(Plan, code="team-10") == []
        (name, text), = errors(answer).items()
        assert name == f"plan-{field}" and said in text and "£999,999.99 at most" in text

    @on_sqlite
    def test_the_most_that_one_can_be_is_fine(self, desk, northwind, rows):
        dear = {"retail": "499999.99", "retail_setup": "500000", "tax": "0", "minimum_funding": "999999.99"}
        assert self.add(desk, northwind, **dear).status_code == 303
        assert rows(Plan, code="team-10")[0].minimum_funding_minor == 99_999_999

    @on_sqlite
    def test_prices_have_the_places_of_the_currency(self, desk, rows):
        tokyo = white_label_in("JPY", "tokyo.localhost")
        prices = {"retail": "5800", "wholesale": "4100", **dict.fromkeys(
            ("retail_setup", "wholesale_setup", "minimum_funding"), "")}
        assert "plan-retail" in errors(self.add(desk, tokyo, **{**prices, "retail": "58.50"}))
        self.add(desk, tokyo, **prices)
        assert rows(Plan, code="team-10")[0].opening_retail_minor == 5800


@on_sqlite
@pytest.mark.parametrize("act", ["credit", "credit-limit", "staff", "plans", "logo"])
def test_an_empty_form_breaks_nothing(desk, northwind, act):
    """Whatever is left out of a post is an answer that is missing. Red with `None` where a text was expected."""
    answer = desk.send(f"{page_of(northwind)}/{act}")
    assert answer.status_code in (400, 422)
    if answer.status_code == 422:
        assert "another look" in words(answer)
