"""A white label's statements as ready words."""

from dataclasses import dataclass

from portal.accounts.queries import white_label_account
from portal.kit.db import TenantSession
from portal.statements.queries import statements_of
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, month


@dataclass(frozen=True)
class StatementRow:
    href: str
    number: str
    month: str
    opening: str
    paid: str
    charged: str
    closing: str
    owes: bool


def statement_rows(db: TenantSession) -> list[StatementRow]:
    """Those that the operator issued to this tenant, newest first."""
    tenant = white_label(db)
    return [
        StatementRow(
            f"/operator/white-labels/{tenant.id}/statements/{each.id}",
            each.number,
            month(each.month, tenant),
            money(each.opening_minor, tenant),
            money(each.paid_minor, tenant),
            money(each.charged_minor, tenant),
            money(each.closing_minor, tenant),
            each.closing_minor < 0,
        )
        for each in statements_of(db, white_label_account(db).id)
    ]
