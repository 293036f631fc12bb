"""What a caller can do with prospecting jobs once they are started: list, read and cancel them."""

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import PageRequest, Slice, cut
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import JobStatus
from goldpan.domain.access_rules import Principal, require_object_id
from goldpan.domain.job_list_rules import JobFilter
from goldpan.domain.job_rules import ACTIVE
from goldpan.operations.job_ending import CANCELLED, end_job
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, job_list_table, job_table
from goldpan.storage.job_list_table import JobSummary as JobSummary
from goldpan.storage.job_table import Job as Job


async def list_jobs(
    toolbox: Toolbox, caller: Principal, account_group_id: str, wanted: JobFilter, page: PageRequest, full: bool
) -> Slice[JobSummary] | Slice[Job]:
    """Return the jobs wanted of an account group: summaries, or with `full` whole jobs."""
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    position, limit = page.after, page.limit
    if full:
        rows = await job_list_table.full_page(toolbox.database, account_group_id, wanted, position, limit + 1)
        return cut(rows, limit)
    return cut(await job_list_table.page(toolbox.database, account_group_id, wanted, position, limit + 1), limit)


async def get_job(toolbox: Toolbox, caller: Principal, account_group_id: str, job_id: str) -> Job:
    """Return one job.

    Raises:
        Problem: NOT_FOUND for a job of another account group as for one that does not exist.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    require_object_id("jobId", job_id)
    job = await job_table.find(toolbox.database, account_group_id, job_id)
    if job is None:
        raise Problem(ErrorKind.NOT_FOUND, "jobId: there is no such job in this account group")
    return job


def cancel_job(toolbox: Toolbox, caller: Principal, account_group_id: str, job_id: str) -> str:
    """End a queued or running job now and return its id; from here on nothing of it is written.

    Cancelling it again is no error.

    Raises:
        Problem: NOT_FOUND, or NOT_IN_THIS_STATE for a job that completed or failed.
    """
    caller.require(Permission.PROSPECTING_WRITE, account_group_id)
    require_object_id("jobId", job_id)
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)
        job = job_table.read(tx, account_group_id, job_id)
        if job is None:
            raise Problem(ErrorKind.NOT_FOUND, "jobId: there is no such job in this account group")
        if job.status in (JobStatus.COMPLETED, JobStatus.FAILED):
            raise Problem(
                ErrorKind.NOT_IN_THIS_STATE,
                f"jobId: the job is {job.status}, only a queued or running one can be cancelled",
            )
        if job.status in ACTIVE:
            end_job(toolbox, tx, job, CANCELLED)
    # Only saves work: a step in flight is stopped sooner. It could not write any more anyway.
    toolbox.cancel_workflow(job)
    return job_id
