"""Documents for a test: credits as billing books them, and one of each kind."""

from datetime import date

from sqlalchemy import select

from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.billing.models import Charge, ChargeCredit
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.series import next_number
from portal.ledger import entry
from portal.ledger.commands import post
from portal.ledger.entry import Book
from portal.statements.commands import issue
from portal.statements.models import CreditNote
from portal.statements.receipts import issue_missing_receipts
from portal.statements.statement import Month
from tests.accounts.making import pay


def charge_of(db: TenantSession, account: Account, item: str = "plan", book: str = "retail") -> Charge:
    db.flush()
    wanted = select(Charge).filter_by(account_id=account.id, item=item, book=book).order_by(Charge.number)
    found = db.scalars(wanted).first()
    assert found is not None
    return found


def credit(db: TenantSession, charge: Charge, net_minor: int, tax_minor: int, reason: str = "A quiet line") -> Charge:
    """Give so much of a charge back: a negative charge, its entry, and the row that says what it gives back."""
    key = f"credit-{new_id()}"
    source = f"charge:{charge.account_id}:{charge.item}:{key}:{charge.book}"
    back = entry.charge(
        Book(charge.book), source, charge.payer_id, net_minor=-net_minor, tax_minor=-tax_minor,
        currency=charge.currency, description=f"Credit: {charge.description}")
    made = Charge(
        number=f"C-{next_number(db, 'charge'):06d}", book=charge.book, account_id=charge.account_id,
        payer_id=charge.payer_id, item=charge.item, description=back.description, period_key=key, first_day=None,
        last_day=None, day=charge.day, net_minor=-net_minor, tax_minor=-tax_minor, tax_ppm=charge.tax_ppm,
        retail_memo_minor=0, currency=charge.currency, entry_id=post(db, back))
    db.put(made)
    db.put(ChargeCredit(credit_id=made.id, charge_id=charge.id, from_day=None, reason=reason, given_by="Fiona"))
    return made


def documents_of(db: TenantSession, account: Account) -> dict[str, object]:
    """A statement of a month long ago, a receipt and a credit note of an Option 1 account, and what the white-label
    account has of them, for their addresses."""
    funding = pay(db, account, 1000)
    issue_missing_receipts(db)
    statement = issue(db, account, Month(date(2020, 1, 1)), even_empty=True)
    assert statement is not None
    charge, sequence = charge_of(db, account), next_number(db, "credit-note")
    note = CreditNote(
        number=f"CN-2020-{sequence:06d}", sequence=sequence, book="retail", credit_id=charge.id, charge_id=charge.id,
        statement_id=statement.id, statement_number=statement.number, account_id=account.id, day=date(2020, 1, 2),
        description="Back", reason="", net_minor=1, tax_minor=0, tax_ppm=0, currency=statement.currency,
        seller=statement.seller, buyer=statement.buyer)
    db.put(note)
    ours = issue(db, white_label_account(db), Month(date(2020, 1, 1)), even_empty=True)
    assert ours is not None
    about, place = charge_of(db, account, book="wholesale"), next_number(db, "wholesale-credit-note")
    wholesale = CreditNote(
        number=f"WCN-2020-{place:06d}", sequence=place, book="wholesale", credit_id=about.id, charge_id=about.id,
        statement_id=ours.id, statement_number=ours.number, account_id=ours.account_id, day=date(2020, 1, 2),
        description="Back", reason="", net_minor=1, tax_minor=0, tax_ppm=0, currency=ours.currency,
        seller=ours.seller, buyer=ours.buyer)
    db.put(wholesale)
    return {"statement_id": statement.id, "funding_id": funding.id, "note_id": note.id, "charge_id": charge.id,
            "wholesale_id": ours.id, "wholesale_note_id": wholesale.id}


def each_of(what: str) -> tuple[str, ...]:
    """The ends of the addresses below which statements are."""
    return "", f"/<uuid:{what}_id>", f"/<uuid:{what}_id>.csv", f"/<uuid:{what}_id>.pdf"
