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
from goldpan.storage.prospect_table import Collection, read_provenance
from goldpan.storage.tables import AUDIENCE, AUDIENCE_PROSPECT, PROSPECT

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


_ONE = HotQuery(
    sa.select(*AUDIENCE.c).where(
        AUDIENCE.c.id == sa.bindparam("audience_id"), AUDIENCE.c.account_group_id == sa.bindparam("account_group_id")
    )
)

_PROSPECTS = HotQuery(
    sa.select(AUDIENCE_PROSPECT.c.added_ms, *MEMBER_COLUMNS)
    .join(PROSPECT, PROSPECT.c.id == AUDIENCE_PROSPECT.c.prospect_id)
    .where(
        AUDIENCE_PROSPECT.c.audience_id == sa.bindparam("audience_id"),
        AUDIENCE_PROSPECT.c.account_group_id == sa.bindparam("account_group_id"),
        after_position(AUDIENCE_PROSPECT, "added_ms", "prospect_id"),
    )
    .order_by(AUDIENCE_PROSPECT.c.added_ms.desc(), AUDIENCE_PROSPECT.c.prospect_id.desc())
    .limit(LIMIT)
)


async def find(database: Database, account_group_id: str, audience_id: str) -> Audience | None:
    rows = await database.fetch(_ONE, account_group_id=account_group_id, audience_id=audience_id)
    return Audience(*rows[0]) if rows else None


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
    """Return the audience as it stands in this transaction."""
    row = tx.execute(_ONE.statement, {"account_group_id": account_group_id, "audience_id": audience_id}).one_or_none()
    return None if row is None else Audience(*row)


def add(tx: Tx, account_group_id: str, audience: Audience) -> None:
    values = {column.name: getattr(audience, column.name) for column in AUDIENCE.c}
    tx.execute(AUDIENCE.insert().values(values | {"account_group_id": account_group_id}))


def change_filling_jobs(tx: Tx, account_group_id: str, audience_id: str, change: int) -> None:
    """Count one job more (+1) or less (-1) among those that are filling the audience."""
    statement = AUDIENCE.update().where(AUDIENCE.c.id == audience_id, AUDIENCE.c.account_group_id == account_group_id)
    tx.execute(statement.values(filling_job_count=AUDIENCE.c.filling_job_count + change))


def add_prospects(tx: Tx, account_group_id: str, audience_id: str, prospect_ids: list[str], now_ms: int) -> None:
    """Let people join the audience; who is in it already stays where they are."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    common = {"audience_id": audience_id, "account_group_id": account_group_id, "added_ms": now_ms}
    rows = [{**common, "prospect_id": prospect_id} for prospect_id in prospect_ids]
    join = insert(AUDIENCE_PROSPECT).values(rows).on_conflict_do_nothing()
    # counted by what comes back: for an insert, PostgreSQL's driver leaves the row count out
    joined = len(tx.execute(join.returning(AUDIENCE_PROSPECT.c.prospect_id)).all())
    statement = AUDIENCE.update().where(AUDIENCE.c.id == audience_id, AUDIENCE.c.account_group_id == account_group_id)
    tx.execute(statement.values(prospect_count=AUDIENCE.c.prospect_count + joined))
