"""How numbers come into the stock and go to white labels: imports with the fate of each line, and handovers."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"
NEW = ("number_import", "number_import_fates", "number_handover")


def upgrade() -> None:
    op.create_index('ix_stock_number_country', 'stock_number', ['white_label_id', 'country', 'e164'], unique=False)
    _make_imports()
    _make_handovers()
    if op.get_bind().dialect.name == "postgresql":
        for table in NEW:
            op.execute(f'alter table "{table}" enable row level security')
            op.execute(f'alter table "{table}" force row level security')
            op.execute(f'create policy tenant on "{table}" using ({TENANT}) with check ({TENANT})')


def _make_imports() -> None:
    op.create_table('number_import',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('price_class', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('lines_done', sa.Integer(), nullable=False),
    sa.Column('added', sa.Integer(), nullable=False),
    sa.Column('known', sa.Integer(), nullable=False),
    sa.Column('held', sa.Integer(), nullable=False),
    sa.Column('malformed', sa.Integer(), nullable=False),
    sa.Column('duplicate', sa.Integer(), nullable=False),
    sa.Column('block_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state in ('taking', 'done')) = (block_id is not null)", name=op.f('ck_number_import_block')),
    sa.CheckConstraint("state in ('checking', 'checked', 'taking', 'done', 'dropped')", name=op.f('ck_number_import_state')),
    sa.ForeignKeyConstraint(['white_label_id', 'block_id'], ['number_block.white_label_id', 'number_block.id'], name=op.f('fk_number_import_white_label_id_block_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_number_import_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_number_import'))
    )
    op.create_index('ix_number_import_newest', 'number_import', ['white_label_id', 'created_at', 'id'], unique=False)
    op.create_table('number_import_fates',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('stage', sa.String(), nullable=False),
    sa.Column('first', sa.Integer(), nullable=False),
    sa.Column('other', sa.Integer(), nullable=False),
    sa.Column('content', sa.String(), nullable=False),
    sa.CheckConstraint("stage in ('check', 'take')", name=op.f('ck_number_import_fates_stage')),
    sa.ForeignKeyConstraint(['white_label_id', 'import_id'], ['number_import.white_label_id', 'number_import.id'], name=op.f('fk_number_import_fates_white_label_id_import_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_number_import_fates_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_number_import_fates')),
    sa.UniqueConstraint('white_label_id', 'import_id', 'stage', 'first', name=op.f('uq_number_import_fates_white_label_id_import_id_stage_first'))
    )


def _make_handovers() -> None:
    op.create_table('number_handover',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('block_id', sa.Uuid(), nullable=False),
    sa.Column('holder_id', sa.Uuid(), nullable=False),
    sa.Column('direction', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('through', sa.String(), nullable=False),
    sa.Column('moved', sa.Integer(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.String(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("direction in ('hand', 'back')", name=op.f('ck_number_handover_direction')),
    sa.CheckConstraint("state in ('moving', 'done', 'refused')", name=op.f('ck_number_handover_state')),
    sa.ForeignKeyConstraint(['holder_id'], ['white_label.id'], name=op.f('fk_number_handover_holder_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'block_id'], ['number_block.white_label_id', 'number_block.id'], name=op.f('fk_number_handover_white_label_id_block_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_number_handover_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_number_handover'))
    )
    op.create_index('ix_number_handover_block', 'number_handover', ['white_label_id', 'block_id', 'asked_at'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
