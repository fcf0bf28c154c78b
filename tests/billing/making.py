"""Services for a test."""

from typing import Any

from portal.audit.commands import COMMAND_LINE
from portal.catalogue.commands import add_product
from portal.catalogue.models import Service
from portal.kit.db import TenantSession


def service(db: TenantSession, code: str = "seat", kind: str = "recurring", **more: Any) -> Service:
    """What is not said: 9.00 a month, 3.00 at wholesale, nothing for setting it up."""
    prices = {"retail": 900, "retail_setup": 0, "wholesale": 300, "wholesale_setup": 0}
    prices |= {key: more.pop(key) for key in list(more) if key in prices}
    made = Service(code=code, name=code.capitalize(), kind=kind, tax_ppm=200_000, **more,
                   **{f"opening_{key}_minor": value for key, value in prices.items()})
    add_product(db, made, by=COMMAND_LINE)
    return made
