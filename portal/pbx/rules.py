"""Who may change the phone settings of an account, from where, and when (decision 0018)."""

from dataclasses import dataclass
from uuid import UUID

from portal.accounts.desks import Desk
from portal.accounts.lifecycle import Side, State
from portal.accounts.models import Account
from portal.pbx.configuration import Configuration, Extension

ADMINISTRATORS = "The administrators of the account look after its phone settings."


@dataclass(frozen=True)
class Office:
    """The settings of one account as one person looks at them. Whoever does not administer sees their own telephone."""

    desk: Desk
    user_id: UUID

    @property
    def account(self) -> Account:
        return self.desk.account

    @property
    def base(self) -> str:
        return f"{self.desk.base}/pbx"

    @property
    def is_administrator(self) -> bool:
        return self.desk.is_administrator

    @property
    def keeps_limits(self) -> bool:
        return keeps_limits(self.desk.side, self.account)

    @property
    def read_only(self) -> str:
        """Why nothing can be changed here now, in words; empty when something can."""
        return why_read_only(self.desk.side, self.account)

    def owns(self, extension: Extension) -> bool:
        return extension.user_id == self.user_id

    def own(self, settings: Configuration) -> list[Extension]:
        return [each for each in settings.extensions if self.owns(each)]


def keeps_limits(side: Side, account: Account) -> bool:
    """Whether the cap and the barring are the payer's alone, who sits on the other side (decision 0018)."""
    return side is Side.ACCOUNT and not account.is_run_by_customer


def why_not_edit(desk: Desk) -> str:
    """Why the settings of the whole account are not the reader's to change now, in words; empty when they are."""
    return why_read_only(desk.side, desk.account) if desk.is_administrator else ADMINISTRATORS


def why_read_only(side: Side, account: Account) -> str:
    """An Option 2 account is set up by its white label before it is active; any other change needs an active one."""
    is_set_up_here = side is Side.WHITE_LABEL and not account.is_run_by_customer
    match account.state:
        case State.ACTIVE:
            return ""
        case State.INACTIVE:
            return "" if is_set_up_here else "Phone settings are made when the account is active."
        case State.SUSPENDED:
            return "While the account is suspended its phone settings stay as they are."
        case _:
            return "The account is closed. Its phone settings stay as they were."
