"""Puts the parts together; the only room that knows every other, the clock and where ids come from."""

from goldpan.assembly.backups import back_up, restore
from goldpan.assembly.database_access import (
    CannotStart,
    database_url,
    is_served,
    migrate,
    open_database,
    stored_schema,
)
from goldpan.assembly.metrics_server import metrics_address
from goldpan.assembly.parts import (
    administrative_toolbox,
    build_toolbox,
    quota_limit,
    rate_limit,
    rate_limits,
    read_quota_limits,
    shared_counter,
)
from goldpan.assembly.servers import run_worker, serve

__all__ = [
    "CannotStart",
    "administrative_toolbox",
    "back_up",
    "build_toolbox",
    "database_url",
    "is_served",
    "metrics_address",
    "migrate",
    "open_database",
    "quota_limit",
    "rate_limit",
    "rate_limits",
    "read_quota_limits",
    "restore",
    "run_worker",
    "serve",
    "shared_counter",
    "stored_schema",
]
