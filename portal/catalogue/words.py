"""Products and their prices as people read them."""

from portal.catalogue.commands import ChargedAlready, NothingToWithdraw
from portal.catalogue.models import Plan, Service
from portal.catalogue.prices import Amounts
from portal.kit.refusals import Refusal
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.words import money, number

KINDS = {"recurring": "Service, each month", "one_off": "Service, once", "usage": "Service, as used"}


def kind_of(product: Plan | Service) -> str:
    if isinstance(product, Service):
        return KINDS[product.kind]
    return "Plan, each year" if product.months == 12 else "Plan, each month"


def per(product: Plan | Service) -> str:
    """What the price is for: `a month`, `each a month`, `for 100 minutes`."""
    if isinstance(product, Plan):
        return "a year" if product.months == 12 else "a month"
    if product.kind == "usage":
        least = f", at least {product.minimum_units}" if product.minimum_units else ""
        return (
            f"for {product.per_units} {product.unit}" if product.per_units > 1 else f"for one {product.unit}"
        ) + least
    once = product.unit if product.unit == "each" else f"for one {product.unit}"
    return once if product.kind == "one_off" else f"{once} a month"


def price(amounts: Amounts, product: Plan | Service, tenant: WhiteLabel, currency: str = "") -> str:
    """`£58.00 a month and £25.00 set-up`."""
    setup = f" and {money(amounts.setup_minor, tenant, currency)} set-up" if amounts.setup_minor else ""
    return f"{money(amounts.minor, tenant, currency)} {per(product)}{setup}"


def so_many(service: Service, quantity: int, tenant: WhiteLabel) -> str:
    """`2`, or with the unit of what is used: `1,000 minutes`."""
    return f"{number(quantity, tenant)} {service.unit}" if service.kind == "usage" else number(quantity, tenant)


def holding(service: Service, quantity: int, tenant: WhiteLabel) -> str:
    """`Seat × 2`, `Calls: 1,000 minutes`."""
    joined = ":" if service.kind == "usage" else " ×"
    return f"{service.name}{joined} {so_many(service, quantity, tenant)}"


def still_there(refused: Refusal, on: str, what: str = "price") -> str:
    """Why a price or a rate from a day was not withdrawn, and what can be done."""
    if isinstance(refused, NothingToWithdraw):
        return f"No {what} from {on} was there to withdraw. Nothing was changed."
    why = "something was charged at it" if isinstance(refused, ChargedAlready) else "its day has begun"
    return f"The {what} from {on} stays: {why} already. A new {what} from a later day puts it right."
