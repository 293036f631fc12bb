"""Files that this package brings and shows to browsers, and what a browser may do with them."""

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from goldpan.api.presenters import Stream

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
    ".js": "text/javascript",
    ".css": "text/css",
}
_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Asset:
    """One file and the name by which a browser asks for it."""

    name: str
    media_type: str
    content: bytes


def named_by_content(folder: str, name: str) -> Asset:
    """Return a file of `goldpan/api/{folder}`; its name changes with what is in it, so that it may be kept for ever."""
    stem, dot, suffix = name.rpartition(".")
    content = (files("goldpan.api") / folder / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(f"{stem}-{digest}{dot}{suffix}", MEDIA_TYPES[dot + suffix], content)


def present_page(page: Asset) -> Stream:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"}
    return _file(page, {**headers, "Cache-Control": "no-cache"})


def present_asset(asset: Asset) -> Stream:
    return _file(asset, {"Cache-Control": f"public, max-age={_YEAR_SECONDS}, immutable"})


def _file(asset: Asset, headers: dict[str, str]) -> Stream:
    async def chunks() -> AsyncGenerator[bytes, None]:
        yield asset.content

    return Stream(asset.media_type, chunks(), {**headers, "Content-Length": str(len(asset.content))})
