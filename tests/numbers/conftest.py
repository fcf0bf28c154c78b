"""The operator's stock, with price classes in its list and in those of the white labels."""

import csv
import io

import pytest
from sqlalchemy import select

from portal.kit import jobs
from portal.kit.db import reading, transaction
from portal.numbers import stock, stock_flows
from portal.numbers.models import Number, NumberBlock, StockNumber
from portal.numbers.stock_file import Terms
from portal.numbers.stock_models import ImportFates, NumberImport
from portal.operator.commands import NewService, add_service
from portal.whitelabels.models import WhiteLabel
from tests.numbers.accounts import early, geo, listening, own, run
from tests.signup.browsing import browse

__all__ = ["browse", "early", "geo", "listening", "own", "run"]

assert stock_flows.run_import, "the jobs of the stock have to be registered"
CLASS = NewService("local", "Local number", "", 200, 100, 200_000, unit="number", counts="numbers")
TERMS = Terms("local", frozenset({"local"}))


class Depot:
    """The stock, as its commands and jobs leave it."""

    def __init__(self, cast):
        self.cast, self.id, self.by = cast, cast.operator.id, cast.olga.actor

    def checked(self, text, **terms):
        """A file that was looked through: the row of its import."""
        content = text if isinstance(text, bytes) else text.encode()
        with transaction(self.id) as db:
            made = stock.begin_import(db, "file.csv", content, Terms("local", frozenset(), **terms), by=self.by)
        jobs.run_due()
        return self.row(made.id)

    def taken(self, text, **terms):
        """A file that was taken in."""
        made = self.checked(text, **terms)
        with transaction(self.id) as db:
            stock.confirm_import(db, made.id, by=self.by)
        jobs.run_due()
        return self.row(made.id)

    def row(self, import_id):
        with reading(self.id) as db:
            return db.load(NumberImport, import_id)

    def block(self, *numbers):
        """A block of these numbers, or of four of London's."""
        text = "\n".join(["number", *(numbers or (f"+44207946{n:04}" for n in range(4)))])
        return self.taken(text, kind="geographic").block_id

    def hand(self, block_id, to):
        with transaction(self.id) as db:
            stock.hand(db, block_id, tenant(db, to), by=self.by)

    def numbers(self):
        with reading(self.id) as db:
            return list(db.scalars(select(StockNumber).order_by(StockNumber.e164)))

    def blocks(self):
        with reading(self.id) as db:
            return list(db.scalars(select(NumberBlock).order_by(NumberBlock.created_at)))

    def fates(self, made, stage="check"):
        """The fate and the reason of each line of an import."""
        wanted = select(ImportFates.content).where(ImportFates.import_id == made.id, ImportFates.stage == stage)
        with reading(self.id) as db:
            text = "".join(db.scalars(wanted.order_by(ImportFates.first)))
        return [tuple(line) for line in csv.reader(io.StringIO(text))]


def tenant(db, company):
    return db.get(WhiteLabel, company.id)


def numbers_with(company):
    """The numbers that a white label has rows of."""
    with reading(company.id) as db:
        return list(db.scalars(select(Number).order_by(Number.e164)))


@pytest.fixture
def depot(cast, clock):
    for company, person in ((cast.operator, cast.olga), (cast.northwind, cast.olga), (cast.kauri, cast.olga)):
        with transaction(company.id) as db:
            add_service(db, CLASS, by=person.actor)
    return Depot(cast)
