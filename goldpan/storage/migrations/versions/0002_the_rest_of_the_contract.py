"""Folders, live events, quota, named searches and lists, uploaded files; and what jobs, audiences and people gained."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from goldpan.domain.identity_rules import identity_keys

revision = "0002"
down_revision = "0001"

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MILLISECONDS = sa.BigInteger()
AUDIENCE_TYPES = "audience_type IN ('on_demand', 'monitoring')"
PEOPLE_A_BATCH = 5_000

Columns = Sequence[str | sa.TextClause]


def upgrade() -> None:
    _create_tables()
    _extend_audiences()
    _extend_jobs()
    _extend_prospects()


def _id(name: str = "id", nullable: bool = False) -> Column[str]:
    return Column(name, EXACT, nullable=nullable)


def _refers(column: str, table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], [f"{table}.id"])


def _count(name: str) -> tuple[Column[int], CheckConstraint]:
    return Column(name, sa.Integer, nullable=False), CheckConstraint(f"{name} >= 0", name=name)


def _create_tables() -> None:
    created = ("created_ms", MILLISECONDS)
    op.create_table(
        "folder",
        _id(),
        _id("account_group_id"),
        Column("name", sa.Text, nullable=False),
        Column("audience_type", sa.Text, nullable=False),
        Column("is_pinned", sa.Boolean, nullable=False),
        *_count("position"),
        Column(*created, nullable=False),
        Column("updated_ms", MILLISECONDS, nullable=False),
        CheckConstraint(AUDIENCE_TYPES, name="audience_type"),
        PrimaryKeyConstraint("id"),
        _refers("account_group_id", "account_group"),
    )
    op.create_index("folder_order_index", "folder", ["account_group_id", "position", "id"])
    op.create_table(
        "job_event",
        _id("job_id"),
        Column("version", sa.Integer, nullable=False),
        _id("account_group_id"),
        Column("kind", sa.Text, nullable=False),
        Column("data_json", sa.Text, nullable=False),
        Column(*created, nullable=False),
        CheckConstraint("kind IN ('progress', 'stage', 'finished')", name="kind"),
        PrimaryKeyConstraint("job_id", "version"),
        _refers("job_id", "job"),
        _refers("account_group_id", "account_group"),
    )
    op.create_index("job_event_age_index", "job_event", ["created_ms"])
    op.create_table(
        "quota_use",
        _id("job_id"),
        Column("page", sa.Integer, nullable=False),
        _id("account_group_id"),
        Column("list_type", sa.Text, nullable=False),
        Column("people", sa.Integer, nullable=False),
        Column("used_ms", MILLISECONDS, nullable=False),
        CheckConstraint("people > 0", name="people"),
        PrimaryKeyConstraint("job_id", "page"),
        _refers("job_id", "job"),
        _refers("account_group_id", "account_group"),
    )
    op.create_index("quota_use_window_index", "quota_use", ["account_group_id", "list_type", "used_ms"])
    op.create_index("quota_use_age_index", "quota_use", ["used_ms"])
    op.create_table(
        "saved_search",
        _id(),
        _id("account_group_id"),
        Column("name", sa.Text, nullable=False),
        Column("search_url", sa.Text, nullable=False),
        Column(*created, nullable=False),
        PrimaryKeyConstraint("id"),
        _refers("account_group_id", "account_group"),
        UniqueConstraint("account_group_id", "name"),
    )
    op.create_table(
        "lead_list",
        _id(),
        _id("account_group_id"),
        Column("name", sa.Text, nullable=False),
        Column(*created, nullable=False),
        PrimaryKeyConstraint("id"),
        _refers("account_group_id", "account_group"),
        UniqueConstraint("account_group_id", "name"),
    )
    op.create_table(
        "lead_list_person",
        _id("lead_list_id"),
        Column("person_id", sa.BigInteger, nullable=False),
        _id("account_group_id"),
        PrimaryKeyConstraint("lead_list_id", "person_id"),
        _refers("lead_list_id", "lead_list"),
        _refers("person_id", "directory_person"),
        _refers("account_group_id", "account_group"),
    )
    op.create_table(
        "uploaded_file",
        _id(),
        _id("account_group_id"),
        Column("name", sa.Text, nullable=False),
        Column("dialect", sa.Text, nullable=False),
        Column("mapping_json", sa.Text, nullable=False),
        *_count("row_count"),
        *_count("people_count"),
        *_count("distinct_count"),
        *_count("empty_count"),
        *_count("rejected_count"),
        Column("is_ready", sa.Boolean, nullable=False),
        Column(*created, nullable=False),
        CheckConstraint("row_count = people_count + empty_count + rejected_count", name="rows_add_up"),
        CheckConstraint("distinct_count <= people_count", name="distinct"),
        PrimaryKeyConstraint("id"),
        _refers("account_group_id", "account_group"),
    )
    op.create_index("uploaded_file_age_index", "uploaded_file", ["created_ms"])
    op.create_table(
        "uploaded_row",
        _id("file_id"),
        Column("position", sa.Integer, nullable=False),
        _id("account_group_id"),
        Column("line_number", sa.Integer, nullable=False),
        Column("person_json", sa.Text),
        Column("reject_reason", sa.Text),
        CheckConstraint("(person_json IS NULL) <> (reject_reason IS NULL)", name="person_or_reason"),
        PrimaryKeyConstraint("file_id", "position"),
        _refers("file_id", "uploaded_file"),
        _refers("account_group_id", "account_group"),
    )
    rejected = sa.text("reject_reason IS NOT NULL")
    place = ["file_id", "position"]
    op.create_index(
        "uploaded_row_reject_index", "uploaded_row", place, sqlite_where=rejected, postgresql_where=rejected
    )


def _extend_audiences() -> None:
    _add_columns(
        "audience",
        "description text",
        "audience_type text DEFAULT 'on_demand' NOT NULL"
        f" CONSTRAINT audience_audience_type_check CHECK ({AUDIENCE_TYPES})",
        "folder_id {exact} CONSTRAINT audience_folder_id_fkey REFERENCES folder (id)",
        "deleted_ms bigint",
    )
    op.drop_index("audience_newest_index", "audience")
    newest: Columns = ["account_group_id", sa.text("created_ms DESC"), sa.text("id DESC")]
    _create_partial_index("audience_ready_index", newest, "filling_job_count = 0 AND deleted_ms IS NULL")
    _create_partial_index("audience_name_index", ["account_group_id", "name"], "deleted_ms IS NULL")
    op.create_index("audience_folder_index", "audience", ["folder_id"])


def _extend_jobs() -> None:
    _add_columns(
        "job",
        "import_stop_reason text",
        "resume_count integer DEFAULT 0 NOT NULL CONSTRAINT job_resume_count_check CHECK (resume_count >= 0)",
        "tries_before_resume integer DEFAULT 0 NOT NULL"
        " CONSTRAINT job_tries_before_resume_check CHECK (tries_before_resume >= 0)",
    )
    # A job that was stopped while it enriched people has overwritten why its import ended: its cursor tells.
    op.execute(
        "UPDATE job SET import_stop_reason = CASE"
        " WHEN status NOT IN ('failed', 'cancelled') THEN stop_reason"
        " WHEN cursor IS NULL AND source = 'url_upload' THEN 'completed'"
        " WHEN cursor IS NULL THEN 'source_exhausted' ELSE 'max_results' END"
        " WHERE import_status = 'completed'"
    )
    for name, column in (("source", "source"), ("audience", "audience_id")):
        newest: Columns = ["account_group_id", column, "status", sa.text("created_ms DESC"), sa.text("id DESC")]
        op.create_index(f"job_newest_by_{name}_index", "job", newest)


def _extend_prospects() -> None:
    _add_columns("prospect", "provider_key {exact}")
    _fill_in_provider_keys()
    op.create_index("prospect_provider_key_index", "prospect", ["account_group_id", "provider_key"])


def _fill_in_provider_keys() -> None:
    connection = op.get_bind()
    page = sa.text(
        "SELECT id, provider_id FROM prospect WHERE id > :after AND provider_id IS NOT NULL ORDER BY id LIMIT :limit"
    )
    change = sa.text("UPDATE prospect SET provider_key = :key WHERE id = :id")
    after = ""
    while rows := connection.execute(page, {"after": after, "limit": PEOPLE_A_BATCH}).all():
        after = rows[-1].id
        keys = [{"id": row.id, "key": next(iter(identity_keys(None, None, row.provider_id)), None)} for row in rows]
        connection.execute(change, keys)


def _add_columns(table: str, *definitions: str) -> None:
    """Plain SQL: SQLite adds a column with its constraints in one statement, and in no other way."""
    exact = 'text COLLATE "C"' if op.get_bind().dialect.name == "postgresql" else "text"
    for definition in definitions:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {definition.format(exact=exact)}")


def _create_partial_index(name: str, columns: Columns, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "audience", columns, sqlite_where=where, postgresql_where=where)
