"""What is left of a charge once parts of it were given back. All parts together are the charge, in each book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from portal.billing.models import Charge, ChargeCredit
from portal.billing.pricing import Side, part_of, share_minor
from portal.kit.db import TenantSession
from portal.ledger.entry import Book


@dataclass(frozen=True)
class Left:
    """Of one thing that was charged, by book, what was not given back. `charges` are those of the books it stands in;
    at retail `sides` has the memo where the customer does not pay. `times` says how often some was given back."""

    charges: Mapping[Book, Charge]
    sides: Mapping[Book, Side]
    times: int

    @property
    def leading(self) -> Book:
        """The book in which a part is measured: what the customer paid, else what the white label did."""
        paid = self.charges.get(Book.RETAIL)
        return Book.RETAIL if paid is not None and self.sides[Book.RETAIL].gross_minor else Book.WHOLESALE

    @property
    def gross_minor(self) -> int:
        """What can be given back at most, with tax, in the leading book."""
        return self.sides[self.leading].gross_minor

    @property
    def is_something(self) -> bool:
        """Whether there is anything to give back: a charge of nothing is given back once."""
        return bool(self.charges) and (not self.times or bool(self.gross_minor))

    def part(self, gross_minor: int) -> Mapping[Book, Side]:
        """So much in the leading book, and the same share in the other; the last part is what is left of either."""
        if gross_minor == self.gross_minor:
            return self.sides
        return {
            book: part_of(side, share_minor(side.gross_minor, gross_minor, self.gross_minor))
            for book, side in self.sides.items()
        }


def left_of(db: TenantSession, charges: Sequence[Charge]) -> Left:
    """What is left of a charge, given as it stands in its books. Of a credit nothing ever is."""
    ids = [charge.id for charge in charges]
    if not ids or db.scalar(select(ChargeCredit.credit_id).where(ChargeCredit.credit_id.in_(ids)).limit(1)):
        return Left({}, {Book.WHOLESALE: Side(0, 0, 0)}, 0)
    back, by_book = given_back_of(db, ids), {Book(charge.book): charge for charge in charges}
    sides = {book: _side_left(charge, back.get(charge.id)) for book, charge in by_book.items()}
    if Book.RETAIL not in sides:
        charge = by_book[Book.WHOLESALE]
        given = back.get(charge.id)
        sides[Book.RETAIL] = Side(charge.retail_memo_minor + (given.memo_minor if given else 0), 0, 0)
    return Left(by_book, sides, max((given.times for given in back.values()), default=0))


@dataclass(frozen=True)
class Given:
    """The sums of all credits that stand against one charge: amounts are negative."""

    times: int
    net_minor: int
    tax_minor: int
    memo_minor: int

    def is_all_of(self, charge: Charge) -> bool:
        return (charge.net_minor, charge.tax_minor) == (-self.net_minor, -self.tax_minor)


def given_back_of(db: TenantSession, charge_ids: Sequence[UUID]) -> dict[UUID, Given]:
    """By charge, for those of which something was given back."""
    columns = (Charge.net_minor, Charge.tax_minor, Charge.retail_memo_minor)
    wanted = (
        select(ChargeCredit.charge_id, func.count(), *(func.sum(column) for column in columns))
        .join(Charge, Charge.id == ChargeCredit.credit_id)
        .where(ChargeCredit.charge_id.in_(charge_ids))
        .group_by(ChargeCredit.charge_id)
    )
    return {charge_id: Given(*map(int, sums)) for charge_id, *sums in db.execute(wanted)}


def _side_left(charge: Charge, given: Given | None) -> Side:
    net, tax = (given.net_minor, given.tax_minor) if given else (0, 0)
    return Side(charge.net_minor + net, charge.tax_minor + tax, charge.tax_ppm)
