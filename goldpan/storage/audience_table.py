"""Audiences: the lists of people that jobs fill, and who is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from goldpan.contract.paging import Position
from goldpan.domain.provider_port import Person
from goldpan.storage.columns import PERSON_FIELDS
from goldpan.storage.database import Database, HotQuery, Tx
from goldpan.storage.keyset import AFTER_ID, AFTER_MS, LIMIT, after_position
from goldpan.storage.many_rows import is_one_of
from goldpan.storage.prospect_table import Collection, read_provenance
from goldpan.storage.tables import AUDIENCE, AUDIENCE_EXISTS, AUDIENCE_IS_READY, AUDIENCE_PROSPECT, PROSPECT

MEMBER_COLUMNS = [PROSPECT.c[name] for name in ("id", "imported_ms", "is_sandbox", "provenance", *PERSON_FIELDS)]


@dataclass(frozen=True, slots=True)
class Audience:
    id: str
    account_group_id: str
    name: str
    type: str
    is_sandbox: bool
    prospect_count: int
    filling_job_count: int
    created_ms: int
    description: str | None = None
    audience_type: str = "on_demand"
    folder_id: str | None = None
    deleted_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One person of an audience; (`added_ms`, `prospect_id`) is their place in it."""

    added_ms: int
    prospect_id: str
    imported_ms: int
    is_sandbox: bool
    provenance: list[Collection]
    person: Person


_MINE = AUDIENCE.c.account_group_id == sa.bindparam("account_group_id")
_ONE = sa.select(*AUDIENCE.c).where(AUDIENCE.c.id == sa.bindparam("audience_id"), _MINE)
_EXISTING = HotQuery(_ONE.where(AUDIENCE_EXISTS))

# `audience_ready_index` answers it: the condition stands here word for word as it does there.
READY_PAGE = HotQuery(
    sa.select(*AUDIENCE.c)
    .where(_MINE, AUDIENCE_IS_READY, after_position(AUDIENCE))
    .order_by(AUDIENCE.c.created_ms.desc(), AUDIENCE.c.id.desc())
    .limit(LIMIT)
)

_PROSPECTS = HotQuery(
    sa.select(AUDIENCE_PROSPECT.c.added_ms, *MEMBER_COLUMNS)
    .join(PROSPECT, PROSPECT.c.id == AUDIENCE_PROSPECT.c.prospect_id)
    .where(
        AUDIENCE_PROSPECT.c.audience_id == sa.bindparam("audience_id"),
        AUDIENCE_PROSPECT.c.account_group_id == sa.bindparam("account_group_id"),
        PROSPECT.c.account_group_id == sa.bindparam("account_group_id"),
        after_position(AUDIENCE_PROSPECT, "added_ms", "prospect_id"),
    )
    .order_by(AUDIENCE_PROSPECT.c.added_ms.desc(), AUDIENCE_PROSPECT.c.prospect_id.desc())
    .limit(LIMIT)
)


async def find(database: Database, account_group_id: str, audience_id: str) -> Audience | None:
    """Return the audience; None: there is none, or it was deleted."""
    rows = await database.fetch(_EXISTING, account_group_id=account_group_id, audience_id=audience_id)
    return Audience(*rows[0]) if rows else None


async def ready_page(database: Database, account_group_id: str, after: Position, limit: int) -> list[Audience]:
    """Return up to `limit` audiences that no job is filling, newest first, after the place `after`."""
    parameters = {AFTER_MS: after.created_ms, AFTER_ID: after.id, "limit": limit}
    rows = await database.fetch(READY_PAGE, account_group_id=account_group_id, **parameters)
    return [Audience(*row) for row in rows]


async def prospects(
    database: Database, account_group_id: str, audience_id: str, after: Position, limit: int
) -> list[Member]:
    """Return up to `limit` people, the last added first, after the place `after`."""
    parameters = {AFTER_MS: after.created_ms, AFTER_ID: after.id, "limit": limit}
    rows = await database.fetch(_PROSPECTS, account_group_id=account_group_id, audience_id=audience_id, **parameters)
    return [_member(row) for row in rows]


def read_prospects(tx: Tx, account_group_id: str, audience_id: str, after: Position, limit: int) -> list[Member]:
    """Return the same people to whoever works in a thread."""
    parameters = {AFTER_MS: after.created_ms, AFTER_ID: after.id, "limit": limit}
    parameters |= {"account_group_id": account_group_id, "audience_id": audience_id}
    return [_member(row) for row in tx.execute(_PROSPECTS.statement, parameters).all()]


def _member(row: Sequence[Any]) -> Member:
    return Member(row[0], row[1], row[2], bool(row[3]), read_provenance(row[4]), Person(*row[5:]))


def read(tx: Tx, account_group_id: str, audience_id: str) -> Audience | None:
    """Return the audience as it stands in this transaction; one that was deleted has its `deleted_ms`."""
    row = tx.execute(_ONE, {"account_group_id": account_group_id, "audience_id": audience_id}).one_or_none()
    return None if row is None else Audience(*row)


def is_name_taken(tx: Tx, account_group_id: str, name: str) -> bool:
    """Return whether an audience of exactly this name exists."""
    named = (AUDIENCE.c.account_group_id == account_group_id) & (AUDIENCE.c.name == name)
    return tx.execute(sa.select(AUDIENCE.c.id).where(named, AUDIENCE_EXISTS).limit(1)).first() is not None


def add(tx: Tx, account_group_id: str, audience: Audience) -> None:
    values = {column.name: getattr(audience, column.name) for column in AUDIENCE.c}
    tx.execute(AUDIENCE.insert(), values | {"account_group_id": account_group_id})


def save(tx: Tx, account_group_id: str, audience_id: str, **changes: object) -> None:
    """Change the audience; `changes` name the columns."""
    statement = AUDIENCE.update().where(AUDIENCE.c.id == audience_id, AUDIENCE.c.account_group_id == account_group_id)
    tx.execute(statement.values(changes))


def change_filling_jobs(tx: Tx, account_group_id: str, audience_id: str, change: int) -> None:
    """Count one job more (+1) or less (-1) among those that are filling the audience."""
    save(tx, account_group_id, audience_id, filling_job_count=AUDIENCE.c.filling_job_count + change)


def add_from_job(
    tx: Tx, account_group_id: str, audience_id: str, source: str, prospect_ids: list[str], now_ms: int
) -> None:
    """Let people whom a job took from `source` join the audience; who is in it already stays where they are.

    The first source becomes the audience's type.
    """
    mine = (AUDIENCE.c.id == audience_id) & (AUDIENCE.c.account_group_id == account_group_id)
    tx.execute(AUDIENCE.update().where(mine, AUDIENCE.c.type == AUDIENCE.c.audience_type).values(type=source))
    add_prospects(tx, account_group_id, audience_id, prospect_ids, now_ms)


def add_prospects(tx: Tx, account_group_id: str, audience_id: str, prospect_ids: list[str], now_ms: int) -> None:
    """Let people join the audience; who is in it already stays where they are."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    members = {"audience_id": sa.literal(audience_id), "prospect_id": PROSPECT.c.id}
    members |= {"account_group_id": PROSPECT.c.account_group_id, "added_ms": sa.literal(now_ms, sa.BigInteger)}
    people = (PROSPECT.c.account_group_id == account_group_id) & is_one_of(tx, PROSPECT.c.id, prospect_ids)
    # from the people and not from a list of rows: a thousand rows take longer to write down than to store
    join = insert(AUDIENCE_PROSPECT).from_select(list(members), sa.select(*members.values()).where(people))
    join = join.on_conflict_do_nothing()
    # counted by what comes back: for an insert, PostgreSQL's driver leaves the row count out
    joined = len(tx.execute(join.returning(AUDIENCE_PROSPECT.c.prospect_id)).all())
    save(tx, account_group_id, audience_id, prospect_count=AUDIENCE.c.prospect_count + joined)


def remove_prospects(tx: Tx, account_group_id: str, audience_id: str, prospect_ids: list[str]) -> list[str]:
    """Let people leave the audience; return those who were in it."""
    statement = _members(account_group_id, audience_id).where(
        is_one_of(tx, AUDIENCE_PROSPECT.c.prospect_id, prospect_ids)
    )
    left = list(tx.execute(statement.returning(AUDIENCE_PROSPECT.c.prospect_id)).scalars())
    save(tx, account_group_id, audience_id, prospect_count=AUDIENCE.c.prospect_count - len(left))
    return left


def delete(tx: Tx, account_group_id: str, audience_id: str, now_ms: int) -> None:
    """Mark the audience as gone: jobs still name its row. Who is in it must be let go afterwards."""
    save(tx, account_group_id, audience_id, prospect_count=0, folder_id=None, deleted_ms=now_ms)


def deleted_with_members(tx: Tx, since_ms: int, limit: int) -> list[tuple[str, str]]:
    """Return (account group id, audience id) of up to `limit` audiences that were deleted but have people.

    Those that were deleted before `since_ms` are left out.
    """
    has_members = sa.exists().where(AUDIENCE_PROSPECT.c.audience_id == AUDIENCE.c.id)
    deleted = (AUDIENCE.c.deleted_ms >= since_ms) & has_members
    statement = sa.select(AUDIENCE.c.account_group_id, AUDIENCE.c.id).where(deleted).limit(limit)
    return [(row[0], row[1]) for row in tx.execute(statement)]


def release_members(tx: Tx, account_group_id: str, audience_id: str, limit: int) -> int:
    """Let up to `limit` people leave a deleted audience; return how many."""
    some = sa.select(AUDIENCE_PROSPECT.c.prospect_id).where(AUDIENCE_PROSPECT.c.audience_id == audience_id).limit(limit)
    statement = _members(account_group_id, audience_id).where(AUDIENCE_PROSPECT.c.prospect_id.in_(some))
    return tx.execute(statement).rowcount


def _members(account_group_id: str, audience_id: str) -> sa.Delete:
    mine = AUDIENCE_PROSPECT.c.account_group_id == account_group_id
    return AUDIENCE_PROSPECT.delete().where(AUDIENCE_PROSPECT.c.audience_id == audience_id, mine)
