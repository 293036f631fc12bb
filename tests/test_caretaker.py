"""What the engine's caretaker finds on its rounds, and what it makes of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from goldpan.engine.caretaker import BATCH, ROUND_SECONDS, Caretaker
from goldpan.operations.job_start_operations import IDEMPOTENCY_KEY_LIFETIME_MS
from goldpan.storage import worker_table
from tests.invariants import assert_invariants
from tests.kill_campaign import TAKEOVER_SECONDS
from tests.workshop import Workshop, workshop

DAY_MS = 24 * 3600 * 1000
HERE = "this-executor"


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, [["ada", "bob"], ["cyd"]]) as shop:
        yield shop
        assert_invariants(shop.url)


class Log:
    """Keeps the events that were logged."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def warning(self, event: str, **_fields: Any) -> None:
        self.events.append(event)

    exception = warning


def caretaker(shop: Workshop, running: tuple[str, ...] = ()) -> tuple[Caretaker, Log]:
    log = Log()
    return Caretaker(shop.toolbox, shop.queue, HERE, running.__contains__, log), log


def workflow_status(shop: Workshop, job_id: str) -> list[str]:
    return shop.scalars(f"SELECT status FROM {shop.workflow_table} WHERE workflow_uuid = :id", id=job_id)


def set_workflow(shop: Workshop, job_id: str, status: str, **columns: object) -> None:
    values = {"status": status, **columns}
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    shop.execute(f"UPDATE {shop.workflow_table} SET {assignments} WHERE workflow_uuid = :id", id=job_id, **values)


def test_the_second_round_comes_within_the_time_that_a_job_may_stand_still() -> None:
    assert 2 * ROUND_SECONDS < TAKEOVER_SECONDS


def test_all_is_well_most_of_the_time(shop: Workshop) -> None:
    job_id = shop.start()
    rows = shop.rows()
    keeper, log = caretaker(shop)

    keeper.make_round()
    keeper.make_round()

    assert log.events == []
    assert shop.rows() == rows
    assert workflow_status(shop, job_id) == ["ENQUEUED"]


def test_a_job_without_a_workflow_gets_one(shop: Workshop) -> None:
    job_id = shop.start()
    shop.execute(f"DELETE FROM {shop.workflow_table}")
    keeper, log = caretaker(shop)

    keeper.make_round()

    assert log.events == ["job_stranded"]
    assert workflow_status(shop, job_id) == ["ENQUEUED"]


@pytest.mark.parametrize("status", ["CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"])
def test_a_job_whose_workflow_was_stopped_goes_on(shop: Workshop, status: str) -> None:
    job_id = shop.start()
    set_workflow(shop, job_id, status, queue_name=None, recovery_attempts=101)
    keeper, log = caretaker(shop)

    keeper.make_round()

    assert log.events == ["job_stranded"]
    assert workflow_status(shop, job_id) == ["ENQUEUED"]
    assert shop.scalars(f"SELECT queue_name FROM {shop.workflow_table}") == ["jobs"]


@pytest.mark.parametrize("status", ["SUCCESS", "ERROR"])
def test_a_job_whose_workflow_ended_before_it_is_failed_and_gives_back_its_credits(shop: Workshop, status: str) -> None:
    job_id = shop.start()
    shop.run(job_id, 1)
    set_workflow(shop, job_id, status)
    keeper, log = caretaker(shop)

    keeper.make_round()
    keeper.make_round()

    job = shop.job(job_id)
    assert (job.status, job.error_code, job.imported, job.credits_spent) == ("failed", "INTERNAL_ERROR", 2, 2)
    assert shop.scalars("SELECT credits_reserved FROM account_group") == [0]
    assert log.events == ["job_stranded"]


def test_a_job_that_this_process_claims_to_run_but_does_not_is_resumed_in_the_second_round(shop: Workshop) -> None:
    dropped, running, elsewhere = (shop.start(max_results=9) for _ in range(3))
    for job_id in (dropped, running):
        set_workflow(shop, job_id, "PENDING", executor_id=HERE)
    set_workflow(shop, elsewhere, "PENDING", executor_id="another")
    keeper, log = caretaker(shop, running=(running,))

    keeper.make_round()
    first = workflow_status(shop, dropped)
    keeper.make_round()

    assert first == ["PENDING"]
    assert workflow_status(shop, dropped) == ["ENQUEUED"]
    assert workflow_status(shop, running) == workflow_status(shop, elsewhere) == ["PENDING"]
    assert log.events == ["job_dropped"]


def test_workflows_that_ended_a_day_ago_are_deleted_batch_by_batch(shop: Workshop) -> None:
    now_ms = shop.toolbox.now_ms()
    old, young = (shop.start(max_results=9) for _ in range(2))
    for job_id, age_ms in ((old, DAY_MS + 60_000), (young, DAY_MS - 60_000)):
        shop.run(job_id)
        set_workflow(shop, job_id, "SUCCESS", completed_at=now_ms - age_ms)
    copies = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :copies)"
    shop.execute(
        f"{copies} INSERT INTO {shop.workflow_table} (workflow_uuid, status, name, queue_name, created_at, updated_at,"
        " completed_at, priority) SELECT 'old-' || n, 'ERROR', 'run_job', 'jobs', 1, 1, 1, 0 FROM n",
        copies=2 * BATCH + 1,
    )
    keeper, log = caretaker(shop)

    keeper.make_round()

    assert log.events == []
    assert shop.scalars(f"SELECT workflow_uuid FROM {shop.workflow_table}") == [young]


def test_the_workflow_of_a_job_that_waits_for_longer_than_a_day_stays(shop: Workshop) -> None:
    now_ms = shop.toolbox.now_ms()
    job_id = shop.start()
    shop.execute("UPDATE job SET resumes_ms = :later_ms", later_ms=now_ms + DAY_MS)
    set_workflow(shop, job_id, "CANCELLED", completed_at=now_ms - DAY_MS - 60_000)
    keeper, log = caretaker(shop)

    keeper.make_round()
    keeper.make_round()

    assert log.events == []
    assert workflow_status(shop, job_id) == ["CANCELLED"]


def test_keys_older_than_a_week_are_forgotten_batch_by_batch(shop: Workshop) -> None:
    now_ms = shop.toolbox.now_ms()
    job_id = shop.start(key="young")
    copies = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :copies)"
    shop.execute(
        f"{copies} INSERT INTO idempotency_key (account_group_id, endpoint, key, request_hash, job_id, created_ms)"
        " SELECT account_group_id, endpoint, 'old-' || n, request_hash, job_id, :old FROM idempotency_key, n",
        copies=2 * BATCH + 1,
        old=now_ms - IDEMPOTENCY_KEY_LIFETIME_MS - 1_000,
    )
    keeper, log = caretaker(shop)

    keeper.make_round()

    assert log.events == []
    assert shop.scalars("SELECT key FROM idempotency_key") == ["young"]
    assert shop.start(key="young") == job_id


def test_leases_of_the_long_dead_are_forgotten(postgres_url: str) -> None:
    with workshop(postgres_url, []) as shop:
        with shop.database.write() as tx:
            worker_table.take_lease(tx, "living", 15)
            worker_table.take_lease(tx, "just died", -60)
            worker_table.take_lease(tx, "long dead", -7_200)

        caretaker(shop)[0].make_round()

        assert sorted(shop.scalars("SELECT executor_id FROM worker_lease")) == ["just died", "living"]


def test_a_database_that_is_away_is_logged_and_the_next_round_comes(shop: Workshop) -> None:
    keeper, log = caretaker(shop)
    shop.execute("ALTER TABLE idempotency_key RENAME TO elsewhere")

    keeper.make_round()
    shop.execute("ALTER TABLE elsewhere RENAME TO idempotency_key")
    keeper.make_round()

    assert log.events == ["caretaker_failed"]
