"""The `goldpan` command as shells and people at terminals call it: real processes, and a real pseudo-terminal."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cast import Caller

SEARCH = "https://www.linkedin.com/search/results/people/?keywords="
SECONDS = 60  # for whatever must happen at all


@dataclass(frozen=True)
class Cli:
    """The command, in an environment of its own."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(*arguments),
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def fed(self, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command with `text` on its standard input."""
        return subprocess.run(
            self.line(*arguments),
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "goldpan.cli", *arguments]

    def json(self, *arguments: str, **more: str) -> Any:
        """Return the one document that a command that goes well prints."""
        done = self(*arguments, "--json", **more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def create_key(self, account_id: str, *options: str) -> str:
        permissions = ["--permission", "prospecting:read", "--permission", "prospecting:write"]
        return str(self.json("keys", "create", "--account", account_id, *permissions, *options)["key"])


@dataclass(frozen=True)
class Acme:
    """An account group on a machine whose server runs, and its keys."""

    cli: Cli
    account_id: str
    live_key: str
    test_key: str

    def start(self, keywords: str, *options: str) -> str:
        """Start a sandbox job and return its id."""
        done = self.cli("jobs", "start", "--search-url", SEARCH + keywords, *options, GOLDPAN_API_KEY=self.test_key)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def make_cli(data: Path, **more: str) -> Cli:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GOLDPAN_")}
    own = {"GOLDPAN_DATA": str(data), "XDG_CONFIG_HOME": str(data.with_name(f"{data.name}-config"))}
    return Cli(inherited | own | more)


def shell_of(caller: Caller, folder: Path, **more: str) -> Cli:
    """Return the command of somebody whose key is in the environment, on a machine without a database."""
    url = f"http://127.0.0.1:{caller.service.port}"
    return make_cli(folder / "none", **({"GOLDPAN_URL": url, "GOLDPAN_API_KEY": caller.key} | more))


@dataclass(frozen=True)
class Screen:
    """What a terminal was sent, and how the command ended."""

    exit_code: int
    text: str


def at_terminal(cli: Cli, *arguments: str, typed: Mapping[str, str] | None = None, **more: str) -> Screen:
    """Run the command at a terminal of its own; of `typed` each text is typed once its key has appeared."""
    ours, theirs = os.openpty()
    environment = cli.environment | {"TERM": "xterm-256color", "COLUMNS": "150"} | more
    process = subprocess.Popen(cli.line(*arguments), env=environment, preexec_fn=lambda: os.login_tty(theirs))
    os.close(theirs)
    text, to_type = "", dict(typed or {})
    deadline = time.monotonic() + SECONDS
    try:
        while time.monotonic() < deadline and (piece := _read(ours)):
            text += piece.decode(errors="replace")
            for sign in [sign for sign in to_type if sign in text]:
                os.write(ours, to_type.pop(sign).encode())
        return Screen(process.wait(max(1.0, deadline - time.monotonic())), text)
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        os.close(ours)


def _read(terminal: int) -> bytes:
    """Return what comes next; nothing where the terminal's other side is closed, or silent for long."""
    if not select.select([terminal], [], [], SECONDS)[0]:
        return b""
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody holds the other side any more
        return b""
