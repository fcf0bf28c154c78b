"""Looking for a free number: what fits, what is offered, and page after page."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat

from portal.audit.commands import COMMAND_LINE
from portal.kit.clock import now
from portal.kit.paging import Place
from portal.numbers import searching
from portal.numbers.assigning import release, reserve
from portal.numbers.e164 import read_number
from portal.numbers.searching import NotAPattern, Search, free_areas, free_countries, free_numbers, read_pattern
from tests.cast import on_sqlite
from tests.numbers.making import give, number, price_class


def found(db, **asked):
    return [each.e164 for each in free_numbers(db, Search(**asked)).rows]


@pytest.mark.parametrize(("words", "country", "patterns"), [
    ("", "GB", []),
    ("0049", "", ["%0049%", "+49%"]),
    ("00 49*7", "GB", ["+0049%7", "+49%7"]),
    ("00?", "", ["%00_%"]),
    ("1?4", "", ["%1_4%"]),
    ("*00", "GB", ["%00"]),
    ("+44 113*", "", ["+44113%"]),
    ("+44113", "", ["+44113%"]),
    ("0113", "GB", ["%0113%", "+44113%"]),
    ("113*00", "GB", ["+113%00", "+44113%00"]),
    ("0113", "", ["%0113%"]),
    ("06", "IT", ["%06%"]),
    ("(0113) 496-0000", "GB", ["%01134960000%", "+441134960000%"]),
])
def test_what_is_typed_as_a_pattern(words, country, patterns):
    assert read_pattern(words, country) == patterns


@pytest.mark.parametrize("words", ["x", "12%", "1_2", "'", "1" * 21, "+", "1+2", "١٢", "\u202e12", "1\x002"])
def test_what_is_no_pattern(words):
    with pytest.raises(NotAPattern):
        read_pattern(words)


def test_by_country_kind_area_and_digits(db, geo):
    leeds, bath = number(db, 1), number(db, 22, area="Bath")
    lyon = number(db, e164="+33478000000", country="FR", area="Lyon")
    free_phone = number(db, e164="+448081570000", kind="toll_free", area="")
    assert free_countries(db) == ["FR", "GB"] and list(free_areas(db, "GB")) == ["Bath", "Leeds"]
    assert found(db, country="FR") == [lyon.e164] and found(db, kind="toll_free") == [free_phone.e164]
    assert found(db, area="bat") == [bath.e164] and found(db, area="%") == []
    assert found(db, digits="*22") == [bath.e164] and found(db, digits="49600?1") == [leeds.e164]
    assert found(db, digits="0113", country="GB") == [leeds.e164, bath.e164]
    assert found(db, digits="0044 113 496") == [leeds.e164, bath.e164]


@on_sqlite
def test_with_no_country_chosen_a_leading_0_is_dialled_at_home(db, geo):
    """Red when the white label's own country does not count: the number was found by +44 alone."""
    leeds = number(db, 1)
    number(db, e164="+33113496000", country="FR")
    assert found(db, digits="0113 496 0001") == found(db, digits="+44 113 496 0001") == [leeds.e164]
    assert read_pattern("0113", home="GB") == ["%0113%", "+44113%"]
    assert read_pattern("0113", "FR", home="GB") == ["%0113%", "+33113%"]
    assert read_pattern("113", home="GB") == ["%113%"] and read_pattern("1212", home="US") == ["%1212%"]


def test_only_what_can_be_had_is_offered(db, own, geo, clock):
    """Red when an expired reservation waits for the tidying job, or a class without a price is shown."""
    first, second, third = (number(db, n) for n in range(3))
    number(db, 3, price_class="unknown")
    price_class(db, "geo-old").retired_at = now()
    number(db, 4, price_class="geo-old")
    give(db, own, second)
    clock.advance(days=1)
    reserve(db, own, [first.id], by=COMMAND_LINE)
    assert found(db) == [third.e164]
    release(db, own, second.id, agreed_minor=None, by=COMMAND_LINE)
    clock.advance(minutes=10)
    assert found(db) == [first.e164, third.e164]
    clock.advance(days=30)
    assert found(db) == [first.e164, second.e164, third.e164]


def test_page_after_page_forwards_and_back(db, geo, monkeypatch):
    monkeypatch.setattr(searching, "PAGE", 3)
    numbers = [number(db, n).e164 for n in range(8)]
    seen, place = [], Place()
    while True:
        page = free_numbers(db, Search(place=place))
        seen += [each.e164 for each in page.rows]
        if page.older is None:
            break
        place = Place(before=page.older)
    assert seen == numbers
    back = free_numbers(db, Search(place=Place(after=page.newer)))
    assert [each.e164 for each in back.rows] == numbers[3:6]


def every_region():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number(region)
        if example is not None:
            yield region, phonenumbers.format_number(example, PhoneNumberFormat.E164)


@on_sqlite
def test_the_number_of_every_region_is_found_by_its_digits(db, geo):
    """`test_every_region` follows them from a file to a customer."""
    for n, (region, e164) in enumerate(every_region()):
        if not found(db, digits=e164):  # some islands share their example
            read = read_number(e164, region)
            number(db, n, e164=read.e164, kind=read.kind, country=read.country, area="")
        assert found(db, digits=e164) == [e164], region
