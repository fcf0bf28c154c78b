"""The default list has prices in further currencies; and what is ordered for a later day says how much is set up then."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    op.create_table('opening_price',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('plan_id', sa.Uuid(), nullable=True),
    sa.Column('service_id', sa.Uuid(), nullable=True),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('retail_minor', sa.BigInteger(), nullable=False),
    sa.Column('retail_setup_minor', sa.BigInteger(), nullable=False),
    sa.Column('wholesale_minor', sa.BigInteger(), nullable=False),
    sa.Column('wholesale_setup_minor', sa.BigInteger(), nullable=False),
    sa.Column('minimum_funding_minor', sa.BigInteger(), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(), nullable=False),
    sa.CheckConstraint('(plan_id is null) <> (service_id is null)', name=op.f('ck_opening_price_one_product')),
    sa.CheckConstraint('retail_minor >= 0 and retail_setup_minor >= 0 and wholesale_minor >= 0 and wholesale_setup_minor >= 0 and minimum_funding_minor >= 0', name=op.f('ck_opening_price_not_negative')),
    sa.ForeignKeyConstraint(['white_label_id', 'plan_id'], ['plan.white_label_id', 'plan.id'], name=op.f('fk_opening_price_white_label_id_plan_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'service_id'], ['service.white_label_id', 'service.id'], name=op.f('fk_opening_price_white_label_id_service_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_opening_price_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_opening_price')),
    sa.UniqueConstraint('white_label_id', 'plan_id', 'currency', name=op.f('uq_opening_price_white_label_id_plan_id_currency')),
    sa.UniqueConstraint('white_label_id', 'service_id', 'currency', name=op.f('uq_opening_price_white_label_id_service_id_currency'))
    )
    # What waits today was agreed to without setting up: it stays so.
    op.add_column("subscription", sa.Column("setup_quantity", sa.Integer(), server_default=sa.text("0"), nullable=False))
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute('alter table "opening_price" enable row level security')
        op.execute('alter table "opening_price" force row level security')
        op.execute(f'create policy tenant on "opening_price" using ({TENANT}) with check ({TENANT})')
    _refuse_changes(is_postgresql=is_postgresql)


def _refuse_changes(*, is_postgresql: bool) -> None:
    for act, each in (("update", "row"), ("delete", "row"), ("truncate", "statement")):
        if is_postgresql:
            op.execute(
                f"create trigger opening_price_no_{act} before {act} on opening_price for each {each}"
                " execute function refuse_change()"
            )
        elif act != "truncate":
            op.execute(
                f"create trigger opening_price_no_{act} before {act} on opening_price"
                " begin select raise(abort, 'opening_price is append-only'); end"
            )


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
