"""What whoever runs Goldpan asks it: is it alive, can it serve."""

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.operations.toolbox import Toolbox
from goldpan.storage.database import SchemaMismatch, check_schema_now


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
