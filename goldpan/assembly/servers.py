"""The processes that stay: the server of the API, and the worker."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET, socket
from typing import Any

from goldpan.assembly.database_access import CannotStart, data_directory_locked, database_url, migrate, open_database
from goldpan.assembly.parts import (
    api_process,
    build_site,
    build_toolbox,
    console_origins,
    rate_limits,
    read_quota_limits,
    shared_counter,
)
from goldpan.assembly.traces import check_traces, send_traces
from goldpan.json_log import configure_logs
from goldpan.operations.toolbox import Toolbox
from goldpan.settings import Settings, read_settings

EMBEDDED_EXECUTOR = "local"
# Together less than the ten seconds that whoever stops a process usually grants it.
DRAIN_SECONDS = 5  # for requests
STOP_SECONDS = 4.0  # for jobs, at most
SIGNAL_AGAIN_SECONDS = 1.0


def serve(settings: Settings, host: str, port: int, workers: int, tell: Callable[[str], None] | None = None) -> None:
    """Serve the API and the console until a signal ends it; on the embedded database the jobs run in this process too.

    `tell` says a line to whoever sits before the terminal; None: nobody does.

    Raises:
        CannotStart: the port is busy, or the settings do not fit together.
    """
    os.umask(0o077)
    exit_at_sigterm()
    try:
        _serve(settings, host, port, workers, tell)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends already


def exit_at_sigterm() -> None:
    """Let SIGTERM rise as SystemExit: uvicorn drains and then raises it again, before the jobs are stopped.

    What rises within a callback of the interpreter, as at the end of an import, is lost: so the signal comes again.
    """

    def end(_number: int, _frame: object) -> None:
        again = threading.Timer(SIGNAL_AGAIN_SECONDS, os.kill, [os.getpid(), signal.SIGTERM])
        again.daemon = True
        again.start()
        sys.exit()

    signal.signal(signal.SIGTERM, end)


def _serve(settings: Settings, host: str, port: int, workers: int, tell: Callable[[str], None] | None) -> None:
    listener = _listen(host, port)

    def welcome(toolbox: Toolbox) -> None:
        _welcome(toolbox, f"http://{'127.0.0.1' if host in ('', '0.0.0.0', '::') else host}:{port}", tell)

    if database_url(settings).startswith("sqlite"):
        if workers > 1:
            raise CannotStart("--workers above 1 needs PostgreSQL: set GOLDPAN_DATABASE_URL")
        with data_directory_locked(Path(settings.data), "serve.lock", wait=False):
            _serve_embedded(settings, listener, welcome)
    else:
        _serve_api(settings, listener, workers, welcome)


def _serve_embedded(settings: Settings, listener: socket, welcome: Callable[[Toolbox], None]) -> None:
    import uvicorn

    from goldpan.assembly.metrics_server import PoolCollector, show_figures
    from goldpan.engine.engine_collector import EngineCollector
    from goldpan.engine.job_queue import JobQueue
    from goldpan.engine.job_worker import JobWorker

    quota_limits = read_quota_limits(settings)
    database = open_database(settings)
    migrate(database_url(settings))
    toolbox = build_toolbox(database, JobQueue(database), quota_limits)
    show_figures(settings, [PoolCollector(database), EngineCollector(toolbox)])
    send_traces(settings)
    app = build_site(settings, toolbox)
    worker = JobWorker(toolbox, EMBEDDED_EXECUTOR, configure_logs())
    worker.start()
    welcome(toolbox)
    try:
        with suppress(KeyboardInterrupt):  # uvicorn drains first and then raises it again
            uvicorn.Server(_uvicorn_config(app)).run(sockets=[listener])
    finally:
        _end_soon()
        worker.stop()


def _serve_api(settings: Settings, listener: socket, workers: int, welcome: Callable[[Toolbox], None]) -> None:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from goldpan.assembly.metrics_server import metrics_address

    toolbox = build_toolbox(open_database(settings))
    welcome(toolbox)
    toolbox.database.close()
    if workers == 1:
        with suppress(KeyboardInterrupt):
            uvicorn.Server(_uvicorn_config(api_process(processes=1))).run(sockets=[listener])
        return
    configure_logs()
    rate_limits(read_settings(os.environ))  # a process that cannot start would be started for ever
    shared_counter(read_settings(os.environ))
    read_quota_limits(read_settings(os.environ))
    metrics_address(read_settings(os.environ))
    check_traces(read_settings(os.environ))
    console_origins(read_settings(os.environ))
    Multiprocess(_uvicorn_config("goldpan.assembly.parts:api_process", workers), sockets=[listener]).run()


def _welcome(toolbox: Toolbox, url: str, tell: Callable[[str], None] | None) -> None:
    """Say how the first person gets into the console; a link is a secret, and stands in no log."""
    from goldpan.operations.console_access_operations import is_first_link_due, make_first_link

    if tell is not None:
        token = make_first_link(toolbox)
        tell(f"The console: {url}/" if token is None else f"Open the console: {url}/welcome/{token} (once, 15 minutes)")
    elif is_first_link_due(toolbox):
        configure_logs().info("console_has_no_user", next_step="goldpan console link")


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
    from goldpan.assembly.metrics_server import PoolCollector, show_figures
    from goldpan.engine.engine_collector import EngineCollector
    from goldpan.engine.job_queue import JobQueue
    from goldpan.engine.job_worker import JobWorker
    from goldpan.engine.worker_lease import WorkerLease

    quota_limits = read_quota_limits(settings)
    database = open_database(settings)
    logger = configure_logs()
    toolbox = build_toolbox(database, JobQueue(database), quota_limits)
    show_figures(settings, [PoolCollector(database), EngineCollector(toolbox)])
    send_traces(settings)
    lease = WorkerLease(database, os.urandom(8).hex(), logger)
    lease.take()  # before the work begins: whoever has pending jobs and no lease counts as dead
    worker = JobWorker(toolbox, lease.executor_id, logger)
    worker.start()
    logger.info("worker_started", executor=lease.executor_id)
    try:
        lease.keep_until_signal((signal.SIGTERM, signal.SIGINT))
    finally:
        _end_soon()
        worker.stop()
        lease.give_up()


def _end_soon() -> None:
    """End this process whatever in it still waits for the database: jobs lose nothing by it, they stand in there."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # another one must not break off the stopping of the jobs
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
