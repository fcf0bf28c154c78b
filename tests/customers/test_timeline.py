"""What happened, in the order in which it happened, and last what is waited for."""

from portal.accounts import commands as accounts
from portal.activation.commands import correct_address, send_link
from portal.audit.commands import record
from portal.payments import commands as payments
from tests.accounts.making import OPTION_1, OPTION_2, active, claim, pay, seen, start_payment


def test_option_1_from_its_creation_to_being_active(case):
    case.create(OPTION_1)
    case.clock.advance(minutes=1)
    case.mailed()
    case.clock.advance(hours=2)
    claim(case.db, case.account)
    case.clock.advance(minutes=5)
    funding = start_payment(case.db, case.account, 2000)
    payments.settle(case.db, funding.id, seen(funding, decline="insufficient_funds"))
    case.clock.advance(minutes=1)
    pay(case.db, case.account, 2000)
    assert case.titles() == [
        "Created", "Activation letter written", "Activation letter mailed", "Password set and terms accepted",
        "Payment begun", "Card declined, no money was taken", "Paid", "Active"]


def test_before_that_it_ends_with_what_is_waited_for(case):
    events = case.create(OPTION_1).mailed().events()
    assert [(event.kind, event.title) for event in events[-2:]] == [
        ("is-now", "Customer: letter mailed today, link not opened"), ("is-next", "Active")]


def test_a_letter_that_came_back_stands_where_it_came_back(case, bob):
    """Red when letters are listed behind everything else: the new letter would seem to have failed."""
    case.create(OPTION_1).bounced()
    case.clock.advance(hours=3)
    correct_address(case.db, case.account, "dora@quist.example", by=bob.actor)
    case.clock.advance(minutes=1)
    case.mailed()
    assert case.titles()[:6] == [
        "Created", "Activation letter written", "Letter to office-101-0003@birch.example came back",
        "Address corrected", "Activation letter written", "Activation letter mailed"]
    assert "550 5.1.1 no such mailbox here" in case.events()[2].lines


def test_a_letter_sent_again_is_there_twice(case, bob):
    case.create(OPTION_1).mailed()
    case.clock.advance(days=1)
    send_link(case.db, case.account, by=bob.actor)
    assert case.titles().count("Activation letter written") == 2


def test_each_line_says_when_in_the_white_labels_time_and_who(case, bob):
    """British summer time ended a week before; noon there is noon."""
    account = active(case.db, case.create(OPTION_2).account)
    case.clock.advance(days=20, hours=3)
    accounts.suspend(case.db, account, reason="Unpaid call charges", by=bob.actor)
    case.db.flush()
    assert case.events()[-1].lines == ("22 November, 13:00, Bob Marsh", "Unpaid call charges")


def test_what_concerns_nobody_outside_is_left_out(case, bob):
    record(case.create(OPTION_2).db, "internal.note", by=bob.actor, subject=case.account.id)
    assert "internal.note" not in str(case.titles())


def test_a_closed_one_waits_for_nothing_more(case, bob):
    case.create(OPTION_1)
    accounts.close(case.db, case.account, reason="Created twice", by=bob.actor)
    assert case.titles() == ["Created", "Activation letter written", "Closed"]


def test_no_address_or_password_of_the_customer_is_in_it_but_where_letters_went(case):
    case.create(OPTION_1).mailed()
    claim(case.db, case.account)
    lines = [line for event in case.events() for line in event.lines]
    assert not any("argon2" in line or "/activate/" in line for line in lines)
