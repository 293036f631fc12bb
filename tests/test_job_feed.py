"""What a job's feed tells where the job moves on between the two reads that it is made of."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from goldpan.operations.job_live_operations import JobFeed
from goldpan.storage import job_event_table
from tests.workshop import Workshop, workshop


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, [["ada"], ["bob"]]) as shop:
        yield shop


def test_a_feed_is_over_though_its_job_ended_between_its_two_reads(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = shop.start()
    read_events = job_event_table.page

    async def read_events_of_the_ended_job(*arguments: Any) -> list[job_event_table.StoredEvent]:
        if shop.job(job_id).finished_ms is None:
            await asyncio.to_thread(shop.cancel, job_id)
        return await read_events(*arguments)

    monkeypatch.setattr(job_event_table, "page", read_events_of_the_ended_job)
    told = asyncio.run(read_without_waiting(shop, job_id))

    assert [event.kind for event in told] == ["stage", "finished"]


async def read_without_waiting(shop: Workshop, job_id: str) -> list[job_event_table.StoredEvent]:
    """Return what a feed tells until it is over; whoever follows it would wait for ever where it only says "later"."""
    feed = JobFeed(shop.database, shop.group_id, job_id, 0)
    async with shop.database.opened():
        told = await feed.read()
        while not feed.is_over:
            assert feed.has_more
            told += await feed.read()
    return told
