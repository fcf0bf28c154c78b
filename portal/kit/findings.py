"""What a check of the books comes to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What one check counted, and every difference it found, in words that name the row."""

    what: str
    checked: int
    differences: list[str]
