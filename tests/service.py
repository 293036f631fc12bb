"""A real Goldpan for tests: its processes on a free loopback port, and requests sent to it byte by byte."""

import ctypes
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from goldpan import assembly
from goldpan.operations.toolbox import Toolbox
from goldpan.settings import read_settings
from tests.conformance import Sight, check_conformance

PATIENCE_SECONDS = 60.0  # for whatever must happen at all; a test that is about speed says its own bound
HUGE_RATE = "1000000/minute"

Json = Any
Headers = Iterable[tuple[str, str]] | Mapping[str, str]
Found = TypeVar("Found")

# What a crash must never show, in any answer.
_SIGNS_OF_A_TRACEBACK = (b"Traceback", b'File "', b"goldpan/", b"site-packages", b"psycopg", b"sqlite", b"SELECT ")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, as it came."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Json:
        return json.loads(self.body)

    @property
    def sight(self) -> Sight:
        headers = {name.lower(): value for name, value in self.headers.items()}
        is_json = headers.get("content-type") == "application/json" and self.body != b""
        return Sight(self.status, headers, self.body, self.json if is_json else None)

    @property
    def data(self) -> Json:
        """The `data` of a success; a refusal fails the test and shows itself."""
        assert self.json["success"] is True, self.json
        return self.json["data"]

    @property
    def error(self) -> Json:
        """The `error` of a refusal."""
        assert self.json["success"] is False, self.json
        return self.json["error"]

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.error["code"]

    @property
    def details(self) -> str:
        text = self.error["details"]
        assert isinstance(text, str)
        return text


@dataclass
class Service:
    """A Goldpan that runs: where it listens, and the operator's access to its database."""

    port: int
    toolbox: Toolbox
    log: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.toolbox.database.dialect.name

    @property
    def temporary(self) -> Path:
        """The folder for temporary files of these processes alone."""
        return self.log.parent / "temporary"

    def call(
        self, method: str, target: str, headers: Headers = (), body: bytes | None = None, address: str = "127.0.0.1"
    ) -> Answer:
        """Send one request exactly so and return the answer; `address` is the loopback address it comes from."""
        return _checked(method, target, bare_call(self.port, method, target, headers, body, address))

    def send_raw(self, request: bytes, method: str = "GET") -> Answer:
        """Send bytes that no HTTP library would send."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            return _checked(*_first_line(request, method), _read(response))

    def check_alive(self) -> None:
        for process in self.processes:
            if process.poll() is not None:
                raise AssertionError(f"a process of Goldpan ended with {process.returncode}:\n{self.log.read_text()}")


def bare_call(
    port: int, method: str, target: str, headers: Headers = (), body: bytes | None = None, address: str = "127.0.0.1"
) -> Answer:
    """Send one request exactly so and return the answer, whatever it is; a `Host` among the headers is the only one."""
    given = list(headers.items() if isinstance(headers, Mapping) else headers)
    names = {name.lower() for name, _ in given}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS, source_address=(address, 0))
    try:
        connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in given:
            connection.putheader(name, value)
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return _read(connection.getresponse())
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse) -> Answer:
    return Answer(response.status, response.headers, response.read())


def _first_line(request: bytes, method: str) -> tuple[str, str]:
    """Return the method and the target of a request written by hand; `method` and "" when its first line has none."""
    parts = request.partition(b"\r\n")[0].decode("latin-1").split(" ")
    return (parts[0], parts[1]) if len(parts) == 3 else (method, "")


def _checked(method: str, target: str, answer: Answer) -> Answer:
    """What holds for every answer of any route at any time; a few documents for tools have no envelope."""
    is_export = answer.headers.get_content_type() == "application/x-ndjson"
    if answer.body.startswith(b"{") and not is_export and b'"openapi":' not in answer.body[:200]:
        assert not [sign for sign in _SIGNS_OF_A_TRACEBACK if sign in answer.body], answer
        check_envelope(answer)
    check_conformance(method, target, answer.sight)
    return answer


def check_envelope(answer: Answer) -> None:
    """Every member of the envelope, and none besides; health checks answer `status` alone."""
    document = answer.json
    if set(document) == {"status"}:
        return
    assert set(document) == {"success", "data", "error", "traceId"}, document
    assert answer.headers.get_all("X-Trace-Id") == [document["traceId"]]
    assert answer.headers.get_all("Content-Type") == ["application/json"]
    if answer.status < 400:
        assert document["success"] is True
        assert document["error"] is None
        return
    error = document["error"]
    assert document["success"] is False
    assert document["data"] is None
    assert set(error) - {"fields"} == {"code", "message", "details"}
    assert ("fields" in error) == (error["code"] == "VALIDATION_ERROR")
    assert error["details"] is None or "\n" not in error["details"]
    assert all(set(problem) == {"in", "name", "rule"} for problem in error.get("fields", ()))


def until(find: Callable[[], Found | None], seconds: float = PATIENCE_SECONDS) -> Found:
    """Return what `find` finds, asking again until it does."""
    deadline = time.monotonic() + seconds
    while True:
        found = find()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing after {seconds} s")
        time.sleep(0.01)


@contextmanager
def running(directory: Path, database_url: str = "", **settings: str) -> Iterator[Service]:
    """Run Goldpan as its users do: one process on SQLite in `directory`, a server and a worker on PostgreSQL."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GOLDPAN_")},
        "GOLDPAN_DATA": str(directory),
        "GOLDPAN_DATABASE_URL": database_url,
        "GOLDPAN_RATE_LIMIT": HUGE_RATE,
        "GOLDPAN_UNAUTHENTICATED_RATE_LIMIT": HUGE_RATE,
        "GOLDPAN_CONSOLE_ORIGINS": "https://goldpan.example.com",
        "TMPDIR": str(directory / "temporary"),
        **settings,
    }
    (directory / "temporary").mkdir(exist_ok=True)
    assembly.migrate(assembly.database_url(read_settings(environment)))
    toolbox = assembly.administrative_toolbox(read_settings(environment))
    service = Service(free_port(), toolbox, directory / "log")
    commands = [["serve", "--port", str(service.port)], *([["worker"]] if database_url else [])]
    try:
        for command in commands:
            service.processes.append(_start(command, environment, service.log))
        until(lambda: _is_ready(service))
        yield service
    finally:
        _stop(service.processes)
        toolbox.database.close()


def _start(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "goldpan.cli", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,
        )


def end_with_parent() -> None:
    """A test run killed with -9 ends nobody: the kernel does it."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_ready(service: Service) -> bool:
    service.check_alive()
    try:
        return service.call("GET", "/readyz").status == 200
    except ConnectionError:
        return False


def free_port() -> int:
    """Return a port below those that the kernel hands out: no connection of another test can take it meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
