"""The OpenAPI 3.1 document, made from ROUTES and the shapes, so that it cannot say anything else than they do."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from goldpan import __version__
from goldpan.api.parameters import FREE_PATH_PARAMETERS, OBJECT_ID, Parameter
from goldpan.api.preferences import PREFER
from goldpan.api.presenters import present_plain
from goldpan.api.routes import Access, Body, FileBody, Route, Success
from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.permission_catalogue import MEANINGS
from goldpan.contract.resources import ErrorBody
from goldpan.operations.toolbox import Toolbox

Json = dict[str, Any]

_SCHEMA = "#/components/schemas/{name}"
_ERRORS_OF_ANY_ROUTE = (
    ErrorKind.MALFORMED_REQUEST,
    ErrorKind.URI_TOO_LONG,
    ErrorKind.HEADERS_TOO_LARGE,
    ErrorKind.INTERNAL_ERROR,
    ErrorKind.SERVICE_UNAVAILABLE,
)
_ERRORS_WITH_A_KEY = (ErrorKind.UNAUTHORIZED, ErrorKind.RATE_LIMITED)
_ERRORS_WITH_A_BODY = (ErrorKind.PAYLOAD_TOO_LARGE, ErrorKind.UNSUPPORTED_MEDIA_TYPE)

_ENVELOPE = {"type": "object", "required": ["success", "data", "error", "traceId"], "additionalProperties": False}
_TRACE_ID = {"type": "string", "description": "names this request in the log", "examples": ["507f1f77bcf86cd799439011"]}

_DESCRIPTION = """\
Start prospecting jobs, follow them, and read the people they found.

Every answer is an envelope: `success`, `data`, `error`, `traceId`. A list runs from the newest item to the oldest;
pass `nextCursor` as `cursor` to read on: an item that exists for the whole walk comes exactly once.

## Error codes

{errors}

## Permissions

{permissions}
"""


def openapi_route(routes: Sequence[Route]) -> Route:
    """Return the route that serves the document of `routes`, itself included."""

    async def openapi(_toolbox: Toolbox) -> msgspec.Raw:
        return document

    success = Success("OpenApiDocument", (dict[str, Any],), {200: "This document"})
    summary = "Describe this API as an OpenAPI 3.1 document"
    route = Route("GET", "/openapi.json", openapi, Access.ANYONE, present_plain, success, summary)
    document = msgspec.Raw(msgspec.json.encode(build_document([*routes, route])))
    return route


def build_document(routes: Sequence[Route]) -> Json:
    """Return the OpenAPI document of `routes`."""
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Goldpan integrations API",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": _DESCRIPTION.format(errors=_error_table(), permissions=_permission_table()),
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(routes),
            "headers": _HEADERS,
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`sk_live_…`, or `sk_test_…`: the sandbox",
                }
            },
        },
    }


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": route.operation.__name__,
        "summary": route.summary,
        "parameters": [
            *_path_parameters(route.path),
            *map(_parameter, route.parameters),
            *([_IF_NONE_MATCH] if _has_tag(route) else []),
        ],
        "responses": _responses(route),
    }
    if route.permission is not Access.ANYONE:
        operation["security"] = [{"apiKey": []}]
    if not isinstance(route.permission, Access):
        operation["description"] = f"Required permission: `{route.permission}`."
    if route.body is not None:
        schema = {"$ref": _SCHEMA.format(name=route.body.shape.__name__)}
        content = {"schema": schema, "examples": _examples(route.body)}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if route.file is not None:
        operation["requestBody"] = {"required": True, "content": _file_content(route.file)}
    return operation


def _examples(body: Body) -> Json:
    return {name: {"value": value} for name, value in body.examples.items()}


def _file_content(file: FileBody) -> Json:
    """Of binary content OpenAPI 3.1 says nothing but its media type."""
    text = {"schema": {"type": "string"}, "examples": {"file": {"value": file.example}}}
    return {name: text if name == "text/csv" else {} for name in file.media_types}


def _path_parameters(path: str) -> Iterable[Json]:
    for name in re.findall(r"{(\w+)}", path):
        schema = FREE_PATH_PARAMETERS.get(name, OBJECT_ID)
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _parameter(parameter: Parameter) -> Json:
    names = {"name": parameter.name, "in": parameter.where, "description": parameter.description}
    return {**names, "schema": dict(parameter.schema)}


def _responses(route: Route) -> Json:
    answers: Json = {}
    for status, meaning in route.success.statuses.items():
        answers[str(status)] = _response(meaning, route.success.schema, _header_names(route, status))
        if route.success.media_types:
            answers[str(status)]["content"] = {media_type: {} for media_type in route.success.media_types}
    if _has_tag(route):
        answers["304"] = _response(_NOT_MODIFIED, "", _header_names(route, 304), None)
    by_status: dict[int, list[ErrorKind]] = {}
    for kind in errors_of(route):
        by_status.setdefault(kind.status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        meaning = "; ".join(f"{kind.code}: {kind.meaning}" for kind in kinds)
        schema = "ValidationErrorResponse" if status in (400, 422) else "ErrorResponse"
        answers[str(status)] = _response(meaning, schema, _header_names(route, status))
    return answers


def errors_of(route: Route) -> list[ErrorKind]:
    """Return every error that the gate or the operation of `route` can answer."""
    kinds = [*_ERRORS_OF_ANY_ROUTE, *route.errors]
    if route.permission is not Access.ANYONE:
        kinds += _ERRORS_WITH_A_KEY
    if not isinstance(route.permission, Access):
        kinds.append(ErrorKind.FORBIDDEN)
    if route.method not in ("GET", "HEAD"):
        kinds += _ERRORS_WITH_A_BODY
    return list(dict.fromkeys(kinds))


def _response(meaning: str, schema: str, headers: Sequence[str], media_type: str | None = "application/json") -> Json:
    """`media_type` None: there is no body."""
    response: Json = {
        "description": meaning,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
    }
    if media_type:
        response["content"] = {media_type: {"schema": {"$ref": _SCHEMA.format(name=schema)}}}
    return response


def _has_tag(route: Route) -> bool:
    is_enveloped = not route.success.media_types and route.permission is not Access.ANYONE
    return route.method == "GET" and is_enveloped


def _is_list(route: Route) -> bool:
    return any("next_cursor" in getattr(shape, "__struct_fields__", ()) for shape in route.success.shapes)


def _header_names(route: Route, status: int) -> list[str]:
    names = ["X-Trace-Id"]
    if route.permission is not Access.ANYONE and status != 401:
        names += ["RateLimit-Policy", "RateLimit"]
    if status == 401:
        names.append("WWW-Authenticate")
    if status in (429, 503):
        names.append("Retry-After")
    if status == 200 and route.success.media_types:
        names.append("Content-Disposition")
    if status in (200, 304) and _has_tag(route):
        names.append("ETag")
        names += ["Preference-Applied"] if PREFER in route.parameters else []
    if status == 200 and _has_tag(route) and _is_list(route):
        names.append("Link")
    return names


def _header(description: str, example: str) -> Json:
    return {"description": description, "schema": {"type": "string"}, "example": example}


_HEADERS = {
    "X-Trace-Id": _header("The envelope's traceId", "4bf92f3577b34da6a3ce929d0e0e4736"),
    "RateLimit-Policy": _header("The limit: q requests in w seconds", '"key";q=600;w=60'),
    "RateLimit": _header("What is left of it: r requests for t seconds", '"key";r=598;t=41'),
    "Retry-After": _header("Seconds to wait", "41"),
    "Content-Disposition": _header(
        "The name of the file", 'attachment; filename="audience-507f1f77bcf86cd799439011.csv"'
    ),
    "WWW-Authenticate": _header("How to authenticate", "Bearer"),
    "ETag": _header("Changes exactly when `data` does", 'W/"8c1f3a0e5d7b49260f1e2d3c4b5a6978"'),
    "Link": _header(
        "Where the next page is, if there is one; relative to the server",
        '</v1/accounts/507f1f77bcf86cd799439011/prospecting?limit=25&cursor=eyJ9>; rel="next"',
    ),
    "Preference-Applied": _header("The wait that was asked for", "wait=10"),
}

_NOT_MODIFIED = "The ETag is one of If-None-Match: `data` is what the client has; the request does not count"
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "ETags of answers that the client has, separated by commas: 304 if `data` has not changed.",
    "schema": {"type": "string", "examples": ['W/"8c1f3a0e5d7b49260f1e2d3c4b5a6978"']},
}


def _schemas(routes: Sequence[Route]) -> Json:
    shapes: list[Any] = [ErrorBody]
    for route in routes:
        shapes += [shape for shape in route.success.shapes if isinstance(shape, type)]
        shapes += [route.body.shape] if route.body else []
    _, schemas = msgspec.json.schema_components(shapes, ref_template=_SCHEMA)
    for route in routes:
        if not route.success.media_types:
            schemas[route.success.schema] = _success_schema(route)
        if route.body is not None:
            _add_aliases(schemas[route.body.shape.__name__], route.body)
            schemas[route.body.shape.__name__] |= route.body.rules
    schemas["ErrorResponse"] = _error_schema()
    schemas["ValidationErrorResponse"] = _error_schema()
    return schemas


def _success_schema(route: Route) -> Json:
    data = [_shape_schema(shape) for shape in route.success.shapes]
    one_of = data[0] if len(data) == 1 else {"anyOf": data}
    if route.permission is Access.ANYONE or route.success.media_types:
        return one_of
    members = {"success": {"const": True}, "data": one_of, "error": {"type": "null"}, "traceId": _TRACE_ID}
    return {**_ENVELOPE, "properties": members}


def _shape_schema(shape: Any) -> Json:
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return {"$ref": _SCHEMA.format(name=shape.__name__)}
    return msgspec.json.schema(shape)


def _error_schema() -> Json:
    error = {"$ref": _SCHEMA.format(name="ErrorBody")}
    members = {"success": {"const": False}, "data": {"type": "null"}, "error": error, "traceId": _TRACE_ID}
    return {**_ENVELOPE, "properties": members}


def _add_aliases(schema: Json, body: Body) -> None:
    """Let the schema take every spelling of a field, a required one under any of its names."""
    spellings: dict[str, list[str]] = {}
    for alias, name in body.aliases.items():
        schema["properties"][alias] = {**schema["properties"][name], "description": f"another name of {name}"}
        spellings.setdefault(name, [name]).append(alias)
    for name in [name for name in schema.get("required", []) if name in spellings]:
        schema["required"].remove(name)
        schema.setdefault("allOf", []).append({"anyOf": [{"required": [name_]} for name_ in spellings[name]]})
    if not schema.get("required"):
        schema.pop("required", None)


def _error_table() -> str:
    rows = [
        f"| `{kind.code}` | {kind.status} | {kind.meaning} | {'yes' if kind.retryable else 'no'} |"
        for kind in ErrorKind
    ]
    return "\n".join(["| code | status | meaning | try again? |", "|---|---|---|---|", *rows])


def _permission_table() -> str:
    return "\n".join(f"- `{permission}`: {meaning}" for permission, meaning in MEANINGS.items())
