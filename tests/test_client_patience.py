"""How long the client waits, and for what: slow answers, servers that nobody reaches, the end of a wait."""

import json
import os
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from goldpan.client import Goldpan, NotReached, job_following
from goldpan.contract.resources import JobStatus
from tests.scripted_server import NO_ANSWER, Reply, Seen, answering, scripted, success
from tests.test_client_following import ENDED, JOB, RETRY_AT_ONCE, STARTED, client, job_data, stream

CREDITS = {"available": 1, "reserved": 2, "plan": "scale", "maxResultsCap": 3}


def test_a_slow_answer_that_is_whole_is_taken() -> None:
    body = json.dumps({"success": True, "data": CREDITS}).encode()

    def slowly(_seen: Seen) -> Reply:
        time.sleep(0.8)
        return Reply(200, [body[:9], body[9:]], {"Content-Type": "application/json"}, pause_seconds=0.6)

    with answering(slowly) as server, client(server.url, timeout_seconds=1.0, attempts=1) as alice:
        assert alice.credits.get().available == 1


def test_an_upload_finds_out_soon_that_nobody_is_there(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("URL\n")
    with ExitStack() as stack:
        nobody = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # until the queue of those who wait for somebody is full
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(nobody.getsockname())
        began = time.monotonic()

        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        alice = stack.enter_context(client(url, timeout_seconds=0.5, attempts=1))
        with pytest.raises(NotReached) as failure:
            alice.files.upload(file)

    assert not failure.value.was_sent
    assert time.monotonic() - began < 10


def test_a_caller_who_was_busy_for_long_has_all_the_patience_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_following, "PATIENCE_SECONDS", 0.2)
    answers = (stream(RETRY_AT_ONCE, STARTED), NO_ANSWER, stream(ENDED), Reply(204))

    with scripted(*answers) as server, client(server.url) as alice:
        kinds = []
        for change in alice.jobs.follow(JOB):
            kinds.append(change.kind)
            time.sleep(0.5)

    assert kinds == ["stage", "finished"]


def test_a_job_that_ends_in_the_last_moment_of_a_wait_has_ended() -> None:
    end = time.monotonic() + 1.8

    def answer(_seen: Seen) -> Reply:
        return success(job_data("completed" if time.monotonic() > end else "running"))

    with answering(answer) as server, client(server.url) as alice:
        assert alice.jobs.wait(JOB, timeout_seconds=2).status == JobStatus.COMPLETED


def test_two_who_fetch_one_file_do_not_write_into_each_others(tmp_path: Path) -> None:
    others = tmp_path / "export.csv.part"
    others.write_text("half of it")

    with scripted(Reply(200, b"id\r\n", {"Content-Type": "text/csv"})) as server, client(server.url) as alice:
        alice.audiences.export(JOB, tmp_path / "export.csv")

    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {"export.csv": "id\n", "export.csv.part": "half of it"}


def test_a_link_goes_on_leading_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept" / "export.csv", tmp_path / "export.csv"
    kept.parent.mkdir()
    kept.write_text("old")
    link.symlink_to(kept)

    with scripted(Reply(200, b"id\r\n", {"Content-Type": "text/csv"})) as server, client(server.url) as alice:
        alice.audiences.export(JOB, link)

    assert (link.is_symlink(), kept.read_bytes()) == (True, b"id\r\n")


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "export.csv"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with scripted(Reply(200, b"id\r\n", {"Content-Type": "text/csv"})) as server, client(server.url) as alice:
            alice.audiences.export(JOB, pipe)
        assert (pipe.is_fifo(), os.read(reading, 100)) == (True, b"id\r\n")
    finally:
        os.close(reading)


@pytest.mark.parametrize("url", ["http://alice:secret@127.0.0.1:8470", "https://secret@goldpan.example.com"])
def test_an_address_with_a_password_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="leave it out") as refusal:
        Goldpan("sk_test_0123456789", url=url)

    assert "secret" not in str(refusal.value)
