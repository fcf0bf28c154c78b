"""The pages and downloads: who sees which, and that another's is not there."""


import pytest

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.queries import white_label_account
from portal.identity.commands import add_user
from portal.identity.models import User
from portal.kit.db import transaction
from portal.statements import queries
from portal.statements.commands import issue
from tests.accounts.making import OPTION_1, OPTION_2, active, charge_month, customer, pay, plan
from tests.cast import Person, password_hash
from tests.statements.conftest import DECEMBER, NOVEMBER


@pytest.fixture
def books(northwind, clock, alice):
    """Birch pays for itself and belongs to Beth; Cedar is paid for by Northwind. November is over, and stated."""
    with transaction(northwind.id) as db:
        birch = active(db, customer(db, northwind.plans["desk"], OPTION_1), 5000)
        cedar = active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Cedar Cafe"))
        beth = add_user(db, login_name="beth@birch.example", display_name="Beth", email="beth@birch.example",
                        password_hash=password_hash())
        for account in (birch, cedar):
            add_member(db, account, beth, Role.STANDARD)
        clock.advance(days=30)
        own, ours = issue(db, birch, NOVEMBER), issue(db, white_label_account(db), NOVEMBER)
    person = Person(beth.id, northwind.id, northwind.host, "beth@birch.example", "Beth")
    return {"birch": birch, "cedar": cedar, "own": own, "ours": ours, "beth": person}


def test_a_customer_finds_its_statement_from_its_account(client, books):
    beth = client(books["beth"])
    account = f"/account/{books['birch'].id}"
    assert f"{account}/statements" in beth.get(account).text
    listed = beth.get(f"{account}/statements").text
    assert "November 2026" in listed and "S-2026-000001" in listed and "£32.00" in listed
    shown = beth.get(f"{account}/statements/{books['own'].id}").text
    for words in ("Birch Dental", "Northwind Telecom Limited", "Closing balance, 30 Nov 2026", "£32.00", "−£12.00"):
        assert words in shown, words


def test_the_downloads_carry_the_number(client, books):
    beth = client(books["beth"])
    base = f"/account/{books['birch'].id}/statements/{books['own'].id}"
    pdf, sheet = beth.get(f"{base}.pdf"), beth.get(f"{base}.csv")
    assert pdf.mimetype == "application/pdf" and pdf.data.startswith(b"%PDF")
    assert pdf.headers["Content-Disposition"] == "attachment; filename=S-2026-000001.pdf"
    assert sheet.mimetype == "text/csv" and "S-2026-000001.csv" in sheet.headers["Content-Disposition"]
    assert sheet.text.splitlines()[-1].split(",")[2] == "closing"


@pytest.mark.parametrize("ending", ["", ".pdf", ".csv"])
def test_anothers_statement_is_not_there(client, books, alice, charlie, ending):
    own, ours, birch, cedar = books["own"].id, books["ours"].id, books["birch"].id, books["cedar"].id
    beth, stranger, elsewhere = client(books["beth"]), client(alice), client(charlie)
    for browser, path in (
        (beth, f"/account/{birch}/statements/{ours}"),       # the white label's, under her own account
        (beth, f"/account/{cedar}/statements/{own}"),        # hers, under an account that pays for nothing
        (stranger, f"/account/{birch}/statements/{own}"),    # an account that is not hers
        (stranger, f"/account/{alice_account(stranger)}/statements/{own}"),
        (elsewhere, f"/finance/statements/{own}"),           # another tenant's
        (elsewhere, f"/finance/statements/{ours}"),
    ):
        assert browser.get(path + ending).status_code == 404, path


def alice_account(browser):
    return browser.get("/account").location.rpartition("/")[2]


def test_an_account_that_pays_for_nothing_has_no_statements(client, books):
    beth, cedar = client(books["beth"]), books["cedar"].id
    assert beth.get(f"/account/{cedar}/statements").status_code == 404
    assert "/statements" not in beth.get(f"/account/{cedar}").text


def test_finance_sees_them_all_and_finds_one(client, fiona, books):
    desk = client(fiona)
    listed = desk.get("/finance/statements").text
    assert "S-2026-000001" in listed and "W-2026-000001" in listed
    assert "W-2026" not in desk.get("/finance/statements?whose=customers").text
    assert "S-2026" not in desk.get("/finance/statements?whose=ours").text
    assert "S-2026-000001" in desk.get("/finance/statements?q=birch&month=2026-11").text
    assert "No statements fit" in desk.get("/finance/statements?q=nobody").text
    assert "No statements fit" in desk.get("/finance/statements?month=2026-10").text
    ours = desk.get(f"/finance/statements/{books['ours'].id}").text
    assert "Cedar Cafe" in ours and "Margin" in ours and "Highwire Limited" in ours
    assert desk.get(f"/finance/statements/{books['ours'].id}.pdf").data.startswith(b"%PDF")


def test_what_costs_nothing_at_wholesale_is_listed_with_its_margin(client, fiona, northwind, books, clock):
    with transaction(northwind.id) as db:
        active(db, customer(db, plan(db, "gift", retail_minor=1000).id, OPTION_1, name="Gift Shop"), 5000)
        clock.advance(days=31)
        ours = issue(db, white_label_account(db), DECEMBER)
    shown = client(fiona).get(f"/finance/statements/{ours.id}").text
    assert "Gift Shop" in shown and shown.count("£10.00") >= 4


def test_there_is_a_word_for_none(client, charlie):
    assert "No statements yet" in client(charlie).get("/finance/statements").text


def test_pages_of_lines_and_of_statements_follow_each_other(client, fiona, northwind, books, clock, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    with transaction(northwind.id) as db:
        birch = db.merge(books["birch"])
        charge_month(db, birch, 1)
        for n in range(3):
            pay(db, birch, 100 + n)
        clock.advance(days=31)
        second = issue(db, birch, DECEMBER)
    desk, seen = client(fiona), []
    href = f"/finance/statements/{second.id}"
    while href:
        text = desk.get(href).text
        seen += [n for n in ("£1.00", "£1.01", "£1.02", "−£12.00") if f'money">{n}<' in text]
        href = next((part.split('"')[0].replace("&amp;", "&") for part in text.split('href="')[1:]
                     if "Older" in part.split("</a>")[0]), "")
    assert sorted(seen) == sorted(["£1.00", "£1.01", "£1.02", "−£12.00"])
    assert second.closing_minor == 3200 - 1200 + 303 and "£23.03" in text
    first = desk.get("/finance/statements").text
    assert first.count("S-2026-000002") == 1 and "Older" in first


@pytest.mark.parametrize("query", ["before=x", "after=1_x", "before=-1_00000000-0000-0000-0000-000000000000",
                                   "before=99999999999999999999_00000000-0000-0000-0000-000000000000"])
def test_an_address_that_no_page_links_to_is_refused(client, fiona, books, query):
    assert client(fiona).get(f"/finance/statements/{books['own'].id}?{query}").status_code == 400


def test_a_month_that_is_none_is_refused(client, fiona):
    assert client(fiona).get("/finance/statements?month=2026-13").status_code == 400


def test_the_letters_address_asks_for_the_sign_in_and_leads_on(client, northwind, books):
    path = f"/account/{books['birch'].id}/statements/{books['own'].id}"
    answer = client(northwind).get(path)
    assert answer.status_code == 303 and answer.location.startswith("/login?next=")


def test_a_person_who_left_the_account_sees_nothing(client, northwind, books):
    beth = client(books["beth"])
    with transaction(northwind.id) as db:
        user = db.load(User, books["beth"].id)
        user.disabled_at = user.created_at
    assert beth.get(f"/account/{books['birch'].id}/statements").status_code == 303


def test_an_account_without_any_says_when_the_first_one_comes(client, alice, cast):
    assert "No statements yet" in client(alice).get(f"/account/{cast.acme}/statements").text
