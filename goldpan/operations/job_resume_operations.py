"""Resuming a job that failed or was cancelled: it goes on from its last committed page, and pays for nobody twice."""

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import JobStatus
from goldpan.domain.access_rules import Principal, require_object_id
from goldpan.domain.job_rules import ACTIVE, RESUMABLE
from goldpan.operations.job_event import note_event
from goldpan.operations.job_request import decode_request
from goldpan.operations.job_reservation import credits_to_reserve, wanted_reservation
from goldpan.operations.quota_operations import refuse_exhausted
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, audience_table, credit_table, job_table
from goldpan.storage.account_table import AccountGroup
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job


def credits_to_resume(toolbox: Toolbox, caller: Principal, account_group_id: str, job_id: str) -> int:
    """Return how many credits a resume would reserve now; nothing is written.

    Raises:
        Problem: as `resume_job`; NOT_IN_THIS_STATE also for a job that is queued or running.
    """
    caller.require(Permission.PROSPECTING_WRITE, account_group_id)
    require_object_id("jobId", job_id)
    with toolbox.database.read() as tx:
        group = account_table.read(tx, account_group_id)
        assert group is not None  # an account group is never deleted, and the caller's key reaches this one
        job = job_table.read(tx, account_group_id, job_id)
        if job is None:
            raise Problem(ErrorKind.NOT_FOUND, "jobId: there is no such job in this account group")
        _refuse_unresumable(tx, caller, job)
        credits = _credits_to_reserve(tx, group, job)
        if job.import_status != JobStatus.COMPLETED:
            refuse_exhausted(toolbox, tx, job)
    return credits


def resume_job(toolbox: Toolbox, caller: Principal, account_group_id: str, job_id: str) -> Job:
    """Let a failed or cancelled job go on and return it; one that is queued or running is returned as it is.

    Raises:
        Problem: NOT_FOUND; FORBIDDEN for a test key and a job that costs credits; NOT_IN_THIS_STATE for a completed
            job or a deleted audience; INSUFFICIENT_CREDITS for what is left to import; RATE_LIMITED, the
            quota is used up.
    """
    caller.require(Permission.PROSPECTING_WRITE, account_group_id)
    require_object_id("jobId", job_id)
    with toolbox.database.write() as tx:
        group = account_table.lock(tx, account_group_id)
        assert group is not None  # an account group is never deleted, and the caller's key reaches this one
        job = job_table.read(tx, account_group_id, job_id)
        if job is None:
            raise Problem(ErrorKind.NOT_FOUND, "jobId: there is no such job in this account group")
        if job.status in ACTIVE:
            return job
        _refuse_unresumable(tx, caller, job)
        credits = _credits_to_reserve(tx, group, job)
        if job.import_status != JobStatus.COMPLETED:
            refuse_exhausted(toolbox, tx, job)
        return _resume(toolbox, tx, job, credits)


def _refuse_unresumable(tx: Tx, caller: Principal, job: Job) -> None:
    if caller.is_test and not job.is_sandbox:
        raise Problem(ErrorKind.FORBIDDEN, "This job costs credits, and a test key spends none: use a live key")
    if job.status not in RESUMABLE:
        raise Problem(
            ErrorKind.NOT_IN_THIS_STATE,
            f"jobId: the job is {job.status}, only a failed or cancelled one can be resumed",
        )
    audience = audience_table.read(tx, job.account_group_id, job.audience_id)
    if audience is None or audience.deleted_ms is not None:
        raise Problem(ErrorKind.NOT_IN_THIS_STATE, "jobId: the job's audience was deleted, its people have no place")


def _credits_to_reserve(tx: Tx, group: AccountGroup, job: Job) -> int:
    """Return what to reserve for the people whom the job has not taken yet."""
    if job.is_sandbox or job.import_status == JobStatus.COMPLETED:
        return 0
    request = decode_request(job_table.request_json(tx, group.id, job.id))
    # Of a list those that failed were asked for and stay unpaid; a search goes on to others instead.
    failed = job.failed if request.urls or request.file_id else 0
    people = max(0, job.max_results - job.imported - job.known - failed)
    return credits_to_reserve(group, wanted_reservation(request, people, job.price_credits, job.credits_spent))


def _resume(toolbox: Toolbox, tx: Tx, job: Job, credits: int) -> Job:
    """Queue the job again and return it; its place in the source, its counts and its people stay."""
    now_ms = toolbox.now_ms()
    # A resume counts as a page: the ledger has one entry of a kind for each page of a job, and both this
    # reservation and what this run will release may come without a page in between.
    step = job.pages_done + 1
    changes: dict[str, object] = {
        "status": JobStatus.QUEUED,
        "enrichment_status": JobStatus.QUEUED,
        "resume_count": job.resume_count + 1,
        "pages_done": step,
        "credits_reserved": job.credits_spent + credits,
        "tries_before_resume": job.failed_tries,
        "fruitless_claims": 0,  # whoever resumes a job wants it tried anew
        "attempts": 0,
        "stop_reason": None,
        "error_code": None,
        "error_message": None,
        "resumes_ms": None,
        "finished_ms": None,
        "updated_ms": now_ms,
    }
    if job.import_status != JobStatus.COMPLETED:
        changes |= {"import_status": JobStatus.QUEUED, "truncated": False}
    if not job_table.save_if_resumable(tx, job.account_group_id, job.id, **changes):
        raise AssertionError(f"job {job.id} changed under the account group's lock")
    if credits:
        entry = credit_table.Entry(toolbox.new_id(), now_ms, job.id, step)
        if not credit_table.reserve(tx, job.account_group_id, entry, credits):
            raise AssertionError("the balance changed under the account group's lock")
    audience_table.change_filling_jobs(tx, job.account_group_id, job.audience_id, +1)
    note_event(tx, job, job.account_group_id, job.id, now_ms)
    resumed = job_table.read(tx, job.account_group_id, job.id)
    assert resumed is not None
    toolbox.enqueue_job(tx, resumed)
    return resumed
