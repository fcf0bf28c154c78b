"""The PDF of a customer's statement against typst alone, which sets the same lines as one plain table."""

import json
from typing import Any

import typst

from bench.goals import DOCUMENT, Result
from bench.houses import House
from bench.measuring import Arm, interleaved
from portal.billing.charging import write_charges
from portal.billing.period import nth_period
from portal.billing.pricing import Prices, recurring_line
from portal.kit import clock
from portal.kit.db import reading, transaction
from portal.statements.commands import issue
from portal.statements.document import statement_document, statement_pdf
from portal.statements.models import Statement
from portal.statements.pdf import STANDARD
from portal.statements.statement import Month
from tests.accounts.making import OPTION_1, active, customer
from tests.cast import MORNING, Clock

SERVICES = 20
BUDGET_S = 10.0
PLAIN = b"""
#let rows = json(bytes(sys.inputs.rows))
#set page(paper: "a4")
#table(columns: rows.first().len(), ..rows.flatten())
"""


def against_bare(house: House) -> list[Result]:
    statement = _statement(house)
    with reading(house.white_label) as db:
        rows = _rows(statement_document(db, statement))
    arms = [Arm("bare", lambda: _plain(rows)), Arm("ours", lambda: _ours(house, statement))]
    taken = interleaved(house.meter, arms, budget_s=BUDGET_S)
    note = f"{taken['ours'].ms} against {taken['bare'].ms}, {statement.lines} lines"
    return [Result("PDF of a statement : bare typst", DOCUMENT, taken["ours"].ratio, note)]


def _ours(house: House, statement: Statement) -> bytes:
    with reading(house.white_label) as db:
        return statement_pdf(db, statement)


def _plain(rows: list[list[str]]) -> bytes:
    return typst.compile(PLAIN, sys_inputs={"rows": json.dumps(rows)}, format="pdf", pdf_standards=STANDARD)


def _rows(document: dict[str, Any]) -> list[list[str]]:
    return [["\n".join(cell) for cell in row["cells"]] for row in document["rows"]]


def _statement(house: House) -> Statement:
    """Of a customer with a plan and some services, for the month in which it came."""
    standing = Clock(MORNING)
    with clock.reading(standing), transaction(house.white_label) as db:
        account = active(db, customer(db, house.cast.northwind.plans["desk"], OPTION_1), 100_000)
        assert account.cycle_anchor is not None
        period = nth_period(account.cycle_anchor, 0)
        prices = Prices("Desk Phone", "GBP", 1000, 0, 400, 0, 0, 200_000, 200_000)
        lines = [recurring_line(prices, f"line-{n}", n + 1, period) for n in range(SERVICES)]
        write_charges(db, [(account, line) for line in lines])
        standing.advance(days=40)
        made = issue(db, account, Month(MORNING.date().replace(day=1)))
    assert made is not None
    return made
