"""Who may do what with the numbers of an account (decision 0017), as pure answers about sides, states and roles."""

from dataclasses import dataclass

from portal.accounts.desks import Desk
from portal.accounts.lifecycle import Side, State
from portal.accounts.models import Account
from portal.kit.refusals import NotAllowed, Ways
from portal.numbers.assigning import why_no_numbers


@dataclass(frozen=True)
class NumbersDesk:
    """One account's numbers, looked at from one side. Each `why_not_…` is empty when the act is the reader's now."""

    desk: Desk

    @property
    def side(self) -> Side:
        return self.desk.side

    @property
    def account(self) -> Account:
        return self.desk.account

    def at(self, account: Account) -> "NumbersDesk":
        """The same desk with the account's row as it is, once it is held."""
        return NumbersDesk(Desk(self.side, account, self.desk.is_administrator))

    @property
    def base(self) -> str:
        return f"{self.desk.base}/numbers"

    @property
    def ways(self) -> Ways:
        """Where whoever is refused goes on from here."""
        return (("Go to the numbers", self.base),)

    @property
    def is_white_label(self) -> bool:
        return self.side is Side.WHITE_LABEL

    @property
    def sees_retail(self) -> bool:
        return self.account.is_run_by_customer

    @property
    def sees_prices(self) -> bool:
        return self.sees_retail or self.is_white_label

    @property
    def why_not_assign(self) -> str:
        if why := self._why_not_theirs():
            return why
        return why_no_numbers(self.account)

    @property
    def why_not_release(self) -> str:
        if self.is_white_label and self.account.is_run_by_customer:
            return "The customer pays for the numbers, so the customer gives them up."
        if why := self._why_not_theirs():
            return why
        is_open = self.account.state in (State.ACTIVE, State.INACTIVE)
        return "" if is_open else f"Numbers are released while the account is active. It is {self.account.state}."

    @property
    def why_not_edit(self) -> str:
        """Whose a number is, and where help is sent: also the administrators' of an account that others pay."""
        if not self.desk.is_administrator:
            return "The administrators of the account look after its numbers."
        return "The account is closed." if self.account.state == State.CLOSED else ""

    @property
    def sees_requests(self) -> bool:
        """Whether the reader chooses the account's numbers, whatever its state."""
        return not self._why_not_theirs()

    def refuse_strangers(self) -> None:
        """Raises NotAllowed for whoever does not choose the numbers of this account, whatever its state."""
        if why := self._why_not_theirs():
            raise NotAllowed(why)

    def _why_not_theirs(self) -> str:
        if not self.desk.is_administrator:
            return "The administrators of the account choose its numbers."
        if not self.is_white_label and not self.account.is_run_by_customer:
            return "Your provider chooses the numbers of this account."
        return ""
