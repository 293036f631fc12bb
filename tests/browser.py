"""A headless Chromium, where there is one: it opens one page and tells what it saw."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# With CI=true it must be there: .ci/run installs it.
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true", reason="no Chromium: the reference page was not opened"
)

# Without these Chromium calls home at every start.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(frozen=True)
class Visit:
    """What became of a page: its elements when it had settled, what its console says, and every URL it asked for."""

    html: str
    console: list[str]
    urls: list[str]


def visit(url: str, directory: Path) -> Visit:
    """Open `url`; `directory` is an empty one of the browser's own."""
    assert CHROMIUM is not None, "Chromium is missing: .ci/run installs it"
    net_log = directory / "net.json"
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",  # as root, as in CI, there is none
        "--disable-gpu",
        *QUIET,
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={directory / 'profile'}",
        "--enable-logging=stderr",
        f"--log-net-log={net_log}",
        "--virtual-time-budget=20000",
        "--dump-dom",
        url,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    console = re.findall(r"CONSOLE:\d+\] (.*)", done.stderr)
    return Visit(done.stdout, console, _urls(json.loads(net_log.read_text())))


def _urls(net_log: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return what pages asked for, and not what the browser asks for itself: that has no origin."""
    requests = [event["params"] for event in net_log["events"] if "initiator" in event.get("params", {})]
    return sorted({request["url"] for request in requests if request["initiator"].startswith("http")})
