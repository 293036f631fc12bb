"""Watching jobs until they have ended: two bars a job on a terminal, elsewhere a line now and then."""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from goldpan.cli.api_calls import Caller, client_log_shown, refuse_unusable
from goldpan.cli.api_failures import failures_explained
from goldpan.cli.shell_output import LINE_EVERY_SECONDS, ExitCode, note
from goldpan.client import AsyncGoldpan, WaitTimedOut
from goldpan.client.job_following import ENDED
from goldpan.contract.event_catalogue import JobEvent
from goldpan.contract.resources import Job, Stage

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

State = Job | JobEvent


class Display(Protocol):
    """Where progress is told."""

    def show(self, job: Job, state: State) -> None:
        """Tell how a job stands now; `job` is how it stood when the watch began."""

    def tick(self) -> None:
        """Tell that it goes on, though nothing may have changed."""


def watch_until_ended(caller: Caller, job_ids: Sequence[str], timeout_seconds: float | None) -> list[Job]:
    """Return the jobs as they ended, in the order asked for.

    Raises:
        Failure: a job does not exist, the time is up, or the API is away for long.
    """
    refuse_unusable(caller)
    with failures_explained(caller.url), client_log_shown(caller):
        return asyncio.run(_watch_all(caller, job_ids, timeout_seconds))


def exit_code_of(jobs: Sequence[Job]) -> ExitCode:
    """Return what jobs that have ended mean for the shell; why one failed is told on standard error."""
    for job in jobs:
        if job.error:
            note(f"Job {job.job_id} {job.status}: {job.error.message} ({job.error.code})")
    statuses = {str(job.status) for job in jobs}
    if "failed" in statuses:
        return ExitCode.JOB_FAILED
    return ExitCode.JOB_CANCELLED if "cancelled" in statuses else ExitCode.OK


async def _watch_all(caller: Caller, job_ids: Sequence[str], timeout_seconds: float | None) -> list[Job]:
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    async with AsyncGoldpan(caller.api_key, url=caller.url, account_group_id=caller.account_group_id) as client:
        jobs = [await client.jobs.get(job_id) for job_id in job_ids]
        with _display(is_single=len(jobs) == 1) as display:
            ticks = asyncio.create_task(_tick(display))
            watches = [asyncio.create_task(_watch_one(client, job, deadline, display)) for job in jobs]
            try:
                return await asyncio.gather(*watches)
            finally:
                for task in (ticks, *watches):
                    task.cancel()
                await asyncio.gather(ticks, *watches, return_exceptions=True)  # their connections end first


async def _watch_one(client: AsyncGoldpan, job: Job, deadline: float | None, display: Display) -> Job:
    now = job
    while True:
        display.show(job, now)
        if now.status in ENDED:
            return now
        seconds = None if deadline is None else deadline - time.monotonic()
        if seconds is not None and seconds <= 0:
            raise WaitTimedOut(job.job_id)
        async for change in client.jobs.follow(job.job_id, seconds):
            if not _is_older(change.job, now):
                display.show(job, change.job)
        now = await client.jobs.get(job.job_id)


def _is_older(state: State, now: State) -> bool:
    """Return whether it is history: a stream begins with the first change, and times of one form sort as texts."""
    return bool(state.updated_at and now.updated_at) and state.updated_at < now.updated_at


async def _tick(display: Display) -> None:
    while True:
        await asyncio.sleep(LINE_EVERY_SECONDS)
        display.tick()


@contextmanager
def _display(is_single: bool) -> Iterator[Display]:
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[told]}"), console=Console(stderr=True)) as progress:
        yield _Bars(progress, is_single)


class _Bars:
    """A bar for each stage of each job."""

    def __init__(self, progress: "Progress", is_single: bool) -> None:
        self._progress = progress
        self._is_single = is_single
        self._bars: dict[tuple[str, str], TaskID] = {}

    def show(self, job: Job, state: State) -> None:
        for name, stage, told in _stages(state):
            place = (job.job_id, name)
            if place not in self._bars:
                label = name if self._is_single else f"{job.job_id} {name}"
                self._bars[place] = self._progress.add_task(label, total=1.0, told="")
            self._progress.update(self._bars[place], completed=stage.progress, told=f"{stage.status} {told}")

    def tick(self) -> None:
        pass  # the bars' own clock runs


class _Lines:
    """A line for each change of a status, and for each job every few seconds."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[Job, State]] = {}

    def show(self, job: Job, state: State) -> None:
        before = self._shown.get(job.job_id)
        self._shown[job.job_id] = (job, state)
        if before is None or before[1].status != state.status:
            _print_progress(job, state)

    def tick(self) -> None:
        for job, state in self._shown.values():
            if state.status not in ENDED:
                _print_progress(job, state)


def _print_progress(job: Job, state: State) -> None:
    stages = " · ".join(f"{name} {stage.progress:.0%} {told}".rstrip() for name, stage, told in _stages(state))
    note(f"{job.job_id} {job.source} {state.status}: {stages}")


def _stages(state: State) -> list[tuple[str, Stage, str]]:
    """Return name, stage and counts of both stages; none from a server that does not tell them."""
    counts: Any = state.counts
    if state.stages is None:
        return []
    people = f"{counts.imported:,} new, {counts.known:,} known" if counts else ""
    emails = f"{counts.emails_found:,} e-mail addresses" if counts and counts.emails_found else ""
    return [("import", state.stages.import_, people), ("enrichment", state.stages.enrichment, emails)]
