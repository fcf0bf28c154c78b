"""Events, and telephone numbers: the operator's stock, a white label's numbers, emergency addresses and port-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"
NEW = (
    "event", "number_block", "stock_number", "number", "emergency_address", "port_request", "port_document",
)


def upgrade() -> None:
    op.add_column('service', sa.Column('counts', sa.String(), server_default=sa.text("''"), nullable=False))
    _make_events()
    _make_blocks()
    _make_stock()
    _make_numbers()
    _make_port_requests()
    if op.get_bind().dialect.name == "postgresql":
        _wall_off()
    _refuse_changes("event")


def _make_events() -> None:
    op.create_table('event',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_event_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_event'))
    )
    op.create_index('ix_event_account', 'event', ['white_label_id', 'account_id', 'id'], unique=False)


def _make_blocks() -> None:
    op.create_table('number_block',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('holder_id', sa.Uuid(), nullable=True),
    sa.Column('handed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['holder_id'], ['white_label.id'], name=op.f('fk_number_block_holder_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_number_block_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_number_block'))
    )
    op.create_index('ix_number_block_newest', 'number_block', ['white_label_id', 'created_at', 'id'], unique=False)


def _make_stock() -> None:
    op.create_table('stock_number',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('e164', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.Column('area', sa.String(), nullable=False),
    sa.Column('price_class', sa.String(), nullable=False),
    sa.Column('needs_address', sa.Boolean(), nullable=False),
    sa.Column('block_id', sa.Uuid(), nullable=False),
    sa.Column('holder_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("kind in ('geographic', 'mobile', 'toll_free', 'national', 'other')", name=op.f('ck_stock_number_kind')),
    sa.ForeignKeyConstraint(['holder_id'], ['white_label.id'], name=op.f('fk_stock_number_holder_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'block_id'], ['number_block.white_label_id', 'number_block.id'], name=op.f('fk_stock_number_white_label_id_block_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_stock_number_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_stock_number')),
    sa.UniqueConstraint('white_label_id', 'e164', name=op.f('uq_stock_number_white_label_id_e164'))
    )
    op.create_index('ix_stock_number_block', 'stock_number', ['white_label_id', 'block_id', 'e164'], unique=False)
    op.create_index('ix_stock_number_holder', 'stock_number', ['white_label_id', 'holder_id', 'e164'], unique=False)


def _make_numbers() -> None:
    op.create_table('number',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('e164', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.Column('area', sa.String(), nullable=False),
    sa.Column('price_class', sa.String(), nullable=False),
    sa.Column('needs_address', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reserved_by', sa.String(), nullable=True),
    sa.Column('assigned_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state in ('reserved', 'assigned')) = (account_id is not null)", name=op.f('ck_number_whose')),
    sa.CheckConstraint("(state in ('reserved', 'quarantined')) = (until is not null)", name=op.f('ck_number_until')),
    sa.CheckConstraint("kind in ('geographic', 'mobile', 'toll_free', 'national', 'other')", name=op.f('ck_number_kind')),
    sa.CheckConstraint("state in ('free', 'reserved', 'assigned', 'quarantined')", name=op.f('ck_number_state')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_number_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_number_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_number_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_number')),
    sa.UniqueConstraint('white_label_id', 'e164', name=op.f('uq_number_white_label_id_e164'))
    )
    op.create_index('ix_number_account', 'number', ['white_label_id', 'account_id', 'e164'], unique=False)
    op.create_index('ix_number_free', 'number', ['white_label_id', 'state', 'country', 'area', 'e164'], unique=False)
    op.create_table('emergency_address',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('number_id', sa.Uuid(), nullable=False),
    sa.Column('line1', sa.String(), nullable=False),
    sa.Column('line2', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=False),
    sa.Column('region', sa.String(), nullable=False),
    sa.Column('postcode', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('problem', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entered_by', sa.String(), nullable=False),
    sa.Column('validated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('registered_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state in ('entered', 'validated', 'registered')", name=op.f('ck_emergency_address_state')),
    sa.ForeignKeyConstraint(['white_label_id', 'number_id'], ['number.white_label_id', 'number.id'], name=op.f('fk_emergency_address_white_label_id_number_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_emergency_address_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'number_id', name=op.f('pk_emergency_address'))
    )


def _make_port_requests() -> None:
    op.create_table('port_request',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('numbers', sa.JSON(), nullable=False),
    sa.Column('losing_provider', sa.String(), nullable=False),
    sa.Column('losing_account', sa.String(), nullable=False),
    sa.Column('wanted_day', sa.Date(), nullable=False),
    sa.Column('agreed_day', sa.Date(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state in ('submitted', 'accepted', 'scheduled', 'completed', 'rejected', 'cancelled')", name=op.f('ck_port_request_state')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_port_request_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_port_request_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_port_request'))
    )
    op.create_index('ix_port_request_account', 'port_request', ['white_label_id', 'account_id', 'created_at'], unique=False)
    op.create_index('ix_port_request_state', 'port_request', ['white_label_id', 'state', 'created_at'], unique=False)
    op.create_table('port_document',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('port_request_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('media_type', sa.String(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'port_request_id'], ['port_request.white_label_id', 'port_request.id'], name=op.f('fk_port_document_white_label_id_port_request_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_port_document_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_port_document'))
    )
    op.create_index('ix_port_document_request', 'port_document', ['white_label_id', 'port_request_id', 'created_at'], unique=False)


def _wall_off() -> None:
    for table in NEW:
        op.execute(f'alter table "{table}" enable row level security')
        op.execute(f'alter table "{table}" force row level security')
        op.execute(f'create policy tenant on "{table}" using ({TENANT}) with check ({TENANT})')


def _refuse_changes(table: str) -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
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
