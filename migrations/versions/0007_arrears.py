"""The rules of a white label for unpaid accounts, and the cases of accounts in arrears."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    op.create_table('arrears_policy',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('low_days', sa.Integer(), nullable=False),
    sa.Column('suspend_days', sa.Integer(), nullable=False),
    sa.Column('close_days', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_arrears_policy_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', name=op.f('pk_arrears_policy'))
    )
    op.create_table('arrears_case',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=False),
    sa.Column('step', sa.String(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('ended_on', sa.Date(), nullable=True),
    sa.CheckConstraint("step in ('low', 'overdue', 'suspended', 'closed')", name=op.f('ck_arrears_case_step')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_arrears_case_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_arrears_case_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_arrears_case'))
    )
    op.create_index('uq_arrears_case_one_open', 'arrears_case', ['white_label_id', 'account_id'], unique=True, sqlite_where=sa.text('ended_on is null'), postgresql_where=sa.text('ended_on is null'))
    if op.get_bind().dialect.name == "postgresql":
        for table in ("arrears_policy", "arrears_case"):
            op.execute(f'alter table "{table}" enable row level security')
            op.execute(f'alter table "{table}" force row level security')
            op.execute(f'create policy tenant on "{table}" using ({TENANT}) with check ({TENANT})')


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
