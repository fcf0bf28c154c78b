"""`portal white-label tax`: the tax on a white label's wholesale, for the command line."""

from collections.abc import Iterator
from datetime import date

from portal.audit.commands import COMMAND_LINE
from portal.catalogue.commands import set_tax_rate, withdraw_tax_rate
from portal.catalogue.forms import FARTHEST, TOO_FAR
from portal.catalogue.prices import WHOLESALE
from portal.catalogue.tax_pages import wholesale_lines
from portal.kit.db import reading, transaction
from portal.kit.money import percent, read_percent
from portal.kit.refusals import NotFound, Refusal
from portal.operator.credit import tenant_at
from portal.whitelabels.words import day


def shown(host: str) -> Iterator[str]:
    """Every rate on a line of its own, the latest first. Raises UnknownHost."""
    tenant = tenant_at(host)
    with reading(tenant.id) as db:
        rates = wholesale_lines(db)
    for each in rates:
        since = f"from {each.since}" if each.by else "from the opening"
        ends, by = f" until {each.until}" if each.until else "", f" ({each.by})" if each.by else ""
        yield f"{each.rate} {tenant.tax_name} {since}{ends}{by}{', holds today' if each.is_now else ''}"


def put(host: str, rate: str, begins: date) -> str:
    """Set a rate, in per cent as typed. Raises UnknownHost, and a Refusal of what the page would refuse."""
    tenant, rate_ppm = tenant_at(host), _read_rate(rate)
    if begins > FARTHEST:
        raise Refusal(TOO_FAR)
    with transaction(tenant.id) as db:
        set_tax_rate(db, WHOLESALE, begins, rate_ppm, by=COMMAND_LINE)
    return f"{tenant.name} pays {percent(rate_ppm)} {tenant.tax_name} on wholesale from {day(begins, tenant)}."


def take_back(host: str, begins: date) -> str:
    """As above, for a rate whose day has not come."""
    tenant = tenant_at(host)
    try:
        with transaction(tenant.id) as db:
            withdraw_tax_rate(db, WHOLESALE, begins, by=COMMAND_LINE)
    except NotFound as error:
        raise Refusal(f"No rate of {tenant.name} begins on {day(begins, tenant)}.") from error
    return f"The rate of {tenant.name} from {day(begins, tenant)} is withdrawn."


def _read_rate(words: str) -> int:
    try:
        return read_percent(words)
    except ValueError as error:
        raise Refusal(str(error)) from error
