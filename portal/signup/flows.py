"""Asking the gateway before Option 1 is offered, and again before it creates anything."""

from uuid import UUID

from portal.accounts.lifecycle import Administration
from portal.payments.connection import GatewayNotReady, require_ready
from portal.signup.models import Draft


class DraftWaits(GatewayNotReady):
    """The gateway stopped being ready between the first step and the last."""

    moved = "The draft is kept as it is. Nothing was created or sent, and no money moved."

    def __init__(self, why: str, draft_id: UUID) -> None:
        super().__init__(why)
        self.ways = (*GatewayNotReady.ways, ("Back to the draft", f"/customers/new/{draft_id}/review"))


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


def problems_of(draft: Draft) -> str | None:
    """Why the gateway stands in the way of this draft, if it does."""
    return gateway_problems() if draft.administration == Administration.CUSTOMER else None


def refuse_unready(draft: Draft) -> None:
    """Raises DraftWaits; a draft that is a customer by now needs nothing more."""
    problems = problems_of(draft) if draft.account_id is None else None
    if problems:
        raise DraftWaits(problems, draft.id)
