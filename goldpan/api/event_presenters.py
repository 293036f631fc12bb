"""Live streams of a job as server-sent events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (read 2026-11).
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from goldpan.api.live_answers import LiveAnswer
from goldpan.api.parameters import Parameter
from goldpan.api.presenters import Reply
from goldpan.contract.error_catalogue import Problem
from goldpan.operations.job_live_operations import JobFeed, StoredEvent

EVENT_STREAM = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
RECONNECT_MS = 2000

_HEARTBEAT = b":\n\n"
_EVENT_ID = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
# nginx would collect the events before it passes them on.
_HEADERS = {"X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class LiveStream:
    """A stream that stays open while there is something to come of a job; `chunks` is given what wakes it."""

    media_type: str
    job_id: str
    chunks: Callable[[LiveAnswer], AsyncIterator[bytes]]
    headers: Mapping[str, str] = field(default_factory=dict)


def parse_event_id(text: str) -> int:
    if not _EVENT_ID.fullmatch(text):
        raise ValueError(text)
    return int(text)


LAST_EVENT_ID = Parameter(
    "Last-Event-ID",
    "header",
    "last_event_id",
    parse_event_id,
    0,
    "must be the id of an event of this job, a decimal number",
    "The id of the last event that was read: the stream begins behind it. Without it, with the first event that is"
    " kept. At the last event of a job that has ended the answer is 204.",
    {"type": "string", "pattern": "^(0|[1-9][0-9]{0,9})$", "examples": ["12"]},
)


def present_job_events(feed: JobFeed | None) -> Reply | LiveStream:
    if feed is None:
        return Reply(204, None)
    return LiveStream(EVENT_STREAM, feed.job_id, lambda live: _chunks(feed, live), _HEADERS)


async def _chunks(feed: JobFeed, live: LiveAnswer) -> AsyncIterator[bytes]:
    yield b"retry: %d\n\n" % RECONNECT_MS
    while True:
        try:
            # Whoever goes away cancels us: a query that is cancelled costs PostgreSQL's pool its connection.
            events = await asyncio.shield(feed.read())
        except Problem:  # the database is away: the job's version, which we do not know then, wakes us when it is back
            events = []
            feed.has_more = False
        if events:
            yield b"".join(map(_encode, events))
        if feed.is_over or live.is_over:
            return
        while not feed.has_more and not await live.changed(feed.version, HEARTBEAT_SECONDS):
            if live.is_over:
                return
            yield _HEARTBEAT


def _encode(event: StoredEvent) -> bytes:
    return f"id: {event.version}\nevent: {event.kind}\ndata: {event.data_json}\n\n".encode()
