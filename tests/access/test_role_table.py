"""The table of who may ask what: every address and method × every role × own, sibling and foreign tenant.

An address that the table does not name fails the test, so nobody adds a page without saying whose it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.commands import add_member, open_customer_account
from portal.accounts.lifecycle import Administration, Role
from portal.accounts.queries import held_customer_or_404
from portal.billing.models import BillingRun
from portal.catalogue.models import Plan, Service
from portal.customers.models import SavedView
from portal.identity.commands import add_user
from portal.identity.models import User
from portal.kit.db import transaction
from portal.kit.ids import new_id
from portal.kit.settings import Settings
from portal.letters.models import Letter
from portal.operator.models import CreditRequest
from portal.payments.models import GatewayTest
from portal.people.commands import invite
from portal.signup.commands import start_draft
from tests.access.asking import ask, digest, meets, path_of
from tests.access.factors_table import OF_ADMINISTRATORS, OF_EVERYBODY, OF_OPERATORS, colleague
from tests.access.numbers_table import NUMBERS
from tests.access.phones_table import MACHINE, PHONES, phones_of
from tests.access.stock_table import NUMBER_STOCK, block_and_file
from tests.access.taxes_table import OPERATORS_TAX
from tests.cast import Cast, Person, new_customer, password_hash
from tests.conftest import HostClient
from tests.numbers.making import one_of_each
from tests.statements.making import documents_of, each_of

OPEN, ADMINISTRATOR, FINANCE, MEMBER = "open", "administrator", "finance", "member"
FINISHING, OPERATOR, SIGNED_IN, LINK = "finishing", "operator", "signed in", "link"
RUNS_IT, LOOKS = "runs the account", "looks at the account"

TABLE: dict[str, tuple[str, str]] = {
    # rule: (methods, whose it is)
    "/": ("GET", SIGNED_IN),
    "/account": ("GET", MEMBER),
    "/account/<uuid:account_id>": ("GET", MEMBER),
    "/account/<uuid:account_id>/credit": ("GET POST", RUNS_IT),
    "/account/<uuid:account_id>/credit/return": ("GET", MEMBER),
    "/account/<uuid:account_id>/invitations": ("POST", RUNS_IT),
    "/account/<uuid:account_id>/invitations/<uuid:invitation_id>/again": ("POST", RUNS_IT),
    "/account/<uuid:account_id>/invitations/<uuid:invitation_id>/revocation": ("POST", RUNS_IT),
    "/account/<uuid:account_id>/services": ("GET", LOOKS),
    "/account/<uuid:account_id>/services/<uuid:chosen_id>": ("GET POST", RUNS_IT),
    "/account/<uuid:account_id>/services/<uuid:chosen_id>/withdrawal": ("POST", RUNS_IT),
    "/account/<uuid:account_id>/credit-notes/<uuid:note_id>.pdf": ("GET", MEMBER),
    "/account/<uuid:account_id>/receipts/<uuid:funding_id>.pdf": ("GET", MEMBER),
    "/account/<uuid:account_id>/statements": ("GET", MEMBER),
    "/account/<uuid:account_id>/statements/<uuid:statement_id>": ("GET", MEMBER),
    "/account/<uuid:account_id>/statements/<uuid:statement_id>.csv": ("GET", MEMBER),
    "/account/<uuid:account_id>/statements/<uuid:statement_id>.pdf": ("GET", MEMBER),
    "/account/<uuid:account_id>/users": ("GET POST", RUNS_IT),
    "/account/<uuid:account_id>/users/<uuid:user_id>/letter": ("POST", RUNS_IT),
    "/account/<uuid:account_id>/users/<uuid:user_id>/main-contact": ("POST", RUNS_IT),
    "/account/<uuid:account_id>/users/<uuid:user_id>/removal": ("GET POST", RUNS_IT),
    "/account/<uuid:account_id>/users/<uuid:user_id>/role": ("POST", RUNS_IT),
    "/account/numbers": ("GET", MEMBER),
    "/account/services": ("GET", MEMBER),
    "/account/users": ("GET", MEMBER),
    "/activate/<token>": ("GET", LINK),
    "/activation": ("GET POST", LINK),
    "/activation/done": ("GET", FINISHING),
    "/activation/lost": ("GET POST", OPEN),
    "/activation/password": ("GET POST", LINK),
    "/activation/payment": ("GET POST", FINISHING),
    "/activation/return": ("GET", FINISHING),
    "/activation/terms": ("GET", OPEN),
    "/activation/waiting": ("GET", FINISHING),
    "/bootstrap/static/<path:filename>": ("GET", OPEN),
    "/brand.css": ("GET", OPEN), "/icon.svg": ("GET", OPEN),
    "/customers": ("GET", ADMINISTRATOR),
    "/customers/<uuid:account_id>": ("GET", ADMINISTRATOR),
    "/customers/<uuid:account_id>/activation": ("GET POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/addresses": ("GET POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/details": ("GET POST", ADMINISTRATOR),
    "/customers/export.csv": ("GET", ADMINISTRATOR),
    "/customers/letters": ("POST", ADMINISTRATOR),
    "/customers/views": ("POST", ADMINISTRATOR),
    "/customers/views/<uuid:view_id>/removal": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/address": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/closure": ("GET POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/created": ("GET", ADMINISTRATOR),
    "/customers/<uuid:account_id>/invitations": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/invitations/<uuid:invitation_id>/again": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/invitations/<uuid:invitation_id>/revocation": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/link": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/reactivation": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/services": ("GET", ADMINISTRATOR),
    "/customers/<uuid:account_id>/services/<uuid:chosen_id>": ("GET POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/services/<uuid:chosen_id>/withdrawal": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/suspension": ("GET POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/users": ("GET POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/users/<uuid:user_id>/letter": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/users/<uuid:user_id>/main-contact": ("POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/users/<uuid:user_id>/removal": ("GET POST", ADMINISTRATOR),
    "/customers/<uuid:account_id>/users/<uuid:user_id>/role": ("POST", ADMINISTRATOR),
    "/customers/new": ("GET POST", ADMINISTRATOR),
    "/customers/new/<uuid:draft_id>/addresses": ("GET POST", ADMINISTRATOR),
    "/customers/new/<uuid:draft_id>/contact": ("GET POST", ADMINISTRATOR),
    "/customers/new/<uuid:draft_id>/creation": ("POST", ADMINISTRATOR),
    "/customers/new/<uuid:draft_id>/plan": ("GET POST", ADMINISTRATOR),
    "/customers/new/<uuid:draft_id>/review": ("GET", ADMINISTRATOR),
    "/customers/new/<uuid:draft_id>/discard": ("POST", ADMINISTRATOR),  # after all that need the draft
    "/finance": ("GET", FINANCE),
    "/finance/charges": ("GET", FINANCE),
    "/finance/charges.csv": ("GET", FINANCE),
    "/finance/credit-notes/<uuid:note_id>.pdf": ("GET", FINANCE),
    **{f"/finance/statements{rest}": ("GET", FINANCE) for rest in each_of("statement")},
    "/health/live": ("GET", OPEN),
    "/health/ready": ("GET", OPEN),
    "/invitations": ("GET POST", LINK),
    "/invitations/<token>": ("GET", LINK),
    "/login": ("GET POST", OPEN),
    "/logo": ("GET", OPEN),
    "/logout": ("POST", OPEN),
    "/operator": ("GET", OPERATOR),
    "/operator/health": ("GET", OPERATOR),
    **{rule: (methods, OPERATOR) for methods, rules in NUMBER_STOCK.items() for rule in rules},
    "/operator/prices": ("GET", OPERATOR),
    "/operator/prices/<uuid:product_id>": ("GET", OPERATOR),
    "/operator/prices/<uuid:product_id>/currencies": ("POST", OPERATOR),
    "/operator/prices/<uuid:product_id>/offers": ("POST", OPERATOR),
    "/operator/prices/<uuid:product_id>/price": ("GET POST", OPERATOR),
    "/operator/prices/<uuid:product_id>/price/withdrawal": ("POST", OPERATOR),
    "/operator/prices/<uuid:product_id>/proposal": ("GET POST", OPERATOR),
    "/operator/prices/plans": ("POST", OPERATOR),
    "/operator/prices/services": ("POST", OPERATOR),
    "/operator/runs": ("GET", OPERATOR),
    "/operator/white-labels": ("GET", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>": ("GET", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/charges": ("GET", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/charges/<uuid:charge_id>": ("GET", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/charges/<uuid:charge_id>/again": ("GET POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/charges/<uuid:charge_id>/credit": ("GET POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/credit": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/credit-limit": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/credit-requests/<uuid:request_id>": ("GET", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/credit-requests/<uuid:request_id>/approval": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/credit-requests/<uuid:request_id>/refusal": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/logo": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/reactivation": ("GET POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/suspension": ("GET POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/plans": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/prices": ("GET", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/prices/<uuid:product_id>": ("GET", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/prices/<uuid:product_id>/inclusions": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/prices/<uuid:product_id>/price": ("GET POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/prices/<uuid:product_id>/price/withdrawal": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/prices/services": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/runs/<uuid:run_id>": ("GET", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/staff": ("POST", OPERATOR),
    "/operator/white-labels/<uuid:white_label_id>/credit-notes/<uuid:wholesale_note_id>.pdf": ("GET", OPERATOR),
    **{f"/operator/white-labels/<uuid:white_label_id>/statements{rest}": ("GET", OPERATOR)
       for rest in each_of("wholesale")},
    "/operator/white-labels/<uuid:white_label_id>/usage": ("GET POST", OPERATOR),
    "/operator/white-labels/new": ("GET POST", OPERATOR),
    "/password/change": ("GET POST", SIGNED_IN),
    "/password/forgotten": ("GET POST", OPEN),
    "/password/new": ("GET POST", LINK),
    "/password/reset/<token>": ("GET", LINK),
    "/password/set/<token>": ("GET", LINK),
    "/no-account": ("GET", SIGNED_IN),
    "/not-me": ("GET POST", LINK),
    "/not-me/<token>": ("GET", LINK),
    "/profile": ("GET", SIGNED_IN),
    "/profile/address": ("GET POST", SIGNED_IN),
    "/profile/address/<token>": ("GET", LINK),
    "/profile/address/withdrawal": ("POST", SIGNED_IN),
    "/profile/confirmation": ("GET POST", LINK),
    "/profile/name": ("POST", SIGNED_IN),
    "/settings": ("GET", ADMINISTRATOR),
    "/settings/arrears": ("GET POST", ADMINISTRATOR),
    "/settings/gateway": ("GET POST", ADMINISTRATOR),
    "/settings/gateway/check": ("POST", ADMINISTRATOR),
    "/settings/gateway/disconnection": ("GET POST", ADMINISTRATOR),
    "/settings/gateway/tests": ("POST", ADMINISTRATOR),
    "/settings/gateway/tests/<uuid:test_id>": ("GET POST", ADMINISTRATOR),
    "/settings/letters": ("GET", ADMINISTRATOR),
    "/settings/letters/<uuid:letter_id>/again": ("POST", ADMINISTRATOR),
    "/settings/prices": ("GET", ADMINISTRATOR),
    "/settings/prices/<uuid:product_id>": ("GET", ADMINISTRATOR),
    "/settings/prices/<uuid:product_id>/presentation": ("POST", ADMINISTRATOR),
    "/settings/prices/<uuid:product_id>/price": ("GET POST", ADMINISTRATOR),
    "/settings/prices/<uuid:product_id>/price/withdrawal": ("POST", ADMINISTRATOR),
    "/settings/tax": ("GET", ADMINISTRATOR),
    "/settings/tax/mode": ("GET POST", ADMINISTRATOR),
    "/settings/tax/number": ("POST", ADMINISTRATOR),
    "/settings/tax/rates": ("GET POST", ADMINISTRATOR),
    "/settings/tax/rates/withdrawal": ("POST", ADMINISTRATOR),
    "/static/<path:filename>": ("GET", OPEN),
    "/webhooks/mail/<slug>": ("POST", OPEN),
    "/webhooks/stripe/<slug>": ("POST", OPEN),
    **{rule: (methods, SIGNED_IN) for rule, methods in OF_EVERYBODY.items()},
    **{rule: (methods, ADMINISTRATOR) for rule, methods in OF_ADMINISTRATORS.items()},
    **{rule: (methods, OPERATOR) for rule, methods in (OF_OPERATORS | OPERATORS_TAX).items()},
    **NUMBERS,
    **PHONES,
}

# What each role meets at each kind of page: in, sign-in (led to it), no (403), hidden (404) or dead (410).
WHO = {
    ADMINISTRATOR: {"anonymous": "sign-in", "standard": "no", "owner": "no", "finance": "no", "bob": "in",
                    "olga": "hidden"},
    FINANCE: {"anonymous": "sign-in", "standard": "no", "owner": "no", "finance": "in", "bob": "in", "olga": "hidden"},
    MEMBER: {"anonymous": "sign-in", "standard": "in", "owner": "in", "finance": "no", "bob": "no", "olga": "hidden"},
    # Bob administers the white label and does not belong to Alice's account: from her side it is not there.
    RUNS_IT: {"anonymous": "sign-in", "standard": "no", "owner": "in", "finance": "no", "bob": "hidden",
              "olga": "hidden"},
    LOOKS: {"anonymous": "sign-in", "standard": "in", "owner": "in", "finance": "no", "bob": "hidden",
            "olga": "hidden"},
    FINISHING: {"anonymous": "sign-in", "standard": "in", "owner": "in", "finance": "no", "bob": "no",
                "olga": "hidden"},
    OPERATOR: {"anonymous": "hidden", "standard": "hidden", "owner": "hidden", "finance": "hidden", "bob": "hidden",
               "olga": "in"},
    SIGNED_IN: {"anonymous": "sign-in", "standard": "in", "owner": "in", "finance": "in", "bob": "in", "olga": "in"},
    LINK: dict.fromkeys(("anonymous", "standard", "owner", "finance", "bob", "olga"), "dead"),
    # Without a key nobody takes anything; the operator's own host has nothing to take.
    MACHINE: {**dict.fromkeys(("anonymous", "standard", "owner", "finance", "bob"), "in"), "olga": "hidden"},
    OPEN: dict.fromkeys(("anonymous", "standard", "owner", "finance", "bob", "olga"), "in"),
}
ACTS_OF_THE_CUSTOMER = (
    "/activation", "/invitations", "/again", "/revocation", "/users", "/letter", "/main-contact", "/removal", "/role",
    "/services/<uuid:chosen_id>", "/withdrawal", "/release")
SERVICE = UUID("00000000-0000-7000-8000-00000000005e")
NOTHING = {"tax_ppm": 0, "opening_retail_minor": 0, "opening_retail_setup_minor": 0, "opening_wholesale_minor": 0,
           "opening_wholesale_setup_minor": 0}
# Open pages whose own answer to this test's made-up names is 404.
NOTHING_THERE = {"/logo", "/webhooks/mail/<slug>", "/webhooks/stripe/<slug>", "/static/<path:filename>",
                 "/bootstrap/static/<path:filename>"}


@dataclass
class Town:
    """Northwind with one of everything that an address can name, and a browser for each role."""

    app: Flask
    cast: Cast
    ids: dict[str, object]
    browsers: dict[str, HostClient]


@pytest.fixture
def town(app: Flask, cast: Cast, change_settings: Callable[..., Settings]) -> Town:
    change_settings(mail_bounces_secret="a secret that a mail service would have")
    with transaction(cast.northwind.id) as db:
        acme = held_customer_or_404(db, cast.acme)
        sam = add_user(db, login_name="sam@acme.example", display_name="Sam", email="sam@acme.example",
                       password_hash=password_hash())
        add_member(db, acme, sam, Role.STANDARD)
        draft = start_draft(db, cast.bob.id, Administration.WHITE_LABEL)
        invited = invite(db, acme, "ann@acme.example", Role.STANDARD, by=cast.alice.actor)
        assert invited is not None
        test = db.put(GatewayTest(credential_id=new_id(), amount_minor=100, currency="GBP", started_by="Bob"))
        view = db.put(SavedView(user_id=cast.bob.id, name="Mine", query="state=active"))
        plan = cast.northwind.plans["desk"]
        db.put(Service(id=SERVICE, **NOTHING, kind="recurring", code="seat", name="Seat"))
        credit = db.put(waiting_credit(acme.id))
        run = db.put(BillingRun(through_day=date(2026, 1, 1), started_by="x"))
        letter = db.scalars(select(Letter)).all()[0]
        papers = documents_of(db, acme)
        ids: dict[str, object] = {"account_id": acme.id, "draft_id": draft.id, "letter_id": letter.id,
                                  "white_label_id": cast.northwind.id, "user_id": sam.id, "member_id": cast.bob.id,
                                  "invitation_id": invited.id, "view_id": view.id, "test_id": test.id,
                                  "product_id": plan, "chosen_id": SERVICE, "request_id": credit.id, "run_id": run.id,
                                  "token": "x", "slug": "x", "filename": "none", **papers,
                                  **one_of_each(db, acme), **phones_of(db, acme, sam, cast.bob.actor)}
        sam_person = Person(sam.id, cast.northwind.id, cast.northwind.host, sam.login_name, sam.display_name)
    with transaction(cast.operator.id) as db:  # under the id of Northwind's own plan: the tenant tells them apart
        db.put(Plan(id=plan, **NOTHING, code="listed", name="Listed", minimum_funding_minor=0))
        ids |= block_and_file(db, cast.northwind.id) | colleague(db)
    browsers = {"anonymous": HostClient(app, cast.northwind.host)}
    people = {"standard": sam_person, "owner": cast.alice, "finance": cast.fiona, "bob": cast.bob, "olga": cast.olga}
    for role, person in people.items():
        browsers[role] = HostClient(app, person.host)
        browsers[role].sign_in(person)
    return Town(app, cast, ids, browsers)


def waiting_credit(account_id: UUID) -> CreditRequest:
    return CreditRequest(account_id=account_id, amount_minor=500_000, currency="GBP", reason="Gift", state="waiting",
                         asked_by_id=new_id(), asked_by="Otto")


def every_address(wanted: Callable[[str], bool] = lambda whose: True) -> list[tuple[str, str, str]]:
    return [(rule, method, whose) for rule, (methods, whose) in TABLE.items() if wanted(whose)
            for method in methods.split()]


def test_every_address_and_method_is_in_the_table(app: Flask):
    """Shown red by taking any line out of the table."""
    there = {(r.rule, m) for r in app.url_map.iter_rules() for m in (r.methods or set()) - {"HEAD", "OPTIONS"}}
    assert there == {(rule, method) for rule, method, _ in every_address()}


@pytest.mark.parametrize("role", ["anonymous", "standard", "owner", "finance", "bob", "olga"])
def test_each_role_meets_what_the_table_says(town: Town, role: str):
    """Shown red with any guard swapped for `anyone`."""
    browser, wrong = town.browsers[role], []
    for rule, method, whose in every_address():
        if rule == "/logout":
            continue
        answer = ask(browser, method, path_of(rule, town.ids), role)
        expected = "hidden" if rule in NOTHING_THERE else WHO[whose][role]
        seen = meets(answer)
        if rule == "/login" or (rule == "/" and role != "anonymous") or (rule == "/logout"):
            expected = seen if answer.status_code < 500 else expected
        if expected == "in" and seen == "no" and role == "bob" and rule.endswith(ACTS_OF_THE_CUSTOMER):
            seen = "in"  # at Alice's Option 1 account: the refusal is the rule of the act, not of the page
        if expected == "in" and seen == "dead" and rule.endswith("/revocation"):
            seen = "in"  # it was sent again a moment ago, and is another one now
        if seen != expected or answer.status_code >= 500 or answer.status_code == 429:
            wrong.append((role, method, rule, expected, f"{seen} {answer.status}"))
    assert wrong == []


@pytest.mark.parametrize("role", ["anonymous", "standard", "owner", "finance", "olga"])
def test_what_is_refused_changes_nothing(town: Town, role: str):
    browser, before = town.browsers[role], digest()
    for rule, method, whose in every_address():
        if WHO[whose][role] in ("sign-in", "no", "hidden"):
            ask(browser, method, path_of(rule, town.ids), role)
    assert digest() == before


@pytest.mark.parametrize("role", ["anonymous", "standard", "owner", "finance", "bob", "olga"])
def test_no_get_and_no_head_changes_anything(town: Town, role: str):
    """Sessions aside; the page a customer comes back to settles only what the gateway says, and here it says nothing.

    Shown red with a write in `choose`.
    """
    browser, before = town.browsers[role], digest()
    for rule, method, _ in every_address():
        if method == "GET":
            browser.get(path_of(rule, town.ids))
            browser.head(path_of(rule, town.ids))
    assert digest() == before


def test_another_tenants_ids_are_not_found_and_nothing_is_written(town: Town, cast: Cast):
    """Charlie administers Kauri and asks there for everything of Northwind's.

    Shown red with the tenant's criteria left out of the session: not even the cast can be made then.
    """
    charlie = HostClient(town.app, cast.charlie.host)
    charlie.sign_in(cast.charlie)
    before = digest()
    for rule, method, whose in every_address(lambda whose: whose in (ADMINISTRATOR, MEMBER, FINANCE, RUNS_IT, LOOKS)):
        if "<uuid:" in rule:
            answer = ask(charlie, method, path_of(rule, town.ids), "charlie")
            assert answer.status_code == (403 if whose == MEMBER else 404), (method, rule, answer.status)
    filtered = charlie.get(f"/finance/charges?customer={town.ids['account_id']}&month=2026-11").text
    assert "Acme" not in filtered and "Acme" not in charlie.get("/finance/charges.csv?month=2026-11").text
    assert "Acme" not in charlie.get("/customers?q=acme").text.replace('value="acme"', "")
    assert digest() == before


def test_a_siblings_account_is_not_found_for_a_customer(town: Town, cast: Cast):
    with transaction(cast.northwind.id) as db:
        sibling = open_customer_account(db, new_customer("Sibling", cast.northwind.plans["desk"]), by=cast.bob.actor)
        alice_is_not_in: UUID = sibling.id
    assert town.browsers["owner"].get(f"/account/{alice_is_not_in}").status_code == 404
    assert town.browsers["owner"].get(f"/account/{town.ids['account_id']}").status_code == 200


def test_a_session_of_one_host_is_worth_nothing_on_another(town: Town, cast: Cast):
    bob = town.browsers["bob"]
    stolen = bob.get_cookie("portal", domain=cast.northwind.host)
    assert stolen is not None
    other = HostClient(town.app, cast.kauri.host)
    other.set_cookie("portal", stolen.value, domain=cast.kauri.host)
    assert meets(other.get("/customers")) == "sign-in"


def test_demotion_and_removal_count_at_the_next_request(town: Town, cast: Cast):
    from portal.accounts.models import Membership

    bob = town.browsers["bob"]
    assert bob.get("/customers").status_code == 200
    with transaction(cast.northwind.id) as db:
        role = db.scalars(select(Membership).where(Membership.user_id == cast.bob.id)).one()
        role.role = "finance"
    assert bob.get("/customers").status_code == 403
    with transaction(cast.northwind.id) as db:
        user = db.load(User, cast.bob.id)
        assert user is not None
        user.disabled_at = user.created_at
    assert meets(bob.get("/finance/charges")) == "sign-in"
