"""What a form must know of the world: domains, logins, phone numbers, countries. Each reader raises ValueError."""

import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

import idna
import phonenumbers
import stdnum.eu.vat
import stdnum.gb.vat
from babel import Locale, UnknownLocaleError
from babel.localedata import exists
from babel.numbers import get_territory_currencies
from stdnum.exceptions import ValidationError as NotATaxNumber
from tldextract import TLDExtract

from portal.kit.web import HOST

LOGIN = re.compile(r"[^\s@,;<>\"\\]{1,64}@[^\s@,;<>\"\\]{1,190}")


@cache
def _suffixes() -> TLDExtract:
    # The list the package carries: nothing is fetched while somebody waits for a page.
    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def read_domain(words: str) -> str:
    """A registered domain in its ASCII form (IDNA 2008), also out of a pasted address such as
    `https://www.acme.example/contact`. Raises ValueError with words for the field."""
    text = _host_in(words.strip().lower())
    if "@" in text:
        raise ValueError("Write the domain alone, without the part before the @.")
    try:
        ascii_form = idna.encode(text, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError("Write a domain such as acme.example.") from error
    # Signs that IDNA leaves out altogether, such as a soft hyphen, may leave a part with nothing in it.
    parts = ascii_form.split(".")
    if len(parts) < 2 or not all(parts) or len(ascii_form) > 253 or "".join(parts).isdigit():
        raise ValueError("Write a domain such as acme.example.")
    if _is_shared(ascii_form):
        raise ValueError(f"“{text}” is an ending that many share. Write the customer's own domain.")
    return _without_www(ascii_form)


def _host_in(address: str) -> str:
    """The host of an address (RFC 3986): without scheme, path, question and port; a domain alone stays as it is."""
    bare = re.sub(r"^(?:[a-z][a-z0-9+.-]*:)?//", "", address)
    return re.sub(r":[0-9]*$", "", re.split(r"[/?#\\]", bare)[0]).rstrip(".")


def _without_www(domain: str) -> str:
    """`www` is the name of a host, unless nothing but an ending would be left."""
    rest = domain
    while rest.startswith("www."):
        rest = rest.removeprefix("www.")
    return domain if "." not in rest or _is_shared(rest) else rest


def _is_shared(domain: str) -> bool:
    """Whether it is an ending of the public suffix list, and nobody's own."""
    found = _suffixes()(domain)
    return bool(found.suffix) and not found.domain


def show_domain(ascii_form: str) -> str:
    """A stored domain as people write it."""
    try:
        return idna.decode(ascii_form)
    except idna.IDNAError:
        return ascii_form


def stored_domain(words: str) -> str:
    """How words that people see in a domain stand in its stored form; words that cannot be part of one stay."""
    try:
        return idna.encode(words, uts46=True).decode()
    except idna.IDNAError:
        return words


def read_login(words: str) -> str:
    """A login name: an e-mail address or a UPN, case-folded."""
    text = words.strip().casefold()
    if not LOGIN.fullmatch(text) or any(unicodedata.category(c) == "Cf" for c in text):
        raise ValueError("Write one e-mail address, such as name@company.example.")
    return text


def read_host(words: str) -> str:
    """The name of a host in lower case, without scheme, port or path."""
    text = words.strip().casefold()
    if len(text) > 253 or not HOST.match(text) or text.replace(".", "").isdigit():
        raise ValueError("Write a host name alone, such as portal.acme.example.")
    return text


def read_currency(words: str) -> str:
    """An ISO 4217 code."""
    code = words.strip().upper()
    if code not in _in_use():
        raise ValueError("Write an ISO 4217 code, such as GBP.")
    return code


@cache
def _in_use() -> frozenset[str]:
    """Currencies that some country pays with today: no metals, no funds, none of the past."""
    names = [code for code, _ in countries("en")]
    return frozenset(code for name in names for code in get_territory_currencies(name))


def read_country(words: str) -> str:
    """An ISO 3166-1 code of two letters."""
    code = words.strip().upper()
    if code not in dict(countries("en")):
        raise ValueError("Write an ISO 3166 code, such as GB.")
    return code


def read_time_zone(words: str) -> str:
    if words not in available_timezones():
        raise ValueError("Write an IANA time zone, such as Europe/London.")
    return words


def read_locale(words: str) -> str:
    try:
        if not Locale.parse(words).language or words == "root":
            raise ValueError
    except (ValueError, TypeError, UnknownLocaleError) as error:
        raise ValueError("Write a locale, such as en_GB.") from error
    return words


@cache
def english_of(locale: str) -> str:
    """The English that is written where a locale is spoken, such as `en_NZ`; `en` where CLDR has none of its own.

    All our sentences are English: days, months and countries within them have to be, too.
    """
    spoken = Locale.parse(locale)
    if spoken.language == "en":
        return str(spoken)
    there = f"en_{spoken.territory}"
    return there if exists(there) else "en"


def read_phone(words: str, country: str) -> str:
    """A phone number in international form, from any usual writing in that country (ITU-T E.164)."""
    try:
        number = phonenumbers.parse(words, country)
    except phonenumbers.NumberParseException as error:
        raise ValueError("Write a phone number, such as 0117 496 0192.") from error
    # A number that only its own town can dial is too short for a letter.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError("This phone number is too short or too long.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def read_tax_number(words: str, country: str) -> str:
    """A tax number: within the European Union and the United Kingdom its VAT number in full, checked for its form
    (length, letters, check digits); elsewhere the words as they are. Whether it is in use is not asked of anybody.

    Raises ValueError.
    """
    text = words.strip()
    if not text:
        return ""
    try:
        if country in _GB_VAT:
            # XI is a trader in Northern Ireland, with the same figures.
            return ("XI" if text.upper().startswith("XI") else "GB") + stdnum.gb.vat.validate(text)
        if country.lower() in stdnum.eu.vat.MEMBER_STATES:
            return _eu_vat(text, country)
    except NotATaxNumber as error:
        raise ValueError(f"This is no VAT number of {country_name(country)}: look at its figures again.") from error
    return text


def _eu_vat(text: str, country: str) -> str:
    """With the letters of its country, which people often leave out. Greece writes EL."""
    compact = "".join(c for c in text.upper() if c.isalnum())
    prefix = "EL" if country == "GR" else country
    with_prefix = compact if compact.startswith(prefix) else prefix + compact
    return stdnum.eu.vat.validate(with_prefix)


@cache
def countries(locale: str) -> tuple[tuple[str, str], ...]:
    """ISO 3166-1 codes with their names, by name."""
    names = Locale.parse(locale).territories
    found = [
        (code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NO_STATES
    ]
    return tuple(sorted(found, key=lambda pair: pair[1]))


def country_name(code: str) -> str:
    """The English name of an ISO 3166-1 country, or the code itself when it is unknown."""
    return dict(countries("en")).get(code, code)


_NO_STATES = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}
_GB_VAT = {"GB", "IM"}  # the Isle of Man registers in the United Kingdom
