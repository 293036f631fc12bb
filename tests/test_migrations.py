"""Migrations: killed anywhere they begin anew, several at once are one, and the version before goes on meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from goldpan.contract.error_catalogue import Problem
from goldpan.engine import job_queue
from goldpan.storage import database as storage
from goldpan.storage.database import SCHEMA_VERSION, Database, let_it_take_long
from tests.invariants import assert_invariants


class Killed(BaseException):
    """The process is gone between two statements."""


def config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    return config


REVISIONS = [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()][::-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database without a single table."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('tmp_path') / 'goldpan.db'}"
    url: str = request.getfixturevalue("bare_postgres_url")
    return url


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    with closing(Database(empty_url)) as database:
        yield database


def upgrade(database: Database, revision: str) -> None:
    with database.write() as tx:
        alembic = config()
        alembic.attributes["connection"] = tx
        command.upgrade(alembic, revision)


def version(database: Database) -> str | None:
    with database.read() as tx:
        return storage.stored_schema_version(tx)


def columns(database: Database) -> dict[str, dict[str, Any]]:
    """Return the columns of every table of ours, by name."""
    inspector = sa.inspect(database.engine)
    tables = [name for name in inspector.get_table_names() if name in storage_tables()]
    return {table: {column["name"]: column for column in inspector.get_columns(table)} for table in tables}


def storage_tables() -> set[str]:
    from goldpan.storage.tables import METADATA

    return set(METADATA.tables)


def test_the_newest_migration_is_the_one_that_the_code_was_written_for() -> None:
    assert REVISIONS[-1] == SCHEMA_VERSION


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_migration_killed_at_any_statement_has_changed_nothing_and_begins_anew(
    database: Database, revision: str
) -> None:
    before = REVISIONS[REVISIONS.index(revision) - 1] if revision != REVISIONS[0] else None
    if before is not None:
        upgrade(database, before)
    statements = 0
    stride = 1 if database.dialect.is_sqlite else 7  # each kill costs PostgreSQL a tenth of a second
    kill_at = 1

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == kill_at:
            raise Killed

    sa.event.listen(database.engine, "before_cursor_execute", count)
    is_done = False
    while not is_done:
        statements = 0
        try:
            upgrade(database, revision)
            is_done = True
        except Killed:
            sa.event.remove(database.engine, "before_cursor_execute", count)
            assert version(database) == before, f"killed at statement {kill_at}"
            sa.event.listen(database.engine, "before_cursor_execute", count)
            kill_at += stride

    sa.event.remove(database.engine, "before_cursor_execute", count)
    assert version(database) == revision
    assert kill_at > 3


def test_the_engines_tables_may_take_as_long_as_they_need(
    bare_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goldpan.storage.database.STATEMENT_SECONDS", 0.001)
    database = Database(bare_postgres_url)

    job_queue.migrate(database)

    database.close()
    with closing(psycopg.connect(bare_postgres_url)) as connection:
        assert connection.execute("SELECT count(*) FROM dbos.workflow_status").fetchone() == (0,)


def test_a_migration_may_take_longer_than_any_other_transaction(
    bare_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goldpan.storage.database.STATEMENT_SECONDS", 0.2)
    monkeypatch.setattr("goldpan.storage.database.TRANSACTION_SECONDS", 0.3)

    def take(database: Database, *, is_migration: bool) -> None:
        with database.write() as tx:
            if is_migration:
                let_it_take_long(tx)
            for _ in range(4):
                tx.exec_driver_sql("SELECT pg_sleep(0.1)")
            if is_migration:
                tx.exec_driver_sql("SELECT pg_sleep(0.4)")

    with closing(Database(bare_postgres_url)) as database:
        take(database, is_migration=True)
        with pytest.raises(Problem):
            take(database, is_migration=False)


def test_several_that_migrate_at_once_are_one(empty_url: str) -> None:
    folder = str(Path(empty_url.removeprefix("sqlite:///")).parent) if empty_url.startswith("sqlite") else ""
    url = "" if folder else empty_url
    environment = {**os.environ, "GOLDPAN_DATA": folder, "GOLDPAN_DATABASE_URL": url}
    command_line = [sys.executable, "-m", "goldpan.cli", "migrate"]
    started = [subprocess.Popen(command_line, env=environment, stdout=subprocess.DEVNULL) for _ in range(4)]

    assert [process.wait(120) for process in started] == [0] * 4
    with closing(Database(empty_url)) as database:
        assert version(database) == SCHEMA_VERSION
    assert_invariants(empty_url)


@pytest.mark.parametrize(("before", "after"), list(pairwise(REVISIONS)))
def test_what_the_version_before_reads_and_writes_is_still_there(database: Database, before: str, after: str) -> None:
    upgrade(database, before)
    old = columns(database)
    upgrade(database, after)
    new = columns(database)

    for table, found in old.items():
        assert not found.keys() - new[table].keys(), f"{table}: a column is gone that a process may still read"
        for name in new[table].keys() - found.keys():
            column = new[table][name]
            assert column["nullable"] or column["default"] is not None, f"{table}.{name}: an INSERT without it fails"
