"""`Prefer: wait=N`: an answer that comes when the job changes, and not before."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGINT

import pytest

from goldpan.api.preferences import parse_wait
from goldpan.operations.account_operations import revoke_key
from tests.cast import Caller, new_caller
from tests.event_reader import follow, has_room, quiet_job
from tests.processes import bound
from tests.service import Answer, Json, running, until

SOON_SECONDS = 5.0  # what is promised at once, on a machine that has other things to do


def wait(caller: Caller, job_id: str, prefer: str, **headers: str) -> tuple[Answer, float]:
    """Return the answer, and the seconds that it took."""
    began = time.monotonic()
    answer = caller.call("GET", f"{caller.jobs}/{job_id}", None, prefer=prefer, **headers)
    return answer, time.monotonic() - began


def test_a_wait_is_answered_as_soon_as_the_job_changes(alice: Caller) -> None:
    job_id = quiet_job(alice)

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(wait, alice, job_id, "wait=30")
        time.sleep(1)  # the wait is on its way, or it would see the cancelled job at once: both are right
        alice.cancel(job_id)
        answer, seconds = waiting.result()

    assert answer.data["status"] == "cancelled"
    assert answer.headers["Preference-Applied"] == "wait=30"
    assert seconds < 1 + SOON_SECONDS


def test_a_wait_in_which_nothing_happens_ends_after_its_seconds(alice: Caller) -> None:
    job_id = quiet_job(alice)

    answer, seconds = wait(alice, job_id, "wait=1")

    assert answer.data["status"] == "queued"
    assert 1 <= seconds < 1 + SOON_SECONDS


def test_a_job_that_has_ended_is_answered_at_once(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:5")
    sandbox.ended(job_id)

    answer, seconds = wait(sandbox, job_id, "wait=30")
    again, seconds_again = wait(sandbox, job_id, "wait=30", if_none_match=answer.headers["ETag"])

    assert (answer.status, again.status) == (200, 304)
    assert again.headers["Preference-Applied"] == "wait=30"
    assert max(seconds, seconds_again) < SOON_SECONDS


def test_a_wait_with_a_tag_is_for_another_tag(alice: Caller) -> None:
    job_id = quiet_job(alice)
    tag = alice.get(f"{alice.jobs}/{job_id}").headers["ETag"]

    same, seconds = wait(alice, job_id, "wait=1", if_none_match=tag)
    news, no_seconds = wait(alice, job_id, "wait=30", if_none_match='W/"another"')

    assert (same.status, same.body, same.headers["ETag"]) == (304, b"", tag)
    assert seconds >= 1
    assert news.status == 200
    assert no_seconds < SOON_SECONDS


def test_a_client_that_waits_with_its_last_tag_sees_the_job_to_its_end(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:60 pace:100")
    tags: list[str] = []
    data: list[Json] = []
    status = "queued"

    while status in ("queued", "running"):
        answer, _ = wait(sandbox, job_id, "wait=30", if_none_match=tags[-1] if tags else '"none"')
        tags.append(answer.headers["ETag"])
        data.append(answer.data)
        status = answer.data["status"]

    assert len(set(tags)) == len(tags)
    assert [job["counts"]["found"] for job in data] == sorted(job["counts"]["found"] for job in data)


def test_waits_and_streams_hold_up_nobody(alice: Caller) -> None:
    job_id = quiet_job(alice)
    callers = [alice.with_key() for _ in range(6)]
    with ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(wait, caller, job_id, "wait=30") for caller in callers for _ in range(10)]
        until(lambda: alice.with_key(account_group_ids=[alice.account_group_id]).get(alice.jobs).status == 200)
        began = time.monotonic()
        answers = [alice.get(alice.jobs) for _ in range(20)]
        seconds = time.monotonic() - began
        alice.cancel(job_id)
        statuses = [future.result()[0].data["status"] for future in waiting]

    assert {answer.status for answer in answers} == {200}
    assert seconds < SOON_SECONDS
    assert set(statuses) == {"cancelled"}


def test_who_stops_waiting_makes_room_for_another(alice: Caller) -> None:
    job_id = quiet_job(alice)
    request = (
        f"GET {alice.jobs}/{job_id} HTTP/1.1\r\nHost: a\r\nPrefer: wait=30\r\nAuthorization: Bearer {alice.key}\r\n\r\n"
    )
    connections = [socket.create_connection(("127.0.0.1", alice.service.port)) for _ in range(10)]
    for connection in connections:
        connection.sendall(request.encode())
    until(lambda: not has_room(alice, job_id))

    for connection in connections:
        connection.close()

    until(lambda: has_room(alice, job_id), SOON_SECONDS)


def test_a_key_that_is_revoked_waits_no_longer(alice: Caller) -> None:
    job_id = quiet_job(alice)
    key_id, key = alice.new_key()
    threading.Timer(1.0, revoke_key, (alice.service.toolbox, key_id)).start()

    answer, seconds = wait(Caller(alice.service, alice.account_group_id, key), job_id, "wait=30")

    assert answer.refusal == (401, "UNAUTHORIZED")
    assert seconds < 1 + SOON_SECONDS


def test_who_waits_or_follows_is_let_go_when_the_server_stops(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        alice = new_caller(service, "alice")
        job_id = quiet_job(alice)
        readers = [follow(alice, job_id) for _ in range(5)]
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(wait, alice.with_key(), job_id, "wait=30")
            for reader in readers:
                assert reader.next()
            time.sleep(0.5)
            service.processes[0].send_signal(SIGINT)
            began = time.monotonic()
            for reader in readers:
                reader.rest()
            answer, _ = waiting.result()
            seconds = time.monotonic() - began

        assert answer.data["status"] == "queued"
        assert seconds < bound(2)
        assert service.processes[0].wait(60) == 0


@pytest.mark.parametrize(
    "prefer", ["wait=0", "wait=31", "wait=-1", "wait=1.5", "wait=x", "wait", "wait=", "wait=1_0", "wait=010", "Wait=99"]
)
def test_a_wait_that_is_none_is_refused_by_name(alice: Caller, prefer: str) -> None:
    job_id = quiet_job(alice)

    answer = alice.call("GET", f"{alice.jobs}/{job_id}", prefer=prefer)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["fields"][0] == {
        "in": "header",
        "name": "Prefer",
        "rule": "wait must be an integer from 1 to 30, as in wait=10",
    }


@pytest.mark.parametrize("prefer", ["", "respond-async", "return=minimal; foo", 'x="wait=1, wait=2"', "waiting=5", ","])
def test_a_preference_that_is_not_known_is_ignored(alice: Caller, prefer: str) -> None:
    job_id = quiet_job(alice)

    answer = alice.call("GET", f"{alice.jobs}/{job_id}", prefer=prefer)

    assert answer.status == 200
    assert answer.headers["Preference-Applied"] is None


@pytest.mark.parametrize(
    "text",
    [
        "wait=10",
        "WAIT=10",
        'wait="10"',
        "wait = 10",
        "respond-async, wait=10",
        "respond-async,wait=10;why=not, wait=20",
        'x="a, wait=3", wait=10',
        r'x="a\", wait=3", wait=10',
    ],
)
def test_a_wait_is_found_among_other_preferences(text: str) -> None:
    assert parse_wait(text) == 10


def test_several_lines_of_preferences_are_one_list(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:5")
    sandbox.ended(job_id)
    lines = [("Prefer", "respond-async"), ("Prefer", "wait=7")]

    answer = alice.service.call("GET", f"{alice.jobs}/{job_id}", [*alice.authorization.items(), *lines])

    assert answer.headers["Preference-Applied"] == "wait=7"
