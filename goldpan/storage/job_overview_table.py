"""What the console's list of jobs shows besides the jobs: their requests and the names of their audiences."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from goldpan.storage.database import Database, HotQuery
from goldpan.storage.tables import AUDIENCE, JOB_INPUT

IDS_AT_ONCE = 50


def _some(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    return column.in_([sa.bindparam(f"id_{number}") for number in range(IDS_AT_ONCE)])


_REQUESTS = HotQuery(
    sa.select(JOB_INPUT.c.job_id, JOB_INPUT.c.request_json).where(
        JOB_INPUT.c.account_group_id == sa.bindparam("account_group_id"), _some(JOB_INPUT.c.job_id)
    )
)

_AUDIENCE_NAMES = HotQuery(
    sa.select(AUDIENCE.c.id, AUDIENCE.c.name).where(
        AUDIENCE.c.account_group_id == sa.bindparam("account_group_id"), _some(AUDIENCE.c.id)
    )
)


async def requests_of_jobs(database: Database, account_group_id: str, job_ids: Sequence[str]) -> dict[str, str]:
    """Return the JSON of the requests that started these jobs."""
    return await _by_id(database, account_group_id, _REQUESTS, job_ids)


async def names_of_audiences(database: Database, account_group_id: str, audience_ids: Sequence[str]) -> dict[str, str]:
    """Return the names of these audiences, deleted ones too."""
    return await _by_id(database, account_group_id, _AUDIENCE_NAMES, audience_ids)


async def _by_id(database: Database, account_group_id: str, query: HotQuery, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = ids[start : start + IDS_AT_ONCE]
        places = {f"id_{number}": some[min(number, len(some) - 1)] for number in range(IDS_AT_ONCE)}
        found |= dict(await database.fetch(query, account_group_id=account_group_id, **places))
    return found
