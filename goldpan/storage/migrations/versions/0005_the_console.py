"""Who may sign in to the console, who is signed in, and the links that let somebody choose a password."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

revision = "0005"
down_revision = "0004"

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "console_user",
        Column("id", EXACT, nullable=False),
        Column("name", sa.Text, nullable=False),
        Column("name_key", EXACT, nullable=False),
        Column("password_hash", sa.Text),
        Column("role", sa.Text, nullable=False),
        Column("reaches_all", sa.Boolean, nullable=False),
        Column("created_ms", sa.BigInteger, nullable=False),
        CheckConstraint("role IN ('owner', 'operator', 'viewer')", name="role"),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("name_key"),
    )
    op.create_table(
        "console_user_account_group",
        Column("user_id", EXACT, nullable=False),
        Column("account_group_id", EXACT, nullable=False),
        PrimaryKeyConstraint("user_id", "account_group_id"),
        ForeignKeyConstraint(["user_id"], ["console_user.id"]),
        ForeignKeyConstraint(["account_group_id"], ["account_group.id"]),
    )
    op.create_table(
        "console_session",
        Column("token_hash", sa.LargeBinary, nullable=False),
        Column("user_id", EXACT, nullable=False),
        Column("account_group_id", EXACT),
        Column("created_ms", sa.BigInteger, nullable=False),
        Column("seen_ms", sa.BigInteger, nullable=False),
        CheckConstraint("seen_ms >= created_ms", name="seen"),
        PrimaryKeyConstraint("token_hash"),
        ForeignKeyConstraint(["user_id"], ["console_user.id"]),
        ForeignKeyConstraint(["account_group_id"], ["account_group.id"]),
    )
    op.create_index("console_session_user_index", "console_session", ["user_id"])
    op.create_table(
        "console_link",
        Column("token_hash", sa.LargeBinary, nullable=False),
        Column("user_id", EXACT),
        Column("created_ms", sa.BigInteger, nullable=False),
        Column("expires_ms", sa.BigInteger, nullable=False),
        Column("used_ms", sa.BigInteger),
        CheckConstraint("expires_ms > created_ms", name="expires"),
        CheckConstraint("used_ms IS NULL OR used_ms < expires_ms", name="used"),
        PrimaryKeyConstraint("token_hash"),
        ForeignKeyConstraint(["user_id"], ["console_user.id"]),
    )
