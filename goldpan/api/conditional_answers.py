"""Answers that the client may know already: the tag of what an answer shows, and whether the client named it.

Source: RFC 9110, sections 8.8.3, 13.1.2 and 15.4.5 (read 2026-11).
"""

from collections.abc import Sequence
from hashlib import blake2b

Headers = Sequence[tuple[bytes, bytes]]


def entity_tag(data: bytes) -> str:
    """Return the weak ETag of an answer whose encoded `data` this is."""
    # Weak: the traceId differs in every answer.
    return f'W/"{blake2b(data, digest_size=16).hexdigest()}"'


def sent_tags(headers: Headers) -> list[str]:
    """Return the lines of the request's If-None-Match."""
    return [value.decode("latin-1") for name, value in headers if name == b"if-none-match"]


def is_known(tag: str, tags: Sequence[str]) -> bool:
    """Return whether the client has the answer with this tag; what is no list of tags names none."""
    # The tag in its quotes holds neither quote nor comma: it stands in a list exactly when it is a member.
    quoted = tag.removeprefix("W/")
    return any(quoted in line or is_any(line) for line in tags)


def is_any(line: str) -> bool:
    """Return whether a line of If-None-Match names every answer, and so none that the client was given."""
    return line.strip() == "*"
