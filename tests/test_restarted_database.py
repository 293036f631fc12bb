"""A PostgreSQL that is stopped at once and started again while jobs run and callers call."""

import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import httpx2
import pytest

from tests import postgres_server
from tests.invariants import assert_invariants
from tests.postgres_server import STOPPABLE
from tests.processes import PATIENCE_SECONDS, Goldpan, bound, search_url, wait_until
from tests.stored_jobs import people_of, people_of_the_sandbox

STOPS = 5
RECONNECT_SECONDS = 5  # what we publish
LONG_SECONDS = 300  # for all jobs to end after what befell them, on however busy a machine
CALLERS = 4


@dataclass
class OwnPostgres:
    """A PostgreSQL of one test alone."""

    directory: Path
    url: str

    def stop_at_once(self) -> None:
        postgres_server.stop(self.directory)

    def start_again(self) -> None:
        postgres_server.start_again(self.directory, os.getpid(), STOPPABLE)


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    directory = Path(tempfile.mkdtemp(prefix="goldpan-postgres-"))  # the path of a socket must be short
    directory.chmod(0o755)
    try:
        yield OwnPostgres(directory, postgres_server.start(directory, os.getpid(), STOPPABLE))
    finally:
        postgres_server.stop(directory)
        shutil.rmtree(directory)


@dataclass
class Callers:
    """People who start jobs and read them all the time, and start a job again, with its key, until it is answered."""

    goldpan: Goldpan
    stop: Event = field(default_factory=Event)
    started: dict[str, str] = field(default_factory=dict)  # the job by its keywords
    refusals: Counter[tuple[int, str, bool]] = field(default_factory=Counter)  # status, code, says when to come back

    def call(self, caller: int) -> None:
        number = 0
        while not self.stop.is_set():
            keywords = f"restart {caller} {number} total:60 pace:100"
            number += 1
            while not self._start(keywords):
                time.sleep(0.1)
            self._read()
            self.stop.wait(0.5)

    def _start(self, keywords: str) -> bool:
        body = {"source": "linkedin_search", "searchUrl": search_url(keywords)}
        answer = self.goldpan.call("POST", "", json=body, headers={"Idempotency-Key": keywords})
        if answer.status_code in (200, 202):
            self.started[keywords] = answer.json()["data"]["jobId"]
            return True
        self._note(answer)
        return False

    def _read(self) -> None:
        answer = self.goldpan.call("GET", "?limit=5")
        if answer.status_code != 200:
            self._note(answer)

    def _note(self, answer: httpx2.Response) -> None:
        code = answer.json()["error"]["code"]
        self.refusals[answer.status_code, code, "Retry-After" in answer.headers] += 1


def test_a_postgresql_stopped_at_once_again_and_again_loses_nothing(own_postgres: OwnPostgres, tmp_path: Path) -> None:
    with Goldpan(tmp_path, own_postgres.url) as goldpan, ThreadPoolExecutor(CALLERS) as threads:
        processes = [goldpan.serve(), goldpan.work(), goldpan.work()]
        wait_until(
            lambda: all("worker_started" in worker.log.read_text() for worker in processes[1:]),
            PATIENCE_SECONDS,
            "both workers work",
        )
        callers = Callers(goldpan)
        at_work = [threads.submit(callers.call, caller) for caller in range(CALLERS)]
        try:
            back_seconds = [_stop_and_start(own_postgres, goldpan) for _ in range(STOPS)]
        finally:
            callers.stop.set()
        for work in at_work:
            work.result()
        jobs = goldpan.wait_for_end(list(callers.started.values()), LONG_SECONDS)

        sys.stdout.write(f"back after {[round(seconds, 2) for seconds in back_seconds]} s; {callers.refusals}\n")
        assert set(callers.refusals) == {(503, "SERVICE_UNAVAILABLE", True)}
        assert max(back_seconds) < bound(RECONNECT_SECONDS)
        assert {job["status"] for job in jobs} == {"completed"}
        for keywords, job_id in callers.started.items():
            assert people_of(goldpan.url, job_id) == people_of_the_sandbox(keywords)
        assert len(set(callers.started.values())) == len(callers.started)
        assert [process.exit_code for process in processes] == [None] * 3
        assert '"event":"crash"' not in goldpan.log()
        assert '"event":"job_crashed"' not in goldpan.log()
        assert_invariants(goldpan.url)


def _stop_and_start(postgres: OwnPostgres, goldpan: Goldpan) -> float:
    """Return how many seconds after PostgreSQL's return the API answered from it again, reads and writes."""
    time.sleep(random.uniform(0.5, 2))
    postgres.stop_at_once()
    time.sleep(random.uniform(0, 2))
    postgres.start_again()
    began = time.monotonic()
    body = {"source": "url_upload", "urls": ["https://www.linkedin.com/in/alice-miller"]}
    wait_until(lambda: goldpan.call("GET", "").status_code == 200, PATIENCE_SECONDS, "reads are answered again")
    wait_until(
        lambda: goldpan.call("POST", "", json=body).status_code == 202, PATIENCE_SECONDS, "starts are answered again"
    )
    return time.monotonic() - began
