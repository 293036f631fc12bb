"""The engine's own table of workflows, as far as we look into it; each run of a job has one, see `workflow_id`."""

from typing import Any, NamedTuple

import sqlalchemy as sa

from goldpan.storage.database import Tx
from goldpan.storage.tables import JOB, JOB_IS_ACTIVE

_UNFINISHED = ("ENQUEUED", "PENDING")


class StrandedJob(NamedTuple):
    """A job that is not done and that nobody will go on with; `workflow_status` None: it has no workflow."""

    account_group_id: str
    job_id: str
    resume_count: int
    is_sandbox: bool
    workflow_status: str | None


class QueueCount(NamedTuple):
    """How many workflows of a queue wait (ENQUEUED) or run (PENDING), and since when the first of them does."""

    queue: str
    status: str
    workflows: int
    oldest_ms: int


def queue_counts(tx: Tx) -> list[QueueCount]:
    """Return the counts of every queue with workflows that are not done; an index finds them."""
    workflow = _table(tx)
    # One that was resumed waits since then, not since it was made; of a running one every step is an update.
    waits_anew = (workflow.c.status == "ENQUEUED") & (workflow.c.updated_at > workflow.c.created_at)
    since_ms = sa.case((waits_anew, workflow.c.updated_at), else_=workflow.c.created_at)
    statement = (
        sa.select(workflow.c.queue_name, workflow.c.status, sa.func.count(), sa.func.min(since_ms))
        .where(workflow.c.status.in_(_UNFINISHED), workflow.c.queue_name.is_not(None))
        .group_by(workflow.c.queue_name, workflow.c.status)
    )
    return [QueueCount(*row) for row in tx.execute(statement)]


def stranded_jobs(tx: Tx, limit: int) -> list[StrandedJob]:
    """Return up to `limit` jobs, of all account groups, that are not done though their workflow is or is missing.

    Those that wait are none of them: see `waiting_workflows`.
    """
    workflow = _table(tx)
    is_waiting = (sa.func.coalesce(workflow.c.status, "") == "CANCELLED") & JOB.c.resumes_ms.is_not(None)
    statement = (
        sa.select(JOB.c.account_group_id, JOB.c.id, JOB.c.resume_count, JOB.c.is_sandbox, workflow.c.status)
        .select_from(JOB.outerjoin(workflow, workflow.c.workflow_uuid == _workflow_id(tx)))
        .where(JOB_IS_ACTIVE, sa.func.coalesce(workflow.c.status, "").not_in(_UNFINISHED), ~is_waiting)
        .limit(limit)
    )
    return [StrandedJob(*row) for row in tx.execute(statement)]


def waiting_workflows(tx: Tx, until_ms: int, limit: int) -> dict[str, bool]:
    """Return up to `limit` workflows of jobs that gave up their place in a worker to wait until `until_ms`.

    With each comes whether it is of the sandbox.
    """
    workflow = _table(tx)
    statement = (
        sa.select(workflow.c.workflow_uuid, JOB.c.is_sandbox)
        .join(workflow, workflow.c.workflow_uuid == _workflow_id(tx))
        .where(JOB_IS_ACTIVE, workflow.c.status == "CANCELLED", JOB.c.resumes_ms <= until_ms)
        .limit(limit)
    )
    return {row.workflow_uuid: row.is_sandbox for row in tx.execute(statement)}


def workflows_of_executor(tx: Tx, executor_id: str) -> dict[str, bool]:
    """Return this executor's workflows of jobs that are not done, and whether each is of the sandbox."""
    workflow = _table(tx)
    statement = (
        sa.select(workflow.c.workflow_uuid, JOB.c.is_sandbox)
        .join(workflow, workflow.c.workflow_uuid == _workflow_id(tx))
        .where(JOB_IS_ACTIVE, workflow.c.status == "PENDING", workflow.c.executor_id == executor_id)
    )
    return {row.workflow_uuid: row.is_sandbox for row in tx.execute(statement)}


def dead_owners(tx: Tx, live_executor_ids: sa.Select[tuple[str]]) -> list[str]:
    """Return the executors that own running workflows and are not among the live ones."""
    workflow = _table(tx)
    pending = sa.select(workflow.c.executor_id).where(workflow.c.status == "PENDING").distinct()
    return list(tx.execute(pending.where(workflow.c.executor_id.not_in(live_executor_ids))).scalars())


def finished_workflows(tx: Tx, before_ms: int, limit: int) -> list[str]:
    """Return up to `limit` workflows that ended before `before_ms`, but none of a job that waits so long."""
    workflow = _table(tx)
    is_over = (workflow.c.completed_at < before_ms) & workflow.c.status.not_in(_UNFINISHED)
    is_waited_for = sa.exists().where(JOB_IS_ACTIVE, workflow.c.workflow_uuid == _workflow_id(tx))
    ended = sa.select(workflow.c.workflow_uuid).where(is_over, ~is_waited_for.correlate(workflow))
    return list(tx.execute(ended.limit(limit)).scalars())


def _workflow_id(tx: Tx) -> sa.ColumnElement[str]:
    """Return `job_rules.workflow_id` in SQL."""
    later = JOB.c.id + "-" + sa.cast(JOB.c.resume_count, sa.Text)
    own = sa.case((JOB.c.resume_count == 0, JOB.c.id), else_=later)
    # An index of PostgreSQL serves one collation, and the engine's is not that of our ids.
    return own if tx.dialect.name == "sqlite" else sa.collate(own, "default")


def _table(tx: Tx) -> sa.TableClause:
    columns: list[sa.ColumnClause[Any]] = [
        sa.column(name)
        for name in ("workflow_uuid", "status", "executor_id", "completed_at", "created_at", "updated_at", "queue_name")
    ]
    return sa.table("workflow_status", *columns, schema=None if tx.dialect.name == "sqlite" else "dbos")
