"""Asking the gateway before Option 1 is offered, and again before it creates anything."""

from portal.accounts.lifecycle import Administration
from portal.payments.connection import GatewayNotReady, require_ready


def gateway_problems() -> str | None:
    """Why Option 1 cannot be offered now, or None when the gateway was found ready within the last minute."""
    try:
        require_ready()
    except GatewayNotReady as refused:
        return refused.text
    return None


def refuse_when_not_ready(administration: Administration) -> None:
    """Raises GatewayNotReady for Option 1 without a ready gateway; Option 2 needs none."""
    if administration is Administration.CUSTOMER:
        require_ready()
