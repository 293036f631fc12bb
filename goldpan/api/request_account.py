"""What is told of a request afterwards: its figures, and the path and method that may stand in a log."""

import re
from collections.abc import Callable

from goldpan.metrics import REQUEST_SECONDS

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_PARAMETER = re.compile(r"\{\w+\}")
UNKNOWN_PATH = "(unknown)"


class RequestAccount:
    """The account of all requests to one path of ROUTES; None: to all paths that are not there."""

    def __init__(self, template: str | None) -> None:
        self._template = template or UNKNOWN_PATH
        self._names = {method: f"{method} {self._template}" for method in _METHODS}
        literals = map(re.escape, _PARAMETER.split(template or ""))
        self._is_harmless = re.compile("[0-9a-f]{24}".join(literals)).fullmatch
        self._observers: dict[tuple[str, int], Callable[[float], None]] = {}

    def name(self, method: str) -> str:
        """Return what a span of the request is called."""
        return self._names.get(method) or f"other {self._template}"

    def observe(self, method: str, status: int, seconds: float) -> None:
        observe = self._observers.get((method, status))
        if observe is None:  # looking a series up costs more than counting in it
            series = REQUEST_SECONDS.labels(shown_method(method), self._template, str(status))
            observe = self._observers[method, status] = series.observe
        observe(seconds)

    def shown_path(self, path: str) -> str:
        """Return the path if our own ids are all that it holds besides what the route says, else the route's.

        What else a caller writes there, somebody's name or address or a key, is nothing for a log.
        """
        return path if self._is_harmless(path) else self._template


def shown_method(method: str) -> str:
    """Return a method that HTTP knows; whoever sends another may have sent anything."""
    return method if method in _METHODS else "other"
