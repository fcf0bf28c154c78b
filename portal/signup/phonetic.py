"""Passwords that can be read out on the phone: three pronounceable words and two figures, about 56 bits."""

import secrets
from collections.abc import Callable

CONSONANTS = "bdfghjklmnprstvz"
VOWELS = "aeiou"
SPOKEN = {
    "a": "alpha",
    "b": "bravo",
    "c": "charlie",
    "d": "delta",
    "e": "echo",
    "f": "foxtrot",
    "g": "golf",
    "h": "hotel",
    "i": "india",
    "j": "juliett",
    "k": "kilo",
    "l": "lima",
    "m": "mike",
    "n": "november",
    "o": "oscar",
    "p": "papa",
    "q": "quebec",
    "r": "romeo",
    "s": "sierra",
    "t": "tango",
    "u": "uniform",
    "v": "victor",
    "w": "whiskey",
    "x": "x-ray",
    "y": "yankee",
    "z": "zulu",
    "-": "dash",
    "0": "zero",
    "1": "one",
    "2": "two",
    "3": "three",
    "4": "four",
    "5": "five",
    "6": "six",
    "7": "seven",
    "8": "eight",
    "9": "nine",
}


def generate(suits: Callable[[str], bool] = lambda password: True) -> str:
    """Such as `Tavor-48-Rimel-Jukes`, from the system's random source; drawn again until it suits."""
    while True:
        password = "-".join([_word(), f"{secrets.randbelow(90) + 10}", _word(), _word()])
        if suits(password):
            return password


def aloud(password: str) -> list[tuple[str, str]]:
    """Each character with the word to say for it; nothing for a password that has characters without one."""
    if not all(c.lower() in SPOKEN for c in password):
        return []
    return [(c, f"Capital {SPOKEN[c.lower()].capitalize()}" if c.isupper() else SPOKEN[c]) for c in password]


def _word() -> str:
    letters = (CONSONANTS, VOWELS, CONSONANTS, VOWELS, CONSONANTS)
    return "".join(secrets.choice(kind) for kind in letters).capitalize()
