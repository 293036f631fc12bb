"""The queries of the list of jobs: each filter and order of it is read straight from an index."""

from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from goldpan.contract.resources import JobStatus
from goldpan.domain.job_list_rules import JobFilter, end_ms
from goldpan.storage.database import HotQuery
from goldpan.storage.keyset import LIMIT, after_position, after_position_oldest_first
from goldpan.storage.tables import JOB

ALL_STATUSES = frozenset(JobStatus)


class PageShape(NamedTuple):
    """All of a page's query that is text and no parameter.

    `status_count` is how many walks it takes, one for each status; 0: one walk over the jobs in any state.
    """

    is_full: bool = False
    oldest_first: bool = False
    has_end: bool = False
    has_source: bool = False
    has_audience: bool = False
    status_count: int = 0


_SUMMARY: list[sa.Column[Any]] = [JOB.c.id, JOB.c.status, JOB.c.created_ms, JOB.c.updated_ms]
_FULL = list(JOB.c)


def page_shape(is_full: bool, wanted: JobFilter) -> PageShape:
    """Return which query answers the list."""
    return PageShape(
        is_full,
        wanted.oldest_first,
        end_ms(wanted) is not None,
        wanted.source is not None,
        wanted.audience_id is not None,
        len(_walked_statuses(wanted)),
    )


def filter_parameters(wanted: JobFilter) -> dict[str, object]:
    """Return what that query is asked with, besides the account group, the place and the limit."""
    values = {"end_ms": end_ms(wanted), "source": wanted.source, "audience_id": wanted.audience_id}
    parameters: dict[str, object] = {name: value for name, value in values.items() if value is not None}
    return parameters | {f"status_{number}": status for number, status in enumerate(_walked_statuses(wanted))}


def _walked_statuses(wanted: JobFilter) -> frozenset[JobStatus]:
    """Return the states that are walked one by one: the indexes of sources and audiences are sorted by state first."""
    if wanted.source is None and wanted.audience_id is None:
        return frozenset() if wanted.statuses == ALL_STATUSES else wanted.statuses
    return wanted.statuses or ALL_STATUSES


@cache
def count_query(shape: PageShape) -> sa.Select[Any]:
    """Return the query that counts the jobs of each state that it is asked with, as far as the limit."""
    return sa.select(*(_count(_walk(shape, number)) for number in range(shape.status_count)))


def _count(walk: sa.Select[Any]) -> sa.ScalarSelect[Any]:
    jobs = walk.with_only_columns(sa.literal_column("1")).subquery()
    return sa.select(sa.func.count()).select_from(jobs).scalar_subquery()


@cache
def page_query(shape: PageShape) -> HotQuery:
    """Return the query of that shape, made once."""
    if shape.status_count <= 1:
        return HotQuery(_walk(shape, 0))
    # `status IN (…)` would read every job in those states and sort them: so many walks of a page each, merged, do not.
    walks = [_walk(shape, number).subquery() for number in range(shape.status_count)]
    merged = sa.union_all(*(sa.select(*walk.c) for walk in walks)).subquery()
    return HotQuery(sa.select(*merged.c).order_by(*_order(shape, merged.c)).limit(LIMIT))


def _walk(shape: PageShape, number: int) -> sa.Select[Any]:
    """Return the first jobs of the stretch that lie side by side in one index."""
    conditions = [JOB.c.account_group_id == sa.bindparam("account_group_id")]
    if shape.has_audience:
        conditions.append(JOB.c.audience_id == sa.bindparam("audience_id"))
    if shape.has_source:
        # An audience has few jobs, a source may have all: so the source is looked for within the audience, and the
        # expression keeps either database from doing it the other way round.
        column = JOB.c.source.concat(sa.literal_column("''")) if shape.has_audience else JOB.c.source
        conditions.append(column == sa.bindparam("source"))
    if shape.status_count:
        conditions.append(JOB.c.status == sa.bindparam(f"status_{number}"))
    conditions.append(after_position_oldest_first(JOB) if shape.oldest_first else after_position(JOB))
    if shape.has_end:
        end = sa.bindparam("end_ms", type_=sa.BigInteger)
        conditions.append(JOB.c.created_ms < end if shape.oldest_first else JOB.c.created_ms > end)
    statement = sa.select(*(_FULL if shape.is_full else _SUMMARY)).where(*conditions)
    # Left to itself, SQLite takes another index when its statistics make two look alike, and reads past their jobs.
    statement = statement.with_hint(JOB, f"INDEXED BY {_index(shape)}", "sqlite")
    return statement.order_by(*_order(shape, JOB.c)).limit(LIMIT)


def _index(shape: PageShape) -> str:
    if shape.has_audience:
        return "job_newest_by_audience_index"
    if shape.has_source:
        return "job_newest_by_source_index"
    return "job_newest_by_status_index" if shape.status_count else "job_newest_index"


def _order(shape: PageShape, columns: Any) -> list[sa.ColumnElement[Any]]:
    if shape.oldest_first:
        return [columns.created_ms.asc(), columns.id.asc()]
    return [columns.created_ms.desc(), columns.id.desc()]
