"""Walks through the list while it changes: whoever matches all the time comes exactly once, whatever is asked for."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import pytest

from goldpan.contract.paging import START, Position
from goldpan.contract.resources import JobStatus, SourceType
from goldpan.domain.job_list_rules import JobFilter
from goldpan.storage import account_table, audience_table, job_list_table
from goldpan.storage.account_table import AccountGroup
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Database, Tx
from goldpan.storage.job_table import Job
from goldpan.storage.tables import JOB
from tests.cast import stored_job

OURS, THEIRS = "a" * 24, "b" * 24
AUDIENCES = {OURS: ["c" * 24, "d" * 24], THEIRS: ["e" * 24]}
STATUSES = list(JobStatus)
MILLISECONDS = 12  # so that many jobs share one

FILTERS = [
    JobFilter(frozenset(statuses), source, audience_id, times[0], times[1], oldest_first)
    for statuses, source, audience_id, times, oldest_first in product(
        ([], [JobStatus.QUEUED], [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED]),
        (None, SourceType.URL_UPLOAD),
        (None, AUDIENCES[OURS][0]),
        ((None, None), (2, 9)),
        (False, True),
    )
]


@dataclass
class Jobs:
    """What is stored, known without asking the list."""

    database: Database
    chance: random.Random
    by_id: dict[str, Job] = field(default_factory=dict)

    def begin(self) -> None:
        """Store some jobs, and no others."""
        self.by_id.clear()
        with self.database.write() as tx:
            tx.execute(JOB.delete())
            self._add(tx, OURS, 60)
            self._add(tx, THEIRS, 20)

    def go_on(self) -> None:
        """Start new jobs, and let some go on to another state."""
        with self.database.write() as tx:
            self._add(tx, OURS, self.chance.randrange(1, 4))
            for job in self.chance.sample(list(self.by_id.values()), 5):
                changed = self._with(job, self.chance.choice(STATUSES))
                values = {"status": changed.status, "finished_ms": changed.finished_ms}
                tx.execute(JOB.update().where(JOB.c.id == job.id).values(values))
                self.by_id[job.id] = changed

    def _add(self, tx: Tx, account_group_id: str, number: int) -> None:
        jobs = [self._invented(account_group_id) for _ in range(number)]
        tx.execute(JOB.insert(), [{column.name: getattr(job, column.name) for column in JOB.c} for job in jobs])
        if account_group_id == OURS:
            self.by_id |= {job.id: job for job in jobs}

    def _invented(self, account_group_id: str) -> Job:
        job_id = f"{self.chance.randrange(16**24):024x}"
        audience_id = self.chance.choice(AUDIENCES[account_group_id])
        created_ms = self.chance.randrange(MILLISECONDS)
        job = stored_job(account_group_id, job_id, audience_id, created_ms, self.chance.choice(STATUSES))
        return Job(**{name: getattr(job, name) for name in Job.__slots__} | {"source": self._any_source()})

    def _with(self, job: Job, status: JobStatus) -> Job:
        moved = stored_job(job.account_group_id, job.id, job.audience_id, job.created_ms, status)
        return Job(**{name: getattr(moved, name) for name in Job.__slots__} | {"source": job.source})

    def _any_source(self) -> SourceType:
        return self.chance.choice([SourceType.URL_UPLOAD, SourceType.LINKEDIN_SEARCH])


@pytest.fixture
def jobs(database_url: str) -> Iterator[Jobs]:
    database = Database(database_url)
    with database.write() as tx:
        for group, audience_ids in AUDIENCES.items():
            account_table.add(tx, AccountGroup(group, group, "scale", 0, 0, 0))
            for id_ in audience_ids:
                audience_table.add(tx, group, Audience(id_, group, "stored", "linkedin_search", False, 0, 0, 0))
    yield Jobs(database, random.Random(5))
    database.close()


def matches(job: Job, wanted: JobFilter) -> bool:
    return (
        (not wanted.statuses or job.status in wanted.statuses)
        and wanted.source in (None, job.source)
        and wanted.audience_id in (None, job.audience_id)
        and (wanted.created_after_ms is None or job.created_ms > wanted.created_after_ms)
        and (wanted.created_before_ms is None or job.created_ms < wanted.created_before_ms)
    )


async def walk(jobs: Jobs, wanted: JobFilter) -> tuple[list[Position], set[str], set[str]]:
    """Return the places that a walk came by, and which jobs matched at every page of it, and at any."""
    jobs.begin()
    seen: list[Position] = []
    always, ever = {id_ for id_, job in jobs.by_id.items() if matches(job, wanted)}, set[str]()
    async with jobs.database.opened():
        while True:
            matching = {id_ for id_, job in jobs.by_id.items() if matches(job, wanted)}
            always, ever = always & matching, ever | matching
            limit = jobs.chance.randrange(1, 12)
            page = await job_list_table.page(jobs.database, OURS, wanted, seen[-1] if seen else START, limit)
            assert {job.id for job in page} <= matching
            seen += [Position(job.created_ms, job.id) for job in page]
            if len(page) < limit:
                return seen, always, ever
            jobs.go_on()


def test_whoever_matches_for_the_whole_walk_comes_exactly_once(jobs: Jobs) -> None:
    for wanted in FILTERS:
        seen, always, ever = asyncio.run(walk(jobs, wanted))

        ids = [place.id for place in seen]
        assert seen == sorted(seen, reverse=not wanted.oldest_first), wanted
        assert len(ids) == len(set(ids)), wanted
        assert always <= set(ids) <= ever, wanted


def test_a_page_is_the_same_whole_and_short_and_what_the_list_begins_with(jobs: Jobs) -> None:
    async def pages(wanted: JobFilter) -> tuple[list[str], list[Job]]:
        async with jobs.database.opened():
            page = await job_list_table.page(jobs.database, OURS, wanted, START, 9)
            return [job.id for job in page], await job_list_table.full_page(jobs.database, OURS, wanted, START, 9)

    jobs.begin()
    for wanted in FILTERS:
        ids, whole = asyncio.run(pages(wanted))

        matching = [job for job in jobs.by_id.values() if matches(job, wanted)]
        matching.sort(key=lambda job: (job.created_ms, job.id), reverse=not wanted.oldest_first)
        assert ids == [job.id for job in matching[:9]], wanted
        assert [(job.id, job.status, job.source) for job in whole] == [
            (job.id, job.status, job.source) for job in matching[:9]
        ]
