"""Letters about numbers."""

from collections.abc import Sequence

from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.accounts.queries import is_staff, members_of
from portal.audit.commands import Actor
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.kit.settings import current
from portal.letters import commands as letters
from portal.numbers.e164 import international
from portal.numbers.models import Number, PortRequest
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, money


def tell_payers(db: TenantSession, account: Account, numbers: Sequence[Number], due_minor: int, *, by: Actor) -> None:
    """The white label chose numbers that the customer pays for: the customer's administrators hear of it at once."""
    if not account.is_run_by_customer or by.id is None or not is_staff(db, by.id):
        return
    tenant = white_label(db)
    for membership, user in members_of(db, account.id):
        if membership.role == Role.ADMINISTRATOR:
            letters.write(
                db,
                "numbers-added",
                to=letters.Recipient(user.email, user.display_name),
                about=account.id,
                organisation=account.name,
                numbers=[international(each.e164) for each in numbers],
                by=by.name,
                amount=money(due_minor, tenant) if due_minor > 0 else "",
                url=current().address(tenant.host, f"/account/{account.id}/numbers"),
            )


def tell_of_port(db: TenantSession, port: PortRequest, to: User, *, left_out: Sequence[str] = ()) -> None:
    """Where a request stands now, to whoever sent it, with what could not be done as it was wanted."""
    tenant = white_label(db)
    side = "customers" if is_staff(db, to.id) else "account"
    letters.write(
        db,
        "port-in",
        to=letters.Recipient(to.email, to.display_name),
        about=port.account_id,
        reference=port.reference,
        state=port.state,
        numbers=[international(each["e164"]) for each in port.numbers],
        losing_provider=port.losing_provider,
        day=day(port.agreed_day, tenant) if port.agreed_day else "",
        reason=port.answer,
        left_out=list(left_out),
        url=current().address(tenant.host, f"/{side}/{port.account_id}/numbers/port-ins/{port.id}"),
    )
