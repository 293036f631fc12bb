"""Which database the settings mean, and how it is opened and migrated."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect

from goldpan.settings import Settings
from goldpan.storage import database as storage
from goldpan.storage import sqlite_library
from goldpan.storage.database import Database


class CannotStart(Exception):
    """Something about this machine or its settings is in the way; the message is one line for the operator."""


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
        with data_directory_locked(Path(settings.data)):
            if not _is_migrated(url):
                migrate(url)
    database = Database(url)
    try:
        storage.check_schema(database)
    except storage.SchemaMismatch as mismatch:
        raise CannotStart(str(mismatch)) from mismatch
    return database


def stored_schema(settings: Settings) -> str | None:
    """Return the schema that the database stands at, as it is; None: it has none.

    Raises:
        CannotStart: the setting is no address of a database.
        Problem: SERVICE_UNAVAILABLE.
    """
    database = Database(database_url(settings))
    try:
        with database.read() as tx:
            return storage.stored_schema_version(tx)
    finally:
        database.close()


def is_served(settings: Settings) -> bool:
    """Return whether a server runs on the data directory of the embedded database."""
    try:
        with data_directory_locked(Path(settings.data), "serve.lock", wait=False):
            return False
    except CannotStart:
        return True


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
    if sqlite_library.has_wal_reset_bug(version):
        numbers = ".".join(map(str, version))
        raise CannotStart(f"SQLite {numbers} can corrupt a database in WAL mode: install 3.51.3 or newer")


@contextmanager
def data_directory_locked(folder: Path, name: str = "goldpan.lock", wait: bool = True) -> Iterator[None]:
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
