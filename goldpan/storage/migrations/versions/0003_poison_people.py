"""How a job gets past a person that kills its worker: what it counts, and whom it passed over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, PrimaryKeyConstraint

revision = "0003"
down_revision = "0002"

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("fruitless_claims", "attempts", "careful_people"):
        constraint = f"CONSTRAINT job_{name}_check CHECK ({name} >= 0)"
        op.execute(f"ALTER TABLE job ADD COLUMN {name} integer DEFAULT 0 NOT NULL {constraint}")
    op.create_table(
        "quarantined_person",
        Column("job_id", EXACT, nullable=False),
        Column("stage", sa.Text, nullable=False),
        Column("place", sa.Text, nullable=False),
        Column("account_group_id", EXACT, nullable=False),
        Column("quarantined_ms", sa.BigInteger, nullable=False),
        CheckConstraint("stage IN ('import', 'enrichment')", name="stage"),
        PrimaryKeyConstraint("job_id", "stage", "place"),
        ForeignKeyConstraint(["job_id"], ["job.id"]),
        ForeignKeyConstraint(["account_group_id"], ["account_group.id"]),
    )
