"""Prices as people read them."""

from portal.billing.credits import Ties
from portal.billing.models import Charge
from portal.billing.pricing import Prices
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.words import money


def retail_price(prices: Prices, tenant: WhiteLabel) -> str:
    """`£10.00 a month and VAT`, `£12.00 a month with VAT`, `£120.00 a year`."""
    tax = f" {'with' if prices.includes_tax else 'and'} {tenant.tax_name}" if prices.retail_tax_ppm else ""
    return f"{money(prices.retail_minor, tenant)} a {span(prices.months)}{tax}"


def wholesale_price(prices: Prices, tenant: WhiteLabel) -> str:
    tax = f" and {tenant.tax_name}" if prices.wholesale_tax_ppm else ""
    return f"{money(prices.wholesale_minor, tenant)} a {span(prices.months)}{tax}"


def told_ties(ties: Ties) -> list[tuple[str, Charge]]:
    """What each charge is to the one that it hangs together with: `Replaced by`, with that charge."""
    named = (
        ("Gives back part of" if ties.is_part else "Gives back", ties.gives_back),
        *(("Given back in part by" if ties.is_part else "Given back by", each) for each in ties.given_back_by),
        ("Replaces", ties.replaces),
        ("Replaced by", ties.replaced_by),
    )
    return [(words, charge) for words, charge in named if charge is not None]


def span(months: int) -> str:
    return "year" if months == 12 else "month"
