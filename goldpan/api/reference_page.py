"""The reference page at /docs: the OpenAPI document for people to read, from files of this package alone."""

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from goldpan.api.parameters import Parameter
from goldpan.api.presenters import Stream
from goldpan.api.routes import Access, Header, Route, Success
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.operations.toolbox import Toolbox

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

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
_YEAR_SECONDS = 365 * 24 * 3600

# The addresses are relative, so that the page works under whatever prefix a proxy gives it.
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Goldpan API reference</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/assets/{swagger_css}">
<link rel="stylesheet" href="docs/assets/{css}">
<script defer src="docs/assets/{swagger_js}"></script>
<script defer src="docs/assets/{js}"></script>
</head>
<body>
<div id="reference"></div>
<noscript>This page needs JavaScript. The same in JSON: <a href="openapi.json">openapi.json</a>.</noscript>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page; its name changes with what is in it, so that it may be kept for ever."""

    name: str
    media_type: str
    content: bytes


def _read(name: str) -> Asset:
    stem, dot, suffix = name.rpartition(".")
    content = (files("goldpan.api") / "reference" / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(f"{stem}-{digest}{dot}{suffix}", _MEDIA_TYPES[dot + suffix], content)


_SWAGGER_JS, _SWAGGER_CSS = _read("swagger-ui-bundle.js"), _read("swagger-ui.css")
_JS, _CSS = _read("reference.js"), _read("reference.css")
ASSETS: Final = {asset.name: asset for asset in (_SWAGGER_JS, _SWAGGER_CSS, _JS, _CSS)}
PAGE: Final = _PAGE.format(
    swagger_js=_SWAGGER_JS.name, swagger_css=_SWAGGER_CSS.name, js=_JS.name, css=_CSS.name
).encode()


async def reference_page(_toolbox: Toolbox) -> bytes:
    return PAGE


async def reference_asset(_toolbox: Toolbox, file: str) -> Asset:
    if file not in ASSETS:
        raise Problem(ErrorKind.NOT_FOUND, "file: there is no such file")
    return ASSETS[file]


def present_page(page: bytes) -> Stream:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"}
    return _file("text/html", page, {**headers, "Cache-Control": "no-cache"})


def present_asset(asset: Asset) -> Stream:
    return _file(asset.media_type, asset.content, {"Cache-Control": f"public, max-age={_YEAR_SECONDS}, immutable"})


def _file(media_type: str, content: bytes, headers: dict[str, str]) -> Stream:
    async def chunks() -> AsyncGenerator[bytes, None]:
        yield content

    return Stream(media_type, chunks(), {**headers, "Content-Length": str(len(content))})


_FILE = Parameter(
    "file",
    "path",
    "file",
    str,
    None,
    "must be a file that the reference page names",
    "A file that the reference page names.",
    {"type": "string", "enum": list(ASSETS)},
)

REFERENCE_ROUTES: Final = (
    Route(
        "GET",
        "/docs",
        reference_page,
        Access.ANYONE,
        present_page,
        Success(
            "ReferencePage",
            (str,),
            {200: "A page of HTML"},
            media_types=("text/html",),
            headers=(
                Header("Content-Security-Policy", "Nothing comes from other hosts", CONTENT_SECURITY_POLICY),
                Header("Referrer-Policy", "Nobody is told where a link was followed", "no-referrer"),
            ),
            examples={"the page": PAGE.decode()},
        ),
        "Show this API as a page to read and try",
    ),
    Route(
        "GET",
        "/docs/assets/{file}",
        reference_asset,
        Access.ANYONE,
        present_asset,
        Success(
            "ReferenceAsset",
            (str,),
            {200: "The file; it never changes"},
            media_types=tuple(_MEDIA_TYPES.values()),
            examples={"a style sheet": _CSS.content.decode()},
        ),
        "Get a file of the reference page",
        parameters=(_FILE,),
        errors=(ErrorKind.NOT_FOUND,),
    ),
)
