"""The list of jobs, page by page."""

from functools import lru_cache
from typing import Any, NamedTuple

from goldpan.contract.paging import START, Position
from goldpan.contract.resources import JobStatus
from goldpan.domain.job_list_rules import JobFilter, start_of
from goldpan.storage.database import Database, HotQuery, Tx
from goldpan.storage.job_list_query import ALL_STATUSES, count_query, filter_parameters, page_query, page_shape
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


def count_by_status(tx: Tx, account_group_id: str, wanted: JobFilter, most: int) -> dict[JobStatus, int]:
    """Return how many of the jobs wanted are in each status, whichever statuses are wanted, as far as `most`.

    No hot query: it reads thousands of entries of an index.
    """
    wanted = wanted._replace(statuses=ALL_STATUSES, oldest_first=False)
    shape = page_shape(False, wanted)._replace(status_count=len(JobStatus))
    parameters = filter_parameters(wanted) | {f"status_{number}": status for number, status in enumerate(JobStatus)}
    counts = tx.execute(count_query(shape), _place(account_group_id, wanted, START, most) | parameters).one()
    return dict(zip(JobStatus, counts, strict=True))


async def _fetch_page(
    database: Database, account_group_id: str, view: tuple[bool, JobFilter], after: Position, limit: int
) -> list[tuple[Any, ...]]:
    query, filters = _prepared(*view)
    return await database.fetch(query, **_place(account_group_id, view[1], after, limit), **filters)


def _place(account_group_id: str, wanted: JobFilter, after: Position, limit: int) -> dict[str, object]:
    start = start_of(wanted, after)
    return {"account_group_id": account_group_id, AFTER_MS: start.created_ms, AFTER_ID: start.id, "limit": limit}


@lru_cache(maxsize=1024)
def _prepared(is_full: bool, wanted: JobFilter) -> tuple[HotQuery, dict[str, object]]:
    """Return the query for a filter and the parameters that it needs besides its place."""
    return page_query(page_shape(is_full, wanted)), filter_parameters(wanted)
