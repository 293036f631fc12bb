"""The engine's queue as its users see it: put a job in, within their transaction, and take its work off."""

from contextlib import suppress

from dbos import DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from dbos._sys_db import SystemDatabase  # DBOS.migrate() would open SQLite with a driver that has the WAL-reset bug
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from goldpan import tracing
from goldpan.domain import job_rules
from goldpan.storage.database import Database, Tx, new_engine
from goldpan.storage.job_table import Job

APPLICATION = "goldpan"
QUEUE = "jobs"
SANDBOX_QUEUE = "sandbox-jobs"  # of its own: jobs that cost nothing must not keep paid ones waiting
WORKFLOW = "run_job"

# Raised by hand, and only when a change to the workflow makes jobs that are under way unreadable.
WORKFLOW_VERSION = "1"


class JobQueue:
    def __init__(self, database: Database) -> None:
        self._client = DBOSClient(
            system_database_engine=database.engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def enqueue(self, tx: Tx, job: Job) -> None:
        """Hand a job to the engine; it is the engine's when, and only if, the transaction commits."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": SANDBOX_QUEUE if job.is_sandbox else QUEUE,
            "workflow_id": job_rules.workflow_id(job.id, job.resume_count),
            "app_version": WORKFLOW_VERSION,
            "queue_partition_key": job.account_group_id,
        }
        if traceparent := tracing.traceparent():
            # The one text that the engine hands to a workflow without asking its database for it, and that a worker
            # which knows nothing of traces ignores; its attributes have an index, which every start would pay for.
            options["authenticated_user"] = traceparent
        self._client.enqueue_in_transaction(tx, options, job.account_group_id, job.id, job.resume_count)

    def cancel(self, job: Job) -> None:
        """Stop the work on a job: a step in flight ends within a second or two, unless the database is away."""
        # It only saves work: the job is cancelled already, so that its worker cannot write and will find out.
        with suppress(DBAPIError, PoolTimeout):
            self._client.cancel_workflow(job_rules.workflow_id(job.id, job.resume_count))

    def resume(self, workflow_id: str, is_sandbox: bool) -> None:
        """Let the work on a job go on, at whichever worker takes it first; not if it ended well or badly."""
        self._client.resume_workflow(workflow_id, queue_name=SANDBOX_QUEUE if is_sandbox else QUEUE)

    def delete(self, workflow_ids: list[str]) -> None:
        """Forget the work on jobs that have ended."""
        if workflow_ids:
            self._client.delete_workflows(workflow_ids)


def migrate(database: Database) -> None:
    """Create or upgrade the engine's own tables, however long that takes."""
    # Without the limits of its own: one that broke off an index half built would leave it behind, and invalid.
    engine = new_engine(database.url, may_take_long=True)
    try:
        _system_database(engine).run_migrations()
    finally:
        engine.dispose()


def _system_database(engine: Engine) -> SystemDatabase:
    name = "sqlite:///" if engine.dialect.name == "sqlite" else "postgresql://"
    return SystemDatabase.create(
        system_database_url=name + "engine",
        engine_kwargs={},
        engine=engine,
        schema="dbos",
        serializer=DBOSPortableJSONSerializer(),
        executor_id=None,
        use_listen_notify=False,
    )
