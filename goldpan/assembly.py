"""Puts the parts together; the only file that knows every room, the clock and where ids come from."""

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET, socket
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from goldpan.domain.directory_rules import IndexQuery
from goldpan.domain.provider_port import Person
from goldpan.json_log import configure_logs
from goldpan.operations.toolbox import Toolbox
from goldpan.providers.directory import Directory
from goldpan.providers.sandbox import Sandbox
from goldpan.settings import Settings, read_settings
from goldpan.storage import database as storage
from goldpan.storage import people_table
from goldpan.storage.database import Database

# What only a server needs is imported where a server is built: a command must start in a moment.
if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from goldpan.api.rate_limits import RateLimit
    from goldpan.engine.job_queue import JobQueue

EMBEDDED_EXECUTOR = "local"
# Together less than the ten seconds that whoever stops a process usually grants it.
DRAIN_SECONDS = 5  # for requests
STOP_SECONDS = 4.0  # for jobs, at most


class CannotStart(Exception):
    """Something about this machine or its settings is in the way; the message is one line for the operator."""


# --- the clock and ids --------------------------------------------------------------------------------------------


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def id_maker() -> Callable[[], str]:
    """Return a function that makes ObjectIds: 4 bytes of time, 5 of this process, 3 that count."""
    process = os.urandom(5).hex()
    numbers = count(int.from_bytes(os.urandom(3)))

    def new_id() -> str:
        return f"{int(time.time()):08x}{process}{next(numbers) & 0xFFFFFF:06x}"

    return new_id


def new_trace_id() -> str:
    return os.urandom(16).hex()


# --- the database -------------------------------------------------------------------------------------------------


def database_url(settings: Settings) -> str:
    """Return where the database is.

    Raises:
        CannotStart: the setting names another kind than PostgreSQL; its value may hold a password, so nothing shows it.
    """
    if not settings.database_url:
        return f"sqlite:///{Path(settings.data).absolute() / 'goldpan.db'}"
    if not settings.database_url.startswith(("postgresql://", "postgres://")):
        raise CannotStart(
            "GOLDPAN_DATABASE_URL must look like postgresql://user:password@host/name;"
            " for SQLite leave it out and set GOLDPAN_DATA"
        )
    return settings.database_url


def open_database(settings: Settings) -> Database:
    """Return the database of these settings, at this version's schema.

    The embedded one is created and migrated here; PostgreSQL only by `goldpan migrate`.

    Raises:
        CannotStart: it cannot be used as it is.
    """
    url = database_url(settings)
    if url.startswith("sqlite"):
        _refuse_sqlite_with_the_wal_bug()
        with _data_directory_locked(Path(settings.data)):
            if not _is_migrated(url):
                migrate(url)
    database = Database(url)
    try:
        storage.check_schema(database)
    except storage.SchemaMismatch as mismatch:
        raise CannotStart(str(mismatch)) from mismatch
    return database


def migrate(url: str) -> None:
    """Bring the database at `url` to this version's schema, ours and the engine's."""
    from goldpan.engine import job_queue

    try:
        storage.migrate(url)
    except storage.SchemaMismatch as mismatch:
        raise CannotStart(str(mismatch)) from mismatch
    database = Database(url)
    try:
        job_queue.migrate(database)
    finally:
        database.close()


def _is_migrated(url: str) -> bool:
    """The engine's tables may be older than the engine: whoever starts it migrates them anyway."""
    database = Database(url)
    try:
        with database.read() as tx:
            is_ours = storage.stored_schema_version(tx) == storage.SCHEMA_VERSION
            return is_ours and inspect(tx).has_table("dbos_migrations")
    finally:
        database.close()


def _refuse_sqlite_with_the_wal_bug() -> None:
    version = storage.sqlite_version()
    if storage.has_wal_reset_bug(version):
        numbers = ".".join(map(str, version))
        raise CannotStart(f"SQLite {numbers} can corrupt a database in WAL mode: install 3.51.3 or newer")


@contextmanager
def _data_directory_locked(folder: Path, name: str = "goldpan.lock", wait: bool = True) -> Iterator[None]:
    """Create the data directory if need be, and let nobody else in while the block runs."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStart(f"the data directory {folder} cannot be used: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(f"another goldpan serves the data directory {folder.absolute()} already") from error
        yield
    finally:
        os.close(descriptor)


# --- the parts ----------------------------------------------------------------------------------------------------


class StoredPeople:
    """The index of the directory provider, which knows no SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, account_group_id: str, query: IndexQuery) -> int:
        with self._database.read() as tx:
            return people_table.count_people(tx, account_group_id, query)

    def search(self, account_group_id: str, query: IndexQuery, after_id: int, limit: int) -> list[tuple[int, Person]]:
        with self._database.read() as tx:
            return people_table.search_people(tx, account_group_id, query, after_id, limit)

    def find(self, account_group_id: str, identity_keys: Sequence[str]) -> dict[str, Person]:
        with self._database.read() as tx:
            return people_table.find_people(tx, account_group_id, identity_keys)


def build_toolbox(database: Database, queue: "JobQueue | None" = None) -> Toolbox:
    """Return what every verb needs; without `queue` it starts and cancels no jobs."""

    def no_queue(*_arguments: object) -> None:
        raise AssertionError("this process has no queue of jobs")

    return Toolbox(
        database=database,
        live_provider=Directory(StoredPeople(database)),
        sandbox_provider=Sandbox(),
        now_ms=now_ms,
        new_id=id_maker(),
        enqueue_job=queue.enqueue if queue else no_queue,
        cancel_workflow=queue.cancel if queue else no_queue,
    )


def build_api(settings: Settings, toolbox: Toolbox) -> "ASGIApp":
    from goldpan.api.gate import GateParts
    from goldpan.api.http_app import build_app

    logger = configure_logs()
    key_limit, failed_key_limit = rate_limits(settings)
    return build_app(
        GateParts(
            toolbox=toolbox,
            key_limit=key_limit,
            failed_key_limit=failed_key_limit,
            new_trace_id=new_trace_id,
            now_seconds=time.perf_counter,
            log=logger.info,
            log_crash=logger.exception,
        )
    )


def rate_limits(settings: Settings) -> "tuple[RateLimit, RateLimit]":
    """Return the limit of a key and the limit of an address that sends no valid one.

    Raises:
        CannotStart: one of the settings is no rate.
    """
    return (
        rate_limit("key", "GOLDPAN_RATE_LIMIT", settings.rate_limit),
        rate_limit("address", "GOLDPAN_UNAUTHENTICATED_RATE_LIMIT", settings.unauthenticated_rate_limit),
    )


def rate_limit(name: str, setting: str, rate: str) -> "RateLimit":
    """Return the limit of that name, which a setting says.

    Raises:
        CannotStart: it is no rate.
    """
    from goldpan.api.rate_limits import RateLimit

    try:
        return RateLimit(name, rate, time.time)
    except ValueError as error:
        raise CannotStart(f"{setting} must look like 600/minute, one rate above zero") from error


def api_process() -> "ASGIApp":
    """Return the application of one of several API processes, which read their settings themselves."""
    settings = read_settings(os.environ)
    database = open_database(settings)
    from goldpan.engine.job_queue import JobQueue

    return build_api(settings, build_toolbox(database, JobQueue(database)))


# --- processes that stay ------------------------------------------------------------------------------------------


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve the API until a signal ends it; on the embedded database the jobs run in this process too.

    Raises:
        CannotStart: the port is busy, or the settings do not fit together.
    """
    os.umask(0o077)
    # uvicorn drains at SIGTERM and then raises it again, which would end the process before its jobs are stopped.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit())
    listener = _listen(host, port)
    if database_url(settings).startswith("sqlite"):
        if workers > 1:
            raise CannotStart("--workers above 1 needs PostgreSQL: set GOLDPAN_DATABASE_URL")
        with _data_directory_locked(Path(settings.data), "serve.lock", wait=False):
            _serve_embedded(settings, listener)
    else:
        _serve_api(listener, workers)


def _serve_embedded(settings: Settings, listener: socket) -> None:
    import uvicorn

    from goldpan.engine.job_queue import JobQueue
    from goldpan.engine.job_worker import JobWorker

    database = open_database(settings)
    migrate(database_url(settings))
    toolbox = build_toolbox(database, JobQueue(database))
    app = build_api(settings, toolbox)
    worker = JobWorker(toolbox, EMBEDDED_EXECUTOR, configure_logs())
    worker.start()
    try:
        with suppress(KeyboardInterrupt):  # uvicorn drains first and then raises it again
            uvicorn.Server(_uvicorn_config(app)).run(sockets=[listener])
    finally:
        _end_soon()
        worker.stop()


def _serve_api(listener: socket, workers: int) -> None:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    if workers == 1:
        with suppress(KeyboardInterrupt):
            uvicorn.Server(_uvicorn_config(api_process())).run(sockets=[listener])
        return
    configure_logs()
    rate_limits(read_settings(os.environ))  # a process that cannot start would be started for ever
    open_database(read_settings(os.environ)).close()
    Multiprocess(_uvicorn_config("goldpan.assembly:api_process", workers), sockets=[listener]).run()


def _uvicorn_config(app: Any, workers: int = 1) -> Any:
    import uvicorn

    from goldpan.api.http_protocol import BoundedHttpProtocol

    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        loop="uvloop",
        http=BoundedHttpProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def run_worker(settings: Settings) -> None:
    """Run jobs until a signal ends it.

    Raises:
        CannotStart: the database is the embedded one, whose server runs its jobs itself.
    """
    if database_url(settings).startswith("sqlite"):
        raise CannotStart(
            "`goldpan worker` needs PostgreSQL (GOLDPAN_DATABASE_URL): on SQLite `goldpan serve` runs the jobs"
        )
    from goldpan.engine.job_queue import JobQueue
    from goldpan.engine.job_worker import JobWorker
    from goldpan.engine.worker_lease import WorkerLease

    database = open_database(settings)
    logger = configure_logs()
    toolbox = build_toolbox(database, JobQueue(database))
    lease = WorkerLease(database, os.urandom(8).hex(), logger)
    lease.take()  # before the work begins: whoever has pending jobs and no lease counts as dead
    worker = JobWorker(toolbox, lease.executor_id, logger)
    worker.start()
    try:
        lease.keep_until_signal((signal.SIGTERM, signal.SIGINT))
    finally:
        _end_soon()
        worker.stop()
        lease.give_up()


def _end_soon() -> None:
    """End this process whatever in it still waits for the database: jobs lose nothing by it, they stand in there."""
    timer = threading.Timer(STOP_SECONDS, os._exit, [0])
    timer.daemon = True
    timer.start()


def _listen(host: str, port: int) -> socket:
    """Return a socket that listens there."""
    listener = socket(AF_INET6 if ":" in host else AF_INET)
    listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CannotStart(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from error
    return listener


def administrative_toolbox(settings: Settings) -> Toolbox:
    """Return what the operator's commands need: the database, whether a server runs on it or not."""
    os.umask(0o077)
    return build_toolbox(open_database(settings))
