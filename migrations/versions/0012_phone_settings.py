"""Phone settings version by version, what telephones sign in with, sound recordings, and a PBX's key."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"
NEW = ("pbx_version", "sip_credential", "clip", "provisioning_key")


def upgrade() -> None:
    _make_settings()
    _make_keys()
    if op.get_bind().dialect.name == "postgresql":
        _wall_off()
    _refuse_changes("pbx_version")


def _make_settings() -> None:
    op.create_table('clip',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_clip_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_clip_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_clip'))
    )
    op.create_index('ix_clip_account', 'clip', ['white_label_id', 'account_id', 'name'], unique=False)
    op.create_table('pbx_version',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('document', sa.JSON(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('undoes', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_kind', sa.String(), nullable=False),
    sa.Column('by_id', sa.Uuid(), nullable=True),
    sa.Column('by_name', sa.String(), nullable=False),
    sa.CheckConstraint('version > 0', name=op.f('ck_pbx_version_version')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_pbx_version_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_pbx_version_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'account_id', 'version', name=op.f('pk_pbx_version'))
    )
    op.create_table('sip_credential',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('extension', sa.String(), nullable=False),
    sa.Column('username', sa.String(), nullable=False),
    sa.Column('realm', sa.String(), nullable=False),
    sa.Column('ha1', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_sip_credential_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_sip_credential_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'account_id', 'extension', name=op.f('pk_sip_credential')),
    sa.UniqueConstraint('white_label_id', 'username', name=op.f('uq_sip_credential_white_label_id_username'))
    )


def _make_keys() -> None:
    op.create_table('provisioning_key',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('hint', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_provisioning_key_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_provisioning_key'))
    )
    op.create_index('uq_provisioning_key_in_use', 'provisioning_key', ['white_label_id'], unique=True, sqlite_where=sa.text('ended_at is null'), postgresql_where=sa.text('ended_at is null'))


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
