"""Holds every answer that a test gets against the OpenAPI document: its status, its headers, its type and its body."""

import re
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

import jsonschema_rs

from goldpan.api.http_app import served_routes
from goldpan.api.openapi import build_document

Json = Any

# Of HTTP and its connection, or on each and every answer: no part of what a client is told.
PLUMBING = {"date", "content-length", "content-type", "connection", "transfer-encoding", "x-content-type-options"}

# What the gate answers before it knows a route, or because there is none.
OUTSIDE_OF_ROUTES = {400, 404, 405, 414, 431, 500, 503}


class Sight(NamedTuple):
    """What a client sees of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    json: Json

    @property
    def media_type(self) -> str | None:
        content_type = self.headers.get("content-type")
        return content_type and content_type.partition(";")[0]


def check_conformance(method: str, target: str, sight: Sight) -> None:
    """Fail unless the document says that `target` may answer so."""
    if "x-trace-id" not in sight.headers and sight.status in (400, 431):
        return  # the HTTP parser's own refusal, outside of the envelope
    operation = _operation("GET" if method == "HEAD" else method, unquote(target.partition("?")[0]), target)
    if operation is None:
        _check_outside_of_routes(method, sight)
        return
    responses = operation["responses"]
    assert str(sight.status) in responses, f"{method} {target} answers {sight.status}, which is not documented: {sight}"
    response = responses[str(sight.status)]
    _check_headers(response["headers"], sight)
    if method != "HEAD":
        _check_content(response.get("content"), sight)


def _check_outside_of_routes(method: str, sight: Sight) -> None:
    if method == "OPTIONS" and sight.status == 204:
        assert sight.headers["allow"]
        return
    assert sight.status in OUTSIDE_OF_ROUTES, sight
    assert ("allow" in sight.headers) == (sight.status == 405), sight
    if method != "HEAD":
        _check_content(_errors_content(), sight)


def _check_headers(documented: Json, sight: Sight) -> None:
    headers = {name.lower(): _resolved(header) for name, header in documented.items()}
    missing = {name for name, header in headers.items() if header.get("required") and name not in sight.headers}
    assert not missing, f"documented headers are missing: {missing} in {sight}"
    unknown = set(sight.headers) - set(headers) - PLUMBING
    assert not unknown, f"headers are not documented: {unknown} in {sight}"


def _check_content(content: Json, sight: Sight) -> None:
    if content is None:
        assert sight.body == b"", sight
        return
    assert sight.media_type in content, f"{sight.media_type} is not documented: {sight}"
    if sight.media_type == "application/json":
        reference = content[sight.media_type]["schema"]["$ref"]
        error = next(_validator(reference).iter_errors(sight.json), None)
        assert error is None, f"{error} in {sight}"


def _operation(method: str, path: str, target: str) -> Json:
    """Return the operation's part of the document; None: there is none."""
    if "%2f" in target.lower():  # an encoded slash is a part of an id
        path = "/".join(unquote(part).replace("/", "%2F") for part in target.partition("?")[0].split("/"))
    for pattern, methods in _paths():
        if pattern.fullmatch(path):
            return methods.get(method.lower())
    return None


@cache
def document() -> Json:
    return build_document(served_routes())


@cache
def _paths() -> list[tuple[re.Pattern[str], Json]]:
    """Return the paths as patterns, those that name a thing before those that take any id in its place."""
    paths = sorted(document()["paths"].items(), key=lambda each: each[0].replace("{", "~"))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), methods) for path, methods in paths]


@cache
def _validator(reference: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": reference, "components": document()["components"]})


def _errors_content() -> Json:
    return {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}


def _resolved(header: Json) -> Json:
    return document()["components"]["headers"][header["$ref"].rpartition("/")[2]] if "$ref" in header else header
