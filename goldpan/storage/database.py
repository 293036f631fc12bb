"""Connections, transactions and migrations, and the few differences between SQLite and PostgreSQL."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite_driver
import sqlalchemy as sa
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import Dialect as CoreDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from goldpan.contract.error_catalogue import Collision, ErrorKind, Problem

Tx = sa.Connection
"""A connection inside one transaction, which commits when the block that opened it ends well."""

SCHEMA_VERSION = "0006"
"""The migration that this code was written for: the newest file in `migrations/versions`."""

BUSY_SECONDS = 5.0  # how long a writer waits for another before the caller is told to come back
STATEMENT_SECONDS = 25.0  # what takes longer was never meant to: its connection and its locks go back to the others
FROZEN_SECONDS = 10.0  # how long a transaction may do nothing; less than a worker's lease
TRANSACTION_SECONDS = 30.0  # how long one may take, whatever it does; others go on within the 45 s that we promise
POOL_SIZE = 10

_AFTER_COMMIT = "goldpan_after_commit"


class SchemaMismatch(Exception):
    """The database was made by another version of Goldpan; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the two databases do differently."""

    name: str
    core: CoreDialect
    begin_writing: str | None  # the statement that takes the write lock, before anything is read

    @property
    def is_sqlite(self) -> bool:
        return self.name == "sqlite"


class _HintingCompiler(SQLiteCompiler):
    """Writes a statement's `with_hint(table, "INDEXED BY …", "sqlite")`, which SQLAlchemy leaves out for SQLite."""

    def get_from_hint_text(self, table: sa.FromClause, text: str | None) -> str | None:
        return text


class _HintingSqlite(SQLiteDialect_pysqlite):
    supports_statement_cache = True
    statement_compiler = _HintingCompiler


# Read-then-write in a deferred transaction fails at once when another writer came between; an immediate one waits.
SQLITE = Dialect("sqlite", _HintingSqlite(paramstyle="named"), begin_writing="BEGIN IMMEDIATE")
POSTGRESQL = Dialect("postgresql", PGDialect_psycopg(), begin_writing=None)  # type: ignore[no-untyped-call]


class HotQuery:
    """A read on the request's path: compiled once to the driver's own SQL, run in the event loop.

    Only a query that an index answers in microseconds may be one.
    """

    def __init__(self, statement: sa.Select[Any]) -> None:
        self.statement = statement

    def compile(self, dialect: Dialect) -> tuple[str, dict[str, object]]:
        """Return the driver's SQL, and the parameters that the statement brings itself."""
        compiled = self.statement.compile(dialect=dialect.core)
        own = {name: value for name, value in compiled.params.items() if value is not None}
        return str(compiled), own


class Database:
    """One database of Goldpan's: where it is, and the ways to read and write it."""

    def __init__(self, url: str) -> None:
        """`url` is `sqlite:///{path}` or `postgresql://…`; nothing is opened yet."""
        self.url = make_url(url)
        self.dialect = SQLITE if self.url.get_backend_name() == "sqlite" else POSTGRESQL
        self.engine = new_engine(self.url)
        self._hot_sql: dict[HotQuery, tuple[str, dict[str, object]]] = {}
        self._loop_connections = threading.local()
        self._writer = threading.Lock()
        self._pool: AsyncConnectionPool | None = None

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Open a transaction that may write: it holds SQLite's write lock from its first statement.

        Raises:
            Problem: SERVICE_UNAVAILABLE; nothing was changed, unless the connection broke during the commit itself:
                then nobody knows, and whoever tries again must find out.
            Collision: the same, but nothing was changed for sure, and the same may go well at once.
        """
        after: list[Callable[[], None]] = []
        with _explained(), self._turn_to_write(), self.engine.begin() as tx:
            if self.dialect.begin_writing:
                tx.exec_driver_sql(self.dialect.begin_writing)
            tx.execution_options(**{_AFTER_COMMIT: after})
            yield tx
        for act in after:
            act()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Open a transaction that only reads, for the rare reads: the frequent ones are `fetch`.

        Each statement sees what is committed when it begins: on SQLite too, where the driver opens no transaction for
        a SELECT. What must fit together is read by one statement.

        Raises:
            Problem: SERVICE_UNAVAILABLE.
        """
        with _explained(), self.engine.connect() as tx:
            yield tx

    async def fetch(self, query: HotQuery, **parameters: object) -> list[tuple[Any, ...]]:
        """Return all rows of a hot query.

        Raises:
            Problem: SERVICE_UNAVAILABLE.
        """
        if query not in self._hot_sql:
            self._hot_sql[query] = query.compile(self.dialect)
        sql, own_parameters = self._hot_sql[query]
        parameters |= own_parameters
        with _explained():
            if self.dialect.is_sqlite:
                # A read in WAL mode waits for nobody, and a hop to a thread would cost more than the query.
                rows: list[tuple[Any, ...]] = self._loop_connection().execute(sql, parameters).fetchall()
                return rows
            assert self._pool is not None, "fetch needs `opened` on PostgreSQL"
            # Not by the pool's context manager: it would end a transaction, and there is none.
            connection = await self._pool.getconn(timeout=BUSY_SECONDS)
            try:
                cursor = await connection.execute(sql, parameters)
                return await cursor.fetchall()
            finally:
                await self._pool.putconn(connection)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Database"]:
        """Keep the connections that `fetch` needs for the length of the block; a server that is away may come later."""
        if self.dialect.is_sqlite:
            yield self
            return
        async with AsyncConnectionPool(
            driver_url(self.url),
            min_size=2,
            max_size=POOL_SIZE,
            # Its attempts come at ever longer intervals: one that gave up is followed by the next request's, at once.
            reconnect_timeout=BUSY_SECONDS,
            configure=_set_up_for_hot_queries,
            # Every hot query is one statement: a transaction around it would be two more round trips.
            kwargs={"autocommit": True, "prepare_threshold": 1},
        ) as self._pool:
            yield self

    def connection_counts(self) -> dict[tuple[str, str], int]:
        """Return how many connections of each pool, by (pool, state), are in use, and how many it keeps at the most."""
        pool = self.engine.pool
        assert isinstance(pool, sa.QueuePool)
        counts = {("threads", "in_use"): pool.checkedout(), ("threads", "size"): pool.size()}
        if self._pool is not None:
            loop = self._pool.get_stats()
            counts["loop", "in_use"] = loop.get("pool_size", 0) - loop.get("pool_available", 0)
            counts["loop", "size"] = loop["pool_max"]
        return counts

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Let this process's writers to SQLite queue up here: the file's own lock makes them poll, and some starve."""
        if not self.dialect.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise TimeoutError("no turn to write")
        try:
            yield
        finally:
            self._writer.release()

    def _loop_connection(self) -> Any:
        connection = getattr(self._loop_connections, "connection", None)
        if connection is None:
            connection = sqlite_driver.connect(self.url.database, isolation_level=None, cached_statements=256)
            connection.execute("PRAGMA query_only = ON")
            self._loop_connections.connection = connection
        return connection


def after_commit(tx: Tx, act: Callable[[], None]) -> None:
    """Let `act`, which cannot fail, happen if the transaction that `Database.write` opened commits; not before."""
    after: list[Callable[[], None]] = tx.get_execution_options().get(_AFTER_COMMIT, [])
    after.append(act)


def new_engine(url: URL, *, may_take_long: bool = False) -> sa.Engine:
    """Return a pool of connections, set up so that a commit survives a loss of power; migrations may take long."""
    pool: dict[str, Any] = {"pool_size": POOL_SIZE, "pool_timeout": BUSY_SECONDS, "hide_parameters": True}
    if url.get_backend_name() != "sqlite":
        engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, **pool)
        sa.event.listen(engine, "connect", _set_up_postgresql)
        if may_take_long:
            sa.event.listen(engine, "connect", _let_it_take_long)
        return engine
    engine = sa.create_engine(url, module=sqlite_driver, **pool)
    sa.event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_postgresql(connection: psycopg.Connection, _record: object) -> None:
    connection.autocommit = True
    connection.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    connection.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
    # A process that freezes within a transaction would lock its account group for ever, whoever took over its jobs.
    connection.execute(f"SET idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'")
    if connection.info.server_version >= 17_00_00:
        # Frozen halfway through sending a large statement it is not idle, and no statement runs yet.
        connection.execute(f"SET transaction_timeout = '{TRANSACTION_SECONDS}s'")
    connection.autocommit = False


# By name: PostgreSQL 16 has none for a whole transaction.
_LIFT = "SELECT set_config(name, '0', %s) FROM pg_settings WHERE name IN ('statement_timeout', 'transaction_timeout')"


def _let_it_take_long(connection: psycopg.Connection, _record: object) -> None:
    connection.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0")
    connection.execute(_LIFT, (False,))
    connection.commit()


def let_it_take_long(tx: Tx) -> None:
    """Lift the limits on time from this transaction, but for waiting for a lock: an index takes its minutes."""
    if tx.dialect.name != "sqlite":
        tx.exec_driver_sql(_LIFT, (True,))


async def _set_up_for_hot_queries(connection: psycopg.AsyncConnection) -> None:
    """A read that an index answers in microseconds, and that takes seconds, waits for a lock: it must not hold all."""
    await connection.execute(f"SET statement_timeout = '{BUSY_SECONDS}s'")


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"  # for the engine's statements, which do not say it themselves
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What is deleted here is often a person's data: its bytes must not stay behind in the file.
    connection.execute("PRAGMA secure_delete = ON")


def driver_url(url: URL) -> str:
    """Return the URL as psycopg itself reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


_DRIVER_ERRORS = (DBAPIError, psycopg.Error, sqlite_driver.Error, TimeoutError, PoolTimeout)

_PASSING = (
    psycopg.OperationalError,
    psycopg.errors.IdleInTransactionSessionTimeout,  # this process stood still within a transaction
    psycopg.errors.TransactionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,  # the server is a replica, and may be the primary in a moment
    TimeoutError,
    PoolTimeout,
)
# A statement that asks for too much will do so again: only the reads of requests that took too long are asked anew.
_TOO_MUCH = (psycopg.errors.QueryCanceled, psycopg.errors.ProgramLimitExceeded, psycopg.errors.StatementTooComplex)
_COLLISIONS = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_PASSING_IN_SQLITE = ("locked", "full", "disk I/O", "readonly", "unable to open")


@contextmanager
def _explained() -> Iterator[None]:
    """Turn a database that is locked, full or away into a refusal that says so; our own mistakes rise as they are."""
    try:
        yield
    except _DRIVER_ERRORS as error:
        if not is_passing(error):
            raise
        if isinstance(error, DBAPIError) and isinstance(error.orig, _COLLISIONS):
            details = "another change came in between: try again"
            raise Collision(ErrorKind.SERVICE_UNAVAILABLE, details, headers={"Retry-After": "1"}) from error
        details = "the database cannot be written or reached now: try again, a start with the same Idempotency-Key"
        raise Problem(ErrorKind.SERVICE_UNAVAILABLE, details, headers={"Retry-After": "5"}) from error


def is_passing(error: BaseException | None) -> bool:
    """Return whether what a database refused may work later, without a change of ours."""
    if isinstance(error, DBAPIError):
        return not isinstance(error.orig, _TOO_MUCH) and (error.connection_invalidated or is_passing(error.orig))
    if isinstance(error, sqlite_driver.OperationalError):
        return any(sign in str(error) for sign in _PASSING_IN_SQLITE)
    return isinstance(error, _PASSING)


def sqlite_version() -> tuple[int, ...]:
    return tuple(int(part) for part in sqlite_driver.sqlite_version.split("."))


def stored_schema_version(tx: Tx) -> str | None:
    """Return the migration that the database stands at; None: it is empty."""
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    version: str | None = tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return version


_STORED_VERSION = HotQuery(sa.select(sa.column("version_num", sa.String)).select_from(sa.table("alembic_version")))


def check_schema(database: Database) -> None:
    """Make sure that the database is the one this code was written for.

    Raises:
        SchemaMismatch: it is older, newer or empty.
    """
    with database.read() as tx:
        version = stored_schema_version(tx)
    _check_version(version)


async def check_schema_now(database: Database) -> None:
    """Make sure on the request's path, where nobody waits for a writer, that this process can work with the database.

    A newer schema is no reason to stop: migrations let the processes of the version before go on until they are
    replaced. It only keeps this version from being started.

    Raises:
        SchemaMismatch: it is older or empty, or the database cannot say.
        Problem: SERVICE_UNAVAILABLE.
    """
    try:
        rows = await database.fetch(_STORED_VERSION)
    except _DRIVER_ERRORS as error:
        raise SchemaMismatch("the database cannot say its schema: run `goldpan doctor`") from error
    _check_version(rows[0][0] if rows else None, may_be_newer=True)


def _check_version(version: str | None, *, may_be_newer: bool = False) -> None:
    if version is None or version < SCHEMA_VERSION:
        raise SchemaMismatch(f"the database is at schema {version or 'none'}: run `goldpan migrate`")
    if version > SCHEMA_VERSION and not may_be_newer:
        raise SchemaMismatch(f"the database is at schema {version}, made by a newer Goldpan: upgrade this one")


def migrate(url: str) -> None:
    """Bring the database at `url` to this version's schema; does nothing when it is there already.

    Raises:
        SchemaMismatch: the database is newer than this code.
    """
    database = Database(url)
    try:
        with database.read() as tx:
            version = stored_schema_version(tx)
        if version == SCHEMA_VERSION:
            return
        if version is not None and version > SCHEMA_VERSION:
            check_schema(database)
        _run_migrations(database)
    finally:
        database.close()


def _run_migrations(database: Database) -> None:
    # Alembic takes longer to import than the rest of a command takes to run: only where it is needed.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.write() as tx:
        let_it_take_long(tx)
        config.attributes["connection"] = tx
        command.upgrade(config, "head")
