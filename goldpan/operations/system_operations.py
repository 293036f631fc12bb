"""What whoever runs Goldpan asks it: is it alive, can it serve, what runs here."""

from dataclasses import dataclass

import goldpan
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.permission_catalogue import OwnerPermission
from goldpan.domain.access_rules import Principal
from goldpan.operations.figures_operations import QueueFigures as QueueFigures
from goldpan.operations.figures_operations import count_stranded_jobs, engine_figures, server_health
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import worker_table
from goldpan.storage.database import SchemaMismatch, check_schema_now, stored_schema_version
from goldpan.storage.database_size import size_bytes
from goldpan.storage.postgresql_health import ServerHealth as ServerHealth


@dataclass(frozen=True, slots=True)
class SystemReport:
    """Everything that runs here, for all account groups.

    `database_version` is of an SQLite without the WAL-reset bug: with another nothing would have started. `workers` are
    (id, seconds that its lease still lasts); none and `is_embedded`: the server that answers is the worker.
    `server` is what PostgreSQL says of itself. `stranded_jobs` should be 0, and is counted up to 100.
    """

    version: str
    schema: str
    is_embedded: bool
    database_version: str
    database_bytes: int
    server: ServerHealth | None
    workers: list[tuple[str, float]]
    queues: dict[str, QueueFigures]
    stranded_jobs: int


def get_system(toolbox: Toolbox, caller: Principal, account_group_id: str) -> SystemReport:
    """Return what runs here. `account_group_id` is whose owner asks: what is told is of all of them.

    Raises:
        Problem: SERVICE_UNAVAILABLE.
    """
    caller.require(OwnerPermission.SYSTEM_READ, account_group_id)
    database = toolbox.database
    is_embedded = database.dialect.is_sqlite
    with database.read() as tx:
        schema = stored_schema_version(tx) or ""
        bytes_ = size_bytes(tx)
        workers = [] if is_embedded else worker_table.live_leases(tx)
    return SystemReport(
        version=goldpan.__version__,
        schema=schema,
        is_embedded=is_embedded,
        database_version=".".join(map(str, database.engine.dialect.server_version_info or ())),
        database_bytes=bytes_,
        server=server_health(toolbox),
        workers=workers,
        queues=engine_figures(toolbox).queues,
        stranded_jobs=count_stranded_jobs(toolbox),
    )


async def is_alive(_toolbox: Toolbox) -> dict[str, str]:
    """Return that the process answers."""
    return {"status": "ok"}


async def is_ready(toolbox: Toolbox) -> dict[str, str]:
    """Return that the database is there and has what this version needs.

    Raises:
        Problem: SERVICE_UNAVAILABLE.
    """
    try:
        await check_schema_now(toolbox.database)
    except SchemaMismatch as mismatch:
        raise Problem(ErrorKind.SERVICE_UNAVAILABLE, str(mismatch)) from mismatch
    return {"status": "ok"}
