"""What one line of text may hold, whoever wrote it: a form, a setting, a file."""

import unicodedata

# Signs that turn the direction of what stands beside them: a name with one of them reads as another (Unicode TR 36).
# Letters that run from right to left need none of them, nor do the marks U+200E and U+200F.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def breaks_line(text: str) -> bool:
    """Whether it has line ends, control characters or halves of a sign."""
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)


def turns(text: str) -> bool:
    """Whether it has signs that turn the direction."""
    return not TURNING.isdisjoint(text)
