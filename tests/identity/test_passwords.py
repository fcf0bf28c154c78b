"""Passwords: hashed with argon2id, judged for how they would be guessed, and long ones welcome."""

import pytest

from portal.identity import passwords
from portal.identity.passwords import LONGEST, SHORTEST, STOLEN, hash_password, is_right, needs_rehash, problem_with
from tests.cast import PASSWORD, password_hash
from tests.conftest import THOROUGH


@pytest.fixture(autouse=True)
def thorough(monkeypatch):
    """The product's own hasher, which other tests go without."""
    monkeypatch.setattr(passwords, "_hasher", THOROUGH)


def test_they_are_hashed_with_argon2id():
    fresh = hash_password("wet lantern over seven hills")
    assert fresh.startswith("$argon2id$") and not needs_rehash(fresh)
    assert PASSWORD not in password_hash()


def test_an_older_hash_is_to_be_made_again():
    assert needs_rehash("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$9h8NQ7aOZlM")


def test_the_right_one_opens_and_others_do_not():
    assert is_right(PASSWORD, password_hash())
    for wrong in ("", PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], "x" * 10_000, "\x00"):
        assert not is_right(wrong, password_hash())


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$broken", "!"])
def test_without_a_hash_nothing_opens(stored):
    """An empty or damaged column is no open door."""
    for tried in ("", PASSWORD, "nobody has this password"):
        assert not is_right(tried, stored)


def test_an_unknown_person_costs_the_same_work(monkeypatch):
    """Counted, not timed: one verification whether there is such a person or not. Red when None returns at once."""
    class Counting:
        calls = 0

        def verify(self, stored, password):
            self.calls += 1
            return True

    counting, known = Counting(), password_hash()
    monkeypatch.setattr(passwords, "_hasher", counting)
    for stored in (None, known, ""):
        is_right(PASSWORD, stored)
    is_right("x" * 10_000, known)
    assert counting.calls == 4
    assert not is_right(PASSWORD, None)


@pytest.mark.parametrize("good", [
    PASSWORD, "correct horse battery staple but longer", "pâté für süße Zürcher Öfen", "鳥が七つの丘を越えて飛ぶ夜明け",
    " spaces at both ends are kept ", "x7#Qm!v2$Lp9", "🦊🌙 fox under a paper moon",
])
def test_good_ones_are_taken(good):
    assert problem_with(good) is None


def test_sixty_four_characters_with_spaces_and_unicode_work():
    """OWASP ASVS 6.2.9: at least 64 characters; every one of them counts."""
    long = ("wörter über flüsse und hügel hinweg " * 2)[:64]
    assert len(long) == 64 and problem_with(long) is None
    stored = hash_password(long)
    assert is_right(long, stored) and not is_right(long[:-1] + "#", stored)


@pytest.mark.parametrize("bad", [
    "", "short", "a" * (SHORTEST - 1), "a" * 12, "password1234", "qwertyuiop12", "123456789012", "letmeinletmein",
    "aaaaaaaaaaaaaaaaaaaa", "passwordpassword", "x" * (LONGEST + 1), "x" * 5000,
])
def test_bad_ones_are_refused_in_words(bad):
    assert problem_with(bad)


@pytest.mark.parametrize(("bad", "names"), [
    ("northwind is the best", ["Northwind Telecom"]), ("I am Archer of the hills", ["Alice Archer"]),
    ("seven hills alice@acme.example", ["alice@acme.example"]), ("NORTHWIND seven lanterns", ["Northwind Telecom"]),
])
def test_names_of_the_house_and_the_person_are_refused(bad, names):
    """OWASP ASVS 6.2.11: words that a guesser knows from the letter itself."""
    assert "Leave out" in problem_with(bad, names=names)


def test_short_and_plain_names_do_not_shut_everything_out():
    assert problem_with(PASSWORD, names=["Al", "info@company.example", ""]) is None


def test_a_password_that_leaks_are_known_for_is_refused_as_such():
    """ASVS 6.2.12, offline. Red without the list: these are long, and some of them look strong."""
    known = [password for password in STOLEN if len(password) >= SHORTEST]
    assert len(STOLEN) > 20_000 and len(known) > 100
    for password in [*known[:50], known[0].upper()]:
        assert "stolen" in (problem_with(password) or ""), password


def test_the_login_name_itself_is_no_password():
    """Red when only its parts are looked at: short ones are left out of that."""
    assert "jo@tea.example" in (problem_with("jo@tea.example", names=("Northwind", "jo@tea.example", "Jo")) or "")
