"""Prices by day need nothing but the cast and the clock."""

from tests.accounts.making import quick_hashes

__all__ = ["quick_hashes"]
