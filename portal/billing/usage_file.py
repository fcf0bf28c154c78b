"""Usage by CSV, one line a record, taken in chunk by chunk: a bad line harms no other, a file sent twice counts once.

The columns, in any order: reference (the sender's own, unique), account (its number), service (its code), day
(2026-11-30, as the white label's clock has it) and quantity (a whole number of the service's unit).
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.billing.models import UsageRecord
from portal.billing.usage import NewUsage
from portal.catalogue.models import Service
from portal.kit.bulk import insert_many
from portal.kit.clock import now, today
from portal.kit.db import TenantSession, transaction
from portal.kit.ids import new_id
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import local_day

COLUMNS = ("reference", "account", "service", "day", "quantity")
CHUNK = 500
LONGEST_REFERENCE = 100
MOST = 1_000_000_000
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Row = tuple[int, dict[str, str]]
"""The line's number and its values by column; none when they cannot be told apart."""


class NotAUsageFile(ValueError):
    """The file as a whole cannot be read; nothing of it was taken."""


@dataclass(frozen=True)
class Problem:
    line: int
    words: str


@dataclass
class Report:
    """What became of a file: lines taken in now, lines that were here before, and lines that were refused."""

    taken: int = 0
    known: int = 0
    refused: list[Problem] = field(default_factory=list)

    def words(self, *, is_trial: bool) -> str:
        would = "would be taken in" if is_trial else "taken in"
        end = " Nothing was changed." if is_trial else ""
        return f"{self.taken} {would}, {self.known} here before, {len(self.refused)} refused.{end}"


class _Refused(Exception):
    pass


def import_usage(
    white_label_id: UUID, lines: Iterable[str], *, is_trial: bool = False, tell: Callable[[int], None] = lambda n: None
) -> Report:
    """Take a file's lines in; a trial only says what would become of them. `tell` hears how many are done.

    Raises NotAUsageFile. What was taken before the lines broke off stays: the whole file can be sent again.
    """
    report, rows = Report(), _rows(lines)
    while chunk := list(islice(rows, CHUNK)):
        with transaction(white_label_id) as db:
            _take(db, chunk, report, is_trial=is_trial)
        tell(len(chunk))
    return report


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    reader = csv.reader(lines)
    try:
        head = [name.strip().casefold().removeprefix("\ufeff") for name in next(reader, [])]
        if sorted(head) != sorted(COLUMNS):
            raise NotAUsageFile(f"The first line has to name these columns: {', '.join(COLUMNS)}.")
        for cells in reader:
            if cells:
                is_whole = len(cells) == len(head) and all(cell.isprintable() for cell in cells)
                yield (
                    reader.line_num,
                    {k: cell.strip() for k, cell in zip(head, cells, strict=True)} if is_whole else {},
                )
    except (csv.Error, UnicodeDecodeError) as error:
        raise NotAUsageFile(f"Line {reader.line_num + 1} cannot be read as CSV in UTF-8.") from error


def _take(db: TenantSession, chunk: list[Row], report: Report, *, is_trial: bool) -> None:
    # One file at a time: what another one brings is then either here already or not yet.
    # Not held against charges, which refer to it: their accounts are waited for below.
    one = select(Account.id).where(Account.id == white_label_account(db).id)
    db.execute(one.with_for_update(key_share=True))
    judge = _Judge(db, chunk)
    taken: dict[str, NewUsage] = {}
    for number, cells in chunk:
        try:
            new = judge.read(cells)
            before = taken.get(new.reference) or judge.known.get(new.reference)
            if before is not None and before != new:
                raise _Refused(f"The reference {new.reference} stands for another record already.")
            if before is None:
                judge.refuse_a_closed_one(cells["account"])
        except _Refused as refused:
            report.refused.append(Problem(number, str(refused)))
            continue
        if before is None:
            taken[new.reference] = new
            report.taken += 1
        else:
            report.known += 1
    if not is_trial:
        insert_many(db, UsageRecord, [{"id": new_id(), "received_at": now(), **vars(new)} for new in taken.values()])


class _Judge:
    """What the lines of one chunk are held against, in three queries. Holds the rows of the accounts."""

    def __init__(self, db: TenantSession, chunk: list[Row]) -> None:
        named = {column: {cells.get(column, "") for _, cells in chunk} for column in COLUMNS}
        self.tenant = white_label(db)
        self.today = today(self.tenant.time_zone)
        accounts = select(Account).where(Account.number.in_(named["account"]), Account.kind == "customer")
        # Held, in the order in which the run holds them: none is closed between the look and the taking in.
        held = accounts.order_by(Account.id).with_for_update(read=True)
        self.accounts = {account.number: account for account in db.scalars(held)}
        self.services = {s.code: s for s in db.scalars(select(Service).where(Service.code.in_(named["service"])))}
        known = select(UsageRecord).where(UsageRecord.reference.in_(named["reference"]))
        self.known = {
            u.reference: NewUsage(u.reference, u.account_id, u.service_id, u.day, u.quantity) for u in db.scalars(known)
        }

    def read(self, cells: dict[str, str]) -> NewUsage:
        if not cells:
            raise _Refused(f"It has to have {len(COLUMNS)} values, in plain characters.")
        reference = cells["reference"]
        if not reference or len(reference) > LONGEST_REFERENCE:
            raise _Refused(f"The reference needs 1 to {LONGEST_REFERENCE} characters.")
        account, service = self.accounts.get(cells["account"]), self.services.get(cells["service"])
        if account is None:
            raise _Refused(f"No customer has the account number {cells['account']!r}.")
        if service is None or service.kind != "usage":
            codes = ", ".join(sorted(code for code, each in self.services.items() if each.kind == "usage")) or "none"
            raise _Refused(f"No service that is charged as used has the code {cells['service']!r}. There are: {codes}.")
        return NewUsage(reference, account.id, service.id, self._day(cells["day"], account), _quantity(cells))

    def _day(self, words: str, account: Account) -> date:
        try:
            # Other spellings of ISO 8601, weeks and days without dashes, are not what the page asks for.
            day = date.fromisoformat(words if DAY.fullmatch(words) else "")
        except ValueError as error:
            raise _Refused(f"The day {words!r} is not written like 2026-11-30.") from error
        if day > self.today:
            raise _Refused(f"{day} has not begun.")
        if account.activated_at is None or day < local_day(account.activated_at, self.tenant):
            raise _Refused(f"Account {account.number} was not active on {day}.")
        return day

    def refuse_a_closed_one(self, number: str) -> None:
        """What was used up to the closing is charged in it; what comes later would be charged to nobody's knowledge."""
        account = self.accounts[number]
        if account.closed_at is not None:
            closed_on = local_day(account.closed_at, self.tenant)
            raise _Refused(f"Account {number} was closed on {closed_on}: nothing further is charged to it.")


def _quantity(cells: dict[str, str]) -> int:
    words = cells["quantity"]
    if not (words.isascii() and words.isdigit() and len(words) <= len(str(MOST)) and 0 < int(words) <= MOST):
        raise _Refused(f"The quantity {words!r} is not a whole number from 1 to {MOST}.")
    return int(words)
