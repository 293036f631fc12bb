"""What every test may ask for: databases of both kinds, migrated, empty and its own.

One PostgreSQL serves a whole run: it starts when the first test asks for it, in whichever xdist worker that is, and
stops with the run. To use a server that runs already, put its postgresql:// URL into `GOLDPAN_TEST_POSTGRES`; its user
must be allowed to create databases.
"""

import fcntl
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests import postgres_server
from tests.cast import Caller, new_caller
from tests.service import Service, running

# Set by the process that began the run, inherited by its xdist workers.
RUN_DIRECTORY = "GOLDPAN_TEST_RUN_DIRECTORY"

# In this order, the longest first.
SLOW_FILES = [
    f"tests/test_{name}.py"
    for name in (
        *("survival", "simulation", "kills", "schemathesis", "gate", "console_browser", "client_following", "exports"),
        *("backups", "topology", "upgrades", "many_api_processes", "metrics", "restarted_database", "log_secrets"),
        *("console_pages_browser", "console_records_browser", "cli", "traces", "demo", "upstream_faults"),
    )
]

FAILURE_LETTERS = 3_000  # of a failure that are shown at once: its end says most

TIGHT_LIMITS = {"GOLDPAN_RATE_LIMIT": "5/minute", "GOLDPAN_UNAUTHENTICATED_RATE_LIMIT": "3/minute"}
SMALLEST_FILES = {"GOLDPAN_MAX_FILE_BYTES": "1000"}


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts the run in the background lets it ignore Ctrl-C, and with it all processes that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if _began_the_run(config):
        directory = Path(tempfile.mkdtemp(prefix="goldpan-test-", dir=_scratch_directory()))
        directory.chmod(0o755)
        (directory / "pid").write_text(str(os.getpid()))
        os.environ[RUN_DIRECTORY] = str(directory)
        config.pluginmanager.register(_FailuresAtOnce(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes: at the end nobody would have anything to do beside them."""
    places = {name: place for place, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


class _FailuresAtOnce:
    """Says at once what failed and why: of a run that is ended from outside nothing else would be known."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            terminal.write_line(f"\n{report.when} of {report.nodeid}: {report.longreprtext[-FAILURE_LETTERS:]}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if _began_the_run(config):
        directory = _run_directory()
        template = directory / "postgres_template"
        if template.exists() and "GOLDPAN_TEST_POSTGRES" in os.environ:
            with psycopg.connect(_server_url(), autocommit=True) as admin:
                postgres_server.drop_database(admin, template.read_text())
        postgres_server.stop(directory)
        shutil.rmtree(directory)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated empty database: a test that asks for it runs once on each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a migrated empty SQLite database."""
    path = tmp_path / "goldpan.db"
    shutil.copyfile(_once_a_run("sqlite_template", _make_sqlite_template), path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_admin: psycopg.Connection) -> Iterator[str]:
    """The URL of a migrated empty PostgreSQL database."""
    template = _once_a_run("postgres_template", lambda: _make_postgres_template(postgres_admin))
    with _postgres_database(postgres_admin, template) as url:
        yield url


@pytest.fixture
def bare_postgres_url(postgres_admin: psycopg.Connection) -> Iterator[str]:
    """The URL of a PostgreSQL database without a single table."""
    with _postgres_database(postgres_admin, "template0") as url:
        yield url


@pytest.fixture(scope="module")
def shared_postgres_url(postgres_admin: psycopg.Connection) -> Iterator[str]:
    """The URL of a PostgreSQL database without a single table, for all tests of one file."""
    with _postgres_database(postgres_admin, "template0") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_admin() -> Iterator[psycopg.Connection]:
    """A connection that may create databases and look at the server as a whole."""
    with psycopg.connect(_server_url(), autocommit=True) as connection:
        yield connection


# --- a running Goldpan, and the people who call it ---------------------------------------------------------------


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """The running Goldpans of this session by kind of database; `service` starts them."""
    with ExitStack() as stack:
        yield _Services(tmp_path_factory, stack)


class _Services(dict[str, Service]):
    """Starts a Goldpan when it is asked for first, so that a test of one kind does not wait for the other."""

    def __init__(self, tmp_path_factory: pytest.TempPathFactory, stack: ExitStack) -> None:
        self._tmp_path_factory = tmp_path_factory
        self._stack = stack

    def __missing__(self, kind: str) -> Service:
        url = ""
        if kind == "postgresql":
            admin = self._stack.enter_context(psycopg.connect(_server_url(), autocommit=True))
            url = self._stack.enter_context(_postgres_database(admin, "template0"))
        limits = TIGHT_LIMITS | SMALLEST_FILES if kind == "tight" else {}
        self[kind] = self._stack.enter_context(running(self._tmp_path_factory.mktemp(kind), url, **limits))
        return self[kind]


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, services: dict[str, Service]) -> Iterator[Service]:
    """A running Goldpan with high rate limits, once on each kind of database; other tests use it too."""
    service = services[request.param]
    with _log_shown(service):
        yield service


@pytest.fixture
def tight_service(services: dict[str, Service]) -> Iterator[Service]:
    """A running Goldpan that lets through `TIGHT_LIMITS` and no more."""
    with _log_shown(services["tight"]):
        yield services["tight"]


@pytest.fixture
def alice(service: Service) -> Caller:
    """The owner of an account group, with 1,000 credits, the plan starter and every permission."""
    return new_caller(service, "alice")


@pytest.fixture
def mallory(service: Service) -> Caller:
    """The owner of another account group: a stranger to alice."""
    return new_caller(service, "mallory")


@contextmanager
def _log_shown(service: Service) -> Iterator[None]:
    """Hand what the processes log to pytest, which shows it where the test fails; a crash fails every test."""
    service.check_alive()
    begin = service.log.stat().st_size
    yield
    with service.log.open("rb") as log:
        log.seek(begin)
        text = log.read().decode(errors="replace")
    sys.stdout.write(text)
    assert '"event":"crash"' not in text
    assert '"event":"job_crashed"' not in text
    service.check_alive()


@contextmanager
def _postgres_database(admin: psycopg.Connection, template: str) -> Iterator[str]:
    name = f"goldpan_test_{secrets.token_hex(8)}"
    postgres_server.create_database(admin, name, template)
    yield postgres_server.with_database(_server_url(), name)
    postgres_server.drop_database(admin, name)


def _make_postgres_template(admin: psycopg.Connection) -> str:
    name = f"goldpan_test_template_{secrets.token_hex(8)}"
    postgres_server.create_database(admin, name, "template0")
    _migrate(postgres_server.with_database(_server_url(), name))
    return name


def _make_sqlite_template() -> str:
    path = _run_directory() / "template.db"
    _migrate(f"sqlite:///{path}")
    if path.with_name("template.db-wal").exists():
        raise RuntimeError("migrate() left a connection open, so a copy of the file would miss what is in its WAL")
    return str(path)


def _migrate(url: str) -> None:
    from goldpan.storage.database import migrate  # most tests of rules need neither this nor its 0.2 s

    migrate(url)


def _server_url() -> str:
    return os.environ.get("GOLDPAN_TEST_POSTGRES") or _once_a_run("postgres_url", _start_postgres)


def _start_postgres() -> str:
    directory = _run_directory()
    return postgres_server.start(directory, owner_pid=int((directory / "pid").read_text()))


def _once_a_run(name: str, make: Callable[[], str]) -> str:
    """Return what `make` returned to the first process of this run that asked for `name`."""
    answer = _run_directory() / name
    with answer.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            answer.write_text(make())
        return answer.read_text()


def _scratch_directory() -> str:
    """Return a place whose path is short, which PostgreSQL's socket needs and TMPDIR need not be.

    In memory if there is room: cloning a database takes 10 ms there, and up to 300 ms on a slow disk.
    """
    memory = Path("/dev/shm")
    if memory.exists():
        status = os.statvfs(memory)
        if status.f_bavail * status.f_frsize > 2**30 and not status.f_flag & os.ST_NOEXEC:
            return str(memory)
    return "/tmp"


def _run_directory() -> Path:
    return Path(os.environ[RUN_DIRECTORY])


def _began_the_run(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput")  # what xdist gives to its workers
