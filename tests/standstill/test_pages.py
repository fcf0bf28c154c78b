"""What each side reads: the operator before and after, the white label on every page, and its customers."""

import re
from datetime import date

from portal.accounts.queries import held_customer_or_404, primary_user, white_label_account
from portal.arrears.commands import pass_limit
from portal.arrears.models import ArrearsCase
from portal.arrears.words import notice_of, suspension_of
from portal.kit.db import reading, transaction
from portal.letters.flows import render
from portal.letters.models import Letter
from portal.whitelabels.queries import white_label
from tests.cast import Person, on_sqlite
from tests.operator.conftest import desk, page_of, rows
from tests.signup.browsing import errors, words

__all__ = ["desk", "rows"]
pytestmark = on_sqlite


def ask(desk, company, reason="Unpaid since June", name="Northwind Telecom"):
    return desk.send(f"{page_of(company)}/suspension", {"reason": reason, "confirmed": name})


def owner_of(street, name):
    with reading(street.company.id) as db:
        user = primary_user(db, street.id(name))
        return Person(user.id, street.company.id, street.company.host, user.login_name, user.display_name)


def test_the_operator_reads_what_will_happen_and_types_the_name(street, desk):
    path = page_of(street.company)
    assert f'href="{path}/suspension"' in desk.get(path).text
    page = words(desk.get(f"{path}/suspension"))
    for line in ("Suspend the customers of Northwind Telecom?", "Calls, numbers and services of 5 customers stop.",
                 "Suspended otherwise, and left so: 1 customer.", "Its account is not beyond its limit.",
                 "Can still be charged £",
                 "“This account is suspended. Write to help@northwind.example.”", "Suspend 5 customers"):
        assert line in page
    for wrong, field in (({"reason": ""}, "reason"), ({"reason": "a\u202eb"}, "reason"),
                         ({"reason": "x" * 201}, "reason"),
                         ({"name": "Northwind"}, "confirmed"), ({"name": ""}, "confirmed")):
        answer = ask(desk, street.company, **wrong)
        assert answer.status_code == 422 and field in errors(answer)
    assert "s" not in {street.states[name] for name in ("Acme", "Ash")} and "Reason" in page


def test_it_follows_how_far_it_is_and_a_second_sending_changes_nothing(street, desk):
    path = f"{page_of(street.company)}/suspension"
    assert ask(desk, street.company, name="northwind telecom").status_code == 303
    page = desk.get(path)
    assert "0 of 5" in words(page) and f'data-follow="{path}"' in page.text
    street.suspend()
    page = desk.get(path)
    assert "data-follow" not in page.text
    assert "Olga Brandt, 2 November" in words(page) and "Suspended by this 5 customers" in words(page)
    ask(desk, street.company, reason="Another")
    page = words(desk.get(path))
    assert "were suspended before. Nothing was changed." in page and "Reason Unpaid since June" in page
    for path in (page_of(street.company), "/operator/white-labels"):
        assert words(desk.get(path)).count("Its customers are suspended") == 1


def test_it_is_lifted_with_a_reason(street, desk):
    path = f"{page_of(street.company)}/reactivation"
    assert desk.get(path).status_code == 303
    assert "Nothing was changed" in words(desk.send(path, {"reason": "Paid"}, follow_redirects=True))
    street.stop()
    page = words(desk.get(path))
    assert "Suspended by this, and active again: 5 customers." in page and "left so: 1 customer." in page
    # Red with "No money moves by this alone", beside periods that begin.
    assert "begin the next one, and are charged for it at once" in page and "No money moves" not in page
    assert "reason" in errors(desk.send(path, {"reason": ""}))
    assert desk.send(path, {"reason": "Paid"}).status_code == 303
    assert "Making them active again" in words(desk.get(f"{page_of(street.company)}/suspension"))
    street.restore()
    assert "Suspend 5 customers" in words(desk.get(f"{page_of(street.company)}/suspension"))


def test_the_white_label_reads_it_on_each_page_and_has_no_way_round(street, browse, bob, fiona):
    """Red when the button stays, or when only one of its people hears of it."""
    street.stop()
    said = "The operator suspended your customers."
    for who, path in ((bob, "/customers"), (bob, "/settings/prices"), (fiona, "/finance/charges")):
        assert said in words(browse(who).get(path))
    browser = browse(bob)
    page = browser.get(f"/customers/{street.id('Cedar')}")
    assert "/reactivation" not in page.text
    assert "The operator: all customers are suspended" in words(browser.get("/customers?state=suspended"))
    answer = browser.submit(f"/customers/{street.id('Cedar')}/reactivation", page="/customers/new")
    assert answer.status_code == 409 and "The operator suspended your customers" in words(answer)
    waiting = browser.get(f"/customers/{street.id('Ginkgo')}/activation")
    assert "Nothing can be activated now" in words(waiting) and 'name="agreed"' not in waiting.text
    answer = browser.submit(f"/customers/{street.id('Elder')}/reactivation", page="/customers/new")
    assert answer.status_code == 303 and "stays suspended with all your customers" in words(browser.get("/customers"))


def test_without_it_nobody_reads_of_it(street, browse, bob):
    browser = browse(bob)
    assert "operator suspended" not in browser.get("/customers").text
    assert "/reactivation" in browser.get(f"/customers/{street.id('Elder')}").text


def test_customers_read_plain_words_and_never_why(street, browse):
    street.decide("Owes us thousands")
    street.suspend()
    for name in ("Ash", "Cedar"):
        page = words(browse(owner_of(street, name)).get(f"/account/{street.id(name)}"))
        assert "This account is suspended" in page and "Write to help@northwind.example." in page
        assert not re.search("operator|thousands|Only Northwind", page)


def test_its_people_read_the_reason_and_customers_get_no_letter(street, app):
    street.decide("Owes us thousands")
    street.suspend()
    with reading(street.company.id) as db:
        letters = db.query(Letter).filter(Letter.name == "customers-suspended").all()
        tenant = white_label(db)
        about_customers = db.query(Letter).filter(Letter.about_id == street.id("Ash"), Letter.state == "queued").all()
    with app.test_request_context(base_url=f"http://{street.company.host}"):
        message = render(letters[0], tenant)
    for body in (message.body, message.html):
        assert "Owes us thousands" in body and "Only the operator lifts it." in body
    assert not [letter for letter in about_customers if "suspend" in letter.name]


def test_what_is_said_of_a_debt_fits_who_reads_it(street):
    """Red when the white label, who is the provider, is told to write to its provider."""
    with transaction(street.company.id) as db:
        account = held_customer_or_404(db, street.id("Ash"))
        db.put(ArrearsCase(account_id=account.id, opened_on=date(2026, 11, 2), step="closed", since=date(2026, 11, 2)))
        theirs, ours = notice_of(db, account), notice_of(db, account, to_staff=True)
        assert theirs.text == "Write to help@northwind.example." and ours.text == "Ask the customer for it."
        assert suspension_of(db, account) is None


def test_no_letter_says_that_nobody_is_cut_off_while_everybody_is(street, app):
    """The limit is passed after the decision. Red with the words of every other day."""
    street.stop()
    with transaction(street.company.id) as db:
        pass_limit(db, white_label_account(db))
        tenant, letter = white_label(db), db.query(Letter).filter(Letter.name == "white-label-over").first()
    with app.test_request_context(base_url=f"http://{street.company.host}"):
        message = render(letter, tenant)
    assert "nobody is cut off" not in message.body and "Your customers are suspended" in message.body
