"""What the client logs under the name `goldpan.client`: exchanges in detail (DEBUG), pauses before repeats (INFO)."""

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx2

LOG: Final = logging.getLogger("goldpan.client")

# What their bearers could be robbed by.
_SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization"})


def log_request(request: "httpx2.Request", body: bytes | None) -> None:
    if LOG.isEnabledFor(logging.DEBUG):
        target = request.url.raw_path.decode("ascii", "replace")
        LOG.debug("> %s %s\n%s", request.method, target, _lines(">", request.headers))
        if body:
            LOG.debug("> %s", body.decode(errors="replace"))


def log_answer(response: "httpx2.Response") -> None:
    if LOG.isEnabledFor(logging.DEBUG):
        LOG.debug("< %d\n%s", response.status_code, _lines("<", response.headers))


def log_pause(failure: Exception, seconds: float) -> None:
    LOG.info("%s — trying again in %.1f s", failure, seconds)


def _lines(sign: str, headers: "httpx2.Headers") -> str:
    shown = ((name, "(hidden)" if name.lower() in _SECRET_HEADERS else value) for name, value in headers.items())
    return "\n".join(f"{sign} {name}: {value}" for name, value in shown)
