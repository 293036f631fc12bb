"""Pages of a list: how many items, and the cursor, which is nothing but the position of the last item served."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

import msgspec

Item = TypeVar("Item")

DEFAULT_LIMIT = 25
MAX_LIMIT = 100

# int() would take "1_0", "+5", " 5" and digits of other scripts as well.
_LIMIT = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z", re.ASCII)
_OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Position(NamedTuple):
    """A place in a list that runs from the newest item to the oldest: everything after it is strictly smaller."""

    created_ms: int
    id: str


# Before the newest item that can exist: the first page is the page after this place.
START = Position(2**53, "")


class _Cursor(msgspec.Struct, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    created_at: str
    id: str | None = None


_decode_cursor = msgspec.json.Decoder(_Cursor).decode


def encode_cursor(position: Position) -> str:
    """Return the opaque text for `position`: base64url of `{"createdAt":"…","id":"…"}`, without padding."""
    plain = msgspec.json.encode(_Cursor(format_time(position.created_ms), position.id))
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def decode_cursor(text: str) -> Position:
    """Return the position that `text` encodes; the reference's form without `id` means everything strictly older.

    Raises:
        ValueError: `text` is not exactly what `encode_cursor` or the reference would write.
    """
    try:
        plain = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = _decode_cursor(plain)
    except (binascii.Error, UnicodeError, msgspec.MsgspecError) as error:
        raise ValueError("not a cursor") from error
    # Several texts decode to the same bytes, and several bytes to the same JSON: only one of each is ours.
    canonical = msgspec.json.encode(cursor)
    if plain != canonical or base64.urlsafe_b64encode(plain).rstrip(b"=").decode() != text:
        raise ValueError("not a cursor")
    if cursor.id is not None and not is_object_id(cursor.id):
        raise ValueError("not a cursor")
    return Position(parse_time(cursor.created_at), cursor.id or "")


def parse_limit(text: str) -> int:
    """Return the page size that `text` asks for, 1 to 100.

    Raises:
        ValueError: anything else.
    """
    if not _LIMIT.fullmatch(text) or int(text) > MAX_LIMIT:
        raise ValueError("not a limit")
    return int(text)


def is_object_id(text: str) -> bool:
    return _OBJECT_ID.fullmatch(text) is not None


def format_time(milliseconds: int) -> str:
    """Return ISO 8601 in UTC with milliseconds: `2026-04-28T15:30:00.000Z`."""
    # From tables: a list's page prints fifty times, and a datetime for each was a quarter of the request.
    seconds = _SECONDS[milliseconds // 1_000 % 60]
    return f"{_minute(milliseconds // 60_000)}:{seconds}.{_THOUSANDTHS[milliseconds % 1_000]}Z"


@lru_cache(maxsize=4096)
def _minute(minutes: int) -> str:
    return (_EPOCH + timedelta(minutes=minutes)).isoformat()[: len("2026-04-28T15:30")]


_SECONDS = [f"{number:02}" for number in range(60)]
_THOUSANDTHS = [f"{number:03}" for number in range(1000)]


def parse_time(text: str) -> int:
    """Return the milliseconds since 1970 of a time in the form of `format_time`.

    Raises:
        ValueError: any other form, or no such date.
    """
    if not _TIME.fullmatch(text):
        raise ValueError("not a time")
    return (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND


class PageRequest(NamedTuple):
    """Which part of a list a caller wants: up to `limit` items after the place `after`."""

    after: Position = START
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Slice(Generic[Item]):
    """One page of a list; `has_more` says whether another follows."""

    items: Sequence[Item]
    has_more: bool


def cut(rows: Sequence[Item], limit: int) -> Slice[Item]:
    """Return the page in `rows`, which were read with one row more than `limit` to tell whether a page follows."""
    return Slice(rows[:limit], len(rows) > limit)
