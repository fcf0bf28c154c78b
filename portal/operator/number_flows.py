"""Handing a block to a white label and asking for it back: what lies with the white label is read in its own scope."""

from uuid import UUID

from portal.audit.commands import Actor
from portal.kit.db import reading, transaction
from portal.kit.refusals import BadInput
from portal.numbers import stock
from portal.numbers.stock_flows import numbers_in_use
from portal.operator.pages import white_label_or_404
from portal.whitelabels.models import WhiteLabel


def asked_white_label(words: str | None) -> WhiteLabel:
    """Raises BadInput for what is no id, NotFound for the id of no white label."""
    try:
        return white_label_or_404(UUID(words or ""))
    except ValueError as error:
        raise BadInput("Choose a white label from the list.") from error


def classes_missing(host_id: UUID, block_id: UUID, to: WhiteLabel) -> list[str]:
    """Price classes of a block for which the white label has no service yet. Raises NotFound."""
    with reading(host_id) as db:
        stock.block_or_404(db, block_id)
        classes = stock.classes_of(db, block_id)
    with reading(to.id) as db:
        return stock.missing_classes(db, classes)


def hand_over(host_id: UUID, block_id: UUID, to: WhiteLabel, *, by: Actor) -> None:
    """Raises NotFound, NoPriceClass, BlockTaken, BlockOnItsWay and NothingInBlock; then nothing was done."""
    missing = classes_missing(host_id, block_id, to)
    if missing:
        raise stock.NoPriceClass(to.name, missing)
    with transaction(host_id) as db:
        stock.hand(db, block_id, to, by=by)


def take_back(host_id: UUID, block_id: UUID, *, by: Actor) -> None:
    """Raises NotFound, BlockInStock, NumbersInUse and BlockOnItsWay. The job looks again: a number may be taken
    meanwhile."""
    with reading(host_id) as db:
        holder = stock.holder_name(db, stock.block_or_404(db, block_id).holder_id)
    used = numbers_in_use(host_id, block_id)
    if used:
        raise stock.NumbersInUse(holder, used)
    with transaction(host_id) as db:
        stock.ask_back(db, block_id, by=by)
