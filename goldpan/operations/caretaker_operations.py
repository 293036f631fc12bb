"""What the engine's caretaker may do to jobs and keys; nobody calls these but the engine."""

from goldpan.domain.job_rules import ACTIVE
from goldpan.operations.job_ending import CRASHED, end_job
from goldpan.operations.job_start_operations import IDEMPOTENCY_KEY_LIFETIME_MS
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, job_event_table, job_table
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job

JOB_EVENT_LIFETIME_MS = 7 * 24 * 3600 * 1000


def requeue_stranded_job(toolbox: Toolbox, account_group_id: str, job_id: str) -> None:
    """Hand a job whose workflow is missing to the engine again; it goes on from its last page."""
    with toolbox.database.write() as tx:
        job = _lock_active(tx, account_group_id, job_id)
        if job is not None:
            toolbox.enqueue_job(tx, account_group_id, job_id, job.is_sandbox)


def fail_stranded_job(toolbox: Toolbox, account_group_id: str, job_id: str) -> None:
    """End a job that nobody can go on with, so that it does not seem to run for ever."""
    with toolbox.database.write() as tx:
        job = _lock_active(tx, account_group_id, job_id)
        if job is not None:
            end_job(toolbox, tx, job, CRASHED)


def forget_old_keys(toolbox: Toolbox, limit: int) -> int:
    """Delete up to `limit` Idempotency-Keys that may start another job; return how many."""
    with toolbox.database.write() as tx:
        return job_table.forget_key_uses(tx, toolbox.now_ms() - IDEMPOTENCY_KEY_LIFETIME_MS, limit)


def forget_old_events(toolbox: Toolbox, limit: int) -> int:
    """Delete up to `limit` events of jobs that nobody will ask for any more; return how many."""
    with toolbox.database.write() as tx:
        return job_event_table.forget(tx, toolbox.now_ms() - JOB_EVENT_LIFETIME_MS, limit)


def _lock_active(tx: Tx, account_group_id: str, job_id: str) -> Job | None:
    account_table.lock(tx, account_group_id)
    job = job_table.read(tx, account_group_id, job_id)
    return job if job is not None and job.status in ACTIVE else None
