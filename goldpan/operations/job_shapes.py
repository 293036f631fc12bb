"""The parts of a job that its page and its events show alike."""

from goldpan.contract.paging import format_time
from goldpan.contract.resources import Counts, JobCredits, JobError, JobStatus, Stage, Stages
from goldpan.storage.job_table import Job


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
