"""The migrated schema is the one that the code knows, and refuses what can never be true; on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from goldpan.storage import database as storage
from goldpan.storage import sqlite_library
from goldpan.storage.database import Database, SchemaMismatch
from goldpan.storage.tables import ACCOUNT_GROUP, AUDIENCE, CREDIT_ENTRY, JOB, METADATA

GROUP = "a" * 24
AUDIENCE_ID = "b" * 24
JOB_ID = "c" * 24

RUNNING_JOB: dict[str, object] = {
    **{counter.name: 0 for counter in JOB.c if str(counter.type) == "INTEGER" and not counter.nullable},
    "id": JOB_ID,
    "account_group_id": GROUP,
    "status": "running",
    "source": "linkedin_search",
    "is_sandbox": False,
    "audience_id": AUDIENCE_ID,
    "created_ms": 1,
    "updated_ms": 1,
    "max_results": 10,
    "price_credits": 1,
    "search_emails": False,
    "credits_reserved": 10,
    "fencing_token": 1,
    "version": 1,
    "import_status": "running",
    "import_progress": 0.5,
    "enrichment_status": "queued",
    "enrichment_progress": 0.0,
    "truncated": False,
}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def with_a_group(database: Database) -> Database:
    with database.write() as tx:
        group = {"id": GROUP, "name": "Alice", "plan": "scale", "created_ms": 1}
        tx.execute(ACCOUNT_GROUP.insert().values(**group, credits_available=5, credits_reserved=0))
        audience = {"id": AUDIENCE_ID, "account_group_id": GROUP, "name": "CTOs", "type": "linkedin_search"}
        tx.execute(
            AUDIENCE.insert().values(**audience, is_sandbox=False, prospect_count=0, filling_job_count=0, created_ms=1)
        )
    return database


# Those are compared by their text.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_migrations_make_the_tables_that_the_code_knows(sqlite_url: str, tmp_path: Path) -> None:
    fresh = sa.create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    METADATA.create_all(fresh)

    migrated = definitions(sa.create_engine(sqlite_url))

    for name, definition in definitions(fresh).items():
        assert migrated[name] == definition, name


def definitions(engine: sa.Engine) -> dict[str, Any]:
    """Return what each of our tables is: a later migration leaves the same columns in another order."""
    inspector = sa.inspect(engine)
    found = {name: _definition(inspector, name) for name in METADATA.tables}
    with engine.connect() as tx:
        indexes = tx.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
        found |= {name: " ".join(sql.split()) for name, sql in indexes}
    engine.dispose()
    return found


def _definition(inspector: sa.Inspector, table: str) -> dict[str, Any]:
    columns = sorted(
        (column["name"], str(column["type"]).upper(), column["nullable"], column["default"])
        for column in inspector.get_columns(table)
    )
    return {
        "columns": columns,
        "checks": sorted(str(check) for check in inspector.get_check_constraints(table)),
        "keys": sorted(str({**key, "name": None}) for key in inspector.get_foreign_keys(table)),
        "unique": sorted(str(key) for key in inspector.get_unique_constraints(table)),
    }


def test_the_migrations_make_the_same_tables_on_postgresql(postgres_url: str) -> None:
    database = Database(postgres_url)

    with database.read() as tx:
        options = {
            "include_object": lambda _object, name, kind, *_: not (kind == "table" and name not in METADATA.tables)
        }
        differences = compare_metadata(MigrationContext.configure(tx, opts=options), METADATA)

    database.close()
    assert differences == []


def test_migrating_again_changes_nothing(database: Database, database_url: str) -> None:
    storage.migrate(database_url)

    storage.check_schema(database)


def test_a_database_of_a_newer_version_is_refused(database: Database, database_url: str) -> None:
    with database.write() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaMismatch, match="newer"):
        storage.check_schema(database)
    with pytest.raises(SchemaMismatch, match="newer"):
        storage.migrate(database_url)


def test_a_running_job_can_be_stored(with_a_group: Database) -> None:
    database = with_a_group

    with database.write() as tx:
        tx.execute(JOB.insert().values(**RUNNING_JOB))

    with database.read() as tx:
        assert tx.execute(sa.select(JOB.c.status)).scalar_one() == "running"


@pytest.mark.parametrize(
    "impossible",
    [
        {"found": 1},
        {"found": 1, "imported": 1, "credits_spent": 2},
        {"found": 20, "imported": 20, "credits_spent": 11},
        {"import_progress": 1.0},
        {"import_progress": -0.1},
        {"status": "paused"},
        {"finished_ms": 5},
        {"status": "completed"},
        {"updated_ms": 0},
        {"audience_id": "d" * 24},
    ],
    ids=str,
)
def test_what_can_never_be_true_of_a_job_cannot_be_stored(
    with_a_group: Database, impossible: dict[str, object]
) -> None:
    database = with_a_group

    with pytest.raises(IntegrityError), database.write() as tx:
        tx.execute(JOB.insert().values(**RUNNING_JOB | impossible))


def test_a_page_of_a_job_cannot_be_paid_twice(with_a_group: Database) -> None:
    database = with_a_group
    capture = {"account_group_id": GROUP, "job_id": JOB_ID, "kind": "capture", "page": 1, "created_ms": 1}
    changes = {"available_change": 0, "reserved_change": -1}
    with database.write() as tx:
        tx.execute(JOB.insert().values(**RUNNING_JOB))
        tx.execute(CREDIT_ENTRY.insert().values(id="1" * 24, **capture, **changes))

    with pytest.raises(IntegrityError), database.write() as tx:
        tx.execute(CREDIT_ENTRY.insert().values(id="2" * 24, **capture, **changes))


def test_a_balance_cannot_be_negative(with_a_group: Database) -> None:
    database = with_a_group

    with pytest.raises(IntegrityError), database.write() as tx:
        tx.execute(ACCOUNT_GROUP.update().values(credits_available=-1))


@pytest.mark.parametrize(
    ("version", "is_bad"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
    ids=str,
)
def test_the_versions_of_sqlite_with_the_wal_bug_are_known(version: tuple[int, int, int], is_bad: bool) -> None:
    assert sqlite_library.has_wal_reset_bug(version) is is_bad


def test_the_sqlite_that_we_bring_is_safe() -> None:
    assert not sqlite_library.has_wal_reset_bug(storage.sqlite_version())
