"""How bytes become requests: uvicorn's reading, with an end to what a client may send without getting anywhere."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from goldpan.api.live_answers import CONNECTION_END, ConnectionEnd

# Well above what the gate refuses in the envelope: its 8 KiB of URL and 16 KiB of headers.
MAX_UNFINISHED_BYTES = 64 * 1024
PIECE_BYTES = 16 * 1024

_REFUSAL = b"The request's headers are too large"
_ANSWER = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\n"
    b"connection: close\r\n\r\n%s" % (len(_REFUSAL), _REFUSAL)
)


class BoundedHttpProtocol(HttpToolsProtocol):
    """Ends a connection whose headers, chunk extensions or trailers go on for ever: the parser keeps them all.

    Anybody could fill the memory with them, and the longer a line is, the longer the parser takes for its next piece.
    And it tells the answer under way of its connection's end, of which uvicorn tells only the last of several requests.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._unfinished_bytes = 0  # since the parser last had a head, some body or an end
        self._is_deaf = False  # what comes is dropped, until the last answer has gone
        self._is_rest_skipped = False
        self._end = ConnectionEnd()
        self._answering: RequestResponseCycle | None = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[CONNECTION_END] = self._end  # type: ignore[literal-required]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
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
        # In pieces: the rest of a body, and the head behind it, may come in one read of 256 KiB.
        self._is_rest_skipped = False
        for start in range(0, len(data), PIECE_BYTES):
            if self._is_deaf or self._is_rest_skipped or self.transport.is_closing():
                return
            piece = data[start : start + PIECE_BYTES]
            self._unfinished_bytes += len(piece)
            if self._unfinished_bytes > MAX_UNFINISHED_BYTES:
                self._refuse()
            else:
                super().data_received(piece)

    def on_headers_complete(self) -> None:
        self._unfinished_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unfinished_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unfinished_bytes = 0
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """An offer that is not taken is nothing to log; uvicorn skips what came in one read with it."""
        self._is_rest_skipped = True

    def _refuse(self) -> None:
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering and not self.cycle.more_body:
            # Our refusal would stand in the middle of the answer to an earlier request: that one is the last.
            self._is_deaf = True
            self.cycle.keep_alive = False
            return
        if not is_answering:
            self.transport.write(_ANSWER)
        self.transport.close()
