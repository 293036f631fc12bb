"""A job as a row of the list shows it."""

from dataclasses import dataclass

from goldpan.console.page_words import SOURCE_WORDS, STATUS_WORDS, STOP_WORDS
from goldpan.contract.resources import JobStatus, SourceType, StopReason
from goldpan.domain.job_rules import ACTIVE
from goldpan.operations.job_operations import Job

_EXPECTED_ENDS = (StopReason.COMPLETED, StopReason.SOURCE_EXHAUSTED, StopReason.CANCELLED)


@dataclass(frozen=True, slots=True)
class StageRow:
    """`done` of `of` people; `of` None: nobody knows yet how many there are."""

    name: str
    status: str
    share: float
    done: int
    of: int | None


@dataclass(frozen=True, slots=True)
class JobRow:
    """`note` says what the status alone does not; times are milliseconds since 1970, `duration_ms` None: not begun."""

    id: str
    status: str
    status_words: str
    note: str | None
    resumes_ms: int | None
    source_text: str
    audience_id: str
    audience_name: str
    is_sandbox: bool
    stages: tuple[StageRow, StageRow]
    people: int
    new_people: int
    credits_spent: int
    credits_reserved: int
    created_ms: int
    started_ms: int | None
    duration_ms: int | None
    is_active: bool


def job_row(job: Job, source_text: str | None, audience_name: str | None, now_ms: int) -> JobRow:
    is_active = job.status in ACTIVE
    end_ms = job.finished_ms or now_ms
    return JobRow(
        id=job.id,
        status=job.status,
        status_words=STATUS_WORDS[JobStatus(job.status)],
        note=_note(job),
        resumes_ms=job.resumes_ms if is_active else None,
        source_text=source_text or SOURCE_WORDS[SourceType(job.source)],
        audience_id=job.audience_id,
        audience_name=audience_name or "",
        is_sandbox=bool(job.is_sandbox),
        stages=_stages(job),
        people=job.imported + job.known,
        new_people=job.imported,
        credits_spent=job.credits_spent,
        credits_reserved=job.credits_reserved if is_active else job.credits_spent,
        created_ms=job.created_ms,
        started_ms=job.started_ms,
        duration_ms=None if job.started_ms is None else max(0, end_ms - job.started_ms),
        is_active=is_active,
    )


def _note(job: Job) -> str | None:
    if job.error_message:
        return job.error_message
    if job.stop_reason is None or job.stop_reason in _EXPECTED_ENDS:
        return None
    return STOP_WORDS[StopReason(job.stop_reason)]


def _stages(job: Job) -> tuple[StageRow, StageRow]:
    taken = job.imported + job.known
    bounds = [job.max_results, *([] if job.total_available is None else [job.total_available])]
    wanted = taken if job.import_status == JobStatus.COMPLETED else max(min(bounds), taken)
    is_known = job.total_available is not None or job.import_status == JobStatus.COMPLETED
    return (
        StageRow("Import", job.import_status, job.import_progress, taken, wanted if is_known else None),
        StageRow("Enrich", job.enrichment_status, job.enrichment_progress, job.people_enriched, taken),
    )
