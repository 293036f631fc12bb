"""Following a job live: what a stream tells, that nothing of it is lost or told twice, and when it ends."""

import socket
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from goldpan.contract.event_catalogue import JOB_EVENTS, JobEvent
from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.account_operations import revoke_key
from tests.cast import NOBODYS_ID, Caller, now_ms, store_jobs
from tests.event_reader import Event, EventReader, events_of, follow, following, has_room, quiet_job
from tests.invariants import assert_invariants
from tests.processes import Goldpan
from tests.service import until

SOON_SECONDS = 5.0  # what is promised within about a second, on a machine that has other things to do


# --- what is told -------------------------------------------------------------------------------------------------


def test_a_stream_tells_the_whole_life_of_a_job_and_ends_with_it(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:60 pace:20")

    events = events_of(sandbox, job_id)

    kinds = [event.kind for event in events]
    assert kinds[:2] == ["stage", "stage"]
    assert kinds.count("finished") == 1
    assert kinds[-1] == "finished"
    assert set(kinds) <= set(JOB_EVENTS)
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.data["status"] for event in events][:2] == ["queued", "running"]
    assert [event.data["counts"]["found"] for event in events] == sorted(
        event.data["counts"]["found"] for event in events
    )


def test_an_event_tells_what_the_job_itself_tells(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:30 fail:429@2", searchEmails=True)

    *earlier, last = events_of(sandbox, job_id)

    job = sandbox.job(job_id)
    assert last.data == {name: job[name] for name in last.data}
    assert set(last.data) == set(JobEvent.__struct_encode_fields__)
    assert any(event.data["resumesAt"] and event.data["error"] for event in earlier if event.kind == "progress")


def test_a_cancelled_and_a_failed_job_are_finished_once(alice: Caller) -> None:
    sandbox = alice.sandbox()
    cancelled, failed = sandbox.start_search("cto pace:60000"), sandbox.start_search("cto disconnect@1")
    sandbox.cancel(cancelled)
    sandbox.ended(failed)

    for job_id, status in ((cancelled, "cancelled"), (failed, "failed")):
        finished = [event for event in events_of(sandbox, job_id) if event.kind == "finished"]
        assert [event.data["status"] for event in finished] == [status]


def test_the_answer_is_an_event_stream_that_nothing_collects(alice: Caller) -> None:
    with following(alice, quiet_job(alice)) as reader:
        first = reader.next()

    assert first is not None
    assert reader.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert reader.headers["Cache-Control"] == "no-store"
    assert reader.headers["X-Accel-Buffering"] == "no"
    assert reader.headers["ETag"] is None
    assert reader.headers["RateLimit"]


def test_a_stream_says_when_to_come_back_and_every_event_is_one_line_of_data(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:5")
    sandbox.ended(job_id)

    with following(sandbox, job_id) as reader:
        text = reader.until_its_end().decode()

    begin, *blocks = text.split("\n\n")
    assert begin == "retry: 2000"
    assert blocks.pop() == ""
    for block in blocks:
        assert [line.split(":")[0] for line in block.split("\n")] == ["id", "event", "data"]


def test_head_answers_the_headers_alone_and_opens_nothing(alice: Caller) -> None:
    path = f"{alice.jobs}/{quiet_job(alice)}/events"

    answers = [alice.call("HEAD", path) for _ in range(12)]

    assert {(answer.status, answer.body) for answer in answers} == {(200, b"")}
    assert answers[0].headers["Content-Type"].startswith("text/event-stream")
    assert answers[0].headers["Content-Length"] is None


# --- replay -------------------------------------------------------------------------------------------------------


def test_a_replay_from_any_event_is_the_rest_of_the_live_stream(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:100 pace:50")
    live = events_of(sandbox, job_id)

    replays = {event.id: events_of(sandbox, job_id, event.id) for event in live[:-1]}

    assert events_of(sandbox, job_id, 0) == live
    for position, event in enumerate(live[:-1]):
        assert replays[event.id] == live[position + 1 :]


def test_a_client_that_comes_back_again_and_again_misses_nothing_and_gets_nothing_twice(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:200 pace:40")
    seen: list[Event] = []
    is_over = False

    while not is_over:
        with following(sandbox, job_id, seen[-1].id if seen else None) as reader:
            received = [reader.next() for _ in range(2)]
        seen += [event for event in received if event]
        is_over = None in received or seen[-1].kind == "finished"

    assert seen == events_of(sandbox, job_id)


def test_many_who_follow_one_job_are_told_the_same(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:100 pace:60")
    readers = [follow(sandbox, job_id) for _ in range(8)]

    told = [reader.rest() for reader in readers]

    assert told == [events_of(sandbox, job_id)] * 8


def test_the_last_event_of_an_ended_job_answers_204(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:5")
    last = events_of(sandbox, job_id)[-1]

    answer = sandbox.call("GET", f"{sandbox.jobs}/{job_id}/events", last_event_id=str(last.id))

    assert (answer.status, answer.body) == (204, b"")


def test_an_id_that_the_job_has_not_come_to_is_told_everything(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:5")
    events = events_of(sandbox, job_id)

    assert events_of(sandbox, job_id, events[-1].id + 1) == events
    assert events_of(sandbox, job_id, 9_999_999_999) == events


def test_an_end_that_a_resumption_followed_does_not_end_the_stream(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:60")
    sandbox.ended(job_id)
    with sandbox.service.toolbox.database.write() as tx:
        tx.execute(sa.text("UPDATE job_event SET kind = 'finished' WHERE job_id = :id AND version = 3"), {"id": job_id})

    events = events_of(sandbox, job_id, 2)

    assert [events[0].kind, events[-1].kind] == ["finished", "finished"]
    assert len(events) > 2


def test_an_old_job_whose_events_are_gone_is_told_by_its_row(alice: Caller) -> None:
    (job_id,) = store_jobs(alice, [now_ms()], "completed")

    events = events_of(alice, job_id)

    assert [(event.id, event.kind) for event in events] == [(1, "finished")]
    assert events[0].data["status"] == "completed"
    assert events_of(alice, job_id, 0) == events
    assert alice.call("GET", f"{alice.jobs}/{job_id}/events", last_event_id="1").status == 204


def test_a_waiting_job_whose_events_are_gone_is_told_by_its_row(alice: Caller) -> None:
    (job_id,) = store_jobs(alice, [now_ms()], "queued")

    with following(alice, job_id) as reader:
        first = reader.next()
        alice.cancel(job_id)
        rest = reader.rest()

    assert first is not None
    assert (first.id, first.kind, first.data["status"]) == (1, "progress", "queued")
    assert [(event.id, event.kind) for event in rest] == [(2, "finished")]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_server_that_was_killed_leaves_no_gap(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = "" if kind == "sqlite" else request.getfixturevalue("bare_postgres_url")
    with Goldpan(tmp_path, url) as goldpan:
        server = goldpan.serve()
        if url:
            goldpan.work()
        job_id = goldpan.start("cto total:300 pace:100")
        target = f"/v1/accounts/{goldpan.keys.account_group_id}/prospecting/{job_id}/events"
        bearer = {"Authorization": f"Bearer {goldpan.keys.test}"}
        reader = EventReader(goldpan.port, target, bearer)
        seen = [event for event in (reader.next() for _ in range(6)) if event]

        server.kill()
        reader.close()
        goldpan.serve()
        seen += EventReader(goldpan.port, target, bearer | {"Last-Event-ID": str(seen[-1].id)}).rest()

        assert seen == EventReader(goldpan.port, target, bearer).rest()
        assert [event.id for event in seen] == list(range(1, len(seen) + 1))
        assert seen[-1].data["counts"]["imported"] == 300
    assert_invariants(goldpan.url)


# --- who and what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["", "-1", "+1", "1.0", "01", "1_0", "x", "١", "99999999999", "1, 2"])
def test_an_id_that_is_no_number_is_refused_by_name(alice: Caller, number: str) -> None:
    job_id = quiet_job(alice)

    answer = alice.service.call(
        "GET",
        f"{alice.jobs}/{job_id}/events",
        [*alice.authorization.items(), ("Last-Event-ID", number.encode().decode("latin-1"))],
    )

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["fields"][0]["name"] == "Last-Event-ID"


def test_a_stranger_and_a_key_without_the_permission_follow_nothing(alice: Caller, mallory: Caller) -> None:
    job_id = quiet_job(alice)
    others = [permission for permission in Permission if permission != Permission.PROSPECTING_READ]

    stranger = mallory.get(f"{mallory.jobs}/{job_id}/events")
    intruder = mallory.get(f"{alice.jobs}/{job_id}/events")
    unable = alice.with_key(*others).get(f"{alice.jobs}/{job_id}/events")

    assert stranger.refusal == (404, "NOT_FOUND")
    assert stranger.error == mallory.get(f"{mallory.jobs}/{NOBODYS_ID}/events").error
    assert intruder.refusal == (403, "FORBIDDEN")
    assert unable.refusal == (403, "FORBIDDEN")
    assert alice.get(f"{alice.jobs}/x/events").refusal == (400, "VALIDATION_ERROR")


# --- how long a stream lives ----------------------------------------------------------------------------------------


def test_a_stream_ends_soon_after_its_key_is_revoked_and_others_go_on(alice: Caller) -> None:
    job_id = quiet_job(alice)
    key_id, key = alice.new_key()
    leaving = Caller(alice.service, alice.account_group_id, key)
    with following(leaving, job_id) as reader, following(alice, job_id) as other:
        assert reader.next()
        assert other.next()

        revoke_key(alice.service.toolbox, key_id)
        began = time.monotonic()
        reader.rest()

        assert time.monotonic() - began < SOON_SECONDS
        alice.cancel(job_id)
        assert other.rest()[-1].kind == "finished"


def test_a_stream_ends_when_its_key_expires(alice: Caller) -> None:
    job_id = quiet_job(alice)
    leaving = alice.with_key(expires_ms=now_ms() + 1500)

    with following(leaving, job_id) as reader:
        began = time.monotonic()
        reader.rest()

    assert 0.5 < time.monotonic() - began < 1.5 + SOON_SECONDS


def test_a_key_has_ten_live_answers_at_most_and_who_goes_away_makes_room(alice: Caller) -> None:
    job_id = quiet_job(alice)
    path = f"{alice.jobs}/{job_id}"
    readers = [follow(alice, job_id) for _ in range(10)]

    refused = [alice.get(path + "/events"), alice.call("GET", path, prefer="wait=5")]
    plain, other = alice.get(path), follow(alice.with_key(), job_id)
    readers[0].close()
    until(lambda: has_room(alice, job_id), SOON_SECONDS)

    for answer in refused:
        assert answer.refusal == (429, "RATE_LIMITED")
        assert answer.headers.get_all("Retry-After") == ["5"]
        assert answer.headers["RateLimit"]
    assert (plain.status, other.status) == (200, 200)
    for reader in (*readers[1:], other):
        reader.close()


def test_a_client_that_goes_away_with_several_streams_in_one_connection_makes_room(alice: Caller) -> None:
    job_id = quiet_job(alice)
    request = f"GET {alice.jobs}/{job_id}/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {alice.key}\r\n\r\n"
    readers = [follow(alice, job_id) for _ in range(9)]
    with socket.create_connection(("127.0.0.1", alice.service.port)) as connection:
        connection.sendall(request.encode() * 2)
        assert connection.recv(1)
        assert not has_room(alice, job_id)

    until(lambda: has_room(alice, job_id), SOON_SECONDS)

    for reader in readers:
        reader.close()
