"""Jobs remember the pages in a row that brought nobody new, so that they notice when their source goes in circles."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE job ADD COLUMN barren_pages integer DEFAULT 0 NOT NULL"
        " CONSTRAINT job_barren_pages_check CHECK (barren_pages >= 0)"
    )
    op.execute("ALTER TABLE job ADD COLUMN landmark_cursor text")
