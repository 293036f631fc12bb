"""How the databases find the next people of a large job: by their places in it, while its tables are still growing."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from goldpan.storage.database import Database, Tx
from goldpan.storage.prospect_table import add_to_job, taken_from
from tests.stored_people import people, store_audience
from tests.workshop import Workshop, workshop

PEOPLE = 5_000
AT_ONCE = 50


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, []) as shop:
        yield shop


def test_the_next_people_of_a_job_are_found_without_looking_at_the_others(shop: Workshop) -> None:
    audience = store_audience(shop.toolbox, shop.group_id)
    ids = audience.join(people(PEOPLE))
    with shop.database.write() as tx:
        add_to_job(tx, shop.group_id, audience.job_id, 0, ids)

    statements: list[Any] = []
    sa.event.listen(shop.database.engine, "before_cursor_execute", lambda *sent: statements.append(sent[2:4]))
    with shop.database.read() as tx:
        found = taken_from(tx, shop.group_id, audience.job_id, PEOPLE // 2, AT_ONCE)
        sql, parameters = statements[-1]

        assert [one.prospect_id for one in found] == ids[PEOPLE // 2 :][:AT_ONCE]
        assert _rows_looked_at(shop.database, tx, sql, parameters) <= 3 * AT_ONCE


def _rows_looked_at(database: Database, tx: Tx, sql: str, parameters: Any) -> int:
    """Return how many rows of tables the statement meets; SQLite tells only whether it walks one."""
    if database.dialect.is_sqlite:
        steps = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        return PEOPLE if any(step.startswith("SCAN ") for step in steps) else 0
    [[plan]] = tx.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters).scalars()
    return sum(_rows_of(plan["Plan"]))


def _rows_of(node: dict[str, Any]) -> Iterator[int]:
    if "Relation Name" in node:
        yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    for inner in node.get("Plans", []):
        yield from _rows_of(inner)
