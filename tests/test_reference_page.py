"""The API reference at /docs/api: it works offline, from this server alone, and the policy lets nothing else in."""

import re
import zipfile
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flit_core import wheel

from goldpan.api.documentation_site import ASSETS
from goldpan.api.static_assets import CONTENT_SECURITY_POLICY
from tests.browser import needs_chromium, visit
from tests.service import Answer, Service

ROOT = Path(__file__).parent.parent
OF_THE_REFERENCE = sorted(name for name in ASSETS if not name.startswith("site-"))


@pytest.fixture
def page(service: Service) -> Answer:
    return service.call("GET", "/docs/api")


def local_links(page: Answer) -> list[str]:
    """Return what the page names; every one of them is relative."""
    links = re.findall(r'(?:src|href)="([^"]*)"', page.body.decode())
    assert not [link for link in links if re.match(r"[a-z]+:(?!,$)|/", link)], links
    return [urljoin("/docs/api", link) for link in links if link != "data:,"]


def test_the_page_is_html_that_nobody_else_may_frame_or_fill(page: Answer) -> None:
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-cache"


def test_the_page_has_nothing_inline(page: Answer) -> None:
    text = page.body.decode()

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:", text)


def test_everything_that_the_page_names_is_here(service: Service, page: Answer) -> None:
    types = {
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".json": "application/json",
        "": "text/html; charset=utf-8",
    }

    for link in local_links(page):
        answer = service.call("GET", link)

        assert answer.status == 200
        assert answer.headers["Content-Type"] == types[Path(link).suffix]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_file_of_the_page_is_kept_for_ever_and_named_by_it(service: Service, page: Answer) -> None:
    names = [link.rpartition("/")[2] for link in local_links(page) if "/assets/" in link]

    assert sorted(names) == OF_THE_REFERENCE
    for name in names:
        answer = service.call("GET", f"/docs/assets/{name}")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.body == ASSETS[name].content


@pytest.mark.parametrize(
    "path",
    [
        "/docs/assets/nothing.js",
        "/docs/assets/swagger-ui.css",
        "/docs/assets/..",
        "/docs/assets/..%2Fdocumentation_site.py",
    ],
)
def test_no_other_file_is_served(service: Service, path: str) -> None:
    assert service.call("GET", path).refusal == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/docs", "/docs/api", "/docs/errors", f"/docs/assets/{next(iter(ASSETS))}"])
def test_head_tells_how_long_the_answer_is(service: Service, path: str) -> None:
    get, head = service.call("GET", path), service.call("HEAD", path)

    assert head.status == 200
    assert head.body == b""
    assert head.headers["Content-Length"] in (str(len(get.body)), None)


def test_the_page_needs_no_key_and_takes_no_parameters(service: Service) -> None:
    assert service.call("GET", "/docs/api?url=https://evil.example/openapi.json").refusal == (400, "VALIDATION_ERROR")
    assert service.call("POST", "/docs/api").refusal == (405, "METHOD_NOT_ALLOWED")


def test_the_package_brings_the_files_and_their_licences(tmp_path: Path) -> None:
    built = wheel.make_wheel_in(ROOT / "pyproject.toml", tmp_path)

    names = zipfile.ZipFile(built.file).namelist()
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "reference.js", "reference.css", "LICENSE.swagger-ui.txt"):
        assert f"goldpan/api/reference/{name}" in names


@needs_chromium
@pytest.mark.parametrize("place", ["", "#/prospecting/startJob"])
def test_a_browser_shows_the_page_without_asking_anybody_else(service: Service, tmp_path: Path, place: str) -> None:
    origin = f"http://127.0.0.1:{service.port}"

    seen = visit(f"{origin}/docs/api{place}", tmp_path)

    assert "Goldpan integrations API" in seen.html
    assert "List prospecting jobs, newest first" in seen.html
    assert ("Request body" in seen.html) == bool(place)
    assert seen.console == []  # where a breach of the policy would stand
    assert seen.urls == sorted(
        [f"{origin}/openapi.json", *(f"{origin}/docs/assets/{name}" for name in OF_THE_REFERENCE)]
    )
