"""A clock that is set back, or that of another machine: the times of a job still go forward."""

from dataclasses import replace

from tests.invariants import assert_invariants
from tests.workshop import workshop

HOUR_MS = 3_600_000


def test_a_job_claimed_by_a_clock_that_was_set_back_did_not_start_before_it_was_created(database_url: str) -> None:
    with workshop(database_url, [["ada"]]) as shop:
        job_id = shop.start()
        real_ms = shop.toolbox.now_ms
        shop.toolbox = replace(shop.toolbox, now_ms=lambda: real_ms() - HOUR_MS)

        job = shop.run(job_id)

        assert job.started_ms == job.created_ms
        assert job.finished_ms == job.created_ms
    assert_invariants(database_url)


def test_a_job_ended_by_a_clock_that_is_behind_did_not_end_before_it_started(database_url: str) -> None:
    with workshop(database_url, [["ada"], ["bob"]]) as shop:
        job_id = shop.start()
        real_ms = shop.toolbox.now_ms
        shop.toolbox = replace(shop.toolbox, now_ms=lambda: real_ms() + HOUR_MS)
        started_ms = shop.run(job_id, most_steps=1).started_ms
        shop.toolbox = replace(shop.toolbox, now_ms=real_ms)

        job = shop.cancel(job_id)

        assert job.finished_ms == started_ms
    assert_invariants(database_url)
