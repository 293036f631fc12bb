"""Balances and the append-only ledger: each function changes both, or neither."""

from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from goldpan.contract.paging import Position
from goldpan.metrics import CREDITS
from goldpan.storage.database import Database, HotQuery, Tx, after_commit
from goldpan.storage.keyset import AFTER_ID, AFTER_MS, LIMIT, after_position
from goldpan.storage.tables import ACCOUNT_GROUP, CREDIT_ENTRY, JOB


@dataclass(frozen=True, slots=True)
class Entry:
    """What every line of the ledger says besides its amounts; `page` counts the job's pages so far."""

    id: str
    created_ms: int
    job_id: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the ledger."""

    id: str
    kind: str
    job_id: str | None
    available_change: int
    reserved_change: int
    created_ms: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of the ledger, with both balances as they were after it."""

    movement: Movement
    available_after: int
    reserved_after: int


@dataclass(frozen=True, slots=True)
class DaySpend:
    """What jobs spent on one day, in UTC, and how many new people they got for it."""

    day_ms: int
    credits: int
    people: int


_NEWEST_FIRST = (CREDIT_ENTRY.c.created_ms.desc(), CREDIT_ENTRY.c.id.desc())

_MOVEMENT = [CREDIT_ENTRY.c[name] for name in Movement.__slots__]

DAY_MS = 24 * 3600 * 1000
_DAY_MS: sa.ColumnElement[int] = sa.literal_column(str(DAY_MS), sa.BigInteger)

_PAGE = HotQuery(
    sa.select(*_MOVEMENT)
    .where(CREDIT_ENTRY.c.account_group_id == sa.bindparam("account_group_id"), after_position(CREDIT_ENTRY))
    .order_by(*_NEWEST_FIRST)
    .limit(LIMIT)
)


async def page(database: Database, account_group_id: str, after: Position, limit: int) -> list[Movement]:
    """Return up to `limit` lines of the ledger, newest first, after the place `after`."""
    place = {AFTER_MS: after.created_ms, AFTER_ID: after.id}
    rows = await database.fetch(_PAGE, account_group_id=account_group_id, **place, limit=limit)
    return [Movement(*row) for row in rows]


def ledger_page(tx: Tx, account_group_id: str, after: Position, limit: int) -> list[LedgerLine]:
    """Return the same lines as `page`, with the balances after each.

    One statement, so that balance and lines fit together. It adds up every line that is newer than the page.
    """
    place = sa.tuple_(CREDIT_ENTRY.c.created_ms, CREDIT_ENTRY.c.id)
    of_group = CREDIT_ENTRY.c.account_group_id == account_group_id
    balances = []
    for kind in ("available", "reserved"):
        newer = sa.select(sa.func.coalesce(sa.func.sum(CREDIT_ENTRY.c[f"{kind}_change"]), 0))
        now = sa.select(ACCOUNT_GROUP.c[f"credits_{kind}"]).where(ACCOUNT_GROUP.c.id == account_group_id)
        balances.append(now.scalar_subquery() - newer.where(of_group, place >= tuple(after)).scalar_subquery())
    statement = sa.select(*balances, *_MOVEMENT).where(of_group, place < tuple(after))
    rows = tx.execute(statement.order_by(*_NEWEST_FIRST).limit(limit)).all()
    available, reserved = map(int, rows[0][:2]) if rows else (0, 0)
    lines = []
    for movement in (Movement(*row[2:]) for row in rows):
        lines.append(LedgerLine(movement, available, reserved))
        available, reserved = available - movement.available_change, reserved - movement.reserved_change
    return lines


def job_lines(tx: Tx, account_group_id: str, job_id: str, limit: int) -> list[Movement]:
    """Return up to `limit` lines of one job, newest first."""
    mine = (CREDIT_ENTRY.c.job_id == job_id) & (CREDIT_ENTRY.c.account_group_id == account_group_id)
    rows = tx.execute(sa.select(*_MOVEMENT).where(mine).order_by(*_NEWEST_FIRST).limit(limit))
    return [Movement(*row) for row in rows]


def spend_by_day(tx: Tx, account_group_id: str, since_ms: int) -> list[DaySpend]:
    """Return the days since `since_ms` on which something was spent, the oldest first."""
    day = (CREDIT_ENTRY.c.created_ms // _DAY_MS).label("day")
    credits = -CREDIT_ENTRY.c.reserved_change
    statement = (
        sa.select(day, sa.func.sum(credits), sa.func.sum(credits // JOB.c.price_credits))
        .join(JOB, JOB.c.id == CREDIT_ENTRY.c.job_id)
        .where(CREDIT_ENTRY.c.account_group_id == account_group_id, JOB.c.account_group_id == account_group_id)
        .where(CREDIT_ENTRY.c.created_ms >= since_ms, CREDIT_ENTRY.c.kind == "capture")
        .group_by(day)
        .order_by(day)
    )
    return [DaySpend(int(row[0]) * DAY_MS, int(row[1]), int(row[2])) for row in tx.execute(statement)]


def top_up(tx: Tx, account_group_id: str, entry: Entry, credits: int) -> None:
    """Add `credits` to the available balance."""
    _move(tx, account_group_id, entry, "top_up", available=credits, reserved=0)


def reserve(tx: Tx, account_group_id: str, entry: Entry, credits: int) -> bool:
    """Move `credits` from the available balance to the job's reservation; False: there are not as many."""
    if not _change_balances(tx, account_group_id, available=-credits, reserved=credits):
        return False
    _append(tx, account_group_id, entry, "reserve", available=-credits, reserved=credits)
    return True


def capture(tx: Tx, account_group_id: str, entry: Entry, credits: int) -> None:
    """Take `credits` of the job's reservation for the new people of one page."""
    _move(tx, account_group_id, entry, "capture", available=0, reserved=-credits)


def release(tx: Tx, account_group_id: str, entry: Entry, credits: int) -> None:
    """Give what is left of the job's reservation back to the available balance."""
    _move(tx, account_group_id, entry, "release", available=credits, reserved=-credits)


def ledger_sums(tx: Tx, account_group_id: str) -> tuple[int, int]:
    """Return what the ledger says: the (available, reserved) credits of the account group."""
    sums = (sa.func.sum(CREDIT_ENTRY.c.available_change), sa.func.sum(CREDIT_ENTRY.c.reserved_change))
    row = tx.execute(sa.select(*sums).where(CREDIT_ENTRY.c.account_group_id == account_group_id)).one()
    return int(row[0] or 0), int(row[1] or 0)


def _move(tx: Tx, account_group_id: str, entry: Entry, kind: str, *, available: int, reserved: int) -> None:
    if not _change_balances(tx, account_group_id, available=available, reserved=reserved):
        raise AssertionError(f"a {kind} of job {entry.job_id} would make a balance negative")
    _append(tx, account_group_id, entry, kind, available=available, reserved=reserved)


def _change_balances(tx: Tx, account_group_id: str, *, available: int, reserved: int) -> bool:
    table = ACCOUNT_GROUP.c
    statement = (
        ACCOUNT_GROUP.update()
        .where(table.id == account_group_id)
        .where(table.credits_available + available >= 0, table.credits_reserved + reserved >= 0)
        .values(
            credits_available=table.credits_available + available, credits_reserved=table.credits_reserved + reserved
        )
    )
    return tx.execute(statement).rowcount == 1


def _append(tx: Tx, account_group_id: str, entry: Entry, kind: str, *, available: int, reserved: int) -> None:
    """Write the line, at least a millisecond after the one before it: the ledger reads in the order it was written.

    Whoever gets here has changed the account group's row, so nobody else writes a line of this group meanwhile.
    """
    of_group = CREDIT_ENTRY.c.account_group_id == account_group_id
    newest = sa.select(CREDIT_ENTRY.c.created_ms + 1).where(of_group).order_by(*_NEWEST_FIRST).limit(1)
    after_the_newest = newest.scalar_subquery()
    now = sa.literal(entry.created_ms, sa.BigInteger)
    values = {
        "id": entry.id,
        "account_group_id": account_group_id,
        "job_id": entry.job_id,
        "kind": kind,
        "page": entry.page,
        "available_change": available,
        "reserved_change": reserved,
        "created_ms": sa.case((after_the_newest > now, after_the_newest), else_=now),
    }
    tx.execute(CREDIT_ENTRY.insert().values(values))
    after_commit(tx, partial(CREDITS.labels(kind).inc, abs(available or reserved)))
