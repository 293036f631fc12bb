"""The first tables: a copy of what goldpan/storage/tables.py said then, which later changes must not touch."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, MetaData, Table, UniqueConstraint

revision = "0001"
down_revision = None

METADATA = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

# Ids and keys are compared byte by byte on both databases: a language's collation would reorder a keyset page.
EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MILLISECONDS = sa.BigInteger()  # since 1970-01-01 UTC: the precision that the API prints
AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers only a column of type INTEGER itself


def _id(*constraints: ForeignKey, nullable: bool = False, primary_key: bool = False, name: str = "id") -> Column[str]:
    return Column(name, EXACT, *constraints, nullable=nullable, primary_key=primary_key)


def _account_group_id(primary_key: bool = False) -> Column[str]:
    return _id(ForeignKey("account_group.id"), name="account_group_id", primary_key=primary_key)


def _count(name: str) -> Column[int]:
    return Column(name, sa.Integer, CheckConstraint(f"{name} >= 0", name=name), nullable=False, default=0)


def _status(name: str = "status") -> Column[str]:
    statuses = "('queued', 'running', 'completed', 'failed', 'cancelled')"
    return Column(name, sa.Text, CheckConstraint(f"{name} IN {statuses}", name=name), nullable=False)


def _progress(name: str, status: str) -> tuple[Column[float], CheckConstraint]:
    rule = f"{name} BETWEEN 0 AND 1 AND ({name} = 1) = ({status} = 'completed')"
    return Column(name, sa.Double, nullable=False), CheckConstraint(rule, name=name)


PERSON_FIELDS = (
    "linkedin_url",
    "public_identifier",
    "provider_id",
    "first_name",
    "last_name",
    "name",
    "headline",
    "about",
    "photo_url",
    "title",
    "location",
    "email",
    "email_status",
    "company_name",
    "company_linkedin_identifier",
    "company_linkedin_url",
    "company_industry",
    "company_website",
    "company_size",
    "company_location",
)


def _person_columns() -> list[Column[str]]:
    return [Column(name, sa.Text) for name in PERSON_FIELDS]


ACCOUNT_GROUP = Table(
    "account_group",
    METADATA,
    _id(primary_key=True),
    Column("name", sa.Text, nullable=False),
    Column("plan", sa.Text, nullable=False),
    _count("credits_available"),
    _count("credits_reserved"),
    Column("created_ms", MILLISECONDS, nullable=False),
)

API_KEY = Table(
    "api_key",
    METADATA,
    _id(primary_key=True),
    Column("name", sa.Text, nullable=False),
    Column("secret_hash", sa.LargeBinary, nullable=False),
    Column("permissions", sa.Text, nullable=False),  # names, separated by one space
    Column("is_test", sa.Boolean, nullable=False),
    Column("created_ms", MILLISECONDS, nullable=False),
    Column("expires_ms", MILLISECONDS),
    Column("revoked_ms", MILLISECONDS),
)

API_KEY_ACCOUNT_GROUP = Table(
    "api_key_account_group",
    METADATA,
    _id(ForeignKey("api_key.id"), name="api_key_id", primary_key=True),
    _account_group_id(primary_key=True),
)

# Append-only. The sums of the two changes are the account group's two balances, always.
CREDIT_ENTRY = Table(
    "credit_entry",
    METADATA,
    _id(primary_key=True),
    _account_group_id(),
    _id(ForeignKey("job.id"), name="job_id", nullable=True),
    Column(
        "kind",
        sa.Text,
        CheckConstraint("kind IN ('top_up', 'reserve', 'capture', 'release')", name="kind"),
        nullable=False,
    ),
    # After which page of the job: each is paid for once, however often its step runs.
    Column("page", sa.Integer),
    Column("available_change", sa.BigInteger, nullable=False),
    Column("reserved_change", sa.BigInteger, nullable=False),
    Column("created_ms", MILLISECONDS, nullable=False),
    UniqueConstraint("job_id", "kind", "page"),
    CheckConstraint("kind = 'top_up' OR (job_id IS NOT NULL AND page IS NOT NULL)", name="job"),
    CheckConstraint("kind <> 'capture' OR available_change = 0", name="capture"),
    CheckConstraint("kind NOT IN ('reserve', 'release') OR available_change = -reserved_change", name="transfer"),
    Index("credit_entry_newest_index", "account_group_id", sa.desc("created_ms"), sa.desc("id")),
)

AUDIENCE = Table(
    "audience",
    METADATA,
    _id(primary_key=True),
    _account_group_id(),
    Column("name", sa.Text, nullable=False),
    Column("type", sa.Text, nullable=False),
    Column("is_sandbox", sa.Boolean, nullable=False),
    _count("prospect_count"),
    # How many jobs are filling it now: it is readable when none is.
    _count("filling_job_count"),
    Column("created_ms", MILLISECONDS, nullable=False),
    Index("audience_newest_index", "account_group_id", sa.desc("created_ms"), sa.desc("id")),
)

JOB_IS_ACTIVE = sa.text("job.status IN ('queued', 'running')")

JOB = Table(
    "job",
    METADATA,
    _id(primary_key=True),
    _account_group_id(),
    _status(),
    Column("source", sa.Text, nullable=False),
    Column("is_sandbox", sa.Boolean, nullable=False),
    _id(ForeignKey("audience.id"), name="audience_id"),
    Column("created_ms", MILLISECONDS, nullable=False),
    Column("updated_ms", MILLISECONDS, nullable=False),
    # What was asked for.
    Column("max_results", sa.Integer, nullable=False),
    Column("max_credits", sa.Integer),
    Column("price_credits", sa.Integer, nullable=False),  # for one new person
    Column("search_emails", sa.Boolean, nullable=False),
    _count("credits_reserved"),
    # Who may write: the worker that claimed the job last, and nobody else.
    Column("fencing_token", sa.Integer, nullable=False),
    Column("version", sa.Integer, nullable=False),
    # Where it stands.
    _status("import_status"),
    *_progress("import_progress", "import_status"),
    _status("enrichment_status"),
    *_progress("enrichment_progress", "enrichment_status"),
    Column("cursor", sa.Text),
    _count("pages_done"),
    _count("people_enriched"),
    _count("failed_tries"),
    Column("resumes_ms", MILLISECONDS),
    Column("started_ms", MILLISECONDS),
    Column("finished_ms", MILLISECONDS),
    # The receipt.
    Column("total_available", sa.Integer),
    _count("found"),
    _count("imported"),
    _count("known"),
    _count("duplicate"),
    _count("suppressed"),
    _count("invalid"),
    _count("failed"),
    _count("emails_found"),
    _count("credits_spent"),
    Column("stop_reason", sa.Text),
    Column("truncated", sa.Boolean, nullable=False),
    Column("error_code", sa.Text),
    Column("error_message", sa.Text),
    CheckConstraint("found = imported + known + duplicate + suppressed + invalid + failed", name="counts_add_up"),
    CheckConstraint("credits_spent <= credits_reserved", name="credits_are_reserved_first"),
    CheckConstraint("credits_spent <= imported * price_credits", name="only_new_people_cost"),
    CheckConstraint("(finished_ms IS NULL) = (status IN ('queued', 'running'))", name="finished"),
    CheckConstraint("updated_ms >= created_ms", name="updated"),
    Index("job_newest_index", "account_group_id", sa.desc("created_ms"), sa.desc("id")),
    Index("job_newest_by_status_index", "account_group_id", "status", sa.desc("created_ms"), sa.desc("id")),
    # The few that are not done, of all account groups: for the engine's caretaker.
    Index("job_active_index", "id", sqlite_where=JOB_IS_ACTIVE, postgresql_where=JOB_IS_ACTIVE),
)

# Apart from the job, whose row is rewritten at every page.
JOB_INPUT = Table(
    "job_input",
    METADATA,
    _id(ForeignKey("job.id"), name="job_id", primary_key=True),
    _account_group_id(),
    Column("request_json", sa.Text, nullable=False),
)

IDEMPOTENCY_KEY = Table(
    "idempotency_key",
    METADATA,
    _account_group_id(primary_key=True),
    Column("endpoint", EXACT, primary_key=True),
    Column("key", EXACT, primary_key=True),
    Column("request_hash", sa.LargeBinary, nullable=False),
    _id(ForeignKey("job.id"), name="job_id"),
    Column("created_ms", MILLISECONDS, nullable=False),
    Index("idempotency_key_age_index", "created_ms"),
)

PROSPECT = Table(
    "prospect",
    METADATA,
    _id(primary_key=True),
    _account_group_id(),
    Column("is_sandbox", sa.Boolean, nullable=False),
    _id(ForeignKey("job.id"), name="job_id"),  # the job that imported and paid for this person
    Column("imported_ms", MILLISECONDS, nullable=False),
    Column("enriched_ms", MILLISECONDS),  # None: nobody has asked the provider for more yet
    Column("provenance", sa.Text, nullable=False),  # JSON: see prospect_table.Collection
    *_person_columns(),
)

# All names of one person. People of the sandbox live beside the real ones and never meet them.
PROSPECT_IDENTITY = Table(
    "prospect_identity",
    METADATA,
    _account_group_id(primary_key=True),
    Column("is_sandbox", sa.Boolean, primary_key=True),
    Column("identity_key", EXACT, primary_key=True),
    _id(ForeignKey("prospect.id"), name="prospect_id"),
    Index("prospect_identity_prospect_index", "prospect_id"),
)

AUDIENCE_PROSPECT = Table(
    "audience_prospect",
    METADATA,
    _id(ForeignKey("audience.id"), name="audience_id", primary_key=True),
    _id(ForeignKey("prospect.id"), name="prospect_id", primary_key=True),
    _account_group_id(),
    Column("added_ms", MILLISECONDS, nullable=False),
    Index("audience_prospect_newest_index", "audience_id", sa.desc("added_ms"), sa.desc("prospect_id")),
)

# Whom a job took, in the order it took them: tells a repeat from a known person, and enrichment where it stands.
JOB_PROSPECT = Table(
    "job_prospect",
    METADATA,
    _id(ForeignKey("job.id"), name="job_id", primary_key=True),
    Column("position", sa.Integer, primary_key=True),
    _id(ForeignKey("prospect.id"), name="prospect_id"),
    _account_group_id(),
    UniqueConstraint("job_id", "prospect_id"),
)

# The operator's own people files, which the directory provider answers from.
DIRECTORY_PERSON = Table(
    "directory_person",
    METADATA,
    Column("id", AUTO_ID, primary_key=True, autoincrement=True),
    _account_group_id(),
    Column("identity_key", EXACT, nullable=False),
    Column("imported_ms", MILLISECONDS, nullable=False),
    *_person_columns(),
    # What searches look for and prospects do not have.
    Column("school", sa.Text),
    Column("seniority", sa.Text),
    Column("functions", sa.Text),
    UniqueConstraint("account_group_id", "identity_key"),
)

# One row a running worker process. A worker whose lease ran out is dead: its jobs go to another.
WORKER_LEASE = Table(
    "worker_lease",
    METADATA,
    Column("executor_id", EXACT, primary_key=True),
    Column("expires_at", sa.Double, nullable=False),  # seconds since 1970 by the database's clock
)


def upgrade() -> None:
    connection = op.get_bind()
    METADATA.create_all(connection)
    if connection.dialect.name == "sqlite":
        # The tokens are ours, in plain ASCII or not: the tokenizer must not cut or fold them again.
        op.execute(
            "CREATE VIRTUAL TABLE directory_index USING fts5("
            "document, content='', contentless_delete=1, tokenize=\"ascii tokenchars '_'\")"
        )
    else:
        op.execute(
            "CREATE TABLE directory_index ("
            "rowid bigint PRIMARY KEY REFERENCES directory_person(id) ON DELETE CASCADE, document tsvector NOT NULL)"
        )
        # With fewer, the planner takes a word that nobody has for a common one and reads everybody.
        op.execute("ALTER TABLE directory_index ALTER COLUMN document SET STATISTICS 300")
        op.execute("CREATE INDEX directory_index_document_index ON directory_index USING gin (document)")
