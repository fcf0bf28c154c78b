"""The demo's number stock. No call to any of them reaches anybody.

The British ranges are those that Ofcom keeps for drama; those of New Zealand lie round the examples of `phonenumbers`.
"""

from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404
from portal.audit.commands import Actor
from portal.demo.places import KAURI_HOST, NORTHWIND_HOST
from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, transaction
from portal.numbers import stock as commands
from portal.numbers.assigning import assign, reserve
from portal.numbers.searching import Search, free_numbers
from portal.numbers.stock_file import Terms
from portal.numbers.stock_models import NumberImport
from portal.whitelabels.queries import operator, white_label_at

# First and last number, country, price class, the type where the numbering plan lists none, and who gets the block.
RANGES = (
    ("020 7946 0000", "020 7946 0199", "GB", "number-local", "", NORTHWIND_HOST),
    ("0113 496 0000", "0113 496 0049", "GB", "number-local", "", NORTHWIND_HOST),
    ("07700 900000", "07700 900049", "GB", "number-mobile", "mobile", NORTHWIND_HOST),
    ("0808 157 0000", "0808 157 0019", "GB", "number-toll-free", "", NORTHWIND_HOST),
    ("03 234 5600", "03 234 5699", "NZ", "number-local", "", KAURI_HOST),
    ("021 123 4560", "021 123 4579", "NZ", "number-mobile", "", KAURI_HOST),
    ("0121 496 0000", "0121 496 0099", "GB", "number-local", "", ""),
    ("0800 123 450", "0800 123 459", "NZ", "number-toll-free", "", ""),
)
WAITING = """number;area;price_class
0131 496 0000;Edinburgh;
0131 496 0001;Edinburgh;
+44 20 7946 0007;London;
0131 496 0001;Edinburgh;
0131 496 00x2;Edinburgh;
0131 496 0003;Edinburgh;gold
"""


def stock(*, by: Actor) -> None:
    """Ranges in stock and with white labels, and a file that waits to be decided on."""
    with reading(PLATFORM) as db:
        host = operator(db)
    assert host is not None
    for first, last, country, price_class, kind, to in RANGES:
        terms = Terms(price_class, frozenset(), country, kind)
        with transaction(host.id) as db:
            made = commands.begin_range(db, commands.read_range(first, last, country), terms, by=by)
        block_id = _taken(host.id, made.id, by)
        if to:
            _hand(host.id, block_id, to, by)
    with transaction(host.id) as db:
        terms = Terms("number-local", frozenset(), "GB")
        commands.begin_import(db, "edinburgh.csv", WAITING.encode(), terms, by=by)
    jobs.run_due()


def _taken(host_id: UUID, import_id: UUID, by: Actor) -> UUID:
    jobs.run_due()
    with transaction(host_id) as db:
        commands.confirm_import(db, import_id, by=by)
    jobs.run_due()
    with reading(host_id) as db:
        found = db.load(NumberImport, import_id)
    assert found is not None and found.block_id is not None
    return found.block_id


def _hand(host_id: UUID, block_id: UUID, to: str, by: Actor) -> None:
    with transaction(host_id) as db:
        tenant = white_label_at(db, to)
        assert tenant is not None
        commands.hand(db, block_id, tenant, by=by)
    jobs.run_due()


def give(white_label_id: UUID, account_number: str, count: int, *, by: Actor) -> None:
    """Assign the first free numbers of a white label to one of its accounts, at what they cost."""
    with transaction(white_label_id) as db:
        found = db.scalars(select(Account).where(Account.number == account_number)).one()
        account = held_customer_or_404(db, found.id)
        chosen = [number.id for number in free_numbers(db, Search()).rows[:count]]
        reserve(db, account, chosen, by=by)
        assign(db, account, chosen, agreed_minor=None, by=by)
