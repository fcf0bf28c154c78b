"""Who may name whom on an account (MISSION, Decided 2, 7 and 8), as pure answers about states and roles."""

from portal.accounts.lifecycle import Role, Side, State
from portal.accounts.models import Account
from portal.kit.world import stored_domain


def roles_to_give(side: Side, account: Account) -> tuple[Role, ...]:
    """The roles that an administrator of that side may give now; none means that people are only looked at.

    An Option 1 account belongs to its customer: before its activation the white label may prepare colleagues for it,
    but no second administrator, who could take over what only the customer activates; afterwards nobody.
    """
    if account.state == State.CLOSED:
        return ()
    if side is Side.ACCOUNT or not account.is_run_by_customer:
        return (Role.STANDARD, Role.FINANCE, Role.ADMINISTRATOR)
    return (Role.STANDARD, Role.FINANCE) if account.state == State.INACTIVE else ()


def why_read_only(side: Side, account: Account) -> str:
    """Why nobody can be added here now, in words for the page; empty when somebody can."""
    if roles_to_give(side, account):
        return ""
    if account.state == State.CLOSED:
        return "The account is closed."
    return "The customer's own administrators look after its people."


def may_be_main_contact(account: Account, role: Role) -> bool:
    """Letters ask the main contact of an Option 1 account to pay, which only its administrators can."""
    return role == Role.ADMINISTRATOR or not account.is_run_by_customer


def is_theirs_to_name(login_name: str, letters_to: str, own_domain: str) -> bool:
    """Whether an account's own administrator may make this login, whose letters go to that address.

    Login names are unique in the white label. With letters to herself somebody could take the name of a person whom
    she does not know, and would get what is meant for that person.
    """
    local, domain = _parts(login_name)
    return domain == stored_domain(own_domain) or (local, domain) == _parts(letters_to)


def _parts(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local.lower(), stored_domain(domain)
