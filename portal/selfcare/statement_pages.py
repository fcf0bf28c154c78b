"""What the list of a customer's own statements shows, as ready words."""

from dataclasses import dataclass

from portal.accounts.models import Account
from portal.kit.db import TenantSession
from portal.statements.models import Statement
from portal.statements.pages import credit_note_words
from portal.statements.queries import credit_notes_of, receipts_of, statements_of
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, month, short_day


@dataclass(frozen=True)
class Row:
    href: str
    number: str
    month: str
    paid: str
    charged: str
    closing: str
    owes: bool


@dataclass(frozen=True)
class ListPage:
    account: Account
    rows: list[Row]
    receipts: list[tuple[str, str, str, str]]
    credit_notes: list[tuple[str, str, str, str]]


def list_page(db: TenantSession, account: Account) -> ListPage:
    tenant, room = white_label(db), f"/account/{account.id}"
    return ListPage(
        account,
        [row(each, tenant) for each in statements_of(db, account.id)],
        [
            (r.number, f"{room}/receipts/{r.funding_id}.pdf", short_day(r.day, tenant), money(r.amount_minor, tenant))
            for r in receipts_of(db, account.id)
        ],
        [credit_note_words(note, tenant, room) for note in credit_notes_of(db, account.id)],
    )


def row(statement: Statement, tenant: WhiteLabel) -> Row:
    return Row(
        f"/account/{statement.account_id}/statements/{statement.id}",
        statement.number,
        month(statement.month, tenant),
        money(statement.paid_minor, tenant),
        money(statement.charged_minor, tenant),
        money(statement.closing_minor, tenant),
        statement.closing_minor < 0,
    )
