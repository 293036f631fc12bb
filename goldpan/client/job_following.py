"""One job followed until it has ended: by its stream of events, and where there is none by asking again."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from goldpan.client.client_failures import GoldpanError, NotReached, Refused, UnexpectedAnswer, WaitTimedOut
from goldpan.client.event_parser import EventParser, ServerEvent, TooLarge
from goldpan.client.sending import (
    LONGEST_PAUSE_SECONDS,
    PASSING_STATUSES,
    RATE_LIMITED_STATUS,
    Sender,
    backoff_seconds,
    read_as,
    read_data,
    read_json,
    told_pause,
)
from goldpan.client.wire import Answer, Head, Request
from goldpan.client.wire_log import log_pause
from goldpan.contract.event_catalogue import JobEvent, JobEventKind
from goldpan.contract.resources import Job, JobStatus

ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
PATIENCE_SECONDS = 60.0  # a server that restarts goes on with its jobs, so whoever follows goes on too
SILENCE_SECONDS = 20.0  # a living stream sends something every 15 seconds
RECONNECT_SECONDS = 2.0
FIRST_POLL_SECONDS = 0.5
LONGEST_POLL_SECONDS = 5.0
POLL_GROWTH = 1.5
MOST_BARREN_STREAMS = 3  # something between keeps the events back: asking still works there
EVENT_STREAM = "text/event-stream"

_KINDS = frozenset(JobEventKind)

# Of a server without streams, or that gives us none now.
_NO_STREAM_STATUSES = (404, 405, 406, RATE_LIMITED_STATUS, 501)


@dataclass(frozen=True, slots=True)
class JobChange:
    """One change of a job: its `kind`, and in `job` how the job stood after it. `id` is None where it was asked for."""

    kind: str
    id: str | None
    job: JobEvent


class _NoStream(Exception):
    """The server has no stream of this job for us."""


class Following:
    """One walk along the changes of a job; `deadline` is of the monotonic clock, None: no end."""

    def __init__(self, sender: Sender, job_path: str, job_id: str, deadline: float | None) -> None:
        self._sender = sender.once()  # the pauses between attempts are our own: they keep to the deadline
        self._job_path = job_path
        self._job_id = job_id
        self._deadline = deadline
        self._failures = 0
        self._failing_since = 0.0  # of the monotonic clock, while there are failures
        self._barren_streams = 0
        self._reconnect_seconds = RECONNECT_SECONDS
        self._last_id: str | None = None
        self._last: JobEvent | None = None
        self._is_over = False

    async def changes(self) -> AsyncGenerator[JobChange, None]:
        """Yield changes until the job has ended.

        Raises:
            WaitTimedOut: the deadline is past.
            NotReached: nobody answers for PATIENCE_SECONDS.
            GoldpanError: anything else that does not pass by itself.
        """
        self._is_over = False
        try:
            while self._may_stream():
                async with aclosing(self._stream()) as changes:
                    async for change in changes:
                        yield change
                if self._is_over:
                    return
        except _NoStream:
            pass
        async with aclosing(self._poll()) as changes:
            async for change in changes:
                yield change

    async def until_end(self) -> Job:
        """Return the job as it ended."""
        while True:
            async with aclosing(self.changes()) as changes:
                async for _ in changes:
                    pass
            job = await self._job()
            if job.status in ENDED:
                return job
            await self._pause(self._reconnect_seconds)  # somebody has resumed it meanwhile

    # --- the stream ---------------------------------------------------------------------------------------------

    def _may_stream(self) -> bool:
        """Return whether there is time for a whole silence: near the deadline we ask, which ends in time."""
        return self._deadline is None or self._deadline - time.monotonic() > SILENCE_SECONDS

    async def _stream(self) -> AsyncGenerator[JobChange, None]:
        """Yield what one connection brings, and wait until there may be another one."""
        headers = {"Accept": EVENT_STREAM}
        if self._last_id is not None:
            headers["Last-Event-ID"] = self._last_id
        request = Request("GET", f"{self._job_path}/events", headers=headers, timeout_seconds=SILENCE_SECONDS)
        last_id = self._last_id
        try:
            async with self._sender.open(request) as answer, aclosing(answer.pieces) as pieces:
                if answer.head.status == 204:
                    self._is_over = True
                    return
                parser = _parser_of(answer.head)
                async for piece in pieces:
                    self._note_contact()
                    self._barren_streams = 0
                    for event in parser.feed(piece):
                        if (change := self._change(event, answer.head)) is not None:
                            yield change
                    self._reconnect_seconds = parser.retry_seconds or self._reconnect_seconds
                    if not self._may_stream():
                        return
        except TooLarge as error:
            raise UnexpectedAnswer("an event does not end", 200) from error
        except GoldpanError as failure:
            await self._endure_stream(failure)
            return
        # The last event may be the end of an earlier run of a job that goes on: to be sure we ask what comes after it.
        has_ended = self._last is not None and self._last.status in ENDED
        self._is_over = has_ended and self._last_id == last_id
        if not has_ended:
            await self._pause(min(self._reconnect_seconds, LONGEST_PAUSE_SECONDS))

    def _change(self, event: ServerEvent, head: Head) -> JobChange | None:
        """Return what the event tells; None: it is of a kind that this version does not know."""
        self._last_id = event.id
        if event.kind not in _KINDS:
            return None
        data = read_json(Answer(head, event.data.encode()))
        self._last = read_as(JobEvent, data, head)
        return JobChange(event.kind, event.id, self._last)

    async def _endure_stream(self, failure: GoldpanError) -> None:
        status = failure.status if isinstance(failure, Refused | UnexpectedAnswer) else None
        if not isinstance(failure, NotReached) or failure.was_sent:  # a server that is away may have streams
            self._barren_streams += 1
        if status in _NO_STREAM_STATUSES or self._barren_streams >= MOST_BARREN_STREAMS:
            raise _NoStream
        await self._endure(failure)

    # --- asking again -------------------------------------------------------------------------------------------

    async def _poll(self) -> AsyncGenerator[JobChange, None]:
        tag: str | None = None
        pause_seconds = FIRST_POLL_SECONDS
        while True:
            answer = await self._get_job({} if tag is None else {"If-None-Match": tag})
            if answer.head.status != 304:
                tag = answer.head.headers.get("etag")
                job = read_as(Job, read_data(answer), answer.head)
                if (change := self._difference(job)) is not None:
                    yield change
                if job.status in ENDED:
                    return
            await self._pause(pause_seconds)
            pause_seconds = min(pause_seconds * POLL_GROWTH, LONGEST_POLL_SECONDS)

    def _difference(self, job: Job) -> JobChange | None:
        """Return how the job differs from what was told last; None: it does not."""
        before, now = self._last, JobEvent(**{name: getattr(job, name) for name in JobEvent.__struct_fields__})
        if now == before:
            return None
        self._last = now
        if now.status in ENDED:
            kind = JobEventKind.FINISHED
        elif before is None or _statuses(before) != _statuses(now):
            kind = JobEventKind.STAGE
        else:
            kind = JobEventKind.PROGRESS
        return JobChange(kind, None, now)

    async def _job(self) -> Job:
        answer = await self._get_job({})
        return read_as(Job, read_data(answer), answer.head)

    async def _get_job(self, headers: Mapping[str, str]) -> Answer:
        """Return an answer with the job, or a 304, however often it takes."""
        while True:
            longest = self._sender.transport.timeout_seconds
            seconds = longest if self._deadline is None else min(longest, self._deadline - time.monotonic())
            # Who has no time left at all still gets one look.
            request = Request("GET", self._job_path, headers=headers, timeout_seconds=max(1.0, seconds))
            try:
                answer = await self._sender.send(request)
            except GoldpanError as failure:
                await self._endure(failure)
            else:
                self._note_contact()
                return answer

    # --- patience -----------------------------------------------------------------------------------------------

    def _note_contact(self) -> None:
        self._failures = 0

    async def _endure(self, failure: GoldpanError) -> None:
        """Wait where the failure may pass by itself, else let it rise."""
        if self._failures == 0:  # not since the last contact: the caller may have been busy for long with what came
            self._failing_since = time.monotonic()
        self._failures += 1
        told_seconds = told_pause(failure)
        status = failure.status if isinstance(failure, Refused | UnexpectedAnswer) else None
        is_away = isinstance(failure, NotReached) or status in PASSING_STATUSES
        if status != RATE_LIMITED_STATUS and not is_away:
            raise failure
        if is_away and time.monotonic() - self._failing_since > PATIENCE_SECONDS:
            raise failure
        seconds = backoff_seconds(self._failures) if told_seconds is None else told_seconds
        if seconds > LONGEST_PAUSE_SECONDS:
            raise failure
        log_pause(failure, seconds)
        await self._pause(seconds)

    async def _pause(self, seconds: float) -> None:
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise WaitTimedOut(self._job_id)
            seconds = min(seconds, left)  # and after that comes one last look
        await self._sender.transport.pause(seconds)


def _parser_of(head: Head) -> EventParser:
    if not head.headers.get("content-type", "").startswith(EVENT_STREAM):
        raise _NoStream
    return EventParser()


def _statuses(event: JobEvent) -> object:
    """Return the statuses of a job and its stages, which other servers may leave out."""
    stages = event.stages
    return event.status, stages and (stages.import_.status, stages.enrichment.status)
