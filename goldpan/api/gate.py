"""The one gate in front of every route: trace, size, key, rate, permission, account group, input; and every answer."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from inspect import iscoroutinefunction
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from goldpan import metrics, tracing
from goldpan.api.conditional_answers import entity_tag, is_any, is_known, sent_tags
from goldpan.api.event_presenters import LiveStream
from goldpan.api.live_answers import CONNECTION_END, BrokenOff, ConnectionEnd, LiveAnswer, LiveAnswers
from goldpan.api.live_waits import wait_for_news
from goldpan.api.next_link import next_link
from goldpan.api.preferences import WAIT_ARGUMENT
from goldpan.api.presenters import Reply, Stream
from goldpan.api.rate_limits import RateLimit, Verdict
from goldpan.api.recent_callers import RecentCallers
from goldpan.api.request_account import RequestAccount, shown_method
from goldpan.api.request_file import FileIntake
from goldpan.api.request_input import read_file_head, read_input
from goldpan.api.routes import Access, FileBody, Route
from goldpan.contract.error_catalogue import Collision, ErrorKind, Problem
from goldpan.contract.resources import ErrorBody
from goldpan.domain.access_rules import Principal, caller_of
from goldpan.operations.toolbox import Toolbox

MAX_URL_BYTES = 8 * 1024
MAX_HEADER_BYTES = 16 * 1024
REPEATS_AFTER_COLLISION = 3

_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE | re.ASCII)

_COMMON_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_encode = msgspec.json.Encoder().encode
_is_coroutine = cache(iscoroutinefunction)


class _Envelope(msgspec.Struct, rename="camel"):
    success: bool
    data: Any
    error: Any
    trace_id: str


@dataclass(slots=True)
class Exchange:
    """One request on its way through the gate, and the headers that its answer has gathered so far.

    `verdict` is the limit's on this request, `live` what wakes and ends an answer that stays open.
    """

    request: Request
    trace_id: str
    headers: dict[str, str] = field(default_factory=dict)
    caller: Principal | None = None
    verdict: Verdict | None = None
    live: LiveAnswer | None = None


@dataclass(frozen=True, slots=True)
class GateParts:
    """What the gate needs; `log(event, **fields)` writes one line."""

    toolbox: Toolbox
    key_limit: RateLimit
    failed_key_limit: RateLimit
    live: LiveAnswers
    new_trace_id: Callable[[], str]
    now_seconds: Callable[[], float]
    log: Callable[..., None]
    log_crash: Callable[..., None]
    files: FileIntake


class Gate:
    """The ASGI application of one path: `routes` are its methods; none of them: the path is unknown."""

    def __init__(self, parts: GateParts, callers: RecentCallers, routes: Sequence[Route]) -> None:
        self._parts = parts
        self._callers = callers
        self._routes = {route.method: route for route in routes}
        if "GET" in self._routes:
            self._routes["HEAD"] = self._routes["GET"]
        self._allow = ", ".join([*sorted(self._routes), "OPTIONS"])
        self._account = RequestAccount(routes[0].path if routes else None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        name, new_trace_id = self._account.name(request.method), self._parts.new_trace_id
        with tracing.received(_traceparent(scope["headers"]), name, new_trace_id) as work:
            exchange = Exchange(request, work.trace_id)
            started = self._parts.now_seconds()
            try:
                response = await self._answer(exchange)
                await self._send(exchange, response, receive, send)
            except ClientDisconnect:
                return  # nobody is left to answer
            finally:
                if exchange.live is not None:
                    self._parts.live.close(exchange.live)
            seconds = self._parts.now_seconds() - started
            work.note("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                work.fail(str(response.status_code))
        self._account.observe(request.method, response.status_code, seconds)
        self._parts.log(
            "request",
            method=shown_method(request.method),
            path=self._account.shown_path(scope["path"]),
            status=response.status_code,
            milliseconds=round(seconds * 1000, 2),
            trace_id=exchange.trace_id,
            key_id=exchange.caller.key_id if exchange.caller else None,
        )

    async def _send(self, exchange: Exchange, response: Response, receive: Receive, send: Send) -> None:
        """Send the answer; a stream that breaks ends the connection, so that nobody takes what came for all of it."""
        try:
            await response(exchange.request.scope, receive, send)
        except ClientDisconnect:
            return
        except (BrokenOff, Problem):
            self._parts.log("broken_off", path=exchange.request.scope["path"], trace_id=exchange.trace_id)
        except Exception:  # noqa: BLE001 the status is out already: whoever reads learns it by the broken connection
            self._note_crash(exchange)

    def _note_crash(self, exchange: Exchange) -> None:
        metrics.CRASHES.labels("request").inc()
        path = self._account.shown_path(exchange.request.scope["path"])
        self._parts.log_crash("crash", path=path, trace_id=exchange.trace_id)

    async def _answer(self, exchange: Exchange) -> Response:
        try:
            return await self._reply(exchange, await self._serve(exchange))
        except Problem as problem:
            return self._refuse(exchange, problem)
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001 the one place where a bug, or a database that is away, becomes an answer
            self._note_crash(exchange)
            return self._refuse(exchange, Problem(ErrorKind.INTERNAL_ERROR))

    async def _serve(self, exchange: Exchange) -> Reply | Stream | LiveStream:
        """Let a request through, check by check, in the contract's order."""
        request = exchange.request
        route = self._routes.get(request.method)
        if route is not None and route.permission is Access.ANYONE:
            _check_readable(request)
            return await self._run(exchange, route, None)
        caller, refusal = await self._identify(exchange)
        _check_readable(request)
        if not self._routes:
            raise Problem(ErrorKind.NOT_FOUND, "There is no such path")
        if request.method == "OPTIONS":
            exchange.headers["Allow"] = self._allow
            return Reply(204, None)
        if route is None:
            raise Problem(ErrorKind.METHOD_NOT_ALLOWED, f"allowed are {self._allow}", headers={"Allow": self._allow})
        if caller is None:
            raise await self._count_failed_key(request, refusal)
        if refusal is not None:
            raise refusal
        _check_access(route, caller, request.path_params)
        return await self._run(exchange, route, caller)

    async def _identify(self, exchange: Exchange) -> tuple[Principal | None, Problem | None]:
        """Return who calls, and why the call must not go on: no valid key, or its limit is reached.

        Every answer to a valid key tells its limit, so this comes first, though much else is refused before it.
        """
        key_text = _bearer(exchange.request)
        caller = await self._callers.identify(key_text) if key_text else None
        if caller is None:
            return None, _unauthorized(key_text)
        exchange.caller = caller
        exchange.verdict = verdict = await self._parts.key_limit.hit(caller.key_id)
        exchange.headers |= verdict.headers
        return caller, None if verdict.is_allowed else verdict.refusal()

    async def _count_failed_key(self, request: Request, refusal: Problem | None) -> Problem:
        verdict = await self._parts.failed_key_limit.hit(caller_of(request.client.host) if request.client else "")
        if not verdict.is_allowed:
            return verdict.refusal()
        assert refusal is not None
        return refusal

    async def _run(self, exchange: Exchange, route: Route, caller: Principal | None) -> Reply | Stream | LiveStream:
        if route.file is not None:
            return await self._run_with_file(exchange, route, route.file, caller)
        arguments = await read_input(exchange.request, route)
        wait_seconds = arguments.pop(WAIT_ARGUMENT, None)
        if caller is not None:
            arguments["caller"] = caller
        reply: Reply | Stream | LiveStream = await self._perform_or_repeat(route, arguments)
        if wait_seconds is not None and isinstance(reply, Reply):
            reply = await self._wait(exchange, reply, wait_seconds, lambda: self._perform(route, arguments))
            exchange.headers["Preference-Applied"] = f"wait={wait_seconds}"
        return reply

    async def _run_with_file(
        self, exchange: Exchange, route: Route, file: FileBody, caller: Principal | None
    ) -> Reply | Stream | LiveStream:
        request, files = exchange.request, self._parts.files
        arguments = {"caller": caller, **read_file_head(request, route, file, files.most_bytes)}
        group_id = request.path_params.get("accountGroupId", "")
        async with files.received(group_id, request.stream()) as arguments["file"]:
            reply: Reply | Stream | LiveStream = await self._perform(route, arguments)
            return reply

    async def _perform_or_repeat(self, route: Route, arguments: dict[str, Any]) -> Any:
        """Repeat what collided: an operation is one transaction, and nothing of this one was kept."""
        for _ in range(REPEATS_AFTER_COLLISION):
            with suppress(Collision):
                return await self._perform(route, arguments)
        return await self._perform(route, arguments)

    async def _perform(self, route: Route, arguments: dict[str, Any]) -> Any:
        if _is_coroutine(route.operation):
            return route.present(await route.operation(self._parts.toolbox, **arguments))
        # It may wait for a lock or another machine: not in the loop that serves everybody.
        return route.present(await run_in_threadpool(route.operation, self._parts.toolbox, **arguments))

    async def _wait(self, exchange: Exchange, first: Reply, seconds: int, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """Return the answer when it is news: another one than the client has, or than the job's first."""
        tags = sent_tags(exchange.request.scope["headers"])

        def is_news(reply: Reply) -> bool:
            return not is_known(entity_tag(_encode(reply.data)), tags) if tags else reply.watched != first.watched

        if first.watched is None or is_news(first):
            return first
        live = self._open_live(exchange, first.watched.job_id)
        reply = await wait_for_news(live, first, seconds, is_news, ask)
        if live.has_lost_its_key:
            exchange.headers.clear()  # what the key's bearer was told of its limit
            raise _unauthorized(live.key_text)
        return reply

    def _open_live(self, exchange: Exchange, job_id: str | None) -> LiveAnswer:
        assert exchange.caller is not None
        connection_end = exchange.request.scope.get(CONNECTION_END) or ConnectionEnd()
        key_text = _bearer(exchange.request) or ""
        exchange.live = self._parts.live.open(exchange.caller, key_text, job_id, connection_end)
        return exchange.live

    async def _reply(self, exchange: Exchange, reply: Reply | Stream | LiveStream) -> Response:
        if isinstance(reply, Stream | LiveStream):
            return self._stream(exchange, reply)
        if reply.status == 204:
            return self._respond(exchange, 204, b"", {})
        data = _encode(reply.data)
        if reply.is_plain:
            return self._respond(exchange, reply.status, data, {})
        headers: dict[str, str] = {}
        if reply.status == 200 and exchange.request.method in ("GET", "HEAD"):
            headers["ETag"] = tag = entity_tag(data)
            if is_known(tag, sent_tags(exchange.request.scope["headers"])):
                return await self._not_modified(exchange, headers)
            if next_cursor := getattr(reply.data, "next_cursor", None):
                scope = exchange.request.scope
                headers["Link"] = next_link(scope["raw_path"], scope["query_string"], next_cursor)
        envelope = _Envelope(True, msgspec.Raw(data), None, exchange.trace_id)
        return self._respond(exchange, reply.status, _encode(envelope), headers)

    async def _not_modified(self, exchange: Exchange, headers: Mapping[str, str]) -> Response:
        """Answer a client that has the answer already, for free: asking again is what we want of it."""
        has_a_tag = not all(map(is_any, sent_tags(exchange.request.scope["headers"])))
        if has_a_tag and exchange.caller is not None and exchange.verdict is not None:
            verdict = await self._parts.key_limit.give_back(exchange.caller.key_id, exchange.verdict)
            exchange.headers |= verdict.headers
        return self._respond(exchange, 304, b"", headers)

    def _stream(self, exchange: Exchange, stream: Stream | LiveStream) -> Response:
        headers = {**_COMMON_HEADERS, "X-Trace-Id": exchange.trace_id, **exchange.headers, **stream.headers}
        if exchange.request.method == "HEAD":
            response = Response(b"", 200, headers, media_type=stream.media_type)
            del response.headers["content-length"]  # nobody knows how long the answer to a GET is
            return response
        if isinstance(stream, LiveStream):
            chunks = stream.chunks(self._open_live(exchange, stream.job_id))
        elif exchange.caller is not None:
            chunks = self._open_live(exchange, None).guard(stream.chunks)
        else:
            chunks = stream.chunks
        return StreamingResponse(chunks, 200, headers, media_type=stream.media_type)

    def _refuse(self, exchange: Exchange, problem: Problem) -> Response:
        kind = problem.kind
        fields = list(problem.fields) if kind.code == "VALIDATION_ERROR" else msgspec.UNSET
        body = ErrorBody(code=kind.code, message=kind.meaning, details=problem.details, fields=fields)
        envelope = _Envelope(False, None, body, exchange.trace_id)
        return self._respond(exchange, kind.status, _encode(envelope), problem.headers)

    def _respond(self, exchange: Exchange, status: int, body: bytes, headers: Mapping[str, str]) -> Response:
        all_headers = {**_COMMON_HEADERS, "X-Trace-Id": exchange.trace_id, **exchange.headers, **headers}
        return Response(body, status, all_headers, media_type="application/json" if body else None)


def _traceparent(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    sent = [value for name, value in headers if name == b"traceparent"]
    return sent[0].decode("latin-1") if len(sent) == 1 else None


def _check_readable(request: Request) -> None:
    scope = request.scope
    question_mark = 1 if scope["query_string"] else 0
    if len(scope["raw_path"]) + question_mark + len(scope["query_string"]) > MAX_URL_BYTES:
        raise Problem(ErrorKind.URI_TOO_LONG, f"the URL must be at most {MAX_URL_BYTES} bytes")
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEADER_BYTES:
        raise Problem(ErrorKind.HEADERS_TOO_LARGE, f"the headers must be at most {MAX_HEADER_BYTES} bytes")
    if "\ufffd" in scope["path"] or "\x00" in scope["path"]:
        raise Problem(ErrorKind.MALFORMED_REQUEST, "path: is no percent-encoded UTF-8")


def _unauthorized(key_text: str | None) -> Problem:
    details = "the key is not valid" if key_text else "send the header Authorization: Bearer sk_live_…"
    return Problem(ErrorKind.UNAUTHORIZED, details, headers={"WWW-Authenticate": "Bearer"})


def _bearer(request: Request) -> str | None:
    sent = request.headers.getlist("authorization")
    match = _BEARER.fullmatch(sent[0]) if len(sent) == 1 else None
    return match[1] if match else None


def _check_access(route: Route, caller: Principal, path: Mapping[str, str]) -> None:
    """The permission and the account group, before anything of the input is looked at."""
    if isinstance(route.permission, Access):
        return
    if "accountGroupId" in path:
        caller.require(route.permission, path["accountGroupId"])
    else:
        caller.require_permission(route.permission)
