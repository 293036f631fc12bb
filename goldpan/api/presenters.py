"""Results of operations as the shapes that go over the wire."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from goldpan.contract.paging import Position, Slice, encode_cursor, format_time
from goldpan.contract.resources import (
    AccountGroup,
    AccountGroupList,
    AudienceProspectList,
    CancelledJob,
    Company,
    FullProspectingJobList,
    JobStatus,
    JobSummary,
    Prospect,
    ProspectingJobList,
    Provenance,
    StartedJob,
)
from goldpan.operations import account_operations, audience_operations, job_operations
from goldpan.operations.job_shapes import shape_of_job


@dataclass(frozen=True, slots=True)
class Watched:
    """A job that may still change, and its version that an answer shows."""

    job_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Reply:
    """`data` is the envelope's, or with `is_plain` the whole body; `watched` is whose change a client may wait for."""

    status: int
    data: Any
    is_plain: bool = False
    watched: Watched | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer of status 200 that is sent piece by piece, without an envelope.

    `headers` come on top of those of every answer.
    """

    media_type: str
    chunks: AsyncGenerator[bytes, None]
    headers: Mapping[str, str] = field(default_factory=dict)


def present_plain(document: Any) -> Reply:
    """Show `document` as it is: operations and tools look here, not clients of the API."""
    return Reply(200, document, is_plain=True)


def present_accounts(page: Slice[account_operations.AccountGroup]) -> Reply:
    groups = [
        AccountGroup(id=group.id, name=group.name, created_at=format_time(group.created_ms)) for group in page.items
    ]
    return Reply(200, AccountGroupList(items=groups, **_rest(page, lambda group: Position(group.created_ms, group.id))))


def present_jobs(page: Slice[Any]) -> Reply:
    rest = _rest(page, lambda job: Position(job.created_ms, job.id))
    if page.items and isinstance(page.items[0], job_operations.Job):
        return Reply(200, FullProspectingJobList(items=[shape_of_job(job) for job in page.items], **rest))
    return Reply(200, ProspectingJobList(items=[_summary(job) for job in page.items], **rest))


def present_job(job: job_operations.Job) -> Reply:
    return Reply(200, shape_of_job(job), watched=Watched(job.id, job.version) if job.finished_ms is None else None)


def present_started_job(job: job_operations.Job) -> Reply:
    return Reply(202 if job.finished_ms is None else 200, _started(job))


def present_resumed_job(job: job_operations.Job) -> Reply:
    return Reply(202, _started(job))


def present_cancelled_job(job_id: str) -> Reply:
    return Reply(200, CancelledJob(job_id=job_id, status="cancelled"))


def present_prospects(page: Slice[audience_operations.Member]) -> Reply:
    items = [_prospect(member) for member in page.items]
    place = _rest(page, lambda member: Position(member.added_ms, member.prospect_id))
    return Reply(200, AudienceProspectList(items=items, **place))


def _rest(page: Slice[Any], position: Callable[[Any], Position]) -> dict[str, Any]:
    next_cursor = encode_cursor(position(page.items[-1])) if page.has_more else None
    return {"next_cursor": next_cursor, "has_more": page.has_more}


# A look-up in a dictionary is a tenth of what an enumeration's own takes.
_STATUSES = {status.value: status for status in JobStatus}


def _summary(job: job_operations.JobSummary) -> JobSummary:
    return JobSummary(
        job_id=job.id,
        type="prospecting",
        status=_STATUSES[job.status],
        created_at=format_time(job.created_ms),
        updated_at=format_time(job.updated_ms),
    )


def _started(job: job_operations.Job) -> StartedJob:
    return StartedJob(
        job_id=job.id,
        status=JobStatus(job.status),
        created_at=format_time(job.created_ms),
        audience_id=job.audience_id,
    )


def _prospect(member: audience_operations.Member) -> Prospect:
    person = member.person
    return Prospect(
        id=member.prospect_id,
        first_name=person.first_name,
        last_name=person.last_name,
        name=person.name,
        headline=person.headline,
        about=person.about,
        photo_url=person.photo_url,
        linkedin_url=person.linkedin_url,
        public_identifier=person.public_identifier,
        company=Company(
            name=person.company_name,
            linkedin_identifier=person.company_linkedin_identifier,
            linkedin_url=person.company_linkedin_url,
            industry=person.company_industry,
            website=person.company_website,
            size=person.company_size,
            location=person.company_location,
        ),
        title=person.title,
        location=person.location,
        email=person.email,
        email_status=person.email_status,
        provider_id=person.provider_id,
        provenance=[
            Provenance(
                fields=[_wire_name(name) for name in collection.fields],
                provider=collection.provider,
                job_id=collection.job_id,
                collected_at=format_time(collection.collected_ms),
            )
            for collection in member.provenance
        ],
        imported_at=format_time(member.imported_ms),
        sandbox=member.is_sandbox,
    )


@cache
def _wire_name(field: str) -> str:
    """Return the name that a field of a person has in a Prospect: `company_name` is `company.name` there."""
    of_company = field.startswith("company_")
    first, *rest = field.removeprefix("company_").split("_")
    return ("company." if of_company else "") + first + "".join(word.capitalize() for word in rest)
