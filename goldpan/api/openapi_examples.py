"""The examples of the OpenAPI document: of parameters, of every error, and of what goes well."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from goldpan.api.response_examples import TRACE_ID, examples_of
from goldpan.api.routes import Access, Route
from goldpan.api.schema_samples import sample
from goldpan.contract.error_catalogue import ErrorKind

Json = dict[str, Any]

# What the operations and the gate say; the kinds of errors that are not here say nothing more than their meaning.
_DETAILS = {
    ErrorKind.UNAUTHORIZED: "the key is not valid",
    ErrorKind.INSUFFICIENT_CREDITS: "credits needed: 100, available: 40",
    ErrorKind.FORBIDDEN: "The key has no access to this account group",
    ErrorKind.IDEMPOTENCY_KEY_REUSED: "Idempotency-Key: take a new key for a new job",
    ErrorKind.AUDIENCE_NOT_READY: "audienceId: a job is still filling this audience; read it when the job has ended",
    ErrorKind.NOT_IN_THIS_STATE: "jobId: the job is completed, only a queued or running one can be cancelled",
    ErrorKind.PAYLOAD_TOO_LARGE: "the body must be at most 1048576 bytes",
    ErrorKind.URI_TOO_LONG: "the URL must be at most 8192 bytes",
    ErrorKind.UNSUPPORTED_MEDIA_TYPE: "Content-Type: must be application/json",
    ErrorKind.HEADERS_TOO_LARGE: "the headers must be at most 16384 bytes",
    ErrorKind.RATE_LIMITED: "try again in 41 s",
    ErrorKind.SERVICE_UNAVAILABLE: "the database cannot be written or reached right now: try again",
}
_NAMED_BY_ITS_ROUTE = (ErrorKind.MALFORMED_REQUEST, ErrorKind.NOT_FOUND)


def shared_examples() -> Json:
    """Return the examples of the errors that look the same at every route, by the name of their kind."""
    return {kind.name: _error(kind, _DETAILS.get(kind)) for kind in ErrorKind if kind not in _NAMED_BY_ITS_ROUTE}


def error_examples(route: Route, kinds: Sequence[ErrorKind]) -> Json:
    """Return an example of each of the kinds, as this route would answer it."""
    return {kind.name: _error_example(route, kind) for kind in kinds}


def success_examples(route: Route, status: int, components: Mapping[str, Any]) -> Json:
    """Return whole answers by name; `components` are the document's schemas."""
    schema = components[route.success.schema]
    examples = route.success.examples or examples_of(route.success.schema, status)
    if route.success.media_types or route.permission is Access.ANYONE:
        return {name: {"value": value} for name, value in examples.items()} or _sampled(schema, components)
    if not examples:
        return _sampled(schema, components)
    return {name: {"value": _envelope(data=data)} for name, data in examples.items()}


def parameter_example(schema: Mapping[str, Any]) -> Any:
    return sample(schema, {})


def _sampled(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Json:
    return {"example": {"value": sample(schema, components)}}


def _error_example(route: Route, kind: ErrorKind) -> Json:
    if kind is ErrorKind.MALFORMED_REQUEST:
        where, name, rule = _likeliest_mistake(route)
        return _error(kind, f"{name}: {rule}", [{"in": where, "name": name, "rule": rule}])
    if kind is ErrorKind.NOT_FOUND:
        return _error(kind, _what_is_not_there(route))
    return {"$ref": f"#/components/examples/{kind.name}"}


def _likeliest_mistake(route: Route) -> tuple[str, str, str]:
    """Return where it is, its name and the rule that it breaks."""
    for parameter in sorted(route.parameters, key=lambda parameter: parameter.name == "cursor"):
        if parameter.where == "query":
            return "query", parameter.name, parameter.rule
    if "{accountGroupId}" in route.path:
        return "path", "accountGroupId", "must be 24 lower-case hex digits"
    return "query", "colour", "unknown parameter; known are none"


def _what_is_not_there(route: Route) -> str:
    ids = [name for name in re.findall(r"{(\w+)Id}", route.path) if name != "accountGroup"] or ["audience"]
    return f"{ids[-1]}Id: there is no such {ids[-1]} in this account group"


def _error(kind: ErrorKind, details: str | None, fields: Sequence[Json] = ()) -> Json:
    error: Json = {"code": kind.code, "message": kind.meaning, "details": details}
    if kind.code == "VALIDATION_ERROR":
        error["fields"] = list(fields)
    return {"summary": kind.meaning, "value": _envelope(error=error)}


def _envelope(data: Any = None, error: Any = None) -> Json:
    return {"success": error is None, "data": data, "error": error, "traceId": TRACE_ID}
