"""The OpenAPI 3.1 document, made from ROUTES and the shapes, so that it cannot say anything else than they do."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from goldpan import __version__
from goldpan.api.event_presenters import EVENT_STREAM
from goldpan.api.openapi_examples import error_examples, parameter_example, shared_examples, success_examples
from goldpan.api.parameters import FREE_PATH_PARAMETERS, OBJECT_ID, Parameter
from goldpan.api.preferences import PREFER
from goldpan.api.presenters import present_plain
from goldpan.api.response_examples import GROUP_ID, JOB_ID, TRACE_ID
from goldpan.api.routes import Access, Body, FileBody, Route, Success
from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.event_catalogue import JobEventKind
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

_TAGS = {
    "accounts": "What a key reaches.",
    "prospecting": "Jobs that find people: start, follow, cancel.",
    "sales-navigator": "Saved searches and lead lists that jobs can read.",
    "prospects": "People of the account group.",
    "audiences": "Named lists of people, and the folders they lie in.",
    "credits": "What jobs are paid with.",
    "files": "People files that jobs can read.",
    "operations": "For whoever runs Goldpan.",
}

_ENVELOPE = {"type": "object", "required": ["success", "data", "error", "traceId"], "additionalProperties": False}
_TRACE_ID = {"type": "string", "description": "names this request in the log", "examples": ["507f1f77bcf86cd799439011"]}

_DESCRIPTION = """\
Start prospecting jobs, follow them, and read the people they found.

Every answer is an envelope: `success`, `data`, `error`, `traceId`. A list runs from the newest item to the oldest;
pass `nextCursor` as `cursor` to read on: an item that exists for the whole walk comes exactly once.

Whatever goes wrong is an envelope as well: an unknown path is 404 `NOT_FOUND`, another method of a known path 405
`METHOD_NOT_ALLOWED` with `Allow`. `HEAD` answers wherever `GET` does, without the body; `OPTIONS` answers 204 with
`Allow`. An unknown parameter or field is 400 that names it.

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
    schemas = _schemas(routes)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Goldpan integrations API",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": _DESCRIPTION.format(errors=_error_table(), permissions=_permission_table()),
        },
        "tags": [{"name": name, "description": _TAGS.get(name, "")} for name in dict.fromkeys(map(_tag, routes))],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": {
                **{name: header | {"required": True} for name, header in _HEADERS.items()},
                **{_optional(name): header for name, header in _HEADERS.items()},
            },
            "examples": shared_examples(),
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`sk_live_…`, or `sk_test_…`: the sandbox",
                }
            },
        },
    }


def _operation(route: Route, schemas: Json) -> Json:
    operation: Json = {
        "operationId": _camel(route.operation.__name__),
        "tags": [_tag(route)],
        "summary": route.summary,
        "description": _operation_description(route),
        "parameters": [
            *_path_parameters(route.path),
            *map(_parameter, route.parameters),
            *([_IF_NONE_MATCH] if _has_tag(route) else []),
        ],
        "responses": _responses(route, schemas),
    }
    if route.permission is not Access.ANYONE:
        operation["security"] = [{"apiKey": []}]
    if route.body is not None:
        schema = {"$ref": _SCHEMA.format(name=route.body.shape.__name__)}
        content = {"schema": schema, "examples": _examples(route.body)}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if route.file is not None:
        operation["requestBody"] = {"required": True, "content": _file_content(route.file)}
    return operation


def _operation_description(route: Route) -> str:
    match route.permission:
        case Access.ANYONE:
            access = "No key is needed."
        case Access.ANY_KEY:
            access = "Any valid key will do."
        case permission:
            access = f"Required permission: `{permission}`."
    return f"{route.description}\n\n{access}".strip()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _tag(route: Route) -> str:
    """Return the noun that the route is about: the first word of its path behind the account group."""
    own_path = route.path.removeprefix("/v1/accounts/{accountGroupId}").removeprefix("/v1")
    if not route.path.startswith("/v1"):
        return route.tag or "operations"
    return route.tag or own_path.split("/")[1]


def _examples(body: Body) -> Json:
    return {name: {"value": value} for name, value in body.examples.items()}


def _file_content(file: FileBody) -> Json:
    """Of binary content OpenAPI 3.1 says nothing but its media type."""
    text = {"schema": {"type": "string"}, "examples": {"file": {"value": file.example}}}
    return {name: text if name == "text/csv" else {} for name in file.media_types}


def _path_parameters(path: str) -> Iterable[Json]:
    for name in re.findall(r"{(\w+)}", path):
        noun = re.sub("([A-Z])", lambda letter: " " + letter[0].lower(), name.removesuffix("Id"))
        names = {"name": name, "in": "path", "required": True, "description": f"Which {noun}."}
        schema = FREE_PATH_PARAMETERS.get(name, OBJECT_ID)
        example = schema["examples"][0] if "examples" in schema else GROUP_ID if name == "accountGroupId" else JOB_ID
        yield {**names, "schema": schema, "example": example}


def _parameter(parameter: Parameter) -> Json:
    names = {"name": parameter.name, "in": parameter.where, "description": parameter.description}
    return {**names, "schema": dict(parameter.schema), "example": parameter_example(parameter.schema)}


def _responses(route: Route, schemas: Json) -> Json:
    answers: Json = {}
    for status, meaning in route.success.statuses.items():
        answers[str(status)] = {
            "description": meaning,
            "headers": _headers(route, status),
            **({} if status in (204, 304) else {"content": _success_content(route, status, schemas)}),
        }
    if _has_tag(route):
        answers["304"] = {"description": _NOT_MODIFIED, "headers": _headers(route, 304)}
    by_status: dict[int, list[ErrorKind]] = {}
    for kind in errors_of(route):
        by_status.setdefault(kind.status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        schema = "ValidationErrorResponse" if status in (400, 422) else "ErrorResponse"
        content = {"schema": {"$ref": _SCHEMA.format(name=schema)}, "examples": error_examples(route, kinds)}
        answers[str(status)] = {
            "description": "; ".join(f"{kind.code}: {kind.meaning}" for kind in kinds),
            "headers": _headers(route, status),
            "content": {"application/json": content},
        }
    return answers


def _success_content(route: Route, status: int, schemas: Json) -> Json:
    success = route.success
    schema = {"$ref": _SCHEMA.format(name=success.schema)}
    examples = success_examples(route, status, schemas)
    content = {"schema": schema, "examples": examples}
    return dict.fromkeys(success.media_types or ("application/json",), content)


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


def _headers(route: Route, status: int) -> Json:
    """Return the headers of an answer; of a success those that its row names, too."""
    headers = {name: _header_reference(name, is_sure) for name, is_sure in _shared_headers(route, status).items()}
    if status in route.success.statuses:
        for header in route.success.headers:
            if status in (header.statuses or (status,)):
                headers[header.name] = _header(header.description, header.example) | {"required": header.is_always}
    return headers


def _shared_headers(route: Route, status: int) -> dict[str, bool]:
    """Return the names of the headers, and whether they are always there."""
    names = {"X-Trace-Id": True, "Cache-Control": True}
    if route.permission is not Access.ANYONE and status != 401:
        names |= dict.fromkeys(("RateLimit-Policy", "RateLimit"), status not in _BEFORE_THE_KEY)
    if status == 401:
        names["WWW-Authenticate"] = True
    if status in (429, 503):
        names["Retry-After"] = status == 429
    if status in (200, 304) and _has_tag(route):
        names["ETag"] = True
        if PREFER in route.parameters:
            names["Preference-Applied"] = False
    if status == 200 and _has_tag(route) and _is_list(route):
        names["Link"] = False
    return names


def _has_tag(route: Route) -> bool:
    is_enveloped = not route.success.media_types and route.permission is not Access.ANYONE
    return route.method == "GET" and is_enveloped


def _is_list(route: Route) -> bool:
    return any("next_cursor" in getattr(shape, "__struct_fields__", ()) for shape in route.success.shapes)


# Answered to whoever calls, or when nobody can tell who does.
_BEFORE_THE_KEY = (400, 414, 431, 500, 503)


def _header_reference(name: str, is_sure: bool) -> Json:
    return {"$ref": f"#/components/headers/{name if is_sure else _optional(name)}"}


def _optional(name: str) -> str:
    return f"{name}.optional"


def _header(description: str, example: str) -> Json:
    return {"description": description, "schema": {"type": "string"}, "example": example}


_TAG_EXAMPLE = 'W/"8c1f3a0e5d7b49260f1e2d3c4b5a6978"'
_NOT_MODIFIED = "The ETag is one of If-None-Match: `data` is what the client has; the request does not count"
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "ETags of answers that the client has, separated by commas: 304 if `data` has not changed.",
    "schema": {"type": "string"},
    "example": _TAG_EXAMPLE,
}
_HEADERS = {
    "X-Trace-Id": _header("The envelope's traceId", TRACE_ID),
    "Cache-Control": _header("Whether the answer may be kept", "no-store"),
    "RateLimit-Policy": _header("The limit: q requests in w seconds", '"key";q=600;w=60'),
    "RateLimit": _header("What is left of it: r requests for t seconds", '"key";r=598;t=41'),
    "Retry-After": _header("Seconds to wait", "41"),
    "WWW-Authenticate": _header("How to authenticate", "Bearer"),
    "ETag": _header("Changes exactly when `data` does", _TAG_EXAMPLE),
    "Link": _header(
        "Where the next page is, if there is one; relative to the server",
        f'</v1/accounts/{GROUP_ID}/prospecting?limit=25&cursor=eyJ9>; rel="next"',
    ),
    "Preference-Applied": _header("The wait that was asked for", "wait=10"),
}


def _schemas(routes: Sequence[Route]) -> Json:
    shapes: list[Any] = [ErrorBody]
    for route in routes:
        shapes += [shape for shape in route.success.shapes if isinstance(shape, type)]
        shapes += [route.body.shape] if route.body else []
    _, schemas = msgspec.json.schema_components(shapes, ref_template=_SCHEMA)
    for route in routes:
        schemas[route.success.schema] = _success_schema(route)
        if route.body is not None:
            _add_aliases(schemas[route.body.shape.__name__], route.body)
            _add_rules(schemas[route.body.shape.__name__], route.body)
    schemas["ErrorResponse"] = _error_schema()
    schemas["ValidationErrorResponse"] = _error_schema()
    return schemas


def _success_schema(route: Route) -> Json:
    if route.success.media_types == (EVENT_STREAM,):
        return _event_schema(route)
    if route.success.media_types:
        parts = [_shape_schema(shape) for shape in route.success.shapes if shape is not str]
        return {"type": "string", **({"contentSchema": parts[0]} if parts else {})}
    data = [_shape_schema(shape) for shape in route.success.shapes]
    one_of = data[0] if len(data) == 1 else {"anyOf": data}
    if route.permission is Access.ANYONE:
        return one_of
    members = {"success": {"const": True}, "data": one_of, "error": {"type": "null"}, "traceId": _TRACE_ID}
    return {**_ENVELOPE, "properties": members}


def _event_schema(route: Route) -> Json:
    """Return the schema of one event of a stream, as its readers take it apart."""
    shape = _shape_schema(route.success.shapes[0])
    members = {
        "id": {"type": "string", "description": "the job's version"},
        "event": {"type": "string", "enum": [kind.value for kind in JobEventKind]},
        "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": shape},
        "retry": {"type": "integer"},
    }
    return {"type": "object", "properties": members}


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


def _add_rules(schema: Json, body: Body) -> None:
    """Add what the shape alone does not say, once: two routes may share a shape with its rules."""
    if body.rules and dict(body.rules) not in schema.get("allOf", ()):
        schema.setdefault("allOf", []).append(dict(body.rules))


def _error_table() -> str:
    rows = [
        f"| `{kind.code}` | {kind.status} | {kind.meaning} | {'yes' if kind.retryable else 'no'} |"
        for kind in ErrorKind
    ]
    return "\n".join(["| code | status | meaning | try again? |", "|---|---|---|---|", *rows])


def _permission_table() -> str:
    return "\n".join(f"- `{permission}`: {meaning}" for permission, meaning in MEANINGS.items())
