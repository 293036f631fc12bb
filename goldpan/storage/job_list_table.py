"""The list of jobs, page by page."""

from functools import lru_cache
from typing import Any, NamedTuple

from goldpan.contract.paging import Position
from goldpan.domain.job_list_rules import JobFilter, start_of
from goldpan.storage.database import Database, HotQuery
from goldpan.storage.job_list_query import filter_parameters, page_query, page_shape
from goldpan.storage.job_table import Job
from goldpan.storage.keyset import AFTER_ID, AFTER_MS


class JobSummary(NamedTuple):
    """What the list shows of a job."""

    id: str
    status: str
    created_ms: int
    updated_ms: int


async def page(
    database: Database, account_group_id: str, wanted: JobFilter, after: Position, limit: int
) -> list[JobSummary]:
    """Return up to `limit` of the jobs wanted, in the order wanted, after the place `after`."""
    return [JobSummary(*row) for row in await _fetch_page(database, account_group_id, (False, wanted), after, limit)]


async def full_page(
    database: Database, account_group_id: str, wanted: JobFilter, after: Position, limit: int
) -> list[Job]:
    """Return the same jobs as `page`, whole."""
    return [Job(*row) for row in await _fetch_page(database, account_group_id, (True, wanted), after, limit)]


async def _fetch_page(
    database: Database, account_group_id: str, view: tuple[bool, JobFilter], after: Position, limit: int
) -> list[tuple[Any, ...]]:
    query, filters = _prepared(*view)
    start = start_of(view[1], after)
    place = {"account_group_id": account_group_id, AFTER_MS: start.created_ms, AFTER_ID: start.id, "limit": limit}
    return await database.fetch(query, **place, **filters)


@lru_cache(maxsize=1024)
def _prepared(is_full: bool, wanted: JobFilter) -> tuple[HotQuery, dict[str, object]]:
    """Return the query for a filter and the parameters that it needs besides its place."""
    return page_query(page_shape(is_full, wanted)), filter_parameters(wanted)
