"""What of an error may stand in a log: where it happened and of what kind it was, but no value that it carries.

The text of an error is written by whoever raises it, out of whatever they had at hand: a name, an address, a key.
"""

import re
import traceback
from types import TracebackType
from typing import Any

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]

MOST_CAUSES = 5
MOST_FRAMES = 30
LONGEST_MESSAGE = 1_000

_NAMED = re.compile(
    r"""\b(password|passwd|secret|token|authorization)(['"]?\s*[=:]\s*)"""
    # In quotes it ends with them, or never: a quote may be escaped within.
    r"""(?:b?'(?:[^'\\]|\\.)*(?:'|\\?$)|b?"(?:[^"\\]|\\.)*(?:"|\\?$)|(?:(?:bearer|basic)\s+)?\S+)""",
    re.IGNORECASE,
)
_SECRETS = (
    (re.compile(r"sk_(live|test)_\w+"), r"sk_\1_…"),
    (re.compile(r"(?<=://)\S*@"), "…@"),
    (_NAMED, r"\1\2…"),
    (re.compile(r"[^\s@<>\"'(),;:=/…]+@[^\s@<>\"'(),;:=/]+"), "…@…"),
    (re.compile(r"DETAIL:.*", re.DOTALL), "DETAIL: …"),  # PostgreSQL shows the row that it refuses
)


def redacted(message: str) -> str:
    """Return the first line of what a library says, without what looks like a key, a password or an address.

    Further lines are the text of an error as a rule, or of the object that it befell.
    """
    message = message.partition("\n")[0]
    for pattern, instead in _SECRETS:
        message = pattern.sub(instead, message)
    return message[:LONGEST_MESSAGE]


def described_error(exc_info: ExceptionInfo) -> list[dict[str, Any]]:
    """Return the error and what caused it, the last first, each with its place in the code."""
    error: BaseException | None = exc_info[1]
    found: list[dict[str, Any]] = []
    while error is not None and len(found) < MOST_CAUSES:
        kind = type(error)
        found.append({"type": f"{kind.__module__}.{kind.__qualname__}", "says": _says(error), "frames": _frames(error)})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _says(error: BaseException) -> str | None:
    """Return the part of the error's text that is surely of the code and not of the data."""
    if isinstance(error, AssertionError):
        return str(error)  # ours, with ids at the most
    if isinstance(error, OSError):
        return error.strerror
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is not None:
        diagnosis = getattr(error, "diag", None)
        names = [getattr(diagnosis, name, None) for name in ("table_name", "column_name", "constraint_name")]
        return " ".join(filter(None, [sqlstate, *names]))
    sqlite_name = getattr(error, "sqlite_errorname", None)
    if isinstance(sqlite_name, str) and sqlite_name.startswith("SQLITE_CONSTRAINT"):
        return str(error)  # names of the schema; other texts may quote what a statement looks for
    return sqlite_name if isinstance(sqlite_name, str) else None


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
