"""Requests to every row of ROUTES, so that a new route passes the gate's tests without a test of its own."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from goldpan.api.parameters import FREE_PATH_PARAMETERS
from goldpan.api.routes import ROUTES, Access, Route
from goldpan.contract.permission_catalogue import Permission
from tests.cast import NOBODYS_ID, Caller
from tests.service import Answer, Headers, Service


def each_route(wanted: Callable[[Route], bool]) -> pytest.MarkDecorator:
    """Run a test once for each route that is `wanted`."""
    routes = [route for route in ROUTES if wanted(route)]
    return pytest.mark.parametrize("route", routes, ids=[f"{route.method} {route.path}" for route in routes])


def needs_key(route: Route) -> bool:
    return route.permission is not Access.ANYONE


def needs_permission(route: Route) -> bool:
    return isinstance(route.permission, Permission)


def takes_body(route: Route) -> bool:
    """Whether the route reads JSON, or nothing, from a body; one that takes a file has tests of its own."""
    return route.method not in ("GET", "HEAD") and route.file is None


def names_what_we_keep(route: Route) -> bool:
    """Return whether an id in the path, besides the account group's, may be of something that does not exist."""
    names = set(re.findall(r"{(\w+)}", route.path)) - {"accountGroupId"} - FREE_PATH_PARAMETERS.keys()
    return needs_permission(route) and bool(names)


def target(route: Route, account_group_id: str) -> str:
    """Return the route's path in that account group; other ids in it are nobody's."""
    return re.sub(r"{\w+}", NOBODYS_ID, route.path.replace("{accountGroupId}", account_group_id))


def body(route: Route) -> bytes | None:
    """Return a body that the route takes."""
    if route.file is not None:
        return route.file.example.encode()
    if route.body is None:
        return b"" if takes_body(route) else None
    return json.dumps(next(iter(route.body.examples.values()))).encode()


def ask(service: Service, route: Route, account_group_id: str, headers: Headers = (), **more: Any) -> Answer:
    """Send the route a request that is right but for its headers; `query` is added to its path."""
    given = headers.items() if isinstance(headers, Mapping) else headers
    path = target(route, account_group_id) + more.pop("query", "")
    content = [("Content-Type", "application/json")] if route.body is not None else []
    content = [("Content-Type", route.file.media_types[0])] if route.file is not None else content
    return service.call(route.method, path, [*content, *given], body(route), **more)


def ask_as(caller: Caller, route: Route, **more: Any) -> Answer:
    """Send the route a request of `caller`, in their account group or in `account_group_id`."""
    account_group_id = more.pop("account_group_id", caller.account_group_id)
    return ask(caller.service, route, account_group_id, caller.authorization, **more)
