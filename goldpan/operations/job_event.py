"""Noting what happens to a job, for those who follow it live, in the very transaction in which it happens."""

from functools import partial

import msgspec

from goldpan.contract.event_catalogue import JobEvent, JobEventKind
from goldpan.contract.paging import format_time
from goldpan.contract.resources import JobStatus, StopReason
from goldpan.domain.job_rules import ACTIVE
from goldpan.metrics import JOB_MOVES, PEOPLE
from goldpan.operations.job_shapes import counts_of, credits_of, error_of, stages_of, time_or_none
from goldpan.storage import job_event_table, job_table
from goldpan.storage.database import Tx, after_commit
from goldpan.storage.job_event_table import StoredEvent
from goldpan.storage.job_table import Job

OUTCOMES = ("imported", "known", "duplicate", "suppressed", "invalid", "failed")


def note_event(tx: Tx, before: Job | None, account_group_id: str, job_id: str, now_ms: int) -> None:
    """Note the change that the caller has just written to the job's row, once for each such change.

    `before` is the job as it was, None: it is new. What happened is read off the row.
    """
    job = job_table.read(tx, account_group_id, job_id)
    assert job is not None  # the caller has just written it
    job_event_table.add(tx, account_group_id, job_id, event_of(job, _kind(before, job)), now_ms)
    after_commit(tx, partial(_count, before, job))


def event_of(job: Job, kind: JobEventKind) -> StoredEvent:
    """Return the event that tells where the job stands now."""
    return StoredEvent(job.version, kind, msgspec.json.encode(_describe(job)).decode())


def _count(before: Job | None, job: Job) -> None:
    if before is None or before.status != job.status:
        JOB_MOVES.labels(job.status).inc()
    for outcome in OUTCOMES:
        people = getattr(job, outcome) - (getattr(before, outcome) if before else 0)
        if people:
            PEOPLE.labels(outcome).inc(people)


def _kind(before: Job | None, job: Job) -> JobEventKind:
    if before is not None and _statuses(before) == _statuses(job):
        return JobEventKind.PROGRESS
    return JobEventKind.STAGE if job.status in ACTIVE else JobEventKind.FINISHED


def _statuses(job: Job) -> tuple[str, str, str]:
    return job.status, job.import_status, job.enrichment_status


def _describe(job: Job) -> JobEvent:
    return JobEvent(
        job_id=job.id,
        status=JobStatus(job.status),
        updated_at=format_time(job.updated_ms),
        started_at=time_or_none(job.started_ms),
        finished_at=time_or_none(job.finished_ms),
        stages=stages_of(job),
        error=error_of(job),
        stop_reason=StopReason(job.stop_reason) if job.stop_reason else None,
        truncated=bool(job.truncated),
        total_available=job.total_available,
        counts=counts_of(job),
        credits=credits_of(job),
        resumes_at=time_or_none(job.resumes_ms),
    )
