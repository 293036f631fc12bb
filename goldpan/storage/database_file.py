"""The embedded database as one file: a copy that is whole though others write meanwhile, and the proof that it is."""

from pathlib import Path
from urllib.parse import quote

import pysqlite3.dbapi2 as sqlite_driver


class DamagedFile(Exception):
    """A file is no whole database of Goldpan's; the message says why."""


class CannotWriteCopy(Exception):
    """There is no room for a copy, or its disk fails; the message says which."""


def copy_database(database: Path, copy: Path) -> None:
    """Write to `copy`, which must not exist, what is committed at this moment; nobody has to wait meanwhile.

    It reads one snapshot, so it ends however much is written; and it leaves out what was deleted, bytes and all.

    Raises:
        CannotWriteCopy: what there is of the copy is the caller's to remove.
        DamagedFile: what is to be copied is.
    """
    source = sqlite_driver.connect(database, isolation_level=None)
    try:
        source.execute("VACUUM INTO ?", (str(copy),))
    except sqlite_driver.OperationalError as error:
        raise CannotWriteCopy(str(error)) from error
    except sqlite_driver.DatabaseError as error:
        raise DamagedFile(f"{database} is damaged, or no database: {error}") from error
    finally:
        source.close()


def read_whole_file(path: Path) -> str:
    """Make sure that a file, which nobody has open, is a whole database; return the schema that it stands at.

    Raises:
        DamagedFile: it is not.
    """
    # Immutable: a reader of another kind would leave files of its own beside it.
    file = sqlite_driver.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
    try:
        problems = [row[0] for row in file.execute("PRAGMA integrity_check").fetchmany(5)]
        if problems != ["ok"]:
            raise DamagedFile("its pages do not fit together")
        if file.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise DamagedFile("a row of it refers to a row that is not there")
        versions = file.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite_driver.DatabaseError as error:
        raise DamagedFile("it is no database of Goldpan's, or damaged") from error
    finally:
        file.close()
    if len(versions) != 1:
        raise DamagedFile("it does not say its schema")
    version: str = versions[0][0]
    return version
