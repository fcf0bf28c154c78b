"""The baseline of the page: a bare Flask app that runs the same query in Core and shows the same table.

Nobody signs in. It does what a careful program would and no more: the columns that the table shows, words made in
Python, one compiled template.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Account
from portal.billing.models import Charge
from portal.finance.queries import PAGE, Filter
from portal.kit.db import connect_to
from portal.ledger.entry import Book

TEMPLATE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Charges</title></head>
<body><h1>Charges</h1>
<table class="grid"><caption class="visually-hidden">Charges, newest first</caption>
<thead><tr><th scope="col" aria-sort="descending">Day</th><th scope="col">Customer</th><th scope="col">Charge</th>
<th scope="col" class="n">Wholesale</th><th scope="col" class="n">VAT</th><th scope="col" class="n">Retail</th>
<th scope="col" class="n">Margin</th></tr></thead>
<tbody>{% for line in lines %}<tr><td class="nowrap">{{ line[0] }}</td><th scope="row">{{ line[1] }}</th>
<td>{{ line[2] }}<span class="sub-line">{{ line[3] }}</span></td>
<td class="n"><span class="money">{{ line[4] }}</span></td>
<td class="n"><span class="money">{{ line[5] }}</span></td><td class="n"><span class="money">{{ line[6] }}</span></td>
<td class="n"><span class="money">{{ line[7] }}</span></td></tr>{% endfor %}</tbody>
<tfoot><tr><th scope="row" colspan="3">This page, {{ lines|length }} charges</th>{% for figure in sums %}
<td class="n">{{ figure }}</td>{% endfor %}</tr></tfoot></table></body></html>"""


def bare_app(url: str, white_label: UUID, wanted: Filter) -> Flask:
    """One page at `/`. `url` names a login that sees all rows."""
    app, engine = Flask("bench.bare"), connect_to(url)
    template = app.jinja_env.from_string(TEMPLATE)
    charge, account = Charge.__table__.c, Account.__table__.c
    same_account = (account.white_label_id == charge.white_label_id) & (account.id == charge.account_id)
    shown = (
        charge.id, charge.day, account.name, charge.description, charge.first_day, charge.last_day, charge.number,
        charge.net_minor, charge.tax_minor, charge.retail_memo_minor,
    )  # fmt: skip
    statement = (
        select(*shown)
        .select_from(Charge.__table__.join(Account.__table__, same_account))
        .where(
            charge.white_label_id == white_label,
            charge.book == Book.WHOLESALE.value,
            charge.day >= wanted.first,
            charge.day < wanted.next_first,
        )
        .order_by(charge.day.desc(), charge.id.desc())
        .limit(PAGE + 1)
    )

    @app.get("/")
    def page() -> str:
        with engine.connect() as connection:
            rows = connection.execute(statement).all()[:PAGE]
        return template.render(lines=[_line(row) for row in rows], sums=_sums(rows))

    app.extensions["engine"] = engine
    return app


def _line(row: Sequence[Any]) -> tuple[str, ...]:
    _, day, name, description, first, last, number, net, tax, retail = row
    what = f"{description}, {_day(first)} to {_day(last)}"
    return _day(day), name, what, number, _pounds(net), _pounds(tax), _pounds(retail), _pounds(retail - net)


def _sums(rows: Sequence[Any]) -> tuple[str, ...]:
    net, tax, retail = (sum(row[n] for row in rows) for n in (7, 8, 9))
    return _pounds(net), _pounds(tax), _pounds(retail), _pounds(retail - net)


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _pounds(minor: int) -> str:
    whole, rest = divmod(abs(minor), 100)
    return f"{'−' if minor < 0 else ''}£{whole:,}.{rest:02d}"
