"""Every shape that goes over the wire, named as in the OpenAPI document."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from goldpan.contract.error_catalogue import InvalidField


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SourceType(StrEnum):
    LINKEDIN_SEARCH = "linkedin_search"
    SALES_NAVIGATOR = "sales_navigator"
    POST_COMMENTERS = "post_commenters"
    URL_UPLOAD = "url_upload"
    FILE_UPLOAD = "file_upload"


class StopReason(StrEnum):
    COMPLETED = "completed"
    MAX_RESULTS = "max_results"
    SOURCE_EXHAUSTED = "source_exhausted"
    PROVIDER_CAP_REACHED = "provider_cap_reached"
    CREDITS_EXHAUSTED = "credits_exhausted"
    MAX_CREDITS_REACHED = "max_credits_reached"
    ACCOUNT_DISCONNECTED = "account_disconnected"
    CANCELLED = "cancelled"
    UPSTREAM_FAILED = "upstream_failed"
    INVALID_SOURCE = "invalid_source"


ObjectId = Annotated[str, Meta(pattern="^[0-9a-f]{24}$", examples=["507f1f77bcf86cd799439011"])]
Time = Annotated[
    str,
    Meta(
        description="ISO 8601, UTC, milliseconds",
        examples=["2026-04-28T15:30:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Count = Annotated[int, Meta(ge=0)]
Progress = Annotated[float, Meta(ge=0, le=1, description="never falls; 1 exactly when the stage is completed")]


class Shape(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What all shapes share: camelCase on the wire, and nothing that is not named."""


# --- jobs ---------------------------------------------------------------------------------------------------------


class StartJob(Shape, omit_defaults=True):
    """The body that starts a prospecting job. Which fields belong together depends on `source`."""

    source: SourceType
    search_url: Annotated[str, Meta(max_length=8192)] | None = None
    saved_search_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    lead_list_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    post_url: Annotated[str, Meta(max_length=8192)] | None = None
    urls: Annotated[list[str], Meta(min_length=1, max_length=1000)] | None = None
    file_id: ObjectId | None = None
    max_results: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    search_emails: bool = False
    audience_id: ObjectId | None = None
    audience_name: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")] | None = None
    folder_id: ObjectId | None = None
    dry_run: bool = False
    max_credits: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


START_JOB_ALIASES = {"type": "source", "profileUrls": "urls", "linkedinUrls": "urls"}


class JobSummary(Shape):
    """A job as the list shows it."""

    job_id: ObjectId
    type: Literal["prospecting"]
    status: JobStatus
    created_at: Time
    updated_at: Time


class StartedJob(Shape):
    job_id: ObjectId
    status: JobStatus
    created_at: Time
    audience_id: ObjectId


class CancelledJob(Shape):
    job_id: ObjectId
    status: Literal["cancelled"]


class Stage(Shape):
    status: JobStatus
    progress: Progress


# `import` is a keyword of Python, so this shape says its names itself.
class Stages(msgspec.Struct, rename={"import_": "import"}, forbid_unknown_fields=True):
    import_: Stage
    enrichment: Stage


class JobError(Shape):
    code: str
    message: str


class Counts(Shape):
    """found = imported + known + duplicate + suppressed + invalid + failed, at every moment."""

    found: Count
    imported: Annotated[int, Meta(ge=0, description="new to the account group: joins the audience, is paid for")]
    known: Annotated[int, Meta(ge=0, description="already in the account group: joins the audience, costs nothing")]
    duplicate: Annotated[int, Meta(ge=0, description="seen before in this same job: nothing happens")]
    suppressed: Count
    invalid: Annotated[int, Meta(ge=0, description="rows of files and pages that are no person")]
    failed: Annotated[int, Meta(ge=0, description="asked for and never found")]
    emails_found: Count


class JobCredits(Shape):
    reserved: Count
    spent: Count


class Job(Shape):
    """A job in full: where it stands, and its receipt."""

    job_id: ObjectId
    type: Literal["prospecting"]
    status: JobStatus
    created_at: Time
    updated_at: Time
    stages: Stages
    error: JobError | None
    source: SourceType
    audience_id: ObjectId
    started_at: Time | None
    finished_at: Time | None
    stop_reason: StopReason | None
    truncated: Annotated[bool, Meta(description="the source holds people that were not taken")]
    total_available: Annotated[int | None, Meta(description="distinct people of the source, null while unknown")]
    counts: Counts
    credits: JobCredits
    resumes_at: Time | None
    sandbox: bool


# --- people and accounts ------------------------------------------------------------------------------------------


class AccountGroup(Shape):
    id: ObjectId
    name: str
    created_at: Time


class Company(Shape):
    name: str | None
    linkedin_identifier: str | None
    linkedin_url: str | None
    industry: str | None
    website: str | None
    size: str | None
    location: str | None


class Provenance(Shape):
    """Where some fields of a person come from."""

    fields: list[str]
    provider: str
    job_id: ObjectId
    collected_at: Time


class Prospect(Shape):
    id: ObjectId
    first_name: str | None
    last_name: str | None
    name: str | None
    headline: str | None
    about: str | None
    photo_url: str | None
    linkedin_url: str | None
    public_identifier: str | None
    company: Company
    title: str | None
    location: str | None
    email: str | None
    email_status: str | None
    provider_id: str | None
    provenance: list[Provenance]
    imported_at: Time
    sandbox: bool


# --- envelopes ----------------------------------------------------------------------------------------------------

Cursor = Annotated[str | None, Meta(description="pass it as `cursor` to read on; null on the last page")]
HasMore = Annotated[bool, Meta(description="whether a page follows")]


class ProspectingJobList(Shape):
    items: list[JobSummary]
    next_cursor: Cursor
    has_more: HasMore


class FullProspectingJobList(Shape):
    """The list with `view=full`."""

    items: list[Job]
    next_cursor: Cursor
    has_more: HasMore


class AccountGroupList(Shape):
    items: list[AccountGroup]
    next_cursor: Cursor
    has_more: HasMore


class AudienceProspectList(Shape):
    items: list[Prospect]
    next_cursor: Cursor
    has_more: HasMore


class ErrorBody(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    message: str
    details: str | None
    fields: list[InvalidField] | UnsetType = UNSET
