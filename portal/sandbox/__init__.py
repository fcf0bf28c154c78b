"""A local server that speaks Stripe's wire format. It stands apart: it knows nothing of the portal."""

from portal.sandbox.server import Running, running

__all__ = ["Running", "running"]
