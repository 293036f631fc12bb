"""What happened to jobs, each event with the version that the job had then."""

from typing import NamedTuple

import sqlalchemy as sa

from goldpan.storage.database import Database, HotQuery, Tx
from goldpan.storage.keyset import LIMIT
from goldpan.storage.tables import JOB_EVENT


class StoredEvent(NamedTuple):
    """One event of a job; `data_json` is a JobEvent in one line."""

    version: int
    kind: str
    data_json: str


class Move(NamedTuple):
    """An event that changed a status, and when it did."""

    version: int
    created_ms: int
    data_json: str


_AFTER_VERSION = HotQuery(
    sa.select(JOB_EVENT.c.version, JOB_EVENT.c.kind, JOB_EVENT.c.data_json)
    .where(
        JOB_EVENT.c.job_id == sa.bindparam("job_id"),
        JOB_EVENT.c.account_group_id == sa.bindparam("account_group_id"),
        JOB_EVENT.c.version > sa.bindparam("after_version"),
    )
    .order_by(JOB_EVENT.c.version)
    .limit(LIMIT)
)


async def page(
    database: Database, account_group_id: str, job_id: str, after_version: int, limit: int
) -> list[StoredEvent]:
    """Return up to `limit` events of the job, oldest first, that come after `after_version`."""
    rows = await database.fetch(
        _AFTER_VERSION, account_group_id=account_group_id, job_id=job_id, after_version=after_version, limit=limit
    )
    return [StoredEvent(*row) for row in rows]


def moves(tx: Tx, account_group_id: str, job_id: str, limit: int) -> list[Move]:
    """Return the last `limit` changes of the statuses of the job and its stages, the oldest first."""
    event = JOB_EVENT.c
    statement = (
        sa.select(event.version, event.created_ms, event.data_json)
        .where(event.job_id == job_id, event.account_group_id == account_group_id, event.kind != "progress")
        .order_by(event.version.desc())
        .limit(limit)
    )
    return [Move(*row) for row in tx.execute(statement)][::-1]


def add(tx: Tx, account_group_id: str, job_id: str, event: StoredEvent, created_ms: int) -> None:
    values = {"account_group_id": account_group_id, "job_id": job_id, "created_ms": created_ms}
    tx.execute(JOB_EVENT.insert(), values | event._asdict())


def forget(tx: Tx, before_ms: int, limit: int) -> int:
    """Delete up to `limit` events, of all account groups, that are older than `before_ms`; return how many."""
    identity = (JOB_EVENT.c.job_id, JOB_EVENT.c.version)
    # Oldest first: what is kept of a job is always its end.
    old = sa.select(*identity).where(JOB_EVENT.c.created_ms < before_ms).order_by(JOB_EVENT.c.created_ms).limit(limit)
    return tx.execute(JOB_EVENT.delete().where(sa.tuple_(*identity).in_(old))).rowcount
