"""Looking for a free number: by country, kind, area and digits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from phonenumbers import PhoneMetadata
from sqlalchemy import ColumnElement, or_, select

from portal.kit.db import TenantSession, holds
from portal.kit.paging import FIRST_PAGE, Order, Place, Window, window
from portal.numbers.assigning import is_free
from portal.numbers.charging import classes_on_sale
from portal.numbers.models import Number
from portal.whitelabels.queries import white_label

PAGE = 25
MOST_SIGNS = 20
_PATTERN = re.compile(r"\+?[\d*?]+")
_DIALLED_ABROAD = re.compile("00[1-9]")


class NotAPattern(ValueError):
    """The message is fit to be shown beside the field."""


@dataclass(frozen=True)
class Search:
    """What somebody looks for, as it stands in the address."""

    country: str = ""
    kind: str = ""
    area: str = ""
    digits: str = ""
    place: Place = field(default=FIRST_PAGE)

    @property
    def query(self) -> dict[str, str]:
        asked = {"country": self.country, "kind": self.kind, "area": self.area, "digits": self.digits}
        return {name: value for name, value in asked.items() if value}


def read_pattern(words: str, country: str = "", home: str = "") -> list[str]:
    """Digits with `?` for any digit and `*` for any number of them, as patterns of SQL; either may fit.

    Without a star the digits may stand anywhere; with one they are the whole number, with or without the country's
    code. What is typed as it is dialled within the country (0113 …) is found as well; with no country chosen,
    what begins with 0 counts as dialled at `home`, and 0044 … as +44 …. Raises NotAPattern.
    """
    text = re.sub(r"[\s()./\-\u00a0]", "", words)
    if not text:
        return []
    if not _PATTERN.fullmatch(text) or len(text) > MOST_SIGNS or not text.isascii():
        raise NotAPattern(f"Write digits, with ? for any digit and * for any digits; at most {MOST_SIGNS} signs.")
    if _DIALLED_ABROAD.match(text):
        return [_as_sql(text), _as_sql(f"+{text[2:]}")]
    country = country or (home if text.startswith("0") else "")
    rules = PhoneMetadata.metadata_for_region(country, None) if country else None
    if rules is None or text.startswith(("+", "*")):
        return [_as_sql(text)]
    prefix = rules.national_prefix
    rest = text[len(prefix) :] if prefix and text.startswith(prefix) else text
    is_start = "*" in text or rest != text
    return [_as_sql(text)] + ([_as_sql(f"+{rules.country_code}{rest}")] if is_start else [])


def _as_sql(text: str) -> str:
    is_whole = "*" in text or text.startswith("+")
    pattern = text.replace("*", "%").replace("?", "_")
    if not is_whole:
        return f"%{pattern}%"
    start = "" if text.startswith(("+", "*")) else "+"
    return start + pattern + ("" if "*" in text else "%")


def free_numbers(db: TenantSession, search: Search) -> Window[Number]:
    """A page of what the white label can assign: free, and of a price class that is on sale. Raises NotAPattern."""
    wanted = select(Number).where(*_offered(db))
    for column, value in ((Number.country, search.country), (Number.kind, search.kind)):
        if value:
            wanted = wanted.where(column == value)
    if search.area:
        wanted = wanted.where(holds(Number.area, search.area))
    patterns = read_pattern(search.digits, search.country, white_label(db).country) if search.digits else []
    if patterns:
        wanted = wanted.where(or_(*(Number.e164.like(pattern) for pattern in patterns)))
    return window(
        lambda statement: list(db.scalars(statement)),
        wanted,
        Order(Number.e164, Number.id, is_descending=False),
        search.place,
        size=PAGE,
        key_of=lambda number: (number.e164, number.id),
    )


def free_countries(db: TenantSession) -> list[str]:
    return sorted(db.scalars(select(Number.country).where(*_offered(db)).distinct()))


def free_areas(db: TenantSession, country: str, *, most: int = 200) -> Sequence[str]:
    """The areas of free numbers of a country, by name, to choose from."""
    wanted = select(Number.area).where(*_offered(db), Number.country == country, Number.area != "")
    return db.scalars(wanted.distinct().order_by(Number.area).limit(most)).all()


def _offered(db: TenantSession) -> list[ColumnElement[bool]]:
    return [is_free(), Number.price_class.in_(sorted(classes_on_sale(db)))]
