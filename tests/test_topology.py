"""The whole of deploy/ but its containers: the load balancer, two API processes, two workers, one PostgreSQL."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Any

import httpx2
import pytest

from tests.event_reader import EventReader
from tests.invariants import assert_invariants
from tests.load_balancer import load_balancer, needs_haproxy
from tests.processes import PATIENCE_SECONDS, Goldpan, Process, bound, free_port, search_url, wait_until
from tests.stored_jobs import people_of, people_of_the_sandbox

DRAIN_SECONDS = 10  # what we publish
CALLERS = 6

pytestmark = needs_haproxy


@dataclass
class Topology:
    """Everything that runs; callers know the load balancer alone."""

    goldpan: Goldpan
    server_ports: list[int]
    servers: list[Process]
    workers: list[Process]

    def replace_server(self, number: int) -> float:
        """Ask one server to end, start its successor in its place, and return the seconds that the end took."""
        seconds = self.servers[number].stop()
        assert self.servers[number].exit_code == 0
        self.servers[number] = self.goldpan.serve_on(self.server_ports[number])
        return seconds


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory, shared_postgres_url: str) -> Iterator[Topology]:
    """One for all tests; the last of them leaves half of it dead."""
    folder = tmp_path_factory.mktemp("topology")
    with Goldpan(folder, shared_postgres_url) as goldpan:
        ports = [free_port(), free_port()]
        servers = [goldpan.serve_on(port) for port in ports]
        workers = [goldpan.work(), goldpan.work()]
        with load_balancer(folder, goldpan.port, ports):
            wait_until(lambda: _is_reached(goldpan), PATIENCE_SECONDS, "the load balancer answers")
            yield Topology(goldpan, ports, servers, workers)
    assert_invariants(goldpan.url)


@dataclass
class Hammer:
    """Callers who read and start without a pause.

    A refused connection is tried again, and once one that is closed in the moment of a request: any client does so with
    a read or a start that has a key. An answer is never asked for again.
    """

    goldpan: Goldpan
    stop: Event = field(default_factory=Event)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0

    def work(self, caller: int) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            self._call("GET", "?limit=5")
            if number % 10 == 0:
                body = {"source": "linkedin_search", "searchUrl": search_url("calm total:1 pace:0")}
                key = {"Idempotency-Key": f"{caller}-{number}"}
                self._call("POST", "", json=body, headers=key)

    def _call(self, method: str, path: str, is_again: bool = False, **options: Any) -> None:
        began = time.monotonic()
        try:
            self.statuses[self.goldpan.call(method, path, **options).status_code] += 1
        except httpx2.ConnectError:
            self._call(method, path, **options)
        except httpx2.RemoteProtocolError as error:
            (self.broken if is_again else self.closed).append(f"{method}: {error!r}")
            if not is_again:
                self._call(method, path, is_again=True, **options)
        except httpx2.TransportError as error:
            self.broken.append(f"{method}: {error!r}")
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)


def test_events_come_through_the_load_balancer_as_they_happen(topology: Topology) -> None:
    goldpan = topology.goldpan
    job_id = goldpan.start("news total:150 pace:300")
    target = f"/v1/accounts/{goldpan.keys.account_group_id}/prospecting/{job_id}/events"
    reader = EventReader(goldpan.port, target, {"Authorization": f"Bearer {goldpan.keys.test}"})
    delays: list[float] = []

    while (event := reader.next()) is not None:
        happened = datetime.fromisoformat(event.data["updatedAt"])
        delays.append((datetime.now(UTC) - happened).total_seconds())

    sys.stdout.write(f"{len(delays)} events, the latest {max(delays[1:]):.2f} s after it happened\n")
    assert len(delays) > 8
    assert max(delays[1:]) < 1.5  # the first one happened before we asked


def test_servers_are_replaced_one_by_one_and_no_request_fails(topology: Topology) -> None:
    hammer = Hammer(topology.goldpan)

    with ThreadPoolExecutor(CALLERS) as threads:
        at_work = [threads.submit(hammer.work, caller) for caller in range(CALLERS)]
        try:
            seconds = []
            for number in (0, 1):
                time.sleep(1)
                seconds.append(topology.replace_server(number))
            time.sleep(1)
        finally:
            hammer.stop.set()
        for work in at_work:
            work.result()

    sys.stdout.write(
        f"{hammer.statuses}, slowest {hammer.slowest_seconds:.2f} s, drained in {[round(s, 2) for s in seconds]} s\n"
    )
    assert hammer.broken == []
    assert len(hammer.closed) < 5, hammer.closed
    assert set(hammer.statuses) <= {200, 202}
    assert hammer.statuses[202] > 10
    assert max(seconds) < bound(DRAIN_SECONDS)


def test_jobs_go_on_when_a_server_and_a_worker_are_killed_behind_the_load_balancer(topology: Topology) -> None:
    goldpan = topology.goldpan
    searches = [f"surf {number} total:150 pace:400" for number in range(10)]
    job_ids = [goldpan.start(keywords) for keywords in searches]
    wait_until(
        lambda: sum(goldpan.job(job_id)["counts"]["found"] for job_id in job_ids) > 200,
        PATIENCE_SECONDS,
        "the jobs run",
    )

    topology.servers[0].kill()
    topology.workers[0].kill()
    died = time.monotonic()
    later_ids = [goldpan.start(f"tide {number} total:25 pace:0") for number in range(10)]
    jobs = goldpan.wait_for_end([*job_ids, *later_ids])

    sys.stdout.write(f"all {len(jobs)} jobs done {time.monotonic() - died:.1f} s after the kills\n")
    assert {job["status"] for job in jobs} == {"completed"}
    for job_id, keywords in zip(job_ids, searches, strict=True):
        assert people_of(goldpan.url, job_id) == people_of_the_sandbox(keywords)


def _is_reached(goldpan: Goldpan) -> bool:
    try:
        return goldpan.call("GET", "").status_code == 200
    except httpx2.TransportError:
        return False
