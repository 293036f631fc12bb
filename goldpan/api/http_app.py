"""The ASGI application: one gate for each path of ROUTES, and one for every path that is not there."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.routing import Match, Router
from starlette.routing import Route as PathRoute
from starlette.types import ASGIApp, Scope

from goldpan.api.gate import Gate, GateParts
from goldpan.api.openapi import openapi_route
from goldpan.api.reference_page import REFERENCE_ROUTES
from goldpan.api.routes import ROUTES, Route


def served_routes(routes: Sequence[Route] = ROUTES) -> list[Route]:
    """Return `routes` and those that describe them."""
    described = [*routes, *REFERENCE_ROUTES]
    return [*described, openapi_route(described)]


def build_app(parts: GateParts, routes: Sequence[Route] = ROUTES) -> ASGIApp:
    """Return the application that serves `routes`."""
    by_path: dict[str, list[Route]] = {}
    for route in served_routes(routes):
        by_path.setdefault(route.path, []).append(route)
    paths = [_ExactPath(path, Gate(parts, of_path)) for path, of_path in by_path.items()]

    @asynccontextmanager
    async def lifespan(_app: ASGIApp) -> AsyncIterator[None]:
        async with parts.toolbox.database.opened():
            yield

    return Router(paths, redirect_slashes=False, default=Gate(parts, ()), lifespan=lifespan)


class _ExactPath(PathRoute):
    """Starlette's pattern ends with `$`, which takes a path with a line break behind it for the path itself.

    And it is given the path decoded, in which the slash of `accounts%2Fprospecting` looks like one that separates.
    """

    def __init__(self, path: str, gate: Gate) -> None:
        super().__init__(path, gate)
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if b"%2f" in scope["raw_path"].lower():
            return Match.NONE, {}
        return super().matches(scope)
