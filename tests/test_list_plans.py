"""How the databases answer the list of jobs: straight from an index, on page 10,000 as on the first."""

import re
from collections.abc import Iterator
from itertools import count, product
from typing import Any

import pytest
import sqlalchemy as sa

from goldpan.contract.paging import START, Position
from goldpan.contract.resources import JobStatus, SourceType
from goldpan.domain.job_list_rules import JobFilter, start_of
from goldpan.storage import account_table, audience_table
from goldpan.storage.account_table import AccountGroup
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Database, Tx
from goldpan.storage.job_list_query import PageShape, filter_parameters, page_query, page_shape
from goldpan.storage.keyset import AFTER_ID, AFTER_MS
from goldpan.storage.tables import JOB
from tests.cast import stored_job

GROUPS = [f"{number:024x}" for number in range(1, 4)]
AUDIENCES_OF_A_GROUP = 7
JOBS_OF_A_GROUP = 3_000
STATUSES = list(JobStatus)
PLACES = {
    "the first page": START,
    "a page in the middle": Position(1_500, f"{7:024x}"),
    "the last page": Position(5, ""),
}
FILTERS = [
    JobFilter(frozenset(STATUSES[:statuses]), source, audience_id, times[0], times[1], oldest_first)
    for statuses in (0, 1, 2, 5)
    for source in (None, SourceType.SALES_NAVIGATOR)
    for audience_id in (None, f"{GROUPS[1][:20]}{3:04x}")
    for times in ((None, None), (600, 2_400))
    for oldest_first in (False, True)
]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with 9,000 jobs of three account groups, of every status, source and audience."""
    database = Database(database_url)
    _fill(database)
    yield database
    database.close()


def _fill(database: Database) -> None:
    with database.write() as tx:
        for number, group in enumerate(GROUPS):
            account_table.add(tx, AccountGroup(group, f"group {number}", "scale", 0, 0, 0))
            for audience_id in map(_audience_id, [group] * AUDIENCES_OF_A_GROUP, range(AUDIENCES_OF_A_GROUP)):
                audience = Audience(audience_id, group, "stored", "linkedin_search", False, 0, 0, 0)
                audience_table.add(tx, group, audience)
            tx.execute(JOB.insert(), [_row(group, number, created_ms) for created_ms in range(JOBS_OF_A_GROUP)])
        tx.execute(sa.text("ANALYZE"))


def _audience_id(group: str, number: int) -> str:
    return f"{group[:16]}{group[-4:]}{number:04x}"


def _row(group: str, number: int, created_ms: int) -> dict[str, Any]:
    audience_id = _audience_id(group, created_ms // 3 % AUDIENCES_OF_A_GROUP)
    job = stored_job(group, f"{number:04x}{created_ms:020x}", audience_id, created_ms, STATUSES[created_ms % 5])
    source = list(SourceType)[created_ms // 5 % len(SourceType)]
    return {column.name: getattr(job, column.name) for column in JOB.c} | {"source": source}


def test_every_page_of_the_list_is_read_from_an_index_alone(database: Database) -> None:
    with database.read() as tx:
        for is_full, wanted in product((False, True), FILTERS):
            shape = page_shape(is_full, wanted)
            sql, own = page_query(shape).compile(database.dialect)
            for place in PLACES.values():
                _check_plan(_plan(tx, sql, _parameters(wanted, place) | own), shape)


def test_a_query_that_was_prepared_for_any_value_is_answered_the_same_way(postgres_url: str) -> None:
    database = Database(postgres_url)
    _fill(database)
    shapes = {page_shape(is_full, wanted): wanted for is_full, wanted in product((False, True), FILTERS)}
    with database.read() as tx:
        for shape, wanted in shapes.items():
            sql, own = page_query(shape).compile(database.dialect)
            _check_plan(_generic_plan(tx, sql, _parameters(wanted, START) | own), shape)
    database.close()


def test_the_filters_above_are_of_every_shape() -> None:
    shapes = {page_shape(False, wanted)[1:] for wanted in FILTERS}

    # Of both orders, with an end and without: no filter, 1 and 2 states; with a source, an audience or both 1, 2 and 5.
    assert len(shapes) == 2 * 2 * (1 + 2 + 3 * 3)


def _parameters(wanted: JobFilter, place: Position) -> dict[str, object]:
    start = start_of(wanted, place)
    parameters = {"account_group_id": GROUPS[1], AFTER_MS: start.created_ms, AFTER_ID: start.id, "limit": 26}
    return parameters | filter_parameters(wanted)


def _plan(tx: Tx, sql: str, parameters: dict[str, object]) -> str:
    is_sqlite = tx.dialect.name == "sqlite"
    rows = tx.exec_driver_sql(f"EXPLAIN {'QUERY PLAN' if is_sqlite else ''} {sql}", parameters)
    return "\n".join(row[-1] for row in rows)


def _generic_plan(tx: Tx, sql: str, parameters: dict[str, object]) -> str:
    numbers = {name: f"${number}" for number, name in zip(count(1), parameters, strict=False)}
    numbered_sql = re.sub(r"%\((\w+)\)s", lambda found: numbers[found[1]], sql)
    return "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered_sql}"))


def _check_plan(plan: str, shape: PageShape) -> None:
    """Each status is one walk of one index, from the place on; what is sorted then are the pages that they found."""
    walks = max(shape.status_count, 1)
    if "Index Scan" in plan:
        _check_postgresql_plan(plan, shape, walks)
    else:
        _check_sqlite_plan(plan, shape, walks)


def _index(shape: PageShape) -> str:
    if shape.has_audience:
        return "job_newest_by_audience_index"
    if shape.has_source:
        return "job_newest_by_source_index"
    return "job_newest_by_status_index" if shape.status_count else "job_newest_index"


def _check_sqlite_plan(plan: str, shape: PageShape, walks: int) -> None:
    sign, end = (">", r"created_ms<\?") if shape.oldest_first else ("<", r"created_ms>\?")
    place = rf"\(created_ms,id\){sign}\(\?,\?\)"
    stretch = rf"({end} AND {place}|{place} AND {end})" if shape.has_end else place
    found = re.findall(rf"^SEARCH job USING INDEX {_index(shape)} \(.*{stretch}\)$", plan, re.MULTILINE)
    assert len(found) == walks, plan
    assert len(re.findall(r"\bjob\b", plan)) == walks, plan
    # What is sorted is what the walks found, a page each, on its way into the merge.
    assert plan.count("TEMP B-TREE") <= (walks if walks > 1 else 0), plan
    assert (
        plan.count("SCAN") == len(re.findall(r"^SCAN anon_\d+$", plan, re.MULTILINE)) == (walks if walks > 1 else 0)
    ), plan


def _check_postgresql_plan(plan: str, shape: PageShape, walks: int) -> None:
    direction = " Backward" if shape.oldest_first else ""
    assert plan.count(f"Index Scan{direction} using {_index(shape)} on job") == walks, plan
    assert plan.count("Scan") - plan.count("Subquery Scan") == walks, plan
    conditions = re.findall(r"Index Cond: (.*)", plan)
    assert len(conditions) == walks, plan
    sign, end_sign = (">", "<") if shape.oldest_first else ("<", ">")
    for condition in conditions:
        assert f"ROW(created_ms, id) {sign}" in condition, plan
        assert (f"(created_ms {end_sign}" in condition) == shape.has_end, plan
        assert ("(status =" in condition) == (shape.status_count > 0), plan
    # Only a source within an audience is looked for one by one.
    assert plan.count("Filter:") == (walks if shape.has_audience and shape.has_source else 0), plan
    assert plan.count("Sort") <= (2 if walks > 1 else 0), plan  # `Sort` and its `Sort Key`, of the merged pages
