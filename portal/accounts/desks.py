"""One account looked at from one side: by its white label's administrators, or by its own people."""

from dataclasses import dataclass
from uuid import UUID

from portal.accounts.guards import my_account_or_404, standing
from portal.accounts.lifecycle import Role, Side
from portal.accounts.models import Account
from portal.accounts.queries import customer_or_404
from portal.kit.db import reading
from portal.kit.refusals import NotAllowed


@dataclass(frozen=True)
class Desk:
    """`is_administrator` says whether the reader administers from that side: the white label, or the account."""

    side: Side
    account: Account
    is_administrator: bool

    @property
    def base(self) -> str:
        """The address below which the account's pages lie."""
        return f"/{self.side.value}/{self.account.id}"

    @property
    def adds_credit_at(self) -> str:
        """Where the reader adds credit to the account; empty for whoever does not."""
        is_theirs = self.side is Side.ACCOUNT and self.is_administrator and self.account.is_run_by_customer
        return f"{self.base}/credit" if is_theirs else ""


def desk_or_404(side: Side, account_id: UUID) -> Desk:
    """The account from one side. Raises NotAllowed for the other side's people, NotFound for a foreign account."""
    if side is Side.ACCOUNT:
        return Desk(side, my_account_or_404(account_id), standing().role_on(account_id) == Role.ADMINISTRATOR)
    if not standing().is_administrator:
        raise NotAllowed
    with reading() as db:
        return Desk(side, customer_or_404(db, account_id), is_administrator=True)
