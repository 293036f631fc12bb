"""SDK: the API in Python, blocking and asynchronous; knows the words of `contract` and nothing else of ours.

    with Goldpan() as client:
        job = client.jobs.start(source="linkedin_search", search_url="https://www.linkedin.com/search/…").wait()
        client.audiences.export(job.audience_id, "people.csv")

It runs in other people's programs, so no room of the server is let in, and the HTTP library is imported when a client
is made. docs/client.md shows the rest.
"""

from goldpan.client.blocking_calls import Pages
from goldpan.client.blocking_nouns import RunningJob
from goldpan.client.client_failures import (
    AudienceNotReady,
    Conflict,
    Forbidden,
    GoldpanError,
    IdempotencyKeyReused,
    InsufficientCredits,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    NotReached,
    PayloadTooLarge,
    RateLimited,
    Refused,
    ServiceUnavailable,
    Unauthorized,
    UnexpectedAnswer,
    UnsupportedMediaType,
    UpstreamError,
    WaitTimedOut,
    WhichAccountGroup,
)
from goldpan.client.clients import AsyncGoldpan, Goldpan
from goldpan.client.job_calls import AsyncRunningJob, JobFilter, StartJobFields
from goldpan.client.job_following import JobChange
from goldpan.client.paged_lists import AsyncPages, Page

__all__ = [
    "AsyncGoldpan",
    "AsyncPages",
    "AsyncRunningJob",
    "AudienceNotReady",
    "Conflict",
    "Forbidden",
    "Goldpan",
    "GoldpanError",
    "IdempotencyKeyReused",
    "InsufficientCredits",
    "InternalError",
    "InvalidRequest",
    "JobChange",
    "JobFilter",
    "MethodNotAllowed",
    "NotFound",
    "NotReached",
    "Page",
    "Pages",
    "PayloadTooLarge",
    "RateLimited",
    "Refused",
    "RunningJob",
    "ServiceUnavailable",
    "StartJobFields",
    "Unauthorized",
    "UnexpectedAnswer",
    "UnsupportedMediaType",
    "UpstreamError",
    "WaitTimedOut",
    "WhichAccountGroup",
]
