"""Starts, answers that the client knows already, a server with nothing to do, and memory over many requests."""

import json
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, at_most, rate
from benchmarks.load_generator import Call, put_under_load
from benchmarks.served_world import World, new_world
from benchmarks.server_process import Server

CONNECTIONS = 16
START_BODY = json.dumps(
    {
        "source": "linkedin_search",
        "searchUrl": "https://www.linkedin.com/search/results/people/?keywords=cto",
        "maxResults": 1,
    }
)
JOBS_TO_READ = 100
WARM_UP_REQUESTS = 20_000
MOST_GROWTH = 1.05
SETTLE_SECONDS = 5
MOST_SECONDS = 3600


def start_figures(kind: str, seconds: float) -> Iterator[Figure]:
    """Starts with an Idempotency-Key each, of one account group; on SQLite the jobs run in the same process."""
    with new_world(kind) as world, world.serving() as server:
        load = put_under_load(start_call(world, server), CONNECTIONS, seconds)
    yield rate(f"starts, {kind}, one account group, one process", load.requests_per_second)
    yield Figure(f"starts, {kind}: p50 and p99", f"{load.p50_ms:.1f} and {load.p99_ms:.1f} ms")


def unchanged_figures(kind: str, seconds: float) -> Iterator[Figure]:
    """Reads of one job whose tag the client sends along."""
    with new_world(kind) as world, world.serving() as server:
        _start_some(world, server, 2)
        call = _unchanged_job(world, server)
        load = put_under_load(call, CONNECTIONS, seconds)
    yield rate(f"get of a job answered 304, {kind}", load.requests_per_second)


def idle_figures(kind: str, seconds: float) -> Iterator[Figure]:
    """What a server and a worker use while nobody calls."""
    with new_world(kind) as world, world.serving() as server, world.working() as worker:
        time.sleep(SETTLE_SECONDS)
        processes = {"server and worker": server} if worker is None else {"server": server, "worker": worker}
        before = {name: process.cpu_seconds() for name, process in processes.items()}
        time.sleep(seconds)
        for name, process in processes.items():
            share = (process.cpu_seconds() - before[name]) / seconds
            resident = process.resident_bytes() / 1e6
            yield Figure(f"idle {name}, {kind}", f"{share:.1%} of a core")
            yield Figure(f"idle {name}, {kind}: resident memory", f"{resident:.0f} MB")


def memory_figures(kind: str, requests: int) -> Iterator[Figure]:
    """The server's memory after so many list pages and known answers, against that after a warm-up."""
    with new_world(kind) as world, world.serving() as server:
        _start_some(world, server, JOBS_TO_READ)
        calls = [Call(world.url(server, "/prospecting"), world.key), _unchanged_job(world, server)]
        for call in calls:
            put_under_load(call, CONNECTIONS, MOST_SECONDS, WARM_UP_REQUESTS // len(calls))
        before = server.resident_bytes()
        for call in calls:
            put_under_load(call, CONNECTIONS, MOST_SECONDS, requests // len(calls))
        after = server.resident_bytes()
    what = f"memory after {requests:,} requests, {kind}: {before / 1e6:.1f} to {after / 1e6:.1f} MB"
    yield at_most(what, after / before, MOST_GROWTH)


def start_call(world: World, server: Server) -> Call:
    headers = {"Idempotency-Key": "benchmark-{number}"}
    return Call(world.url(server, "/prospecting"), world.key, "POST", headers, START_BODY, status=202)


def _start_some(world: World, server: Server, jobs: int) -> None:
    put_under_load(start_call(world, server), 1, MOST_SECONDS, jobs)


def _unchanged_job(world: World, server: Server) -> Call:
    """Return a call that is answered 304 from now on: of the job that was started first."""
    path = (
        "/prospecting/" + world.call(server, "GET", "/prospecting?sort=createdAt").json()["data"]["items"][0]["jobId"]
    )
    answer = world.call(server, "GET", path)
    while world.kind == "sqlite" and answer.json()["data"]["finishedAt"] is None:  # its server is a worker
        time.sleep(0.1)
        answer = world.call(server, "GET", path)
    return Call(world.url(server, path), world.key, headers={"If-None-Match": answer.headers["ETag"]}, status=304)
