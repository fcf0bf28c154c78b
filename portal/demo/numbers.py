"""The demo's number stock. No call to any of them reaches anybody.

The British ranges are those that Ofcom keeps for drama; those of New Zealand lie round the examples of `phonenumbers`.
"""

from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404, white_label_staff
from portal.audit.commands import Actor
from portal.demo.places import KAURI_HOST, NORTHWIND_HOST
from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, transaction
from portal.numbers import stock as commands
from portal.numbers.assigning import assign, reserve
from portal.numbers.queries import numbers_of
from portal.numbers.searching import Search, free_numbers
from portal.numbers.stock_file import Terms
from portal.numbers.stock_models import NumberImport
from portal.pbx.commands import fill
from portal.pbx.credentials import renew
from portal.pbx.templates import TEMPLATES, Facts
from portal.whitelabels.queries import operator, white_label, white_label_at

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
    """Ranges in stock and with white labels, a file that waits to be decided on, and two customers with numbers."""
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
    with reading(PLATFORM) as db:
        northwind = white_label_at(db, NORTHWIND_HOST)
    assert northwind is not None
    give(northwind.id, "Harbour City Couriers", 2, phones=True)
    give(northwind.id, "Redland Yoga Studio", 1)


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


def give(white_label_id: UUID, name: str, count: int, *, phones: bool = False) -> None:
    """Assign the first free numbers of a white label to one of its customers, at what they cost.

    With `phones` they ring in a small office, whose two telephones have passwords that nobody kept.
    """
    with transaction(white_label_id) as db:
        bob = white_label_staff(db, "administrator")[0]
        by = Actor("user", bob.id, bob.display_name)
        found = db.scalars(select(Account).where(Account.name == name)).one()
        account = held_customer_or_404(db, found.id)
        chosen = [number.id for number in free_numbers(db, Search()).rows[:count]]
        reserve(db, account, chosen, by=by)
        assign(db, account, chosen, agreed_minor=None, by=by)
        if phones:
            e164s = [number.e164 for number in numbers_of(db, account.id)]
            facts = Facts(account.name, e164s, white_label(db).time_zone, None, "")
            office = TEMPLATES["small-office"]
            fill(db, account, office.make(facts), office.name, by=by)
            for extension in ("101", "102"):
                renew(db, account, extension, by=by)
