"""Letters about numbers."""

from collections.abc import Sequence

from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.accounts.queries import (
    customer_or_404,
    is_administrator_of_all,
    is_staff,
    members_of,
    white_label_staff,
)
from portal.audit.commands import Actor
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.kit.settings import current
from portal.letters import commands as letters
from portal.numbers.arrival_cost import arrival_cost
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


def tell_of_port(
    db: TenantSession, port: PortRequest, sender: User | None, *, left_out: Sequence[str] = (), charged: str = ""
) -> None:
    """Where a request stands now, what could not be done as it was wanted, and from when the numbers are charged."""
    account = customer_or_404(db, port.account_id)
    for reader in _readers_of_port(db, account, sender):
        _write_of_port(db, port, reader, list(left_out), charged)


def _readers_of_port(db: TenantSession, account: Account, sender: User | None) -> Sequence[User]:
    """Whoever sent it, while it is still theirs to read; else those who choose the account's numbers now."""
    if sender is not None and is_administrator_of_all(db, sender.id):
        return [sender]
    if not account.is_run_by_customer:
        return white_label_staff(db, Role.ADMINISTRATOR)
    present = [user for membership, user in members_of(db, account.id) if membership.role == Role.ADMINISTRATOR]
    of_them = [user for user in present if sender is not None and user.id == sender.id]
    return of_them or present or white_label_staff(db, Role.ADMINISTRATOR)


def _write_of_port(db: TenantSession, port: PortRequest, to: User, left_out: list[str], charged: str) -> None:
    tenant, account = white_label(db), customer_or_404(db, port.account_id)
    side = "customers" if is_administrator_of_all(db, to.id) else "account"
    cost = arrival_cost(db, account, port)
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
        left_out=left_out,
        charged=charged,
        due=money(cost.due_minor, tenant) if cost is not None else "",
        missing=money(cost.missing_minor, tenant) if cost is not None and cost.missing_minor else "",
        is_customers=account.is_run_by_customer,
        url=current().address(tenant.host, f"/{side}/{port.account_id}/numbers/port-ins/{port.id}"),
    )
