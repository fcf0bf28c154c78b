"""Charging: priced lines become charges and journal entries, each once, many in one go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.billing.models import Charge
from portal.billing.pricing import PricedLine, Side
from portal.kit.bulk import insert_many
from portal.kit.clock import now, today
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.series import next_numbers
from portal.ledger import entry
from portal.ledger.commands import post_all
from portal.ledger.entry import Book
from portal.whitelabels.queries import white_label

ChargeKey = tuple[UUID, str, str, str]


@dataclass(frozen=True)
class Written:
    """What was charged: sums with tax, and each new charge's id by account, item, period and book."""

    wholesale_minor: int = 0
    retail_minor: int = 0
    ids: Mapping[ChargeKey, UUID] = field(default_factory=dict)

    @property
    def charges(self) -> int:
        return len(self.ids)

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.wholesale_minor + other.wholesale_minor,
            self.retail_minor + other.retail_minor,
            {**self.ids, **other.ids},
        )


@dataclass(frozen=True)
class _Wish:
    """A line in one book, with its payer."""

    account: Account
    payer_id: UUID
    book: Book
    line: PricedLine

    @property
    def side(self) -> Side:
        return self.line.wholesale if self.book is Book.WHOLESALE else self.line.retail

    @property
    def key(self) -> ChargeKey:
        return self.account.id, self.line.item, self.line.period_key, self.book.value

    @property
    def source(self) -> str:
        return "charge:{}:{}:{}:{}".format(*self.key)


def write_charges(db: TenantSession, lines: Iterable[tuple[Account, PricedLine]]) -> Written:
    """Charge lines: wholesale to the white-label account, retail to the customer's credit in Option 1 only.

    What was charged before, by account, item, period and book, is left alone. The caller holds the accounts' rows.
    """
    wishes = _new_ones(db, list(_wishes(white_label_account(db).id, lines)))
    if not wishes:
        return Written()
    tenant = white_label(db)
    posted = [wish for wish in wishes if wish.side.gross_minor]
    ids = dict(zip(map(id, posted), post_all(db, [_entry(w, tenant.currency) for w in posted]), strict=True))
    numbers = next_numbers(db, "charge", len(wishes))
    day = today(tenant.time_zone)
    rows = [_row(w, n, day, tenant.currency, ids.get(id(w))) for w, n in zip(wishes, numbers, strict=True)]
    insert_many(db, Charge, rows)
    sums = {book: sum(w.side.gross_minor for w in wishes if w.book is book) for book in Book}
    made = {wish.key: row["id"] for wish, row in zip(wishes, rows, strict=True)}
    return Written(sums[Book.WHOLESALE], sums[Book.RETAIL], made)


def _wishes(white_label_account_id: UUID, lines: Iterable[tuple[Account, PricedLine]]) -> Iterable[_Wish]:
    for account, line in lines:
        yield _Wish(account, white_label_account_id, Book.WHOLESALE, line)
        if account.is_run_by_customer:
            yield _Wish(account, account.id, Book.RETAIL, line)


def _new_ones(db: TenantSession, wishes: list[_Wish]) -> list[_Wish]:
    found = select(Charge.account_id, Charge.item, Charge.period_key, Charge.book)
    accounts = sorted({w.account.id for w in wishes})
    items, keys = sorted({w.line.item for w in wishes}), sorted({w.line.period_key for w in wishes})
    charged = {
        tuple(row)
        for chunk in (accounts[i : i + 1000] for i in range(0, len(accounts), 1000))
        for row in db.execute(
            found.where(Charge.account_id.in_(chunk), Charge.item.in_(items), Charge.period_key.in_(keys))
        )
    }
    return [wish for wish in wishes if wish.key not in charged]


def _entry(wish: _Wish, currency: str) -> entry.Entry:
    return entry.charge(
        wish.book,
        wish.source,
        wish.payer_id,
        net_minor=wish.side.net_minor,
        tax_minor=wish.side.tax_minor,
        currency=currency,
        description=wish.line.description,
    )


def _row(wish: _Wish, number: int, day: date, currency: str, entry_id: UUID | None) -> dict[str, Any]:
    line, side = wish.line, wish.side
    return {
        "id": new_id(),
        "number": f"C-{number:06d}",
        "book": wish.book.value,
        "account_id": wish.account.id,
        "payer_id": wish.payer_id,
        "item": line.item,
        "description": line.description,
        "period_key": line.period_key,
        "first_day": line.period.first_day if line.period else None,
        "last_day": line.period.last_day if line.period else None,
        "day": day,
        "net_minor": side.net_minor,
        "tax_minor": side.tax_minor,
        "tax_ppm": side.tax_ppm,
        "retail_memo_minor": line.retail.net_minor,
        "currency": currency,
        "entry_id": entry_id,
        "charged_at": now(),
    }
