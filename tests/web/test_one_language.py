"""A white label of another language reads English throughout: no sentence has a day of that language in it, and pages
say that they are English. Amounts are written as people there write them."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from portal.kit.db import transaction
from portal.whitelabels import words
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from tests.cast import on_sqlite
from tests.signup.browsing import browse

__all__ = ["browse"]

AT = datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
LOCALES = ("ja_JP", "de_DE", "ar_AE", "fr_CA", "pl", "zh_Hant_TW", "en_GB")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_word_about_a_day_is_english(locale, clock):
    """Red with the tenant's own locale in any of them."""
    tenant = WhiteLabel(locale=locale, time_zone="Asia/Tokyo", currency="EUR")
    first, last = date(2026, 3, 5), date(2027, 5, 1)
    assert words.day(first, tenant) == "5 March 2026" and words.short_day(first, tenant) == "5 Mar 2026"
    assert words.span(first, last, tenant) == "5 Mar 2026 to 1 May 2027" and words.month(first, tenant) == "March 2026"
    assert words.since(AT, tenant) == "on 5 March" and words.moment(AT, tenant) == "5 March, 10:30"
    assert words.moments(AT, AT + timedelta(minutes=4), tenant) == "5 March, 10:30 to 10:34"
    assert words.since(clock() - timedelta(days=2), tenant) == "on Saturday"


def test_amounts_are_those_of_the_place():
    assert words.money(123_456, WhiteLabel(locale="de_DE", currency="EUR")) == "1.234,56\u00a0€"


@on_sqlite
@pytest.mark.parametrize(("locale", "english"), [("ja_JP", "en"), ("de_DE", "en-DE"), ("en_NZ", "en-NZ")])
def test_pages_say_that_they_are_english(app, browse, northwind, bob, locale, english):
    """Red with the locale in `lang`: a page would be read aloud in the wrong language. Countries have English names."""
    with transaction(northwind.id) as db:
        white_label(db).locale = locale
    page = browse(bob).get("/customers?state=active").text
    assert re.search(r'<html lang="([\w-]+)"', page)[1] == english
