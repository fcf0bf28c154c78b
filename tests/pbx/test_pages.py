"""The pages of phone settings without a script: who sees and changes what, what is wrong, what conflicts."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.accounts.models import Account
from portal.audit.models import AuditRow
from portal.kit.db import reading, transaction
from portal.pbx.configuration import Barring, Kind, Place
from portal.pbx.models import SipCredential
from portal.pbx.queries import newest
from tests.pbx.making import LONDON, OXFORD, change

EXTENSION = {"name": "Front desk", "person": "", "caller_id": LONDON, "voicemail": "y", "mail_to": "front@acme.example",
             "no_answer": "voicemail:101", "no_answer_s": "15", "always": "", "busy": "", "unreachable": "",
             "greeting": "", "clip": "", "premium": "y"}
GROUP = {"name": "Everybody", "members-0": "102", "members-1": "101", "strategy": "in_order", "ring_s": "30",
         "then": "outside", "then_outside": "01865 496012"}
HOURS = {"name": "Hours", "time_zone": "Europe/London", "open-0-days": ["1", "2"], "open-0-begins": "09:00",
         "open-0-ends": "12:30", "open-1-days": ["1"], "open-1-begins": "13:30", "open-1-ends": "24:00",
         "holidays-0-day": "2026-12-25", "holidays-0-name": "Christmas", "inside": "group:600",
         "outside": "voicemail:101"}


def send(browser, path, form, *, base=None):
    """Open the form, as a browser does, and send it with its own base, or with an older one."""
    page = browser.get(path).text
    present = re.search(r'name="base" value="(\d+)"', page)[1]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    return browser.post(path, data={"csrf_token": token, "base": base if base is not None else present, **form})


def at(account_id, rest="", side="account"):
    return f"/{side}/{account_id}/pbx{rest}"


def test_the_overview_says_what_happens_to_a_call(phones, client):
    for browser, side in ((client(phones.owner), "account"), (client(phones.bob), "customers")):
        page = browser.get(at(phones.own, side=side))
        assert page.status_code == 200
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
        assert "+44 20 7946 0123" in words
        assert re.search(r"Greeting “Welcome”.*Schedule “Office hours”.*Open: Ring group 600 \(Everybody\)", words)
        assert re.search(r"Closed: Voicemail of 101 \(Reception\)", words)


def test_an_extension_is_changed_field_by_field(phones, client):
    answer = send(client(phones.owner), at(phones.own, "/extensions/101"), EXTENSION)
    assert answer.status_code == 303
    part = phones.settings().extension("101")
    assert (part.name, part.caller_id, part.forwarding.no_answer_s) == ("Front desk", LONDON, 15)
    assert part.voicemail.mail_to == "front@acme.example" and part.barring == Barring(premium=True)
    assert part.forwarding.no_answer.to == "101" and part.forwarding.busy is None


def test_an_extension_a_schedule_a_greeting_and_a_number_are_added(phones, client):
    browser = client(phones.guest)
    new = {**EXTENSION, "number": "201", "caller_id": OXFORD, "no_answer": ""}
    assert send(browser, at(phones.run, "/extensions/new"), new).status_code == 303
    group = {**GROUP, "number": "600", "members-0": "201", "members-1": "", "then": "", "then_outside": ""}
    assert send(browser, at(phones.run, "/groups/new"), group).status_code == 303
    assert send(browser, at(phones.run, "/hours/new"), {**HOURS, "outside": "voicemail:201"}).status_code == 303
    greeting = {"name": "Hello", "text": "Good day.", "clip": "", "then": "hours:h1"}
    assert send(browser, at(phones.run, "/greetings/new"), greeting).status_code == 303
    route = {"number": OXFORD, "to": "greeting:g1", "caller_name": "Run"}
    assert send(browser, at(phones.run, "/numbers/new"), route).status_code == 303
    settings = phones.settings(phones.run)
    assert settings.numbers[0].to.code == "greeting:g1" and settings.greetings[0].then.code == "hours:h1"
    assert [(each.day, each.begins, each.ends) for each in settings.hours[0].open] == [
        (1, "09:00", "12:30"), (1, "13:30", "24:00"), (2, "09:00", "12:30")]


def test_members_ring_in_the_order_of_the_rows_and_a_number_outside_is_read_as_it_is_dialled(phones, client):
    assert send(client(phones.owner), at(phones.own, "/groups/600"), GROUP).status_code == 303
    group = phones.settings().groups[0]
    assert group.members == ("102", "101") and (group.then.kind, group.then.to) == (Kind.EXTERNAL, OXFORD)


def test_rows_are_added_and_taken_out_by_buttons_and_nothing_is_saved(phones, client):
    browser, before = client(phones.owner), phones.version()
    more = send(browser, at(phones.own, "/groups/600"), {**GROUP, "row": "add:members"})
    assert more.status_code == 200 and more.text.count('name="members-') == 3
    less = send(browser, at(phones.own, "/groups/600"), {**GROUP, "row": "remove:members:0"})
    assert less.text.count('name="members-') == 1 and "<option selected value=\"101\"" in less.text
    hours = send(browser, at(phones.own, "/hours/h1"), {**HOURS, "row": "remove:open:0"})
    assert hours.text.count("-begins\"") == 1 * 3 or 'name="open-1-begins"' not in hours.text
    for odd in ("remove:members:99", "remove:members:x", "add:nothing", "::", "remove:members:-1"):
        assert send(browser, at(phones.own, "/groups/600"), {**GROUP, "row": odd}).status_code in (200, 303)
    assert phones.version() - before <= 1


WRONG = {
    "a name of two lines": ("/extensions/101", {**EXTENSION, "name": "a\nb"}, "line breaks"),
    "a name that turns": ("/extensions/101", {**EXTENSION, "name": "a\u202eb"}, "turn the direction"),
    "no name": ("/extensions/101", {**EXTENSION, "name": ""}, "Fill this in"),
    "seconds that are enormous": ("/extensions/101", {**EXTENSION, "no_answer_s": "1e400"}, "5 to 120"),
    "seconds below zero": ("/extensions/101", {**EXTENSION, "no_answer_s": "-5"}, "5 to 120"),
    "two addresses": ("/extensions/101", {**EXTENSION, "mail_to": "a@b.example,c@d.example"}, "one plain address"),
    "a command for an address": ("/extensions/101", {**EXTENSION, "mail_to": "$(id)@b.example"}, "one plain address"),
    "somebody else's caller id": ("/extensions/101", {**EXTENSION, "caller_id": OXFORD}, "Not a valid choice"),
    "a stranger": ("/extensions/101", {**EXTENSION, "person": str(UUID(int=7))}, "Not a valid choice"),
    "a destination that is not there": ("/extensions/101", {**EXTENSION, "busy": "extension:999"}, "no extension 999"),
    "a destination of another sort": ("/extensions/101", {**EXTENSION, "busy": "nonsense"}, "one of the destinations"),
    "help as a destination": ("/extensions/101", {**EXTENSION, "busy": "outside", "busy_outside": "999"}, "too few"),
    "no number outside": ("/extensions/101", {**EXTENSION, "busy": "outside", "busy_outside": ""}, "Write the number"),
    "a destination and a number": ("/extensions/101", {**EXTENSION, "busy": "extension:102", "busy_outside": LONDON},
                                   "or clear the number"),
    "a forward in a circle": ("/extensions/101", {**EXTENSION, "always": "extension:101"}, "circle"),
    "its own number": ("/greetings/g1", {"name": "G", "text": "a", "clip": "", "then": "outside",
                                         "then_outside": LONDON}, "circle"),
    "an emergency number": ("/extensions/new", {**EXTENSION, "number": "999"}, "calls for help"),
    "an extension with letters": ("/extensions/new", {**EXTENSION, "number": "10a"}, "two to six digits"),
    "an extension with other digits": ("/extensions/new", {**EXTENSION, "number": "１０１"}, "two to six digits"),
    "an extension that a group has": ("/extensions/new", {**EXTENSION, "number": "600"},
                                     "Ring group 600 (Everybody) has this number already."),
    "nobody in a group": ("/groups/600", {**GROUP, "members-0": "", "members-1": ""}, "at least one"),
    "somebody twice in a group": ("/groups/600", {**GROUP, "members-1": "102"}, "twice"),
    "a strategy of one's own": ("/groups/600", {**GROUP, "strategy": "loud"}, "Not a valid choice"),
    "a time that is none": ("/hours/h1", {**HOURS, "open-0-begins": "25:00"}, "Write a time"),
    "a day that is none": ("/hours/h1", {**HOURS, "open-0-days": ["8"]}, "at least one day"),
    "no day": ("/hours/h1", {**HOURS, "open-0-days": []}, "at least one day"),
    "times that overlap": ("/hours/h1", {**HOURS, "open-1-begins": "12:00"}, "overlaps"),
    "times that end first": ("/hours/h1", {**HOURS, "open-0-ends": "08:00"}, "ends before it begins"),
    "a zone that is none": ("/hours/h1", {**HOURS, "time_zone": "Mars/Olympus"}, "IANA"),
    "a holiday that is none": ("/hours/h1", {**HOURS, "holidays-0-day": "2026-02-30"}, "Look at line 1"),
    "a holiday without a name": ("/hours/h1", {**HOURS, "holidays-0-name": ""}, "Fill this in"),
    "two holidays on one day": ("/hours/h1", {**HOURS, "holidays-1-day": "2026-12-25", "holidays-1-name": "Again"},
                                "A day is there twice."),
    "nothing to hear": ("/greetings/g1", {"name": "G", "text": "", "clip": "", "then": ""}, "what callers hear"),
    "a recording of nobody": ("/greetings/g1", {"name": "G", "text": "a", "clip": str(UUID(int=7)), "then": ""},
                              "Not a valid choice"),
    "nowhere": ("/numbers/" + LONDON, {"to": ""}, "Choose where calls go"),
    "a cap that is enormous": ("/rules", {"spend_cap": "1e400"}, "amount in figures"),
    "a cap above the most": ("/rules", {"spend_cap": "1000000000000000000"}, "Write at most £9,999,999,999.99."),
    "a cap below zero": ("/rules", {"spend_cap": "-1"}, "amount in figures"),
    "recording without a notice": ("/rules", {"records": "y"}, "only after a notice"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_stands_beside_its_field_and_changes_nothing(phones, client, name):
    path, form, words = WRONG[name]
    before = phones.settings()
    rules = {"caller_id": "", "notice": "", "hold_music": "", "spend_cap": ""} if path == "/rules" else {}
    answer = send(client(phones.owner), at(phones.own, path), {**rules, **form})
    assert answer.status_code == 422 and words in answer.text, answer.text
    assert "Error: " in answer.text and phones.settings() == before


def test_nul_is_refused_and_changes_nothing(phones, client):
    before = phones.version()
    answer = send(client(phones.owner), at(phones.own, "/extensions/101"), {**EXTENSION, "name": "a\x00b"})
    assert answer.status_code == 400 and phones.version() == before


@pytest.mark.parametrize("base", ["", "x", "-1", "９", "1e9", "99999999999"])
def test_a_base_that_no_page_wrote_is_400(phones, client, base):
    assert send(client(phones.owner), at(phones.own, "/extensions/101"), EXTENSION, base=base).status_code == 400


def test_sending_twice_saves_once(phones, client):
    browser = client(phones.owner)
    for _ in range(2):
        assert send(browser, at(phones.own, "/extensions/101"), EXTENSION, base=1).status_code == 303
    assert phones.version() == 2


def test_the_second_of_two_who_save_sees_both_and_chooses(phones, client):
    """Bob saves first; Alice's page is older."""
    bob, owner = client(phones.bob), client(phones.owner)
    theirs = {**EXTENSION, "name": "Bob's", "mail_to": "bob@acme.example"}
    assert send(bob, at(phones.own, "/extensions/101", "customers"), theirs).status_code == 303
    answer = send(owner, at(phones.own, "/extensions/101"), {**EXTENSION, "name": "Alice's"}, base=1)
    assert answer.status_code == 409 and "Somebody else changed this meanwhile" in answer.text
    assert all(words in answer.text for words in ("Bob&#39;s", "Alice&#39;s", "Reception", "bob@acme.example"))
    assert phones.settings().extension("101").name == "Bob's", "nothing is written over"
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    assert fields["base"] == "2" and fields["no_answer"] == "voicemail:101"
    fields["name"] = "Alice's"
    assert owner.post(at(phones.own, "/extensions/101"), data=fields).status_code == 303
    assert phones.settings().extension("101").name == "Alice's" and phones.version() == 3


def test_two_who_add_the_same_extension_meet(phones, client):
    bob, owner = client(phones.bob), client(phones.owner)
    form = {**EXTENSION, "number": "103"}
    assert send(bob, at(phones.own, "/extensions/new", "customers"), {**form, "name": "Bob's"}).status_code == 303
    answer = send(owner, at(phones.own, "/extensions/new"), {**form, "name": "Alice's"}, base=1)
    assert answer.status_code == 422 and "103 is there already" in answer.text
    assert phones.settings().extension("103").name == "Bob's"


def test_what_was_removed_meanwhile_is_not_brought_back_by_a_stale_page(phones, client, northwind):
    with transaction(northwind.id) as db:
        account = db.load(Account, phones.own)
        alone = newest(db, account.id)[1].groups[0].model_copy(update={"members": ("101",)})
        change(db, account, Place("groups", "600"), alone, phones.bob.actor)
        change(db, account, Place("extensions", "102"), None, phones.bob.actor)
    browser = client(phones.owner)
    token = browser.token(at(phones.own, "/extensions/101"))
    answer = browser.post(at(phones.own, "/extensions/102"), data={**EXTENSION, "base": "1", "csrf_token": token})
    assert answer.status_code == 409 and "removed while you worked" in answer.text
    assert phones.settings().extension("102") is None


def test_a_part_that_nobody_needs_goes(phones, client):
    browser = client(phones.owner)
    assert send(browser, at(phones.own, "/numbers/" + LONDON + "/removal"), {}).status_code == 303
    assert phones.settings().numbers == () and phones.settings().extension("101") is not None


def test_history_says_who_when_before_and_after_and_takes_back(phones, client):
    owner = client(phones.owner)
    send(owner, at(phones.own, "/extensions/101"), EXTENSION)
    page = owner.get(at(phones.own, "/history")).text
    assert all(words in page for words in ("Front desk", "Reception", phones.owner.name, "2 November, 10:00"))
    assert "{" not in re.sub(r"<script.*?</script>", "", page), "no JSON is shown to people"
    assert owner.submit(at(phones.own, "/history/2/undoing"), {}, page=at(phones.own, "/history")).status_code == 303
    assert phones.settings().extension("101").name == "Reception"
    again = owner.submit(at(phones.own, "/history/2/undoing"), {}, page=at(phones.own, "/history"))
    assert again.status_code == 409 and "taken back since" in owner.get(at(phones.own, "/history")).text


def test_a_template_is_seen_first_and_fills_only_what_is_empty(phones, client):
    guest = client(phones.guest)
    assert "Begin with a template" in guest.get(at(phones.run)).text
    preview = guest.get(at(phones.run, "/templates/small-office")).text
    assert "Nothing has happened yet" in preview and "Monday to Friday 09:00 to 17:00" in preview
    assert phones.version(phones.run) == 0
    path = at(phones.run, "/templates/small-office")
    assert guest.submit(path, {}).status_code == 303 and phones.version(phones.run) == 1
    assert [each.number for each in phones.settings(phones.run).extensions] == ["101", "102"]
    assert guest.submit(path, {}, page=at(phones.run, "/rules")).status_code == 409
    assert guest.get(at(phones.run, "/templates/palace")).status_code == 404


def test_a_password_is_shown_once(phones, client):
    owner = client(phones.owner)
    shown = owner.submit(at(phones.own, "/extensions/101/password"), {}, page=at(phones.own, "/extensions/101"))
    password = re.search(r'<code class="secret">([^<]+)</code>', shown.text)[1]
    assert len(password) >= 24 and shown.headers["Cache-Control"] == "no-store"
    assert password not in owner.get(at(phones.own, "/extensions/101")).text
    with reading(phones.tenant.id) as db:
        assert db.scalars(select(SipCredential).where(SipCredential.extension == "101")).one().username.endswith("-101")
    gone = owner.submit(at(phones.own, "/extensions/999/password"), {}, page=at(phones.own, "/extensions/101"))
    assert gone.status_code == 404


# Who

def give_101_to_sam(phones):
    with transaction(phones.tenant.id) as db:
        part = newest(db, phones.own)[1].extension("101").model_copy(update={"user_id": phones.sam.id})
        change(db, db.load(Account, phones.own), Place("extensions", "101"), part, phones.bob.actor)


def test_a_standard_user_changes_forwarding_voicemail_and_greeting_of_their_own_telephone(phones, client):
    """And nothing else, whatever is sent. Red with `only_own` left out."""
    give_101_to_sam(phones)
    sam, before = client(phones.sam), phones.settings().extension("101")
    page = sam.get(at(phones.own))
    assert page.status_code == 200 and "Extension 101" in page.text and "Rules for the whole account" not in page.text
    assert send(sam, at(phones.own, "/extensions/101"), {**EXTENSION, "records": "y"}).status_code == 303
    part = phones.settings().extension("101")
    assert part.voicemail.mail_to == "front@acme.example" and part.forwarding.no_answer_s == 15
    assert part.model_copy(update={"voicemail": before.voicemail, "forwarding": before.forwarding}) == before


def test_a_standard_user_reaches_nothing_else(phones, client):
    sam = client(phones.sam)
    assert "You have no telephone here yet" in sam.get(at(phones.own)).text
    give_101_to_sam(phones)
    before, token = phones.version(), sam.token(at(phones.own, "/extensions/101"))
    for path in ("/extensions", "/extensions/102", "/extensions/new", "/groups/600", "/rules", "/history", "/clips",
                 "/extensions/101/removal", "/templates/shop", "/numbers/" + LONDON):
        assert sam.get(at(phones.own, path)).status_code == 403, path
    for path in ("/extensions/102", "/extensions/new", "/rules", "/history/1/undoing", "/extensions/101/password",
                 "/extensions/101/removal", "/clips", "/templates/shop", "/groups/600"):
        answer = sam.post(at(phones.own, path), data={"csrf_token": token, "base": "1", **EXTENSION})
        assert answer.status_code == 403, path
    assert phones.version() == before


@pytest.mark.parametrize("state, reason", [("suspended", "stay as they are"), ("closed", "stay as they were")])
def test_suspended_and_closed_accounts_are_only_read(phones, client, state, reason):
    """Red with the state left out of `why_read_only`."""
    bob = client(phones.bob)
    token = bob.token(at(phones.own, "/rules", "customers"))
    phones.move_to(phones.own, state)
    page = bob.get(at(phones.own, side="customers"))
    assert page.status_code == 200 and reason in page.text
    for path in ("/extensions/101", "/rules", "/history/1/undoing", "/extensions/101/password", "/clips"):
        answer = bob.post(at(phones.own, path, "customers"), data={"csrf_token": token, "base": "1", **EXTENSION})
        assert answer.status_code == 403, path
    assert phones.version() == 1


def test_an_option_2_account_is_set_up_before_it_is_active_and_an_option_1_account_is_not(phones, client):
    bob = client(phones.bob)
    for account_id, code in ((phones.run, 303), (phones.own, 403)):
        token = bob.token("/settings/provisioning")
        phones.move_to(account_id, "inactive")
        path = at(account_id, "/rules", "customers")
        form = {"csrf_token": token, "base": phones.version(account_id), "spend_cap": "50", "caller_id": "",
                "notice": "", "hold_music": ""}
        assert bob.post(path, data=form).status_code == code
    assert phones.settings(phones.run).rules.spend_cap_minor == 5000


def test_what_the_white_label_changes_is_in_the_audit(phones, client):
    send(client(phones.bob), at(phones.own, "/extensions/101", "customers"), EXTENSION)
    with reading(phones.tenant.id) as db:
        acts = db.scalars(select(AuditRow).where(AuditRow.subject_id == phones.own, AuditRow.action == "pbx.changed"))
        assert [act.actor_name for act in acts][-1] == phones.bob.name


@pytest.mark.parametrize("rest", ["", "/extensions", "/extensions/101", "/rules", "/history", "/clips"])
def test_foreign_accounts_are_not_there(phones, client, charlie, rest):
    assert client(charlie).get(at(phones.own, rest, "customers")).status_code == 404
    assert client(phones.guest).get(at(phones.own, rest)).status_code == 404
    assert client(phones.owner).get(at(phones.own, rest, "customers")).status_code == 403
    assert client(phones.bob).get(at(phones.own, rest)).status_code == 404


@pytest.mark.parametrize("rest", ["/nothing", "/extensions/999", "/hours/h9", "/groups/x", "/history/x", "/rules/all"])
def test_parts_that_are_not_there_are_404(phones, client, rest):
    assert client(phones.owner).get(at(phones.own, rest)).status_code == 404


def test_the_customers_page_tells_of_phone_settings(phones, client):
    page = client(phones.bob).get(f"/customers/{phones.own}").text
    assert f'href="/customers/{phones.own}/pbx"' in page
    assert f'href="/account/{phones.own}/pbx"' in client(phones.owner).get(f"/account/{phones.own}").text


# New, and there already

@pytest.mark.parametrize("path, form, key", [
    ("/groups/new", {**GROUP, "number": "600", "name": "Mine"}, "600"),
    ("/extensions/new", {**EXTENSION, "number": "102", "name": "Mine"}, "102"),
])
@pytest.mark.parametrize("base", [None, 0])
def test_a_new_part_does_not_take_the_place_of_one_that_is_there(phones, client, path, form, key, base):
    """From a fresh page and from an old one. Red with `is_new` left out of the edit."""
    before = phones.settings()
    answer = send(client(phones.owner), at(phones.own, path), form, base=base)
    assert answer.status_code == 422 and f"{key} is there already" in answer.text
    assert 'aria-invalid="true"' in answer.text and phones.settings() == before


def test_a_number_that_has_a_route_gets_no_second_one(phones, client):
    before = phones.settings()
    answer = send(client(phones.owner), at(phones.own, "/numbers/new"), {"number": LONDON, "to": "extension:102"})
    assert answer.status_code == 422 and "+44 20 7946 0123 is there already" in answer.text
    assert phones.settings() == before


# Addresses that are too large for any database

LARGE = "9" * 23


def test_a_version_that_no_database_can_count_is_not_there(phones, client):
    """Red, as 500, without the bounds."""
    owner = client(phones.owner)
    token = owner.token(at(phones.own, "/rules"))
    for before in (LARGE, f"-{LARGE}", "x", "0"):
        assert owner.get(at(phones.own, f"/history?before={before}")).status_code == 200
    for version in (LARGE, "2147483648"):
        answer = owner.post(at(phones.own, f"/history/{version}/undoing"), data={"csrf_token": token})
        assert answer.status_code == 404


def test_in_option_2_the_cap_and_the_barring_are_the_payers(phones, client):
    """Red without `keeps_limits`: in the form, and, asked by itself, in the history."""
    bob, guest = client(phones.bob), client(phones.guest)
    rules = {"caller_id": "", "notice": "", "hold_music": ""}
    limits = {**rules, "spend_cap": "50", "premium": "y"}
    assert send(bob, at(phones.run, "/rules", "customers"), limits).status_code == 303
    present = phones.settings(phones.run).rules
    assert guest.submit(at(phones.run, "/history/1/undoing"), {}, page=at(phones.run, "/rules")).status_code == 409
    page = guest.get(at(phones.run, "/rules")).text
    assert 'name="spend_cap"' not in page and "alone sets its limits" in page
    assert send(guest, at(phones.run, "/rules"), {**rules, "caller_id": OXFORD, "spend_cap": ""}).status_code == 303
    assert phones.settings(phones.run).rules == present.model_copy(update={"caller_id": OXFORD})
    assert phones.settings(phones.run).rules.spend_cap_minor == 5000
