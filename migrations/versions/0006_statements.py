"""Statements with their lines, receipts and credit notes: numbered, frozen when issued, never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NEW = ("credit_note", "receipt", "statement", "statement_line")
TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    _make_statements()
    _make_credit_notes()
    _make_receipts()
    _make_lines()
    op.create_index('ix_charge_entry', 'charge', ['white_label_id', 'entry_id'], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _wall_off()
    _refuse_changes()


def _make_statements() -> None:
    op.create_table('statement',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('book', sa.String(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('ledger_account_id', sa.Uuid(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('opening_minor', sa.BigInteger(), nullable=False),
    sa.Column('paid_minor', sa.BigInteger(), nullable=False),
    sa.Column('charged_minor', sa.BigInteger(), nullable=False),
    sa.Column('closing_minor', sa.BigInteger(), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('taxes', sa.JSON(), nullable=False),
    sa.Column('seller', sa.JSON(), nullable=False),
    sa.Column('buyer', sa.JSON(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("book in ('retail', 'wholesale')", name=op.f('ck_statement_book')),
    sa.CheckConstraint('closing_minor = opening_minor + paid_minor + charged_minor', name=op.f('ck_statement_sum')),
    sa.ForeignKeyConstraint(['white_label_id', 'ledger_account_id'], ['ledger_account.white_label_id', 'ledger_account.id'], name=op.f('fk_statement_white_label_id_ledger_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_statement_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_statement')),
    sa.UniqueConstraint('white_label_id', 'book', 'sequence', name=op.f('uq_statement_white_label_id_book_sequence')),
    sa.UniqueConstraint('white_label_id', 'ledger_account_id', 'month', name=op.f('uq_statement_white_label_id_ledger_account_id_month')),
    sa.UniqueConstraint('white_label_id', 'number', name=op.f('uq_statement_white_label_id_number'))
    )
    op.create_index('ix_statement_account', 'statement', ['white_label_id', 'account_id', 'month'], unique=False)
    op.create_index('ix_statement_newest', 'statement', ['white_label_id', 'month', 'id'], unique=False)


def _make_credit_notes() -> None:
    op.create_table('credit_note',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('book', sa.String(), nullable=False),
    sa.Column('credit_id', sa.Uuid(), nullable=False),
    sa.Column('charge_id', sa.Uuid(), nullable=False),
    sa.Column('statement_id', sa.Uuid(), nullable=False),
    sa.Column('statement_number', sa.String(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_ppm', sa.Integer(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('seller', sa.JSON(), nullable=False),
    sa.Column('buyer', sa.JSON(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("book in ('retail', 'wholesale')", name=op.f('ck_credit_note_book')),
    sa.CheckConstraint('net_minor >= 0 and tax_minor >= 0', name=op.f('ck_credit_note_not_negative')),
    sa.ForeignKeyConstraint(['white_label_id', 'charge_id'], ['charge.white_label_id', 'charge.id'], name=op.f('fk_credit_note_white_label_id_charge_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'credit_id'], ['charge.white_label_id', 'charge.id'], name=op.f('fk_credit_note_white_label_id_credit_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'statement_id'], ['statement.white_label_id', 'statement.id'], name=op.f('fk_credit_note_white_label_id_statement_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_credit_note_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_credit_note')),
    sa.UniqueConstraint('white_label_id', 'book', 'sequence', name=op.f('uq_credit_note_white_label_id_book_sequence')),
    sa.UniqueConstraint('white_label_id', 'credit_id', name=op.f('uq_credit_note_white_label_id_credit_id')),
    sa.UniqueConstraint('white_label_id', 'number', name=op.f('uq_credit_note_white_label_id_number'))
    )
    op.create_index('ix_credit_note_charge', 'credit_note', ['white_label_id', 'charge_id'], unique=False)
    op.create_index('ix_credit_note_statement', 'credit_note', ['white_label_id', 'statement_id'], unique=False)


def _make_receipts() -> None:
    op.create_table('receipt',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('funding_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('card', sa.String(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('seller', sa.JSON(), nullable=False),
    sa.Column('buyer', sa.JSON(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'funding_id'], ['funding.white_label_id', 'funding.id'], name=op.f('fk_receipt_white_label_id_funding_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_receipt_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_receipt')),
    sa.UniqueConstraint('white_label_id', 'funding_id', name=op.f('uq_receipt_white_label_id_funding_id')),
    sa.UniqueConstraint('white_label_id', 'number', name=op.f('uq_receipt_white_label_id_number')),
    sa.UniqueConstraint('white_label_id', 'sequence', name=op.f('uq_receipt_white_label_id_sequence'))
    )
    op.create_index('ix_receipt_account', 'receipt', ['white_label_id', 'account_id', 'day'], unique=False)


def _make_lines() -> None:
    op.create_table('statement_line',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('ledger_account_id', sa.Uuid(), nullable=False),
    sa.Column('entry_id', sa.Uuid(), nullable=False),
    sa.Column('statement_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('customer', sa.String(), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=True),
    sa.Column('last_day', sa.Date(), nullable=True),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_ppm', sa.Integer(), nullable=False),
    sa.Column('retail_minor', sa.BigInteger(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'entry_id'], ['journal_entry.white_label_id', 'journal_entry.id'], name=op.f('fk_statement_line_white_label_id_entry_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'ledger_account_id'], ['ledger_account.white_label_id', 'ledger_account.id'], name=op.f('fk_statement_line_white_label_id_ledger_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'statement_id'], ['statement.white_label_id', 'statement.id'], name=op.f('fk_statement_line_white_label_id_statement_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_statement_line_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'ledger_account_id', 'entry_id', name=op.f('pk_statement_line')),
    sa.UniqueConstraint('white_label_id', 'statement_id', 'position', name=op.f('uq_statement_line_white_label_id_statement_id_position'))
    )
    op.create_index('ix_statement_line_entry', 'statement_line', ['white_label_id', 'entry_id'], unique=False)


def _wall_off() -> None:
    for table in NEW:
        op.execute(f'alter table "{table}" enable row level security')
        op.execute(f'alter table "{table}" force row level security')
        op.execute(f'create policy tenant on "{table}" using ({TENANT}) with check ({TENANT})')


def _refuse_changes() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in NEW:
        for act, each in (("update", "row"), ("delete", "row"), ("truncate", "statement")):
            if is_postgresql:
                op.execute(
                    f"create trigger {table}_no_{act} before {act} on {table} for each {each}"
                    " execute function refuse_change()"
                )
            elif act != "truncate":
                op.execute(
                    f"create trigger {table}_no_{act} before {act} on {table}"
                    f" begin select raise(abort, '{table} is append-only'); end"
                )


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
