"""How a job does its work, page by page: ask the provider outside of any transaction, then write all of it in one.

Nobody calls these but the engine, which may repeat any of them.
"""

import asyncio

from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.resources import JobStatus, StopReason
from goldpan.domain.job_rules import LONGEST_WAIT_IN_PLACE_SECONDS, is_careful, is_hopeless, retry_seconds
from goldpan.domain.provider_port import AccountDisconnected, ProviderFailure, Unavailable
from goldpan.metrics import PAGE_FAILURES
from goldpan.operations.careful_step import note_attempt
from goldpan.operations.enrichment_page import enrich_page
from goldpan.operations.import_page import import_page
from goldpan.operations.job_ending import CRASHED, Ending, end_job
from goldpan.operations.job_event import note_event
from goldpan.operations.job_hold import Hold, LostJob, held_job
from goldpan.operations.job_quota import room_of, wait_for_room
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, job_table
from goldpan.storage.job_table import Job

_STOP_REASONS = {AccountDisconnected: StopReason.ACCOUNT_DISCONNECTED, Unavailable: StopReason.UPSTREAM_FAILED}


def claim_job(toolbox: Toolbox, account_group_id: str, job_id: str, resume_count: int = 0) -> Hold | None:
    """Take hold of a job, away from any worker that had it; None: it has ended, or was resumed since that resume.

    A job whose workers die again and again, whatever is done about it, is ended here.
    """
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)
        before = job_table.read(tx, account_group_id, job_id)
        now_ms = toolbox.now_ms()
        token = job_table.claim(tx, account_group_id, job_id, resume_count, now_ms)
        if token is None:
            return None
        note_event(tx, before, account_group_id, job_id, now_ms)
        hold = Hold(account_group_id, job_id, token)
        job = held_job(tx, hold)
        if is_hopeless(job.fruitless_claims):
            end_job(toolbox, tx, job, CRASHED)
            return None
    return hold


async def advance_job(toolbox: Toolbox, hold: Hold) -> bool:
    """Do the next page of the job, or the wait that is due before it; False: the job has ended.

    Raises:
        LostJob: the hold is no longer valid; nothing was changed.
    """
    job, request, room = await asyncio.to_thread(_read, toolbox, hold)
    wait_seconds = ((job.resumes_ms or 0) - toolbox.now_ms()) / 1000
    if wait_seconds > 0:
        # The page is for the next call: who knows whether the job is still ours, or not cancelled, by then.
        await _wait(toolbox, job, wait_seconds)
        return True
    if job.import_status != JobStatus.COMPLETED and room == 0:
        await asyncio.to_thread(wait_for_room, toolbox, hold)
        return True
    if not is_careful(job.fruitless_claims, job.careful_people):
        return await _do_page(toolbox, hold, job, request, room)
    # Whoever dies of somebody takes the other jobs of this process along: none of them shall be at an attempt then.
    async with toolbox.careful_turn:
        attempted = await asyncio.to_thread(note_attempt, toolbox, hold)
        return attempted is not None and await _do_page(toolbox, hold, attempted, request, room)


async def _do_page(toolbox: Toolbox, hold: Hold, job: Job, request_json: str, room: int | None) -> bool:
    try:
        if job.import_status == JobStatus.COMPLETED:
            return await enrich_page(toolbox, hold, job)
        return await import_page(toolbox, hold, job, request_json, room)
    except ProviderFailure as failure:
        return await asyncio.to_thread(_note_failure, toolbox, hold, failure)


async def _wait(toolbox: Toolbox, job: Job, wait_seconds: float) -> None:
    """Wait here; or, if it takes long, let the engine stop the work on the job: its caretaker takes it up again."""
    if wait_seconds > LONGEST_WAIT_IN_PLACE_SECONDS:
        await asyncio.to_thread(toolbox.cancel_workflow, job)
    await asyncio.sleep(min(wait_seconds, LONGEST_WAIT_IN_PLACE_SECONDS))


def fail_job(toolbox: Toolbox, hold: Hold) -> None:
    """End a job that hit a bug of ours, so that it does not seem to run for ever."""
    with toolbox.database.write() as tx:
        try:
            end_job(toolbox, tx, held_job(tx, hold), CRASHED)
        except LostJob:
            return


def _read(toolbox: Toolbox, hold: Hold) -> tuple[Job, str, int | None]:
    with toolbox.database.read() as tx:
        job = job_table.read(tx, hold.account_group_id, hold.job_id)
        if job is None or not hold.holds(job):
            raise LostJob
        request = job_table.request_json(tx, hold.account_group_id, hold.job_id)
        return job, request, room_of(toolbox, tx, job)


def _note_failure(toolbox: Toolbox, hold: Hold, failure: ProviderFailure) -> bool:
    """Let the job wait for another try, or end it; return whether it goes on."""
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        failed_tries = job.failed_tries + 1
        wait_seconds = None
        if isinstance(failure, Unavailable):
            wait_seconds = retry_seconds(failed_tries - job.tries_before_resume, failure.retry_after_seconds)
        now_ms = toolbox.now_ms()
        # Who lives to tell of a failure did not die of somebody: the next attempt is the first again.
        changes: dict[str, object] = {"failed_tries": failed_tries, "attempts": 0, "updated_ms": now_ms}
        if wait_seconds is not None:
            changes["resumes_ms"] = now_ms + round(wait_seconds * 1000)
            changes |= {"error_code": ErrorKind.UPSTREAM_ERROR.code, "error_message": f"blocked: {failure}"}
        hold.save(tx, **changes)
        if wait_seconds is not None:
            note_event(tx, job, job.account_group_id, job.id, now_ms)
        else:
            end_job(toolbox, tx, job, _failed(failure))
    PAGE_FAILURES.labels("end" if wait_seconds is None else "retry").inc()
    return wait_seconds is not None


def _failed(failure: ProviderFailure) -> Ending:
    stop_reason = _STOP_REASONS.get(type(failure), StopReason.INVALID_SOURCE)
    return Ending(JobStatus.FAILED, stop_reason, (ErrorKind.UPSTREAM_ERROR.code, str(failure)))
