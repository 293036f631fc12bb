"""Debian's Chromium, driven by Playwright: pages as people see them, with and without a mouse, and what axe says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import CHROMIUM, QUIET
from tests.service import PATIENCE_SECONDS

SCREENSHOTS = Path(__file__).parent / "screenshots"  # kept by CI, not by git
_AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


# What must happen at all, on however busy a machine.
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


@contextmanager
def chromium() -> Iterator[Browser]:
    assert CHROMIUM is not None, "Chromium is missing: .ci/run installs it"
    arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*arguments, *QUIET])
        yield browser
        browser.close()


class Onlooker:
    """One tab, and what it complained about: its console, and whoever else it asked for something."""

    def __init__(self, browser: Browser, origin: str, **options: Any) -> None:
        self.origin = origin
        self.complaints: list[str] = []
        self.page: Page = browser.new_context(base_url=origin, **options).new_page()
        self.page.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith((self.origin, "data:")):
            self.complaints.append(f"asked for {url}")

    def open(self, path: str) -> None:
        self.page.goto(path)

    def take_session(self, token: str) -> None:
        self.page.context.add_cookies([{"name": "sid", "value": token, "url": self.origin}])

    def keep(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def keep_whole(self, name: str) -> None:
        """Keep the whole page, not just what the window shows of it."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def check(self) -> None:
        """Fail where axe sees a barrier, where the page is wider than the window, or where it complained."""
        # By the debugger's protocol, past the page's policy, which lets no script in.
        found = self.page.evaluate(f"{_AXE}; axe.run(document, {{runOnly: {_AXE_TAGS}}})")
        barriers = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]
        assert barriers == [], barriers
        widths = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], f"the page is {widths[0]} wide in a window of {widths[1]}"
        assert self.complaints == [], self.complaints
