"""The documentation at /docs and the API reference at /docs/api, from files of this package alone."""

from importlib.resources import files
from typing import Final

from goldpan.api.parameters import Parameter
from goldpan.api.routes import Access, Header, Route, Success
from goldpan.api.static_assets import (
    CONTENT_SECURITY_POLICY,
    MEDIA_TYPES,
    Asset,
    named_by_content,
    present_asset,
    present_page,
)
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.operations.toolbox import Toolbox

# The addresses are relative, so that the page works under whatever prefix a proxy gives it.
_REFERENCE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference · Goldpan</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="assets/{swagger_css}">
<link rel="stylesheet" href="assets/{css}">
<script defer src="assets/{swagger_js}"></script>
<script defer src="assets/{js}"></script>
</head>
<body>
<p class="way-back"><a href="../docs">Goldpan documentation</a></p>
<div id="reference"></div>
<noscript>This page needs JavaScript. The same in JSON: <a href="../openapi.json">openapi.json</a>.</noscript>
</body>
</html>
"""

_SWAGGER_JS, _SWAGGER_CSS, _JS, _CSS = (
    named_by_content("reference", name)
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "reference.js", "reference.css")
)
_SITE_ASSETS = tuple(named_by_content("site", name) for name in ("site.css", "site.js"))
ASSETS: Final = {asset.name: asset for asset in (_SWAGGER_JS, _SWAGGER_CSS, _JS, _CSS, *_SITE_ASSETS)}
REFERENCE: Final = Asset(
    "api",
    MEDIA_TYPES[".html"],
    _REFERENCE.format(swagger_js=_SWAGGER_JS.name, swagger_css=_SWAGGER_CSS.name, js=_JS.name, css=_CSS.name).encode(),
)


def _read_site() -> dict[str, Asset]:
    """Return what `bin/docs` built: a page by its bare name, everything else by its file name."""
    found = {}
    for file in (files("goldpan.api") / "site").iterdir():
        stem, dot, suffix = file.name.rpartition(".")
        name = stem if suffix == "html" else file.name
        found[name] = Asset(name, MEDIA_TYPES[dot + suffix], file.read_bytes())
    return found


_SITE = _read_site()
HOME: Final = _SITE.pop("index")
LLMS_TEXT: Final = _SITE.pop("llms.txt")
SITE: Final = {name: asset for name, asset in sorted(_SITE.items()) if name not in ("site.css", "site.js")}


async def documentation_home(_toolbox: Toolbox) -> Asset:
    return HOME


async def documentation_file(_toolbox: Toolbox, file: str) -> Asset:
    return _one_of(SITE, file)


async def documentation_asset(_toolbox: Toolbox, file: str) -> Asset:
    return _one_of(ASSETS, file)


async def api_reference(_toolbox: Toolbox) -> Asset:
    return REFERENCE


async def llms_text(_toolbox: Toolbox) -> Asset:
    return LLMS_TEXT


def _one_of(assets: dict[str, Asset], name: str) -> Asset:
    if name not in assets:
        raise Problem(ErrorKind.NOT_FOUND, "file: there is no such file")
    return assets[name]


def _file_parameter(description: str, assets: dict[str, Asset]) -> Parameter:
    rule = "must be a file that the documentation names"
    return Parameter("file", "path", "file", str, None, rule, description, {"type": "string", "enum": list(assets)})


_POLICY = (
    Header("Content-Security-Policy", "Nothing comes from other hosts", CONTENT_SECURITY_POLICY),
    Header("Referrer-Policy", "Nobody is told where a link was followed", "no-referrer"),
)


def _page(name: str, media_types: tuple[str, ...] = ("text/html",)) -> Success:
    return Success(
        name,
        (str,),
        {200: "The page"},
        media_types=media_types,
        headers=_POLICY,
        examples={"the page": REFERENCE.content.decode()}
        if "text/html" in media_types
        else {"the list": "# Goldpan\n"},
    )


DOCUMENTATION_ROUTES: Final = (
    Route(
        "GET",
        "/docs",
        documentation_home,
        Access.ANYONE,
        present_page,
        _page("DocumentationHome"),
        "Show the documentation",
    ),
    Route(
        "GET",
        "/docs/{file}",
        documentation_file,
        Access.ANYONE,
        present_page,
        _page("DocumentationPage", tuple(MEDIA_TYPES[suffix] for suffix in (".html", ".md", ".txt", ".svg"))),
        "Show a page of the documentation; with `.md` behind its name as Markdown",
        parameters=(_file_parameter("A page, its Markdown, or a picture.", SITE),),
        errors=(ErrorKind.NOT_FOUND,),
    ),
    Route(
        "GET",
        "/docs/api",
        api_reference,
        Access.ANYONE,
        present_page,
        _page("ReferencePage"),
        "Show this API as a page to read and try",
    ),
    Route(
        "GET",
        "/docs/assets/{file}",
        documentation_asset,
        Access.ANYONE,
        present_asset,
        Success(
            "DocumentationAsset",
            (str,),
            {200: "The file; it never changes"},
            media_types=(MEDIA_TYPES[".js"], MEDIA_TYPES[".css"]),
            examples={"a style sheet": _CSS.content.decode()},
        ),
        "Get a script or a style sheet of the documentation",
        parameters=(_file_parameter("A file that a page names.", ASSETS),),
        errors=(ErrorKind.NOT_FOUND,),
    ),
    Route(
        "GET",
        "/llms.txt",
        llms_text,
        Access.ANYONE,
        present_page,
        _page("DocumentationIndex", (MEDIA_TYPES[".txt"],)),
        "List the pages of the documentation as text",
    ),
)
