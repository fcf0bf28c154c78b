"""Complete forms, such as the page itself would send, from people without the right and for ids of other tenants.

The role table posts a token and nothing else, which a form would refuse anyway; these posts would be carried out.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from portal.accounts.lifecycle import Administration, Role
from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.activation.queries import latest_link
from portal.audit.commands import COMMAND_LINE
from portal.billing.models import BillingRun
from portal.customers.models import SavedView
from portal.identity.commands import add_user, send_password_link
from portal.identity.models import User
from portal.kit import tokens
from portal.kit.clock import today
from portal.kit.db import TenantSession, transaction
from portal.kit.ids import new_id
from portal.letters.models import Letter
from portal.payments.models import GatewayTest
from portal.people.commands import invite
from portal.people.models import Invitation
from portal.signup.commands import start_draft
from tests.access.factors_table import FORMS_OF_FACTORS
from tests.access.numbers_forms import FORMS_OF_NUMBERS
from tests.access.phones_forms import FORMS_OF_PHONES, FORMS_OF_STOCK
from tests.access.phones_table import MACHINE, phones_of
from tests.access.taxes_table import forms_of_taxes
from tests.access.test_role_table import (
    ADMINISTRATOR,
    FINISHING,
    MEMBER,
    OPERATOR,
    SERVICE,
    TABLE,
    WHO,
    Town,
    digest,
    meets,
    path_of,
    town,
    waiting_credit,
)
from tests.accounts.making import active, add_member, customer
from tests.billing.making import service
from tests.cast import PASSWORD, Cast, Company, Person, password_hash
from tests.conftest import HostClient
from tests.numbers.making import one_of_each
from tests.statements.making import documents_of

__all__ = ["town"]
FIRST = "copper kettle on a sill"
ADDRESS = {
    "line1": "1 High Street", "city": "Leeds", "postcode": "LS1 4AP", "country": "GB", "same_address": "y",
    "service_country": "GB",
}
CUSTOMER, DRAFT, TENANT = "/customers/<uuid:account_id>", "/customers/new/<uuid:draft_id>", "<uuid:white_label_id>"
# These need an image, a draft, a failed letter, somebody without a password or not the main contact: see their rooms.
# A request is decided once, and the meaning of prices stays once there are customers. The address says the currency.
ELSEWHERE = (
    "/logo", "/usage", "/discard", "letter_id>/again", "/removal", "user_id>/letter", "/refusal", "/settings/tax/mode",
    "/currencies")
OPERATORS = f"/operator/white-labels/{TENANT}"
TRIED_ELSEWHERE = {**FORMS_OF_FACTORS, **FORMS_OF_NUMBERS, **FORMS_OF_PHONES, **FORMS_OF_STOCK}


def forms(cast: Cast, plan_id: UUID, chosen: object = "") -> dict[str, dict[str, Any]]:
    """By address: a form that its rightful sender could send. The order is one in which all of them can be done."""
    return {
        f"{CUSTOMER}/details": {"name": "Taken Over", "primary_domain": "evil.example"},
        f"{CUSTOMER}/addresses": {**ADDRESS, "line1": "13 Elsewhere"},
        "/customers/letters": {"chosen": str(chosen)},
        "/customers/views": {"name": "Theirs", "state": "closed"},
        "/customers/views/<uuid:view_id>/removal": {},
        f"{CUSTOMER}/address": {"email": "elsewhere@evil.example"},
        f"{CUSTOMER}/link": {},
        f"{CUSTOMER}/activation": {"agreed": 720},
        f"{CUSTOMER}/users": {"display_name": "Eve", "login_name": "mallory@evil.example",
                                "role": "standard"},
        f"{CUSTOMER}/invitations": {
            "address_1": "guest@evil.example", **{f"role_{n}": "standard" for n in range(1, 6)}},
        f"{CUSTOMER}/invitations/<uuid:invitation_id>/again": {},
        f"{CUSTOMER}/invitations/<uuid:invitation_id>/revocation": {},
        f"{CUSTOMER}/users/<uuid:user_id>/role": {"role": "finance"},
        f"{CUSTOMER}/users/<uuid:user_id>/letter": {},
        f"{CUSTOMER}/users/<uuid:user_id>/main-contact": {},
        f"{CUSTOMER}/users/<uuid:user_id>/removal": {},
        f"{CUSTOMER}/services/<uuid:chosen_id>": {"quantity": "1", "when": "next", "agreed": "0"},
        f"{CUSTOMER}/services/<uuid:chosen_id>/withdrawal": {},
        f"{CUSTOMER}/suspension": {"reason": "Unpaid"},
        f"{CUSTOMER}/reactivation": {},
        f"{CUSTOMER}/closure": {"reason": "Left us"},
        "/customers/new": {"administration": "white_label"},
        f"{DRAFT}/contact": {
            "name": "Birch Dental", "primary_domain": "birch.example", "display_name": "Dora", "send_letters": "y",
            "login_name": "dora@birch.example", "password": FIRST, "again": FIRST,
        },
        f"{DRAFT}/addresses": ADDRESS,
        f"{DRAFT}/plan": {"plan": str(plan_id)},
        f"{DRAFT}/creation": {},
        f"{DRAFT}/discard": {},
        "/settings/arrears": {"low_days": "3", "suspend_days": "5", "close_days": "9", "warn_days": "5"},
        "/settings/gateway": {"key": "sk_test_northwind_gbp_abcdef", "present": PASSWORD},
        "/settings/gateway/check": {},
        "/settings/gateway/disconnection": {"present": PASSWORD},
        "/settings/letters/<uuid:letter_id>/again": {},
        "/settings/gateway/tests": {},
        "/settings/gateway/tests/<uuid:test_id>": {},
        "/activation/payment": {"amount": "needed"},
        **forms_of_money(cast),
        f"{OPERATORS}/suspension": {"reason": "Unpaid", "confirmed": cast.northwind.name},
        f"{OPERATORS}/reactivation": {"reason": "Paid"},
        **TRIED_ELSEWHERE,
    }


def forms_of_money(cast: Cast) -> dict[str, dict[str, Any]]:
    """Those of the operator, and of prices and tax."""
    return {
        "/operator/white-labels/new": {
            "name": "Fjord", "host": "fjord.localhost", "legal_name": "Fjord AS", "support_email": "help@fjord.example",
            "colour": "#33506b", "currency": "GBP", "country": "GB", "time_zone": "Europe/London", "locale": "en_GB",
            "tax_name": "VAT", "wholesale_tax": "20", "administrator_name": "Ingrid",
            "administrator_email": "ingrid@fjord.example",
        },
        f"{OPERATORS}/credit": {"credit-amount": "10", "credit-reason": "Gift", "credit-request_id": str(uuid4())},
        f"{OPERATORS}/charges/<uuid:charge_id>/credit": {"amount": "4.80", "reason": "Never worked", "left": "480"},
        f"{OPERATORS}/charges/<uuid:charge_id>/again": {"reviewed": "plan 2026-11-02+1 480 0"},
        f"{OPERATORS}/credit-limit": {
            "limit-amount": "77", "limit-reason": "Agreed", "limit-request_id": str(uuid4())},
        f"{OPERATORS}/staff": {"staff-name": "Eve", "staff-email": "eve@evil.example", "staff-role": "administrator"},
        f"{OPERATORS}/plans": {"plan-code": "free", "plan-name": "Free", "plan-retail": "1", "plan-wholesale": "1",
                               "plan-tax": "20", "plan-reviewed": "1"},
        f"{OPERATORS}/logo": {},
        f"{OPERATORS}/usage": {"act": "take"},
        f"{OPERATORS}/credit-requests/<uuid:request_id>/approval": {},
        f"{OPERATORS}/credit-requests/<uuid:request_id>/refusal": {},
        f"{OPERATORS}/prices/services": service_form(),
        f"{OPERATORS}/prices/<uuid:product_id>/inclusions": {"held-service": str(SERVICE), "held-quantity": "3"},
        f"{OPERATORS}/prices/<uuid:product_id>/price": price_form(),
        f"{OPERATORS}/prices/<uuid:product_id>/price/withdrawal": {"valid_from": price_form()["valid_from"]},
        "/operator/prices/services": service_form(),
        "/operator/prices/plans": {"plan-code": "free", "plan-name": "Free", "plan-retail": "1", "plan-wholesale": "1",
                                   "plan-tax": "20", "plan-reviewed": "1"},
        "/operator/prices/<uuid:product_id>/price": price_form(),
        "/operator/prices/<uuid:product_id>/price/withdrawal": {"valid_from": price_form()["valid_from"]},
        "/operator/prices/<uuid:product_id>/proposal": {"proposed-price": "1", "proposed-setup": "0"},
        "/operator/prices/<uuid:product_id>/currencies": {
            "opening-retail": "1", "opening-wholesale": "1", "opening-reviewed": "yes"},
        "/operator/prices/<uuid:product_id>/offers": {"offer-white_label": str(cast.northwind.id), "offer-tax": "20"},
        "/settings/prices/<uuid:product_id>/presentation": {"shown-name": "Renamed"},
        "/settings/prices/<uuid:product_id>/price": price_form(),
        "/settings/prices/<uuid:product_id>/price/withdrawal": {"valid_from": price_form()["valid_from"]},
        "/settings/tax/mode": {"mode": "inclusive"},
        "/settings/tax/number": {"own-tax_number": "GB980780684"},
        **forms_of_taxes(price_form()["valid_from"]),
    }


def price_form() -> dict[str, str]:
    begins = today("Europe/London") + timedelta(days=30)
    return {"price": "7.70", "setup": "0", "valid_from": begins.isoformat()}


def service_form() -> dict[str, str]:
    return {"service-code": "extra", "service-name": "Extra", "service-kind": "recurring", "service-unit": "each",
            "service-per_units": "1", "service-retail": "1", "service-wholesale": "1", "service-tax": "20",
            "service-reviewed": "1"}


def things_of(company: Company, administrator: Person) -> dict[str, object]:
    """One of everything that an address can name, in any tenant."""
    with transaction(company.id) as db:
        account = customer(db, company.plans["desk"], Administration.WHITE_LABEL)
        draft = start_draft(db, administrator.id, Administration.WHITE_LABEL)
        letter = db.scalars(select(Letter)).first()
        if letter is None:
            user = db.load(User, administrator.id)
            assert user is not None
            send_password_link(db, user, "password-reset")
            letter = db.scalars(select(Letter)).one()
        helper, invited = people_of(db, account)
        papers = documents_of(db, active(db, customer(db, company.plans["desk"], Administration.CUSTOMER), 5000))
        return {**papers, **one_of_each(db, account), **phones_of(db, account, helper, administrator.actor),
                "member_id": administrator.id, "colleague_id": new_id(),
                "block_id": new_id(), "import_id": new_id(), "stock_id": new_id(),  # the operator's, and of nobody here
                "account_id": account.id, "draft_id": draft.id, "letter_id": letter.id,
                "white_label_id": company.id, "user_id": helper.id, "invitation_id": invited.id,
                "product_id": company.plans["desk"], "request_id": db.put(waiting_credit(account.id)).id,
                "run_id": db.put(BillingRun(through_day=today("UTC"), started_by=new_id().hex)).id,
                "chosen_id": service(db, f"theirs-{new_id().hex[-8:]}").id,
                "test_id": db.put(GatewayTest(
                    credential_id=new_id(), amount_minor=100, currency="GBP", started_by="Bob")).id,
                "view_id": db.put(SavedView(user_id=administrator.id, name="Theirs", query="")).id}


def people_of(db: TenantSession, account: Account) -> tuple[User, Invitation]:
    """Somebody to change on the account, and somebody who was invited to it."""
    login = f"helper-{account.number}@birch.example"
    helper = add_user(db, login_name=login, display_name="Helper", email=login, password_hash=password_hash())
    add_member(db, account, helper, Role.STANDARD)
    invited = invite(db, account, f"invited-{account.number}@birch.example", Role.STANDARD, by=COMMAND_LINE)
    assert invited is not None
    return helper, invited


def send(browser: HostClient, path: str, form: dict[str, Any], page: str = "/password/change") -> Any:
    return browser.post(path, data={"csrf_token": browser.token(page), **form})


def test_every_post_that_needs_a_role_has_a_complete_form_here(cast: Cast):
    posts = {rule for rule, (methods, whose) in TABLE.items()
             if "POST" in methods and whose in (ADMINISTRATOR, FINISHING, OPERATOR)}
    assert posts == set(forms(cast, cast.acme))


def test_the_forms_are_complete_their_rightful_senders_change_something(town: Town, cast: Cast):
    """Without this the tests below would pass with forms that nobody could send."""
    with transaction(cast.northwind.id) as db:
        invited = customer(db, cast.northwind.plans["desk"], Administration.CUSTOMER, name="Invited").id
        ours = customer(db, cast.northwind.plans["desk"], Administration.WHITE_LABEL, name="Ours")
        run_by_us, (helper, guest) = ours.id, people_of(db, ours)
        other = invite(db, ours, "other@birch.example", Role.STANDARD, by=COMMAND_LINE)
    ids, idle = {**town.ids, "user_id": helper.id, "invitation_id": guest.id}, []
    asks_the_gateway = {"/settings/gateway", "/settings/gateway/check", "/settings/gateway/disconnection",
                        "/settings/gateway/tests", "/settings/gateway/tests/<uuid:test_id>", "/activation/payment"}
    for rule, form in forms(cast, cast.northwind.plans["desk"], invited).items():
        if rule in asks_the_gateway or rule in TRIED_ELSEWHERE or rule.endswith(ELSEWHERE):
            continue
        if rule.endswith("/revocation") and other is not None:
            ids["invitation_id"] = other.id
        ids["account_id"] = invited if rule.endswith(("/link", "/address")) else run_by_us
        before = digest()
        browser = town.browsers["olga" if rule.startswith("/operator") else "bob"]
        answer = send(browser, path_of(rule, ids), form)
        if digest() == before or answer.status_code != 303:
            idle.append((rule, answer.status))
    assert idle == []


@pytest.mark.parametrize("role", ["anonymous", "standard", "owner", "finance", "bob", "olga"])
def test_a_complete_form_without_the_right_role_is_refused_and_writes_nothing(town: Town, cast: Cast, role: str):
    """Shown red with `_guard` letting everybody signed in pass, and with `operator_staff_only` asking for no host."""
    before, wrong = digest(), []
    for rule, form in forms(cast, cast.northwind.plans["desk"]).items():
        expected = WHO[TABLE[rule][1]][role]
        if expected == "in":
            continue
        page = "/login" if role == "anonymous" else "/password/change"
        answer = send(town.browsers[role], path_of(rule, town.ids), form, page)
        if meets(answer) != expected:
            wrong.append((rule, expected, answer.status))
    assert wrong == []
    assert digest() == before


@pytest.mark.parametrize("who", ["charlie", "bob"])
def test_a_complete_form_for_another_tenants_things_is_not_found_and_writes_nothing(town: Town, cast: Cast, who: str):
    """Both ways: Charlie posts Northwind's ids on Kauri's host, and Bob posts Kauri's on Northwind's.

    Shown red with `load` and `locked` reading by the id alone in the platform's scope (SQLite has no second wall).
    """
    person, mine, other = (cast.charlie, cast.kauri, cast.northwind) if who == "charlie" else (
        cast.bob, cast.northwind, cast.kauri)
    theirs = things_of(other, cast.bob if who == "charlie" else cast.charlie)
    own_draft = things_of(mine, person)["draft_id"]
    browser = HostClient(town.app, person.host)
    browser.sign_in(person)
    before, wrong = digest(), []
    for rule, form in forms(cast, mine.plans["desk"]).items():
        if "<uuid:" in rule:
            answer = send(browser, path_of(rule, theirs), form)
            if answer.status_code != 404:
                wrong.append((rule, answer.status))
    for rule, (methods, _) in TABLE.items():
        if "GET" in methods and "<uuid:" in rule:
            answer = browser.get(path_of(rule, theirs))
            if answer.status_code != {MEMBER: 403, MACHINE: 401}.get(TABLE[rule][1], 404):
                wrong.append((rule, answer.status))
    assert wrong == []
    answer = send(browser, f"/customers/new/{own_draft}/plan", {"plan": str(other.plans["desk"])})
    assert answer.status_code == 422, "a foreign plan can be chosen"
    assert digest() == before


def test_an_owner_who_asks_for_a_foreign_tenants_account_finds_nothing(town: Town, cast: Cast):
    """Shown red with `my_account_or_404` answering the first live account, whichever was asked for."""
    theirs = things_of(cast.kauri, cast.charlie)
    assert town.browsers["owner"].get(f"/account/{theirs['account_id']}").status_code == 404
    assert town.browsers["standard"].get(f"/account/{theirs['account_id']}").status_code == 404


def test_prices_that_were_emptied_in_the_plan_form_are_nothing(town: Town, cast: Cast):
    """Red before: the emptied set-up price of a plan was a crash."""
    empty = dict.fromkeys(("plan-retail_setup", "plan-wholesale_setup", "plan-minimum_funding"), "")
    form = forms(cast, cast.acme)[f"{OPERATORS}/plans"]
    assert send(town.browsers["olga"], path_of(f"{OPERATORS}/plans", town.ids), {**form, **empty}).status_code == 303


def test_a_colleagues_draft_is_not_found_and_stays_as_it_was(town: Town, cast: Cast):
    """Shown red with the owner left out of the draft's check."""
    with transaction(cast.northwind.id) as db:
        user = add_user(db, login_name="dan@northwind.example", display_name="Dan", email="dan@northwind.example",
                        password_hash=password_hash())
        add_member(db, white_label_account(db), user, Role.ADMINISTRATOR)
        dan = replace(cast.bob, id=user.id, login_name=user.login_name, name=user.display_name)
    browser = HostClient(town.app, dan.host)
    browser.sign_in(dan)
    assert browser.get("/customers").status_code == 200
    before = digest()
    for rule, form in forms(cast, cast.northwind.plans["desk"]).items():
        if rule.startswith(DRAFT):
            assert send(browser, path_of(rule, town.ids), form).status_code == 404, rule
    for step in ("contact", "addresses", "plan", "review"):
        assert browser.get(f"/customers/new/{town.ids['draft_id']}/{step}").status_code == 404, step
    assert digest() == before


@pytest.mark.parametrize("which", ["nobody's", "the operator's own"])
def test_operator_staff_find_only_white_labels(town: Town, cast: Cast, which: str):
    """Shown red with `is_operator` left out of `white_label_or_404`."""
    ids = {**town.ids, "white_label_id": uuid4() if which == "nobody's" else cast.operator.id}
    before = digest()
    for rule, form in forms(cast, cast.acme).items():
        if TENANT in rule:
            assert send(town.browsers["olga"], path_of(rule, ids), form).status_code == 404, rule
    assert town.browsers["olga"].get(path_of(OPERATORS, ids)).status_code == 404
    assert digest() == before


def test_a_link_from_a_letter_opens_on_its_own_host_only(town: Town, cast: Cast):
    """Shown red with the claim's tenant unread and `load` reading by the id alone: two walls, so both had to go."""
    with transaction(cast.northwind.id) as db:
        account = customer(db, cast.northwind.plans["desk"], Administration.CUSTOMER, name="Invited")
        link, bob = latest_link(db, account.id), db.load(User, cast.bob.id)
        assert link is not None and bob is not None
        reset = send_password_link(db, bob, "password-reset")
        paths = (
            f"/activate/{tokens.issue('activation', db.tenant, link.id, link.address)}",
            f"/password/reset/{tokens.issue('password-reset', db.tenant, reset.id, bob.email)}",
        )
    before = digest()
    for path in paths:
        assert HostClient(town.app, cast.kauri.host).get(path).status_code == 410
        assert HostClient(town.app, cast.northwind.host).get(path).status_code == 303
    wrong_purpose = paths[1].replace("/reset/", "/set/")
    assert HostClient(town.app, cast.northwind.host).get(wrong_purpose).status_code == 410
    assert digest() == before


def test_methods_that_no_page_has_are_refused(town: Town, cast: Cast):
    """Shown red with PUT added to the start page."""
    before = digest()
    for rule in TABLE:
        for method in ("PUT", "PATCH", "DELETE", "TRACE"):
            answer = town.browsers["bob"].open(path_of(rule, town.ids), method=method)
            assert answer.status_code == 405, (method, rule, answer.status)
    assert digest() == before


def test_a_password_of_one_tenant_opens_nothing_at_another(town: Town, cast: Cast):
    """Shown red with `user_by_login` and `load` both looking in the platform's scope: either alone still refuses."""
    for host in (cast.kauri.host, cast.operator.host):
        browser = HostClient(town.app, host)
        answer = browser.submit("/login", {"login_name": cast.bob.login_name, "password": PASSWORD})
        assert answer.status_code == 401
