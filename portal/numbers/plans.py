"""The numbering plans of `phonenumbers`, compiled: what a number written as plain E.164 is, in some microseconds.

The library's own way takes twenty times as long, which counts for files of 100,000 numbers. It is asked wherever its
reading could change the digits; `tests/numbers/test_e164.py` holds the two against each other.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, REGION_CODE_FOR_NON_GEO_ENTITY, PhoneMetadata

# In the order in which the library tells kinds apart: a number is of the first that fits.
_KINDS = (
    ("premium_rate", "other"),
    ("toll_free", "toll_free"),
    ("shared_cost", "national"),
    ("voip", "national"),
    ("personal_number", "other"),
    ("pager", "other"),
    ("uan", "national"),
    ("voicemail", "other"),
    ("fixed_line", "geographic"),
    ("mobile", "mobile"),
)
_PLAIN = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True)
class _Range:
    """Numbers of one shape. No lengths: any that the shape allows."""

    kind: str
    shape: re.Pattern[str]
    lengths: frozenset[int]

    def has(self, national: str) -> bool:
        return (not self.lengths or len(national) in self.lengths) and self.shape.fullmatch(national) is not None


@dataclass(frozen=True)
class _Plan:
    """The ranges of one country. `begins` is how its numbers begin where several countries share a calling code."""

    country: str
    begins: re.Pattern[str] | None
    whole: _Range
    ranges: tuple[_Range, ...]
    dialled_first: re.Pattern[str] | None

    def kind_of(self, national: str) -> str | None:
        if not self.whole.has(national):
            return None
        return next((each.kind for each in self.ranges if each.has(national)), None)


def listed(e164: str) -> tuple[str, str] | None:
    """The kind and the country of a number that stands in a plan exactly as it is written; else None."""
    if not _PLAIN.fullmatch(e164):
        return None
    for width in (1, 2, 3):
        if int(e164[1 : width + 1]) in COUNTRY_CODE_TO_REGION_CODE:
            return _of_plans(_plans(int(e164[1 : width + 1])), e164[width + 1 :])
    return None


def _of_plans(plans: tuple[_Plan, ...], national: str) -> tuple[str, str] | None:
    main = plans[0].dialled_first
    if main is not None and main.match(national):
        return None  # a digit that is dialled within the country may have to go
    for plan in plans:
        begins_so = plan.begins is not None and plan.begins.match(national) is not None
        kind = plan.kind_of(national) if plan.begins is None or begins_so else None
        if kind is not None:
            return kind, plan.country
        if begins_so:
            return None
    return None


@cache
def _plans(calling_code: int) -> tuple[_Plan, ...]:
    found = [(country, _metadata(country, calling_code)) for country in COUNTRY_CODE_TO_REGION_CODE[calling_code]]
    return tuple(_plan(country, metadata) for country, metadata in found if metadata is not None)


def _metadata(country: str, calling_code: int) -> Any:
    if country == REGION_CODE_FOR_NON_GEO_ENTITY:
        return PhoneMetadata.metadata_for_nongeo_region(calling_code)
    return PhoneMetadata.metadata_for_region(country)


def _plan(country: str, metadata: Any) -> _Plan:
    ranges = [_range(kind, getattr(metadata, name)) for name, kind in _KINDS]
    whole = _range("", metadata.general_desc)
    assert whole is not None, country
    return _Plan(
        country,
        re.compile(metadata.leading_digits) if metadata.leading_digits else None,
        whole,
        tuple(each for each in ranges if each is not None),
        re.compile(metadata.national_prefix_for_parsing) if metadata.national_prefix_for_parsing else None,
    )


def _range(kind: str, described: Any) -> _Range | None:
    if described is None or not described.national_number_pattern:
        return None
    lengths = frozenset(described.possible_length) - {-1}
    return _Range(kind, re.compile(described.national_number_pattern), lengths)
