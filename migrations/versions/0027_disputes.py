"""Disputes: card payments that their holders contest at their bank."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("white_label_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway_id", sa.String(), nullable=False),
        sa.Column("funding_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state in ('inquiry', 'open', 'won', 'lost', 'closed')", name=op.f("ck_dispute_state")),
        sa.CheckConstraint("returned_at is null or taken_at is not null", name=op.f("ck_dispute_returned_after")),
        sa.CheckConstraint("returned_minor between 0 and amount_minor", name=op.f("ck_dispute_returned")),
        sa.ForeignKeyConstraint(
            ["white_label_id", "funding_id"],
            ["funding.white_label_id", "funding.id"],
            name=op.f("fk_dispute_white_label_id_funding_id"),
        ),
        sa.ForeignKeyConstraint(["white_label_id"], ["white_label.id"], name=op.f("fk_dispute_white_label_id")),
        sa.PrimaryKeyConstraint("white_label_id", "id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("white_label_id", "gateway_id", name=op.f("uq_dispute_white_label_id_gateway_id")),
    )
    op.create_index("ix_dispute_funding", "dispute", ["white_label_id", "funding_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute('alter table "dispute" enable row level security')
        op.execute('alter table "dispute" force row level security')
        op.execute(f'create policy tenant on "dispute" using ({TENANT}) with check ({TENANT})')


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
