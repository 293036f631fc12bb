"""A job as the contract shows it, and its parts, which its events show alike."""

from goldpan.contract import resources
from goldpan.contract.paging import format_time
from goldpan.contract.resources import (
    Counts,
    JobCredits,
    JobError,
    JobStatus,
    SourceType,
    Stage,
    Stages,
    StopReason,
)
from goldpan.storage.job_table import Job


def shape_of_job(job: Job) -> resources.Job:
    return resources.Job(
        job_id=job.id,
        type="prospecting",
        status=JobStatus(job.status),
        created_at=format_time(job.created_ms),
        updated_at=format_time(job.updated_ms),
        stages=stages_of(job),
        error=error_of(job),
        source=SourceType(job.source),
        audience_id=job.audience_id,
        started_at=time_or_none(job.started_ms),
        finished_at=time_or_none(job.finished_ms),
        stop_reason=StopReason(job.stop_reason) if job.stop_reason else None,
        truncated=bool(job.truncated),
        total_available=job.total_available,
        counts=counts_of(job),
        credits=credits_of(job),
        resumes_at=time_or_none(job.resumes_ms),
        sandbox=bool(job.is_sandbox),
    )


def stages_of(job: Job) -> Stages:
    return Stages(
        import_=Stage(status=JobStatus(job.import_status), progress=job.import_progress),
        enrichment=Stage(status=JobStatus(job.enrichment_status), progress=job.enrichment_progress),
    )


def error_of(job: Job) -> JobError | None:
    return JobError(code=job.error_code, message=job.error_message or "") if job.error_code else None


def counts_of(job: Job) -> Counts:
    return Counts(
        found=job.found,
        imported=job.imported,
        known=job.known,
        duplicate=job.duplicate,
        suppressed=job.suppressed,
        invalid=job.invalid,
        failed=job.failed,
        emails_found=job.emails_found,
    )


def credits_of(job: Job) -> JobCredits:
    return JobCredits(reserved=job.credits_reserved, spent=job.credits_spent)


def time_or_none(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else format_time(milliseconds)
