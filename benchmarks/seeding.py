"""A database full of jobs for the list to be read from: account groups, ended jobs of every kind, ties in createdAt."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from goldpan.contract.paging import Position
from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.account_operations import NewKey, create_account, create_key
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import audience_table
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Database, Tx, let_it_take_long
from goldpan.storage.tables import JOB

FIRST_MS = 1_700_000_000_000
JOBS_PER_MOMENT = 3  # so many share one createdAt
MOMENT_MS = 20
OTHER_GROUPS = 3  # seven jobs of ten are of the group that is read, one of ten of each other

_ID = {
    "sqlite": "printf('%08x%016x', created_ms / 1000, number * 2654435761 % 1099511627776)",
    "postgresql": "lpad(to_hex(created_ms / 1000), 8, '0')"
    " || lpad(to_hex(number * 2654435761 % 1099511627776), 16, '0')",
}

# Ids are scattered within a moment, and statuses over the list. All jobs have ended: one that waits or runs would be
# taken up by the server, which would then be busy with more than the list.
_NUMBERS = f"""
WITH RECURSIVE numbered(number) AS (
    SELECT CAST(0 AS BIGINT) UNION ALL SELECT number + 1 FROM numbered WHERE number + 1 < :jobs
), job_number AS (
    SELECT
        number,
        {FIRST_MS} + number / {JOBS_PER_MOMENT} * {MOMENT_MS} AS created_ms,
        CASE number % 10 {{other_groups}} ELSE 0 END AS place,
        CASE number * 2654435761 / 65536 % 10
            WHEN 0 THEN 'cancelled' WHEN 1 THEN 'cancelled' WHEN 2 THEN 'failed' WHEN 3 THEN 'failed'
            ELSE 'completed' END AS status
    FROM numbered
)
"""

# Columns that must have a value and are not named here get the zero of their type.
_VALUES = {
    "account_group_id": "CASE place {groups} END",
    "audience_id": "CASE place {audiences} END",
    "status": "status",
    "source": "'linkedin_search'",
    "created_ms": "created_ms",
    "updated_ms": "created_ms + 60000",
    "started_ms": "created_ms + 1000",
    "finished_ms": "created_ms + 60000",
    "import_status": "status",
    "import_progress": "CASE status WHEN 'completed' THEN 1 ELSE 0 END",
    "enrichment_status": "status",
    "enrichment_progress": "CASE status WHEN 'completed' THEN 1 ELSE 0 END",
}


@dataclass(frozen=True, slots=True)
class Seeded:
    """The account group that is read, and the text of a key that reaches it."""

    account_group_id: str
    key: str


def seed(toolbox: Toolbox, jobs: int) -> Seeded:
    """Fill an empty database with `jobs` jobs."""
    groups = [create_account(toolbox, f"Benchmark {number}", "scale", 0).id for number in range(1 + OTHER_GROUPS)]
    with toolbox.database.write() as tx:
        let_it_take_long(tx)
        audiences = [_add_audience(tx, toolbox, group) for group in groups]
        indexes = list(JOB.indexes)
        for index in indexes:
            index.drop(tx)
        _fill(tx, toolbox.database.dialect.name, jobs, groups, audiences)
        for index in indexes:
            index.create(tx)
    _settle(toolbox.database)
    _, key = create_key(toolbox, NewKey([groups[0]], [Permission.PROSPECTING_READ], "benchmark"))
    return Seeded(groups[0], key)


def count_jobs(database: Database, account_group_id: str, status: str | None) -> int:
    with database.read() as tx:
        return tx.execute(sa.select(sa.func.count()).where(*_is_listed(account_group_id, status))).scalar_one()


def position_of(database: Database, account_group_id: str, status: str | None, number: int) -> Position:
    """Return the place of item `number` of the list (1 is the newest), counted off the slow way."""
    statement = sa.select(JOB.c.created_ms, JOB.c.id).where(*_is_listed(account_group_id, status))
    statement = statement.order_by(JOB.c.created_ms.desc(), JOB.c.id.desc()).offset(number - 1).limit(1)
    with database.read() as tx:
        return Position(*tx.execute(statement).one())


def _is_listed(account_group_id: str, status: str | None) -> list[sa.ColumnElement[bool]]:
    conditions = [JOB.c.account_group_id == account_group_id]
    return conditions if status is None else [*conditions, JOB.c.status == status]


def _add_audience(tx: Tx, toolbox: Toolbox, account_group_id: str) -> str:
    audience_id = toolbox.new_id()
    audience = Audience(audience_id, account_group_id, "Benchmark", "linkedin_search", False, 0, 0, FIRST_MS)
    audience_table.add(tx, account_group_id, audience)
    return audience_id


def _fill(tx: Tx, dialect: str, jobs: int, groups: Sequence[str], audiences: Sequence[str]) -> None:
    values = {"id": _ID[dialect]} | _VALUES
    for column in JOB.c:
        if not column.nullable:
            values.setdefault(column.name, "false" if isinstance(column.type, sa.Boolean) else "0")
    others = " ".join(f"WHEN {place} THEN {place}" for place in range(1, len(groups)))
    select = f"{_NUMBERS} SELECT {', '.join(values.values())} FROM job_number".format(
        other_groups=others, groups=_by_place(groups), audiences=_by_place(audiences)
    )
    tx.execute(sa.text(f"INSERT INTO job ({', '.join(values)}) {select}"), {"jobs": jobs})


def _by_place(ids: Sequence[str]) -> str:
    return " ".join(f"WHEN {place} THEN '{id_}'" for place, id_ in enumerate(ids))


def _settle(database: Database) -> None:
    """Bring the file into the state that it has in a database which has lived for a while."""
    statement = "PRAGMA wal_checkpoint(TRUNCATE)" if database.dialect.is_sqlite else "VACUUM (ANALYZE) job"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
