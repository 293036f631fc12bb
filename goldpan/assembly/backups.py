"""Backup and restore of the embedded database, with a server running or not."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from goldpan.assembly.database_access import CannotStart, data_directory_locked, database_url, open_database
from goldpan.settings import Settings
from goldpan.storage.database import SCHEMA_VERSION
from goldpan.storage.database_file import CannotWriteCopy, DamagedFile, copy_database, read_whole_file

# What SQLite keeps beside a database: with another database of the same name it would be taken for its own.
_COMPANIONS = ("", "-wal", "-shm", "-journal")


def back_up(settings: Settings, target: Path) -> int:
    """Write the whole database to `target`, a new file, and return how many bytes it has.

    Raises:
        CannotStart: `target` is there already, there is no database or no room, or the copy is not whole.
    """
    source = _embedded_path(settings, "pg_dump")
    if not source.exists():
        raise CannotStart(f"there is no database in {source.parent} yet: nothing to back up")
    _refuse_existing(target)
    with _new_file(target) as partial:
        copy_database(source, partial)
        read_whole_file(partial)
        return partial.stat().st_size


def restore(settings: Settings, source: Path) -> Path:
    """Make `source`, which `back_up` wrote, the database of an empty data directory; return where it is.

    Nobody's claim outlives it: the server takes up all jobs anew when it starts.

    Raises:
        CannotStart: a server runs there, a database is there already, or `source` is none that this version reads.
    """
    target = _embedded_path(settings, "pg_restore")
    with data_directory_locked(target.parent, "serve.lock", wait=False), data_directory_locked(target.parent):
        for companion in _COMPANIONS:
            _refuse_existing(target.with_name(target.name + companion))
        with _new_file(target) as partial:
            shutil.copyfile(source, partial)
            version = read_whole_file(partial)
            if version > SCHEMA_VERSION:
                raise CannotStart(f"{source} is at schema {version}, made by a newer Goldpan: upgrade this one")
    open_database(settings).close()  # brings an older one to this version's schema
    return target


def _embedded_path(settings: Settings, tool: str) -> Path:
    url = database_url(settings)
    if not url.startswith("sqlite"):
        raise CannotStart(f"the database is PostgreSQL: use {tool}, see docs/operating.md")
    return Path(url.removeprefix("sqlite:///"))


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise CannotStart(f"{path} is there already, and nothing is overwritten: move it away or name another")


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """Hand out a path beside `target`; what the block writes there becomes `target` if it ends well, else nothing."""
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    try:
        yield partial
        os.chmod(partial, 0o600)
        _sync(partial)
        _publish(partial, target)
        _sync(target.parent)
    except CannotWriteCopy as error:
        raise CannotStart(f"{target} could not be written: {error}; nothing is left of it") from error
    except DamagedFile as error:
        raise CannotStart(f"there is no whole copy for {target}: {error}") from error
    except OSError as error:
        raise CannotStart(f"{error.filename or target}: {error.strerror}; nothing was changed") from error
    finally:
        for companion in _COMPANIONS:
            partial.with_name(partial.name + companion).unlink(missing_ok=True)


def _publish(partial: Path, target: Path) -> None:
    """Give the file its name, unless somebody else has taken it meanwhile."""
    try:
        os.link(partial, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP):
            raise
        _refuse_existing(target)  # a file system without second names
        partial.rename(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
