"""What a white label's administrators change about tax."""

from sqlalchemy import or_, select

from portal.accounts.models import Account
from portal.audit.commands import Actor, record
from portal.kit.db import TenantSession
from portal.kit.refusals import Refusal
from portal.whitelabels.queries import white_label

MODES = ("exclusive", "inclusive")


class ModeStays(Refusal):
    """What a price means is not changed under anybody who was shown or charged it."""

    heading = "This can no longer be changed"
    text = (
        "Whether prices are with or without tax is chosen before the first customer is created. "
        "A customer that was cancelled before it became active does not count."
    )


def change_tax_mode(db: TenantSession, mode: str, *, by: Actor) -> None:
    """Prices as they stand mean another amount from now on. Raises ModeStays when there is anybody to mind."""
    tenant = white_label(db)
    if mode == tenant.retail_tax_mode:
        return
    if not may_change_mode(db):
        raise ModeStays
    before, tenant.retail_tax_mode = tenant.retail_tax_mode, mode
    record(db, "tax-mode.changed", by=by, before=before, after=mode)


def may_change_mode(db: TenantSession) -> bool:
    """No customer was ever active, and none waits to be: an old period, charged late, keeps its meaning."""
    counts = or_(Account.activated_at.is_not(None), Account.state != "closed")
    return db.scalar(select(Account.id).where(Account.kind == "customer", counts).limit(1)) is None


def change_tax_number(db: TenantSession, number: str, *, by: Actor) -> None:
    tenant = white_label(db)
    before, tenant.tax_number = tenant.tax_number, number or None
    if before != tenant.tax_number:
        record(db, "tax-number.changed", by=by, before=before or "", after=number)
