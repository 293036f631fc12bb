"""The list of jobs, page by page."""

from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from goldpan.contract.paging import Position
from goldpan.contract.resources import JobStatus
from goldpan.domain.job_list_rules import JobFilter, start_of
from goldpan.storage.database import Database, HotQuery, Tx
from goldpan.storage.job_list_query import filter_parameters, page_query, page_shape
from goldpan.storage.job_table import Job
from goldpan.storage.keyset import AFTER_ID, AFTER_MS
from goldpan.storage.tables import JOB


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


def count_by_status(tx: Tx, account_group_id: str, most: int) -> dict[JobStatus, int]:
    """Return how many jobs there are in each status, as far as `most` and no further.

    No hot query: it reads thousands of entries of an index.
    """
    counts = tx.execute(_STATUS_COUNTS, {"account_group_id": account_group_id, "most": most}).one()
    return dict(zip(JobStatus, counts, strict=True))


def _count_of(status: JobStatus) -> sa.ColumnElement[Any]:
    jobs = (
        sa.select(sa.literal_column("1"))
        .select_from(JOB)
        .where(
            JOB.c.account_group_id == sa.bindparam("account_group_id"), JOB.c.status == sa.literal_column(f"'{status}'")
        )
        .with_hint(JOB, "INDEXED BY job_newest_by_status_index", "sqlite")
        .order_by(JOB.c.created_ms.desc(), JOB.c.id.desc())  # else PostgreSQL may read the table until it has enough
        .limit(sa.bindparam("most", type_=sa.Integer))
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(jobs).scalar_subquery()


_STATUS_COUNTS = sa.select(*map(_count_of, JobStatus))


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
