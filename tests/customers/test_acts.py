"""What an administrator may do with a customer: send again, correct, activate Option 2, suspend, reactivate, close."""

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.accounts.queries import primary_user, white_label_account
from portal.activation.models import ActivationLink
from portal.activation.queries import latest_link
from portal.audit.queries import acts_on
from portal.billing.models import Charge
from portal.billing.run import bill_white_label
from portal.billing.usage import NewUsage, note_usage
from portal.kit.clock import now, today
from portal.kit.db import reading, transaction
from portal.kit.ids import new_id
from portal.letters.commands import mark_refused
from portal.letters.models import Letter
from tests.accounts.making import OPTION_1, OPTION_2, active, claim
from tests.billing.making import service
from tests.cast import on_sqlite
from tests.signup.browsing import errors, words


class Seen:
    """What is on file for one account."""

    def __init__(self, tenant, account_id):
        self.tenant, self.id = tenant, account_id

    def __getattr__(self, name):
        with reading(self.tenant.id) as db:
            if name == "address":
                return primary_user(db, self.id).email
            if name == "links":
                wanted = select(ActivationLink).where(ActivationLink.account_id == self.id).order_by(ActivationLink.id)
                return [link.dead_at is None and link.used_at is None for link in db.scalars(wanted)]
            if name == "letters":
                wanted = select(Letter).where(Letter.about_id == self.id).order_by(Letter.id)
                return [(letter.name, letter.to_address, letter.state) for letter in db.scalars(wanted)]
            if name == "charges":
                return len(db.scalars(select(Charge).where(Charge.account_id == self.id)).all())
            if name == "acts":
                return [(act.action, act.actor_name) for act in acts_on(db, self.id)]
            return getattr(db.load(Account, self.id), name)


@pytest.fixture
def on_file(northwind):
    return lambda account_id: Seen(northwind, account_id)


class TestSendAgain:
    def test_a_new_letter_goes_and_the_older_link_dies(self, made, browse, bob, on_file):
        account = made(OPTION_1)
        browser = browse(bob)
        answer = browser.submit(f"/customers/{account}/link", page=f"/customers/{account}")
        seen = on_file(account)
        assert answer.status_code == 303 and seen.links == [False, True]
        assert [state for _, _, state in seen.letters] == ["withdrawn", "queued"]
        assert "The older link no longer works. No money moved." in words(browser.get(f"/customers/{account}"))

    @pytest.mark.parametrize("what", ["claimed", "option 2", "closed"])
    def test_not_when_no_link_is_waited_for(self, made, browse, bob, on_file, what):
        """Red when a claimed account gets another link: it would set the customer's password anew."""
        account = made(OPTION_2 if what == "option 2" else OPTION_1, *(
            [claim] if what == "claimed" else
            [lambda db, a: accounts.close(db, a, reason="x", by=bob.actor)] if what == "closed" else []))
        before = on_file(account).letters
        answer = browse(bob).submit(f"/customers/{account}/link", page="/password/change")
        assert answer.status_code == 409 and on_file(account).letters == before


class TestCorrectTheAddress:
    def correct(self, browser, account, email="dora@quist.example"):
        return browser.submit(f"/customers/{account}/address", {"email": email}, page=f"/customers/{account}")

    def test_of_option_1_sends_a_new_letter_there_and_the_old_link_dies(self, made, browse, bob, on_file):
        """Red when the link is not bound to the address: whoever reads the wrong mailbox could activate."""
        account = made(OPTION_1)
        assert self.correct(browse(bob), account).status_code == 303
        seen = on_file(account)
        assert seen.address == "dora@quist.example" and seen.links == [False, True]
        assert seen.letters == [("activation", "office-101-0003@birch.example", "withdrawn"),
                                ("activation", "dora@quist.example", "queued")]

    def test_of_option_2_changes_where_letters_go(self, made, browse, bob, on_file):
        account = made(OPTION_2)
        self.correct(browse(bob), account)
        assert on_file(account).address == "dora@quist.example" and on_file(account).letters == []

    def test_is_on_the_trail_with_what_it_was(self, made, browse, bob, northwind, on_file):
        account = made(OPTION_2)
        self.correct(browse(bob), account)
        with reading(northwind.id) as db:
            act = acts_on(db, account)[-1]
        assert (act.action, act.actor_name, act.details) == ("contact.address-corrected", "Bob Marsh", {
            "before": "office-101-0003@birch.example", "after": "dora@quist.example"})

    @pytest.mark.parametrize("acts", [[claim], [lambda db, a: active(db, a, 2000)]], ids=["claimed", "active"])
    def test_not_once_the_customer_has_taken_the_account_over(self, made, browse, bob, on_file, acts):
        """Whoever receives a person's letters can reset the password. Red when only the page hides the form."""
        account = made(OPTION_1, *acts)
        before = on_file(account).address
        answer = browse(bob).submit(f"/customers/{account}/address", {"email": "bob@northwind.example"},
                                    page="/password/change")
        assert answer.status_code == 403 and on_file(account).address == before

    @on_sqlite
    @pytest.mark.parametrize("typed", ["", "dora", "a@b.example, c@d.example", "dora@quist.example\nBcc: x@y.example"])
    def test_what_is_no_address_is_said_beside_the_field(self, made, browse, bob, on_file, typed):
        account = made(OPTION_1)
        answer = self.correct(browse(bob), account, typed)
        assert answer.status_code == 422 and "email" in errors(answer)
        assert on_file(account).address == "office-101-0003@birch.example"

    @on_sqlite
    def test_the_page_offers_it_where_the_letter_came_back(self, made, browse, bob, northwind):
        def bounce(db, account):
            letter = db.scalars(select(Letter).where(Letter.about_id == account.id)).one()
            mark_refused(db, letter, "550 no such mailbox")

        account = made(OPTION_1, bounce)
        page = words(browse(bob).get(f"/customers/{account}"))
        assert "The activation letter came back" in page and "Correct and send again" in page
        assert "550 no such mailbox" in page and "Bounced" in page


class TestActivateOption2:
    def test_in_one_confirmed_act(self, made, browse, bob, on_file):
        account = made(OPTION_2)
        browser, path = browse(bob), f"/customers/{account}/activation"
        page = words(browser.get(path))
        assert "Your white-label account goes from £495.20 available to £488.00." in page
        assert "Activate and charge £7.20" in page
        assert browser.submit(path).status_code == 303
        seen = on_file(account)
        assert seen.state == "active" and seen.charges == 2 and ("account.activated", "Bob Marsh") in seen.acts
        assert [name for name, _, _ in seen.letters] == ["welcome"]

    def test_without_the_welcome_letter_when_letters_are_off(self, made, browse, bob, on_file):
        account = made(OPTION_2, send_letters=False)
        browse(bob).submit(f"/customers/{account}/activation")
        assert on_file(account).state == "active" and on_file(account).letters == []

    def test_twice_is_refused_and_charges_nothing_more(self, made, browse, bob, on_file):
        account = made(OPTION_2)
        browser, path = browse(bob), f"/customers/{account}/activation"
        token = browser.token(path)
        form = {"csrf_token": token, "agreed": 720}
        answers = [browser.post(path, data=form).status_code for _ in range(2)]
        assert answers == [303, 409] and on_file(account).charges == 2

    def test_it_charges_what_its_button_says_or_nothing(self, made, browse, bob, on_file):
        """Red when the form carries no sum: numbers chosen in another window are charged without a word."""
        account = made(OPTION_2)
        browser, path = browse(bob), f"/customers/{account}/activation"
        token = browser.token(path)
        answer = browser.post(path, data={"csrf_token": token, "agreed": 719})
        assert answer.status_code == 409 and "This is not the sum that you were shown" in words(answer)
        assert f'href="{path}"' in answer.text
        assert browser.post(path, data={"csrf_token": token}).status_code == 400
        assert on_file(account).state == "inactive" and on_file(account).charges == 0

    def test_looking_at_the_page_charges_nothing(self, made, browse, bob, on_file):
        account = made(OPTION_2)
        browse(bob).get(f"/customers/{account}/activation")
        assert on_file(account).state == "inactive" and on_file(account).charges == 0

    def test_option_1_is_refused_on_both_sides(self, made, browse, bob, on_file):
        """The rule of the house: only the customer. Red when only the button is left out."""
        account = made(OPTION_1)
        browser, path = browse(bob), f"/customers/{account}/activation"
        assert browser.get(path).status_code == 403
        answer = browser.submit(path, page="/password/change")
        assert answer.status_code == 403 and "Only the customer can activate this account" in words(answer)
        assert on_file(account).state == "inactive" and on_file(account).charges == 0

    def test_without_enough_credit_it_says_how_much_is_missing(self, made, browse, bob, on_file, northwind):
        def spend(db, account):
            accounts.give_credit(db, white_label_account(db), -49_000, request_id=new_id(), reason="x", by=bob.actor)

        account = made(OPTION_2, spend)
        browser, path = browse(bob), f"/customers/{account}/activation"
        assert "The white-label account lacks £2.00 Nothing was charged." in words(browser.get(path))
        answer = browser.submit(path)
        assert answer.status_code == 409 and "lacks £2.00 for this" in words(answer)
        assert on_file(account).state == "inactive"


class TestSuspendReactivateClose:
    def act(self, browser, account, what, reason="Unpaid call charges"):
        form = {} if what == "reactivation" else {"reason": reason}
        page = f"/customers/{account}" if what == "reactivation" else None
        return browser.submit(f"/customers/{account}/{what}", form, page=page)

    def test_each_after_the_other(self, made, browse, bob, on_file):
        account = made(OPTION_2, active)
        browser = browse(bob)
        for what, state in (("suspension", "suspended"), ("reactivation", "active"), ("suspension", "suspended"),
                            ("closure", "closed")):
            assert self.act(browser, account, what).status_code == 303
            assert on_file(account).state == state
        assert on_file(account).charges == 2

    @on_sqlite
    @pytest.mark.parametrize("what", ["suspension", "closure"])
    def test_a_reason_is_wanted(self, made, browse, bob, on_file, what):
        account = made(OPTION_2, active)
        answer = self.act(browse(bob), account, what, " ")
        assert errors(answer) == {"reason": "Write the reason. It is kept in the history."}
        assert on_file(account).state == "active"

    @pytest.mark.parametrize("administration", [OPTION_1, OPTION_2])
    def test_reactivating_is_no_way_around_the_activation(self, made, browse, bob, on_file, administration):
        """Red when any move to active counts: an administrator could activate Option 1, and nobody would pay."""
        account = made(administration)
        answer = browse(bob).submit(f"/customers/{account}/reactivation", page="/password/change")
        assert answer.status_code == 409
        assert on_file(account).state == "inactive" and on_file(account).charges == 0

    def test_an_inactive_account_cannot_be_suspended(self, made, browse, bob, on_file):
        account = made(OPTION_2)
        assert self.act(browse(bob), account, "suspension").status_code == 409
        assert on_file(account).state == "inactive"

    def test_an_inactive_option_1_account_that_is_closed_takes_its_link_with_it(self, made, browse, bob, on_file):
        account = made(OPTION_1)
        assert self.act(browse(bob), account, "closure", "Created twice").status_code == 303
        seen = on_file(account)
        assert seen.state == "closed" and seen.links == [False]
        assert [state for _, _, state in seen.letters] == ["withdrawn"]
        assert ("account.closed", "Bob Marsh") in seen.acts

    @on_sqlite
    @pytest.mark.parametrize("link", ["open", "expired", "none, it was active", "none, Option 2"])
    def test_a_link_is_spoken_of_only_where_one_was_open(self, made, browse, bob, northwind, link):
        """Red with the sentence said to everybody: an active account has no activation link."""
        account = made(OPTION_2, active) if "active" in link else made(OPTION_2 if "2" in link else OPTION_1)
        if link == "expired":
            with transaction(northwind.id) as db:
                latest_link(db, account).expires_at = now()
        browser = browse(bob)
        self.act(browser, account, "closure", "Created twice")
        said = words(browser.get(f"/customers/{account}"))
        assert "is closed." in said and "No money moved." in said
        assert ("Its activation link no longer works." in said) == (link == "open")

    @on_sqlite
    def test_what_cannot_be_edited_is_only_opened(self, made, browse, bob):
        """Red when each panel says Edit: services of an Option 1 customer, and all of a closed account's."""
        browser, ours = browse(bob), made(OPTION_2, active)
        theirs = made(OPTION_1, lambda db, account: active(db, account, 100_00))

        def said(account):
            panels = ("the people", "the services", "the numbers")
            return [way for what in panels for way in ("Edit", "Open")
                    if f"{way} {what}" in words(browser.get(f"/customers/{account}"))]

        assert said(ours) == ["Edit", "Edit", "Edit"] and said(theirs) == ["Open", "Open", "Edit"]
        self.act(browser, ours, "closure")
        assert said(ours) == ["Open", "Open", "Open"]

    @on_sqlite
    def test_each_says_that_no_money_moves_before_it_is_done(self, made, browse, bob):
        account = made(OPTION_2, active)
        browser = browse(bob)
        assert "Suspend this account?" in words(browser.get(f"/customers/{account}/suspension"))
        assert "No money moves." in words(browser.get(f"/customers/{account}/suspension"))
        assert "A closed account cannot be opened again." in words(browser.get(f"/customers/{account}/closure"))

    @pytest.mark.parametrize("what", ["suspension", "closure"])
    def test_what_had_begun_is_charged_first_however_late_the_run_is(self, made, browse, bob, on_file, clock, what):
        """Red without `billing.listen`: the run of the next night charges an account that is closed already."""
        account = made(OPTION_2, active)
        before = on_file(account).charges
        clock.advance(days=65)
        browser = browse(bob)
        assert "What had begun by today is charged: £" in words(browser.get(f"/customers/{account}/{what}"))
        assert self.act(browser, account, what).status_code == 303
        assert on_file(account).charges == before + 2
        bill_white_label(bob.white_label_id, clock().date(), by="late")
        assert on_file(account).charges == before + 2

    @pytest.mark.parametrize("administration", [OPTION_1, OPTION_2])
    def test_closing_says_beforehand_what_was_used_and_charges_it(self, made, browse, bob, northwind, administration):
        """Red without `usage.listen`: the page said that no money moves, and the run charged it a month later."""
        account = made(administration, lambda db, account: active(db, account, 100_00))
        with transaction(northwind.id) as db:
            minutes = service(db, "minutes", "usage", unit="minutes")
            note_usage(db, NewUsage("a", account, minutes.id, today("Europe/London"), 100))
        browser, figure = browse(bob), "£1,080.00" if administration == OPTION_1 else "£360.00"
        said = f"What was used by today is charged: {figure}."
        assert said in words(browser.get(f"/customers/{account}/closure"))
        assert said not in words(browser.get(f"/customers/{account}/suspension"))
        assert self.act(browser, account, "closure").status_code == 303
        assert said in words(browser.get(f"/customers/{account}"))
        with reading(northwind.id) as db:
            wanted = select(Charge.book).where(Charge.account_id == account, Charge.item == "minutes.used")
            assert len(db.scalars(wanted).all()) == (2 if administration == OPTION_1 else 1)


ACTS = ("", "/link", "/address", "/activation", "/suspension", "/reactivation", "/closure")


class TestNobodyElse:
    def test_another_white_label_finds_no_such_customer(self, made, browse, charlie, on_file):
        """Foreign looks like missing, and nothing is written. Red when the id alone is looked up."""
        account = made(OPTION_2, active)
        browser, before = browse(charlie), on_file(account).acts
        token = browser.token("/password/change")
        for act in ACTS:
            if act not in ("/link", "/address", "/reactivation"):
                assert browser.get(f"/customers/{account}{act}").status_code == 404, act
            if act:
                form = {"csrf_token": token, "reason": "x", "email": "eve@evil.example"}
                assert browser.post(f"/customers/{account}{act}", data=form).status_code == 404, act
        assert on_file(account).acts == before and on_file(account).state == "active"

    @pytest.mark.parametrize("who", ["fiona", "alice"])
    def test_neither_finance_nor_a_customer_may(self, made, browse, cast, on_file, who):
        account = made(OPTION_2, active)
        browser = browse(getattr(cast, who))
        token = browser.token("/password/change")
        for act in ACTS[1:]:
            form = {"csrf_token": token, "reason": "x", "email": "eve@evil.example"}
            assert browser.post(f"/customers/{account}{act}", data=form).status_code == 403, act
        assert on_file(account).state == "active"

    @on_sqlite
    def test_the_white_labels_own_account_is_no_customer(self, browse, bob, northwind, clock):
        browser = browse(bob)
        assert browser.get(f"/customers/{northwind.account_id}").status_code == 404
        answer = browser.submit(f"/customers/{northwind.account_id}/closure", {"reason": "x"}, page="/password/change")
        assert answer.status_code == 404

    @on_sqlite
    def test_a_form_without_its_token_does_nothing(self, made, browse, bob, on_file):
        account = made(OPTION_2)
        browser = browse(bob)
        for act in ACTS[1:]:
            answer = browser.post(f"/customers/{account}{act}", data={"reason": "x", "email": "a@b.example"})
            assert answer.status_code == 400, act
        assert on_file(account).state == "inactive"
