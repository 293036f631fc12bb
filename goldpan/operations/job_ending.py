"""How a job ends, whoever ends it: its state, its credits and its audience change together."""

from dataclasses import dataclass

from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.resources import JobStatus, StopReason
from goldpan.domain.job_rules import is_truncated
from goldpan.operations.job_event import note_event
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import audience_table, credit_table, job_table
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job


@dataclass(frozen=True, slots=True)
class Ending:
    """`error` is (code, message) for a job that failed."""

    status: JobStatus
    stop_reason: StopReason
    error: tuple[str | None, str | None] = (None, None)


CANCELLED = Ending(JobStatus.CANCELLED, StopReason.CANCELLED)

_CRASH = "The job stopped at an internal error; what it imported is kept"
CRASHED = Ending(JobStatus.FAILED, StopReason.UPSTREAM_FAILED, (ErrorKind.INTERNAL_ERROR.code, _CRASH))


def end_job(toolbox: Toolbox, tx: Tx, job: Job, ending: Ending) -> None:
    """End a queued or running job; what it reserved and did not spend goes back.

    The caller holds the account group's lock and has read `job` under it.
    """
    now_ms = toolbox.now_ms()
    is_import_done = job.import_status == JobStatus.COMPLETED
    changes: dict[str, object] = {
        "status": ending.status,
        "enrichment_status": ending.status,
        "stop_reason": ending.stop_reason,
        "error_code": ending.error[0],
        "error_message": ending.error[1],
        "resumes_ms": None,
        "finished_ms": now_ms,
        "updated_ms": now_ms,
    }
    if ending.status == JobStatus.COMPLETED:
        changes["enrichment_progress"] = 1.0
    if not is_import_done:
        changes["import_status"] = ending.status
        changes["truncated"] = is_truncated(job.imported + job.known + job.failed, job.total_available, more=True)
    if not job_table.save_if_active(tx, job.account_group_id, job.id, **changes):
        raise AssertionError(f"job {job.id} ended twice")
    note_event(tx, job, job.account_group_id, job.id, now_ms)
    unspent = job.credits_reserved - job.credits_spent
    if unspent:
        entry = credit_table.Entry(toolbox.new_id(), now_ms, job.id, job.pages_done)
        credit_table.release(tx, job.account_group_id, entry, unspent)
    audience_table.change_filling_jobs(tx, job.account_group_id, job.audience_id, -1)
