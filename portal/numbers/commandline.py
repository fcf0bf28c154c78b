"""`portal numbers import`: numbers into the stock from a file on this machine, with a progress bar."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click

from portal.audit.commands import COMMAND_LINE
from portal.kit.db import reading, transaction
from portal.numbers.e164 import shown
from portal.numbers.intake import Fate, Intake, Report, take_lines
from portal.numbers.stock import block_or_404, new_block, price_classes
from portal.numbers.stock_file import Reader, Terms, read_lines


def import_file(tenant: UUID, file: Path, terms: Terms, *, is_trial: bool) -> Report:
    """Take a file into the operator's stock and say what became of it. Raises NotANumberFile.

    It may be broken off and started again: what is in the stock already is passed over.
    """
    with file.open("rb") as counted:
        length = max(sum(1 for _ in counted) - 1, 1)
    with file.open("rb") as opened:
        lines = read_lines(opened)
        block_id = None if is_trial else _make_block(tenant, file.name)
        intake = Intake(Reader(terms), block_id)
        with click.progressbar(length=length, label=file.name) as bar:

            def tell(fates: Sequence[Fate]) -> None:
                bar.update(len(fates))
                for fate in fates:
                    if fate.what == "malformed":
                        click.echo(f"    line {fate.line}: {fate.why}", err=True)

            report = take_lines(tenant, intake, lines, tell=tell)
    if block_id is not None and not report.counts["added"]:
        _drop_block(tenant, block_id)
    click.echo(report.words(is_trial=is_trial))
    return report


def classes_or_refusal(tenant: UUID, wanted: str) -> frozenset[str]:
    """The operator's price classes, of which the wanted one has to be one."""
    with reading(tenant) as db:
        found = frozenset(price_classes(db))
    if wanted not in found:
        known = f"Those that there are: {', '.join(sorted(found))}." if found else "There is none yet."
        raise click.ClickException(f"No service that counts numbers has the code {wanted}. {known}")
    return found


def _make_block(tenant: UUID, name: str) -> UUID:
    with transaction(tenant) as db:
        return new_block(db, shown(name), by=COMMAND_LINE).id


def _drop_block(tenant: UUID, block_id: UUID) -> None:
    """Nothing came into it: it was never there."""
    with transaction(tenant) as db:
        db.delete(block_or_404(db, block_id))
