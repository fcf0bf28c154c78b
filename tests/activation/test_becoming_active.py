"""Who makes an account active, when, and what that charges."""

from uuid import UUID

import pytest
from sqlalchemy import select, update

from portal.accounts.commands import add_member, open_customer_account
from portal.accounts.lifecycle import Administration, Role
from portal.accounts.queries import held_customer_or_404, white_label_account
from portal.activation import commands
from portal.billing.commands import NotEnoughCredit
from portal.billing.models import Charge
from portal.identity.commands import add_user
from portal.kit.db import transaction
from portal.verify import verify
from tests.activation.conftest import NEW_PASSWORD, Invited
from tests.cast import Company, Person, new_customer, password_hash
from tests.conftest import HostClient
from tests.payments.conftest import DECLINED, VISA, Shop


def books_agree() -> bool:
    return [text for finding in verify() for text in finding.differences] == []


def option_2(shop: Shop, name: str = "Gull Rock") -> UUID:
    with transaction(shop.company.id) as db:
        new = new_customer(name, shop.company.plans["desk"], Administration.WHITE_LABEL)
        account = open_customer_account(db, new, by=shop.bob.actor)
        user = add_user(db, login_name="peter@gull.example", display_name="Peter Gull", email="peter@gull.example",
                        password_hash=password_hash(), must_change_password=True)
        add_member(db, account, user, Role.ADMINISTRATOR, is_primary=True)
        return account.id


def charges(shop: Shop, account_id: UUID) -> list[Charge]:
    return shop.ask(lambda db: list(db.scalars(select(Charge).where(Charge.account_id == account_id))))


def test_the_customer_pays_and_is_active_and_signed_in(invited: Invited):
    invited.open()
    invited.choose_password()
    page = invited.browser.get("/activation/payment")
    assert page.status_code == 200 and "Add money to start" in page.text
    answer = invited.browser.submit("/activation/payment", {"other": "100.00"})
    assert answer.status_code == 303
    invited.shop.pay(answer.location, VISA)
    back = invited.browser.get("/activation/return", follow_redirects=True)
    assert "Your account is active" in back.text and invited.state == "active"
    assert {c.book for c in charges(invited.shop, invited.account_id)} == {"retail", "wholesale"}
    assert invited.browser.get("/account", follow_redirects=True).status_code == 200 and books_agree()


def test_half_way_and_back_next_day_on_another_device_goes_on_and_never_pays_twice(invited: Invited):
    invited.open()
    invited.choose_password()
    first = invited.browser.submit("/activation/payment", {"other": "100.00"}).location
    device = invited.another_browser()
    assert invited.sign_in(device).status_code == 303
    assert device.get("/", follow_redirects=True).request.path == "/activation/payment"
    assert "Your payment is not finished" in device.get("/activation/payment").text
    assert device.submit("/activation/payment", {"other": "100.00"}).location == first
    invited.shop.pay(first, VISA)
    again = device.submit("/activation/payment", {"other": "100.00"}, page="/password/change")
    assert again.location == "/activation/done"
    assert len(invited.shop.entries("funding:")) == 1 and invited.state == "active"


def test_the_page_that_asks_for_money_looks_first_whether_it_came(invited: Invited):
    """Red with the status as it is on file:
    "No money was taken so far", after 100.00 was."""
    invited.open()
    invited.choose_password()
    url = invited.browser.submit("/activation/payment", {"other": "100.00"}).location
    assert "No money was taken so far." in invited.browser.get("/activation/payment").text
    invited.shop.pay(url, VISA)
    invited.shop.gateway.down()
    unknown = invited.browser.get("/activation/payment").text
    assert "We do not know yet whether money was taken." in unknown and "No money was taken" not in unknown
    invited.shop.gateway.down(False)
    assert invited.browser.get("/activation/payment").location == "/activation/done"
    assert invited.state == "active"


def test_a_decline_says_that_no_money_was_taken_and_keeps_the_answers(invited: Invited):
    invited.open()
    invited.choose_password()
    url = invited.browser.submit("/activation/payment", {"other": "100.00"}).location
    invited.shop.pay(url, DECLINED)
    page = invited.browser.get("/activation/return", follow_redirects=True).text
    assert "There is not enough money on the card" in page and "No money was taken." in page


def test_the_gateway_down_says_that_no_money_was_taken_and_to_try_again(invited: Invited):
    invited.open()
    invited.choose_password()
    invited.shop.gateway.down()
    answer = invited.browser.submit("/activation/payment", {"other": "100.00"})
    assert answer.status_code == 503 and "No money was taken." in answer.text and "try again" in answer.text
    invited.shop.gateway.down(False)
    assert invited.browser.submit("/activation/payment", {"other": "100.00"}).status_code == 303


@pytest.mark.parametrize("amount", ["0", "-5", "0.01", "abc", "NaN", "1e400", "0.001", "9" * 18, ""])
def test_a_wrong_amount_opens_no_card_page(invited: Invited, amount: str):
    invited.open()
    invited.choose_password()
    answer = invited.browser.submit("/activation/payment", {"amount": amount, "other": ""})
    assert answer.status_code == 422 and invited.shop.fundings(invited.account_id) == []


def test_steps_cannot_be_skipped(invited: Invited):
    """Payment before identity: shown red with the guard taken off."""
    stranger = invited.another_browser()
    for path in ("/activation/payment", "/activation/return", "/activation/done", "/activation/waiting"):
        assert stranger.get(path).location.startswith("/login")
    assert stranger.get("/activation/password").status_code == 410
    assert stranger.submit("/activation/payment", {"other": "100"}, page="/login").location.startswith("/login")


@pytest.mark.parametrize("more", [{}, {"administration": "white_label"}, {"account_id": "1", "force": "1"}])
def test_an_administrator_cannot_activate_option_1_whatever_is_posted(invited: Invited, more: dict[str, str]):
    """Shown red with the check taken out of `activate_as_administrator`."""
    bob = HostClient(invited.shop.app, invited.shop.company.host)
    bob.sign_in(invited.shop.bob)
    path = f"/customers/{invited.account_id}/activation"
    assert bob.get(path).status_code == 403
    assert bob.submit(path, more, page="/password/change").status_code == 403
    assert invited.state == "inactive" and charges(invited.shop, invited.account_id) == []
    assert bob.get(f"/activate/{invited.token}/").status_code == 404


def test_nobody_signs_in_while_the_link_is_not_redeemed(invited: Invited):
    assert invited.sign_in(invited.another_browser(), "").status_code == 422
    assert invited.sign_in(invited.another_browser(), NEW_PASSWORD).status_code == 401


def test_with_nothing_to_pay_the_post_of_password_and_terms_activates(shop: Shop):
    account_id = shop.customer("Free Riders", plan="courtesy")
    assert shop.account(account_id).state == "active"
    assert {c.book: c.gross_minor > 0 for c in charges(shop, account_id)} == {"retail": False, "wholesale": True}
    assert books_agree()


def test_option_2_is_one_confirmed_act_of_an_administrator(shop: Shop):
    account_id = option_2(shop)
    bob = HostClient(shop.app, shop.company.host)
    bob.sign_in(shop.bob)
    page = bob.get(f"/customers/{account_id}/activation")
    assert page.status_code == 200 and charges(shop, account_id) == []
    assert bob.submit(f"/customers/{account_id}/activation").status_code == 303
    assert shop.account(account_id).state == "active"
    assert {(c.book, c.payer_id == shop.company.account_id) for c in charges(shop, account_id)} == {("wholesale", True)}
    (letter,) = shop.letters("welcome", account_id)
    assert letter.facts["login_name"] == "peter@gull.example" and "password" not in str(letter.facts.values())
    again = bob.submit(f"/customers/{account_id}/activation", {"agreed": 720}, page="/password/change")
    assert again.status_code == 409
    assert len(charges(shop, account_id)) == len({c.item for c in charges(shop, account_id)}) and books_agree()


def test_the_authorised_contact_cannot_sign_in_before_and_must_change_the_password_after(shop: Shop):
    account_id = option_2(shop)
    peter = HostClient(shop.app, shop.company.host)
    signs_in = {"login_name": "peter@gull.example", "password": "wet lantern over seven hills"}
    refused = peter.submit("/login", signs_in)
    assert refused.status_code == 403 and "not active yet" in refused.text
    with transaction(shop.company.id) as db:
        commands.activate_as_administrator(db, held_customer_or_404(db, account_id), by=shop.bob.actor)
    assert peter.submit("/login", signs_in).status_code == 303
    assert peter.get("/account").location == "/password/change"


def test_passing_the_credit_limit_is_refused_with_how_much_is_missing(shop: Shop):
    """Shown red with `hold_white_label_credit` left out of `become_active`."""
    account_id = option_2(shop)
    with transaction(shop.company.id) as db:
        white_label_account(db).credit_limit_minor = -50_000
    bob = HostClient(shop.app, shop.company.host)
    bob.sign_in(shop.bob)
    assert "lacks £" in bob.get(f"/customers/{account_id}/activation").text
    answer = bob.submit(f"/customers/{account_id}/activation")
    assert answer.status_code == 409 and "lacks £" in answer.text
    assert shop.account(account_id).state == "inactive" and charges(shop, account_id) == []
    with pytest.raises(NotEnoughCredit), transaction(shop.company.id) as db:
        commands.become_active(db, held_customer_or_404(db, account_id), by=shop.bob.actor)


def test_no_card_is_asked_for_when_the_account_could_not_be_activated(invited: Invited):
    invited.open()
    invited.choose_password()
    with transaction(invited.shop.company.id) as db:
        white_label_account(db).credit_limit_minor = -50_000
    assert "Activation has to wait" in invited.browser.get("/activation/payment").text
    answer = invited.browser.submit("/activation/payment", {"other": "100"}, page="/password/change")
    assert answer.status_code == 409 and "No money was taken." in answer.text
    assert invited.shop.fundings(invited.account_id) == []


def test_one_person_at_two_white_labels_has_two_logins(shop: Shop, kauri: Company, charlie: Person):
    made = []
    for company, actor in ((shop.company, shop.bob.actor), (kauri, charlie.actor)):
        with transaction(company.id) as db:
            account = open_customer_account(db, new_customer("Both", company.plans["courtesy"]), by=actor)
            user = add_user(db, login_name="sam@both.example", display_name="Sam", email="sam@both.example")
            add_member(db, account, user, Role.ADMINISTRATOR, is_primary=True)
            link = commands.send_link(db, account, by=actor)
            if company is kauri:
                commands.redeem(db, link.id, password=NEW_PASSWORD, accepts_terms=True, from_address="127.0.0.1")
            made.append(account.id)
    assert shop.account(made[0]).state == "inactive"
    signs_in = {"login_name": "sam@both.example", "password": NEW_PASSWORD}
    assert HostClient(shop.app, kauri.host).submit("/login", signs_in).status_code == 303
    assert HostClient(shop.app, shop.company.host).submit("/login", signs_in).status_code == 401


def test_price_raised_between_paying_and_settling_leaves_the_money_as_credit(invited: Invited):
    from portal.catalogue.models import Plan

    invited.open()
    invited.choose_password()
    url = invited.browser.submit("/activation/payment", {"other": "100.00"}).location
    invited.shop.pay(url, VISA)
    with transaction(invited.shop.company.id) as db:
        db.execute(update(Plan).where(Plan.code == "desk").values(opening_retail_minor=50_000))
    page = invited.browser.get("/activation/return", follow_redirects=True).text
    assert "A little more is needed" in page and "arrived and is on your account" in page
    assert invited.state == "inactive" and invited.shop.credit(invited.account_id) == 10_000 and books_agree()


@pytest.mark.parametrize("act", ["activation", "reactivation", "suspension", "link", "address", "closure"])
def test_no_act_of_the_administrator_makes_an_option_1_account_active(invited: Invited, act: str):
    """Every POST the customer page knows. Shown red with `only_from` left out of `reactivate`."""
    bob = HostClient(invited.shop.app, invited.shop.company.host)
    bob.sign_in(invited.shop.bob)
    form = {"reason": "because", "email": "imogen@new.example", "state": "active"}
    bob.submit(f"/customers/{invited.account_id}/{act}", form, page="/password/change")
    assert invited.state == ("closed" if act == "closure" else "inactive")
    assert charges(invited.shop, invited.account_id) == [] and books_agree()
