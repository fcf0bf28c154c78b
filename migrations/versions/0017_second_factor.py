"""A second factor for each person who has one, and the recovery codes that stand in for it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    op.create_table('second_factor',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('sealed_secret', sa.String(), nullable=False),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.Column('wrong', sa.Integer(), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_second_factor_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_second_factor_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_second_factor')),
    sa.UniqueConstraint('white_label_id', 'user_id', name=op.f('uq_second_factor_white_label_id_user_id'))
    )
    op.create_table('recovery_code',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('factor_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('hash', sa.String(), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['white_label_id', 'factor_id'], ['second_factor.white_label_id', 'second_factor.id'], name=op.f('fk_recovery_code_white_label_id_factor_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_recovery_code_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_recovery_code')),
    sa.UniqueConstraint('white_label_id', 'factor_id', 'name', name=op.f('uq_recovery_code_white_label_id_factor_id_name'))
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in ("second_factor", "recovery_code"):
            op.execute(f'alter table "{table}" enable row level security')
            op.execute(f'alter table "{table}" force row level security')
            op.execute(f'create policy tenant on "{table}" using ({TENANT}) with check ({TENANT})')


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
