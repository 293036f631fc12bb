"""A client of live streams: reads server-sent events one by one from a real connection."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.cast import Caller, now_ms, store_jobs
from tests.service import PATIENCE_SECONDS, Json


class Event(NamedTuple):
    id: int
    kind: str
    data: Json


class EventReader:
    """One open stream; `status` may be that of a refusal."""

    def __init__(self, port: int, target: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self._connection.request("GET", target, headers=headers)
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers

    def next(self) -> Event | None:
        """Return the next event; None: the stream has ended. What keeps a connection open is no sign of life here."""
        began = time.monotonic()
        while (fields := self._block()) is not None:
            assert time.monotonic() - began < PATIENCE_SECONDS, "no event came, and the stream did not end"
            if "data" in fields:
                return Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
        self.close()
        return None

    def rest(self) -> list[Event]:
        """Return the events until the stream ends."""
        return list(iter(self.next, None))

    def until_its_end(self) -> bytes:
        """Return everything that comes until the stream ends, as it is."""
        return self._response.read()

    def close(self) -> None:
        """Go away without a word, in the middle of the stream if need be."""
        self._response.close()
        self._connection.close()

    def _block(self) -> dict[str, str] | None:
        """Return the fields up to the next empty line; a comment has the name of nothing."""
        fields: dict[str, str] = {}
        while line := self._response.readline().decode():
            if line == "\n":
                return fields
            name, _, value = line.rstrip("\n").partition(":")
            assert name not in fields, "a field in two lines"
            fields[name] = value.removeprefix(" ")
        assert not fields, "the stream broke off within an event"
        return None


@contextmanager
def following(caller: Caller, job_id: str, last_event_id: int | str | None = None) -> Iterator[EventReader]:
    reader = follow(caller, job_id, last_event_id)
    try:
        yield reader
    finally:
        reader.close()


def follow(caller: Caller, job_id: str, last_event_id: int | str | None = None) -> EventReader:
    """Open a stream of the job's events, which must be closed."""
    place = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    return EventReader(caller.service.port, f"{caller.jobs}/{job_id}/events", caller.authorization | place)


def events_of(caller: Caller, job_id: str, last_event_id: int | None = None) -> list[Event]:
    """Return the events of the job behind that one, to the job's end."""
    with following(caller, job_id, last_event_id) as reader:
        assert reader.status == 200
        return reader.rest()


def quiet_job(caller: Caller) -> str:
    """Return a job that waits for its turn for ever: nothing happens to it but what the test does."""
    return store_jobs(caller, [now_ms()], "queued")[0]


def has_room(caller: Caller, job_id: str) -> bool:
    """Return whether the caller's key may open one more live answer."""
    with following(caller, job_id) as reader:
        assert reader.status in (200, 429)
        return reader.status == 200
