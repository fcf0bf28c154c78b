"""A number of every region on its whole way: imported, handed over, assigned, shown and exported."""

import csv
import io
import re
from html import unescape

from portal.accounts.commands import give_credit
from portal.accounts.queries import white_label_account
from portal.audit.commands import COMMAND_LINE
from portal.kit import jobs
from portal.kit.db import reading, transaction
from portal.kit.ids import new_id
from portal.numbers.assigning import MOST_RESERVED
from portal.numbers.e164 import international, national, read_number
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import Number
from portal.operator.number_pages import numbers_csv
from portal.operator.number_queries import Search
from tests.accounts.making import active, customer
from tests.cast import on_sqlite
from tests.numbers.conftest import tenant
from tests.numbers.making import give
from tests.numbers.test_search import every_region


def assigned(northwind):
    """All of Northwind's numbers go to one customer, as many at a time as are decided on at once; its id."""
    with transaction(northwind.id) as db:
        account = active(db, customer(db, northwind.plans["desk"]))
        credit = {"request_id": new_id(), "reason": "A number of every region", "by": COMMAND_LINE}
        give_credit(db, white_label_account(db), 200_000, **credit)
        free = db.query(Number).filter_by(state=NumberState.FREE).order_by(Number.e164).all()
        for first in range(0, len(free), MOST_RESERVED):
            give(db, account, *free[first : first + MOST_RESERVED])
        return account.id


@on_sqlite
def test_the_number_of_every_region_reaches_a_customer_and_is_shown_and_exported_unchanged(
    depot, northwind, browse, bob
):
    """Red when the page writes the digits after the country's code as a figure: the zeros of Italy are lost."""
    numbers = sorted({e164 for _, e164 in every_region()})  # some islands share their example
    assert len(numbers) > 200
    depot.hand(depot.block(*numbers), northwind)
    jobs.run_due()
    account_id = assigned(northwind)

    browser, shown, href = browse(bob), [], f"/customers/{account_id}/numbers"
    while href:
        page = browser.get(href).text
        shown += [unescape(words) for words in re.findall(r'<a class="nowrap"[^>]*>([^<]+)</a>', page)]
        further = re.search(r'href="([^"]+numbers\?before=[^"]+)"', page)
        href = unescape(further.group(1)) if further else ""
    assert sorted(shown) == sorted(map(international, numbers))
    assert sorted(read_number(words).e164 for words in shown) == numbers

    with reading(depot.id) as db:
        host = tenant(db, depot.cast.operator)
    lines = list(csv.DictReader(io.StringIO("".join(numbers_csv(host, Search())), newline="")))
    assert [line["number"] for line in lines] == numbers
    assert [line["national"].removeprefix("'") for line in lines] == list(map(national, numbers))
    assert {(line["holder"], line["state"]) for line in lines} == {(northwind.name, "assigned")}
    again = depot.checked("\n".join(["number,country", *(f"{line['national']},{line['country']}" for line in lines)]))
    assert (again.held, again.malformed) == (len(numbers), 0)
