"""The side navigation, by what the signed-in person may do."""

from dataclasses import dataclass

from flask import g, request

from portal.accounts.guards import Standing, standing
from portal.accounts.models import Account


@dataclass(frozen=True)
class Item:
    label: str
    href: str
    icon: str
    count: int | None = None
    is_alone: bool = False  # pages below it are somebody else's
    is_under: bool = False  # a part of the item before it
    of_white_labels: str = ""  # a part of a white label's pages that belongs here, such as `port-ins`

    @property
    def current(self) -> bool:
        path = request.path
        if path.startswith("/operator/white-labels/") and (part := _part_of_white_label(path)):
            return part == self.of_white_labels
        return path == self.href or (path.startswith(f"{self.href}/") and not self.is_alone)


@dataclass(frozen=True)
class Group:
    title: str | None
    items: tuple[Item, ...]


ELSEWHERE = ("port-ins", "emergency", "runs")


def _part_of_white_label(path: str) -> str:
    """Which desk of the operator's a white label's page belongs to; empty for those under White labels themselves."""
    return next((part for part in path.split("/") if part in ELSEWHERE), "")


def navigation() -> list[Group]:
    if g.white_label.is_operator:
        return [
            Group(
                None,
                (
                    Item("White labels", "/operator/white-labels", "users"),
                    Item("Default prices", "/operator/prices", "coins"),
                    Item("Numbers", "/operator/numbers", "phone"),
                    Item("Port-ins", "/operator/port-ins", "phone", of_white_labels="port-ins"),
                    Item("Emergency addresses", "/operator/emergency", "house", of_white_labels="emergency"),
                    Item("Billing runs", "/operator/runs", "clock", of_white_labels="runs"),
                    Item("Staff", "/operator/staff", "key"),
                    Item("Health", "/operator/health", "check"),
                ),
            )
        ]
    return [group for group in _groups(standing()) if group.items]


def _groups(person: Standing) -> list[Group]:
    run = (Item("Customers", "/customers", "users"),) if person.is_administrator else ()
    charges, statements = (
        Item("Charges", "/finance/charges", "coins"),
        Item("Statements", "/finance/statements", "page"),
    )
    money = (charges, statements) if person.is_finance else ()
    settings = (
        (
            Item("Gateway", "/settings/gateway", "card"),
            Item("Prices", "/settings/prices", "coins"),
            Item("Tax", "/settings/tax", "page"),
            Item("Letters", "/settings/letters", "mail"),
            Item("Unpaid accounts", "/settings/arrears", "clock"),
            Item("Provisioning", "/settings/provisioning", "key"),
            Item("Sign-in", "/settings/sign-in", "users"),
        )
        if person.is_administrator
        else ()
    )
    own = _own(person) if not run else ()
    return [Group(None, run), Group("Money", money), Group("Settings", settings), Group("Your account", own)]


def _own(person: Standing) -> tuple[Item, ...]:
    """A person's accounts, with the parts of the one that is open; of an only one always."""
    accounts, found = person.readable_accounts[:5], []
    for each in accounts:
        own = Item(each.name, f"/account/{each.id}", "house", is_alone=True)
        found.append(own)
        if len(accounts) == 1 or own.current or request.path.startswith(f"{own.href}/"):
            found += _parts(person, each, own.href, is_under=len(accounts) > 1)
    return tuple(found)


def _parts(person: Standing, account: Account, base: str, *, is_under: bool) -> list[Item]:
    if account not in person.live_accounts:
        return []
    parts = [("Services", "services", "coins"), ("Numbers", "numbers", "phone"), ("Phone settings", "pbx", "gear")]
    if person.runs(account):
        parts.append(("People", "users", "users"))
    return [Item(label, f"{base}/{path}", icon, is_under=is_under) for label, path, icon in parts]


def role_label() -> str:
    if g.white_label.is_operator:
        return "Operator"
    person = standing()
    if person.staff_role is not None:
        return person.staff_role.value.capitalize()
    if not person.memberships:
        return "No account"
    return "Account administrator" if any(m.role == "administrator" for m, _ in person.memberships) else "User"


def are_our_customers_suspended() -> bool:
    """Whether the reader is staff of a white label whose customers the operator has suspended."""
    return g.white_label.customers_are_suspended and standing().staff_role is not None
