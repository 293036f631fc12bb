"""The bare bulk insert: the rows that Goldpan stored, put into an empty copy of the same tables by the driver alone."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite_driver
import sqlalchemy as sa

from goldpan import assembly
from goldpan.storage.database import Database, Tx, driver_url
from tests import postgres_server

TWIN = f"goldpan_benchmark_twin_{os.getpid()}"
ROWS_A_TRANSACTION = 2_000  # as many as an import of people writes together

Rows = Sequence[Any]


class BareInsert:
    """Repeats on another database what a database's engine inserts into some tables, and counts the seconds of it.

    What one transaction inserted there is one transaction here: `executemany` of the driver, a row after the other also
    where Goldpan gave PostgreSQL all of them in one, and nothing around it. Tables that those refer to must be filled.
    """

    def __init__(self, source: Database, target: Database, tables: Sequence[str]) -> None:
        self.seconds = 0.0
        self.rows = 0
        self._tables = {f"INSERT INTO {table} ": table for table in tables}
        self._waiting: list[tuple[str, Rows]] = []
        self._connection = _driver_connection(target)
        sa.event.listen(source.engine, "before_cursor_execute", self._note)
        sa.event.listen(source.engine, "commit", self._repeat)

    def close(self) -> None:
        self._connection.close()

    def _note(self, _tx: Tx, _cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool) -> None:
        table = next((table for start, table in self._tables.items() if statement.startswith(start)), None)
        if table is None:
            return
        if "json_to_recordset(" in statement:
            common = {name: value for name, value in parameters.items() if name != "rows"}
            rows = [common | own for own in json.loads(parameters["rows"])]
            places = ", ".join(f"%({name})s" for name in rows[0])
            self._waiting.append((f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({places})", rows))
        else:
            self._waiting.append((statement, parameters if is_many else [parameters]))

    def _repeat(self, _tx: Tx) -> None:
        if not self._waiting:
            return
        started = time.perf_counter()
        cursor = self._connection.cursor()
        for statement, rows in self._waiting:
            cursor.executemany(statement, rows)
        self._connection.commit()
        self.seconds += time.perf_counter() - started
        self.rows += sum(len(rows) for _, rows in self._waiting)
        self._waiting.clear()


@contextmanager
def twin_of(source: Database, folder: Path, tables: Sequence[str]) -> Iterator[Database]:
    """Make an empty database of the same kind, on the same server or disk, and copy these tables into it."""
    with _empty_database(source, folder) as url:
        assembly.migrate(url)
        target = Database(url)
        try:
            copy_tables(source, target, tables)
            yield target
        finally:
            target.close()


@contextmanager
def _empty_database(source: Database, folder: Path) -> Iterator[str]:
    if source.dialect.is_sqlite:
        yield f"sqlite:///{folder / 'twin.db'}"
        return
    source_url = driver_url(source.url)
    with psycopg.connect(postgres_server.with_database(source_url, "postgres"), autocommit=True) as admin:
        postgres_server.create_database(admin, TWIN, "template0")
        try:
            yield postgres_server.with_database(source_url, TWIN)
        finally:
            postgres_server.drop_database(admin, TWIN)


def copy_tables(source: Database, target: Database, tables: Sequence[str]) -> float:
    """Copy all rows of the tables, so many a transaction; return the seconds that the inserts took."""
    seconds = 0.0
    with closing(_driver_connection(target)) as connection:
        for table in tables:
            with source.read() as tx:
                found = tx.exec_driver_sql(f"SELECT * FROM {table}")
                columns, rows = list(found.keys()), [tuple(row) for row in found]
            place = "?" if target.dialect.is_sqlite else "%s"
            places = ", ".join([place] * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
            started = time.perf_counter()
            for first in range(0, len(rows), ROWS_A_TRANSACTION):
                connection.cursor().executemany(statement, rows[first : first + ROWS_A_TRANSACTION])
                connection.commit()
            seconds += time.perf_counter() - started
    return seconds


def _driver_connection(database: Database) -> Any:
    """Return a connection set up as Goldpan's are: a commit survives a loss of power."""
    if not database.dialect.is_sqlite:
        return psycopg.connect(driver_url(database.url))
    connection = sqlite_driver.connect(database.url.database)
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {setting}")
    return connection
