"""Leases of worker processes, by the database's own clock."""

import sqlalchemy as sa

from goldpan.storage.database import Tx
from goldpan.storage.tables import WORKER_LEASE

_NOW = sa.extract("epoch", sa.func.clock_timestamp())  # PostgreSQL only: the embedded server needs no lease


def take_lease(tx: Tx, executor_id: str, seconds: float) -> None:
    tx.execute(WORKER_LEASE.insert().values(executor_id=executor_id, expires_at=_NOW + seconds))


def renew_lease(tx: Tx, executor_id: str, seconds: float) -> bool:
    """Return whether the lease was still ours; False: it ran out, and others may have taken over."""
    mine = WORKER_LEASE.update().where(WORKER_LEASE.c.executor_id == executor_id, WORKER_LEASE.c.expires_at > _NOW)
    return tx.execute(mine.values(expires_at=_NOW + seconds)).rowcount == 1


def give_up_lease(tx: Tx, executor_id: str) -> None:
    tx.execute(WORKER_LEASE.delete().where(WORKER_LEASE.c.executor_id == executor_id))


def dead_owners(tx: Tx) -> list[str]:
    """Return the executors that own running workflows and have no lease any more."""
    live = sa.select(WORKER_LEASE.c.executor_id).where(WORKER_LEASE.c.expires_at > _NOW)
    workflows = sa.table("workflow_status", sa.column("executor_id"), sa.column("status"), schema="dbos")
    pending = sa.select(workflows.c.executor_id).where(workflows.c.status == "PENDING").distinct()
    return list(tx.execute(pending.where(workflows.c.executor_id.not_in(live))).scalars())
