"""What jobs took out of the budgets of their account group, page by page."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import sqlalchemy as sa

from goldpan.storage.database import Database, HotQuery, Tx
from goldpan.storage.tables import QUOTA_USE


@dataclass(frozen=True, slots=True)
class Use:
    """What one page of a job took: at least one person."""

    job_id: str
    page: int
    list_type: str
    people: int
    used_ms: int


class Window(NamedTuple):
    """All uses since a time: how many people, and when the oldest was; None: there was no use."""

    used: int
    oldest_ms: int | None


_WINDOW = HotQuery(
    sa.select(sa.func.coalesce(sa.func.sum(QUOTA_USE.c.people), 0), sa.func.min(QUOTA_USE.c.used_ms)).where(
        QUOTA_USE.c.account_group_id == sa.bindparam("account_group_id"),
        QUOTA_USE.c.list_type == sa.bindparam("list_type"),
        QUOTA_USE.c.used_ms > sa.bindparam("since_ms", type_=sa.BigInteger),
    )
)


async def find_window(database: Database, account_group_id: str, list_type: str, since_ms: int) -> Window:
    """Return what was used after `since_ms`."""
    [row] = await database.fetch(_WINDOW, account_group_id=account_group_id, list_type=list_type, since_ms=since_ms)
    return Window(int(row[0]), row[1])


def read_window(tx: Tx, account_group_id: str, list_type: str, since_ms: int) -> Window:
    """Return the same as it stands in this transaction."""
    parameters = {"account_group_id": account_group_id, "list_type": list_type, "since_ms": since_ms}
    row = tx.execute(_WINDOW.statement, parameters).one()
    return Window(int(row[0]), row[1])


def add_use(tx: Tx, account_group_id: str, use: Use) -> None:
    tx.execute(QUOTA_USE.insert(), {"account_group_id": account_group_id, **asdict(use)})


def forget_uses(tx: Tx, before_ms: int, limit: int) -> int:
    """Delete up to `limit` uses, of all account groups, that are older than `before_ms`; return how many."""
    identity = (QUOTA_USE.c.job_id, QUOTA_USE.c.page)
    old = sa.select(*identity).where(QUOTA_USE.c.used_ms < before_ms).limit(limit)
    return tx.execute(QUOTA_USE.delete().where(sa.tuple_(*identity).in_(old))).rowcount
