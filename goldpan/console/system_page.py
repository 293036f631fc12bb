"""The page on the system, for owners: version, database, workers, queues, and what somebody should do about them."""

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from goldpan.console.visit import Visit
from goldpan.operations.system_operations import ServerHealth, SystemReport, get_system

MOST_CLOCK_SECONDS = 5
FEWEST_FREE_CONNECTIONS = 30
LONG_WAIT_SECONDS = 300


async def system_page(visit: Visit) -> Response:
    report = await run_in_threadpool(get_system, visit.toolbox, visit.caller, visit.group_id)
    return visit.page("system.html", report=report, worries=worries(report), queues=sorted(report.queues.items()))


def worries(report: SystemReport) -> list[str]:
    """Return what is wrong, in sentences that say what to do; none: all is well."""
    found = _worries_of_the_server(report.server) if report.server else []
    waiting = sum(queue.waiting for queue in report.queues.values())
    if not report.is_embedded and not report.workers and waiting:
        found.append(f"{waiting} jobs wait and no worker lives: start one with goldpan worker.")
    if report.stranded_jobs:
        found.append(f"{report.stranded_jobs} jobs are stranded, nobody would go on with them: see goldpan doctor.")
    for name, queue in sorted(report.queues.items()):
        if queue.oldest_waiting_seconds > LONG_WAIT_SECONDS:
            minutes = int(queue.oldest_waiting_seconds // 60)
            found.append(f"A job in the queue {name} has waited for {minutes} minutes: more workers would help.")
    return found


def _worries_of_the_server(server: ServerHealth) -> list[str]:
    found = []
    if server.is_replica:
        found.append("The database is a replica, which takes no writes: GOLDPAN_DATABASE_URL must name the primary.")
    if server.unsafe:
        found.append(f"PostgreSQL runs without {', '.join(server.unsafe)}: a crash may lose what was stored.")
    if abs(server.clock_ahead_seconds) > MOST_CLOCK_SECONDS:
        found.append(f"The clocks differ by {abs(server.clock_ahead_seconds):.0f} s: let both follow a time server.")
    if server.most_connections - server.connections < FEWEST_FREE_CONNECTIONS:
        found.append("PostgreSQL has few connections left: raise max_connections.")
    return found
