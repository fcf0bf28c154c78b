"""The states of an account, as data."""

from enum import StrEnum


class State(StrEnum):
    INACTIVE = "inactive"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


MOVES = {
    State.INACTIVE: {State.ACTIVE, State.CLOSED},
    State.ACTIVE: {State.SUSPENDED, State.CLOSED},
    State.SUSPENDED: {State.ACTIVE, State.CLOSED},
    State.CLOSED: set(),
}


class Administration(StrEnum):
    """Who runs and pays for a customer account: Option 1 or Option 2."""

    CUSTOMER = "customer"
    WHITE_LABEL = "white_label"

    @property
    def contact_words(self) -> str:
        """What pages call the person whom the wizard asks for."""
        return {"customer": "Contact", "white_label": "Authorised contact"}[self.value]


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    FINANCE = "finance"
    STANDARD = "standard"

    @property
    def words(self) -> str:
        return {"administrator": "Administrator", "finance": "Finance", "standard": "Standard user"}[self.value]


class Side(StrEnum):
    """From where somebody looks at an account: as its white label, or as one of its own administrators."""

    WHITE_LABEL = "customers"
    ACCOUNT = "account"


def may_move(old: State, new: State) -> bool:
    return new in MOVES[old]
