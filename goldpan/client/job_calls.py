"""Jobs, asynchronous: start, list, follow, wait, cancel and resume them."""

import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Required, TypedDict, Unpack

from goldpan.client.connection import Noun, get, send_json, to_query
from goldpan.client.job_following import Following, JobChange
from goldpan.client.paged_lists import AsyncPages
from goldpan.client.wire import Request
from goldpan.contract.estimate_resources import Estimate
from goldpan.contract.quota_resources import Quota
from goldpan.contract.resources import CancelledJob, Job, JobSummary, StartedJob, StartJob

LONGEST_IDEMPOTENCY_KEY = 255
START_TIMEOUT_SECONDS = 60.0  # an estimate waits for its provider

_WIRE_NAMES = dict(zip(StartJob.__struct_fields__, StartJob.__struct_encode_fields__, strict=True))


class StartJobFields(TypedDict, total=False):
    """What to start: the fields of `StartJob`. Which of them belong together depends on `source`."""

    source: Required[str]
    search_url: str
    saved_search_id: str
    lead_list_id: str
    post_url: str
    urls: list[str]
    file_id: str
    max_results: int
    max_credits: int
    search_emails: bool
    audience_id: str
    audience_name: str
    folder_id: str


class JobFilter(TypedDict, total=False):
    """Which jobs, in which order, how many a page. Times look like 2026-04-28T15:30:00.000Z."""

    status: str | Sequence[str]
    source: str
    audience_id: str
    created_after: str
    created_before: str
    sort: str
    limit: int
    cursor: str


class JobHandle:
    """A job as its start or resume answered. `idempotency_key`: the same start with it is this job again."""

    def __init__(self, started: StartedJob, idempotency_key: str | None) -> None:
        self.started = started
        self.job_id: str = started.job_id
        self.audience_id: str = started.audience_id
        self.idempotency_key = idempotency_key


class AsyncRunningJob(JobHandle):
    """A job that was started or resumed."""

    def __init__(self, jobs: "AsyncJobs", started: StartedJob, idempotency_key: str | None) -> None:
        super().__init__(started, idempotency_key)
        self._jobs = jobs

    async def wait(self, timeout_seconds: float | None = None) -> Job:
        """Return the job as it ended, well or not.

        Raises:
            WaitTimedOut: it has not ended in time, and goes on.
        """
        return await self._jobs.wait(self.job_id, timeout_seconds)

    def follow(self, timeout_seconds: float | None = None) -> AsyncIterator[JobChange]:
        """Yield the changes of the job, from its first one on, until it has ended.

        Raises:
            WaitTimedOut: it has not ended in time, and goes on.
        """
        return self._jobs.follow(self.job_id, timeout_seconds)


class AsyncJobs(Noun):
    """Prospecting jobs."""

    def list(self, **filters: Unpack[JobFilter]) -> AsyncPages[JobSummary]:
        """List jobs, newest first."""
        return self._connection.pages("/prospecting", JobSummary, to_query(**filters))

    def list_full(self, **filters: Unpack[JobFilter]) -> AsyncPages[Job]:
        """List whole jobs instead of summaries."""
        return self._connection.pages("/prospecting", Job, to_query(**filters, view="full"))

    async def get(self, job_id: str, wait_seconds: int | None = None) -> Job:
        """Return a job; with `wait_seconds` (1 to 30) as soon as it changes, or has ended, or they are over."""
        request = get(await self._path(job_id))
        if wait_seconds is not None:
            seconds = self._sender.transport.timeout_seconds + wait_seconds
            headers = {"Prefer": f"wait={wait_seconds}"}
            request = replace(request, headers=headers, timeout_seconds=seconds)
        return await self._sender.call(request, Job)

    async def start(self, *, idempotency_key: str | None = None, **fields: Unpack[StartJobFields]) -> AsyncRunningJob:
        """Start a job. However often it has to be sent, it starts one job: a key is made where none is given.

        Raises:
            InsufficientCredits: the balance is too small.
            RateLimited: the quota is used up.
        """
        key = os.urandom(16).hex() if idempotency_key is None else _checked_key(idempotency_key)
        request = await self._start_request(_body(fields), {"Idempotency-Key": key})
        return AsyncRunningJob(self, await self._sender.call(request, StartedJob), key)

    async def estimate(self, **fields: Unpack[StartJobFields]) -> Estimate:
        """Return what the job would find, take and cost. Nothing is started, stored or charged."""
        request = await self._start_request({**_body(fields), "dryRun": True}, {})
        return await self._sender.call(request, Estimate)

    async def cancel(self, job_id: str) -> CancelledJob:
        """Cancel a queued or running job; credits that it has not used return."""
        path = await self._path(job_id)
        return await self._sender.call(Request("POST", f"{path}/cancel", is_repeatable=True), CancelledJob)

    async def resume(self, job_id: str) -> AsyncRunningJob:
        """Let a failed or cancelled job go on from its last page; nobody is imported or paid for twice."""
        path = await self._path(job_id)
        request = Request("POST", f"{path}/resume", is_repeatable=True)
        return AsyncRunningJob(self, await self._sender.call(request, StartedJob), None)

    async def follow(self, job_id: str, timeout_seconds: float | None = None) -> AsyncIterator[JobChange]:
        """Yield the changes of a job, from its first one on, until it has ended.

        Raises:
            WaitTimedOut: it has not ended in time, and goes on.
        """
        following = await self._following(job_id, timeout_seconds)
        async with aclosing(following.changes()) as changes:
            async for change in changes:
                yield change

    async def wait(self, job_id: str, timeout_seconds: float | None = None) -> Job:
        """Return the job as it ended, well or not.

        Raises:
            WaitTimedOut: it has not ended in time, and goes on.
        """
        return await (await self._following(job_id, timeout_seconds)).until_end()

    async def quota(self, list_type: str | None = None) -> Quota:
        """Return the budget of people in any 24 hours, of LinkedIn searches unless `list_type` says another."""
        path = await self._connection.path("/prospecting/quota")
        return await self._sender.call(get(path, **to_query(list_type=list_type)), Quota)

    async def _path(self, job_id: str) -> str:
        return await self._connection.path("/prospecting/{job_id}", job_id=job_id)

    async def _start_request(self, body: dict[str, Any], headers: dict[str, str]) -> Request:
        path = await self._connection.path("/prospecting")
        request = send_json("POST", path, body, is_repeatable=True)
        seconds = max(START_TIMEOUT_SECONDS, self._sender.transport.timeout_seconds)
        return replace(request, headers=headers, timeout_seconds=seconds)

    async def _following(self, job_id: str, timeout_seconds: float | None) -> Following:
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        return Following(self._sender, await self._path(job_id), job_id, deadline)


def _body(fields: StartJobFields) -> dict[str, Any]:
    """Return the request's body: only what is given, by its names on the wire."""
    unknown = set(fields) - set(StartJobFields.__annotations__)
    if unknown:
        raise TypeError(f"a job has no {', '.join(sorted(unknown))}")
    return {_WIRE_NAMES[name]: value for name, value in fields.items() if value is not None}


def _checked_key(key: str) -> str:
    if not (key.isascii() and key.isprintable() and 1 <= len(key) <= LONGEST_IDEMPOTENCY_KEY):
        raise ValueError("an idempotency key has 1 to 255 printable ASCII characters")
    return key
