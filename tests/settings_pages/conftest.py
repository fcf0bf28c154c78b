"""Bob's settings, and a gateway to connect."""

from tests.signup.browsing import browse, gateway, sandbox

__all__ = ["browse", "gateway", "sandbox"]
