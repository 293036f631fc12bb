"""A small HTTP server on loopback that answers as a test says: other people's servers, proxies, and broken ones."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from goldpan.contract.error_catalogue import ErrorKind

MOST_KEPT_BYTES = 1024 * 1024  # of a body; the rest is read and forgotten
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@dataclass(frozen=True)
class Seen:
    """One request, as it came; of a large body only the beginning."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """One answer: bytes, or pieces that come with a pause before each; `is_broken`: it ends before its end."""

    status: int
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    pause_seconds: float = 0.0
    is_broken: bool = False


def success(data: Any, status: int = 200, **headers: str) -> Reply:
    envelope = {"success": True, "data": data, "error": None, "traceId": TRACE_ID}
    return as_json(envelope, status, **headers)


def refusal(kind: ErrorKind, **headers: str) -> Reply:
    error = {"code": kind.code, "message": kind.meaning, "details": None}
    return as_json({"success": False, "data": None, "error": error, "traceId": TRACE_ID}, kind.status, **headers)


def as_json(document: Any, status: int, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json", **named})


# An answer that never comes: the connection is closed instead.
NO_ANSWER = Reply(0)


@dataclass
class ScriptedServer:
    """Where the server listens, and what it was asked."""

    url: str
    seen: list[Seen] = field(default_factory=list)


@contextmanager
def answering(answer: Callable[[Seen], Reply]) -> Iterator[ScriptedServer]:
    """Run a server that answers each request as the function says."""
    server = ScriptedServer("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with suppress(ConnectionError):
                super().handle_one_request()

        def respond(self) -> None:
            url = urlsplit(self.path)
            body = _read_body(self.rfile, int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(self.command, url.path, dict(parse_qsl(url.query)), headers, body)
            server.seen.append(seen)
            self.close_connection = True
            self.write(answer(seen))

        def write(self, reply: Reply) -> None:
            if reply.status == 0:
                return
            self.send_response_only(reply.status)
            is_whole = isinstance(reply.body, bytes)
            headers = {"Connection": "close", **reply.headers}
            if is_whole and reply.status not in (204, 304):
                headers.setdefault("Content-Length", str(len(reply.body) + reply.is_broken))  # type: ignore[arg-type]
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in (reply.body,) if isinstance(reply.body, bytes) else reply.body:
                time.sleep(reply.pause_seconds)
                self.wfile.write(piece)
                self.wfile.flush()

        do_GET = do_POST = do_PATCH = do_DELETE = respond

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        http_server.daemon_threads = True
        http_server.block_on_close = False
        server.url = f"http://127.0.0.1:{http_server.server_port}"
        thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        http_server.shutdown()
        thread.join()


def _read_body(connection: BufferedIOBase, size: int) -> bytes:
    body = b""
    while size > 0 and (piece := connection.read(min(size, 65536))):
        size -= len(piece)
        body = body if len(body) > MOST_KEPT_BYTES else body + piece
    return body


@contextmanager
def scripted(*replies: Reply) -> Iterator[ScriptedServer]:
    """Run a server that gives one answer after the other, and fails the test that asks for more."""
    left = list(replies)

    def next_reply(seen: Seen) -> Reply:
        return left.pop(0) if left else as_json({"asked": f"{seen.method} {seen.path}"}, 418)

    with answering(next_reply) as server:
        yield server
    assert not left, f"{len(left)} answers were not asked for"
