"""Traces: the request that the work at hand belongs to, and spans of that work where OpenTelemetry is switched on.

The trace id is always there, for the log. OpenTelemetry, an extra, is imported by `switch_on` and by nothing else.
"""

import os
import re
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

# https://www.w3.org/TR/trace-context/#traceparent-header (read 2026-11): all zeroes and version ff are invalid, and
# only versions after 00 may have more behind the flags.
_TRACEPARENT = re.compile(
    r"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)

_trace_id: ContextVar[str] = ContextVar("trace_id", default="")
_telemetry: "_Telemetry | None" = None


class Work:
    """Something that is done for one trace, for the length of a `with` block."""

    __slots__ = ("_token", "trace_id")

    def __init__(self, trace_id: str) -> None:
        self.trace_id = trace_id
        self._token: Token[str] | None = None

    def note(self, attribute: str, value: str | int) -> None:
        """Add to what is told of the work; nothing that a caller sent, and nobody's name."""

    def fail(self, reason: str) -> None:
        """Say that the work went wrong: `reason` is a status or the class of an error."""

    def __enter__(self) -> Self:
        self._token = _trace_id.set(self.trace_id)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._token is not None
        _trace_id.reset(self._token)


def received(traceparent: str | None, name: str, new_trace_id: Callable[[], str]) -> Work:
    """Return the work on a request; its trace is the one that a valid `traceparent` names, else a new one."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if _telemetry is not None:
        return _telemetry.begin(name, match, is_server=True)
    return Work(match[1] if match else new_trace_id())


def continued(traceparent: str | None, name: str) -> Work:
    """Return work that goes on with what the holder of `traceparent` began, in another process as a rule."""
    return received(traceparent, name, lambda: os.urandom(16).hex())


def span(name: str) -> Work:
    """Return a part of the work at hand."""
    return Work(_trace_id.get()) if _telemetry is None else _telemetry.begin(name, None, is_server=False)


def current_trace_id() -> str:
    """Return the trace of the work at hand; empty: it belongs to none."""
    return _trace_id.get()


def traceparent() -> str | None:
    """Return what lets another process go on with the trace of the work at hand; None: it belongs to none."""
    trace_id = _trace_id.get()
    if not trace_id:
        return None
    if _telemetry is not None:
        return _telemetry.traceparent()
    return f"00-{trace_id}-{os.urandom(8).hex()}-01"


def switch_on(exporter: "SpanExporter", version: str) -> Callable[[], None]:
    """Send spans to `exporter` from now on; return what sends the last of them and switches off.

    Raises:
        ImportError: the extra `goldpan[otel]` is not installed.
    """
    global _telemetry
    telemetry = _telemetry = _Telemetry(exporter, version)

    def switch_off() -> None:
        global _telemetry
        _telemetry = None
        telemetry.end()

    return switch_off


class _Telemetry:
    """OpenTelemetry with a provider of its own: the global one is whoever's who embeds us."""

    def __init__(self, exporter: "SpanExporter", version: str) -> None:
        from opentelemetry import context, trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self.context, self.trace = context, trace
        resource = Resource.create({"service.name": "goldpan", "service.version": version})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("goldpan", version)

    def begin(self, name: str, parent: "re.Match[str] | None", *, is_server: bool) -> "_Span":
        trace = self.trace
        around = None
        if parent is not None:
            flags = trace.TraceFlags(int(parent[3], 16))
            remote = trace.SpanContext(int(parent[1], 16), int(parent[2], 16), is_remote=True, trace_flags=flags)
            around = trace.set_span_in_context(trace.NonRecordingSpan(remote))
        elif is_server:
            around = self.context.Context()  # a root, whatever happens to be around
        kind = trace.SpanKind.SERVER if is_server else trace.SpanKind.INTERNAL
        return _Span(self, self._tracer.start_span(name, around, kind))

    def traceparent(self) -> str:
        of_span = self.trace.get_current_span().get_span_context()
        return f"00-{of_span.trace_id:032x}-{of_span.span_id:016x}-{of_span.trace_flags:02x}"

    def end(self) -> None:
        self._provider.shutdown()


class _Span(Work):
    """Work that is told to OpenTelemetry when it is done. An error is told by its class: its text may hold anything."""

    __slots__ = ("_around", "_span", "_telemetry")

    def __init__(self, telemetry: _Telemetry, span: Any) -> None:
        super().__init__(f"{span.get_span_context().trace_id:032x}")
        self._telemetry = telemetry
        self._span = span
        self._around: Any = None

    def note(self, attribute: str, value: str | int) -> None:
        self._span.set_attribute(attribute, value)

    def fail(self, reason: str) -> None:
        self._span.set_attribute("error.type", reason)
        self._span.set_status(self._telemetry.trace.StatusCode.ERROR)

    def __enter__(self) -> Self:
        self._around = self._telemetry.context.attach(self._telemetry.trace.set_span_in_context(self._span))
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, _error, _trace)
        if kind is not None:
            self.fail(kind.__name__)
        self._telemetry.context.detach(self._around)
        self._span.end()
