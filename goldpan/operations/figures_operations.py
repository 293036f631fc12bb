"""What database, queues and workers look like from outside; nobody asks but whoever watches over this Goldpan."""

from dataclasses import dataclass

from goldpan.operations.toolbox import Toolbox
from goldpan.storage import postgresql_health, worker_table, workflow_table
from goldpan.storage.database import SCHEMA_VERSION
from goldpan.storage.postgresql_health import ServerHealth

MOST_STRANDED = 100


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue: how many jobs wait in it and run, and for how long the first of those that wait has waited."""

    waiting: int = 0
    running: int = 0
    oldest_waiting_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """The queues by name; `live_workers` None: the embedded server needs no lease."""

    queues: dict[str, QueueFigures]
    live_workers: int | None


def engine_figures(toolbox: Toolbox) -> EngineFigures:
    """Return what the database says right now.

    Raises:
        Problem: SERVICE_UNAVAILABLE.
    """
    is_embedded = toolbox.database.dialect.is_sqlite
    with toolbox.database.read() as tx:
        counts = {(count.queue, count.status): count for count in workflow_table.queue_counts(tx)}
        live_workers = None if is_embedded else worker_table.count_live_leases(tx)
    now_ms = toolbox.now_ms()
    queues = {}
    for queue in {queue for queue, _ in counts}:
        waiting, running = counts.get((queue, "ENQUEUED")), counts.get((queue, "PENDING"))
        queues[queue] = QueueFigures(
            waiting=waiting.workflows if waiting else 0,
            running=running.workflows if running else 0,
            oldest_waiting_seconds=max(0, now_ms - waiting.oldest_ms) / 1000 if waiting else 0.0,
        )
    return EngineFigures(queues, live_workers)


def own_schema() -> str:
    """Return the schema that this version was written for."""
    return SCHEMA_VERSION


def count_stranded_jobs(toolbox: Toolbox) -> int:
    """Return how many jobs, up to `MOST_STRANDED`, nobody would go on with."""
    with toolbox.database.read() as tx:
        return len(workflow_table.stranded_jobs(tx, MOST_STRANDED))


def server_health(toolbox: Toolbox) -> ServerHealth | None:
    """Return what PostgreSQL says of itself; None: the database is the embedded one."""
    if toolbox.database.dialect.is_sqlite:
        return None
    with toolbox.database.read() as tx:
        return postgresql_health.read_health(tx, toolbox.now_ms)
