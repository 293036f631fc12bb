"""Watching jobs until they have ended: live bars on a terminal, elsewhere a line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from goldpan.cli.api_calls import Api, Unreachable
from goldpan.cli.shell_output import ExitCode, Failure, line_timer, note

ENDED = ("completed", "failed", "cancelled")
STAGES = ("import", "enrichment")
POLL_SECONDS = 0.5
POLLS_A_SECOND = 3  # however many jobs: a key has 600 requests a minute for everything
PATIENCE_SECONDS = 60.0  # a server that restarts goes on with its jobs, so a watch goes on too

Job = dict[str, Any]
Show = Callable[[list[Job]], None]


class JobWatch:
    """One watch over some jobs."""

    def __init__(self, api: Api, job_ids: list[str], timeout_seconds: float | None) -> None:
        self._api = api
        self._jobs: dict[str, Job | None] = dict.fromkeys(job_ids)
        self._deadline = time.monotonic() + timeout_seconds if timeout_seconds is not None else None
        self._answered = time.monotonic()
        self._is_away = False

    def until_all_ended(self) -> list[Job]:
        """Return the jobs as they ended, in the order asked for.

        Raises:
            Failure: a job does not exist, the time is up, or the API is away for long.
        """
        self._read()
        with _display() as show:
            while True:
                jobs = [job for job in self._jobs.values() if job]
                show(jobs)
                if all(job["status"] in ENDED for job in jobs):
                    return jobs
                self._wait()
                self._read_patiently()

    def _read(self) -> None:
        for job_id, job in self._jobs.items():
            if job is None or job["status"] not in ENDED:
                self._jobs[job_id] = self._api.get_job(job_id)
        self._answered = time.monotonic()
        self._is_away = False

    def _read_patiently(self) -> None:
        try:
            self._read()
        except Unreachable:
            if time.monotonic() - self._answered > PATIENCE_SECONDS:
                raise
            if not self._is_away:
                note(f"The API is away; waiting {PATIENCE_SECONDS:.0f} s for it to come back.")
            self._is_away = True

    def _wait(self) -> None:
        pause = max(POLL_SECONDS, len(self._jobs) / POLLS_A_SECOND)
        if self._deadline is not None and time.monotonic() + pause > self._deadline:
            raise Failure(
                ExitCode.WAIT_TIMEOUT,
                "WAIT_TIMEOUT",
                "the time is up, the jobs go on",
                next_step=f"goldpan jobs watch {' '.join(self._jobs)}",
            )
        time.sleep(pause)


@contextmanager
def _display() -> Iterator[Show]:
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[told]}"), console=Console(stderr=True)) as progress:
        bars: dict[tuple[str, str], Any] = {}

        def show(jobs: list[Job]) -> None:
            for job in jobs:
                for stage in STAGES:
                    place = (job["jobId"], stage)
                    if place not in bars:
                        bars[place] = progress.add_task(f"{job['source']} {stage}", total=1.0, told="")
                    told = _counts(job) if stage == "import" else _emails(job)
                    progress.update(bars[place], completed=job["stages"][stage]["progress"], told=told)

        yield show


def _lines() -> Show:
    is_due = line_timer()
    told: dict[str, str] = {}

    def show(jobs: list[Job]) -> None:
        is_time = is_due()
        for job in jobs:
            has_changed = told.get(job["jobId"]) != job["status"]
            if has_changed or (is_time and job["status"] not in ENDED):
                told[job["jobId"]] = job["status"]
                stages = " · ".join(f"{stage} {job['stages'][stage]['progress']:.0%}" for stage in STAGES)
                note(f"{job['jobId']} {job['source']} {job['status']}: {stages} · {_counts(job)}")

    return show


def _counts(job: Job) -> str:
    counts = job["counts"]
    return f"{counts['imported']:,} new, {counts['known']:,} known"


def _emails(job: Job) -> str:
    found = job["counts"]["emailsFound"]
    return f"{found:,} e-mail addresses" if found else ""
