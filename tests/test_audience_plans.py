"""How the databases answer the lists of audiences: from an index, whatever else is in the account group."""

import re
from collections.abc import Iterator
from itertools import count

import pytest
import sqlalchemy as sa

from goldpan.contract.paging import START, Position
from goldpan.storage import account_table, audience_table, folder_table
from goldpan.storage.account_table import AccountGroup
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Database, Tx
from goldpan.storage.keyset import AFTER_ID, AFTER_MS
from goldpan.storage.tables import AUDIENCE

GROUPS = [f"{number:024x}" for number in range(1, 21)]
AUDIENCES_OF_A_GROUP = 500
PLACES = {
    "the first page": START,
    "a page in the middle": Position(250, f"{7:024x}"),
    "the last page": Position(5, ""),
}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with 10,000 audiences of twenty account groups; a job fills one in ten, one in ten was deleted."""
    database = Database(database_url)
    with database.write() as tx:
        for number, group in enumerate(GROUPS):
            account_table.add(tx, AccountGroup(group, f"group {number}", "scale", 0, 0, 0))
            rows = [_stored(group, number, created_ms) for created_ms in range(AUDIENCES_OF_A_GROUP)]
            tx.execute(AUDIENCE.insert(), [{c.name: getattr(row, c.name) for c in AUDIENCE.c} for row in rows])
        tx.execute(sa.text("ANALYZE"))
    yield database
    database.close()


def _stored(group: str, number: int, created_ms: int) -> Audience:
    id_, filling = f"{number:04x}{created_ms:020x}", int(created_ms % 10 == 0)
    deleted_ms = created_ms if created_ms % 10 == 1 else None
    return Audience(id_, group, "stored", "on_demand", False, 0, filling, created_ms, deleted_ms=deleted_ms)


def _plans(database: Database, tx: Tx, sql: str, parameters: dict[str, object]) -> list[str]:
    """Return how the database answers: PostgreSQL also the way it takes once a statement is prepared for any value."""
    if database.dialect.is_sqlite:
        return ["\n".join(row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters))]
    chosen = "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN {sql}", parameters))
    numbers = count(1)
    numbered_sql = re.sub(r"%\(\w+\)s", lambda _: f"${next(numbers)}", sql)
    generic = "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered_sql}"))
    return [chosen, generic]


def test_every_page_of_the_list_is_read_from_the_index_of_ready_audiences_alone(database: Database) -> None:
    sql, own = audience_table.READY_PAGE.compile(database.dialect)
    with database.read() as tx:
        for place in PLACES.values():
            parameters = {"account_group_id": GROUPS[1], AFTER_MS: place.created_ms, AFTER_ID: place.id, "limit": 26}
            for plan in _plans(database, tx, sql, parameters | own):
                _check_page(database, plan)


def _check_page(database: Database, plan: str) -> None:
    if database.dialect.is_sqlite:
        assert "TEMP B-TREE" not in plan, plan
        assert re.fullmatch(r"SEARCH audience USING INDEX audience_ready_index \(.*\)", plan), plan
        assert "(created_ms,id)<(?,?)" in plan, plan
        return
    assert "Index Scan using audience_ready_index on audience" in plan, plan
    assert "ROW(created_ms, id) <" in plan, plan
    assert not re.search(r"Sort|Filter|Seq Scan|Bitmap", plan), plan


def test_the_navigation_reads_no_audience_of_another_account_group(database: Database) -> None:
    sql = str(folder_table.NAVIGATION.compile(dialect=database.dialect.core))
    with database.read() as tx:
        [plan, *_] = _plans(database, tx, sql, {"account_group_id": GROUPS[1]})

    assert re.search(r"(USING INDEX|Scan using|Index Scan on) audience_(ready|name)_index", plan), plan
    assert not re.search(r"SCAN audience|Seq Scan on audience", plan), plan


def test_the_list_leaves_out_what_is_filled_or_deleted(database: Database) -> None:
    with database.read() as tx:
        _, audiences = folder_table.navigation(tx, GROUPS[1])

    assert len(audiences) == AUDIENCES_OF_A_GROUP * 8 // 10
    assert {(audience.filling_job_count, audience.deleted_ms) for audience in audiences} == {(0, None)}
