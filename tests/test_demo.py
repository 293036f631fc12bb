"""`bin/demo` as a newcomer runs it: from a folder of another name, twice, ended by Ctrl-C."""

import json
import os
import re
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
END_SECONDS = 60.0

pytestmark = pytest.mark.skipif(
    not (CHECKOUT / ".venv" / "goldpan-setup").exists(), reason="bin/demo would make .venv anew under these very tests"
)


def run_demo(data: Path, port: int) -> tuple[int, str]:
    """Run the demo until it does nothing but serve, press Ctrl-C, and return (exit code, everything it printed)."""
    with subprocess.Popen(
        [str(CHECKOUT / "bin" / "demo"), "--port", str(port)],
        env=os.environ | {"GOLDPAN_DATA": data.name},
        cwd=data.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        printed = ""
        try:
            for line in process.stdout:
                printed += line
                if "keeps serving" in line:
                    os.killpg(process.pid, signal.SIGINT)
                    process.wait(END_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, printed


def job_ids(printed: str) -> set[str]:
    return set(re.findall(r'"jobId": "(\w+)"', printed))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_the_demo_fills_two_audiences_and_keeps_its_data(tmp_path: Path) -> None:
    data = tmp_path / "my data"

    first_exit, first = run_demo(data, free_port())
    made = (data / "demo.json").read_text()
    second_exit, second = run_demo(data, free_port())

    assert (first_exit, second_exit) == (0, 0), first + second
    assert "Traceback" not in first + second
    assert first.count('"status": "completed"') == 2
    assert json.loads(made)["liveKey"] in first
    assert (data / "demo.json").read_text() == made
    assert (data / "demo.json").stat().st_mode & 0o777 == 0o600
    assert second.count('"status": "completed"') == 2
    assert ", 0 added," in second
    assert job_ids(second) == job_ids(first)
    assert len(job_ids(first)) == 2


def test_a_busy_port_gives_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code, printed = run_demo(tmp_path / "data", listener.getsockname()[1])

    assert (code, len(printed.splitlines())) == (1, 1), printed
    assert not (tmp_path / "data").exists()


def test_the_demo_tells_its_options() -> None:
    done = subprocess.run([str(CHECKOUT / "bin" / "demo"), "--help"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "--port N" in done.stdout
