"""What the engine's caretaker may do to jobs, and what it clears away; nobody calls these but the engine."""

from goldpan.domain.job_rules import ACTIVE
from goldpan.domain.quota_rules import WINDOW_MS
from goldpan.operations.file_operations import discard_file
from goldpan.operations.job_ending import CRASHED, end_job
from goldpan.operations.job_start_operations import IDEMPOTENCY_KEY_LIFETIME_MS
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, audience_table, job_event_table, job_table, quota_table, uploaded_file_table
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job

FILE_LIFETIME_MS = 30 * 24 * 3600 * 1000  # the data of people is not kept for ever
UPLOAD_LIFETIME_MS = 3600 * 1000  # longer than any upload takes that is still under way
EMPTYING_MS = 30 * 24 * 3600 * 1000  # so long a deleted audience is looked at, though it is empty within a minute
MEMBERS_A_BATCH = 2_000  # each batch holds the account group, and on SQLite the database, for some 40 ms
JOB_EVENT_LIFETIME_MS = 7 * 24 * 3600 * 1000


def requeue_stranded_job(toolbox: Toolbox, account_group_id: str, job_id: str, resume_count: int) -> None:
    """Hand a job whose workflow is missing to the engine again; it goes on from its last page."""
    with toolbox.database.write() as tx:
        job = _lock_active(tx, account_group_id, job_id, resume_count)
        if job is not None:
            toolbox.enqueue_job(tx, job)


def fail_stranded_job(toolbox: Toolbox, account_group_id: str, job_id: str, resume_count: int) -> None:
    """End a job that nobody can go on with, so that it does not seem to run for ever."""
    with toolbox.database.write() as tx:
        job = _lock_active(tx, account_group_id, job_id, resume_count)
        if job is not None:
            end_job(toolbox, tx, job, CRASHED)


def forget_old_keys(toolbox: Toolbox, limit: int) -> int:
    """Delete up to `limit` Idempotency-Keys that may start another job; return how many."""
    with toolbox.database.write() as tx:
        return job_table.forget_key_uses(tx, toolbox.now_ms() - IDEMPOTENCY_KEY_LIFETIME_MS, limit)


def forget_old_files(toolbox: Toolbox, limit: int) -> int:
    """Delete up to `limit` uploaded files that were kept long enough, or never stored whole; return how many."""
    now_ms = toolbox.now_ms()
    with toolbox.database.read() as tx:
        files = uploaded_file_table.old_files(tx, now_ms - FILE_LIFETIME_MS, now_ms - UPLOAD_LIFETIME_MS, limit)
    for account_group_id, file_id in files:
        discard_file(toolbox, account_group_id, file_id)
    return len(files)


def empty_deleted_audiences(toolbox: Toolbox, limit: int) -> int:
    """Let everybody leave up to `limit` audiences that were deleted, a batch at a time; return how many."""
    with toolbox.database.read() as tx:
        audiences = audience_table.deleted_with_members(tx, toolbox.now_ms() - EMPTYING_MS, limit)
    for account_group_id, audience_id in audiences:
        left = MEMBERS_A_BATCH
        while left == MEMBERS_A_BATCH:
            with toolbox.database.write() as tx:
                account_table.lock(tx, account_group_id)
                left = audience_table.release_members(tx, account_group_id, audience_id, MEMBERS_A_BATCH)
    return len(audiences)


def forget_old_quota_uses(toolbox: Toolbox, limit: int) -> int:
    """Delete up to `limit` uses of quotas that no window holds any more; return how many."""
    with toolbox.database.write() as tx:
        return quota_table.forget_uses(tx, toolbox.now_ms() - 2 * WINDOW_MS, limit)


def forget_old_events(toolbox: Toolbox, limit: int) -> int:
    """Delete up to `limit` events of jobs that nobody will ask for any more; return how many."""
    with toolbox.database.write() as tx:
        return job_event_table.forget(tx, toolbox.now_ms() - JOB_EVENT_LIFETIME_MS, limit)


def _lock_active(tx: Tx, account_group_id: str, job_id: str, resume_count: int) -> Job | None:
    """Return the job if that run of it has not ended: one that was resumed since then is not the one that we saw."""
    account_table.lock(tx, account_group_id)
    job = job_table.read(tx, account_group_id, job_id)
    return job if job is not None and job.status in ACTIVE and job.resume_count == resume_count else None
