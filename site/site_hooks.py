"""What the generator does for our site: addresses as the server has them, Markdown twins, a search index, llms.txt."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from properdocs.config.defaults import ProperDocsConfig
from properdocs.structure.files import Files
from properdocs.structure.nav import Navigation
from properdocs.structure.pages import Page

HOME = "index.md"
ASSETS = ("site.css", "site.js")
# Addresses end with .html while the generator works out which is relative to which; the server has none.
PAGE_LINK = re.compile(r'="((?:\.\./|docs/)?[a-z0-9-]+)\.html(?=["#])')
# A link to what the site does not have: files of the repository beside docs/, and the decisions.
LINK_OUT = re.compile(r"\[([^\]]*)\]\((?:\.\./|decisions/)[^)\s]*\)")

sections: list[dict[str, str]] = []
texts: dict[str, str] = {}


def on_config(config: ProperDocsConfig) -> ProperDocsConfig:
    theme = Path(config.config_file_path).parent / "theme"
    config.extra["assets"] = {name: _named_by_content(theme / name) for name in ASSETS}
    config.extra["twins"] = {}
    sections.clear()
    texts.clear()
    return config


def on_files(files: Files, config: ProperDocsConfig) -> Files:
    """Put the home page at /docs and every other file beside it: `docs/quickstart`, and `docs/quickstart.md`."""
    for file in files.documentation_pages():
        file.dest_uri = "docs.html" if file.src_uri == HOME else f"docs/{file.name}.html"
        file.url = file.dest_uri
        config.extra["twins"][file.src_uri] = f"docs/{file.src_uri}"
    for file in files.media_files():
        file.dest_uri = file.url = f"docs/{file.src_uri}"
    return files


def on_page_markdown(markdown: str, page: Page, **_rest: Any) -> str:
    text = LINK_OUT.sub(r"\1", markdown)
    texts[page.file.src_uri] = text
    return text


def on_page_content(html: str, page: Page, **_rest: Any) -> str:
    _Sections(page).feed(html)
    return html.replace("<table>", '<div class="table" tabindex="0"><table>').replace("</table>", "</table></div>")


def on_post_page(output: str, **_rest: Any) -> str:
    return PAGE_LINK.sub(r'="\1', output)


def on_nav(nav: Navigation, config: ProperDocsConfig, **_rest: Any) -> Navigation:
    config.extra["nav"] = nav
    return nav


def on_post_build(config: ProperDocsConfig) -> None:
    """Lay everything flat into the one folder that the server reads."""
    site = Path(config.site_dir)
    (site / "docs.html").rename(site / "index.html")
    for path in (site / "docs").iterdir():
        path.rename(site / path.name)
    (site / "docs").rmdir()
    for path in site.glob("sitemap.xml*"):  # the generator writes them whatever it is told
        path.unlink()
    for name, text in texts.items():
        (site / name).write_text(text.strip() + "\n")
    (site / "search.txt").write_text(_search_text())
    (site / "llms.txt").write_text(_llms_text(config.extra["nav"]))


def _search_text() -> str:
    """Return one JSON list a line: the page's title, the section's, its address, its text."""
    return "".join(json.dumps(list(section.values()), ensure_ascii=False) + "\n" for section in sections)


def _named_by_content(path: Path) -> str:
    """Return the name under which the server shows an asset; goldpan/api/static_assets.py does the same."""
    return f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"


def _llms_text(nav: Navigation) -> str:
    """Return the list of pages for those who read text, as https://llmstxt.org has it (read 2026-11)."""
    lines = ["# Goldpan", "", f"> {_first_sentence(texts[HOME])}", ""]
    for section in nav.items:
        lines += [f"## {section.title}", ""]
        for page in section.children or ():
            sentence = _first_sentence(texts[page.file.src_uri])
            lines.append(f"- [{page.title}](docs/{page.file.src_uri}): {sentence}")
        lines.append("")
    lines += ["## Reference", "", "- [OpenAPI document](openapi.json): every route, parameter, answer and error.", ""]
    return "\n".join(lines)


def _first_sentence(text: str) -> str:
    paragraph = next(part for part in text.split("\n\n")[1:] if re.match(r"(?!```)[\w`*]", part.strip()))
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(paragraph.replace("*", "").split()))
    return re.split(r"(?<=\.)\s", plain)[0].rstrip(":")


class _Sections(HTMLParser):
    """Collects the text under each heading of a page."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = str(page.title)
        self._address = page.url.removesuffix(".html")
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("h1", "h2", "h3"):
            anchor = dict(attrs).get("id") if tag != "h1" else None
            address = f"{self._address}#{anchor}" if anchor else self._address
            sections.append({"page": self._page, "title": "", "address": address, "text": ""})
            self._in_heading = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h1", "h2", "h3"):
            self._in_heading = False

    def handle_data(self, data: str) -> None:
        if not sections:
            return
        name = "title" if self._in_heading else "text"
        sections[-1][name] = " ".join(f"{sections[-1][name]} {data}".split())
