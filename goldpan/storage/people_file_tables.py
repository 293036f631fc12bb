"""The tables of people who are nobody's prospects yet: the directory, its searches and lists, and uploaded files."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint

from goldpan.storage.columns import (
    AUTO_ID,
    EXACT,
    METADATA,
    MILLISECONDS,
    account_group_id_column,
    count_column,
    id_column,
    person_columns,
)

# The operator's own people files, which the directory provider answers from.
DIRECTORY_PERSON = Table(
    "directory_person",
    METADATA,
    Column("id", AUTO_ID, primary_key=True, autoincrement=True),
    account_group_id_column(),
    Column("identity_key", EXACT, nullable=False),
    Column("imported_ms", MILLISECONDS, nullable=False),
    *person_columns(),
    # What searches look for and prospects do not have.
    Column("school", sa.Text),
    Column("seniority", sa.Text),
    Column("functions", sa.Text),
    UniqueConstraint("account_group_id", "identity_key"),
)

# Searches of the directory that the operator gave a name.
SAVED_SEARCH = Table(
    "saved_search",
    METADATA,
    id_column(primary_key=True),
    account_group_id_column(),
    Column("name", sa.Text, nullable=False),
    Column("search_url", sa.Text, nullable=False),
    Column("created_ms", MILLISECONDS, nullable=False),
    UniqueConstraint("account_group_id", "name"),
)

# People of the directory whom the operator imported under one name.
LEAD_LIST = Table(
    "lead_list",
    METADATA,
    id_column(primary_key=True),
    account_group_id_column(),
    Column("name", sa.Text, nullable=False),
    Column("created_ms", MILLISECONDS, nullable=False),
    UniqueConstraint("account_group_id", "name"),
)

LEAD_LIST_PERSON = Table(
    "lead_list_person",
    METADATA,
    id_column(ForeignKey("lead_list.id"), name="lead_list_id", primary_key=True),
    Column("person_id", sa.BigInteger, ForeignKey("directory_person.id"), primary_key=True),
    account_group_id_column(),
)

# A file of people that a caller uploaded for a job.
UPLOADED_FILE = Table(
    "uploaded_file",
    METADATA,
    id_column(primary_key=True),
    account_group_id_column(),
    Column("name", sa.Text, nullable=False),
    Column("dialect", sa.Text, nullable=False),
    Column("mapping_json", sa.Text, nullable=False),
    count_column("row_count"),
    count_column("people_count"),  # rows that name somebody
    count_column("distinct_count"),  # people among them
    count_column("empty_count"),
    count_column("rejected_count"),
    Column("is_ready", sa.Boolean, nullable=False),  # its rows are all there
    Column("created_ms", MILLISECONDS, nullable=False),
    CheckConstraint("row_count = people_count + empty_count + rejected_count", name="rows_add_up"),
    CheckConstraint("distinct_count <= people_count", name="distinct"),
    Index("uploaded_file_age_index", "created_ms"),
    Index("uploaded_file_newest_index", "account_group_id", sa.desc("created_ms"), sa.desc("id")),
)

ROW_IS_REJECTED = sa.text("reject_reason IS NOT NULL")

# Its rows but for the empty ones: each is a person, or says why it is none.
UPLOADED_ROW = Table(
    "uploaded_row",
    METADATA,
    id_column(ForeignKey("uploaded_file.id"), name="file_id", primary_key=True),
    Column("position", sa.Integer, primary_key=True),  # 1, 2, 3 …
    account_group_id_column(),
    Column("line_number", sa.Integer, nullable=False),
    Column("person_json", sa.Text),
    Column("reject_reason", sa.Text),
    CheckConstraint("(person_json IS NULL) <> (reject_reason IS NULL)", name="person_or_reason"),
    # Few of a million rows, as a rule: nobody who asks why they were rejected shall wait for the others.
    Index(
        "uploaded_row_reject_index",
        "file_id",
        "position",
        sqlite_where=ROW_IS_REJECTED,
        postgresql_where=ROW_IS_REJECTED,
    ),
)
