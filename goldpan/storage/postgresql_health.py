"""What a PostgreSQL server says of itself: its clock, its connections, and settings that our promises rest on."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from goldpan.storage.database import Tx

# With one of them off, what was committed may be gone after a crash or a loss of power.
DURABILITY = ("fsync", "full_page_writes", "synchronous_commit")

_HEALTH = sa.text(
    "SELECT extract(epoch FROM clock_timestamp())::float8, pg_is_in_recovery(),"
    " current_setting('max_connections')::int,"
    " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),"
    " current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')"
)


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """`clock_ahead_seconds` of ours, within a round trip; `unsafe` are the settings of DURABILITY that are off."""

    clock_ahead_seconds: float
    is_replica: bool
    connections: int
    most_connections: int
    unsafe: tuple[str, ...]


def read_health(tx: Tx, now_ms: Callable[[], int]) -> ServerHealth:
    before_ms = now_ms()
    clock, is_replica, most, connections, *durability = tx.execute(_HEALTH).one()
    ours = (before_ms + now_ms()) / 2000
    unsafe = tuple(name for name, value in zip(DURABILITY, durability, strict=True) if value == "off")
    return ServerHealth(clock - ours, is_replica, connections, most, unsafe)
