"""Every change of a job leaves its event in the same transaction; what is old is forgotten, the oldest first."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from goldpan.contract.resources import JobStatus
from goldpan.domain.provider_port import Page, ProviderFailure, Source, Unavailable
from goldpan.operations.caretaker_operations import JOB_EVENT_LIFETIME_MS, forget_old_events
from goldpan.operations.job_operations import cancel_job
from goldpan.operations.job_run_operations import claim_job
from goldpan.storage import job_event_table
from tests.invariants import assert_invariants
from tests.workshop import Workshop, workshop


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, [["ada", "bob"], ["cyd"], ["dan"]]) as shop:
        yield shop
        assert_invariants(shop.url)


def kinds(shop: Workshop) -> list[str]:
    return shop.scalars("SELECT kind FROM job_event ORDER BY version")


def versions(shop: Workshop) -> list[int]:
    return shop.scalars("SELECT version FROM job_event ORDER BY version")


def test_a_job_leaves_an_event_at_every_change(shop: Workshop) -> None:
    job = shop.run(shop.start())

    assert kinds(shop) == ["stage", "stage", "progress", "progress", "stage", "progress", "finished"]
    assert versions(shop) == list(range(1, job.version + 1))


def test_a_job_that_is_cancelled_or_taken_over_says_so(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, 1)
    claim_job(shop.toolbox, shop.group_id, job_id)

    cancel_job(shop.toolbox, shop.alice, shop.group_id, job_id)
    cancel_job(shop.toolbox, shop.alice, shop.group_id, job_id)

    assert kinds(shop) == ["stage", "stage", "progress", "progress", "finished"]


@pytest.mark.parametrize(("seconds", "kind"), [(60.0, "progress"), (None, "finished")])
def test_a_page_that_fails_is_a_wait_or_the_end(shop: Workshop, seconds: float | None, kind: str) -> None:
    failure = Unavailable("busy", retry_after_seconds=seconds) if seconds else ProviderFailure("gone")

    async def fail(
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        raise failure

    shop.provider.fetch_page = fail  # type: ignore[method-assign]

    shop.run(shop.start(), 1)

    assert kinds(shop) == ["stage", "stage", kind]
    (data,) = shop.scalars("SELECT data_json FROM job_event WHERE version = (SELECT version FROM job)")
    assert bool(json.loads(data)["resumesAt"]) == bool(seconds)


def test_a_change_that_is_rolled_back_leaves_no_event(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = shop.start()
    shop.run(job_id, 1)
    told = kinds(shop)

    def full(*_arguments: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(job_event_table, "add", full)
    with pytest.raises(OSError, match="disk full"):
        shop.run(job_id, 1)

    assert kinds(shop) == told
    assert shop.job(job_id).pages_done == 1


def test_old_events_are_forgotten_and_the_end_of_a_job_last(shop: Workshop) -> None:
    job = shop.run(shop.start())
    assert job.status == JobStatus.COMPLETED
    shop.execute("UPDATE job_event SET created_ms = version")
    later = replace(shop.toolbox, now_ms=lambda: JOB_EVENT_LIFETIME_MS + 6)

    first = forget_old_events(later, 2)

    assert (first, versions(shop)) == (2, [3, 4, 5, 6, 7])
    assert [forget_old_events(later, 2), forget_old_events(later, 2)] == [2, 1]
    assert kinds(shop) == ["progress", "finished"]
