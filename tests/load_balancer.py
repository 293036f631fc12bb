"""The load balancer of deploy/haproxy.cfg in front of servers of a test: other addresses, nothing else changed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).parent.parent / "deploy" / "haproxy.cfg"
PROGRAM = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")

# with CI=true these tests must run: then a missing haproxy fails them
needs_haproxy = pytest.mark.skipif(not PROGRAM and os.environ.get("CI") != "true", reason="haproxy is not installed")


def configuration(port: int, server_ports: list[int]) -> str:
    """Return the load balancer's configuration with these ports of the loopback address in it."""
    places = {"bind :8080": f"bind 127.0.0.1:{port}"}
    places |= {f"api-{number}:8470": f"127.0.0.1:{server}" for number, server in enumerate(server_ports, start=1)}
    text = CONFIGURATION.read_text()
    for name, place in places.items():
        assert text.count(name) == 1, name
        text = text.replace(name, place)
    return text


def check(file: Path) -> str:
    """Return what haproxy has to say about a configuration; empty: it is valid."""
    assert PROGRAM is not None, "haproxy is not installed"
    done = subprocess.run([PROGRAM, "-c", "-q", "-f", str(file)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr + (f"it ended with {done.returncode}" if done.returncode else "")


@contextmanager
def load_balancer(folder: Path, port: int, server_ports: list[int]) -> Iterator[None]:
    assert PROGRAM is not None, "haproxy is not installed"
    file = folder / "haproxy.cfg"
    file.write_text(configuration(port, server_ports))
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "-db", "-f", str(file)], stdout=log, stderr=log)
    try:
        yield
        assert process.poll() is None, (folder / "haproxy.log").read_text()
    finally:
        process.terminate()
        process.wait(10)
