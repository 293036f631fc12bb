"""The bare bulk insert: the rows that Goldpan stored, put into an empty copy of the same tables by the driver alone."""

import json
import os
import pickle
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
    """Notes what a database's engine inserts into some tables, to repeat it on another database and count the seconds.

    What one transaction inserted there is one transaction here: `executemany` of the driver, a row after the other also
    where Goldpan gave PostgreSQL all of them in one, and nothing around it. Tables that those refer to must be filled.
    It is repeated at the end: another process of Goldpan would use that time to get ahead. What noting costs counts as
    Goldpan's time.
    """

    def __init__(self, source: Database, folder: Path, tables: Sequence[str]) -> None:
        self._tables = {f"INSERT INTO {table} ": table for table in tables}
        self._waiting: list[tuple[str, str, Any]] = []
        self._transactions = 0
        self._notes = folder / "inserts.pickle"
        sa.event.listen(source.engine, "before_cursor_execute", self._note)
        sa.event.listen(source.engine, "commit", self._end_transaction)
        sa.event.listen(source.engine, "rollback", lambda _tx: self._waiting.clear())

    def _note(self, _tx: Tx, _cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool) -> None:
        table = next((table for start, table in self._tables.items() if statement.startswith(start)), None)
        if table is not None:
            self._waiting.append((table, statement, parameters if is_many else [parameters]))

    def _end_transaction(self, _tx: Tx) -> None:
        if self._waiting:
            with self._notes.open("ab") as notes:
                pickle.dump(self._waiting, notes)
            self._transactions += 1
            self._waiting.clear()

    def repeat_on(self, target: Database) -> tuple[float, int]:
        """Insert everything that was noted; return the seconds that it took, and how many rows it was."""
        seconds, count = 0.0, 0
        with self._notes.open("rb") as notes, closing(_driver_connection(target)) as connection:
            for _ in range(self._transactions):
                inserts = [_row_by_row(*insert) for insert in pickle.load(notes)]
                started = time.perf_counter()
                for statement, rows in inserts:
                    connection.cursor().executemany(statement, rows)
                connection.commit()
                seconds += time.perf_counter() - started
                count += sum(len(rows) for _, rows in inserts)
        return seconds, count


def _row_by_row(table: str, statement: str, parameters: Any) -> tuple[str, Rows]:
    """Return an insert as one of a row at a time, and the rows."""
    if "json_to_recordset(" not in statement:
        return statement, parameters
    (many,) = parameters
    common = {name: value for name, value in many.items() if name != "rows"}
    rows = [common | own for own in json.loads(many["rows"])]
    places = ", ".join(f"%({name})s" for name in rows[0])
    return f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({places})", rows


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
                columns, rows = _without_empty_columns(list(found.keys()), [tuple(row) for row in found])
            place = "?" if target.dialect.is_sqlite else "%s"
            places = ", ".join([place] * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
            started = time.perf_counter()
            for first in range(0, len(rows), ROWS_A_TRANSACTION):
                connection.cursor().executemany(statement, rows[first : first + ROWS_A_TRANSACTION])
                connection.commit()
            seconds += time.perf_counter() - started
    return seconds


def _without_empty_columns(columns: list[str], rows: list[Rows]) -> tuple[list[str], list[Rows]]:
    """Leave out what is empty in every row, as Goldpan does."""
    used = [place for place in range(len(columns)) if any(row[place] is not None for row in rows)]
    return [columns[place] for place in used], [[row[place] for place in used] for row in rows]


def _driver_connection(database: Database) -> Any:
    """Return a connection set up as Goldpan's are: a commit survives a loss of power."""
    if not database.dialect.is_sqlite:
        connection: Any = psycopg.connect(driver_url(database.url))
        connection.execute("CHECKPOINT")  # of what Goldpan wrote before: it must not fall into what is measured
        connection.commit()
        return connection
    connection = sqlite_driver.connect(database.url.database)
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {setting}")
    return connection
