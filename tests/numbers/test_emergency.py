"""Where help is sent: entered, validated and registered are three things, and a number works from the second on."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.audit.commands import COMMAND_LINE
from portal.events.models import Event
from portal.kit.refusals import NotFound
from portal.numbers.assigning import release
from portal.numbers.emergency import NotValidated, WrongAddress, check, enter, refuse, register
from portal.numbers.models import EmergencyAddress
from portal.numbers.queries import working_numbers, works
from tests.numbers.making import BRISTOL, give, number


@pytest.fixture
def desk(db, own):
    (one,) = give(db, own, number(db, needs_address=True))
    return one


def states(db, number):
    address = db.get(EmergencyAddress, (db.tenant, number.id))
    reached = [address.entered_at, address.validated_at, address.registered_at] if address is not None else [None] * 3
    return [each is not None for each in reached]


class TestSteps:
    def test_it_does_not_work_without_an_address(self, db, own, desk):
        assert not works(desk, None) and working_numbers(db, own) == []

    def test_entered_and_validated_it_works(self, db, own, desk):
        kept = enter(db, own, desk, replace(BRISTOL, postcode="bs14xy"), by=COMMAND_LINE)
        assert (kept.state, kept.postcode, kept.problem) == ("validated", "BS1 4XY", "")
        assert states(db, desk) == [True, True, False] and working_numbers(db, own) == [desk]

    @pytest.mark.parametrize(("wrong", "says"), [
        ({"postcode": "nonsense"}, "Write one such as"),
        ({"postcode": ""}, "An address in this country needs it."),
        ({"city": ""}, "An address in this country needs it."),
        ({"line1": "PO Box 12"}, "No telephone stands in a post-office box."),
        ({"line2": "P.O. Box 7"}, "No telephone stands in a post-office box."),
        ({"country": "FR"}, "The number is of United Kingdom: the address has to lie there."),
    ])
    def test_what_does_not_validate_is_not_kept_and_says_why_at_its_field(self, db, own, desk, wrong, says):
        """Red when every address that was entered counts: help would be sent to no place."""
        with pytest.raises(WrongAddress, match=says) as refused:
            enter(db, own, desk, replace(BRISTOL, **wrong), by=COMMAND_LINE)
        assert refused.value.field == next(iter(wrong))
        assert states(db, desk) == [False] * 3 and working_numbers(db, own) == []

    @pytest.mark.parametrize(("wrong", "at"), [
        *(({"line1": street}, "line1") for street in ("-", ".", "0", "???", "\U0001f3e0", "A1", "12345", "- 1 / 2 -")),
        *(({"city": town}, "city") for town in ("-", "12", "\U0001f3e0")),
    ])
    def test_signs_alone_are_no_street_and_no_town(self, wrong, at):
        """Red without `_refuse_without_words`: a dash was validated, and help sent to it."""
        with pytest.raises(WrongAddress, match="Help has to find it") as refused:
            check(replace(BRISTOL, **wrong), "GB")
        assert refused.value.field == at

    @pytest.mark.parametrize(("street", "town"), [
        ("中山路1号", "上海"), ("ул. Мира, 5", "Тверь"), ("شارع ١٢", "دبي"), ("Rd 1", "Y"), ("ถนน 5", "ตรัง"),
    ])
    def test_a_street_and_a_town_may_stand_in_any_script(self, street, town):
        place = replace(BRISTOL, line1=street, city=town)
        assert check(place, "GB") == place

    @pytest.mark.parametrize("wrong", [{"postcode": "nonsense"}, {"city": ""}, {"country": "FR"}])
    def test_a_wrong_address_leaves_the_one_that_counts_as_it_is(self, db, own, desk, wrong):
        """Red when a wrong postcode is kept as entered: it took a registered number out of service."""
        kept = enter(db, own, desk, BRISTOL, by=COMMAND_LINE)
        register(db, desk.id, entered_at=kept.entered_at.isoformat(), reference="R-1", by=COMMAND_LINE)
        with pytest.raises(WrongAddress):
            enter(db, own, desk, replace(BRISTOL, line1="2 Gorse Hill", **wrong), by=COMMAND_LINE)
        db.flush()
        assert (kept.state, kept.line1, kept.reference) == ("registered", "1 Gorse Hill", "R-1")
        assert working_numbers(db, own) == [desk]

    def test_registered_with_a_reference(self, db, own, desk):
        kept = enter(db, own, desk, BRISTOL, by=COMMAND_LINE)
        register(db, desk.id, entered_at=kept.entered_at.isoformat(), reference="R-1", by=COMMAND_LINE)
        assert (kept.state, kept.reference) == ("registered", "R-1") and states(db, desk) == [True] * 3
        assert working_numbers(db, own) == [desk]

    def test_refused_with_a_reason_it_stops_working(self, db, own, desk):
        kept = enter(db, own, desk, BRISTOL, by=COMMAND_LINE)
        refuse(db, desk.id, entered_at=kept.entered_at.isoformat(), reason="No such street", by=COMMAND_LINE)
        assert (kept.state, kept.problem) == ("entered", "No such street")
        assert states(db, desk) == [True, False, False] and working_numbers(db, own) == []

    def test_a_refused_address_is_not_accepted_by_saving_it_again(self, db, own, desk):
        """Red when only the rules decide: the customer would undo what the emergency services said."""
        kept = enter(db, own, desk, BRISTOL, by=COMMAND_LINE)
        refuse(db, desk.id, entered_at=kept.entered_at.isoformat(), reason="No such street", by=COMMAND_LINE)
        enter(db, own, desk, replace(BRISTOL, postcode="bs14xy"), by=COMMAND_LINE)
        assert (kept.state, kept.problem) == ("entered", "No such street") and working_numbers(db, own) == []
        enter(db, own, desk, replace(BRISTOL, line1="2 Gorse Hill"), by=COMMAND_LINE)
        assert (kept.state, kept.problem) == ("validated", "")

    def test_another_address_starts_again_and_the_same_one_does_not(self, db, own, desk, clock):
        kept = enter(db, own, desk, BRISTOL, by=COMMAND_LINE)
        register(db, desk.id, entered_at=kept.entered_at.isoformat(), reference="R-1", by=COMMAND_LINE)
        clock.advance(days=1)
        enter(db, own, desk, replace(BRISTOL, postcode="bs1 4xy"), by=COMMAND_LINE)
        assert kept.state == "registered"
        enter(db, own, desk, replace(BRISTOL, line1="2 Gorse Hill"), by=COMMAND_LINE)
        assert (kept.state, kept.reference) == ("validated", "") and states(db, desk) == [True, True, False]

    def test_the_address_that_was_looked_at_is_the_one_that_is_registered(self, db, own, desk, clock):
        """Red without `entered_at`: somebody would register an address that nobody of the operator read."""
        kept = enter(db, own, desk, BRISTOL, by=COMMAND_LINE)
        looked_at = kept.entered_at.isoformat()
        clock.advance(minutes=1)
        enter(db, own, desk, replace(BRISTOL, line1="2 Gorse Hill"), by=COMMAND_LINE)
        for act in (lambda: register(db, desk.id, entered_at=looked_at, reference="R", by=COMMAND_LINE),
                    lambda: refuse(db, desk.id, entered_at=looked_at, reason="x", by=COMMAND_LINE)):
            with pytest.raises(NotValidated):
                act()

    def test_only_an_assigned_number_has_one_and_it_goes_with_it(self, db, own, run, desk):
        enter(db, own, desk, BRISTOL, by=COMMAND_LINE)
        with pytest.raises(NotFound):
            enter(db, run, desk, BRISTOL, by=COMMAND_LINE)
        release(db, own, desk.id, agreed_minor=None, by=COMMAND_LINE)
        db.expire_all()
        assert db.scalars(select(EmergencyAddress)).all() == []
        with pytest.raises(NotFound):
            register(db, desk.id, entered_at="x", reference="R", by=COMMAND_LINE)

    def test_outside_hears_of_each_step(self, db, own, desk):
        kept = enter(db, own, desk, BRISTOL, by=COMMAND_LINE)
        register(db, desk.id, entered_at=kept.entered_at.isoformat(), reference="R-1", by=COMMAND_LINE)
        names = db.scalars(select(Event.name).where(Event.name.startswith("emergency")).order_by(Event.id)).all()
        assert names == ["emergency.entered", "emergency.validated", "emergency.registered"]


class TestWorks:
    def test_only_on_an_active_account(self, db, run, early):
        mine, (waiting,) = give(db, run, number(db))[0], give(db, early, number(db, 1))
        assert working_numbers(db, run) == [mine] and working_numbers(db, early) == [] and works(waiting, None)
        accounts.suspend(db, run, reason="x", by=COMMAND_LINE)
        assert working_numbers(db, run) == []

    def test_a_number_of_the_world_may_have_any_address(self, db, own):
        assert check(BRISTOL, "001") == BRISTOL

    def test_a_country_without_rules_needs_no_postcode(self, db, own):
        place = replace(BRISTOL, country="AE", postcode="", city="", region="Dubai")
        assert check(place, "AE").city == ""
        with pytest.raises(WrongAddress) as refused:
            check(replace(place, region="Nowhere"), "AE")
        assert refused.value.field == "region"
