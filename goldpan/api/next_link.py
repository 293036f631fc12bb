"""The Link header of a list: where its next page is, as a reference relative to the server."""

from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode

# What RFC 3986 lets stand in a path; a path that was matched is percent-encoded already where it must be.
_PATH_CHARACTERS = "/%:@!$&'()*+,;=~"


def next_link(raw_path: bytes, query_string: bytes, cursor: str) -> str:
    """Return the Link to the page that begins behind `cursor`, which is base64url: the same request but for it."""
    return f'<{_without_cursor(raw_path, query_string)}cursor={cursor}>; rel="next"'


@lru_cache(maxsize=1024)  # a first page is asked for again and again
def _without_cursor(raw_path: bytes, query_string: bytes) -> str:
    pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    others = urlencode([(name, value) for name, value in pairs if name != "cursor"], quote_via=quote)
    return quote(raw_path, safe=_PATH_CHARACTERS) + "?" + (others + "&" if others else "")
