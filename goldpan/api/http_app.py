"""The ASGI application: one gate for each path of ROUTES, and one for every path that is not there."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from urllib.parse import unquote

from starlette.routing import Match, Router
from starlette.routing import Route as PathRoute
from starlette.types import ASGIApp, Scope

from goldpan.api.documentation_site import DOCUMENTATION_ROUTES
from goldpan.api.gate import Gate, GateParts
from goldpan.api.openapi import openapi_route
from goldpan.api.parameters import FREE_PATH_PARAMETERS
from goldpan.api.recent_callers import RecentCallers
from goldpan.api.request_file import remove_left_files
from goldpan.api.routes import ROUTES, Route


def served_routes(routes: Sequence[Route] = ROUTES) -> list[Route]:
    """Return `routes` and those that describe them."""
    described = [*routes, *DOCUMENTATION_ROUTES]
    return [*described, openapi_route(described)]


def api_answers(path: str) -> bool:
    """Return whether the API answers the path, if only with a refusal in JSON: whatever is not there is nobody's."""
    return path in _fixed_paths() or path.split("/")[1:2] == ["v1"]


@cache
def _fixed_paths() -> frozenset[str]:
    """Return every path outside of /v1: of the documentation's files each one that there is."""
    return frozenset(
        route.path.replace("{file}", file)
        for route in served_routes()
        for file in (route.parameters[0].schema["enum"] if "{file}" in route.path else [""])
    )


def build_app(
    parts: GateParts, routes: Sequence[Route] = ROUTES, close: Callable[[], Awaitable[None]] | None = None
) -> ASGIApp:
    """Return the application that serves `routes`; `close` is called when its server ends."""
    by_path: dict[str, list[Route]] = {}
    for route in served_routes(routes):
        by_path.setdefault(route.path, []).append(route)
    # The first that matches is taken: `…/prospecting/quota` must come before `…/prospecting/{jobId}`.
    in_order = sorted(by_path, key=_segments_that_vary)
    callers = RecentCallers(parts.toolbox, parts.now_seconds)
    paths = [_ExactPath(path, Gate(parts, callers, by_path[path])) for path in in_order]

    @asynccontextmanager
    async def lifespan(_app: ASGIApp) -> AsyncIterator[None]:
        remove_left_files()
        async with parts.toolbox.database.opened():
            yield
        if close is not None:
            await close()

    return Router(paths, redirect_slashes=False, default=Gate(parts, callers, ()), lifespan=lifespan)


def _segments_that_vary(path: str) -> list[bool]:
    return [segment.startswith("{") for segment in path.split("/")]


class _ExactPath(PathRoute):
    """Starlette's pattern ends with `$`, which takes a path with a line break behind it for the path itself.

    And it is given the path decoded, in which the slash of `accounts%2Fprospecting` looks like one that separates.
    """

    def __init__(self, path: str, gate: Gate) -> None:
        super().__init__(path, gate)
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")
        self._slashes = path.count("/")
        self._takes_slashes = bool(self.param_convertors.keys() & FREE_PATH_PARAMETERS.keys())

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if b"%2f" in scope["raw_path"].lower():
            if not self._takes_slashes:
                return Match.NONE, {}
            scope = {**scope, "path": _with_slashes_escaped(scope["raw_path"])}
        elif scope["path"].count("/") != self._slashes:
            return Match.NONE, {}  # sooner than by the pattern: most of the paths that are tried are others
        return super().matches(scope)


def _with_slashes_escaped(raw_path: bytes) -> str:
    """Return the path decoded, but for the slashes that separate nothing."""
    return "/".join(unquote(part).replace("/", "%2F") for part in raw_path.decode("ascii", "replace").split("/"))
