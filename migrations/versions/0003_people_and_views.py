"""Invitations, saved views, test payments of a gateway; what the wizard asks about billing; when a link was opened."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEW = ("gateway_test", "invitation", "saved_view")
TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    _make_tables()
    _add_columns()
    _tell_who_claimed()
    _wall_off()


def _make_tables() -> None:
    op.create_table('gateway_test',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('checkout_session', sa.String(), nullable=True),
    sa.Column('started_by', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('returned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('webhook_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state in ('created', 'open', 'paid', 'refunded', 'expired', 'failed')", name=op.f('ck_gateway_test_state')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_gateway_test_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_gateway_test'))
    )
    op.create_index('ix_gateway_test_newest', 'gateway_test', ['white_label_id', 'created_at'], unique=False)
    op.create_table('saved_view',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('query', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_saved_view_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_saved_view_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_saved_view')),
    sa.UniqueConstraint('white_label_id', 'user_id', 'name', name=op.f('uq_saved_view_white_label_id_user_id_name'))
    )
    op.create_table('invitation',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('invited_by', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("role in ('administrator', 'finance', 'standard')", name=op.f('ck_invitation_role')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_invitation_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_invitation_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_invitation_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_invitation'))
    )
    op.create_index('uq_invitation_one_open', 'invitation', ['white_label_id', 'account_id', 'address'], unique=True, sqlite_where=sa.text('used_at is null and revoked_at is null'), postgresql_where=sa.text('used_at is null and revoked_at is null'))


def _add_columns() -> None:
    op.add_column('account', sa.Column('billing_day', sa.Integer(), nullable=True))
    op.add_column('account', sa.Column('least_funding_minor', sa.BigInteger(), nullable=True))
    op.add_column('account', sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_account_name', 'account', ['white_label_id', 'kind', 'name', 'id'], unique=False)
    op.add_column('activation_link', sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True))


def _wall_off() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in NEW:
            op.execute(f'alter table "{table}" enable row level security')
            op.execute(f'alter table "{table}" force row level security')
            op.execute(f'create policy tenant on "{table}" using ({TENANT}) with check ({TENANT})')


def _tell_who_claimed() -> None:
    """An account was claimed when one of its links was used."""
    op.execute(
        "update account set claimed_at = (select max(l.used_at) from activation_link l"
        " where l.white_label_id = account.white_label_id and l.account_id = account.id)"
    )


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
