"""Real processes of Goldpan that a test starts, kills and starts again, and the few calls that it makes to them."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx2
import psycopg
import pysqlite3.dbapi2 as sqlite_driver
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import make_url

from goldpan import assembly
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import SourceType, StartJob
from goldpan.domain.access_rules import Principal
from goldpan.domain.directory_rules import DirectoryRecord
from goldpan.domain.provider_port import Person
from goldpan.engine.job_queue import JobQueue
from goldpan.operations.account_operations import NewKey, create_account, create_key
from goldpan.operations.job_start_operations import start_job
from goldpan.settings import Settings, read_settings
from goldpan.storage import people_table
from goldpan.storage.index_document import index_record
from tests import postgres_server

# `TEST_PRELUDE` runs first, inside the process: that is where a test plants its faults.
_ENTRY = """
import os, sys
from goldpan import assembly
from goldpan.settings import read_settings
exec(os.environ.get("TEST_PRELUDE", ""))
settings = read_settings(os.environ)
if sys.argv[1] == "serve":
    assembly.serve(settings, "127.0.0.1", int(sys.argv[2]), int(os.environ.get("TEST_WORKERS", "1")))
else:
    assembly.run_worker(settings)
"""

BUSY_FACTOR = 5
PATIENCE_SECONDS = 90.0  # for whatever must happen at all; a test that is about speed says its own bound
ENDED = ("completed", "failed", "cancelled")
REPOSITORY = Path(__file__).parent.parent

Answer = TypeVar("Answer")


def bound(promised_seconds: float) -> float:
    """Return within which time something must happen: as promised, or later on a machine that has too much to do."""
    is_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    return promised_seconds * BUSY_FACTOR if is_busy else promised_seconds


def wait_until(question: Callable[[], Answer], seconds: float, what: str = "") -> Answer:
    """Return the first answer that is true.

    Raises:
        AssertionError: none came within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or question}; the last answer was {answer!r}")
        time.sleep(0.02)
    return answer


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used so far."""
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


class Process:
    """One running server or worker; its log is in the file `log`."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            command = [sys.executable, "-c", _ENTRY, *arguments]
            self._popen = subprocess.Popen(
                command, env=environment, cwd=REPOSITORY, stdout=output, stderr=output, preexec_fn=_end_with_parent
            )
        self.pid = self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while the process runs."""
        return self._popen.poll()

    def wait_for_exit(self, seconds: float) -> int:
        return self._popen.wait(seconds)

    def send(self, number: signal.Signals) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(number)

    def kill(self) -> None:
        """End it as a loss of power would, as far as the process can tell."""
        self.send(signal.SIGKILL)
        self._popen.wait(60)

    def stop(self, within_seconds: float = PATIENCE_SECONDS) -> float:
        """Ask it to end; return the seconds that it took."""
        began = time.monotonic()
        self.send(signal.SIGTERM)
        self._popen.wait(within_seconds)
        return time.monotonic() - began

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)


@dataclass(frozen=True)
class Keys:
    account_group_id: str
    live: str
    test: str


class Goldpan:
    """One installation: a database with an account group of alice's in it, and the processes that work on it."""

    def __init__(
        self,
        folder: Path,
        database_url: str = "",
        credits: int = 10_000,
        keys: Keys | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`database_url` empty: the embedded database in `folder`. `keys` are of an account group that is there."""
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GOLDPAN_")},
            "GOLDPAN_DATA": str(folder),
            "GOLDPAN_DATABASE_URL": database_url,
            "GOLDPAN_RATE_LIMIT": "1000000/minute",
            **(settings or {}),
        }
        self.processes: list[Process] = []
        self.keys = keys or self._open_account(credits)
        self._client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.close()
        for process in self.processes:
            process.send(signal.SIGCONT)
            process.kill()

    def beside(self, folder: Path, database_url: str = "") -> "Goldpan":
        """Return another installation, whose database is a copy of this one's."""
        return Goldpan(folder, database_url, keys=self.keys)

    @property
    def settings(self) -> Settings:
        return read_settings(self.environment)

    @property
    def url(self) -> str:
        return assembly.database_url(self.settings)

    def serve(self, prelude: str = "", is_awaited: bool = True) -> Process:
        """Start a server and return, if it is awaited, when it answers."""
        process = self._start(["serve", str(self.port)], prelude)
        if is_awaited:
            wait_until(lambda: self._is_ready(process), PATIENCE_SECONDS, "the server answers")
        return process

    def serve_on(self, port: int) -> Process:
        """Start one of several servers, which a load balancer on `self.port` stands in front of."""
        process = self._start(["serve", str(port)], "")

        def is_ready() -> bool:
            assert process.exit_code is None, process.log.read_text()
            with suppress(httpx2.TransportError):
                return httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
            return False

        wait_until(is_ready, PATIENCE_SECONDS, "the server answers")
        return process

    def work(self, prelude: str = "") -> Process:
        return self._start(["worker"], prelude)

    def log(self) -> str:
        return "".join(process.log.read_text() for process in self.processes)

    def import_people(self, names: list[str], title: str = "Miller") -> None:
        """Put people into alice's directory; their slugs are their names."""
        group, database = self.keys.account_group_id, assembly.open_database(self.settings)
        people = [DirectoryRecord(Person(public_identifier=name, name=name, title=title)) for name in names]
        indexed = [index_record(group, person, is_sqlite=database.dialect.is_sqlite) for person in people]
        with database.write() as tx:
            people_table.add_people(tx, group, indexed, 1)
        database.close()

    # --- calls --------------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, key: str | None = None, **options: Any) -> httpx2.Response:
        """Call a path below the account group's prospecting jobs."""
        url = f"/v1/accounts/{self.keys.account_group_id}/prospecting{path}"
        headers = {"Authorization": f"Bearer {key or self.keys.test}", **options.pop("headers", {})}
        return self._client.request(method, url, headers=headers, **options)

    def start(self, keywords: str, *, live: bool = False, **body: Any) -> str:
        """Start a search and return the job's id; `body` may hold any field of the request, and its `headers`."""
        headers = body.pop("headers", {})
        json = {"source": "linkedin_search", "searchUrl": search_url(keywords), **body}
        response = self.call("POST", "", self.keys.live if live else None, json=json, headers=headers)
        assert response.status_code == 202, response.text
        job_id: str = response.json()["data"]["jobId"]
        return job_id

    def start_without_server(self, keywords: str) -> str:
        """Start a live search with nobody there who could begin with it."""
        database = assembly.open_database(self.settings)
        toolbox = assembly.build_toolbox(database, JobQueue(database))
        group_id = self.keys.account_group_id
        caller = Principal("alice", False, frozenset(Permission), frozenset({group_id}))
        request = StartJob(source=SourceType.LINKEDIN_SEARCH, search_url=search_url(keywords))
        job = start_job(toolbox, caller, group_id, request, None)
        database.close()
        return job.id

    def job(self, job_id: str) -> dict[str, Any]:
        response = self.call("GET", f"/{job_id}")
        assert response.status_code == 200, response.text
        data: dict[str, Any] = response.json()["data"]
        return data

    def wait_for(self, job_id: str, seconds: float, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the job as soon as the condition is true of it."""

        def fitting() -> dict[str, Any]:
            job = self.job(job_id)
            return job if condition(job) else {}

        return wait_until(fitting, seconds, f"the condition on job {job_id}")

    def wait_for_end(self, job_ids: list[str], seconds: float = PATIENCE_SECONDS) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        return [
            self.wait_for(job_id, max(0.0, deadline - time.monotonic()), lambda job: job["status"] in ENDED)
            for job_id in job_ids
        ]

    # --- setting up ---------------------------------------------------------------------------------------------

    def _start(self, arguments: list[str], prelude: str) -> Process:
        log = self.folder / f"process-{len(self.processes)}.log"
        process = Process(arguments, {**self.environment, "TEST_PRELUDE": prelude}, log)
        self.processes.append(process)
        return process

    def _is_ready(self, process: Process) -> bool:
        assert process.exit_code is None, process.log.read_text()
        return self.answers()

    def answers(self) -> bool:
        """Return whether a server answers here, and has its database."""
        try:
            return self._client.get("/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def _open_account(self, credits: int) -> Keys:
        assembly.migrate(self.url)
        database = assembly.open_database(self.settings)
        toolbox = assembly.build_toolbox(database)
        group = create_account(toolbox, "Alice", "scale", credits)
        keys = [create_key(toolbox, NewKey([group.id], list(Permission), is_test=test))[1] for test in (False, True)]
        database.close()
        return Keys(group.id, *keys)


def search_url(keywords: str) -> str:
    return f"https://www.linkedin.com/search/results/people/?keywords={quote(keywords)}"


def _end_with_parent() -> None:
    """A test run killed with -9 ends nobody: the kernel does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def free_port() -> int:
    """Return a port that no outgoing connection can take between two starts of a server."""
    while True:
        port = random.randint(12_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def write_lock(url: str) -> Iterator[None]:
    """Hold SQLite's write lock for the length of the block, as another program might."""
    connection = sqlite_driver.connect(make_url(url).database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


@contextmanager
def database_away(url: str) -> Iterator[None]:
    """Cut every connection to a PostgreSQL database and let nobody in while the block runs."""
    name = make_url(url).database
    admin_url = postgres_server.with_database(url, "postgres")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        database = Identifier(name or "")
        admin.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(database))
        try:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            admin.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(database))
