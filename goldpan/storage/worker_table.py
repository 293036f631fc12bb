"""Leases of worker processes, by the database's own clock."""

import sqlalchemy as sa

from goldpan.storage.database import Tx
from goldpan.storage.tables import WORKER_LEASE

FORGET_SECONDS = 3600.0

_NOW = sa.extract("epoch", sa.func.clock_timestamp())  # PostgreSQL only: the embedded server needs no lease


def take_lease(tx: Tx, executor_id: str, seconds: float) -> None:
    tx.execute(WORKER_LEASE.insert().values(executor_id=executor_id, expires_at=_NOW + seconds))


def renew_lease(tx: Tx, executor_id: str, seconds: float) -> bool:
    """Return whether the lease was still ours; False: it ran out, and others may have taken over."""
    mine = WORKER_LEASE.update().where(WORKER_LEASE.c.executor_id == executor_id, WORKER_LEASE.c.expires_at > _NOW)
    return tx.execute(mine.values(expires_at=_NOW + seconds)).rowcount == 1


def give_up_lease(tx: Tx, executor_id: str) -> None:
    tx.execute(WORKER_LEASE.delete().where(WORKER_LEASE.c.executor_id == executor_id))


def delete_dead_leases(tx: Tx) -> None:
    """Forget leases that ran out; whether a worker lives does not depend on the row."""
    tx.execute(WORKER_LEASE.delete().where(WORKER_LEASE.c.expires_at < _NOW - FORGET_SECONDS))


def live_leases(tx: Tx) -> list[tuple[str, float]]:
    """Return each worker with a lease, and for how many seconds it has it still."""
    lease = WORKER_LEASE.c
    left = sa.select(lease.executor_id, lease.expires_at - _NOW).where(lease.expires_at > _NOW)
    return [(row[0], float(row[1])) for row in tx.execute(left.order_by(lease.executor_id))]


def count_live_leases(tx: Tx) -> int:
    return int(tx.execute(sa.select(sa.func.count()).where(WORKER_LEASE.c.expires_at > _NOW)).scalar_one())


def live_executor_ids() -> sa.Select[tuple[str]]:
    """Return the query for the executors that have a lease."""
    return sa.select(WORKER_LEASE.c.executor_id).where(WORKER_LEASE.c.expires_at > _NOW)
