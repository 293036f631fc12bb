"""What a request brings for its route's operation: the parameters of path, query and headers, and the body."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from goldpan.api.job_list_parameters import take_job_filter
from goldpan.api.parameters import parse_headers, parse_query
from goldpan.api.request_body import check_media_type, decode_body, read_body
from goldpan.api.request_file import check_file_head
from goldpan.api.routes import FileBody, Route
from goldpan.contract.paging import PageRequest
from goldpan.contract.resources import Shape

LARGE_BODY_BYTES = 64 * 1024  # takes milliseconds to decode


async def read_input(request: Request, route: Route) -> dict[str, Any]:
    """Return the arguments of the route's operation."""
    body = await _read_request_body(request, route)
    arguments = _read_parameters(request, route)
    if route.body is not None:
        arguments["request"] = await _decode(body, route.body.shape, route.body.aliases)
    elif body:
        await _decode(body, Shape, {})
    return arguments


def _read_parameters(request: Request, route: Route) -> dict[str, Any]:
    arguments = {_snake(name): value for name, value in request.path_params.items()}
    arguments |= parse_query(request.scope["query_string"], route.parameters)
    arguments |= parse_headers(request.scope["headers"], route.parameters)
    if "after" in arguments:
        arguments["page"] = PageRequest(arguments.pop("after"), arguments.pop("limit"))
    if "statuses" in arguments:
        arguments["wanted"] = take_job_filter(arguments)
    return arguments


def read_file_head(request: Request, route: Route, file: FileBody, most: int) -> dict[str, Any]:
    """Return the arguments but for the file itself, of which nothing was read yet."""
    names = ("content-type", "content-encoding", "content-length")
    check_file_head(*map(request.headers.get, names), accepted=file.media_types, most=most)
    return _read_parameters(request, route)


async def _decode(body: bytes, shape: type[Shape], aliases: Mapping[str, str]) -> Shape:
    if len(body) < LARGE_BODY_BYTES:
        return decode_body(body, shape, aliases)
    return await run_in_threadpool(decode_body, body, shape, aliases)


async def _read_request_body(request: Request, route: Route) -> bytes:
    """Return the body, which a route without one may have as an empty object: some clients always send one."""
    if request.method in ("GET", "HEAD"):
        return b""
    body = await read_body(request.stream(), request.headers.get("content-length"))
    if body or route.body is not None:
        check_media_type(request.headers.get("content-type"), request.headers.get("content-encoding"))
    return body


@cache
def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)
