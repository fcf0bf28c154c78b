"""The operator's pages create white labels and show them, on the operator's own host and nowhere else."""

from uuid import uuid4

import pytest

from portal.accounts.models import Account, Membership
from portal.audit.models import AuditRow
from portal.identity.models import User
from portal.letters.models import Letter
from portal.whitelabels.models import WhiteLabel
from tests.cast import on_sqlite
from tests.conftest import HostClient
from tests.operator.conftest import page_of
from tests.signup.browsing import errors, value, words

NEW = "/operator/white-labels/new"
FORM = {
    "name": "Rimu Calls", "host": "Rimu.Localhost", "legal_name": "Rimu Calls Limited", "postal_address": "7 Quay St",
    "support_email": "help@rimu.example", "support_phone": "+64 9 555 0100", "colour": "#0D5C63", "currency": "nzd",
    "country": "NZ", "time_zone": "Pacific/Auckland", "locale": "en_NZ", "tax_name": "GST", "wholesale_tax": "15",
    "terms": "Be kind.", "administrator_name": "Rua Tane", "administrator_email": "rua@rimu.example",
}


class TestCreate:
    def test_every_field_is_kept(self, desk, rows):
        answer = desk.send(NEW, FORM)
        (made,) = rows(WhiteLabel, name="Rimu Calls")
        assert answer.headers["Location"] == f"/operator/white-labels/{made.id}"
        assert (made.host, made.legal_name, made.postal_address, made.support_email, made.support_phone) == (
            "rimu.localhost", "Rimu Calls Limited", "7 Quay St", "help@rimu.example", "+64 9 555 0100")
        assert (made.colour, made.currency, made.country, made.time_zone, made.locale) == (
            "#0d5c63", "NZD", "NZ", "Pacific/Auckland", "en_NZ")
        assert (made.tax_name, made.opening_wholesale_tax_ppm, made.terms, made.kind, made.number_prefix) == (
            "GST", 150_000, "Be kind.", "white_label", "103")

    def test_it_comes_with_its_account_and_an_invited_administrator(self, desk, rows, olga):
        desk.send(NEW, FORM)
        (made,) = rows(WhiteLabel, name="Rimu Calls")
        (account,) = rows(Account, white_label_id=made.id)
        (user,) = rows(User, white_label_id=made.id)
        (membership,) = rows(Membership, white_label_id=made.id)
        (letter,) = rows(Letter, white_label_id=made.id)
        assert (account.kind, account.number, account.credit_limit_minor) == ("white_label", "103-0001", 0)
        assert (user.login_name, user.password_hash, membership.role) == ("rua@rimu.example", None, "administrator")
        assert (letter.name, letter.to_address, letter.state) == ("set-password", "rua@rimu.example", "queued")
        assert {act.actor_name for act in rows(AuditRow, white_label_id=made.id)} == {"Olga Brandt"}

    def test_its_host_answers_at_once_in_its_brand(self, desk, client):
        desk.send(NEW, FORM)
        visitor = client("rimu.localhost")
        assert "Rimu Calls" in words(visitor.get("/login")) and "#0d5c63" in visitor.get("/brand.css").text

    def test_without_plans_credit_or_gateway_yet(self, desk, rows):
        answer = desk.send(NEW, FORM)
        page = words(desk.get(answer.headers["Location"]))
        for line in ("Rimu Calls was created.", "Gateway: Not connected", "Balance $0.00", "Credit limit $0.00",
                     "No plan yet. Without one nobody can create a customer.", "Administrator Rua Tane Invited"):
            assert line in page

    @pytest.mark.parametrize("host", ["northwind.localhost", "NORTHWIND.localhost", "operator.localhost"])
    def test_a_host_in_use_is_said_beside_the_field_and_nothing_is_made(self, desk, rows, host):
        """Red when the database's unique key says it: a page that something broke."""
        answer = desk.send(NEW, {**FORM, "host": host})
        assert errors(answer) == {"host": f"{host.casefold()} belongs to another white label."}
        assert value(answer, "name") == "Rimu Calls"
        assert rows(WhiteLabel, name="Rimu Calls") == [] and rows(User, login_name="rua@rimu.example") == []

    @on_sqlite
    @pytest.mark.parametrize(("field", "typed", "said"), [
        ("name", "", "Write the name."), ("host", "", "Write the host"), ("host", "rimu.example:80", "Write a host"),
        ("host", "10.1.2.3", "Write a host name alone"), ("host", "http://rimu.example", "Write a host name alone"),
        ("colour", "teal", "Write a colour as #"), ("colour", "#fff}", "Write a colour as #"),
        ("currency", "ZZZ", "Write an ISO 4217 code"), ("currency", "", "Write a currency code"),
        ("country", "XX", "Not a valid choice"), ("time_zone", "Mars/Base", "Write an IANA time zone"),
        ("locale", "english", "Write a locale"), ("wholesale_tax", "-1", "Write a rate in per cent"),
        ("wholesale_tax", "101", "Write a rate between"), ("wholesale_tax", "8.87512", "Write a rate between"),
        ("wholesale_tax", "NaN", "Write a rate in per cent"), ("wholesale_tax", "lots", "Write a rate in per cent"),
        ("support_email", "help", "Write one e-mail address"), ("administrator_email", "a@b.example,c@d", "Write one"),
        ("administrator_name", "Rua\nTane", "Leave out line breaks"), ("terms", "x" * 20_001, "Field cannot be longer"),
    ])
    def test_what_is_wrong_is_said_beside_its_field(self, desk, rows, field, typed, said):
        answer = desk.send(NEW, {**FORM, field: typed})
        assert answer.status_code == 422 and errors(answer)[field].startswith(said)
        assert rows(WhiteLabel, legal_name="Rimu Calls Limited") == []

    @on_sqlite
    def test_an_empty_form_breaks_nothing(self, desk):
        assert desk.send(NEW).status_code == 422


class TestList:
    def test_names_each_with_its_customers_and_leaves_the_operator_out(self, desk):
        page = words(desk.get("/operator/white-labels"))
        assert "Kauri Voice kauri.localhost · NZD 0 0" in page
        assert "Northwind Telecom northwind.localhost · GBP 1 1" in page
        assert "2 in all" in page and "operator.localhost" not in page

    def test_one_shows_its_credit_plans_and_people(self, desk, northwind):
        page = words(desk.get(page_of(northwind)))
        for line in ("Balance £495.20", "Can still be charged £495.20", "Desk Phone desk £10.00 £4.00 20%",
                     "Courtesy courtesy £0.00 £4.00 20%", "Administrator Bob Marsh Not signed in yet",
                     "Finance Fiona Reyes", "Account numbers begin with 101", "Wholesale tax VAT 20%"):
            assert line in page

    @on_sqlite
    def test_the_operator_itself_and_what_does_not_exist_are_not_found(self, desk, cast):
        for id in (cast.operator.id, uuid4(), cast.acme):
            assert desk.get(f"/operator/white-labels/{id}").status_code == 404


PATHS = ("/operator", "/operator/white-labels", NEW, "/operator/health")


class TestOnlyOnTheOperatorsHost:
    @pytest.mark.parametrize("who", ["bob", "alice", "charlie"])
    def test_elsewhere_there_are_no_such_pages(self, browse, cast, northwind, who, clock):
        """Red when the guard asks who is signed in and not where."""
        browser = browse(getattr(cast, who))
        for path in (*PATHS, page_of(northwind)):
            assert browser.get(path).status_code == 404, path

    def test_nothing_can_be_posted_from_elsewhere(self, browse, bob, northwind, rows, clock):
        browser = browse(bob)
        token = browser.token("/password/change")
        before = len(rows(AuditRow))
        acts = ("credit", "credit-limit", "staff", "plans", "logo")
        for path in (NEW, *(f"{page_of(northwind)}/{act}" for act in acts)):
            form = {"csrf_token": token, "credit-amount": "5", "limit-amount": "5", "credit-reason": "x"}
            assert browser.post(path, data=form).status_code == 404, path
        assert len(rows(AuditRow)) == before

    @on_sqlite
    def test_a_session_of_a_white_label_is_worth_nothing_there(self, browse, bob, cast, app):
        browser = browse(bob)
        stolen = browser.get_cookie("portal", domain=bob.host).value
        other = HostClient(app, cast.operator.host)
        other.set_cookie("portal", stolen, domain=cast.operator.host)
        assert other.get("/operator/white-labels").headers["Location"].startswith("/login")

    @on_sqlite
    def test_nobody_is_led_to_the_operators_sign_in(self, client, cast):
        answer = client(cast.operator.host).get("/operator/health")
        assert answer.headers["Location"] == "/login?next=%2Foperator%2Fhealth"

    @on_sqlite
    def test_operator_staff_have_no_pages_of_a_white_label(self, desk):
        for path in ("/customers", "/customers/new", "/finance/charges", "/settings/gateway", "/account"):
            assert desk.get(path).status_code == 404, path
