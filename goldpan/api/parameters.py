"""The parameters of requests: what each looks like in the OpenAPI document, and how its text is read, strictly."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from goldpan.contract.error_catalogue import ErrorKind, InvalidField, Problem, invalid
from goldpan.contract.paging import DEFAULT_LIMIT, MAX_LIMIT, START, Position, decode_cursor, encode_cursor, parse_limit
from goldpan.domain.identity_rules import ANY_PROVIDER_ID

MAX_QUERY_FIELDS = 100
MAX_FILE_NAME = 200

_FILE_NAME = re.compile(r"(?=.*\S)[^\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Parameter:
    """`parse` turns the text into the value or raises ValueError; `rule` says in words what it takes.

    One that `may_repeat` is parsed once, with a comma between its texts.
    """

    name: str
    where: str
    argument: str
    parse: Callable[[str], Any]
    default: Any
    rule: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    may_repeat: bool = False


def _parse_view(text: str) -> bool:
    if text != "full":
        raise ValueError(text)
    return True


def _parse_idempotency_key(text: str) -> str:
    if not 1 <= len(text) <= 255 or not (text.isascii() and text.isprintable()):
        raise ValueError(text)
    return text


def _parse_file_name(text: str) -> str:
    if not _FILE_NAME.fullmatch(text) or len(text) > MAX_FILE_NAME:
        raise ValueError(text)
    return text


_CURSOR_EXAMPLE = encode_cursor(Position(1_777_390_200_000, "507f1f77bcf86cd799439011"))

CURSOR = Parameter(
    "cursor",
    "query",
    "after",
    decode_cursor,
    START,
    "must be a nextCursor of this list, unchanged",
    "Opaque pagination cursor returned by the previous page.",
    {"type": "string", "format": "goldpan-cursor", "examples": [_CURSOR_EXAMPLE]},
)
LIMIT = Parameter(
    "limit",
    "query",
    "limit",
    parse_limit,
    DEFAULT_LIMIT,
    f"must be an integer from 1 to {MAX_LIMIT}",
    "Maximum number of items to return in this page.",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
)
VIEW = Parameter(
    "view",
    "query",
    "full",
    _parse_view,
    False,
    "must be full, or be left out",
    "`full`: every item is a whole job, as its own endpoint shows it.",
    {"type": "string", "enum": ["full"]},
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "idempotency_key",
    _parse_idempotency_key,
    None,
    "must be 1 to 255 printable ASCII characters, given once",
    "Makes it safe to send the start again: the same key starts one job only. Kept for 7 days.",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$", "examples": ["order-4711"]},
)
FILE_NAME = Parameter(
    "name",
    "query",
    "name",
    _parse_file_name,
    "upload",
    f"must be a text of 1 to {MAX_FILE_NAME} characters, not only white space and without control characters",
    "What to call the file.",
    {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_FILE_NAME,
        "pattern": f"^{_FILE_NAME.pattern}$",
        "default": "upload",
    },
)

OBJECT_ID = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
FREE_PATH_PARAMETERS = {
    "providerId": {
        "type": "string",
        "pattern": f"^{ANY_PROVIDER_ID.pattern}$",
        "examples": ["ACwAAAdbzRUBAAECAwQFBgcICQoLDA0ODxAREhM", "urn:li:member:123456789"],
    },
}
"""Parts of a path that are no ids of ours, by name, with their schemas: whatever stands there reaches the operation."""


def parse_query(query_string: bytes, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values of the query parameters by argument name.

    Raises:
        Problem: a parameter is unknown, given twice or wrong; all that are wrong are named.
    """
    known = {parameter.name: parameter for parameter in parameters if parameter.where == "query"}
    values = {parameter.argument: parameter.default for parameter in known.values()}
    if not query_string:
        return values
    problems: list[InvalidField] = []
    texts: dict[str, str] = {}
    for name, text in _pairs(query_string):
        parameter = known.get(name)
        if parameter is None:
            problems.append(InvalidField("query", name, f"unknown parameter; known are {', '.join(known) or 'none'}"))
        elif name not in texts:
            texts[name] = text
        elif parameter.may_repeat:
            texts[name] += "," + text
        else:
            problems.append(InvalidField("query", name, "must be given once"))
    for name, text in texts.items():
        _parse_into(values, known[name], text, problems)
    if problems:
        raise invalid(problems)
    return values


def parse_headers(headers: Sequence[tuple[bytes, bytes]], parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values of the header parameters by argument name.

    Raises:
        Problem: a header is given twice or wrong.
    """
    values: dict[str, Any] = {}
    problems: list[InvalidField] = []
    for parameter in parameters:
        if parameter.where != "header":
            continue
        values[parameter.argument] = parameter.default
        texts = [value for name, value in headers if name == parameter.name.lower().encode()]
        if len(texts) == 1 or (texts and parameter.may_repeat):
            _parse_into(values, parameter, b", ".join(texts).decode("latin-1"), problems)
        elif texts:
            problems.append(InvalidField("header", parameter.name, parameter.rule))
    if problems:
        raise invalid(problems)
    return values


def _parse_into(values: dict[str, Any], parameter: Parameter, text: str, problems: list[InvalidField]) -> None:
    try:
        values[parameter.argument] = parameter.parse(text)
    except ValueError:
        problems.append(InvalidField(parameter.where, parameter.name, parameter.rule))


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    try:
        text = query_string.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS)
    except ValueError as error:
        raise Problem(ErrorKind.MALFORMED_REQUEST, "query: is no readable list of name=value") from error
