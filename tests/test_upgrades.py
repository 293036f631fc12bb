"""An upgrade without a pause: what a version does whose database a newer one has migrated meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from goldpan.storage.database import Database
from tests.invariants import assert_invariants
from tests.processes import Goldpan

# As migrations do: they add, and take nothing away.
NEWER = (
    "ALTER TABLE job ADD COLUMN note_of_tomorrow TEXT",
    "CREATE TABLE table_of_tomorrow (id TEXT PRIMARY KEY)",
    "UPDATE alembic_version SET version_num = '9999'",
)


@pytest.fixture
def scaled(tmp_path: Path, bare_postgres_url: str) -> Iterator[Goldpan]:
    """Alice's installation on PostgreSQL; nothing runs yet."""
    with Goldpan(tmp_path, bare_postgres_url) as goldpan:
        yield goldpan


def migrate_to_tomorrow(goldpan: Goldpan) -> None:
    database = Database(goldpan.url)
    for statement in NEWER:
        with database.write() as tx:
            tx.execute(sa.text(statement))
    database.close()


def readiness(goldpan: Goldpan) -> int:
    return httpx2.get(f"http://127.0.0.1:{goldpan.port}/readyz").status_code


def test_server_and_worker_go_on_after_a_newer_version_has_migrated(scaled: Goldpan) -> None:
    server, worker = scaled.serve(), scaled.work()
    under_way = scaled.start("gale total:200 pace:200")
    scaled.wait_for(under_way, 30, lambda job: job["counts"]["imported"] > 0)

    migrate_to_tomorrow(scaled)
    later = scaled.start("storm total:50 pace:1")
    ended = scaled.wait_for_end([under_way, later])

    assert readiness(scaled) == 200
    assert [job["status"] for job in ended] == ["completed", "completed"]
    assert [job["counts"]["imported"] for job in ended] == [200, 50]
    assert_invariants(scaled.url)
    assert server.stop() < 10
    assert worker.stop() < 10
    assert '"event":"crash"' not in scaled.log()


def test_none_of_the_old_version_starts_on_a_database_of_a_newer_one(scaled: Goldpan) -> None:
    migrate_to_tomorrow(scaled)

    processes = [scaled.serve(is_awaited=False), scaled.work()]

    for process in processes:
        assert process.wait_for_exit(30) != 0
        assert "made by a newer Goldpan: upgrade this one" in process.log.read_text()


def test_a_worker_that_stops_hands_its_jobs_on_at_once(scaled: Goldpan) -> None:
    scaled.serve()
    old = scaled.work()
    job_id = scaled.start("gale total:300 pace:300")
    scaled.wait_for(job_id, 30, lambda job: job["counts"]["imported"] > 0)
    scaled.work()

    assert old.stop() < 10
    done = scaled.job(job_id)["counts"]["imported"]

    scaled.wait_for(job_id, 15, lambda job: job["counts"]["imported"] > done)
    assert scaled.wait_for_end([job_id])[0]["counts"]["imported"] == 300
