"""What every route asks of the database stays within one account group: the tables could be spread by its id."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.watched_routes import Sent, ask_every_route, watched_shop

# Tables that would not be spread by account group, each with its reason.
NOT_SPREAD = {
    "api_key": "a key is looked up before anybody knows whose it is: the table is small, and every node has a copy",
    "api_key_account_group": "the same",
    "alembic_version": "one row, which tells the schema: every node has a copy",
    "workflow_status": "the engine's queue, from which workers take jobs of all account groups: on one node",
    "workflow_input": "the same",
}

# The column by which each other table is spread, where it is not `account_group_id`.
SPREAD_BY = {"account_group": "id"}

# Statements that reach further, or say the account group in another way, each with its reason.
TOLD_OTHERWISE = {
    "sqlite": {
        r"FROM account_group JOIN api_key_account_group": "GET /v1/accounts: the few account groups of a key",
        r"FROM directory_index WHERE \(?directory_index\.document MATCH": "a word of the index names the account group",
    },
    "postgresql": {
        r"FROM account_group JOIN api_key_account_group": "GET /v1/accounts: the few account groups of a key",
        r"FROM directory_index WHERE \(?directory_index\.document @@": "a word of the index names the account group;"
        " spread, the index gets the column as well",
    },
}


@pytest.fixture
def routes_sent(database_url: str, tmp_path: Path) -> tuple[str, str, dict[str, list[Sent]]]:
    """The kind of database, the account group, and what each route sent."""
    with watched_shop(database_url, tmp_path) as (shop, database):
        return database.dialect.name, shop.group_id, asyncio.run(ask_every_route(shop, database))


def test_every_statement_of_a_route_and_of_a_job_names_the_account_group(
    routes_sent: tuple[str, str, dict[str, list[Sent]]],
) -> None:
    kind, group_id, found = routes_sent

    strays = {
        f"{name}: {table} in {statement.sql}"
        for name, sent in found.items()
        for statement in sent
        for table in _strays(statement, TOLD_OTHERWISE[kind], group_id)
    }
    assert strays == set()
    assert {name for name, sent in found.items() if not sent} == {"GET /healthz"}


def test_no_exception_from_the_account_group_is_stale(routes_sent: tuple[str, str, dict[str, list[Sent]]]) -> None:
    kind, _, found = routes_sent
    texts = [statement.sql for sent in found.values() for statement in sent]

    unused = {pattern for pattern in TOLD_OTHERWISE[kind] if not any(re.search(pattern, text) for text in texts)}
    assert unused == set()
    assert NOT_SPREAD.keys() - {table for text in texts for table in _tables(text)} == set()


@pytest.mark.parametrize(
    "statement",
    [
        Sent("SELECT job.id FROM job WHERE job.id = ?", ("j",)),
        Sent("SELECT job.id FROM job WHERE job.account_group_id = ?", ("mallory",)),
        Sent("SELECT job.id FROM job WHERE job.account_group_id > %(group)s", {"group": "alice"}),
        Sent("SELECT 1 FROM job JOIN audience ON audience.id = job.id WHERE job.account_group_id = ?", ("alice",)),
        Sent("UPDATE job SET status=? WHERE job.id = ?", ("failed", "j")),
        Sent("INSERT INTO job (id, status) VALUES (?, ?)", ("j", "alice")),
        Sent(
            "INSERT INTO job (account_group_id) SELECT o.id FROM json_to_recordset(%(rows)s) AS o", {"rows": "alice?"}
        ),
    ],
    ids=["none", "another one", "a range", "a join without it", "a change", "a new row", "new rows"],
)
def test_a_statement_that_strays_is_found(statement: Sent) -> None:
    assert _strays(statement, {}, "alice") != set()


def _tables(sql: str) -> set[str]:
    return set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE) (?:dbos\.|main\.)?([a-z_]+)\b(?!\()", sql))


def _strays(statement: Sent, told_otherwise: Mapping[str, str], group_id: str) -> set[str]:
    """Return the tables of which the statement does not say that the rows are of this account group."""
    if any(re.search(pattern, statement.sql) for pattern in told_otherwise):
        return set()
    named = set(re.findall(r"\bAS ([a-z_]+)", statement.sql))  # a query within the query is looked at by its own tables
    tables = {table for table in _tables(statement.sql) - NOT_SPREAD.keys() - named if not table.startswith("anon_")}
    told = {table for table in tables if _is_told(statement, table, group_id)}
    return {table for table in tables - told if not _is_joined(statement.sql, table, told)}


def _is_told(statement: Sent, table: str, group_id: str) -> bool:
    """Whether every condition on the table's column is an equality with this account group, and there is one."""
    column = SPREAD_BY.get(table, "account_group_id")
    sql, parameters = statement
    if values := re.match(rf"INSERT INTO {table} \(([^)]*)\) (?:VALUES|SELECT .* FROM json_to_recordset)", sql):
        names = values[1].split(", ")
        return column in names and group_id in _values(parameters)
    places = list(re.finditer(rf"\b{table}\.{column} = (\?|:\w+|%\(\w+\)s)", sql))
    return bool(places) and all(_value(statement, place) == group_id for place in places)


def _is_joined(sql: str, table: str, told: set[str]) -> bool:
    """Whether the table's rows are those of the same account group as another's, of which it is told."""
    mine = f"{table}.{SPREAD_BY.get(table, 'account_group_id')}"
    others = [f"{other}.{SPREAD_BY.get(other, 'account_group_id')}" for other in told]
    if sql.startswith(f"INSERT INTO {table} (") and " SELECT " in sql:
        return any(other in sql.partition(" FROM ")[0] for other in others)
    return any(f"{mine} = {other}" in sql or f"{other} = {mine}" in sql for other in others)


def _values(parameters: Any) -> list[Any]:
    return list(parameters.values()) if isinstance(parameters, Mapping) else list(parameters)


def _value(statement: Sent, place: re.Match[str]) -> Any:
    """Return what stands at the place of the statement."""
    sql, parameters = statement
    if isinstance(parameters, Mapping):
        return parameters[re.sub(r"[:%()]|\)s$", "", place[1].removesuffix("s") if ")" in place[1] else place[1])]
    return parameters[sql[: place.start(1)].count("?")]
