"""Settings in words: a week in spans, a call on its way, and a change without what only sounds different."""

from portal.pbx.configuration import EMPTY, Barring, Forwarding, Interval, Place
from portal.pbx.words import Names, barred, changes, way, week
from tests.pbx.making import office, target


def test_days_with_the_same_times_are_one_span():
    times = tuple(Interval(day=day, begins="09:00", ends="17:00") for day in (1, 2, 3, 5, 6))
    noon = Interval(day=7, begins="10:00", ends="12:00")
    assert week((*times, noon)) == (
        "Monday to Wednesday 09:00 to 17:00; Friday and Saturday 09:00 to 17:00; Sunday 10:00 to 12:00")
    assert week(()) == "Never"


def test_where_a_call_goes_is_named_as_people_know_it():
    assert way(target("voicemail:101"), office()) == "voicemail of 101 (Reception)"
    assert way(target("hours:h1"), office()) == "schedule “Office hours”"
    assert way(target("external:+442079460123"), office()) == "+44 20 7946 0123"
    assert way(target("group:601"), office()) == "ring group 601", "what is not there has no name"
    assert barred(Barring(premium=True, mobile=True)) == "premium rate, mobiles"


def test_a_renamed_extension_is_one_change_and_not_one_for_each_that_leads_to_it():
    """Its own busy calls go to its voicemail. Red with the words of before and after compared as they are."""
    first = office().extensions[0].model_copy(update={"forwarding": Forwarding(busy=target("voicemail:101"))})
    before = office().put(Place("extensions", "101"), first)
    part = before.extensions[0].model_copy(update={"name": "Front desk"})
    after = before.put(Place("extensions", "101"), part)
    assert changes(before, after, Names()) == [
        ("Extension 101 (Front desk)", [("Name", "Reception", "Front desk")])]


def test_all_of_what_came_and_went_is_told():
    [(title, rows)] = changes(EMPTY, EMPTY.put(Place("extensions", "101"), office().extensions[0]), Names())
    assert title == "Extension 101 (Reception)" and ("Voicemail", "–", "On") in rows
