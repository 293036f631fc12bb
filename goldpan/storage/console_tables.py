"""The tables of the console: who may sign in, who is signed in, and the links that let somebody choose a password."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint

from goldpan.storage.columns import EXACT, METADATA, MILLISECONDS, account_group_id_column, id_column

CONSOLE_USER = Table(
    "console_user",
    METADATA,
    id_column(primary_key=True),
    Column("name", sa.Text, nullable=False),
    Column("name_key", EXACT, nullable=False),  # the name as it is compared: nobody is both Alice and alice
    Column("password_hash", sa.Text),  # None: a link to choose one is under way
    Column("role", sa.Text, CheckConstraint("role IN ('owner', 'operator', 'viewer')", name="role"), nullable=False),
    Column("reaches_all", sa.Boolean, nullable=False),  # every account group, those to come as well
    Column("created_ms", MILLISECONDS, nullable=False),
    UniqueConstraint("name_key"),
)

CONSOLE_USER_ACCOUNT_GROUP = Table(
    "console_user_account_group",
    METADATA,
    id_column(ForeignKey("console_user.id"), name="user_id", primary_key=True),
    account_group_id_column(primary_key=True),
)

CONSOLE_SESSION = Table(
    "console_session",
    METADATA,
    Column("token_hash", sa.LargeBinary, primary_key=True),
    id_column(ForeignKey("console_user.id"), name="user_id"),
    # Whose pages were opened last: `/` leads there.
    id_column(ForeignKey("account_group.id"), name="account_group_id", nullable=True),
    Column("created_ms", MILLISECONDS, nullable=False),
    Column("seen_ms", MILLISECONDS, nullable=False),
    CheckConstraint("seen_ms >= created_ms", name="seen"),
    Index("console_session_user_index", "user_id"),
)

CONSOLE_LINK = Table(
    "console_link",
    METADATA,
    Column("token_hash", sa.LargeBinary, primary_key=True),
    # Who gets a password by it; None: somebody new, an owner under a name of their choice.
    id_column(ForeignKey("console_user.id"), name="user_id", nullable=True),
    Column("created_ms", MILLISECONDS, nullable=False),
    Column("expires_ms", MILLISECONDS, nullable=False),
    Column("used_ms", MILLISECONDS),
    CheckConstraint("expires_ms > created_ms", name="expires"),
    CheckConstraint("used_ms IS NULL OR used_ms < expires_ms", name="used"),
)
