"""How bytes become requests: uvicorn's reading, with an end to what a client may send without getting anywhere."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from goldpan.api.live_answers import CONNECTION_END, ConnectionEnd

# Well above what the gate refuses in the envelope: its 8 KiB of URL and 16 KiB of headers.
MAX_UNFINISHED_BYTES = 64 * 1024
PIECE_BYTES = 16 * 1024

# A head has to come within this time, and of a body so many bytes in every such time, or its end.
PATIENCE_SECONDS = 10.0
LEAST_BODY_BYTES = 5_000
LOOK_SECONDS = 2.0


def _refusal(status: bytes, text: bytes) -> bytes:
    return (
        b"HTTP/1.1 %s\r\n"
        b"content-type: text/plain; charset=utf-8\r\n"
        b"content-length: %d\r\n"
        b"connection: close\r\n\r\n%s" % (status, len(text), text)
    )


_TOO_LARGE = _refusal(b"431 Request Header Fields Too Large", b"The request's headers are too large")
_TOO_SLOW = _refusal(b"408 Request Timeout", b"The request did not come in time")


class BoundedHttpProtocol(HttpToolsProtocol):
    """Ends a connection whose headers, chunk extensions or trailers go on for ever: the parser keeps them all.

    Anybody could fill the memory with them, and the longer a line is, the longer the parser takes for its next piece.
    It ends one whose request does not come in time as well: a byte now and then would hold the connection for ever.
    And it tells the answer under way of its connection's end, of which uvicorn tells only the last of several requests.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._unfinished_bytes = 0  # since the parser last had a head, some body or an end
        self._is_deaf = False  # what comes is dropped, until the last answer has gone
        self._is_rest_skipped = False
        self._owes_since: float | None = None  # the client: a head, or more of a body; None: it is our turn
        self._body_bytes: int | None = None  # of the body since then; None: the head is not here yet
        self._next_look: asyncio.TimerHandle | None = None
        self._end = ConnectionEnd()
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._owes_since = self.loop.time()
        self._next_look = self.loop.call_later(LOOK_SECONDS, self._look_at_the_clock)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._owes_since is None:
            self._owes_since = self.loop.time()
        self.scope[CONNECTION_END] = self._end  # type: ignore[literal-required]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._next_look is not None:
            self._next_look.cancel()
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()
        self._end.come()

    def shutdown(self) -> None:
        is_stuck = bool(self._end.listeners) and self.flow.write_paused
        self._end.come()
        super().shutdown()
        if is_stuck:  # by a client that does not read: nobody waits for the end of its stream
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._owes_since is None:
            self._owes_since = self.loop.time()
        # In pieces: the rest of a body, and the head behind it, may come in one read of 256 KiB.
        self._is_rest_skipped = False
        for start in range(0, len(data), PIECE_BYTES):
            if self._is_deaf or self._is_rest_skipped or self.transport.is_closing():
                return
            piece = data[start : start + PIECE_BYTES]
            self._unfinished_bytes += len(piece)
            if self._unfinished_bytes > MAX_UNFINISHED_BYTES:
                self._refuse(_TOO_LARGE)
            else:
                super().data_received(piece)

    def on_headers_complete(self) -> None:
        self._unfinished_bytes = 0
        self._body_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unfinished_bytes = 0
        self._body_bytes = (self._body_bytes or 0) + len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unfinished_bytes = 0
        self._owes_since = self._body_bytes = None
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """An offer that is not taken is nothing to log; uvicorn skips what came in one read with it."""
        self._is_rest_skipped = True

    def _look_at_the_clock(self) -> None:
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self._is_our_turn():
            self._owes_since, self._body_bytes = now, 0
        elif self._owes_since is not None and now - self._owes_since > PATIENCE_SECONDS:
            if self._body_bytes is None and not self._unfinished_bytes:
                self.transport.close()  # of somebody who never said a word, and asked nothing that an answer is for
            elif self._body_bytes is None or self._body_bytes < LEAST_BODY_BYTES:
                self._refuse(_TOO_SLOW)
            else:
                self._owes_since, self._body_bytes = now, 0
        self._next_look = self.loop.call_later(LOOK_SECONDS, self._look_at_the_clock)

    def _is_our_turn(self) -> bool:
        """Return whether it is we who keep the client from sending more of a body."""
        return self.flow.read_paused or (self._body_bytes is not None and self.cycle.waiting_for_100_continue)

    def _refuse(self, answer: bytes) -> None:
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering and not self.cycle.more_body:
            # Our refusal would stand in the middle of the answer to an earlier request: that one is the last.
            self._is_deaf = True
            self.cycle.keep_alive = False
            return
        if not is_answering:
            self.transport.write(answer)
        self.transport.close()
