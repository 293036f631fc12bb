"""Jobs that wait for hours: they stand aside, so that a few of them never fill a worker, and go on when it is time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from goldpan import assembly
from goldpan.contract.paging import format_time
from goldpan.contract.quota_resources import ListType
from goldpan.storage.database import Database
from goldpan.storage.quota_table import Use, add_use
from goldpan.storage.tables import QUOTA_USE
from tests.cast import now_ms
from tests.faults import BUSY_FOR_AN_HOUR
from tests.invariants import assert_invariants
from tests.processes import Goldpan, wait_until

PLACES_OF_AN_ACCOUNT_GROUP = 8
DAY_MS = 24 * 3600 * 1000


@pytest.fixture(params=["sqlite", "postgresql"])
def goldpan(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Goldpan]:
    """Alice's installation; nothing runs yet."""
    url = request.getfixturevalue("bare_postgres_url") if request.param == "postgresql" else ""
    with Goldpan(tmp_path, url) as goldpan:
        yield goldpan
    assert_invariants(goldpan.url)


def test_jobs_that_wait_for_hours_leave_the_worker_to_others_and_go_on_later(goldpan: Goldpan) -> None:
    server = goldpan.serve(BUSY_FOR_AN_HOUR)
    if goldpan.url.startswith("postgresql"):
        goldpan.work(BUSY_FOR_AN_HOUR)
    patient = [
        goldpan.start(f"patient {number} total:50 pace:0 fail:429@2") for number in range(PLACES_OF_AN_ACCOUNT_GROUP)
    ]
    for job_id in patient:
        goldpan.wait_for(job_id, 20, lambda job: job["resumesAt"] is not None)

    other = goldpan.start("other total:25 pace:0")

    assert goldpan.wait_for_end([other])[0]["status"] == "completed"
    assert {goldpan.job(job_id)["status"] for job_id in patient} == {"running"}
    cancelled, *patient = patient
    assert goldpan.call("POST", f"/{cancelled}/cancel").status_code == 200
    database = assembly.open_database(goldpan.settings)
    wait_until(lambda: _stopped(database) == len(patient) + 1, 20, "all stand aside")
    with database.write() as tx:
        tx.execute(sa.text("UPDATE job SET resumes_ms = 1 WHERE resumes_ms IS NOT NULL"))
    ended = goldpan.wait_for_end(patient)
    database.close()
    assert [(job["status"], job["counts"]["imported"]) for job in ended] == [("completed", 50)] * len(patient)
    assert "job_stranded" not in goldpan.log()
    assert server.exit_code is None


def test_a_job_that_used_up_its_quota_waits_for_room_and_goes_on_by_itself(goldpan: Goldpan) -> None:
    goldpan.import_people([f"miller-{number}" for number in range(60)])
    goldpan.serve(BUSY_FOR_AN_HOUR)
    if goldpan.url.startswith("postgresql"):
        goldpan.work(BUSY_FOR_AN_HOUR)
    [earlier] = goldpan.wait_for_end([goldpan.start("earlier total:1 pace:0")])
    database = assembly.open_database(goldpan.settings)
    used_ms = now_ms() - DAY_MS + 3_600_000
    with database.write() as tx:
        use = Use(earlier["jobId"], 99, ListType.LINKEDIN_CLASSIC, 2490, used_ms)
        add_use(tx, goldpan.keys.account_group_id, use)

    job_id = goldpan.start("miller", live=True)
    waiting = goldpan.wait_for(job_id, 20, lambda job: job["resumesAt"] is not None)
    with database.write() as tx:  # an hour later
        tx.execute(QUOTA_USE.delete().where(QUOTA_USE.c.people == 2490))
        tx.execute(sa.text("UPDATE job SET resumes_ms = 1 WHERE resumes_ms IS NOT NULL"))
    [ended] = goldpan.wait_for_end([job_id])

    database.close()
    assert (waiting["status"], waiting["stopReason"], waiting["counts"]["imported"]) == ("running", None, 10)
    assert waiting["resumesAt"] == format_time(used_ms + DAY_MS)
    assert waiting["error"]["code"] == "RATE_LIMITED"
    assert waiting["error"]["message"].startswith("blocked: ")
    assert (ended["status"], ended["stopReason"], ended["counts"]["imported"]) == ("completed", "source_exhausted", 60)
    assert (ended["error"], ended["resumesAt"]) == (None, None)


def _stopped(database: Database) -> int:
    table = "workflow_status" if database.dialect.is_sqlite else "dbos.workflow_status"
    with database.read() as tx:
        return int(tx.execute(sa.text(f"SELECT count(*) FROM {table} WHERE status = 'CANCELLED'")).scalar_one())
