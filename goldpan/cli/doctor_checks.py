"""What the doctor finds inside a database that can be opened: PostgreSQL itself, the queues, the workers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldpan.operations.figures_operations import EngineFigures
    from goldpan.operations.toolbox import Toolbox

MOST_CLOCK_SECONDS = 5.0
CONNECTIONS_A_PROCESS = 30  # two pools, and what the first may add for a moment


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `details` says what was found, and what to do if it is wrong."""

    name: str
    ok: bool
    details: str


def check_schema(stored: str | None, own: str, *, is_embedded: bool) -> Check:
    """Compare the database's schema with this version's; one that is not the same is not opened."""
    if stored == own:
        return Check("schema", True, f"{own}, this version's")
    if stored is not None and stored > own:
        return Check("schema", False, f"{stored}, made by a newer Goldpan: upgrade this one, which has {own}")
    found = stored or "none"
    if is_embedded:
        return Check("schema", True, f"{found}: the next command that opens it brings it to {own}; back it up first")
    return Check("schema", False, f"{found}: run `goldpan migrate`, which brings it to {own}")


def look_at_postgresql(toolbox: "Toolbox") -> Iterator[Check]:
    from goldpan.operations.figures_operations import server_health

    health = server_health(toolbox)
    if health is None:
        return
    ahead = health.clock_ahead_seconds
    is_near = abs(ahead) <= MOST_CLOCK_SECONDS
    remedy = "" if is_near else ": let NTP set the clocks, times of jobs come from this one"
    yield Check("clock", is_near, f"the database is {ahead:+.1f} s off this machine{remedy}")
    yield Check(
        "primary",
        not health.is_replica,
        "a replica, nothing can be written: name the primary in GOLDPAN_DATABASE_URL" if health.is_replica else "yes",
    )
    off = ", ".join(health.unsafe)
    yield Check(
        "durability",
        not health.unsafe,
        f"{off} is off: a crash may lose what was promised, switch it on" if off else "a commit survives a crash",
    )
    free = health.most_connections - health.connections
    has_room = free >= CONNECTIONS_A_PROCESS
    remedy = "" if has_room else f": raise max_connections, one process takes up to {CONNECTIONS_A_PROCESS}"
    yield Check("connections", has_room, f"{health.connections} of {health.most_connections} in use{remedy}")


def look_at_engine(toolbox: "Toolbox", *, is_served: bool) -> Iterator[Check]:
    """`is_served`: a server runs on the embedded database."""
    from goldpan.operations.figures_operations import count_stranded_jobs, engine_figures

    figures = engine_figures(toolbox)
    yield _check_workers(figures, is_served=is_served)
    for name, queue in sorted(figures.queues.items()):
        details = f"{queue.waiting} wait, {queue.running} run"
        yield Check(f"queue {name}", True, f"{details}; the first has waited {queue.oldest_waiting_seconds:,.0f} s")
    stranded = count_stranded_jobs(toolbox)
    remedy = ": a worker settles them within a minute; if they stay, keep the log and tell us" if stranded else ""
    yield Check("stranded jobs", stranded == 0, f"{stranded}{remedy}")


def _check_workers(figures: "EngineFigures", *, is_served: bool) -> Check:
    jobs = sum(queue.waiting + queue.running for queue in figures.queues.values())
    if figures.live_workers is None:
        found, start = "a server runs" if is_served else "no server runs", "`goldpan serve`"
    else:
        found, start = f"{figures.live_workers} with a lease", "`goldpan worker`"
    is_worked = is_served if figures.live_workers is None else figures.live_workers > 0
    if is_worked:
        return Check("workers", True, found)
    return Check("workers", jobs == 0, f"{found}, {jobs} jobs are not done: start {start}")
