"""Several API processes over one PostgreSQL and one Redis: what one of them knows holds in the others."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.types import ASGIApp, Message

from goldpan.assembly.database_access import database_url, migrate
from goldpan.assembly.parts import administrative_toolbox, build_site
from goldpan.operations.account_operations import revoke_key
from goldpan.settings import read_settings
from goldpan.storage.shared_counter import Count, SharedCounter
from tests.cast import Caller, new_caller
from tests.event_reader import following, quiet_job
from tests.processes import bound
from tests.redis_server import PROGRAM, RedisServer
from tests.service import Service, running, until

pytestmark = pytest.mark.skipif(
    PROGRAM is None and os.environ.get("CI") != "true", reason="needs redis-server or valkey-server"
)

LIMITS = {"GOLDPAN_RATE_LIMIT": "10/minute", "GOLDPAN_UNAUTHENTICATED_RATE_LIMIT": "6/minute"}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def pair(
    redis: RedisServer, shared_postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Service]]:
    """Two API processes with one database and one Redis; each test comes with callers of its own."""
    settings = {**LIMITS, "GOLDPAN_REDIS_URL": redis.url}
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(running(tmp_path_factory.mktemp(name), shared_postgres_url, **settings))
            for name in ("one", "other")
        )
        yield one, other
        redis.thaw()


def at(caller: Caller, service: Service) -> Caller:
    return replace(caller, service=service)


def test_nothing_is_taken_back_of_a_window_that_is_over(redis: RedisServer) -> None:
    async def scenario() -> list[Count | None]:
        counter = SharedCounter(redis.url, print)
        _, end = await counter.add("alice", 1) or (0, 0.0)
        await asyncio.sleep(1.1)
        taken_back = await counter.take_back("alice", end)
        added = await counter.add("alice", 60)
        await counter.close()
        return [taken_back, added]

    taken_back, added = asyncio.run(scenario())

    assert taken_back is not None
    assert added is not None
    assert taken_back[0] == 0
    assert added[0] == 1


@pytest.mark.parametrize("is_frozen", [False, True])
def test_a_server_that_ends_closes_its_connections_to_redis(
    redis: RedisServer, tmp_path: Path, *, is_frozen: bool
) -> None:
    settings = read_settings({"GOLDPAN_DATA": str(tmp_path), "GOLDPAN_REDIS_URL": redis.url})
    migrate(database_url(settings))
    toolbox = administrative_toolbox(settings)

    async def scenario() -> int:
        site = build_site(settings, toolbox)
        async with lifespan_of(site):
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(site), base_url="http://localhost") as mallory:
                answer = await mallory.get("/v1/accounts", headers={"Authorization": "Bearer nothing"})
            if is_frozen:
                redis.freeze()
        return answer.status_code

    assert asyncio.run(scenario()) == 401  # whatever stays open is an error at the end of the test
    redis.thaw()
    toolbox.database.close()


@asynccontextmanager
async def lifespan_of(site: ASGIApp) -> AsyncIterator[None]:
    """Start the site and end it, as a server does."""
    asks: asyncio.Queue[Message] = asyncio.Queue()
    answers: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.ensure_future(site({"type": "lifespan", "asgi": {"version": "3.0"}}, asks.get, answers.put))
    await asks.put({"type": "lifespan.startup"})
    assert (await answers.get())["type"] == "lifespan.startup.complete"
    yield
    await asks.put({"type": "lifespan.shutdown"})
    assert (await answers.get())["type"] == "lifespan.shutdown.complete"
    await life


def statuses(caller: Caller, services: tuple[Service, ...], times: int) -> list[int]:
    """Ask the services in turn."""
    return [at(caller, services[time % len(services)]).get(caller.jobs).status for time in range(times)]


def test_a_key_has_one_limit_in_all_processes_and_is_told_what_is_left(pair: tuple[Service, Service]) -> None:
    alice = new_caller(pair[0], "alice")

    answers = [at(alice, pair[number % 2]).get(alice.jobs) for number in range(12)]

    assert [answer.status for answer in answers] == [200] * 10 + [429] * 2
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers[:10]] == [
        f"r={left}" for left in range(9, -1, -1)
    ]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


def test_an_address_without_a_key_has_one_limit_too(pair: tuple[Service, Service]) -> None:
    found = [pair[number % 2].call("GET", "/v1/accounts", address="127.8.7.6").status for number in range(8)]

    assert found == [401] * 6 + [429] * 2


def test_an_answer_that_is_known_costs_nothing_whoever_gives_it(pair: tuple[Service, Service]) -> None:
    alice = new_caller(pair[0], "alice")
    tag = alice.get(alice.jobs).headers["ETag"]

    known = [at(alice, pair[number % 2]).call("GET", alice.jobs, if_none_match=tag) for number in range(20)]

    assert {answer.status for answer in known} == {304}
    assert {answer.headers["RateLimit"].split(";")[1] for answer in known} == {"r=9"}


def test_a_revoked_key_is_refused_everywhere_within_a_second(pair: tuple[Service, Service]) -> None:
    alice = new_caller(pair[0], "alice")
    key_id, key = alice.new_key()
    leaving = replace(alice, key=key)
    assert statuses(leaving, pair, 2) == [200, 200]

    revoke_key(pair[0].toolbox, key_id)
    time.sleep(1)

    assert statuses(leaving, pair, 2) == [401, 401]


def test_a_stream_tells_what_happens_through_another_process(pair: tuple[Service, Service]) -> None:
    alice = new_caller(pair[0], "alice")
    job_id = quiet_job(alice)

    with following(alice, job_id) as reader:
        began = time.monotonic()
        assert at(alice, pair[1]).cancel(job_id).status == 200
        kinds = [event.kind for event in reader.rest()]

    assert kinds[-1] == "finished"
    assert time.monotonic() - began < bound(2)


def test_while_redis_is_away_each_process_counts_alone_and_together_again_when_it_is_back(
    pair: tuple[Service, Service], redis: RedisServer
) -> None:
    alice, bob = new_caller(pair[0], "alice"), new_caller(pair[0], "bob")
    assert statuses(alice, pair, 2) == [200, 200]

    redis.stop()
    alone = statuses(alice, pair, 24)
    redis.start()
    until(lambda: "shared_counter_back" in pair[0].log.read_text() or not at(bob, pair[0]).get(bob.jobs), 10)
    time.sleep(1.1)  # the other rests a second from the failure that it saw last
    carol = new_caller(pair[0], "carol")
    together = statuses(carol, pair, 12)

    assert alone.count(200) == 20
    assert together.count(200) == 10
    assert '"event":"shared_counter_away"' in pair[0].log.read_text()
    assert "canary-password" not in pair[0].log.read_text() + pair[1].log.read_text()


def test_a_redis_that_does_not_answer_delays_nobody_for_long(pair: tuple[Service, Service], redis: RedisServer) -> None:
    alice = new_caller(pair[0], "alice")
    assert statuses(alice, pair, 2) == [200, 200]

    redis.freeze()
    began = time.monotonic()
    found = statuses(alice, pair, 8)
    seconds = time.monotonic() - began
    redis.thaw()

    assert found == [200] * 8
    assert seconds < bound(2)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/canary-password", "redis://:canary-password@host:port/0", "nonsense"]
)
def test_an_address_that_is_none_is_refused_without_being_shown(url: str, tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="GOLDPAN_REDIS_URL must look like") as refused,
        running(tmp_path, GOLDPAN_REDIS_URL=url),
    ):
        pass

    assert "canary-password" not in str(refused.value)
