"""What a request must satisfy before any page sees it: a host of ours, and no other site behind it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

_LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.IGNORECASE | re.ASCII)
SAFE_METHODS = ("GET", "HEAD")

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # under `no-referrer` a form of ours would come with `Origin: null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the console is, as the browser sees it."""

    scheme: str
    host: str

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"


def parse_origins(text: str) -> tuple[Origin, ...]:
    """Return the origins in a list like `https://goldpan.example.com, https://goldpan.internal:8443`.

    A proxy at this very machine may be named without https, as in `http://localhost:8080`.

    Raises:
        ValueError: one is no origin, or neither https nor of this machine: whoever listens on the way would be let in.
    """
    origins = []
    for part in filter(None, re.split(r"[,\s]+", text)):
        split = urlsplit(part)
        is_private = split.scheme == "https" or (split.scheme == "http" and _LOOPBACK.fullmatch(split.netloc))
        if not is_private or not split.netloc or part.rstrip("/") != f"{split.scheme}://{split.netloc}":
            raise ValueError(part)
        origins.append(Origin(split.scheme, split.netloc.lower()))
    return tuple(origins)


def find_origin(request: Request, origins: Sequence[Origin]) -> Origin | None:
    """Return which origin the request is for; None: a host that is not ours, so a stranger's name may lead here.

    A page of any site may let its own name point at this machine: then its scripts would be of our origin. And who came
    through a proxy is not at this machine, whatever name the proxy passes on: they need one of `origins`.
    """
    hosts = request.headers.getlist("host")
    if len(hosts) != 1:
        return None
    host = hosts[0].lower()
    named = next((origin for origin in origins if origin.host == host), None)
    if named is not None or not _LOOPBACK.fullmatch(host):
        return named
    is_forwarded = any(name == "forwarded" or name.startswith("x-forwarded-") for name in request.headers)
    return None if is_forwarded else Origin("http", host)


def is_from_here(request: Request, origin: Origin) -> bool:
    """Return whether a page of ours sent the request, or it changes nothing."""
    if request.method in SAFE_METHODS:
        return True
    site = request.headers.getlist("sec-fetch-site")
    if site:
        return site in (["same-origin"], ["none"])
    return request.headers.getlist("origin") == [str(origin)]  # browsers of before 2023: it must be there


def session_cookie(origin: Origin) -> str:
    """Return the cookie's name; browsers take one with the prefix from this very host only, and only encrypted."""
    return "__Host-sid" if origin.is_secure else "sid"
