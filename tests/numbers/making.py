"""Numbers and their price classes for a test."""

from typing import Any

from sqlalchemy import select

from portal.accounts.commands import Place
from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.billing.models import Charge
from portal.catalogue.models import Service
from portal.kit.clock import now, today
from portal.kit.db import TenantSession, transaction
from portal.numbers.assigning import assign, reserve
from portal.numbers.charging import price_classes, quote
from portal.numbers.documents import Document
from portal.numbers.emergency import enter
from portal.numbers.models import Number, NumberBlock, PortRequest, StockNumber
from portal.numbers.porting import NewPort, Ported, add_document, earliest_day, submit
from tests.billing.making import service

BRISTOL = Place("1 Gorse Hill", "Bristol", "GB", postcode="BS1 4XY")
LEEDS = "+44113496"


def price_class(db: TenantSession, code: str = "geo", **more: object) -> Service:
    """A class of numbers: 2.00 a month and 5.00 to set up at retail, 1.00 and 3.00 at wholesale."""
    prices = {"retail": 200, "retail_setup": 500, "wholesale": 100, "wholesale_setup": 300} | more
    made = service(db, code, counts="numbers", **prices)
    made.name = "Local number"
    db.flush()
    return made


def number(db: TenantSession, last: int = 0, **more: object) -> Number:
    """A free number of Leeds, such as +44 113 496 0000."""
    facts = {"e164": f"{LEEDS}{last:04d}", "kind": "geographic", "country": "GB", "area": "Leeds",
             "price_class": "geo", "needs_address": False}
    made = Number(**facts | more)
    db.put(made)
    return made


def give(db: TenantSession, account: Account, *numbers: Number, **more: object) -> list[Number]:
    """Reserved and assigned in one go, at what the quote says."""
    due = quote(db, account, more=numbers).due_minor
    ids = [each.id for each in numbers]
    reserve(db, account, ids, by=COMMAND_LINE)
    return assign(db, account, ids, agreed_minor=due, by=COMMAND_LINE, **more)  # type: ignore[arg-type]


def charged(db: TenantSession, account: Account, book: str = "retail") -> list[tuple[str, str, int]]:
    """What was charged for numbers: item, period and net amount."""
    db.flush()
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.book == book, Charge.item.startswith("geo"))
    return [(c.item, c.period_key, c.net_minor) for c in db.scalars(wanted.order_by(Charge.number))]


def new_port(*e164s: str) -> NewPort:
    numbers = tuple(Ported(each, "geographic", "GB") for each in e164s or ("+442079460123",))
    return NewPort(numbers, "Other Telecom", "A-77", earliest_day(today("Europe/London")))


def port(db: TenantSession, account: Account, *e164s: str) -> PortRequest:
    return submit(db, account, new_port(*e164s), by=COMMAND_LINE)


def in_stock(cast: Any, e164: str, **more: object) -> None:
    """A number of the stock, alone in its block."""
    with transaction(cast.operator.id) as db:
        block = NumberBlock(name="x", created_by="x", count=0 if "retired_at" in more else 1)
        db.put(block)
        facts = {"kind": "geographic", "country": "GB", "price_class": "old", "needs_address": False, "area": "London"}
        db.put(StockNumber(e164=e164, block_id=block.id, **facts | more))


def one_of_each(db: TenantSession, account: Account) -> dict[str, object]:
    """An assigned number with its emergency address, and a port-in request with a paper; their ids by name."""
    if "geo" not in price_classes(db):
        price_class(db)
    n = len(db.scalars(select(Number.id)).all())
    one = number(db, n, state="assigned", account_id=account.id, assigned_at=now(), needs_address=True)
    enter(db, account, one, BRISTOL, by=COMMAND_LINE)
    asked = port(db, account, f"+44207946{n:04d}")
    paper = add_document(db, asked, Document("loa.pdf", "application/pdf", b"%PDF-1.7 nothing"), by=COMMAND_LINE)
    return {"number_id": one.id, "port_id": asked.id, "document_id": paper.id}
