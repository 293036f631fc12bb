"""Following a job live: its events as they are stored and as they come, and the versions that tell of a change."""

from collections.abc import Sequence
from dataclasses import dataclass

from goldpan.contract.event_catalogue import JobEventKind
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal
from goldpan.operations.job_event import event_of
from goldpan.operations.job_operations import get_job
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import job_event_table, job_table
from goldpan.storage.database import Database
from goldpan.storage.job_event_table import StoredEvent as StoredEvent

EVENTS_AT_ONCE = 100


@dataclass(slots=True)
class JobFeed:
    """The events of one job after `last_event_id`, without gap or double.

    `version` is the job's as far as it was read; with `is_over` nothing will follow, with `has_more` something is
    there already.
    """

    database: Database
    account_group_id: str
    job_id: str
    last_event_id: int
    version: int = 0
    is_over: bool = False
    has_more: bool = False

    async def read(self) -> list[StoredEvent]:
        """Return the next events, oldest first; none: nothing has happened.

        Raises:
            Problem: SERVICE_UNAVAILABLE; nothing was lost by it.
        """
        # In this order: an event is written with its change, so what the row tells is there when the events are read.
        job = await job_table.find(self.database, self.account_group_id, self.job_id)
        assert job is not None  # no job is ever deleted
        events = await job_event_table.page(
            self.database, self.account_group_id, self.job_id, self.last_event_id, EVENTS_AT_ONCE
        )
        has_ended = job.finished_ms is not None
        if not events and self.last_event_id < job.version:
            # Its events are older than what is kept: the row itself tells where the job stands.
            events = [event_of(job, JobEventKind.FINISHED if has_ended else JobEventKind.PROGRESS)]
        newest = events[-1].version if events else 0
        self.last_event_id = max(self.last_event_id, newest)
        self.version = max(job.version, newest)
        # An event that is newer than the row was: the job has moved on in between, to its end or by being resumed.
        self.has_more = len(events) == EVENTS_AT_ONCE or newest > job.version
        self.is_over = has_ended and not self.has_more
        return events


async def follow_job(
    toolbox: Toolbox, caller: Principal, account_group_id: str, job_id: str, last_event_id: int
) -> JobFeed | None:
    """Return the events of a job after the one numbered `last_event_id`; None: it has ended, and that was told.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    job = await get_job(toolbox, caller, account_group_id, job_id)
    if job.finished_ms is not None and last_event_id == job.version:
        return None
    # An event that this job has not had yet, of another job's or from before a restore, tells nothing of the place.
    place = last_event_id if last_event_id <= job.version else 0
    return JobFeed(toolbox.database, account_group_id, job_id, place)


async def job_versions(toolbox: Toolbox, job_ids: Sequence[str]) -> dict[str, int]:
    """Return the versions of jobs, which somebody may follow who was let through to them: a larger one is a change."""
    return await job_table.versions(toolbox.database, job_ids)
