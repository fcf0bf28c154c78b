"""A tax rate can be for one region of a country, or be the operator's on wholesale; each from a day on."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WHOSE = "(side = 'retail' and country <> '') or (side = 'wholesale' and country = '' and region = '')"


def upgrade() -> None:
    # SQLite makes the table again. It has no triggers to lose, and nothing refers to it.
    with op.batch_alter_table("tax_rate") as table:
        table.add_column(sa.Column("side", sa.String(), server_default="retail", nullable=False))
        table.add_column(sa.Column("region", sa.String(), server_default="", nullable=False))
        table.drop_constraint(op.f("uq_tax_rate_white_label_id_country_valid_from"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_tax_rate_white_label_id_side_country_region_valid_from"),
            ["white_label_id", "side", "country", "region", "valid_from"],
        )
        table.create_check_constraint(op.f("ck_tax_rate_whose"), WHOSE)


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
