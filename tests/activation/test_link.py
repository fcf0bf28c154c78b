"""The rows of EDGES, Activation, about the link: who may use it, how often, and where it dies."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal.accounts.queries import held_customer_or_404, primary_user
from portal.activation import commands
from portal.activation.models import ActivationLink
from portal.audit.commands import COMMAND_LINE
from portal.identity.commands import LinkIsDead, send_password_link
from portal.kit import clock, db as kit_db, tokens
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.logs import mask
from portal.letters.models import Letter
from tests.activation.conftest import NEW_PASSWORD, Invited
from tests.cast import Company
from tests.conftest import HostClient
from tests.threads import at_once


def test_a_mail_scanner_that_opens_the_link_consumes_nothing(invited: Invited):
    """GET and HEAD, ten times, each in a browser of its own. Shown red with `used_at` set in `open_link`."""
    for _ in range(10):
        scanner = invited.another_browser()
        assert scanner.head(f"/activate/{invited.token}").status_code == 303
        assert "Welcome to" in invited.open(scanner)
        assert scanner.get("/activation/password").status_code == 200
    assert invited.link.used_at is None
    assert "Welcome to" in invited.open()


def test_only_the_post_of_a_good_password_and_the_terms_claims_the_link(invited: Invited):
    invited.open()
    assert invited.choose_password(terms="").status_code == 422
    assert invited.choose_password(password="short", again="short").status_code == 422
    assert invited.choose_password(again="something else entirely").status_code == 422
    assert invited.link.used_at is None
    answer = invited.choose_password()
    assert (answer.status_code, answer.location) == (303, "/activation/payment")
    assert invited.link.used_at is not None and invited.state == "inactive"


def test_the_link_opened_again_afterwards_says_sign_in_and_a_second_post_is_410(invited: Invited):
    """Shown red with `used_at` left out of the conditional update and of the standing."""
    invited.open()
    other = invited.another_browser()
    invited.open(other)
    token_page = other.get("/activation/password")
    assert token_page.status_code == 200
    second = {"csrf_token": other.token("/activation/password"), "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    invited.choose_password()
    assert other.post("/activation/password", data={**second, "terms": "y"}).status_code == 410
    again = invited.another_browser().get(f"/activate/{invited.token}", follow_redirects=True)
    assert again.status_code == 410 and "Sign in" in again.text and "used already" in again.text


def test_two_people_posting_at_once_claim_it_once(invited: Invited):
    """Shown red on PostgreSQL with a read of `used_at` instead of the conditional update."""

    def act(n: int) -> str:
        try:
            with transaction(invited.shop.company.id) as db:
                commands.redeem(db, link_id, password=NEW_PASSWORD, accepts_terms=True, from_address="127.0.0.1")
        except LinkIsDead:
            return "dead"
        return "claimed"

    link_id = invited.link.id
    assert sorted(at_once(6, act)) == ["claimed", *["dead"] * 5]


def test_an_expired_link_offers_a_new_one_to_the_address_on_file(invited: Invited):
    """Shown red with the expiry left out of `_state`."""
    _expire(invited)
    page = invited.browser.get(f"/activate/{invited.token}", follow_redirects=True)
    assert page.status_code == 410 and "Send me a new one" in page.text
    before = invited.link.id
    posted = {"csrf_token": _token_of(page.text), "login_name": "", "email": "evil@attacker.example"}
    answer = invited.browser.post("/activation/lost", data=posted)
    assert answer.status_code == 200 and "Look in your mail" in answer.text
    assert invited.link.id != before and invited.link.address.endswith("@tidewater.example")


def test_asking_for_a_new_link_is_limited_and_says_nothing_about_who_exists(invited: Invited):
    """Shown red with the limits taken off `send_new_link`."""
    browser = invited.another_browser()
    known = browser.submit("/activation/lost", {"login_name": invited.link.address})
    unknown = browser.submit("/activation/lost", {"login_name": "nobody@nowhere.example"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    answers = [browser.submit("/activation/lost", {"login_name": invited.link.address}).status_code for _ in range(6)]
    assert answers[-1] == 429


def test_a_link_that_was_sent_again_kills_the_older_one(invited: Invited):
    """Shown red with `kill_links` left out of `send_link`."""
    older = invited.token
    with transaction(invited.shop.company.id) as db:
        commands.send_link(db, held_customer_or_404(db, invited.account_id), by=COMMAND_LINE)
    assert invited.browser.get(f"/activate/{older}", follow_redirects=True).status_code == 410
    assert "Welcome to" in invited.open(invited.another_browser())


def test_the_database_holds_a_digest_and_no_token(invited: Invited):
    """Shown red with the token stored in place of its digest."""
    token = invited.token
    signature = token.rpartition(".")[2]
    assert invited.link.digest == tokens.digest(token)
    with reading(PLATFORM) as db:
        for table in kit_db.Base.metadata.sorted_tables:
            for row in db.connection().execute(text(f'select * from "{table.name}"')):
                words = " ".join(json.dumps(v) if isinstance(v, dict) else str(v) for v in row)
                assert token not in words and signature not in words, table.name


def test_a_corrected_address_kills_the_old_link_and_binds_the_new_one(invited: Invited):
    older = invited.token
    with transaction(invited.shop.company.id) as db:
        account = held_customer_or_404(db, invited.account_id)
        commands.correct_address(db, account, "imogen@right.example", by=COMMAND_LINE)
    assert invited.browser.get(f"/activate/{older}", follow_redirects=True).status_code == 410
    assert invited.link.address == "imogen@right.example"
    assert "Welcome to" in invited.open(invited.another_browser())


def test_a_link_bound_to_another_address_is_dead_even_when_nobody_killed_it(invited: Invited):
    """Shown red with the comparison of addresses left out of `_state` and `redeem`."""
    invited.open()
    with transaction(invited.shop.company.id) as db:
        primary_user(db, invited.account_id).email = "imogen@elsewhere.example"
    assert invited.browser.get("/activation").status_code == 410
    assert invited.browser.get("/activation/password").status_code == 410


def test_the_white_label_cannot_move_the_letters_of_a_customer_who_took_over(invited: Invited):
    """Whoever gets the letters can reset the password. Shown red with the refusal left out."""
    invited.open()
    invited.choose_password()
    with pytest.raises(commands.OnlyTheCustomer), transaction(invited.shop.company.id) as db:
        account = held_customer_or_404(db, invited.account_id)
        commands.correct_address(db, account, "bob@northwind.example", by=COMMAND_LINE)


def test_a_cancelled_account_refuses_its_link(invited: Invited):
    invited.open()
    with transaction(invited.shop.company.id) as db:
        account = held_customer_or_404(db, invited.account_id)
        commands.cancel(db, account, reason="created twice", by=COMMAND_LINE)
    assert invited.browser.get("/activation/password").status_code == 410
    assert invited.another_browser().get(f"/activate/{invited.token}", follow_redirects=True).status_code == 410
    link_id = invited.link.id
    with reading(invited.shop.company.id) as db:
        waiting = list(db.scalars(select(Letter).where(Letter.link_id == link_id)))
    assert [x.state for x in waiting] == ["withdrawn"]


@pytest.mark.parametrize("claims", [False, True])
def test_the_link_of_a_cancelled_account_says_so_and_promises_no_letter(invited: Invited, claims: bool):
    """Red with the state of the link alone: "replaced by a newer one", or "sign in: you go on where you stopped"."""
    invited.open()
    if claims:
        invited.choose_password()
    _cancel(invited)
    for path in (f"/activate/{invited.token}", "/activation/password"):
        browser = invited.another_browser()
        invited.open(browser)
        page = browser.get(path, follow_redirects=True)
        assert page.status_code == 410 and "This account was cancelled" in page.text
        assert "mailto:help@northwind.example" in page.text
        assert not [w for w in ("newer", "Send me", "Sign in", "Tidewater", "No money") if w in page.text]


def test_a_password_sent_for_an_account_that_was_just_cancelled_is_told_the_same(invited: Invited):
    invited.open()
    form = {"csrf_token": invited.browser.token("/activation/password"), "terms": "y"}
    _cancel(invited)
    form |= {"password": NEW_PASSWORD, "again": NEW_PASSWORD}
    answer = invited.browser.post("/activation/password", data=form)
    assert answer.status_code == 410 and "This account was cancelled" in answer.text


def test_a_letter_that_went_astray_tells_nothing_of_the_account(invited: Invited):
    """Red with the account's state looked at before the address."""
    older = invited.token
    with transaction(invited.shop.company.id) as db:
        account = held_customer_or_404(db, invited.account_id)
        commands.correct_address(db, account, "imogen@right.example", by=COMMAND_LINE)
    _cancel(invited)
    page = invited.browser.get(f"/activate/{older}", follow_redirects=True)
    assert page.status_code == 410 and "cancelled" not in page.text


def test_back_from_the_payment_leads_on_to_it_and_nobody_elses_browser_does(invited: Invited):
    """The Back button after the password. Red with the link alone looked at: 410, "does not work any more"."""
    invited.open()
    invited.choose_password()
    for path in ("/activation", "/activation/password", f"/activate/{invited.token}"):
        page = invited.browser.get(path, follow_redirects=True)
        assert (page.status_code, page.request.path) == (200, "/activation/payment"), path
    assert invited.another_browser().get("/activation").status_code == 410


def test_a_token_on_another_white_labels_host_is_refused(invited: Invited, kauri: Company):
    """Two walls: the token names its tenant, and the row is out of reach of another tenant's session.

    Shown red with the comparison left out and the row loaded in the platform's scope.
    """
    there = HostClient(invited.shop.app, kauri.host)
    assert there.get(f"/activate/{invited.token}").status_code == 410
    link_id = invited.link.id
    with reading(kauri.id) as db:
        assert db.load(ActivationLink, link_id) is None


def test_a_reset_token_does_not_activate_and_an_activation_token_does_not_reset(invited: Invited):
    """Two walls: the purpose is part of the signature, and each kind of link has a table of its own."""
    with transaction(invited.shop.company.id) as db:
        user = primary_user(db, invited.account_id)
        link = send_password_link(db, user, "password-reset")
        reset = tokens.issue("password-reset", db.tenant, link.id, user.email)
    assert invited.browser.get(f"/activate/{reset}").status_code == 410
    assert invited.browser.get(f"/password/reset/{invited.token}").status_code == 410
    assert invited.browser.get(f"/password/set/{invited.token}").status_code == 410


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "A", lambda t: "Z" + t[1:], lambda t: "x" * 5000,
                                    lambda t: t.swapcase(), lambda t: t.replace(".", "")])
def test_an_altered_token_is_refused(invited: Invited, change):
    assert invited.browser.get(f"/activate/{change(invited.token)}").status_code == 410


def test_the_token_leaves_the_address_at_once_and_no_referrer_or_log_has_it(
    invited: Invited, capsys: pytest.CaptureFixture[str]
):
    answer = invited.browser.get(f"/activate/{invited.token}")
    assert (answer.status_code, answer.location) == (303, "/activation")
    page = invited.browser.get("/activation")
    assert page.headers["Referrer-Policy"] == "no-referrer" == answer.headers["Referrer-Policy"]
    assert page.headers["Cache-Control"] == "no-store" and invited.token not in page.text
    assert mask(f"/activate/{invited.token}") == "/activate/…"
    shown = capsys.readouterr()
    assert invited.token not in shown.out + shown.err


def _cancel(invited: Invited) -> None:
    with transaction(invited.shop.company.id) as db:
        commands.cancel(db, held_customer_or_404(db, invited.account_id), reason="x", by=COMMAND_LINE)


def _expire(invited: Invited) -> None:
    link_id = invited.link.id
    with transaction(invited.shop.company.id) as db:
        link = db.load(ActivationLink, link_id)
        assert link is not None
        link.expires_at = clock.now() - timedelta(seconds=1)


def _token_of(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]
