"""Bob's settings, and a gateway to connect."""

from tests.accounts.making import quick_hashes
from tests.signup.browsing import browse, gateway, sandbox

__all__ = ["browse", "gateway", "quick_hashes", "sandbox"]
