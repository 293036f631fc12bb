"""The ASGI application of the console: what every page passes, and how every way to fail becomes a page."""

import re
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from goldpan import metrics, tracing
from goldpan.console.request_guard import HEADERS, STRICT_TRANSPORT, find_origin, is_from_here
from goldpan.console.static_files import STATIC_FILES
from goldpan.console.templating import render
from goldpan.console.visit import ConsoleParts, Visit
from goldpan.contract.error_catalogue import Collision, ErrorKind, Problem
from goldpan.domain.console_rules import hash_token
from goldpan.operations.console_access_operations import (
    SignedIn,
    find_signed_in,
    needs_note,
    note_use,
    reached_group,
    reached_groups,
)

MOST_URL_BYTES = 8 * 1024
_STATIC = "/static/"
_PARAMETER = re.compile(r"\{(\w+)\}")
_METHODS = ("GET", "HEAD", "POST")


class Access(Enum):
    ANYONE = "anyone"
    SIGNED_IN = "signed in"


class Page(NamedTuple):
    """One row of the table of pages. A page whose path has `{accountGroupId}` is told of that group, if it is reached.

    `is_live` pages are asked for by scripts on a timer: they keep nobody signed in. `is_counted` ones are limited, as
    all forms are.
    """

    name: str
    method: str
    path: str
    show: Callable[[Visit], Awaitable[Response]]
    access: Access = Access.SIGNED_IN
    is_live: bool = False
    is_counted: bool = False


class _Refusal(Exception):
    """A page of another status that ends the request here."""

    def __init__(self, response: Response) -> None:
        self.response = response


class Console:
    """The application; `serves` tells whoever mounts it beside the API which paths are its own."""

    def __init__(self, parts: ConsoleParts, pages: Sequence[Page]) -> None:
        self.parts = parts
        self._pages = [(_pattern(page.path), page) for page in pages]
        self._paths = {page.name: page.path for page in pages}

    def serves(self, path: str) -> bool:
        return path.startswith(_STATIC) or any(pattern.fullmatch(path) for pattern, _ in self._pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        page, methods = self._find(request)
        template = page.path if page else "(console)"
        method = request.method if request.method in _METHODS else "other"
        traceparent = request.headers.get("traceparent")
        started = self.parts.now_seconds()
        with tracing.received(traceparent, f"{method} {template}", self.parts.new_trace_id) as work:
            try:
                response = await self._answer(request, page, methods, work.trace_id)
                await response(scope, receive, send)
            except ClientDisconnect:
                return
            except ConnectionAbortedError as error:  # half a download: without its last piece nobody takes it for whole
                self.parts.log("broken_off", method=method, path=template, reason=str(error), trace_id=work.trace_id)
                return
            work.note("http.response.status_code", response.status_code)
            seconds = self.parts.now_seconds() - started
            metrics.REQUEST_SECONDS.labels(method, template, str(response.status_code)).observe(seconds)
            self.parts.log(
                "page",
                method=method,
                path=template,
                status=response.status_code,
                milliseconds=round(seconds * 1000, 2),
                trace_id=work.trace_id,
            )

    def _find(self, request: Request) -> tuple[Page | None, list[str]]:
        """Return the page that is asked for, and the methods that its path knows."""
        found: dict[str, Page] = {}
        for pattern, page in self._pages:
            if match := pattern.fullmatch(request.url.path):
                if not found:
                    request.scope["path_params"] = match.groupdict()
                found.setdefault(page.method, page)
        method = "GET" if request.method == "HEAD" else request.method
        return found.get(method), sorted(found)

    async def _answer(self, request: Request, page: Page | None, methods: list[str], trace_id: str) -> Response:
        origin = find_origin(request, self.parts.origins)
        if origin is None:
            return _finished(_elsewhere(self.serves(request.url.path)), trace_id, {})
        visit = Visit(self.parts, request, origin, trace_id, self._paths, page.name if page else "")
        try:
            response = await self._serve(visit, page, methods)
        except _Refusal as refusal:
            response = refusal.response
        except Problem as problem:
            response = _problem_page(visit, problem)
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001 the one place where a bug, or a database that is away, becomes a page
            metrics.CRASHES.labels("request").inc()
            self.parts.log_crash("crash", path=page.path if page else "(console)", trace_id=trace_id)
            response = _problem_page(visit, Problem(ErrorKind.INTERNAL_ERROR))
        return _finished(response, trace_id, visit.headers | (STRICT_TRANSPORT if origin.is_secure else {}))

    async def _serve(self, visit: Visit, page: Page | None, methods: list[str]) -> Response:
        request = visit.request
        if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > MOST_URL_BYTES:
            raise Problem(ErrorKind.URI_TOO_LONG, f"an address may have {MOST_URL_BYTES} bytes")
        if request.url.path.startswith(_STATIC):
            return _static(request)
        if not is_from_here(request, visit.origin):
            raise Problem(
                ErrorKind.FORBIDDEN, "the request came from a page of another site, or from a very old browser"
            )
        if page is None and methods:
            raise Problem(ErrorKind.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join([*methods, "HEAD"])})
        await self._recognise(visit)
        if page is None:
            raise Problem(ErrorKind.NOT_FOUND)
        if page.access is Access.SIGNED_IN:
            await self._let_in(visit, page)
        for _ in range(3):
            try:
                return await page.show(visit)
            except Collision:  # an operation is one transaction, and nothing of this one was kept
                continue
        return await page.show(visit)

    async def _recognise(self, visit: Visit) -> None:
        token = visit.session_token
        visit.who = await find_signed_in(self.parts.toolbox, token) if token else None

    async def _let_in(self, visit: Visit, page: Page) -> None:
        """Go on for somebody who is signed in and reaches the account group of the path; nobody else."""
        if visit.who is None:
            raise _Refusal(_sign_in_first(visit, page))
        if page.is_counted or page.method == "POST":
            await self._count(visit.who)
        group_id = visit.request.path_params.get("accountGroupId")
        if group_id is not None:
            visit.account_group = await reached_group(self.parts.toolbox, visit.who, group_id)
            if visit.account_group is None:
                raise Problem(ErrorKind.NOT_FOUND)
        if not page.is_live:
            visit.groups = await reached_groups(self.parts.toolbox, visit.who)
            if needs_note(self.parts.toolbox, visit.who, group_id):
                await run_in_threadpool(note_use, self.parts.toolbox, visit.who, group_id)

    async def _count(self, who: SignedIn) -> None:
        """Count by the session, under a name that opens nothing to whoever reads the counts."""
        verdict = await self.parts.session_limit.hit(hash_token(who.token).hex())
        if not verdict.is_allowed:
            seconds = verdict.headers["Retry-After"]
            raise Problem(ErrorKind.RATE_LIMITED, f"wait {seconds} seconds", headers={"Retry-After": seconds})


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path))


def _static(request: Request) -> Response:
    file = STATIC_FILES.get(request.url.path.removeprefix(_STATIC))
    if file is None or request.method not in ("GET", "HEAD"):
        raise Problem(ErrorKind.NOT_FOUND)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(file.content, 200, headers, media_type=file.media_type)


def _elsewhere(is_ours: bool) -> Response:
    """Answer at an address that is not the console's, where the API and its documentation are nevertheless."""
    if not is_ours:
        return HTMLResponse(render("nothing_here.html"), 404)
    text = "Goldpan's console is not at this address: see GOLDPAN_CONSOLE_ORIGINS.\n"
    return Response(text, 421, media_type="text/plain")


def _sign_in_first(visit: Visit, page: Page) -> Response:
    """A script that asks on a timer is told to leave the page; whoever reads is sent to sign in and back.

    Whoever types is told where to sign in, beside what was typed.
    """
    if page.is_live:
        return Response(None, 401, {"HX-Refresh": "true"})
    if page.method == "POST" and "hx-request" in visit.request.headers:
        return visit.page("signed_out.html", 401)
    if visit.request.method == "POST" or visit.here == "/":
        return visit.redirect(visit.path("sign_in"))
    return visit.redirect(visit.path("sign_in"), next=visit.here)


def _problem_page(visit: Visit, problem: Problem) -> Response:
    response = visit.page("error.html", problem.kind.status, kind=problem.kind, details=problem.details)
    response.headers.update(problem.headers)
    return response


def _finished(response: Response, trace_id: str, more: dict[str, str]) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.update({**HEADERS, "X-Trace-Id": trace_id, **more})
    return response
