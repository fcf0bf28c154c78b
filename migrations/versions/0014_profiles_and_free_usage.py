"""Addresses for letters that wait for their confirmation; usage that was free is found by account and day."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    op.create_table('address_change',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('before', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dead_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_address_change_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_address_change_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_address_change'))
    )
    op.create_index('ix_address_change_user', 'address_change', ['white_label_id', 'user_id', 'created_at'], unique=False)
    free = sa.text('charged_at is not null and charge_id is null')
    op.create_index('ix_usage_record_free', 'usage_record', ['white_label_id', 'account_id', 'day'], unique=False, sqlite_where=free, postgresql_where=free)
    if op.get_bind().dialect.name == "postgresql":
        op.execute('alter table "address_change" enable row level security')
        op.execute('alter table "address_change" force row level security')
        op.execute(f'create policy tenant on "address_change" using ({TENANT}) with check ({TENANT})')


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
