"""The text of a server-sent event stream to its events, whatever the pieces it comes in.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (read 2026-11).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LARGEST_EVENT_BYTES = 1024 * 1024

_LINE_END = re.compile(rb"\r\n|\n|\r(?!$)")  # a \r at the end may be the first half of \r\n
# What we will send back in a header, so nothing else.
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,255}")


class ServerEvent(NamedTuple):
    """One event; `id` is that of the last event that had one, None before any did."""

    id: str | None
    kind: str
    data: str


class TooLarge(Exception):
    """An event does not end."""


class EventParser:
    """Takes the pieces of one stream."""

    def __init__(self) -> None:
        self.retry_seconds: float | None = None
        self._buffer = b""
        self._id: str | None = None
        self._kind = ""
        self._data: list[str] = []
        self._held_bytes = 0

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        """Yield the events that end in this piece.

        Raises:
            TooLarge: an event is larger than LARGEST_EVENT_BYTES.
        """
        *lines, self._buffer = _LINE_END.split(self._buffer + piece)
        for line in lines:
            self._held_bytes += len(line)
            if line:
                self._take_field(line.decode(errors="replace"))
            elif (event := self._end_event()) is not None:
                yield event
        if self._held_bytes + len(self._buffer) > LARGEST_EVENT_BYTES:
            raise TooLarge

    def _take_field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._kind = value
        elif name == "id" and _EVENT_ID.fullmatch(value):
            self._id = value
        elif name == "retry" and value.isascii() and value.isdecimal():
            self.retry_seconds = int(value[:9]) / 1000

    def _end_event(self) -> ServerEvent | None:
        event = ServerEvent(self._id, self._kind or "message", "\n".join(self._data)) if self._data else None
        self._kind, self._data, self._held_bytes = "", [], 0
        return event
