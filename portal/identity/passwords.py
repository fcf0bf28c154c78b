"""Hashing and judging passwords (OWASP ASVS 5.0.0, 6.2 and 11.4.2)."""

import re
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

SHORTEST = 12
LONGEST = 256
STRONG_ENOUGH = 3
# Passwords that leaks are known for, most frequent first; carried by the library, so nobody is asked.
STOLEN = frozenset(FREQUENCY_LISTS["passwords"])

_hasher = PasswordHasher()
# Checked when there is no such user, so that an unknown name costs the same as a known one.
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Whether the password opens this hash. Without a hash the same work is done, and the answer is no."""
    if len(password) > LONGEST:
        password = ""
    try:
        return _hasher.verify(stored or _NOBODY, password) and bool(stored)
    except (Argon2Error, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    return _hasher.check_needs_rehash(stored)


def problem_with(password: str, *, names: Iterable[str] = ()) -> str | None:
    """Why this password will not do, in words for the person who chose it; None when it will."""
    if not SHORTEST <= len(password) <= LONGEST:
        return _length_problem(password)
    if password.casefold() in STOLEN:
        return "This password was stolen somewhere before and is on the lists that thieves try. Choose another."
    for name in _guessable(names):
        if name in password.casefold():
            return f"Leave out “{name}”: it is easy to guess."
    words = re.split(r"[^\w]+", password.casefold().strip())
    if len(words) > 1 and len(set(words)) == 1:
        return "This repeats one word. Try several unrelated words."
    if zxcvbn(password[:72])["score"] < STRONG_ENOUGH:
        return "This is easy to guess: it is common, or repeats a pattern. Try several unrelated words."
    return None


def _length_problem(password: str) -> str:
    if len(password) < SHORTEST:
        return f"Use {SHORTEST} characters or more. Several words are fine."
    return f"Use at most {LONGEST} characters."


def _guessable(names: Iterable[str]) -> list[str]:
    words: list[str] = []
    for name in names:
        if "@" in name:
            words.append(name.casefold())
        words += name.casefold().replace("@", " ").replace(".", " ").split()
    return [word for word in words if len(word) >= 4 and word not in _PLAIN]


_PLAIN = {"mail", "info", "office", "example", "localhost", "company", "limited", "telecom", "voice"}
