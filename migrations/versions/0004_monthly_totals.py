"""What each account was charged in each month: sums that triggers keep as charges are inserted, so finance adds up nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"
SUMS = ("charges", "net_minor", "tax_minor", "retail_memo_minor")
ADD = ", ".join(f"{name} = charge_total.{name} + excluded.{name}" for name in SUMS)
INSERT = f"insert into charge_total (white_label_id, book, month, account_id, {', '.join(SUMS)})"
CONFLICT = f"on conflict (white_label_id, book, month, account_id) do update set {ADD}"


def upgrade() -> None:
    op.create_table('charge_total',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('book', sa.String(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('charges', sa.BigInteger(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_minor', sa.BigInteger(), nullable=False),
    sa.Column('retail_memo_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_charge_total_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_charge_total_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'book', 'month', 'account_id', name=op.f('pk_charge_total'))
    )
    if op.get_bind().dialect.name == "postgresql":
        _sum_on_postgresql()
    else:
        _sum_on_sqlite()


def _sum_on_postgresql() -> None:
    month = "date_trunc('month', day)::date"
    sums = "count(*), sum(net_minor), sum(tax_minor), sum(retail_memo_minor)"
    grouped = f"{INSERT} select white_label_id, book, {month}, account_id, {sums} from %s group by 1, 2, 3, 4"
    op.execute(grouped % "charge")
    op.execute(
        "create function add_up_charges() returns trigger language plpgsql as $$ begin "
        + grouped % "added"
        # In one order, so that two who charge the same accounts queue instead of deadlocking.
        + f" order by 1, 2, 3, 4 {CONFLICT}; return null; end $$"
    )
    op.execute(
        "create trigger charge_adds_up after insert on charge referencing new table as added"
        " for each statement execute function add_up_charges()"
    )
    op.execute("alter table charge_total enable row level security")
    op.execute("alter table charge_total force row level security")
    op.execute(f"create policy tenant on charge_total using ({TENANT}) with check ({TENANT})")


def _sum_on_sqlite() -> None:
    month = "substr({}day, 1, 7) || '-01'"
    sums = "count(*), sum(net_minor), sum(tax_minor), sum(retail_memo_minor)"
    op.execute(f"{INSERT} select white_label_id, book, {month.format('')}, account_id, {sums} from charge group by 1, 2, 3, 4")
    new = "new.white_label_id, new.book, {}, new.account_id, 1, new.net_minor, new.tax_minor, new.retail_memo_minor"
    values = new.format(month.format("new."))
    op.execute(f"create trigger charge_adds_up after insert on charge begin {INSERT} values ({values}) {CONFLICT}; end")


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
