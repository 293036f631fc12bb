"""The JSON body of a request: read up to a limit, decoded strictly, every problem named."""

import json
import math
from collections.abc import AsyncIterator, Mapping
from typing import Any, NoReturn

import msgspec
from msgspec.structs import FieldInfo

from goldpan.api.field_rules import rule
from goldpan.contract.error_catalogue import MOST_FIELDS_SHOWN, ErrorKind, InvalidField, Problem, invalid
from goldpan.contract.resources import Shape

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 32
EXACT_FLOATS = 2**53  # below, each integer is a float of its own


def check_media_type(content_type: str | None, content_encoding: str | None) -> None:
    """Raise UNSUPPORTED_MEDIA_TYPE for anything but plain JSON in UTF-8."""
    media_type, _, rest = (content_type or "").partition(";")
    charset = rest.strip().lower().replace(" ", "").replace('"', "")
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8", "charset=utf8"):
        raise Problem(ErrorKind.UNSUPPORTED_MEDIA_TYPE, "Content-Type: must be application/json")
    refuse_encoding(content_encoding)


def refuse_encoding(content_encoding: str | None) -> None:
    """Raise UNSUPPORTED_MEDIA_TYPE for a body that would have to be unpacked first."""
    if (content_encoding or "identity").strip().lower() != "identity":
        raise Problem(ErrorKind.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding: must be left out")


def says_more_than(content_length: str | None, most: int) -> bool:
    """Return whether the header announces more than `most` bytes."""
    return content_length is not None and content_length.isdecimal() and int(content_length[:20]) > most


async def read_body(stream: AsyncIterator[bytes], content_length: str | None) -> bytes:
    """Return the whole body.

    Raises:
        Problem: PAYLOAD_TOO_LARGE, as soon as that is known.
    """
    too_large = Problem(ErrorKind.PAYLOAD_TOO_LARGE, f"the body must be at most {MAX_BODY_BYTES} bytes")
    if says_more_than(content_length, MAX_BODY_BYTES):
        raise too_large
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


def decode_body(body: bytes, shape: type[Shape], aliases: Mapping[str, str]) -> Shape:
    """Return the body as `shape`; `aliases` are other spellings of its fields.

    Raises:
        Problem: it is no JSON object of that shape; the fields that are wrong are named.
    """
    members = _decode_json(body)
    if not isinstance(members, dict):
        raise Problem(ErrorKind.MALFORMED_REQUEST, "body: must be a JSON object")
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    values: dict[str, Any] = {}
    problems: list[InvalidField] = []
    known = f"; known are {', '.join(fields) or 'none'}"
    for spelling, value in members.items():
        name = aliases.get(spelling, spelling)
        if name not in fields:
            problems.append(InvalidField("body", spelling, f"unknown field{known}"))
            known = ""
        elif fields[name].name in values:
            problems.append(InvalidField("body", spelling, f"is another spelling of {name}: give one of them"))
        else:
            _convert_into(values, fields[name], value, problems)
        if len(problems) > MOST_FIELDS_SHOWN:
            raise invalid(problems)
    problems += [
        InvalidField("body", field.encode_name, "is required")
        for field in fields.values()
        if field.required and field.name not in values
    ]
    if problems:
        raise invalid(problems)
    return shape(**values)


def _convert_into(values: dict[str, Any], field: FieldInfo, value: Any, problems: list[InvalidField]) -> None:
    try:
        values[field.name] = msgspec.convert(value, field.type)
    except msgspec.ValidationError as error:
        _, _, path = str(error).partition(" - at `$")
        path = path.rstrip("`")
        values[field.name] = None
        problems.append(InvalidField("body", field.encode_name + path, rule(field.type, path)))


def _decode_json(body: bytes) -> Any:
    try:
        decoded = json.loads(
            body.decode(),
            object_pairs_hook=_unique_members,
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
            parse_float=_parse_float,
        )
        _check_values(decoded, MAX_DEPTH)
    except (ValueError, RecursionError) as error:
        raise Problem(ErrorKind.MALFORMED_REQUEST, f"body: {_reason(error)}") from error
    return decoded


class _NotOurJson(ValueError):
    """Readable as JSON, but a value that no database and no second parser would read the same; the message is ours."""


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, _NotOurJson):
        return str(error)
    if isinstance(error, json.JSONDecodeError):
        return f"is no valid JSON at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "must be UTF-8"
    return f"must be JSON, nested at most {MAX_DEPTH} deep"


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotOurJson("the same member stands twice in an object")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise _NotOurJson(f"{name} is no JSON")


def _parse_int(text: str) -> int:
    if len(text) > 20:
        raise _NotOurJson("a number has too many digits")
    return int(text)


def _parse_float(text: str) -> int | float:
    """JSON knows one kind of number: 5.0 is the integer 5, to JSON schema as well."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < EXACT_FLOATS else number


def _check_values(value: Any, depth_left: int) -> None:
    match value:
        case str():
            _check_text(value)
        case float() if not math.isfinite(value):
            raise _NotOurJson("a number is too large")
        case dict() | list() if depth_left == 0:
            raise _NotOurJson(f"must be nested at most {MAX_DEPTH} deep")
        case dict():
            for name, member in value.items():
                _check_text(name)
                _check_values(member, depth_left - 1)
        case list():
            for item in value:
                _check_values(item, depth_left - 1)


def _check_text(text: str) -> None:
    """PostgreSQL keeps no NUL, and half a surrogate pair is no character."""
    if "\x00" in text:
        raise _NotOurJson("a text contains the character U+0000")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _NotOurJson("a text contains half of a surrogate pair") from error
