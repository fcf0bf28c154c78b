"""Passwords are hashed quickly here."""

from tests.accounts.making import quick_hashes

__all__ = ["quick_hashes"]
