"""Charging: priced lines become charges and journal entries, each once, many in one go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.billing.models import Charge
from portal.billing.pricing import PricedLine, Side
from portal.kit.bulk import insert_columns
from portal.kit.clock import now, today
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.series import next_numbers
from portal.ledger import entry
from portal.ledger.commands import post_all
from portal.ledger.entry import Book, Held, credit_of
from portal.whitelabels.queries import white_label

ChargeKey = tuple[UUID, str, str, str]


@dataclass(frozen=True)
class Written:
    """What was charged: sums with tax, and each new charge's id by account, item, period and book.

    `left_out` says for which accounts something was not, and why.
    """

    wholesale_minor: int = 0
    retail_minor: int = 0
    ids: Mapping[ChargeKey, UUID] = field(default_factory=dict)
    left_out: Mapping[UUID, str] = field(default_factory=dict)

    @property
    def charges(self) -> int:
        return len(self.ids)

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.wholesale_minor + other.wholesale_minor,
            self.retail_minor + other.retail_minor,
            {**self.ids, **other.ids},
            {**self.left_out, **other.left_out},
        )


class _Wish(NamedTuple):
    """A line in one book, with its payer."""

    key: ChargeKey
    payer_id: UUID
    book: Book
    side: Side
    line: PricedLine


def write_charges(db: TenantSession, lines: Iterable[tuple[Account, PricedLine]]) -> Written:
    """Charge lines: wholesale to the white-label account, retail to the customer's credit in Option 1 only.

    What was charged before, by account, item, period and book, is left alone. The caller holds the accounts' rows.
    The payers' credit is held for what costs nothing, too: so it comes wholly before a statement or wholly after it.
    """
    wishes = _new_ones(db, list(_wishes(white_label_account(db).id, lines)))
    if not wishes:
        return Written()
    tenant = white_label(db)
    free = {Held(wish.book, credit_of(wish.payer_id), tenant.currency) for wish in wishes if not wish.side.gross_minor}
    entries = [_entry(wish, tenant.currency) for wish in wishes if wish.side.gross_minor]
    posted = iter(post_all(db, entries, besides=list(free)))
    entry_ids = [next(posted) if wish.side.gross_minor else None for wish in wishes]
    ids = [new_id() for _ in wishes]
    numbers = [f"C-{number:06d}" for number in next_numbers(db, "charge", len(wishes))]
    shared = {"day": today(tenant.time_zone), "currency": tenant.currency, "charged_at": now()}
    columns: dict[str, Sequence[Any]] = {"id": ids, "number": numbers, "entry_id": entry_ids}
    insert_columns(db, Charge, columns | _columns(wishes), shared)
    sums = {book: sum(wish.side.gross_minor for wish in wishes if wish.book is book) for book in Book}
    made = {wish.key: id for wish, id in zip(wishes, ids, strict=True)}
    return Written(sums[Book.WHOLESALE], sums[Book.RETAIL], made)


def _wishes(white_label_account_id: UUID, lines: Iterable[tuple[Account, PricedLine]]) -> Iterable[_Wish]:
    for account, line in lines:
        what = (account.id, line.item, line.period_key)
        yield _Wish((*what, "wholesale"), white_label_account_id, Book.WHOLESALE, line.wholesale, line)
        if account.is_run_by_customer:
            yield _Wish((*what, "retail"), account.id, Book.RETAIL, line.retail, line)


def _new_ones(db: TenantSession, wishes: list[_Wish]) -> list[_Wish]:
    found = select(Charge.account_id, Charge.item, Charge.period_key, Charge.book)
    accounts, items, keys = (list({wish.key[n] for wish in wishes}) for n in range(3))
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
        "charge:{}:{}:{}:{}".format(*wish.key),
        wish.payer_id,
        net_minor=wish.side.net_minor,
        tax_minor=wish.side.tax_minor,
        currency=currency,
        description=wish.line.description,
    )


def _columns(wishes: list[_Wish]) -> dict[str, Sequence[Any]]:
    account_ids, items, period_keys, books = zip(*(wish.key for wish in wishes), strict=True)
    lines, sides = [wish.line for wish in wishes], [wish.side for wish in wishes]
    return {
        "book": books,
        "account_id": account_ids,
        "payer_id": [wish.payer_id for wish in wishes],
        "item": items,
        "description": [line.description for line in lines],
        "period_key": period_keys,
        "first_day": [line.period.first_day if line.period else None for line in lines],
        "last_day": [line.period.last_day if line.period else None for line in lines],
        "net_minor": [side.net_minor for side in sides],
        "tax_minor": [side.tax_minor for side in sides],
        "tax_ppm": [side.tax_ppm for side in sides],
        "retail_memo_minor": [line.retail.net_minor for line in lines],
    }
