"""What `goldpan doctor` finds in databases, queues and workers, and what it says to do."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from goldpan import assembly
from goldpan.cli.doctor_checks import look_at_postgresql
from goldpan.storage.database import SCHEMA_VERSION, Database
from tests.processes import Goldpan


@pytest.fixture(params=["sqlite", "postgresql"])
def goldpan(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Goldpan]:
    """Alice's installation; nothing runs yet."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("bare_postgres_url")
    with Goldpan(tmp_path / "data", url) as goldpan:
        yield goldpan


def examine(goldpan: Goldpan, **more: str) -> dict[str, Any]:
    """Return the checks by name as (is well, details); the exit code tells the same."""
    done = subprocess.run(
        [sys.executable, "-m", "goldpan.cli", "doctor", "--json"],
        env={**goldpan.environment, **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr
    checks = {check["name"]: (check["ok"], check["details"]) for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == (0 if all(ok for ok, _ in checks.values()) else 1)
    assert not [details for _, details in checks.values() if "\n" in details]
    return checks


def is_embedded(goldpan: Goldpan) -> bool:
    return goldpan.url.startswith("sqlite")


def execute(goldpan: Goldpan, statement: str) -> None:
    database = Database(goldpan.url)
    with database.write() as tx:
        tx.execute(sa.text(statement))
    database.close()


def test_an_installation_without_jobs_is_well(goldpan: Goldpan) -> None:
    checks = examine(goldpan)

    assert checks["schema"] == (True, f"{SCHEMA_VERSION}, this version's")
    assert checks["stranded jobs"] == (True, "0")
    assert checks["workers"][0]
    assert checks["space for uploads"][0]


def test_jobs_that_nobody_works_on_want_a_worker(goldpan: Goldpan) -> None:
    goldpan.start_without_server("miller")

    checks = examine(goldpan)

    wanted = "`goldpan serve`" if is_embedded(goldpan) else "`goldpan worker`"
    assert checks["workers"][0] is False
    assert checks["workers"][1].endswith(f"1 jobs are not done: start {wanted}")
    assert checks["queue jobs"][1].startswith("1 wait, 0 run; the first has waited ")


def test_a_worker_that_lives_is_seen(goldpan: Goldpan) -> None:
    goldpan.serve()
    if not is_embedded(goldpan):
        goldpan.work()
    goldpan.wait_for_end([goldpan.start("storm total:20 pace:1")])

    checks = examine(goldpan)

    assert checks["workers"] == (True, "a server runs" if is_embedded(goldpan) else "1 with a lease")


def test_a_job_without_a_workflow_is_stranded(goldpan: Goldpan) -> None:
    goldpan.start_without_server("miller")
    execute(goldpan, f"DELETE FROM {'' if is_embedded(goldpan) else 'dbos.'}workflow_status")

    checks = examine(goldpan)

    assert checks["stranded jobs"][0] is False
    assert checks["stranded jobs"][1].startswith("1: a worker settles them")


def test_an_older_schema_is_named_and_left_as_it_is(goldpan: Goldpan) -> None:
    execute(goldpan, "UPDATE alembic_version SET version_num = '0001'")

    checks = examine(goldpan)

    if is_embedded(goldpan):
        assert checks["schema"] == (
            True,
            f"0001: the next command that opens it brings it to {SCHEMA_VERSION}; back it up first",
        )
    else:
        assert checks["schema"] == (False, f"0001: run `goldpan migrate`, which brings it to {SCHEMA_VERSION}")
    assert assembly.stored_schema(goldpan.settings) == "0001"


def test_a_newer_schema_wants_a_newer_goldpan(goldpan: Goldpan) -> None:
    execute(goldpan, "UPDATE alembic_version SET version_num = '9999'")

    checks = examine(goldpan)

    assert checks["schema"][0] is False
    assert "upgrade this one" in checks["schema"][1]


def test_a_database_without_tables_wants_to_be_migrated(tmp_path: Path, bare_postgres_url: str) -> None:
    environment = {"PATH": "/usr/bin:/bin", "GOLDPAN_DATABASE_URL": bare_postgres_url, "GOLDPAN_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "goldpan.cli", "doctor"],
        env={**environment, "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert f"WRONG\tschema\tnone: run `goldpan migrate`, which brings it to {SCHEMA_VERSION}\n" in done.stdout


def test_a_redis_that_does_not_answer_is_named_without_its_password(goldpan: Goldpan) -> None:
    checks = examine(goldpan, GOLDPAN_REDIS_URL="redis://:canary@127.0.0.1:1")

    assert checks["redis"][0] is False
    assert "does not answer" in checks["redis"][1]
    assert "canary" not in str(checks)


# --- PostgreSQL itself --------------------------------------------------------------------------------------------


def look(url: str, now_ms: Callable[[], int] | None = None) -> dict[str, tuple[bool, str]]:
    database = Database(url)
    try:
        toolbox = assembly.build_toolbox(database)
        toolbox = replace(toolbox, now_ms=now_ms or toolbox.now_ms)
        return {check.name: (check.ok, check.details) for check in look_at_postgresql(toolbox)}
    finally:
        database.close()


def test_a_server_whose_commits_do_not_survive_a_crash_is_wrong(postgres_url: str) -> None:
    checks = look(postgres_url)

    # the tests' own PostgreSQL is such a server, or one that somebody named
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if name in checks["durability"][1]]
    assert checks["durability"][0] == (off == [])
    assert checks["primary"] == (True, "yes")
    assert checks["connections"][0]


def test_clocks_that_differ_are_named(postgres_url: str) -> None:
    right = assembly.build_toolbox(Database(postgres_url)).now_ms

    near, far = look(postgres_url, right), look(postgres_url, lambda: right() + 60_000)

    assert near["clock"][0] is True
    assert far["clock"][0] is False
    assert far["clock"][1].startswith("the database is -60.0 s off this machine: let NTP")
