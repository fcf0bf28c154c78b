"""The health page: what waits and what failed, over all white labels, so that somebody looks."""

from portal.identity.commands import send_password_link
from portal.identity.models import User
from portal.kit import jobs
from portal.kit.db import PLATFORM, transaction
from portal.letters.commands import mark_failed
from portal.letters.models import Letter
from tests.accounts.making import OPTION_1, claim, customer, start_payment
from tests.cast import on_sqlite
from tests.signup.browsing import words


def tiles(desk):
    page = words(desk.get("/operator/health"))
    return page.partition("over all white labels.")[2].partition("Failed jobs")[0].strip()


def test_a_quiet_house_has_nothing_to_tell(desk):
    page = words(desk.get("/operator/health"))
    assert tiles(desk).startswith("Jobs due 0") and "Jobs failed 0" in page and "Letters waiting 0" in page
    assert page.count("None.") == 2


def test_a_letter_that_came_back_is_there_with_its_answer(desk, northwind, kauri, alice, charlie):
    """Of every white label. Red when the page asks in one tenant's scope."""
    for person, answer in ((alice, "550 5.1.1 no such mailbox"), (charlie, "554 5.7.1 refused")):
        with transaction(person.white_label_id) as db:
            send_password_link(db, db.load(User, person.id), "password-reset")
            mark_failed(db, db.query(Letter).filter_by(state="queued").one(), answer)
    page = words(desk.get("/operator/health"))
    assert "alice@acme.example 550 5.1.1 no such mailbox password-reset" in page
    assert "charlie@kauri.example 554 5.7.1 refused password-reset" in page


def test_a_job_that_failed_is_there_with_its_reason(desk, northwind, clock):
    with transaction(northwind.id) as db:
        jobs.enqueue(db, "no-such-work", {})
    assert "Jobs due 1" in tiles(desk)
    jobs.run_due()
    page = words(desk.get("/operator/health"))
    assert "no-such-work no handler is registered for no-such-work 2026-11-02 10:00 1" in page
    assert "Jobs due 0" in page and "Jobs failed 1" in page


def test_what_waits_is_counted(desk, northwind, kauri):
    for tenant in (northwind, kauri):
        with transaction(tenant.id) as db:
            account = customer(db, tenant.plans["desk"], OPTION_1)
            claim(db, account)
            start_payment(db, account, 2000)
    assert "Letters waiting 2" in tiles(desk) and "Payments open 2" in tiles(desk)


@on_sqlite
def test_it_shows_no_link_and_only_text(desk, northwind, alice):
    with transaction(northwind.id) as db:
        send_password_link(db, db.load(User, alice.id), "password-reset")
        mark_failed(db, db.query(Letter).filter_by(state="queued").one(), "550 <script>alert(1)</script>")
    with transaction(PLATFORM) as db:
        jobs.enqueue(db, "<b>odd</b>", {"token": "sesame"})
    jobs.run_due()
    text = desk.get("/operator/health").text
    for secret in ("<script>alert", "<b>odd", "sesame", "/password/reset"):
        assert secret not in text
