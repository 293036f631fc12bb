"""Following jobs with the client: streams that break, servers without streams, servers that are killed."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from pathlib import Path
from typing import Any, TypeVar

import pytest

from goldpan.client import AsyncGoldpan, Goldpan, NotFound, UnexpectedAnswer, WaitTimedOut
from goldpan.client.event_parser import LARGEST_EVENT_BYTES, EventParser, ServerEvent, TooLarge
from goldpan.contract.error_catalogue import ErrorKind
from tests.processes import Goldpan as Installation
from tests.processes import bound, search_url
from tests.scripted_server import NO_ANSWER, Reply, Seen, answering, refusal, scripted, success

GROUP = "507f1f77bcf86cd799439011"
JOB = "6628f0a1c3d4e5f60718293a"
KEY = "sk_test_0123456789"
Result = TypeVar("Result")

STAGE = {"status": "running", "progress": 0.5}


def client(url: str, **options: Any) -> Goldpan:
    return Goldpan(KEY, url=url, account_group_id=GROUP, **options)


def job_data(status: str, imported: int = 0) -> dict[str, Any]:
    counts = {"imported": imported}
    return {"jobId": JOB, "status": status, "counts": counts, "stages": {"import": STAGE, "enrichment": STAGE}}


def event(number: int, kind: str, status: str, imported: int = 0) -> bytes:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(job_data(status, imported))}\n\n".encode()


def stream(*pieces: bytes, is_broken: bool = False) -> Reply:
    length = {"Content-Length": str(len(b"".join(pieces)) + 1)} if is_broken else {}
    return Reply(200, pieces, {"Content-Type": "text/event-stream", **length})


RETRY_AT_ONCE = b"retry: 10\n\n"
STARTED, HALF, ENDED = (
    event(1, "stage", "running"),
    event(2, "progress", "running", 25),
    event(3, "finished", "completed", 50),
)

# --- streams ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_broken", [True, False], ids=["broken", "ended"])
def test_a_stream_goes_on_behind_the_last_event_that_came(is_broken: bool) -> None:
    first = stream(RETRY_AT_ONCE, STARTED + HALF, is_broken=is_broken)

    with scripted(first, stream(ENDED), Reply(204)) as server, client(server.url) as alice:
        changes = list(alice.jobs.follow(JOB))

    assert [(change.id, change.kind) for change in changes] == [("1", "stage"), ("2", "progress"), ("3", "finished")]
    assert [seen.headers.get("last-event-id") for seen in server.seen] == [None, "2", "3"]


def test_an_event_cut_in_half_is_not_half_an_event() -> None:
    with (
        scripted(stream(STARTED + HALF[:-10], is_broken=True), stream(HALF + ENDED), Reply(204)) as server,
        client(server.url) as alice,
    ):
        assert [change.id for change in alice.jobs.follow(JOB)] == ["1", "2", "3"]

    assert server.seen[1].headers["last-event-id"] == "1"


def test_the_end_of_an_earlier_run_is_not_the_end_of_a_job_that_was_resumed() -> None:
    again = event(4, "stage", "running") + event(5, "finished", "completed", 60)

    with scripted(stream(ENDED), stream(again), Reply(204)) as server, client(server.url) as alice:
        assert [change.id for change in alice.jobs.follow(JOB)] == ["3", "4", "5"]


def test_events_of_kinds_to_come_are_passed_over() -> None:
    with (
        scripted(stream(b"id: 1\nevent: confetti\ndata: [1]\n\n" + ENDED), Reply(204)) as server,
        client(server.url) as alice,
    ):
        assert [change.kind for change in alice.jobs.follow(JOB)] == ["finished"]


@pytest.mark.parametrize("data", ["[]", "null", "{", '{"status":5}'])
def test_an_event_that_is_none_of_the_api_says_so(data: str) -> None:
    with (
        scripted(stream(f"event: progress\ndata: {data}\n\n".encode())) as server,
        client(server.url) as alice,
        pytest.raises(UnexpectedAnswer),
    ):
        list(alice.jobs.follow(JOB))


def test_an_event_without_end_is_given_up() -> None:
    pieces = [b"data: " + b"x" * LARGEST_EVENT_BYTES, b"x"]

    with (
        scripted(stream(*pieces)) as server,
        client(server.url) as alice,
        pytest.raises(UnexpectedAnswer, match="does not end"),
    ):
        list(alice.jobs.follow(JOB))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events_are_the_same_in_whatever_pieces_they_come(end: str, size: int) -> None:
    lines = [": hello", "retry: 50", "", "id: 7", "event: stage", "data: ä", "data:b", "", "data: c", "", "id: 8", ""]
    text = "".join(line + end for line in [*lines, ":"]).encode()
    parser = EventParser()

    events = [event for at in range(0, len(text), size) for event in parser.feed(text[at : at + size])]

    assert events == [ServerEvent("7", "stage", "ä\nb"), ServerEvent("7", "message", "c")]
    assert parser.retry_seconds == 0.05


def test_many_small_lines_are_no_way_round_the_largest_event() -> None:
    parser = EventParser()

    with pytest.raises(TooLarge):
        list(chain.from_iterable(map(parser.feed, repeat(b"data: " + b"x" * 1000 + b"\n"))))


# --- servers without streams --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "no_stream",
    [
        refusal(ErrorKind.NOT_FOUND),
        refusal(ErrorKind.METHOD_NOT_ALLOWED),
        refusal(ErrorKind.RATE_LIMITED),
        success({"jobId": JOB}),
    ],
    ids=["404", "405", "429", "no stream"],
)
def test_where_there_is_no_stream_the_job_is_asked_for_again(no_stream: Reply) -> None:
    unchanged = Reply(304)
    jobs = [success(job_data("queued"), ETag='W/"1"'), unchanged, success(job_data("running"), ETag='W/"2"')]
    ended = success(job_data("completed", 50))

    with scripted(no_stream, *jobs, ended, ended) as server, client(server.url) as alice:
        following = alice.jobs.follow(JOB)
        kinds = [(change.kind, str(change.job.status)) for change in following]

        assert alice.jobs.get(JOB).status == "completed"

    assert kinds == [("stage", "queued"), ("stage", "running"), ("finished", "completed")]
    assert [seen.headers.get("if-none-match") for seen in server.seen[1:5]] == [None, 'W/"1"', 'W/"1"', 'W/"2"']


def test_a_job_that_does_not_exist_is_not_asked_for_again() -> None:
    with (
        scripted(refusal(ErrorKind.NOT_FOUND), refusal(ErrorKind.NOT_FOUND)) as server,
        client(server.url) as alice,
        pytest.raises(NotFound),
    ):
        alice.jobs.wait(JOB)


def test_streams_that_bring_nothing_are_left_for_asking() -> None:
    ended = success(job_data("completed"))

    with (
        scripted(NO_ANSWER, refusal(ErrorKind.UPSTREAM_ERROR), NO_ANSWER, ended, ended) as server,
        client(server.url) as alice,
    ):
        assert alice.jobs.wait(JOB).status == "completed"


def test_asking_survives_a_server_that_fails_for_a_while() -> None:
    no_stream, failing = refusal(ErrorKind.NOT_FOUND), refusal(ErrorKind.SERVICE_UNAVAILABLE)
    ended = success(job_data("completed"))

    with scripted(no_stream, failing, NO_ANSWER, ended, ended) as server, client(server.url, attempts=1) as alice:
        assert alice.jobs.wait(JOB).status == "completed"


# --- time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 2.5])
def test_a_wait_ends_in_time(seconds: float) -> None:
    with answering(lambda _seen: success(job_data("running"))) as server, client(server.url) as alice:
        began = time.monotonic()
        with pytest.raises(WaitTimedOut) as timed_out:
            alice.jobs.wait(JOB, seconds)

    assert isinstance(timed_out.value, TimeoutError)
    assert timed_out.value.job_id == JOB
    assert seconds <= time.monotonic() - began < seconds + 1


def test_a_wait_ends_in_time_where_the_stream_goes_on() -> None:
    def answer(seen: Seen) -> Reply:
        if seen.path.endswith("/events"):
            return Reply(200, [STARTED, *[b":\n\n"] * 100], {"Content-Type": "text/event-stream"}, pause_seconds=0.2)
        return success(job_data("running"))

    with answering(answer) as server, client(server.url) as alice:
        began = time.monotonic()
        with pytest.raises(WaitTimedOut):
            alice.jobs.wait(JOB, 21.5)

    assert 21.5 <= time.monotonic() - began < 20 + bound(3)
    assert {seen.path.endswith("/events") for seen in server.seen} == {True, False}


def test_the_asynchronous_client_waits_for_many_at_once() -> None:
    def answer(seen: Seen) -> Reply:
        if seen.path.endswith("/events"):
            return refusal(ErrorKind.RATE_LIMITED, Retry_After="5")  # more streams than a key may have
        return success(job_data("completed"))

    async def wait_for_many(url: str) -> list[str]:
        async with AsyncGoldpan(KEY, url=url, account_group_id=GROUP) as alice:
            return [job.status for job in await asyncio.gather(*(alice.jobs.wait(JOB, 60) for _ in range(30)))]

    with answering(answer) as server:
        assert asyncio.run(wait_for_many(server.url)) == ["completed"] * 30


# --- a real server ------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """A Goldpan whose processes a test may kill."""
    is_embedded = request.param == "sqlite"
    url = "" if is_embedded else request.getfixturevalue("postgres_url")
    with Installation(tmp_path / "goldpan", url) as goldpan:
        if not is_embedded:
            goldpan.work()
        goldpan.serve()
        yield goldpan


def of_alice(installation: Installation) -> Goldpan:
    return Goldpan(installation.keys.test, url=f"http://127.0.0.1:{installation.port}")


def while_killed(installation: Installation, what: Callable[[], Result]) -> Result:
    """Return what `what` returns, while the server is killed with -9 and another one started after a second."""
    # The server must be started by this thread: it ends with the thread that started it.
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(what)
        time.sleep(0.8)
        installation.processes[-1].kill()
        time.sleep(1)
        installation.serve()
        return result.result()


def test_a_wait_outlives_a_server_that_is_killed(installation: Installation) -> None:
    with of_alice(installation) as alice:
        job = alice.jobs.start(source="linkedin_search", search_url=search_url("cto total:200 pace:400"))
        ended = while_killed(installation, lambda: job.wait(90))

    assert (ended.status, ended.counts.imported) == ("completed", 200)


def test_changes_come_once_and_in_order_though_the_server_is_killed(installation: Installation) -> None:
    with of_alice(installation) as alice:
        job = alice.jobs.start(source="linkedin_search", search_url=search_url("cto total:200 pace:400"))
        changes = while_killed(installation, lambda: list(job.follow(90)))

    numbers = [int(change.id) for change in changes if change.id is not None]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 8
    assert changes[-1].kind == "finished"
