"""Services, dated prices and tax, what is switched on for an account, credits of charges, usage, and billing runs."""

import uuid
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEW = ("billing_run", "charge_credit", "pause", "plan_inclusion", "price", "service", "subscription", "tax_rate", "usage_record")
APPEND_ONLY = ("charge_credit", "price")
TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    _make_services()
    _make_prices()
    _make_subscriptions()
    _make_billing()
    _add_columns()
    _subscribe_to_plans()
    _pause_suspended()
    if op.get_bind().dialect.name == "postgresql":
        _wall_off()
    _refuse_changes()


def _make_services() -> None:
    op.create_table('service',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('unit', sa.String(), nullable=False),
    sa.Column('per_units', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('listed_name', sa.String(), nullable=True),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('retail_minor', sa.BigInteger(), nullable=False),
    sa.Column('retail_setup_minor', sa.BigInteger(), nullable=False),
    sa.Column('wholesale_minor', sa.BigInteger(), nullable=False),
    sa.Column('wholesale_setup_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_ppm', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('hidden_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind in ('recurring', 'one_off', 'usage')", name=op.f('ck_service_kind')),
    sa.CheckConstraint('retail_minor >= 0 and retail_setup_minor >= 0 and wholesale_minor >= 0 and wholesale_setup_minor >= 0 and tax_ppm >= 0 and per_units > 0', name=op.f('ck_service_not_negative')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_service_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_service')),
    sa.UniqueConstraint('white_label_id', 'code', name=op.f('uq_service_white_label_id_code'))
    )
    op.create_table('tax_rate',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('rate_ppm', sa.Integer(), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(), nullable=False),
    sa.CheckConstraint('rate_ppm >= 0 and rate_ppm <= 1000000', name=op.f('ck_tax_rate_rate')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_tax_rate_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_tax_rate')),
    sa.UniqueConstraint('white_label_id', 'country', 'valid_from', name=op.f('uq_tax_rate_white_label_id_country_valid_from'))
    )


def _make_prices() -> None:
    op.create_table('plan_inclusion',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('plan_id', sa.Uuid(), nullable=False),
    sa.Column('service_id', sa.Uuid(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_plan_inclusion_quantity')),
    sa.ForeignKeyConstraint(['white_label_id', 'plan_id'], ['plan.white_label_id', 'plan.id'], name=op.f('fk_plan_inclusion_white_label_id_plan_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'service_id'], ['service.white_label_id', 'service.id'], name=op.f('fk_plan_inclusion_white_label_id_service_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_plan_inclusion_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'plan_id', 'service_id', name=op.f('pk_plan_inclusion'))
    )
    op.create_table('price',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('plan_id', sa.Uuid(), nullable=True),
    sa.Column('service_id', sa.Uuid(), nullable=True),
    sa.Column('side', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('minor', sa.BigInteger(), nullable=False),
    sa.Column('setup_minor', sa.BigInteger(), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(), nullable=False),
    sa.CheckConstraint("side in ('retail', 'wholesale')", name=op.f('ck_price_side')),
    sa.CheckConstraint("source in ('own', 'default')", name=op.f('ck_price_source')),
    sa.CheckConstraint('(plan_id is null) <> (service_id is null)', name=op.f('ck_price_one_product')),
    sa.CheckConstraint('minor >= 0 and setup_minor >= 0', name=op.f('ck_price_not_negative')),
    sa.ForeignKeyConstraint(['white_label_id', 'plan_id'], ['plan.white_label_id', 'plan.id'], name=op.f('fk_price_white_label_id_plan_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'service_id'], ['service.white_label_id', 'service.id'], name=op.f('fk_price_white_label_id_service_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_price_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_price')),
    sa.UniqueConstraint('white_label_id', 'plan_id', 'side', 'source', 'currency', 'valid_from', name='uq_price_plan_day'),
    sa.UniqueConstraint('white_label_id', 'service_id', 'side', 'source', 'currency', 'valid_from', name='uq_price_service_day')
    )


def _make_subscriptions() -> None:
    op.create_table('pause',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('from_day', sa.Date(), nullable=False),
    sa.Column('until_day', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_pause_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_pause_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_pause'))
    )
    op.create_index('ix_pause_account', 'pause', ['white_label_id', 'account_id', 'from_day'], unique=False)
    op.create_table('subscription',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('plan_id', sa.Uuid(), nullable=True),
    sa.Column('service_id', sa.Uuid(), nullable=True),
    sa.Column('item', sa.String(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('from_day', sa.Date(), nullable=False),
    sa.Column('until_day', sa.Date(), nullable=True),
    sa.Column('charged_to', sa.Date(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.CheckConstraint('(plan_id is null) <> (service_id is null)', name=op.f('ck_subscription_one_product')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_subscription_quantity')),
    sa.CheckConstraint('until_day is null or until_day >= from_day', name=op.f('ck_subscription_days')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_subscription_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'plan_id'], ['plan.white_label_id', 'plan.id'], name=op.f('fk_subscription_white_label_id_plan_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'service_id'], ['service.white_label_id', 'service.id'], name=op.f('fk_subscription_white_label_id_service_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_subscription_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_subscription')),
    sa.UniqueConstraint('white_label_id', 'account_id', 'item', name=op.f('uq_subscription_white_label_id_account_id_item'))
    )
    op.create_index('ix_subscription_charged_to', 'subscription', ['white_label_id', 'charged_to', 'account_id'], unique=False)


def _make_billing() -> None:
    op.create_table('billing_run',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('through_day', sa.Date(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_by', sa.String(), nullable=False),
    sa.Column('accounts', sa.Integer(), nullable=False),
    sa.Column('charges', sa.Integer(), nullable=False),
    sa.Column('wholesale_minor', sa.BigInteger(), nullable=False),
    sa.Column('retail_minor', sa.BigInteger(), nullable=False),
    sa.Column('skipped', sa.JSON(), nullable=False),
    sa.CheckConstraint("state in ('running', 'done')", name=op.f('ck_billing_run_state')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_billing_run_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_billing_run')),
    sa.UniqueConstraint('white_label_id', 'through_day', name=op.f('uq_billing_run_white_label_id_through_day'))
    )
    op.create_table('charge_credit',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('credit_id', sa.Uuid(), nullable=False),
    sa.Column('charge_id', sa.Uuid(), nullable=False),
    sa.Column('from_day', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('given_by', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'charge_id'], ['charge.white_label_id', 'charge.id'], name=op.f('fk_charge_credit_white_label_id_charge_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'credit_id'], ['charge.white_label_id', 'charge.id'], name=op.f('fk_charge_credit_white_label_id_credit_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_charge_credit_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'credit_id', name=op.f('pk_charge_credit'))
    )
    op.create_index('ix_charge_credit_charge', 'charge_credit', ['white_label_id', 'charge_id'], unique=False)
    op.create_table('usage_record',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('service_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('charged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('charge_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_usage_record_quantity')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_usage_record_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'charge_id'], ['charge.white_label_id', 'charge.id'], name=op.f('fk_usage_record_white_label_id_charge_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'service_id'], ['service.white_label_id', 'service.id'], name=op.f('fk_usage_record_white_label_id_service_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_usage_record_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_usage_record')),
    sa.UniqueConstraint('white_label_id', 'reference', name=op.f('uq_usage_record_white_label_id_reference'))
    )
    op.create_index('ix_usage_record_open', 'usage_record', ['white_label_id', 'account_id', 'day'], unique=False, sqlite_where=sa.text('charged_at is null'), postgresql_where=sa.text('charged_at is null'))


def _add_columns() -> None:
    op.add_column('account', sa.Column('cycle_anchor', sa.Date(), nullable=True))
    op.add_column('account', sa.Column('tax_number', sa.String(), nullable=True))
    op.add_column('account', sa.Column('tax_exemption', sa.String(), nullable=True))
    op.add_column('plan', sa.Column('months', sa.Integer(), server_default=sa.text('1'), nullable=False))
    op.add_column('plan', sa.Column('trial_days', sa.Integer(), server_default=sa.text('0'), nullable=False))
    op.add_column('plan', sa.Column('listed_name', sa.String(), nullable=True))
    op.add_column('plan', sa.Column('hidden_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('white_label', sa.Column('retail_tax_mode', sa.String(), server_default='exclusive', nullable=False))
    op.add_column('white_label', sa.Column('tax_number', sa.String(), nullable=True))


def _subscribe_to_plans() -> None:
    """Every account that was activated has had its plan since its first period, and was charged to its last one."""
    bind = op.get_bind()
    account = sa.table("account", *map(sa.column, ("kind", "closed_at")), *_typed())
    charge = sa.table(
        "charge", sa.column("white_label_id", sa.Uuid), sa.column("account_id", sa.Uuid), sa.column("item"),
        sa.column("first_day", sa.Date), sa.column("last_day", sa.Date),
    )
    spans = {
        (tenant, account_id): (first, last)
        for tenant, account_id, first, last in bind.execute(
            sa.select(charge.c.white_label_id, charge.c.account_id, sa.func.min(charge.c.first_day, type_=sa.Date),
                      sa.func.max(charge.c.last_day, type_=sa.Date))
            .where(charge.c.item == "plan").group_by(charge.c.white_label_id, charge.c.account_id)
        )
    }
    subscription = sa.table(
        "subscription", sa.column("white_label_id", sa.Uuid), sa.column("id", sa.Uuid), sa.column("account_id", sa.Uuid),
        sa.column("plan_id", sa.Uuid), sa.column("item"), sa.column("quantity"), sa.column("from_day", sa.Date),
        sa.column("until_day", sa.Date), sa.column("charged_to", sa.Date),
        sa.column("created_at", sa.DateTime(timezone=True)), sa.column("created_by"),
    )
    activated = sa.select(account).where(account.c.activated_at.is_not(None), account.c.kind == "customer")
    for row in bind.execute(activated).mappings().all():
        first, last = spans.get((row["white_label_id"], row["id"]), (None, None))
        begins = first or row["first_day"] or row["activated_at"].date()
        charged_to = last + timedelta(days=1) if last else begins
        bind.execute(sa.update(account).where(
            account.c.white_label_id == row["white_label_id"], account.c.id == row["id"]
        ).values(cycle_anchor=begins))
        bind.execute(sa.insert(subscription).values(
            white_label_id=row["white_label_id"], id=uuid.uuid4(), account_id=row["id"], plan_id=row["plan_id"],
            item="plan", quantity=1, from_day=begins, until_day=charged_to if row["state"] == "closed" else None,
            charged_to=charged_to, created_at=row["activated_at"], created_by="the activation",
        ))


def _pause_suspended() -> None:
    """Who is suspended now begins no period until the account is active again."""
    bind = op.get_bind()
    account = sa.table("account", *_typed())
    audit = sa.table(
        "audit_row", sa.column("white_label_id", sa.Uuid), sa.column("subject_id", sa.Uuid), sa.column("action"),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    pause = sa.table(
        "pause", sa.column("white_label_id", sa.Uuid), sa.column("id", sa.Uuid), sa.column("account_id", sa.Uuid),
        sa.column("from_day", sa.Date), sa.column("reason"), sa.column("created_at", sa.DateTime(timezone=True)),
    )
    for row in bind.execute(sa.select(account).where(account.c.state == "suspended")).mappings().all():
        since = bind.execute(sa.select(sa.func.max(audit.c.at, type_=sa.DateTime(timezone=True))).where(
            audit.c.white_label_id == row["white_label_id"], audit.c.subject_id == row["id"],
            audit.c.action == "account.suspended")).scalar() or row["activated_at"]
        bind.execute(sa.insert(pause).values(
            white_label_id=row["white_label_id"], id=uuid.uuid4(), account_id=row["id"],
            from_day=since.date() + timedelta(days=1), reason="", created_at=since,
        ))


def _typed() -> list[sa.ColumnClause[object]]:
    uuids = [sa.column(name, sa.Uuid) for name in ("white_label_id", "id", "plan_id")]
    days = [sa.column(name, sa.Date) for name in ("first_day", "cycle_anchor")]
    return [*uuids, *days, sa.column("activated_at", sa.DateTime(timezone=True)), sa.column("state")]


def _wall_off() -> None:
    for table in NEW:
        op.execute(f'alter table "{table}" enable row level security')
        op.execute(f'alter table "{table}" force row level security')
        op.execute(f'create policy tenant on "{table}" using ({TENANT}) with check ({TENANT})')


def _refuse_changes() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in APPEND_ONLY:
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
