"""How the databases answer the list of jobs: straight from an index, on page 10,000 as on the first."""

import re
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from goldpan.contract.paging import START, Position
from goldpan.contract.resources import JobStatus
from goldpan.storage import account_table, audience_table, job_table
from goldpan.storage.account_table import AccountGroup
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Database, Tx
from goldpan.storage.keyset import AFTER_ID, AFTER_MS
from goldpan.storage.tables import JOB
from tests.cast import stored_job

GROUPS = [f"{number:024x}" for number in range(1, 5)]
JOBS_OF_A_GROUP = 5_000
PLACES = {
    "the first page": START,
    "a page in the middle": Position(2_500, f"{7:024x}"),
    "the last page": Position(5, ""),
}
QUERIES = sorted(job_table.PAGE_QUERIES)


@pytest.fixture
def database(database_url: str) -> Database:
    """A database with 20,000 jobs of four account groups."""
    database = Database(database_url)
    with database.write() as tx:
        for number, group in enumerate(GROUPS):
            account_table.add(tx, AccountGroup(group, f"group {number}", "scale", 0, 0, 0))
            audience_table.add(tx, group, Audience(group, group, "stored", "linkedin_search", False, 0, 0, 0))
            tx.execute(JOB.insert(), [_row(group, number, created_ms) for created_ms in range(JOBS_OF_A_GROUP)])
        tx.execute(sa.text("ANALYZE"))
    return database


def _row(group: str, number: int, created_ms: int) -> dict[str, Any]:
    status = list(JobStatus)[created_ms % 5]
    job = stored_job(group, f"{number:04x}{created_ms:020x}", group, created_ms, status)
    return {column.name: getattr(job, column.name) for column in JOB.c}


def _parameters(by_status: bool, place: Position) -> dict[str, object]:
    parameters = {"account_group_id": GROUPS[1], AFTER_MS: place.created_ms, AFTER_ID: place.id, "limit": 26}
    return parameters | ({"status": "completed"} if by_status else {})


def test_every_page_of_the_list_is_read_from_an_index_alone(database: Database) -> None:
    with database.read() as tx:
        for full, by_status in QUERIES:
            sql, own = job_table.PAGE_QUERIES[full, by_status].compile(database.dialect)
            index = "job_newest_by_status_index" if by_status else "job_newest_index"
            for place in PLACES.values():
                for plan in _plans(database, tx, sql, _parameters(by_status, place) | own):
                    _check_plan(database, plan, index)
    database.close()


def _plans(database: Database, tx: Tx, sql: str, parameters: dict[str, object]) -> list[str]:
    """Return how the database answers: PostgreSQL also the way it takes once a statement is prepared for any value."""
    if database.dialect.is_sqlite:
        return ["\n".join(row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters))]
    chosen = "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN {sql}", parameters))
    numbers = count(1)
    numbered_sql = re.sub(r"%\(\w+\)s", lambda _: f"${next(numbers)}", sql)
    generic = "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered_sql}"))
    return [chosen, generic]


def _check_plan(database: Database, plan: str, index: str) -> None:
    if database.dialect.is_sqlite:
        assert "TEMP B-TREE" not in plan, plan
        assert re.fullmatch(rf"SEARCH job USING INDEX {index} \(.*\)", plan), plan
        assert "(created_ms,id)<(?,?)" in plan, plan
        return
    assert f"Index Scan using {index} on job" in plan, plan
    assert "Index Cond:" in plan, plan
    assert "ROW(created_ms, id) <" in plan, plan
    assert not re.search(r"Sort|Filter|Seq Scan|Bitmap", plan), plan
