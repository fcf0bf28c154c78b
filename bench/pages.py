"""Measures of the charges page, in this process: CPU of a request through the test client."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch
from urllib.parse import urlencode

from bench.bare import bare_app
from bench.goals import BARE_PAGE, OTHER_PAGE, TOTALS, Result
from bench.houses import House
from bench.measuring import Arm, interleaved
from bench.rows import charge_number, customer_name
from portal.finance import pages
from portal.finance.queries import (
    PAGE,
    CustomerTotal,
    Filter,
    Totals,
    dearest_customers,
    totals,
    totals_by_customer,
)
from portal.kit import db as kit_db

OLDER = re.compile(r'href="(/finance/charges\?[^"]*before=[^"]*)"')
KEY = re.compile(r"before=\d{4}-\d\d-\d\d(?P<between>[^0-9a-f]+)[0-9a-f-]{36}")


def against_bare(house: House) -> list[Result]:
    app = bare_app(house.platform_url, house.white_label, house.month(house.shape.newest))
    client = app.test_client()
    _shown(client.get("/").text, PAGE)
    first = house.get(_address(house))
    _shown(first, PAGE)
    arms = [Arm("bare", lambda: client.get("/")), Arm("ours", lambda: house.get(_address(house)))]
    taken = interleaved(house.meter, arms, budget_s=15)
    app.extensions["engine"].dispose()
    note = f"{taken['ours'].ms} against {taken['bare'].ms} of CPU; {len(first) / 1024:.0f} KB of HTML"
    return [Result("first page : bare page", BARE_PAGE, taken["ours"].ratio, note)]


def other_pages(house: House) -> list[Result]:
    addresses = _addresses(house)
    shows: dict[str, int] = {}
    for name, address in addresses.items():
        shows[name] = _shown(house.get(address), 1)
    arms = [Arm("first", lambda: house.get(_address(house)))]
    arms += [Arm(name, lambda address=address: house.get(address)) for name, address in addresses.items()]  # type: ignore[misc]
    taken = interleaved(house.meter, arms, budget_s=25)
    notes = {name: f"{taken[name].ms} against {taken['first'].ms}; {shows[name]} rows" for name in addresses}
    return [Result(f"{name} : first page", OTHER_PAGE, taken[name].ratio, notes[name]) for name in addresses]


def totals_beside(house: House) -> list[Result]:
    """What the sums cost: the same page with and without asking for them. Both show the same figures.

    The sums by customer are among them: the chart and the customers to choose from are taken from one question.
    """
    with _switched_totals(house) as switch:
        arms = [Arm("without", lambda: switch.get(asks=False)), Arm("with", lambda: switch.get(asks=True))]
        taken = interleaved(house.meter, arms, budget_s=15)
    matching = house.count(house.shape.newest, house.shape.end)
    note = f"{taken['with'].ms} against {taken['without'].ms}; {matching:,} rows match"
    return [Result(f"page with totals : without, {house.shape.rows:,} rows", TOTALS, taken["with"].ratio, note)]


def totals_flat(house: House, small: House) -> list[Result]:
    arms = [
        Arm("small", lambda: small.enter().get(_address(small))),
        Arm("large", lambda: house.enter().get(_address(house))),
    ]

    def meter() -> float:
        return house.meter()

    taken = interleaved(meter, arms, budget_s=15)
    house.enter()
    name = f"page of {house.shape.rows:,} rows : of {small.shape.rows:,}"
    return [Result(name, TOTALS, taken["large"].ratio, f"{taken['large'].ms} against {taken['small'].ms}")]


def _address(house: House, **query: str) -> str:
    return "/finance/charges?" + urlencode({"month": f"{house.shape.newest:%Y-%m}", **query})


def _addresses(house: House) -> dict[str, str]:
    """Next, deep and filtered pages. The search words fit one customer's charges, or one charge of the month."""
    next_page = OLDER.search(house.get(_address(house)))
    if next_page is None:
        raise RuntimeError("the first page has no link to the next one")
    account = _account_id(house)
    number = charge_number(house.shape.months - 1, house.shape.in_month(house.shape.months - 1) // 2)
    return {
        "next page": html.unescape(next_page[1]),
        "deep page": _deep(house, html.unescape(next_page[1])),
        "oldest month": _address(house, month=f"{house.shape.first:%Y-%m}"),
        "one customer": _address(house, customer=account),
        "search, a name": _address(house, q=customer_name(7)),
        "search, a number": _address(house, q=number),
    }


def _deep(house: House, next_page: str) -> str:
    """The link to the next page with its key moved to the end of the month, whatever joins the key's two parts."""
    day, id = house.key_of_last_but(house.shape.newest, PAGE + 10)
    address, changed = KEY.subn(rf"before={day.isoformat()}\g<between>{id}", next_page)
    if not changed:
        raise RuntimeError(f"{next_page} holds no key of a day and an id")
    return address


def _account_id(house: House) -> str:
    with kit_db.reading(house.white_label) as db:
        found = {total.name: total.account_id for total in totals_by_customer(db, house.month(house.shape.newest))}
    return str(found[customer_name(7)])


def _shown(text: str, least: int) -> int:
    """How many charges the page shows. One that shows fewer than it should is no measure."""
    shown = text.count('<td class="nowrap">')
    if shown < least:
        raise RuntimeError(f"the page shows {shown} charges instead of {least}")
    return shown


class _Switch:
    """Lets the page ask for its totals, or gives it what was asked before."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.asks = True
        with kit_db.reading(house.white_label) as db:
            wanted = house.month(house.shape.newest)
            self.known = totals(db, wanted)
            self.known_dearest = dearest_customers(db, wanted)

    def get(self, *, asks: bool) -> str:
        self.asks = asks
        return self.house.get(_address(self.house))


@contextmanager
def _switched_totals(house: House) -> Iterator[_Switch]:
    switch = _Switch(house)

    def sums(db: kit_db.TenantSession, wanted: Filter) -> Totals:
        return totals(db, wanted) if switch.asks else switch.known

    def dearest(db: kit_db.TenantSession, wanted: Filter) -> list[CustomerTotal]:
        return dearest_customers(db, wanted) if switch.asks else switch.known_dearest

    with patch.object(pages, "totals", sums), patch.object(pages, "dearest_customers", dearest):
        yield switch
