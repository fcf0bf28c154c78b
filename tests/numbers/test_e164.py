"""Telephone numbers are read from any usual writing, and shown again as the same number."""

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings as effort, strategies as st

from portal.kit.slices import is_found
from portal.numbers.e164 import (
    _KIND_OF,
    KINDS,
    WORLD,
    NotANumber,
    area_of,
    international,
    national,
    place_name,
    read_number,
    searched_digits,
    writings,
)
from portal.numbers.plans import listed

KIND_CODES = range(11)


def examples() -> list[str]:
    """An example of each kind of number in each region, as `phonenumbers` has them, and of those of no country."""
    found = [phonenumbers.example_number_for_type(r, k) for r in phonenumbers.SUPPORTED_REGIONS for k in KIND_CODES]
    found += [
        phonenumbers.example_number_for_non_geo_entity(code)
        for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
    ]
    return sorted({phonenumbers.format_number(n, phonenumbers.PhoneNumberFormat.E164) for n in found if n is not None})


@pytest.mark.parametrize(
    "words, country",
    [
        ("+442079460123", None), ("+44 20 7946 0123", None), ("+44 (0)20 7946 0123", None),
        ("0044 20 7946 0123", None), ("'+442079460123", None), ("tel:+44-20-7946-0123", None),
        ("\u202a+44 20 7946 0123\u202c", None), ("020 7946 0123", "GB"), ("(020) 7946-0123", "GB"),
        ("020\u00a07946\u20110123", "GB"), ("442079460123", "GB"), ("０２０７９４６０１２３", "GB"),
        ("٠٢٠٧٩٤٦٠١٢٣", "GB"), ("+44 20 7946 0123", "NZ"),
    ],
)
def test_any_usual_writing_is_the_same_number(words, country):
    found = read_number(words, country)
    assert (found.e164, found.kind, found.country, found.is_listed) == ("+442079460123", "geographic", "GB", True)


@pytest.mark.parametrize(
    "words, country, why",
    [
        ("", None, "There is no number"), ("   ", "GB", "There is no number"),
        ("020 7946 0123", None, "Begin with +"), ("7946 0123", "GB", "no area code"),
        ("+44 20 7946 01234 5678", None, "too many"), ("12", "GB", "too few"), ("+999 123456", None, "No country"),
        ("4.4207946E+11", "GB", "spreadsheet"), ("1-800-FLOWERS", "US", "Write digits"),
        ("+44 20 7946 0123 ext. 4", None, "Write digits"), ("+442079460123;ext=4", None, "Write digits"),
        ("020 7946 0123\x00", "GB", "Write digits"), ("=1+1", "GB", "Write digits"), ("1" * 1000, "GB", "too long"),
        ("020 7946 0123 / 020 7946 0124", "GB", "too many"), ("020 7946 0123", "XX", "no country with the code XX"),
        ("-441134960110", "GB", "not with a dash"), ("\u2212441134960110", None, "not with a dash"),
        ("'-441134960110", "GB", "not with a dash"), ("( -44) 113 496 0110", "GB", "not with a dash"),
        ("tel:-441134960110", "GB", "not with a dash"), ("+-441134960110", None, "not with a dash"),
        ("++442079460123", None, "Write digits"), ("+", None, "Write digits"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(words, country, why):
    with pytest.raises(NotANumber, match=why.replace("+", r"\+")):
        read_number(words, country)


@pytest.mark.parametrize("sign", ["\x00", "\u2028", "\x0c", "\x1c", "\u202e"])
def test_a_refusal_repeats_no_sign_that_cannot_be_shown_and_nothing_long(sign):
    with pytest.raises(NotANumber) as refused:
        read_number("020 7946 0123", f"G{sign}B" * 100)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 150


def test_a_number_that_its_countrys_plan_does_not_list_says_so():
    """The range that the United Kingdom keeps for films."""
    found = read_number("07700 900123", "GB")
    assert (found.e164, found.kind, found.country, found.is_listed) == ("+447700900123", "other", "GB", False)


def test_every_example_of_every_region_is_read_from_each_way_of_showing_it():
    all_of_them = examples()
    assert len(all_of_them) > 1000
    for e164 in all_of_them:
        found = read_number(e164)
        assert (found.e164, found.is_listed, found.kind in KINDS) == (e164, True, True)
        assert read_number(international(e164)).e164 == e164
        assert read_number("00" + e164[1:]).e164 == e164
        if found.country != WORLD:
            assert read_number(national(e164), found.country).e164 == e164


def told_by_the_library(e164: str) -> tuple[str, str | None, int]:
    parsed = phonenumbers.parse(e164)
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return written, phonenumbers.region_code_for_number(parsed), phonenumbers.number_type(parsed)


def test_the_compiled_plans_say_what_the_library_says():
    """Each example, and each with its last digits changed or its first ones doubled. Red with two kinds swapped."""
    told = 0
    for e164 in examples():
        for near in (e164, e164[:-1] + "7", e164[:-3] + "000", e164 + "1", e164[:-1], e164[:4] + e164[3:]):
            plain = listed(near)
            if plain is None:
                continue
            told += 1
            written, country, kind = told_by_the_library(near)
            assert (written, country) == (near, plain[1])
            assert _KIND_OF.get(kind, "other") == plain[0]
    assert told > 2000


@effort(suppress_health_check=[HealthCheck.too_slow])  # a machine in use draws slowly, and no less truly
@given(st.from_regex(r"\+(1|44|39|49|54|52|55|64|7|61|358|590|800|870|979)[0-9]{6,11}", fullmatch=True))
def test_the_compiled_plans_say_what_the_library_says_of_any_digits(e164):
    plain = listed(e164)
    if plain is not None:
        written, country, kind = told_by_the_library(e164)
        assert (written, country, _KIND_OF.get(kind, "other")) == (e164, plain[1], plain[0])


def test_kinds_are_told_apart():
    kinds = {w: read_number(w).kind for w in ("+441134960000", "+642102345678", "+448081570000", "+443451234567")}
    assert list(kinds.values()) == ["geographic", "mobile", "toll_free", "national"]
    assert read_number("+80012345678").country == WORLD
    assert (place_name(WORLD), place_name("NZ")) == ("International", "New Zealand")


def test_the_area_is_the_towns_name_or_the_area_code():
    areas = {w: area_of(read_number(w)) for w in ("+442079460123", "+33123456789", "+6561234567", "+447400123456")}
    assert list(areas.values()) == ["London", "1", "", ""]


def test_part_of_a_number_is_looked_for_by_its_digits():
    assert [searched_digits(w) for w in ("020 7946", "+44 20", "(0113) 496", "London", "٠٢٠")] == [
        "207946", "4420", "113496", "", "20",
    ]


@given(st.text(max_size=60), st.sampled_from([None, "GB", "US", "IT", "AR", "SG", "XX"]))
def test_whatever_stands_there_is_read_or_refused(words, country):
    try:
        found = read_number(words, country)
    except NotANumber as refused:
        assert str(refused).endswith(".")
    else:
        assert read_number(found.e164) == found


@given(st.from_regex(r"\+[1-9][0-9]{4,15}", fullmatch=True))
def test_what_was_read_is_read_the_same_again(words):
    try:
        found = read_number(words)
    except NotANumber:
        return
    assert read_number(found.e164) == found
    assert read_number(international(found.e164)) == found


@pytest.mark.parametrize("words", ["0044 113 496", "00441134960000", "+44 113", "0113 496", "01134960000"])
def test_a_number_is_found_however_it_is_dialled(words):
    """Red without 0044 …: the operator's list found it so, the account's own did not."""
    assert is_found(words, *writings("+441134960000"))
