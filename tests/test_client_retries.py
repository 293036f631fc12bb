"""How the client meets servers that refuse, fail, dawdle or lie: what is sent again, and what the caller is told."""

import asyncio
import gzip
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from goldpan.client import (
    AsyncGoldpan,
    Goldpan,
    GoldpanError,
    InsufficientCredits,
    NotReached,
    RateLimited,
    Refused,
    ServiceUnavailable,
    UnexpectedAnswer,
    WhichAccountGroup,
)
from goldpan.client.clients import DEFAULT_URL
from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.resources import JobStatus
from goldpan.settings import TABLE
from tests.processes import bound
from tests.scripted_server import NO_ANSWER, TRACE_ID, Reply, as_json, refusal, scripted, success

GROUP = "507f1f77bcf86cd799439011"
JOB = "6628f0a1c3d4e5f60718293a"
KEY = "sk_test_0123456789"
SEARCH: dict[str, Any] = {"source": "linkedin_search", "search_url": "https://www.linkedin.com/search/results/people/"}
STARTED = {"jobId": JOB, "status": "queued", "createdAt": "2026-04-28T15:30:00.000Z", "audienceId": GROUP}
AUDIENCE = {"id": GROUP, "name": "Directors", "type": "on_demand"}
CREDITS = {"available": 1, "reserved": 2, "plan": "scale", "maxResultsCap": 3}


def client(url: str, **options: Any) -> Goldpan:
    return Goldpan(KEY, url=url, account_group_id=GROUP, **options)


# --- what is sent again -------------------------------------------------------------------------------------------


def test_retry_after_is_obeyed() -> None:
    with scripted(refusal(ErrorKind.RATE_LIMITED, Retry_After="1"), success(CREDITS)) as server:
        began = time.monotonic()

        with client(server.url) as alice:
            assert alice.credits.get().available == 1

    assert 1 <= time.monotonic() - began < bound(5)


def test_a_date_in_retry_after_is_read_by_the_clock_of_the_server() -> None:
    dates = {"Date": "Tue, 28 Apr 2026 15:30:00 GMT", "Retry_After": "Tue, 28 Apr 2026 15:30:01 GMT"}
    with (
        scripted(refusal(ErrorKind.RATE_LIMITED, **dates)) as server,
        client(server.url, attempts=1) as alice,
        pytest.raises(RateLimited) as refused,
    ):
        alice.credits.get()

    assert refused.value.retry_after_seconds == 1


def test_a_pause_of_hours_is_told_to_the_caller_at_once() -> None:
    with (
        scripted(refusal(ErrorKind.RATE_LIMITED, Retry_After="3600")) as server,
        client(server.url) as alice,
        pytest.raises(RateLimited) as refused,
    ):
        alice.jobs.start(**SEARCH)

    assert refused.value.retry_after_seconds == 3600
    assert (refused.value.status, refused.value.code, refused.value.trace_id) == (429, "RATE_LIMITED", TRACE_ID)


@pytest.mark.parametrize("first", [NO_ANSWER, refusal(ErrorKind.SERVICE_UNAVAILABLE), Reply(502, b"<html>")])
def test_a_start_whose_answer_is_lost_is_sent_again_with_the_same_key(first: Reply) -> None:
    with scripted(first, success(STARTED, 202)) as server, client(server.url) as alice:
        job = alice.jobs.start(**SEARCH)

    keys = [seen.headers["idempotency-key"] for seen in server.seen]
    assert keys == [job.idempotency_key] * 2
    assert server.seen[0].body == server.seen[1].body


@pytest.mark.parametrize(
    ("replies", "may_have_worked"),
    [
        ([refusal(ErrorKind.INSUFFICIENT_CREDITS)], False),
        ([refusal(ErrorKind.RATE_LIMITED, Retry_After="3600")], False),
        ([NO_ANSWER, refusal(ErrorKind.RATE_LIMITED, Retry_After="3600")], True),
        ([refusal(ErrorKind.SERVICE_UNAVAILABLE, Retry_After="0"), refusal(ErrorKind.UNAUTHORIZED)], True),
        ([as_json({"success": True, "data": "started"}, 202)], True),
        ([Reply(404, b"no such page")], False),
    ],
)
def test_a_failed_start_tells_whether_it_may_have_worked(replies: list[Reply], may_have_worked: bool) -> None:
    with scripted(*replies) as server, client(server.url) as alice, pytest.raises(GoldpanError) as failure:
        alice.jobs.start(**SEARCH)

    assert failure.value.may_have_worked is may_have_worked
    assert len(server.seen) == len(replies)


def test_two_starts_have_two_keys() -> None:
    with scripted(success(STARTED, 202), success(STARTED, 202)) as server, client(server.url) as alice:
        alice.jobs.start(**SEARCH)
        alice.jobs.start(**SEARCH)

    assert len({seen.headers["idempotency-key"] for seen in server.seen}) == 2


NEW_THINGS: dict[str, Callable[[Goldpan, Path], object]] = {
    "an audience": lambda alice, _file: alice.audiences.create("Directors"),
    "a folder": lambda alice, _file: alice.folders.create("Spring"),
    "a file": lambda alice, file: alice.files.upload(file),
    "a move": lambda alice, _file: alice.audiences.move_prospects(GROUP, [JOB], JOB),
    "a removal": lambda alice, _file: alice.audiences.remove_prospects(GROUP, [JOB]),
    "a deletion": lambda alice, _file: alice.audiences.delete(GROUP),
}


@pytest.mark.parametrize("what", NEW_THINGS)
@pytest.mark.parametrize("first", [NO_ANSWER, refusal(ErrorKind.SERVICE_UNAVAILABLE)], ids=["lost", "503"])
def test_what_would_happen_twice_is_not_sent_twice(what: str, first: Reply, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("URL\n")

    with scripted(first) as server, client(server.url) as alice, pytest.raises((NotReached, ServiceUnavailable)):
        NEW_THINGS[what](alice, file)

    assert len(server.seen) == 1


def test_what_was_refused_for_its_rate_did_nothing_and_is_sent_again(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(b"x" * 1_000_000)
    answer = success({"id": JOB, "rows": 1}, 201)

    with scripted(refusal(ErrorKind.RATE_LIMITED, Retry_After="0"), answer) as server, client(server.url) as alice:
        assert alice.files.upload(file).id == JOB

    assert [len(seen.body) for seen in server.seen] == [1_000_000, 1_000_000]


def test_a_server_that_nobody_reaches_is_no_reason_to_wait_for_ever() -> None:
    with client("http://127.0.0.1:9", attempts=2) as alice, pytest.raises(NotReached) as failure:
        alice.audiences.create("Directors")

    assert failure.value.was_sent is False
    assert failure.value.may_have_worked is False


def test_why_nobody_was_reached_is_told_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def knows_nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def why(url: str) -> str:
        with client(url, attempts=1) as alice, pytest.raises(NotReached) as failure:
            alice.credits.get()
        return str(failure.value)

    with scripted() as plain_server:
        unsafe = why(plain_server.url.replace("http://", "https://"))
    monkeypatch.setattr(socket, "getaddrinfo", knows_nobody)

    assert unsafe.startswith("no safe connection to 127.0.0.1: ")
    assert why("http://goldpan.example.com") == "nobody knows the name goldpan.example.com"


@pytest.mark.parametrize("make", [Goldpan, AsyncGoldpan])
def test_where_no_server_listens_it_is_asked_for(make: type[Goldpan] | type[AsyncGoldpan]) -> None:
    async def ask(alice: AsyncGoldpan) -> None:
        async with alice:
            await alice.credits.get()

    alice = make(KEY, url="http://127.0.0.1:9", account_group_id=GROUP, attempts=1)
    with pytest.raises(NotReached) as failure:
        asyncio.run(ask(alice)) if isinstance(alice, AsyncGoldpan) else alice.credits.get()

    assert str(failure.value) == "no server answers at http://127.0.0.1:9: is `goldpan serve` running there?"


def test_a_refusal_that_stays_is_not_sent_again() -> None:
    with (
        scripted(refusal(ErrorKind.INSUFFICIENT_CREDITS)) as server,
        client(server.url) as alice,
        pytest.raises(InsufficientCredits) as refused,
    ):
        alice.jobs.start(**SEARCH)

    assert str(refused.value) == (
        f"The available balance is too small for this job (INSUFFICIENT_CREDITS, trace {TRACE_ID})"
    )


def test_the_asynchronous_client_repeats_the_same() -> None:
    async def start(url: str) -> str | None:
        async with AsyncGoldpan(KEY, url=url, account_group_id=GROUP) as alice:
            return (await alice.jobs.start(**SEARCH)).idempotency_key

    with scripted(NO_ANSWER, refusal(ErrorKind.RATE_LIMITED, Retry_After="0"), success(STARTED, 202)) as server:
        key = asyncio.run(start(server.url))

    assert [seen.headers["idempotency-key"] for seen in server.seen] == [key] * 3


# --- slow and hostile answers -------------------------------------------------------------------------------------


def test_an_answer_that_trickles_is_given_up() -> None:
    trickle = Reply(200, (b"x" for _ in range(100)), {"Content-Type": "application/json"}, pause_seconds=0.2)

    with scripted(trickle) as server, client(server.url, attempts=1, timeout_seconds=1) as alice:
        began = time.monotonic()
        with pytest.raises(NotReached):
            alice.credits.get()

    assert time.monotonic() - began < bound(5)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"success":true', b"\xff\xfe", b"[" * 100_000])
@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_what_is_no_answer_of_the_api_says_so(status: int, body: bytes) -> None:
    with (
        scripted(Reply(status, body)) as server,
        client(server.url, attempts=1) as alice,
        pytest.raises(UnexpectedAnswer) as failure,
    ):
        alice.credits.get()

    assert failure.value.status == status


@pytest.mark.parametrize("available", ["1", 1.5, None, [], {}, True])
def test_a_field_of_another_kind_is_no_answer_of_the_api(available: Any) -> None:
    with (
        scripted(success({**CREDITS, "available": available})) as server,
        client(server.url) as alice,
        pytest.raises(UnexpectedAnswer, match="available"),
    ):
        alice.credits.get()


@pytest.mark.parametrize(
    "error", [{}, {"code": 5, "message": []}, {"code": "NOT_FOUND", "message": "x", "fields": [1]}, "NOT_FOUND", None]
)
def test_a_refusal_in_a_strange_form_is_still_an_exception_of_the_client(error: Any) -> None:
    with (
        scripted(as_json({"success": False, "error": error}, 404)) as server,
        client(server.url) as alice,
        pytest.raises(GoldpanError),
    ):
        alice.credits.get()


def test_a_body_that_unpacks_without_end_is_given_up() -> None:
    bomb = gzip.compress(b" " * 80_000_000)
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}

    with (
        scripted(Reply(200, bomb, headers)) as server,
        client(server.url, attempts=1) as alice,
        pytest.raises(UnexpectedAnswer, match="does not end"),
    ):
        alice.credits.get()


def test_a_redirect_is_not_followed_with_the_key() -> None:
    with (
        scripted() as thief,
        scripted(Reply(307, b"", {"Location": thief.url})) as server,
        client(server.url) as alice,
        pytest.raises(UnexpectedAnswer),
    ):
        alice.credits.get()

    assert thief.seen == []


def test_a_list_that_goes_in_circles_is_left() -> None:
    page = success({"items": [], "nextCursor": "x", "hasMore": True})

    with scripted(page, page) as server, client(server.url) as alice, pytest.raises(UnexpectedAnswer, match="circles"):
        list(alice.credits.ledger())


@pytest.mark.parametrize("job_id", ["", ".", ".."])
def test_no_id_leads_to_another_path(job_id: str) -> None:
    with client("http://127.0.0.1:9") as alice, pytest.raises(ValueError, match="is no id"):
        alice.jobs.cancel(job_id)


def test_an_id_is_sent_as_one_step_of_the_path() -> None:
    with scripted(refusal(ErrorKind.NOT_FOUND)) as server, client(server.url) as alice, pytest.raises(Refused):
        alice.jobs.get("../../x?y=1")

    assert server.seen[0].path == f"/v1/accounts/{GROUP}/prospecting/..%2F..%2Fx%3Fy%3D1"


# --- files of any size --------------------------------------------------------------------------------------------


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_large_export_needs_little_memory(tmp_path: Path) -> None:
    megabyte = b"x" * 1_000_000
    large = Reply(200, (megabyte for _ in range(100)), {"Content-Type": "text/csv"})

    with scripted(large) as server, client(server.url) as alice, little_memory():
        alice.audiences.export(GROUP, tmp_path / "export.csv")

    assert (tmp_path / "export.csv").stat().st_size == 100_000_000


def test_a_large_upload_needs_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    with file.open("wb") as large:
        large.truncate(100_000_000)

    with scripted(success({"id": JOB}, 201)) as server, client(server.url) as alice, little_memory():
        alice.files.upload(file)

    assert server.seen[0].headers["content-length"] == "100000000"


def test_an_export_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "export.csv"
    target.write_text("of yesterday")
    broken = Reply(200, b"id\r\n", {"Content-Type": "text/csv"}, is_broken=True)

    with scripted(broken) as server, client(server.url) as alice, pytest.raises(NotReached):
        alice.audiences.export(GROUP, target)

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"export.csv": "of yesterday"}


# --- other servers ------------------------------------------------------------------------------------------------


def test_fields_and_values_of_later_versions_break_nothing() -> None:
    later: dict[str, Any] = {
        "jobId": JOB,
        "status": "paused",
        "mood": "good",
        "stages": {"import": {"status": "paused", "eta": 3}},
    }

    with scripted(success(later)) as server, client(server.url) as alice:
        job = alice.jobs.get(JOB)

    assert (job.job_id, job.status, job.stages.import_.status) == (JOB, "paused", "paused")


def test_fields_that_other_servers_leave_out_are_none() -> None:
    stage = {"status": "completed", "progress": 1}
    theirs: dict[str, Any] = {"jobId": JOB, "type": "prospecting", "status": "completed", "error": None}
    theirs |= {"createdAt": "x", "updatedAt": "y", "stages": {"import": stage, "enrichment": stage}}

    with scripted(success(theirs)) as server, client(server.url) as alice:
        job = alice.jobs.get(JOB)

    assert job.status is JobStatus.COMPLETED
    assert job.stages.import_.progress == 1.0
    assert job.counts is None


def test_an_unknown_code_is_a_refusal_all_the_same() -> None:
    error = {"code": "TEAPOT", "message": "short and stout"}

    with (
        scripted(as_json({"success": False, "error": error}, 418)) as server,
        client(server.url) as alice,
        pytest.raises(Refused, match="TEAPOT") as refused,
    ):
        alice.credits.get()

    assert type(refused.value) is Refused


def test_a_base_address_may_have_a_path() -> None:
    with scripted(success(CREDITS)) as server, client(f"{server.url}/behind/a/proxy/") as alice:
        alice.credits.get()

    assert server.seen[0].path == f"/behind/a/proxy/v1/accounts/{GROUP}/credits"


# --- the key, the address and the account group -------------------------------------------------------------------


def test_the_only_account_group_of_the_key_is_looked_up_once() -> None:
    groups = success({"items": [{"id": GROUP, "name": "Alice", "createdAt": "x"}], "nextCursor": None})

    with scripted(groups, success(CREDITS), success(CREDITS)) as server, Goldpan(KEY, url=server.url) as alice:
        alice.credits.get()
        alice.credits.get()

    assert [seen.path for seen in server.seen] == ["/v1/accounts", *[f"/v1/accounts/{GROUP}/credits"] * 2]


def test_of_several_account_groups_one_has_to_be_named() -> None:
    groups = success({"items": [{"id": GROUP, "name": "Alice"}, {"id": JOB, "name": "Bob"}], "nextCursor": None})

    with (
        scripted(groups) as server,
        Goldpan(KEY, url=server.url) as alice,
        pytest.raises(WhichAccountGroup, match="Bob"),
    ):
        alice.credits.get()


def test_key_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(success(CREDITS)) as server:
        monkeypatch.setenv("GOLDPAN_API_KEY", "sk_test_of_alice")
        monkeypatch.setenv("GOLDPAN_URL", server.url)

        with Goldpan(account_group_id=GROUP) as alice:
            alice.credits.get()

    assert server.seen[0].headers["authorization"] == "Bearer sk_test_of_alice"


def test_the_address_left_out_is_that_of_the_command_line() -> None:
    (default,) = [setting.default for setting in TABLE if setting.name == "GOLDPAN_URL"]

    assert default == DEFAULT_URL


@pytest.mark.parametrize("key", ["", "sk with space", "sk_\n", "sk_ü"])
def test_a_key_that_cannot_be_one_is_refused_before_any_call(key: str) -> None:
    with pytest.raises(ValueError, match="API key"):
        Goldpan(key)


def test_no_failure_shows_the_key() -> None:
    with client("http://127.0.0.1:9", attempts=1) as alice, pytest.raises(NotReached) as failure:
        alice.credits.get()

    assert KEY not in str(failure.value)
    assert KEY not in repr(vars(alice))
