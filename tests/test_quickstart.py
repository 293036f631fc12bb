"""The quickstart of the docs, run as it stands there: from nothing to an exported audience."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PORT = "8470"
MOST_SECONDS = 120


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def quickstart_blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / "quickstart.md").read_text(), re.DOTALL | re.MULTILINE)


def test_the_quickstart_ends_with_an_exported_audience(tmp_path: Path) -> None:
    setup, *blocks = quickstart_blocks()
    port = free_port()  # another server may have the usual one
    script = "".join(blocks).replace(PORT, port).replace("goldpan serve", f"goldpan serve --port {port}")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GOLDPAN_")}

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )

    assert setup == "bin/setup\n"  # which was done before any test could run
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"dryRun":true' in done.stdout
    assert '"status":"completed"' in done.stdout
    exported = (tmp_path / "data" / "audience.csv").read_text(encoding="utf-8-sig").splitlines()
    assert exported[0].startswith("Email,First Name,Last Name")
    assert len(exported) > 20


def test_the_quickstart_names_the_usual_port_and_few_commands() -> None:
    text = "".join(quickstart_blocks())

    assert text.count(PORT) == 1
    assert len(quickstart_blocks()) <= 8
