"""The addresses of the operator's number stock for the role table, and the rows that they name."""

from uuid import UUID

from portal.kit.db import TenantSession
from portal.numbers.models import NumberBlock, StockNumber
from portal.numbers.stock_models import NumberImport

NUMBER_STOCK = {
    "GET": (
        "/operator/numbers",
        "/operator/numbers/<uuid:stock_id>",
        "/operator/numbers/blocks",
        "/operator/numbers/blocks/<uuid:block_id>",
        "/operator/numbers/export.csv",
        "/operator/numbers/imports",
        "/operator/numbers/imports/<uuid:import_id>",
        "/operator/numbers/imports/<uuid:import_id>/fates.csv",
        "/operator/numbers/new",
    ),
    "POST": (
        "/operator/numbers/<uuid:stock_id>/correction",
        "/operator/numbers/<uuid:stock_id>/restoration",
        "/operator/numbers/files",
        "/operator/numbers/imports/<uuid:import_id>/confirmation",
        "/operator/numbers/imports/<uuid:import_id>/removal",
        "/operator/numbers/ranges",
    ),
    "GET POST": (
        "/operator/numbers/<uuid:stock_id>/retirement",
        "/operator/numbers/blocks/<uuid:block_id>/hand-over",
        "/operator/numbers/blocks/<uuid:block_id>/return",
    ),
}


def block_and_file(db: TenantSession, holder_id: UUID) -> dict[str, UUID]:
    """A block with a white label, a number in it and a checked file, by the names that addresses have for them."""
    block = db.put(NumberBlock(name="Leeds", holder_id=holder_id, created_by="x"))
    sent = db.put(NumberImport(name="leeds.csv", price_class="local", state="checked", lines=1, created_by="x"))
    facts = {"e164": "+441134960999", "kind": "geographic", "country": "GB", "price_class": "local"}
    one = db.put(StockNumber(**facts, needs_address=False, block_id=block.id))
    return {"block_id": block.id, "import_id": sent.id, "stock_id": one.id}
