"""The documentation at /docs: whole, up to date, without a dead link, and from this server alone."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from flit_core import wheel

from goldpan.api.documentation_site import HOME, LLMS_TEXT, REFERENCE, SITE
from goldpan.api.static_assets import CONTENT_SECURITY_POLICY
from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.permission_catalogue import MEANINGS
from goldpan.contract.resources import StopReason
from tests.browser import needs_chromium, visit
from tests.service import Service

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BUILT = ROOT / "goldpan" / "api" / "site"
GENERATOR = Path(sys.executable).parent / "properdocs"

PAGES = {"/docs": HOME, "/docs/api": REFERENCE} | {
    f"/docs/{name}": asset for name, asset in SITE.items() if asset.media_type == "text/html"
}
each_page = pytest.mark.parametrize("path", PAGES)


class Names(HTMLParser):
    """What a page names: addresses in its attributes, and the anchors that it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(html)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src", "data-index", "data-root") and value:
                self.addresses.add(value)
            if name == "id" and value:
                self.anchors.add(value)


def html(path: str) -> str:
    return PAGES[path].content.decode()


def local_addresses() -> Iterator[tuple[str, str]]:
    """Return (page, absolute path with its anchor) of everything that a page names on this server."""
    for path in PAGES:
        for address in Names(html(path)).addresses:
            if not urlsplit(address).scheme:
                yield path, urljoin(path, address)


def has_anchor(anchors: dict[str, set[str]], target: str) -> bool:
    place = urlsplit(target)
    return not place.fragment or place.fragment in anchors[place.path]


# --- it is built from docs/ ---------------------------------------------------------------------------------------


def test_the_site_is_what_the_docs_give(tmp_path: Path) -> None:
    command: list[str | Path] = [
        GENERATOR,
        "build",
        "--quiet",
        "--strict",
        "--config-file",
        ROOT / "site" / "properdocs.yml",
    ]
    done = subprocess.run([*command, "--site-dir", tmp_path / "site"], capture_output=True, text=True, check=False)

    built = {path.name: path.read_bytes() for path in (tmp_path / "site").iterdir()}
    stored = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    different = sorted(name for name in built.keys() | stored.keys() if built.get(name) != stored.get(name))
    assert (done.returncode, done.stderr) == (0, "")
    assert different == [], "run bin/docs and commit what it writes"


def test_every_page_of_the_docs_is_in_the_site_and_its_markdown_beside_it() -> None:
    names = {path.stem for path in DOCS.glob("*.md")}

    assert names - {"index"} == {path.removeprefix("/docs/") for path in PAGES} - {"/docs", "api"}
    for name in names:
        heading = (DOCS / f"{name}.md").read_text().splitlines()[0]
        assert SITE[f"{name}.md"].content.decode().startswith(heading)
        assert f"(docs/{name}.md)" in LLMS_TEXT.content.decode()


def test_the_package_brings_the_site(tmp_path: Path) -> None:
    built = wheel.make_wheel_in(ROOT / "pyproject.toml", tmp_path)

    names = zipfile.ZipFile(built.file).namelist()
    assert {f"goldpan/api/site/{path.name}" for path in BUILT.iterdir()} <= set(names)


# --- it is served -------------------------------------------------------------------------------------------------


@each_page
def test_a_page_is_html_that_nobody_else_may_frame_or_fill(service: Service, path: str) -> None:
    answer = service.call("GET", path)

    assert answer.status == 200
    assert answer.body == PAGES[path].content
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["Cache-Control"] == "no-cache"


@each_page
def test_a_page_has_nothing_inline_and_nothing_from_elsewhere(path: str) -> None:
    text = html(path)

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text)
    assert not re.search(r"<(script|link|img|iframe|source)\b[^>]*(https?:)?//", text)


def test_what_pages_name_is_there(service: Service) -> None:
    found = list(local_addresses())
    paths = {urlsplit(target).path for _page, target in found}
    answered = {path for path in paths if service.call("GET", path).status == 200}
    anchors = {path: Names(html(path)).anchors for path in PAGES}

    assert len(found) > 1000
    assert [(page, target) for page, target in found if urlsplit(target).path not in answered] == []
    assert [(page, target) for page, target in found if not has_anchor(anchors, target)] == []


def test_the_list_of_pages_leads_to_markdown(service: Service) -> None:
    answer = service.call("GET", "/llms.txt")

    targets = re.findall(r"\]\(([^)]+)\)", answer.body.decode())
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert len(targets) > 20
    for target in targets:
        page = service.call("GET", f"/{target}")
        assert (page.status, page.headers["Content-Type"].partition(";")[0]) in (
            (200, "text/markdown"),
            (200, "application/json"),
        )


def test_links_between_markdown_pages_lead_somewhere() -> None:
    for path in [*DOCS.rglob("*.md"), ROOT / "README.md", *ROOT.glob("deploy/*.md")]:
        text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s#:]+)(?:#[^)]*)?\)", text):
            assert (path.parent / target).exists(), f"{path}: {target}"


def test_the_search_finds_sections_where_they_are() -> None:
    sections = [json.loads(line) for line in SITE["search.txt"].content.decode().splitlines()]

    assert ["Errors", "RATE_LIMITED", "docs/errors#rate_limited"] in [section[:3] for section in sections]
    for _page, _title, address, _text in sections:
        path, _, anchor = f"/{address}".partition("#")
        assert not anchor or anchor in Names(html(path)).anchors


@needs_chromium
@pytest.mark.parametrize("path", ["/docs", "/docs/operating", "/docs/growth-sqlite"])
def test_a_browser_shows_a_page_without_asking_anybody_else(service: Service, tmp_path: Path, path: str) -> None:
    origin = f"http://127.0.0.1:{service.port}"

    seen = visit(f"{origin}{path}", tmp_path)

    assert '<form class="search" role="search"' in seen.html
    assert not re.search(r"<form[^>]* hidden", seen.html)  # the script ran
    assert seen.console == []  # where a breach of the policy would stand
    assert seen.urls
    assert all(url.startswith(origin) for url in seen.urls)


# --- it is complete -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted({kind.code for kind in ErrorKind}))
def test_a_code_has_its_place_with_what_why_and_fix(code: str) -> None:
    kinds = [kind for kind in ErrorKind if kind.code == code]
    place = re.search(rf"^## {code}\n(.*?)(?=^## |\Z)", (DOCS / "errors.md").read_text(), re.DOTALL | re.MULTILINE)
    statuses = ", ".join(str(status) for status in sorted({kind.status for kind in kinds}))

    assert place, f"describe {code} in docs/errors.md"
    helps = {"helps" if kind.retryable else "does not help" for kind in kinds}
    assert f"Status {statuses}. Trying again: {', '.join(helps)}." in place[1]
    assert [part for part in ("**What**", "**Why**", "**Fix**") if part not in place[1]] == []


def test_the_errors_page_has_no_code_that_is_none() -> None:
    headings = re.findall(r"^## (\w+)$", (DOCS / "errors.md").read_text(), re.MULTILINE)

    assert sorted(headings) == sorted({kind.code for kind in ErrorKind})


def test_the_concepts_name_every_permission_and_every_stop_reason() -> None:
    text = (DOCS / "concepts.md").read_text()

    assert [str(name) for name in [*MEANINGS, *StopReason] if f"`{name}`" not in text] == []
