"""A price whose day has not come can be put right: its row stays, and a correction says what holds instead of it.

A request for credit can be for a higher credit limit.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    op.create_table('price_correction',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('price_id', sa.Uuid(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('minor', sa.BigInteger(), nullable=True),
    sa.Column('setup_minor', sa.BigInteger(), nullable=True),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(), nullable=False),
    sa.CheckConstraint('(minor is null) = (setup_minor is null)', name=op.f('ck_price_correction_both_or_none')),
    sa.CheckConstraint('minor >= 0 and setup_minor >= 0', name=op.f('ck_price_correction_not_negative')),
    sa.ForeignKeyConstraint(['white_label_id', 'price_id'], ['price.white_label_id', 'price.id'], name=op.f('fk_price_correction_white_label_id_price_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_price_correction_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_price_correction')),
    sa.UniqueConstraint('white_label_id', 'price_id', 'revision', name=op.f('uq_price_correction_white_label_id_price_id_revision'))
    )
    op.add_column("credit_request", sa.Column("limit_minor", sa.BigInteger(), nullable=True))
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute('alter table "price_correction" enable row level security')
        op.execute('alter table "price_correction" force row level security')
        op.execute(f'create policy tenant on "price_correction" using ({TENANT}) with check ({TENANT})')
    _refuse_changes(is_postgresql=is_postgresql)


def _refuse_changes(*, is_postgresql: bool) -> None:
    for act, each in (("update", "row"), ("delete", "row"), ("truncate", "statement")):
        if is_postgresql:
            op.execute(
                f"create trigger price_correction_no_{act} before {act} on price_correction for each {each}"
                " execute function refuse_change()"
            )
        elif act != "truncate":
            op.execute(
                f"create trigger price_correction_no_{act} before {act} on price_correction"
                " begin select raise(abort, 'price_correction is append-only'); end"
            )


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
