"""Telephone numbers as ITU-T E.164 has them: read from any usual writing, told apart by kind, country and area, shown.

Pure. What a number is comes from the numbering plans in `phonenumbers`, so the same words give the same answer on every
machine with the same release of it.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from portal.kit.world import country_name
from portal.numbers.plans import listed

KINDS = {
    "geographic": "Geographic",
    "mobile": "Mobile",
    "toll_free": "Toll-free",
    "national": "National",
    "other": "Other",
}
WORLD = "001"
"""The country of numbers that belong to none, such as +800 (UN M.49: the world)."""

LONGEST = 40
MOST_SHOWN = 60
_KIND_OF = {
    PhoneNumberType.FIXED_LINE: "geographic",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "geographic",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.SHARED_COST: "national",
    PhoneNumberType.UAN: "national",
    PhoneNumberType.VOIP: "national",
}
# Address books put marks of direction around a number, web pages blanks without width. They are no part of it.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_USUAL = re.compile(r"(?:tel:)?[+\uff0b]?[\d\s()\[\]./\-\u2010-\u2015\u2212\uff0d]+", re.IGNORECASE)
# A minus is no dash between digits: -44 20 7946 0123 is a sum gone wrong, not a number.
_MINUS = re.compile(r"(?:tel:)?[+\uff0b\s(\[]*[\-\u2010-\u2015\u2212\uff0d]", re.IGNORECASE)
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)


class NotANumber(ValueError):
    """The message says what is wrong with the number, and is fit to be shown."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """`kind` is one of KINDS, `country` an ISO 3166-1 code or WORLD.

    A number that is not `is_listed` has a possible length, but its country's numbering plan has no such range: a slip
    of the pen, a range opened since, or one set aside for films. Its kind is `other`.
    """

    e164: str
    kind: str
    country: str
    is_listed: bool = True


def read_number(words: str, country: str | None = None) -> PhoneNumber:
    """A number in any usual writing: +44 20 7946 0123, 0044…, or as it is dialled within `country`.

    Raises NotANumber, with the reason.
    """
    plain = listed(words) if country is None or country in phonenumbers.SUPPORTED_REGIONS else None
    if plain is not None:
        return PhoneNumber(words, *plain)
    parsed = _parsed(_usual(words), country)
    if parsed.extension:
        raise NotANumber("It has an extension. Leave that out.")
    found = _classified(parsed)
    length = phonenumbers.is_possible_number_with_reason(parsed)
    # Plans list a few numbers of seven digits that are whole without an area code.
    if not found.is_listed and length != ValidationResult.IS_POSSIBLE:
        raise NotANumber(_why_impossible(length))
    return found


def may_be_mobile(number: PhoneNumber) -> bool:
    """Whether the plan leaves it open: in North America geographic numbers and mobile ones look alike."""
    open_kinds = PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE
    return phonenumbers.number_type(phonenumbers.parse(number.e164)) in open_kinds


def area_of(number: PhoneNumber) -> str:
    """The English name of a geographic number's town or region, or the digits of its area code; else nothing.

    The first call loads the world's towns, some 100 MB: for jobs and the command line, not for pages.
    """
    if number.kind != "geographic":
        return ""
    return _town(number.e164) or _area_code(number.e164)


def international(e164: str) -> str:
    """+44 20 7946 0123."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)


def national(e164: str) -> str:
    """As it is written within its country: 020 7946 0123."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.NATIONAL)


def searched_digits(words: str) -> str:
    """The digits of a number, or of a part of one, that somebody looks for; without what only dialling puts before."""
    digits = "".join(str(int(c)) for c in words if c.isdecimal())
    # Italy's zeros belong to the number; it is found by the digits after them all the same.
    return digits.lstrip("0")


def writings(e164: str) -> tuple[str, ...]:
    """A number as people write it, with its spaces and without: what it is found by among others."""
    at_home = national(e164)
    return e164, f"00{e164[1:]}", international(e164), at_home, "".join(c for c in at_home if c.isdecimal())


def shown(words: str) -> str:
    """What somebody wrote, cut short, without signs that no page and no database takes."""
    cut = words[:MOST_SHOWN]
    return cut if cut.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in cut)


def place_name(country: str) -> str:
    return "International" if country == WORLD else country_name(country)


def _usual(words: str) -> str:
    """Raises NotANumber for what is no writing of one number."""
    # A spreadsheet keeps a number from being rounded by an apostrophe before it.
    text = _UNSEEN.sub("", words[: LONGEST * 4]).strip().removeprefix("'").strip()
    if not text:
        raise NotANumber("There is no number.")
    if len(text) > LONGEST:
        raise NotANumber("It is too long for a number.")
    if _ROUNDED.fullmatch(text):
        raise NotANumber("A spreadsheet has rounded it. Format the column as text.")
    if not _USUAL.fullmatch(text):
        raise NotANumber("Write digits, with spaces, dashes and brackets at most.")
    if _MINUS.match(text):
        raise NotANumber("A number begins with + or a digit, not with a dash.")
    text = re.sub("^tel:", "", text, flags=re.IGNORECASE)
    return f"+{text[2:]}" if text.startswith("00") else text


def _parsed(text: str, country: str | None) -> phonenumbers.PhoneNumber:
    if country is not None and country not in phonenumbers.SUPPORTED_REGIONS:
        raise NotANumber(f"There is no country with the code {shown(country)}. Write two letters, such as GB.")
    if country is None and text[:1] not in ("+", "\uff0b"):
        raise NotANumber("Begin with + and the country's code, or say which country it is of.")
    try:
        return phonenumbers.parse(text, country)
    except NumberParseException as error:
        raise NotANumber(_why_unread(error)) from error


def _why_unread(error: NumberParseException) -> str:
    if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        return "No country has such a code."
    if error.error_type == NumberParseException.TOO_LONG:
        return _why_impossible(ValidationResult.TOO_LONG)
    return _why_impossible(ValidationResult.TOO_SHORT)


def _why_impossible(length: int) -> str:
    if length == ValidationResult.TOO_LONG:
        return "It has too many digits."
    if length == ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return "It has no area code."
    if length == ValidationResult.INVALID_LENGTH:
        return "No number there has so many digits."
    return "It has too few digits."


def _classified(parsed: phonenumbers.PhoneNumber) -> PhoneNumber:
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    country = phonenumbers.region_code_for_number(parsed)
    kind = phonenumbers.number_type(parsed) if country else PhoneNumberType.UNKNOWN
    if country is None or kind == PhoneNumberType.UNKNOWN:
        assert parsed.country_code is not None
        return PhoneNumber(e164, "other", phonenumbers.region_code_for_country_code(parsed.country_code), False)
    return PhoneNumber(e164, _KIND_OF.get(kind, "other"), country)


def _town(e164: str) -> str:
    return _town_of_prefix(e164[1 : _towns().GEOCODE_LONGEST_PREFIX + 1])


@lru_cache(maxsize=4096)
def _town_of_prefix(digits: str) -> str:
    """The name of the longest prefix that has one."""
    known = _towns().GEOCODE_DATA
    prefixes = (digits[:length] for length in range(len(digits), 1, -1))
    return next((str(known[prefix].get("en", "")) for prefix in prefixes if prefix in known), "")


@cache
def _towns() -> Any:
    return import_module("phonenumbers.geodata")


def _area_code(e164: str) -> str:
    parsed = phonenumbers.parse(e164)
    length = phonenumbers.length_of_geographical_area_code(parsed)
    return phonenumbers.national_significant_number(parsed)[:length]
