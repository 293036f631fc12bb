"""The schema: every table but those of people files, and in its constraints everything that can never be true."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint

from goldpan.storage.columns import (
    EXACT,
    MILLISECONDS,
    SmallLetters,
    account_group_id_column,
    audience_type_column,
    count_column,
    id_column,
    person_columns,
    progress_column,
    status_column,
)
from goldpan.storage.columns import METADATA as METADATA
from goldpan.storage.console_tables import (
    CONSOLE_USER as CONSOLE_USER,
)  # this one and the next: so that METADATA is whole
from goldpan.storage.people_file_tables import UPLOADED_FILE as UPLOADED_FILE

ACCOUNT_GROUP = Table(
    "account_group",
    METADATA,
    id_column(primary_key=True),
    Column("name", sa.Text, nullable=False),
    Column("plan", sa.Text, nullable=False),
    count_column("credits_available"),
    count_column("credits_reserved"),
    Column("created_ms", MILLISECONDS, nullable=False),
)

API_KEY = Table(
    "api_key",
    METADATA,
    id_column(primary_key=True),
    Column("name", sa.Text, nullable=False),
    Column("secret_hash", sa.LargeBinary, nullable=False),
    Column("permissions", sa.Text, nullable=False),  # names, separated by one space
    Column("is_test", sa.Boolean, nullable=False),
    Column("created_ms", MILLISECONDS, nullable=False),
    Column("expires_ms", MILLISECONDS),
    Column("revoked_ms", MILLISECONDS),
    id_column(name="successor_id", nullable=True),  # the key that this one was rolled to
)

API_KEY_ACCOUNT_GROUP = Table(
    "api_key_account_group",
    METADATA,
    id_column(ForeignKey("api_key.id"), name="api_key_id", primary_key=True),
    account_group_id_column(primary_key=True),
    Index("api_key_account_group_index", "account_group_id", "api_key_id"),
)

# Append-only. The sums of the two changes are the account group's two balances, always.
CREDIT_ENTRY = Table(
    "credit_entry",
    METADATA,
    id_column(primary_key=True),
    account_group_id_column(),
    id_column(ForeignKey("job.id"), name="job_id", nullable=True),
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

FOLDER = Table(
    "folder",
    METADATA,
    id_column(primary_key=True),
    account_group_id_column(),
    Column("name", sa.Text, nullable=False),
    audience_type_column(),
    Column("is_pinned", sa.Boolean, nullable=False),
    count_column("position"),
    Column("created_ms", MILLISECONDS, nullable=False),
    Column("updated_ms", MILLISECONDS, nullable=False),
    Index("folder_order_index", "account_group_id", "position", "id"),
)

AUDIENCE_IS_READY = sa.text("filling_job_count = 0 AND deleted_ms IS NULL")
AUDIENCE_EXISTS = sa.text("deleted_ms IS NULL")

AUDIENCE = Table(
    "audience",
    METADATA,
    id_column(primary_key=True),
    account_group_id_column(),
    Column("name", sa.Text, nullable=False),
    Column("type", sa.Text, nullable=False),
    Column("is_sandbox", sa.Boolean, nullable=False),
    count_column("prospect_count"),
    # How many jobs are filling it now: it is readable when none is.
    count_column("filling_job_count"),
    Column("created_ms", MILLISECONDS, nullable=False),
    Column("description", sa.Text),
    audience_type_column(server_default="on_demand"),
    id_column(ForeignKey("folder.id"), name="folder_id", nullable=True),
    Column("deleted_ms", MILLISECONDS),  # the row stays: jobs name it; its people leave it soon
    # Lists show what is not being filled now.
    Index(
        "audience_ready_index",
        "account_group_id",
        sa.desc("created_ms"),
        sa.desc("id"),
        sqlite_where=AUDIENCE_IS_READY,
        postgresql_where=AUDIENCE_IS_READY,
    ),
    Index(
        "audience_name_index",
        "account_group_id",
        "name",
        sqlite_where=AUDIENCE_EXISTS,
        postgresql_where=AUDIENCE_EXISTS,
    ),
    Index("audience_folder_index", "folder_id"),
)

JOB_IS_ACTIVE = sa.text("job.status IN ('queued', 'running')")

JOB = Table(
    "job",
    METADATA,
    id_column(primary_key=True),
    account_group_id_column(),
    status_column(),
    Column("source", sa.Text, nullable=False),
    Column("is_sandbox", sa.Boolean, nullable=False),
    id_column(ForeignKey("audience.id"), name="audience_id"),
    Column("created_ms", MILLISECONDS, nullable=False),
    Column("updated_ms", MILLISECONDS, nullable=False),
    # What was asked for.
    Column("max_results", sa.Integer, nullable=False),
    Column("max_credits", sa.Integer),
    Column("price_credits", sa.Integer, nullable=False),  # for one new person
    Column("search_emails", sa.Boolean, nullable=False),
    count_column("credits_reserved"),
    # Who may write: the worker that claimed the job last, and nobody else.
    Column("fencing_token", sa.Integer, nullable=False),
    Column("version", sa.Integer, nullable=False),
    # Where it stands.
    status_column("import_status"),
    *progress_column("import_progress", "import_status"),
    status_column("enrichment_status"),
    *progress_column("enrichment_progress", "enrichment_status"),
    Column("cursor", sa.Text),
    count_column("pages_done"),
    count_column("people_enriched"),
    count_column("failed_tries"),
    Column("resumes_ms", MILLISECONDS),
    Column("started_ms", MILLISECONDS),
    Column("finished_ms", MILLISECONDS),
    # The receipt.
    Column("total_available", sa.Integer),
    count_column("found"),
    count_column("imported"),
    count_column("known"),
    count_column("duplicate"),
    count_column("suppressed"),
    count_column("invalid"),
    count_column("failed"),
    count_column("emails_found"),
    count_column("credits_spent"),
    Column("stop_reason", sa.Text),
    Column("truncated", sa.Boolean, nullable=False),
    Column("error_code", sa.Text),
    Column("error_message", sa.Text),
    # Why the import stage ended, which a job that was cancelled later needs again when it is resumed.
    Column("import_stop_reason", sa.Text),
    count_column("resume_count", server_default=sa.text("0")),
    count_column("tries_before_resume", server_default=sa.text("0")),  # of `failed_tries`: those of earlier runs
    # Whether its workers die of somebody: claims since it was last written, attempts at the next people, and how many
    # people are still met carefully (job_rules.piece_size tells how many together).
    count_column("fruitless_claims", server_default=sa.text("0")),
    count_column("attempts", server_default=sa.text("0")),
    count_column("careful_people", server_default=sa.text("0")),
    # The last pages in a row that brought nobody new, and a cursor among them: a source may go in circles.
    count_column("barren_pages", server_default=sa.text("0")),
    Column("landmark_cursor", sa.Text),
    CheckConstraint("found = imported + known + duplicate + suppressed + invalid + failed", name="counts_add_up"),
    CheckConstraint("credits_spent <= credits_reserved", name="credits_are_reserved_first"),
    CheckConstraint("credits_spent <= imported * price_credits", name="only_new_people_cost"),
    CheckConstraint("(finished_ms IS NULL) = (status IN ('queued', 'running'))", name="finished"),
    CheckConstraint("updated_ms >= created_ms", name="updated"),
    Index("job_newest_index", "account_group_id", sa.desc("created_ms"), sa.desc("id")),
    Index("job_newest_by_status_index", "account_group_id", "status", sa.desc("created_ms"), sa.desc("id")),
    # A filter without a status is the sum of all statuses: five short walks, and no third and fourth index.
    Index("job_newest_by_source_index", "account_group_id", "source", "status", sa.desc("created_ms"), sa.desc("id")),
    Index(
        "job_newest_by_audience_index",
        "account_group_id",
        "audience_id",
        "status",
        sa.desc("created_ms"),
        sa.desc("id"),
    ),
    # The few that are not done, of all account groups: for the engine's caretaker.
    Index("job_active_index", "id", sqlite_where=JOB_IS_ACTIVE, postgresql_where=JOB_IS_ACTIVE),
)

# Apart from the job, whose row is rewritten at every page.
JOB_INPUT = Table(
    "job_input",
    METADATA,
    id_column(ForeignKey("job.id"), name="job_id", primary_key=True),
    account_group_id_column(),
    Column("request_json", sa.Text, nullable=False),
)

# What happened to a job, for those who follow it live; `version` is the job's when it happened.
JOB_EVENT = Table(
    "job_event",
    METADATA,
    id_column(ForeignKey("job.id"), name="job_id", primary_key=True),
    Column("version", sa.Integer, primary_key=True),
    account_group_id_column(),
    Column("kind", sa.Text, CheckConstraint("kind IN ('progress', 'stage', 'finished')", name="kind"), nullable=False),
    Column("data_json", sa.Text, nullable=False),
    Column("created_ms", MILLISECONDS, nullable=False),
    Index("job_event_age_index", "created_ms"),
)

# How many people a page of a job took out of the account group's budget of a day.
QUOTA_USE = Table(
    "quota_use",
    METADATA,
    id_column(ForeignKey("job.id"), name="job_id", primary_key=True),
    Column("page", sa.Integer, primary_key=True),
    account_group_id_column(),
    Column("list_type", sa.Text, nullable=False),
    Column("people", sa.Integer, CheckConstraint("people > 0", name="people"), nullable=False),
    Column("used_ms", MILLISECONDS, nullable=False),
    Index("quota_use_window_index", "account_group_id", "list_type", "used_ms"),
    Index("quota_use_age_index", "used_ms"),
)

# Whom a job passed over, because five workers died of them: at which cursor, or as which of those it took.
QUARANTINED_PERSON = Table(
    "quarantined_person",
    METADATA,
    id_column(ForeignKey("job.id"), name="job_id", primary_key=True),
    Column("stage", sa.Text, CheckConstraint("stage IN ('import', 'enrichment')", name="stage"), primary_key=True),
    Column("place", sa.Text, primary_key=True),
    account_group_id_column(),
    Column("quarantined_ms", MILLISECONDS, nullable=False),
)

IDEMPOTENCY_KEY = Table(
    "idempotency_key",
    METADATA,
    account_group_id_column(primary_key=True),
    Column("endpoint", EXACT, primary_key=True),
    Column("key", EXACT, primary_key=True),
    Column("request_hash", sa.LargeBinary, nullable=False),
    id_column(ForeignKey("job.id"), name="job_id"),
    Column("created_ms", MILLISECONDS, nullable=False),
    Index("idempotency_key_age_index", "created_ms"),
)

PROSPECT = Table(
    "prospect",
    METADATA,
    id_column(primary_key=True),
    account_group_id_column(),
    Column("is_sandbox", sa.Boolean, nullable=False),
    id_column(ForeignKey("job.id"), name="job_id"),  # the job that imported and paid for this person
    Column("imported_ms", MILLISECONDS, nullable=False),
    Column("enriched_ms", MILLISECONDS),  # None: nobody has asked the provider for more yet
    Column("provenance", sa.Text, nullable=False),  # JSON: see prospect_table.Collection
    *person_columns(),
    # The identity key of `provider_id`, which another person may bear already: it is a hint, not a proof.
    id_column(name="provider_key", nullable=True),
    Index("prospect_provider_key_index", "account_group_id", "provider_key"),
    Index("prospect_newest_index", "account_group_id", sa.desc("imported_ms"), sa.desc("id")),
)

SEARCHED_FIELDS = ("name", "last_name", "company_name", "email")
"""What a person of an account group is looked for by: each begins with what was typed, or not."""

for _field in SEARCHED_FIELDS:
    _is_known = sa.text(f"{_field} IS NOT NULL")
    Index(
        f"prospect_{_field}_index",
        PROSPECT.c.account_group_id,
        SmallLetters(PROSPECT.c[_field]),
        PROSPECT.c.id,
        sqlite_where=_is_known,
        postgresql_where=_is_known,
    )

# All names of one person. People of the sandbox live beside the real ones and never meet them.
PROSPECT_IDENTITY = Table(
    "prospect_identity",
    METADATA,
    account_group_id_column(primary_key=True),
    Column("is_sandbox", sa.Boolean, primary_key=True),
    Column("identity_key", EXACT, primary_key=True),
    id_column(ForeignKey("prospect.id"), name="prospect_id"),
    Index("prospect_identity_prospect_index", "prospect_id"),
)

AUDIENCE_PROSPECT = Table(
    "audience_prospect",
    METADATA,
    id_column(ForeignKey("audience.id"), name="audience_id", primary_key=True),
    id_column(ForeignKey("prospect.id"), name="prospect_id", primary_key=True),
    account_group_id_column(),
    Column("added_ms", MILLISECONDS, nullable=False),
    Index("audience_prospect_newest_index", "audience_id", sa.desc("added_ms"), sa.desc("prospect_id")),
)

# Whom a job took, in the order it took them: tells a repeat from a known person, and enrichment where it stands.
JOB_PROSPECT = Table(
    "job_prospect",
    METADATA,
    id_column(ForeignKey("job.id"), name="job_id", primary_key=True),
    Column("position", sa.Integer, primary_key=True),
    id_column(ForeignKey("prospect.id"), name="prospect_id"),
    account_group_id_column(),
    UniqueConstraint("job_id", "prospect_id"),
)

# One row a running worker process. A worker whose lease ran out is dead: its jobs go to another.
WORKER_LEASE = Table(
    "worker_lease",
    METADATA,
    Column("executor_id", EXACT, primary_key=True),
    Column("expires_at", sa.Double, nullable=False),  # seconds since 1970 by the database's clock
)
