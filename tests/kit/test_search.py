"""Words are found in small letters or capitals of any script, and the two databases agree."""

import pytest
from sqlalchemy import func, literal, select

from portal.kit.db import holds, reading


def is_found(tenant, words, text):
    with reading(tenant.id) as db:
        return bool(db.connection().scalar(select(holds(literal(text), words))))


@pytest.mark.parametrize(("words", "text"), [
    ("MÜLLER", "Müller"), ("müller", "MÜLLER & SÖHNE"), ("ПРИВЕТ", "Привет мир"), ("привет", "ПРИВЕТ"),
    ("ΟΔΟΣ", "Οδοσήμανση"), ("istanbul", "İSTANBUL"), ("ÉCOLE", "l’école"), ("straẞe", "Hauptstraße"),
    ("kelvin", "\u212aelvin"), ("100%", "100% organic"), ("a_b", "A_B"), ("a/b", "A/B"), ("a\\b", "A\\B"),
])
def test_they_are_found_whatever_their_case(northwind, words, text):
    """Red on SQLite as it comes, which knows the small letters of ASCII alone."""
    assert is_found(northwind, words, text)


@pytest.mark.parametrize(("words", "text"), [
    ("muller", "Müller"), ("strasse", "straße"), ("%", "all of it"), ("_", "a"), ("a%c", "abc"), ("/", "a"),
    ("\\", "a"),
])
def test_other_words_are_not(northwind, words, text):
    assert not is_found(northwind, words, text)


def test_every_letter_has_the_same_small_one_on_both(northwind):
    """All of Latin, Greek, Cyrillic, Armenian and Georgian. PostgreSQL takes its letters one by one; so do we."""
    letters = "".join(chr(n) for n in (*range(0x20, 0x590), *range(0x10A0, 0x1100), *range(0x1E00, 0x2000)))
    with reading(northwind.id) as db:
        found = db.connection().scalar(select(func.lower(literal(letters))))
    assert found == "".join("i" if c == "İ" else c.lower() for c in letters)


def test_what_is_no_text_stays(northwind):
    with reading(northwind.id) as db:
        assert db.connection().scalar(select(func.lower(literal(None)))) is None
