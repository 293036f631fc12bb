"""Every error that the API can answer: its code, status, whether trying again helps, and what it means."""

from collections.abc import Mapping, Sequence
from enum import Enum

import msgspec

LONGEST_NAME_SHOWN = 100
MOST_FIELDS_SHOWN = 20


class ErrorKind(Enum):
    """(code, status, retryable, meaning). The same code may stand with two statuses."""

    MALFORMED_REQUEST = ("VALIDATION_ERROR", 400, False, "Request validation failed")
    NOT_IN_THIS_STATE = ("VALIDATION_ERROR", 422, False, "The request does not fit the state of what it names")
    MALFORMED_PROVIDER_ID = ("VALIDATION_ERROR", 422, False, "No provider has ids of this form")
    UNAUTHORIZED = ("UNAUTHORIZED", 401, False, "Invalid or missing API key")
    INSUFFICIENT_CREDITS = ("INSUFFICIENT_CREDITS", 402, False, "The available balance is too small for this job")
    FORBIDDEN = ("FORBIDDEN", 403, False, "Missing required permission or access")
    NOT_FOUND = ("NOT_FOUND", 404, False, "There is nothing here")
    METHOD_NOT_ALLOWED = ("METHOD_NOT_ALLOWED", 405, False, "This path knows other methods: see the Allow header")
    CONFLICT = ("CONFLICT", 409, False, "This does not fit what is already there")
    IDEMPOTENCY_KEY_REUSED = ("IDEMPOTENCY_KEY_REUSED", 409, False, "This Idempotency-Key was used with another body")
    AUDIENCE_NOT_READY = ("AUDIENCE_NOT_READY", 409, True, "A job is still filling this audience")
    PAYLOAD_TOO_LARGE = ("PAYLOAD_TOO_LARGE", 413, False, "The request body is too large")
    URI_TOO_LONG = ("VALIDATION_ERROR", 414, False, "The URL is too long")
    UNSUPPORTED_MEDIA_TYPE = (
        "UNSUPPORTED_MEDIA_TYPE",
        415,
        False,
        "The request body is of a type that this path does not take",
    )
    HEADERS_TOO_LARGE = ("VALIDATION_ERROR", 431, False, "The request headers are too large")
    RATE_LIMITED = ("RATE_LIMITED", 429, True, "Rate limit exceeded")
    INTERNAL_ERROR = ("INTERNAL_ERROR", 500, True, "Internal server error")
    UPSTREAM_ERROR = ("UPSTREAM_ERROR", 502, True, "The provider of the data did not answer as it should")
    SERVICE_UNAVAILABLE = ("SERVICE_UNAVAILABLE", 503, True, "Not possible right now: try again")

    def __init__(self, code: str, status: int, retryable: bool, meaning: str) -> None:
        self.code = code
        self.status = status
        self.retryable = retryable
        self.meaning = meaning


class InvalidField(msgspec.Struct, frozen=True, rename={"where": "in"}):
    """One problem of a request, for machines: where (`path`, `query`, `header`, `body`), which name, and the rule."""

    where: str
    name: str
    rule: str


class Problem(Exception):
    """An expected refusal. `details` is safe to show: one line that names the field and what would be right."""

    def __init__(
        self,
        kind: ErrorKind,
        details: str | None = None,
        *,
        fields: Sequence[InvalidField] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{kind.code}: {details}")
        self.kind = kind
        self.details = details
        self.fields = tuple(fields)
        self.headers = dict(headers or {})


class Collision(Problem):
    """A transaction that was broken off in favour of another one: nothing was changed, and a repeat may go well."""


def invalid(fields: Sequence[InvalidField]) -> Problem:
    """Return the Problem that lists `fields`, the first of them when they are many."""
    shown = [InvalidField(field.where, in_one_line(field.name), field.rule) for field in fields[:MOST_FIELDS_SHOWN]]
    lines = [f"{field.name}: {field.rule}" for field in shown]
    if len(fields) > len(shown):
        lines.append("and more")
    return Problem(ErrorKind.MALFORMED_REQUEST, "; ".join(lines), fields=shown)


def in_one_line(text: str, longest: int = LONGEST_NAME_SHOWN) -> str:
    """Return a stranger's text as it may stand in `details`: cut, and with escapes for what would break the line."""
    shown = text if len(text) <= longest else text[:longest] + "…"
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in shown)


def invalid_body(name: str, rule: str) -> Problem:
    return invalid([InvalidField("body", name, rule)])
