"""What the clock does with numbers, and what takes two views at once: the stock and an account."""

from typing import Any
from uuid import UUID

from portal.accounts.queries import held_customer_or_404
from portal.audit.commands import Actor
from portal.kit import jobs
from portal.kit.db import PLATFORM, shared_transaction, transaction
from portal.kit.refusals import NotFound
from portal.numbers import arriving, porting
from portal.numbers.assigning import free_run_out
from portal.numbers.models import PortRequest


@jobs.every(300, "numbers.tidy")
def tidy(payload: dict[str, Any]) -> None:
    """Numbers whose ten minutes or thirty days are over are free already; their rows are made to say so."""
    with transaction(PLATFORM) as db:
        free_run_out(db)


def complete_port(white_label_id: UUID, port_id: UUID, *, by: Actor) -> str:
    """The numbers of a request come into the stock and to their account, in one transaction; says from when on they
    are charged. Raises NotFound, and what `arriving.complete` raises; then nothing was done."""
    with shared_transaction(white_label_id) as (everything, db):
        known = db.load(PortRequest, port_id)
        if known is None:
            raise NotFound
        account = held_customer_or_404(db, known.account_id)
        port = porting.port_or_404(db, account.id, port_id, held=True)
        return arriving.complete(everything, db, account, port, by=by)
