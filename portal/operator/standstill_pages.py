"""What the operator reads before a white label's customers are suspended, while they are, and before that is lifted."""

from dataclasses import dataclass

from sqlalchemy import func, select

from portal.accounts.models import Account, Pause, Standstill
from portal.accounts.queries import white_label_account
from portal.accounts.standstill import standstill_of
from portal.billing.queries import available_minor
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import moment, money


@dataclass(frozen=True)
class StandstillPage:
    """`active`, `held` and `others` count customers: that work, that a standstill alone holds, and that are suspended
    otherwise. `stands` tells who decided it, when and why; none of it when nothing stands."""

    tenant: WhiteLabel
    rows: list[tuple[str, str]]
    is_beyond: bool
    active: str
    held: str
    others: str
    what_they_read: str
    stands: str
    reason: str
    done: int
    total: int
    goes_on: str
    """What is still being done, for the progress bar; empty when it is done."""

    @property
    def progress(self) -> str:
        return f"{self.done} of {self.total}"


def standstill_page(db: TenantSession) -> StandstillPage:
    tenant, last = white_label(db), _last(db)
    active, suspended, held = _counts(db, last)
    stands = last is not None and last.lifted_at is None
    is_reaching = last is not None and last.lifted_at is None and last.reached_all_at is None
    is_restoring = last is not None and last.lifted_at is not None and last.restored_at is None
    return StandstillPage(
        tenant=tenant,
        rows=_money_rows(db, tenant),
        is_beyond=available_minor(db) < 0,
        active=customers(active),
        held=customers(held),
        others=customers(suspended - held),
        what_they_read=f"This account is suspended. Write to {tenant.support_email}.",
        stands=f"{last.begun_by}, {moment(last.begun_at, tenant)}" if last is not None and stands else "",
        reason=last.reason if last is not None and stands else "",
        done=held if stands else active,
        total=held + active,
        goes_on="Suspending its customers" if is_reaching else "Making them active again" if is_restoring else "",
    )


def customers(count: int) -> str:
    return f"{count} customer" if count == 1 else f"{count} customers"


def _last(db: TenantSession) -> Standstill | None:
    """The one that stands, or else the last one."""
    newest = select(Standstill).order_by(Standstill.begun_at.desc(), Standstill.id.desc()).limit(1)
    return standstill_of(db) or db.scalar(newest)


def _counts(db: TenantSession, last: Standstill | None) -> tuple[int, int, int]:
    """Customers that are active, suspended, and of these those that the standstill holds."""
    by_state = select(Account.state, func.count(Account.id)).where(Account.kind == "customer").group_by(Account.state)
    counts = {state: count for state, count in db.execute(by_state)}  # noqa: C416 - a row is not typed as a pair
    held = 0
    if last is not None:
        theirs = select(Pause.account_id).where(Pause.standstill_id == last.id, Pause.until_day.is_(None))
        wanted = select(func.count(Account.id)).where(Account.id.in_(theirs), Account.state == "suspended")
        held = db.scalar(wanted) or 0
    return counts.get("active", 0), counts.get("suspended", 0), held


def _money_rows(db: TenantSession, tenant: WhiteLabel) -> list[tuple[str, str]]:
    account, available = white_label_account(db), available_minor(db)
    rows = [
        ("Balance", money(credit_minor(db, Book.WHOLESALE, account.id), tenant)),
        ("Credit limit", money(account.credit_limit_minor, tenant)),
    ]
    if available < 0:
        return [*rows, ("Beyond the limit by", money(-available, tenant))]
    return [*rows, ("Can still be charged", money(available, tenant))]
