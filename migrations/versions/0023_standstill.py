"""The operator may suspend every customer of a white label: who and why, and each account's pause that comes of it.

Logos are kept, so that what was issued under one keeps it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    _standstill()
    op.add_column("white_label", sa.Column("customers_suspended_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("pause") as pause:
        pause.add_column(sa.Column("standstill_id", sa.Uuid(), nullable=True))
        pause.create_index("ix_pause_standstill", ["white_label_id", "standstill_id", "account_id"])
        pause.create_foreign_key(
            "fk_pause_white_label_id_standstill_id",
            "standstill",
            ["white_label_id", "standstill_id"],
            ["white_label_id", "id"],
        )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        _wall("standstill")
    _kept_logos(is_postgresql=is_postgresql)


def _standstill() -> None:
    op.create_table(
        "standstill",
        sa.Column("white_label_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by_id", sa.Uuid(), nullable=False),
        sa.Column("begun_by", sa.String(), nullable=False),
        sa.Column("reached_all_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.String(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.Uuid(), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(lifted_at is null) = (lifted_by is null)", name=op.f("ck_standstill_lifted_by_somebody")
        ),
        sa.CheckConstraint(
            "restored_at is null or lifted_at is not null", name=op.f("ck_standstill_restored_after")
        ),
        sa.ForeignKeyConstraint(
            ["white_label_id"], ["white_label.id"], name=op.f("fk_standstill_white_label_id")
        ),
        sa.PrimaryKeyConstraint("white_label_id", "id", name=op.f("pk_standstill")),
    )
    only = sa.text("lifted_at is null")
    op.create_index(
        "uq_standstill_one_standing",
        "standstill",
        ["white_label_id"],
        unique=True,
        sqlite_where=only,
        postgresql_where=only,
    )


def _kept_logos(*, is_postgresql: bool) -> None:
    op.create_table(
        "kept_logo",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_kept_logo")),
    )
    op.add_column("white_label", sa.Column("early_logo_digest", sa.String(), nullable=True))
    op.execute(
        "insert into kept_logo (digest, png, kept_at) select logo_digest, logo, current_timestamp from white_label"
        " where logo is not null and logo_digest is not null on conflict do nothing"
    )
    op.execute("update white_label set early_logo_digest = logo_digest")
    _refuse_changes("kept_logo", is_postgresql=is_postgresql)


def _refuse_changes(table: str, *, is_postgresql: bool) -> None:
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


def _wall(table: str) -> None:
    op.execute(f'alter table "{table}" enable row level security')
    op.execute(f'alter table "{table}" force row level security')
    op.execute(f'create policy tenant on "{table}" using ({TENANT}) with check ({TENANT})')


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
