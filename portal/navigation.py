"""The side navigation, by what the signed-in person may do."""

from dataclasses import dataclass

from flask import g, request

from portal.accounts.guards import Standing, standing


@dataclass(frozen=True)
class Item:
    label: str
    href: str
    icon: str
    count: int | None = None

    @property
    def current(self) -> bool:
        return request.path == self.href or request.path.startswith(f"{self.href}/")


@dataclass(frozen=True)
class Group:
    title: str | None
    items: tuple[Item, ...]


def navigation() -> list[Group]:
    if g.white_label.is_operator:
        return [
            Group(
                None,
                (Item("White labels", "/operator/white-labels", "users"), Item("Health", "/operator/health", "check")),
            )
        ]
    return [group for group in _groups(standing()) if group.items]


def _groups(person: Standing) -> list[Group]:
    run = (Item("Customers", "/customers", "users"),) if person.is_administrator else ()
    money = (Item("Charges", "/finance/charges", "coins"),) if person.is_finance else ()
    settings = (
        (Item("Gateway", "/settings/gateway", "card"), Item("Letters", "/settings/letters", "mail"))
        if person.is_administrator
        else ()
    )
    own = tuple(Item(a.name, f"/account/{a.id}", "house") for a in person.live_accounts[:5]) if not run else ()
    return [Group(None, run), Group("Money", money), Group("Settings", settings), Group("Your account", own)]


def role_label() -> str:
    if g.white_label.is_operator:
        return "Operator"
    person = standing()
    if person.staff_role is not None:
        return person.staff_role.value.capitalize()
    return "Account administrator" if any(m.role == "administrator" for m, _ in person.memberships) else "User"
