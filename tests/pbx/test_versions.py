"""Settings are kept version by version: nothing is written over, and a change is taken back by another."""

import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role, Side
from portal.accounts.models import Account
from portal.audit.models import AuditRow
from portal.events.models import Event
from portal.identity.commands import add_user
from portal.kit.db import reading, transaction
from portal.kit.refusals import NotFound
from portal.numbers import commands as numbers
from portal.pbx import commands, queries
from portal.pbx.commands import CannotUndo, ChangedMeanwhile, DoesNotFit, Edit, SetUpAlready, listen, save, undo
from portal.pbx.configuration import (
    EMPTY,
    RULES,
    Barring,
    Extension,
    Forwarding,
    Greeting,
    Hours,
    Place,
    Rules,
    Target,
    Voicemail,
)
from portal.pbx.credentials import renew
from portal.people.commands import remove
from tests.cast import on_both
from tests.pbx.making import LONDON, OXFORD, change, number, office, set_up

RECEPTION = Place("extensions", "101")


@pytest.fixture
def acme(db, cast) -> Account:
    account = db.load(Account, cast.acme)
    number(db, account)
    set_up(db, account, cast.bob.actor)
    return account


def renamed(db, account, name):
    part = queries.newest(db, account.id)[1].at(RECEPTION)
    return part.model_copy(update={"name": name})


def test_an_account_that_was_never_set_up_has_nothing_set(db, cast):
    assert queries.newest(db, cast.acme) == (0, EMPTY)


def test_a_change_is_a_version_with_who_when_and_what(db, acme, alice):
    assert change(db, acme, RECEPTION, renamed(db, acme, "Front desk"), alice.actor) == 2
    last, first = queries.history(db, acme.id)
    assert (last.version, last.what, last.by_name) == (2, "Extension 101 (Front desk) changed", alice.name)
    assert queries.settings_of(first) == office() and queries.newest(db, acme.id)[1] == queries.settings_of(last)


def test_a_change_is_in_the_audit_and_an_event_row(db, acme, alice):
    change(db, acme, RECEPTION, renamed(db, acme, "Front desk"), alice.actor)
    db.flush()
    told = db.scalars(select(Event).where(Event.name == "pbx.changed").order_by(Event.id)).all()
    assert told[-1].account_id == acme.id and told[-1].facts == {"version": 2, "places": ["extensions/101"]}
    acts = db.scalars(select(AuditRow).where(AuditRow.action == "pbx.changed").order_by(AuditRow.id)).all()
    assert acts[-1].actor_name == alice.name and acts[-1].details["version"] == 2


def test_saving_what_is_there_changes_nothing(db, acme, alice):
    assert change(db, acme, RECEPTION, renamed(db, acme, "Reception"), alice.actor) == 1
    assert len(queries.history(db, acme.id)) == 1


def test_two_who_save_the_same_part_do_not_write_over_each_other(db, acme, alice, bob):
    """Red with the comparison to the base left out of `save`."""
    change(db, acme, RECEPTION, renamed(db, acme, "Bob's"), bob.actor, base=1)
    with pytest.raises(ChangedMeanwhile) as refused:
        change(db, acme, RECEPTION, renamed(db, acme, "Alice's"), alice.actor, base=1)
    assert (refused.value.theirs.name, refused.value.base.name, refused.value.version) == ("Bob's", "Reception", 2)
    assert queries.newest(db, acme.id)[1].at(RECEPTION).name == "Bob's"


def test_two_who_save_different_parts_do_not_meet(db, acme, alice, bob):
    change(db, acme, RECEPTION, renamed(db, acme, "Bob's"), bob.actor, base=1)
    change(db, acme, Place("extensions", "102"), Extension(number="102", name="Alice's"), alice.actor, base=1)
    assert [each.name for each in queries.newest(db, acme.id)[1].extensions] == ["Bob's", "Alice's"]


def test_a_base_that_never_was_is_a_conflict(db, acme, alice):
    with pytest.raises(ChangedMeanwhile):
        change(db, acme, RECEPTION, renamed(db, acme, "X"), alice.actor, base=99)


def test_what_others_refer_to_cannot_go(db, acme, alice):
    with pytest.raises(DoesNotFit) as refused:
        change(db, acme, RECEPTION, None, alice.actor)
    assert {p.place.section for p in refused.value.problems} == {"groups", "hours"}
    assert len(queries.history(db, acme.id)) == 1


def test_a_change_is_taken_back_by_another(db, acme, alice, bob):
    change(db, acme, RECEPTION, renamed(db, acme, "Front desk"), alice.actor)
    change(db, acme, RULES, Rules(caller_id=LONDON), bob.actor)
    assert undo(db, acme, 2, by=bob.actor, side=Side.WHITE_LABEL) == 4
    settings = queries.newest(db, acme.id)[1]
    assert settings.at(RECEPTION).name == "Reception" and settings.rules.caller_id == LONDON
    assert queries.history(db, acme.id)[0].undoes == 2
    assert undo(db, acme, 4, by=bob.actor, side=Side.WHITE_LABEL) == 5, "taking back can be taken back"
    assert queries.newest(db, acme.id)[1].at(RECEPTION).name == "Front desk"


def test_what_was_changed_again_cannot_be_taken_back_from_under_it(db, acme, alice):
    change(db, acme, RECEPTION, renamed(db, acme, "One"), alice.actor)
    change(db, acme, RECEPTION, renamed(db, acme, "Two"), alice.actor)
    with pytest.raises(CannotUndo):
        undo(db, acme, 2, by=alice.actor, side=Side.WHITE_LABEL)


def test_what_would_not_make_sense_cannot_be_taken_back_and_says_why(db, acme, alice):
    group = queries.newest(db, acme.id)[1].groups[0]
    change(db, acme, Place("extensions", "103"), Extension(number="103", name="New"), alice.actor)
    change(db, acme, Place("groups", "600"), group.model_copy(update={"members": ("101", "103")}), alice.actor)
    with pytest.raises(CannotUndo, match="There is no extension 103"):
        undo(db, acme, 2, by=alice.actor, side=Side.WHITE_LABEL)


@pytest.mark.parametrize("version", [0, -1, 2, 10**9])
def test_a_version_that_never_was_cannot_be_taken_back(db, acme, alice, version):
    with pytest.raises(NotFound):
        undo(db, acme, version, by=alice.actor, side=Side.WHITE_LABEL)


def test_a_template_fills_only_what_is_empty(db, acme, bob):
    with pytest.raises(SetUpAlready):
        set_up(db, acme, bob.actor)


@pytest.mark.parametrize("act", ["update pbx_version set what = 'x'", "delete from pbx_version"])
def test_the_database_refuses_to_change_a_version(database, cast, northwind, act):
    """Red without the triggers of the migration."""
    with transaction(northwind.id) as db:
        account = db.load(Account, cast.acme)
        number(db, account)
        set_up(db, account, cast.bob.actor)
    with pytest.raises(DatabaseError), database.platform.begin() as connection:
        connection.execute(text(act))


def test_a_released_number_is_forgotten_in_the_same_transaction(db, acme, bob):
    """Red without `listen`."""
    second = number(db, acme, OXFORD)
    change(db, acme, Place("extensions", "102"), Extension(number="102", name="Office", caller_id=LONDON), bob.actor)
    change(db, acme, RULES, Rules(caller_id=LONDON), bob.actor)
    listen()
    first = queries.numbers_of(db, acme.id)[1]
    assert first.e164 == LONDON and second.e164 == OXFORD
    first.state, first.account_id = "free", None
    db.flush()
    for heard in numbers.after_released:
        heard(db, acme, first)
    settings, row = queries.newest(db, acme.id)[1], queries.history(db, acme.id)[0]
    assert settings.numbers == () and settings.rules.caller_id is None and settings.extensions[1].caller_id is None
    assert (row.what, row.by_name) == ("+44 20 7946 0123 was released", "The portal")
    assert commands.check(settings, queries.around(db, acme.id)) == []


def test_whoever_leaves_the_account_leaves_a_device_and_a_dead_password(db, acme, bob):
    """Red without the call in `people.commands.remove`."""
    sam = add_user(db, login_name="sam@acme.example", display_name="Sam", email="sam@acme.example")
    add_member(db, acme, sam, Role.STANDARD)
    part = queries.newest(db, acme.id)[1].at(RECEPTION)
    change(db, acme, RECEPTION, part.model_copy(update={"user_id": sam.id}), bob.actor)
    renew(db, acme, "101", by=bob.actor)
    renew(db, acme, "102", by=bob.actor)
    remove(db, acme, sam.id, by=bob.actor)
    assert queries.newest(db, acme.id)[1].at(RECEPTION).user_id is None
    assert queries.history(db, acme.id)[0].what.startswith("Sam left the account")
    assert set(queries.credentials_of(db, acme.id)) == {"102"}


@on_both
def test_many_who_save_at_once_are_all_in_the_history(database, cast, northwind):
    """Eight at once, each another part. Red with a plain insert: the losers end in an IntegrityError."""
    with transaction(northwind.id) as db:
        account = db.load(Account, cast.acme)
        number(db, account)
        set_up(db, account, cast.bob.actor)
    start, wrong = threading.Barrier(8), []

    def add(n: int) -> None:
        try:
            start.wait(timeout=10)
            with transaction(northwind.id) as db:
                extension = Extension(number=str(200 + n), name=f"Desk {n}")
                save(db, db.load(Account, cast.acme), Edit(Place("extensions", extension.number), extension, 1),
                     by=cast.bob.actor, side=Side.WHITE_LABEL)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with reading(northwind.id) as db:
        version, settings = queries.newest(db, cast.acme)
        assert wrong == [] and version == 9
        assert [each.number for each in settings.extensions] == ["101", "102", *map(str, range(200, 208))]
        assert [row.version for row in queries.history(db, cast.acme)] == list(range(9, 0, -1))


@pytest.mark.parametrize("place", [Place("greetings", "g1"), Place("hours", "h1")])
def test_a_template_takes_nothing_away(db, cast, bob, place):
    """Each part that can stand alone. Red with `fill` looking at extensions, groups and numbers only."""
    account = db.load(Account, cast.acme)
    outside = Target.read("external:+442079460999")
    part = Greeting(key="g1", name="Mine", text="Hello.") if place.section == "greetings" else Hours(
        key="h1", name="Mine", time_zone="Europe/London", inside=outside, outside=outside)
    change(db, account, place, part, bob.actor)
    with pytest.raises(SetUpAlready):
        set_up(db, account, bob.actor)


def test_a_template_keeps_the_rules_that_are_there(db, cast, bob):
    """Red with the template's own rules put in their place."""
    account = db.load(Account, cast.acme)
    number(db, account)
    set_before = Rules(barring=Barring(international=True), spend_cap_minor=5000)
    change(db, account, RULES, set_before, bob.actor)
    set_up(db, account, bob.actor, office(caller_id=LONDON))
    assert queries.newest(db, account.id)[1].rules == set_before.model_copy(update={"caller_id": LONDON})


def test_whoever_leaves_gets_no_more_messages_or_calls(db, acme, bob):
    """Neither of their own extension; another's stay. Red with only the person taken out."""
    sam = add_user(db, login_name="sam@acme.example", display_name="Sam", email="sam@acme.example")
    add_member(db, acme, sam, Role.STANDARD)
    inside, outside = Target.read("extension:102"), Target.read("external:+442079460999")
    theirs = Extension(number="103", name="Sam", user_id=sam.id, voicemail=Voicemail(on=True, mail_to=sam.email),
                       forwarding=Forwarding(always=outside, busy=outside, no_answer=outside, unreachable=inside))
    others = theirs.model_copy(update={"number": "104", "user_id": None})
    for part in (theirs, others):
        change(db, acme, Place("extensions", part.number), part, bob.actor)
    remove(db, acme, sam.id, by=bob.actor)
    settings = queries.newest(db, acme.id)[1]
    left = settings.extension("103")
    assert left.voicemail == Voicemail(on=True) and left.forwarding == Forwarding(unreachable=inside)
    assert left.user_id is None and settings.extension("104") == others
    assert queries.history(db, acme.id)[0].what == (
        "Sam left the account; messages and forwarding to them ended")
