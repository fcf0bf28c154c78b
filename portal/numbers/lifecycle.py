"""The states of a telephone number, and of a port-in request, as data."""

from enum import StrEnum


class NumberState(StrEnum):
    """A number of a white label. A reservation or a quarantine that has run out counts as free at once."""

    FREE = "free"
    RESERVED = "reserved"
    ASSIGNED = "assigned"
    QUARANTINED = "quarantined"


class PortState(StrEnum):
    """A request to move numbers here from another provider."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


PORT_MOVES = {
    PortState.SUBMITTED: {PortState.ACCEPTED, PortState.REJECTED, PortState.CANCELLED},
    PortState.ACCEPTED: {PortState.SCHEDULED, PortState.REJECTED, PortState.CANCELLED},
    PortState.SCHEDULED: {PortState.SCHEDULED, PortState.COMPLETED, PortState.REJECTED, PortState.CANCELLED},
    PortState.COMPLETED: set(),
    PortState.REJECTED: {PortState.SUBMITTED, PortState.CANCELLED},
    PortState.CANCELLED: set(),
}


class EmergencyState(StrEnum):
    """How far the emergency address of a number is. It works from `validated` on, or when none is needed."""

    MISSING = "missing"
    ENTERED = "entered"
    VALIDATED = "validated"
    REGISTERED = "registered"
