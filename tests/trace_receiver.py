"""A receiver of traces as OpenTelemetry's collector is one: it takes spans over HTTP and keeps them."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str]
    is_error: bool


@dataclass
class Receiver:
    """What arrived so far, as spans and as it came."""

    endpoint: str
    spans: list[Span] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def of_trace(self, trace_id: str) -> dict[str, Span]:
        """Return the spans of a trace by name, of each name the one that came first."""
        found: dict[str, Span] = {}
        for span in self.spans:
            if span.trace_id == trace_id:
                found.setdefault(span.name, span)
        return found

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.texts.append(str(request))
        for of_resource in request.resource_spans:
            for of_scope in of_resource.scope_spans:
                for span in of_scope.spans:
                    values = {
                        item.key: str(item.value.string_value or item.value.int_value) for item in span.attributes
                    }
                    parent, is_error = span.parent_span_id.hex(), span.status.code == 2
                    kept = Span(span.name, span.trace_id.hex(), span.span_id.hex(), parent, values, is_error)
                    self.spans.append(kept)


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/v1/traces")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
